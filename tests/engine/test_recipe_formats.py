"""Recipes of every format load for ever, and one recipe is one text and one hash."""

import dataclasses
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadRequest
from engine.recipe import Cue, Input, Recipe, compose, from_json
from engine.recipe.older import STEPS
from engine.recipe.bounds import GUIDANCE, OPERATIONS, SEEDS
from engine.recipe.value import FORMAT

FOLDER = Path(__file__).resolve().parents[1] / "recipes"
KEPT = [(path.stem, row) for path in sorted(FOLDER.glob("v*.json")) for row in json.loads(path.read_text(encoding="utf-8"))]


# ---- old ones

@pytest.mark.parametrize("row", [row for _, row in KEPT], ids=[f"{version} {row['name']}" for version, row in KEPT])
def test_a_recipe_of_any_format_loads_and_keeps_its_hash(row):
    """Lines as earlier versions wrote them, never to be edited. The hash is what a library knows an old take by."""
    recipe, then = from_json(row["text"]), json.loads(row["text"])
    assert recipe.digest() == row["digest"]
    assert from_json(recipe.to_json()) == recipe
    now = json.loads(recipe.to_json())
    for name, value in then.items():
        if name in ("inputs", "cues"):
            assert [{field: new[field] for field in old} for new, old in zip(now[name], value, strict=True)] == value
        elif name != "cineloom":
            assert now[name] == value


def test_every_format_so_far_is_kept_with_a_step_from_it():
    assert sorted({version for version, _ in KEPT}) == [f"v{number}" for number in range(1, FORMAT + 1)]
    assert len(STEPS) == FORMAT - 1
    for number in range(1, FORMAT + 1):
        assert all(json.loads(row["text"])["cineloom"] == number for version, row in KEPT if version == f"v{number}")


def test_the_newest_is_written_as_it_was_kept():
    """If this fails the format has changed: raise FORMAT, add a step and a file of its recipes."""
    for version, row in KEPT:
        if version == f"v{FORMAT}":
            assert from_json(row["text"]).to_json() == row["text"]


def test_there_is_one_of_every_operation():
    """And of every role that something given can have; and every field that this format brought says something once."""
    newest = [from_json(row["text"]) for version, row in KEPT if version == f"v{FORMAT}"]
    assert {recipe.operation for recipe in newest} == set(OPERATIONS)
    assert {item.role for recipe in newest for item in recipe.inputs} == {"still", "film", "mask"}
    plain = Recipe("text", "waves", 33, 256, 144, 7)
    for name in ("strength", "area", "was", "cues", "window", "tile", "cache", "guider", "loras", "asked"):
        assert any(getattr(recipe, name) != getattr(plain, name) for recipe in newest), name
    assert any(cue.asked for recipe in newest for cue in recipe.cues)


def test_a_recipe_before_formats_were_said_is_of_the_first():
    bare = {name: value for name, value in json.loads(KEPT[0][1]["text"]).items() if name != "cineloom"}
    assert from_json(json.dumps(bare)).digest() == KEPT[0][1]["digest"]


@pytest.mark.parametrize("number", [0, -1, FORMAT + 1, 10**30, True, 1.5, None, "2", [1]])
def test_a_format_that_is_none_or_yet_to_come_is_a_sentence(number):
    data = {**json.loads(KEPT[-1][1]["text"]), "cineloom": number}
    with pytest.raises(BadRequest, match=r"of format .*; this Cineloom .* reads up to 5"):
        from_json(json.dumps(data))


def test_a_field_that_is_there_twice_is_not_passed_over():
    text = KEPT[-1][1]["text"]
    with pytest.raises(BadRequest, match="fields twice: seed"):
        from_json(text[:-1] + ', "seed": 8}')


# ---- one recipe, one text, one hash

SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60).filter(str.strip)
ITEMS = st.tuples(
    st.builds(Input, path=WORDS, sha256=SHA, role=st.just("film"), start=st.integers(84, 99), stop=st.integers(101, 116), box=st.sampled_from([(), (0, 8, 64, 16)])),
    st.builds(Input, path=WORDS, sha256=SHA, role=st.just("mask"), at=st.integers(0, 32)))
CHANGED = st.builds(
    Recipe, operation=st.just("edit"), prompt=WORDS, pictures=st.just(33), width=st.integers(64, 1920), height=st.integers(64, 1920),
    seed=st.integers(0, SEEDS - 1), backend=WORDS, inputs=ITEMS, strength=st.lists(st.floats(0, 1) | st.sampled_from([0, 1, -0.0]), max_size=4).map(tuple),
    area=st.sampled_from([(), (0, 8, 64, 16)]), was=WORDS | st.just(""), negative=WORDS | st.just(""),
    cues=st.builds(Cue, at=st.integers(1, 32), prompt=WORDS, over=st.integers(0, 99), asked=WORDS | st.just("")).map(lambda cue: (cue,)),
    window=st.integers(5, 99) | st.just(0), tile=st.sampled_from([(), (512, 288)]), asked=WORDS | st.just(""))
RECIPES = CHANGED | st.builds(
    Recipe, operation=st.just("keyframes"), prompt=WORDS, pictures=st.just(33), width=st.integers(64, 1920), height=st.integers(64, 1920),
    seed=st.integers(0, SEEDS - 1) | st.sampled_from([0, 2**31, 2**53, 2**53 + 1, SEEDS - 1]), steps=st.integers(1, 250),
    guidance=st.floats(*GUIDANCE) | st.integers(0, 30) | st.sampled_from([-0.0, 5e-324, 0.1 + 0.2, 1e-7, 30.0]),
    solver=st.sampled_from(["euler", "multistep", "unipc", "sde"]), negative=WORDS | st.just(""), backend=WORDS, version=st.text(max_size=9),
    # A file's name may have bytes that are no letters: Python keeps them as halves of characters.
    inputs=st.lists(st.builds(Input, path=st.text(st.characters(), max_size=30), sha256=SHA, at=st.integers(0, 32)), min_size=1, max_size=4).map(tuple),
    engine=st.text(max_size=9), device=st.text(max_size=20))


@settings(max_examples=100, deadline=None)
@given(RECIPES)
def test_a_recipe_comes_back_from_its_text_the_same(recipe):
    text = recipe.to_json()
    again = from_json(text.encode().decode())           # it can be written to a file
    assert again == recipe and again.to_json() == text and again.digest() == recipe.digest()
    assert "\n" not in text


@settings(max_examples=60, deadline=None)
@given(RECIPES, st.randoms(use_true_random=False), st.booleans())
def test_neither_order_nor_escapes_nor_room_change_the_hash(recipe, chance, escaped):
    """Another program may have written the recipe again."""
    fields = list(json.loads(recipe.to_json()).items())
    chance.shuffle(fields)
    text = json.dumps(dict(fields), ensure_ascii=True, indent=chance.choice([None, 3])) if escaped else json.dumps(dict(fields))
    assert from_json(text).digest() == recipe.digest()


@settings(max_examples=40, deadline=None)
@given(RECIPES, st.sampled_from(["prompt", "seed", "steps", "guidance", "width", "negative", "backend"]))
def test_what_was_asked_is_in_the_hash_and_how_it_was_made_is_not(recipe, name):
    other = {"prompt": recipe.prompt + "!", "seed": recipe.seed ^ 1, "steps": recipe.steps % 250 + 1, "width": recipe.width ^ 1,
             "guidance": 0.5 if recipe.guidance != 0.5 else 0.25, "negative": recipe.negative + "x", "backend": recipe.backend + "2"}[name]
    assert dataclasses.replace(recipe, **{name: other}).digest() != recipe.digest()
    assert recipe.made_by("other weights", "other device").digest() == recipe.digest()
    written = dataclasses.replace(recipe, asked="waves", cues=tuple(dataclasses.replace(cue, asked="sand") for cue in recipe.cues))
    assert written.digest() == recipe.digest(), "the film is the prompt's, however the prompt came to be"


@pytest.mark.parametrize("one, other", [(2, 2.0), (0.0, -0.0), (1, 1.0), (30, 30.0)])
def test_equal_numbers_are_one_text_and_one_hash(one, other):
    a, b = (Recipe("text", "waves", 33, 256, 144, 7, guidance=value) for value in (one, other))
    assert a == b and a.to_json() == b.to_json() and a.digest() == b.digest()


@pytest.mark.parametrize("text", ['"guidance": 1e999', '"guidance": -Infinity', '"seed": 9223372036854775808', '"seed": 1e3', '"seed": -0.5',
                                  '"seed": "\\ud83d"', '"prompt": "half \\ud83d"', '"prompt": "\\u0000"'])
def test_numbers_and_words_that_cannot_be_are_refused(text):
    data = json.loads(KEPT[-1][1]["text"])
    name = text.split('"')[1]
    with pytest.raises(BadRequest):
        from_json(json.dumps({key: value for key, value in data.items() if key != name})[:-1] + f", {text}}}")


@pytest.mark.parametrize("prompt", ["café à la mer", "한국의 배", "Å 犬 ﬁ", "👩‍🚀 on the moon", "é́"])
def test_one_prompt_in_two_spellings_is_one_recipe(prompt):
    """macOS hands over names and pasted text decomposed."""
    spelt = {compose(unicodedata.normalize(form, prompt), model="drawn", seed=1)[0].digest() for form in ("NFC", "NFD")}
    assert len(spelt) == 1
    recipe = compose(prompt, model="drawn", seed=1)[0]
    assert from_json(recipe.to_json()) == recipe


def test_a_picture_whose_name_is_no_text_can_be_given(tmp_path):
    """A name in an old encoding: bytes that are no UTF-8."""
    import os

    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    try:
        path.write_bytes(b"picture")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    recipe = compose("waves", model="drawn", seed=1, operation="animate", inputs=[path])[0]
    recipe.to_json().encode()
    assert from_json(recipe.to_json()).inputs[0].path == str(path)
