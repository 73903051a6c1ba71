"""A recipe: what is asked is checked, snapped, said, written and read again."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.denoisers.catalog import describe
from engine.errors import BadMedia, BadRequest, CineloomError, NotEnoughMemory
from engine.recipe import Input, Lora, Recipe, check, compose, from_json

PLENTY = 10**12
drawn = describe("drawn")


def ask(prompt="a red boat", **kwargs):
    return compose(prompt, model=drawn, free=PLENTY, **kwargs)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"not looked into by a recipe")
    return path


def test_what_was_written_stands_beside_what_was_made_of_it():
    assert ask("a red boat at night", asked=" a  boat\n")[0].asked == "a boat"
    assert ask("a boat", asked=" a\nboat ")[0].asked == "", "a prompt that is all theirs is said once"
    with pytest.raises(BadRequest, match="The prompt as it was written has 5,001 characters"):
        ask(asked="x" * 5001)


# ---- snapping, and saying so

def test_what_lies_on_the_grid_is_taken_as_it_is():
    recipe, notes = ask(seconds=2.0, size=(256, 144), seed=7)
    assert notes == []
    assert (recipe.pictures, recipe.width, recipe.height, recipe.steps, recipe.seed) == (33, 256, 144, 4, 7)


@pytest.mark.parametrize("size, snapped", [
    ((64, 64), (64, 64)), ((254, 144), (256, 144)), ((100, 199), (96, 192)), ((1920, 1080), (1920, 1080)),
    ((1080, 1920), (1080, 1920)), ((1918, 1084), (1920, 1088)), ((1024, 576), (1024, 576)), ("336x144", (336, 144)), ((256.0, 144.0), (256, 144)),
])
def test_sizes_snap_to_the_grid(size, snapped):
    recipe, notes = ask(size=size)
    assert (recipe.width, recipe.height) == snapped
    asked = size if isinstance(size, str) else f"{size[0]:.0f}x{size[1]:.0f}"
    if f"{snapped[0]}x{snapped[1]}" != asked:
        assert notes == [f"{asked} was asked; {snapped[0]}x{snapped[1]} is the nearest size on Drawn's grid."]
    else:
        assert notes == []


@pytest.mark.parametrize("asked, snapped", [(1, 1), (2, 1), (4, 5), (5, 5), (32, 33), (33, 33), (129, 129), (1000, 1001)])
def test_lengths_in_pictures_snap_to_the_grid(asked, snapped):
    recipe, notes = ask(pictures=asked)
    assert recipe.pictures == snapped
    assert notes == ([] if asked == snapped else
                     [f"{asked:,} pictures were asked; {snapped:,} is the nearest length on Drawn's grid."])


@pytest.mark.parametrize("seconds, pictures", [(0.01, 5), (0.25, 5), (1, 17), (2, 33), (8, 129), (2.1, 33), (2.2, 37)])
def test_lengths_in_seconds_snap_to_the_grid(seconds, pictures):
    recipe, notes = ask(seconds=seconds)
    assert recipe.pictures == pictures
    assert bool(notes) == (seconds in (0.01, 2.1, 2.2))
    assert all("s was asked" in note and f"({pictures} pictures) is the nearest" in note for note in notes)


def test_an_image_is_one_picture():
    assert ask(operation="image", seconds=0)[0].pictures == 1


# ---- words

@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\x00\x07", "\ud83d"])
def test_an_empty_prompt_is_refused(prompt):
    with pytest.raises(BadRequest, match="prompt is empty"):
        ask(prompt)


@pytest.mark.parametrize("length", [5_001, 20_000, 10**7])
def test_a_prompt_that_is_too_long_is_refused(length):
    with pytest.raises(BadRequest, match=f"prompt has {length:,} characters; up to 5,000"):
        ask("x" * length)


def test_the_longest_prompt_is_taken():
    assert len(ask("x" * 5_000)[0].prompt) == 5_000


@pytest.mark.parametrize("prompt, cleaned, said", [
    ("a 🎈 over the 🏝️, 👩‍🚀 waves",   "a 🎈 over the 🏝️, 👩‍🚀 waves",   None),
    ("un bateau à la mer",            "un bateau à la mer",            None),
    ("cafe\u0301",                    "caf\u00e9",                     None),
    ("  two\r\n\tlines  ",            "two lines",                     None),
    ("a\x00 red\x1b boat\x7f",        "a red boat",                    "3 control characters were taken out"),
    ("a\x08 boat",                    "a boat",                        "1 control character was taken out"),
    ("half a \ud83d boat",            "half a boat",                   "1 control character was taken out"),
])
def test_words_are_cleaned_and_emoji_stay(prompt, cleaned, said):
    recipe, notes = ask(prompt)
    assert recipe.prompt == cleaned
    assert len(notes) == bool(said) and all(said in note for note in notes)
    recipe.to_json().encode()       # it can be written


# ---- what cannot be

@pytest.mark.parametrize("asked, sentence", [
    (dict(seed=-1),                      "seed is a whole number from 0 to 2.*; -1 was asked"),
    (dict(seed=2**63),                   "seed is a whole number from 0 to"),
    (dict(seed=10**9999),                "seed is far out of bounds"),
    (dict(seed=1.5),                     "seed is a whole number; 1.5 was given"),
    (dict(seed="7"),                     "seed is a whole number; '7' was given"),
    (dict(seed=True),                    "seed is a whole number"),
    (dict(seconds=0),                    "0 seconds was asked; 0.25 s is the shortest"),
    (dict(seconds=-3),                   "-3 seconds was asked"),
    (dict(seconds=float("nan")),         "length is a number; nan was given"),
    (dict(seconds=float("inf")),         "length is a number"),
    (dict(seconds=1e300),                "seconds was asked"),
    (dict(seconds="long"),               "length is a number; 'long' was given"),
    (dict(pictures=0),                   "1 picture or more; 0 was asked"),
    (dict(size=(63, 64)),                "from 64 to 1920 pixels; 63x64 was asked"),
    (dict(size=(256, 1921)),             "from 64 to 1920 pixels"),
    (dict(size=(256,)),                  "a width and a height"),
    (dict(size="wide"),                  "a width and a height"),
    (dict(size=None),                    "a width and a height"),
    (dict(size=(float("nan"), 64)),      "size is a whole number"),
    (dict(steps=0),                      "1 to 250 steps; 0 was asked"),
    (dict(steps=10**6),                  "1 to 250 steps; 1,000,000 was asked"),
    (dict(guidance=31),                  "0 to 30, and 1 is none; 31 was asked"),
    (dict(guidance=float("nan")),        "guidance is a number"),
    (dict(solver="heun"),                "euler, multistep, unipc, sde; 'heun' was asked"),
    (dict(operation="dance"),            "text, image, animate, .*, storyboard; 'dance' was asked"),
    (dict(operation="animate"),          "animate takes one picture, the film's first; none was given"),
    (dict(operation="keyframes"),        "at least one picture, at any time; none was given"),
    (dict(negative="n" * 5001),          "negative prompt has 5,001 characters"),
    (dict(prompt=None),                  "prompt is text; None was given"),
])
def test_what_cannot_be_is_said_in_a_sentence(asked, sentence):
    with pytest.raises(BadRequest, match=sentence) as caught:
        ask(**asked)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300


def test_a_million_seconds_do_not_fit_and_it_says_what_would():
    with pytest.raises(NotEnoughMemory, match=r"1,000,000 s at 256x144 needs about .* GB .* 2.0 GB are free; .* s would fit"):
        compose("a red boat", model=drawn, seconds=10**6, free=2 * 10**9)


def test_what_is_said_to_fit_fits_and_a_little_more_does_not():
    with pytest.raises(NotEnoughMemory) as caught:
        compose("a red boat", model=drawn, seconds=10**6, free=2 * 10**9)
    would = float(str(caught.value).split("; ")[1].split(" s ")[0].replace(",", ""))
    assert would > 60
    compose("a red boat", model=drawn, seconds=would, free=2 * 10**9)
    with pytest.raises(NotEnoughMemory):
        compose("a red boat", model=drawn, seconds=would + 0.5, free=2 * 10**9)


def test_a_machine_too_small_for_one_picture_says_so():
    with pytest.raises(NotEnoughMemory, match="not even a single picture"):
        compose("a red boat", model=drawn, free=10**6)


def test_this_machine_says_what_is_free():
    with pytest.raises(NotEnoughMemory):
        compose("a red boat", model=drawn, seconds=10**6)
    assert compose("a red boat", model=drawn)[0].pictures == 33


# ---- pictures to start from

def test_a_picture_is_known_by_its_bytes(picture):
    recipe, _ = ask(operation="animate", inputs=[picture])
    assert recipe.inputs == (Input(str(picture), recipe.inputs[0].sha256, 0),)
    picture.write_bytes(b"another")
    assert ask(operation="animate", inputs=[picture])[0].inputs[0].sha256 != recipe.inputs[0].sha256


def test_pictures_stand_at_their_times(picture):
    recipe, _ = ask(operation="keyframes", inputs=[(picture, 0), (picture, 32)])
    assert [item.at for item in recipe.inputs] == [0, 32]


@pytest.mark.parametrize("operation, times, sentence", [
    ("text",      [0],      "starts from words alone"),
    ("image",     [0],      "starts from words alone"),
    ("animate",   [0, 8],   "takes one picture"),
    ("animate",   [4],      "takes the film's first picture"),
    ("keyframes", [33],     "number 33 .from 0., but the film has 33"),
    ("keyframes", [-1],     "number -1"),
    ("keyframes", [9, 12],  "Pictures 9 and 12 fall on the same moment"),
])
def test_pictures_that_cannot_stand_there_are_refused(picture, operation, times, sentence):
    with pytest.raises(BadRequest, match=sentence):
        ask(operation=operation, inputs=[(picture, at) for at in times])


def test_a_picture_that_is_not_there_is_said_so(tmp_path):
    (tmp_path / "empty.png").touch()
    for path, sentence in ((tmp_path / "gone.png", "no picture at"), (tmp_path, "is a folder"),
                           (tmp_path / "empty.png", "is empty"), ("a\0b.png", "a.b.png"),
                           ("x" * 5000, "xxx"), ("/dev/zero", "no ordinary file")):
        with pytest.raises(BadMedia, match=sentence):
            ask(operation="animate", inputs=[path])


def test_a_file_far_too_big_for_a_picture_is_not_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(10**12)       # takes no room on disk
    with pytest.raises(BadMedia, match="1,000 GB; pictures of up to 500 MB"):
        ask(operation="animate", inputs=[tmp_path / "huge.png"])


# ---- JSON and hash

full = Recipe("keyframes", "a 🎈\"quoted\"", 33, 256, 144, 2**63 - 1, 8, 3.5, "multistep", "fog", "drawn", "abc",
              (Input("/a/b.png", "0" * 64, 0), Input("c.png", "f" * 64, 16)), "0.1.0")


def test_a_recipe_comes_back_from_its_json():
    assert from_json(full.to_json()) == full


def test_an_old_recipe_gets_the_defaults_of_what_it_lacks():
    old = '{"operation": "text", "prompt": "a boat", "pictures": 33, "width": 256, "height": 144, "seed": 7}'
    assert from_json(old) == Recipe("text", "a boat", 33, 256, 144, 7)


def changed(**fields):
    data = json.loads(full.to_json())
    data.update(fields)
    return json.dumps({name: value for name, value in data.items() if value is not ...})


@pytest.mark.parametrize("text, sentence", [
    (changed(brightness=0.5),                        "does not know: brightness. It may come from a newer one"),
    (changed(inputs=[{"path": "a", "sha256": "0" * 64, "crop": 1}]), "does not know: crop"),
    (changed(cineloom=6),                              "of format 6; .* reads up to 5"),
    (changed(cineloom="new"),                        "of format 'new'"),
    (changed(prompt=...),                            "lacks prompt"),
    (changed(seed="7"),                              "seed is of type int; '7' was found"),
    (changed(seed=True),                             "seed is of type int"),
    (changed(seed=7.5),                              "seed is of type int"),
    (changed(guidance="3"),                          "guidance is of type float"),
    (changed(guidance=float("nan")),                 "guidance is of type float; 'NaN' was found"),
    (changed(seed=-1),                               "seed is a whole number from 0"),
    (changed(prompt=" "),                            "prompt is empty"),
    (changed(prompt="a\x00b"),                       "control characters"),
    (changed(inputs={}),                             "inputs, cues and loras are lists"),
    (changed(inputs=[7]),                            "input is a JSON object"),
    (changed(inputs=[{"path": "a", "sha256": "zz"}]), "64 hexadecimal digits"),
    ("",                                             "is no JSON"),
    ("[" * 100_000,                                  "is no JSON"),
    ("{\"seed\": " + "9" * 5000 + "}",               "is no JSON"),
    ("[]",                                           "is a JSON object"),
    ("null",                                         "is a JSON object"),
    (" " * 1_000_001,                                "1,000,001 characters"),
])
def test_nothing_in_a_recipe_is_passed_over(text, sentence):
    with pytest.raises(BadRequest, match=sentence):
        from_json(text)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([field.name for field in dataclasses.fields(Recipe)]),
                       st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())))
def test_whatever_is_in_the_json_it_is_a_recipe_or_a_sentence(fields):
    try:
        recipe = from_json(json.dumps({**json.loads(full.to_json()), **fields}))
    except CineloomError as error:
        assert str(error).endswith(".")
    else:
        assert from_json(recipe.to_json()) == recipe


def test_the_hash_is_of_what_was_asked():
    same = [dataclasses.replace(full, version="x"), dataclasses.replace(full, engine="9"), full.made_by("w"),
            dataclasses.replace(full, inputs=tuple(dataclasses.replace(item, path="moved") for item in full.inputs))]
    assert {recipe.digest() for recipe in same} == {full.digest()}
    other = [dataclasses.replace(full, **change) for change in (
        dict(prompt="b"), dict(seed=1), dict(steps=4), dict(guidance=2.0), dict(solver="euler"), dict(negative=""),
        dict(pictures=37), dict(width=272), dict(height=160), dict(backend="paper"), dict(inputs=full.inputs[:1]),
        dict(inputs=(dataclasses.replace(full.inputs[0], at=4), full.inputs[1])))]
    digests = {recipe.digest() for recipe in (full, *other)}
    assert len(digests) == 1 + len(other)


def test_the_hash_never_changes():
    """Lineage in people's libraries rests on it: if this fails, old takes no longer know what they were asked for."""
    recipe = Recipe("text", "a red boat", 33, 256, 144, 7)
    assert recipe.digest() == "41cc110c903b2fc19436cd3dc81ab4c6c857ec990b79e3334b8d6febaead7f33"
    assert dataclasses.replace(recipe, guidance=2).digest() == dataclasses.replace(recipe, guidance=2.0).digest()


def test_a_recipe_off_the_grid_is_refused_where_the_grid_is_known():
    check(Recipe("text", "a boat", 30, 250, 144, 7))
    with pytest.raises(BadRequest, match="multiples of 8; 250x144 was asked"):
        check(Recipe("text", "a boat", 33, 250, 144, 7), drawn)
    with pytest.raises(BadRequest, match=r"1 \+ 4k pictures; 30 was asked"):
        check(Recipe("text", "a boat", 30, 256, 144, 7), drawn)


@pytest.mark.parametrize("change, sentence", [
    ({"cache": "first-block"}, "has no caches; 'first-block' was asked"),
    ({"guider": "apg"}, "has plain guidance only; 'apg' was asked"),
    ({"loras": (Lora("a", "0" * 64),), "backend": "paper"}, "takes no LoRAs"),
    ({"loras": (Lora("a", "0" * 64, expert="both"),)}, "for the noisy or the clean one"),
    ({"loras": (Lora("a", "0" * 64, grid="swift"),)}, "has a grid of lightx2v"),
    ({"loras": (Lora("a", "zz"),)}, "64 hexadecimal digits"),
    ({"loras": (Lora("a", "0" * 64), Lora("b", "0" * 64))}, "asked twice"),
    ({"loras": (Lora("a", "0" * 64, 11.0),)}, "weight goes from -10 to 10"),
    ({"loras": (Lora("", "0" * 64),)}, "has the name of its file"),
    ({"loras": tuple(Lora("a", f"{at:064x}") for at in range(17))}, "Up to 16 LoRAs"),
])
def test_a_model_is_walked_as_it_can_be(change, sentence):
    with pytest.raises(BadRequest, match=sentence):
        check(dataclasses.replace(ask()[0], **change), describe(change.get("backend", "drawn")))


def test_a_cache_has_a_name_and_a_number():
    able = dataclasses.replace(drawn, caches=("first-block",), guiders=("apg",), loras=True)
    for cache in ("first-block", "first-block 0.08"):
        check(dataclasses.replace(ask()[0], cache=cache, guider="apg", loras=(Lora("a", "0" * 64, -1.0),)), able)
    for cache, sentence in (("second-block", "knows the caches first-block"), ("first-block much", "takes a number from 0 to 1"), ("first-block nan", "takes a number"), ("first-block 2", "from 0 to 1")):
        with pytest.raises(BadRequest, match=sentence):
            check(dataclasses.replace(ask()[0], cache=cache), able)
