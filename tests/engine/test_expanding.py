"""A short prompt becomes a descriptive one: every word of the person's stays, what was open is filled, and what was added is marked."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.denoisers.catalog import describe
from engine.training.paperworld import captions as said
from engine.training.paperworld import scene as world
from engine.training.paperworld.captions import caption
from engine.training.paperworld.scene import HOME, draw_scene
from engine.words.expanding import expand
from engine.words.naming import ORDER, mentions, named



def marked(prompt: str, seed: int = 0) -> str:
    """What was added in brackets."""
    expansion = expand(prompt, seed)
    text = expansion.prompt
    for start, stop in reversed(expansion.added):
        text = f"{text[:start]}[{text[start:stop]}]{text[stop:]}"
    return text


def test_what_a_short_prompt_names_is_never_lost_nor_named_otherwise():
    for seed in range(1_000):
        short = caption(draw_scene(seed), seed, "short")
        long = expand(short, seed)
        assert long.kept == short
        assert {(one.attribute, one.word) for one in mentions(short)} <= {(one.attribute, one.word) for one in mentions(long.prompt)}, long.prompt
        assert named(short).items() <= named(long.prompt).items(), f"{short} | {long.prompt}"


def test_what_is_open_is_filled():
    for seed in range(200):
        assert set(named(expand("a fox", seed).prompt)) == set(ORDER), expand("a fox", seed)


def test_what_was_added_is_marked_and_the_rest_is_the_persons():
    for prompt in ("a boat at night", "in the snow, a church", "a fox reading a book."):
        text = marked(prompt, 3)
        assert "[" in text and "".join(part.partition("]")[2] if "]" in part else part for part in text.split("[")) == prompt


def test_a_seed_draws_the_same_and_others_draw_otherwise():
    assert expand("a boat", 3) == expand("a boat", 3)
    assert len({expand("a boat", seed).prompt for seed in range(20)}) > 10


def test_nobody_is_sent_where_they_do_not_live():
    for subject in HOME:
        assert all(named(expand(f"a {subject}", seed).prompt)["place"] in HOME[subject] for seed in range(20)), subject


@pytest.mark.parametrize("prompt", ["a panda eating bamboo", "A tranquil tableau of alley", "foxes in the snow", "two dogs", "a red fox left of a blue car"])
def test_what_the_world_has_not_or_has_twice_is_left_alone(prompt):
    """A place and a look are added, and neither a subject nor a colour nor a motion."""
    long = expand(prompt, 5)
    known = {one.attribute for one in mentions(prompt)}
    assert long.kept == prompt
    assert {one.attribute for one in mentions(long.prompt)} - known <= {"place", "time", "weather", "style", "camera"}


def test_an_article_stays_as_it_was_written():
    for seed in range(40):
        words = expand("an automobile", seed).prompt.split()
        assert words[:2] == ["an", "orange"]
        words = expand("a car", seed).prompt.split()
        assert words[0] == "a" and words[1] != "orange"


@given(st.text(max_size=300), st.integers(0, 2**31))
@settings(deadline=None, max_examples=200)
def test_any_text_is_taken_and_kept(prompt, seed):
    long = expand(prompt, seed)
    assert long.kept == " ".join(prompt.split())
    assert all(0 <= start < stop <= len(long.prompt) for start, stop in long.added)


def test_benchmark_prompts_are_expanded_and_kept(real):
    lines = real("prompts_vbench.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 900
    for number, line in enumerate(lines):
        assert expand(line, number).kept == " ".join(line.split())


def test_every_word_that_is_added_was_taught():
    paper = describe("paper")
    for seed in range(100):
        long = expand("a fox", seed)
        assert not paper.unknown_words(long.prompt), long.prompt


def test_every_phrase_of_the_world_is_named_as_what_it_is():
    for attribute, table in (("place", said.WHERE), ("time", said.WHEN), ("weather", said.WEATHER), ("camera", said.CAMERA)):
        for word, phrases in table.items():
            for phrase in phrases:
                assert (attribute, word) in {(one.attribute, one.word) for one in mentions(f"a fox {phrase}")}, phrase
    assert set(world.COLOURS) == {one.word for colour in world.COLOURS for one in mentions(f"a {colour} thing")}


def test_where_a_phrase_stands_is_said_in_the_prompts_own_characters():
    prompt = "A Scarlet  ship,  at NIGHT"
    assert [prompt[one.start:one.stop] for one in mentions(prompt)] == ["Scarlet", "ship", "at NIGHT"]


def test_it_asks_for_no_torch():
    code = "import sys; from engine.words.expanding import expand; expand('a boat'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
