"""What a prompt names, and how well a finished take follows it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from engine.evaluation.following import Following, followed
from engine.words.naming import named
from engine.jobs.figures import figures_of, rank
from engine.media import write_film, write_picture
from engine.recipe import Cue, compose
from engine.training import paperworld as world
from engine.training.paperworld.captions import caption, describe

PLAIN = ("subject", "colour", "place", "time", "style", "motion")


def test_what_captions_name_is_what_was_drawn():
    """Of 300 scenes in three kinds of caption nothing is read wrong, and a full caption of a plain scene is read whole."""
    for seed in range(300):
        scene = world.draw_scene(71_000_000 + seed)
        truth = describe(scene)
        for kind in ("descriptive", "short", "dropped"):
            found = named(caption(scene, seed, kind))
            assert all(truth[name] == word for name, word in found.items() if truth["event"] == "none"), caption(scene, seed, kind)
        if truth["event"] == "none" and truth["second"] == "none":
            assert set(PLAIN) <= set(named(caption(scene, seed)))


@pytest.mark.parametrize("prompt, found", [
    ("A scarlet SHIP drifts to the left, at sunset!", {"subject": "boat", "colour": "red", "time": "dusk", "motion": "left"}),
    ("a red fox left of a blue car", {}),                          # two of each: nobody knows which was meant
    ("the same red fox in the city. cut to a close shot in the snow", {"subject": "fox", "colour": "red"}),
    ("a paper-cut film where a house stands still in a block world", {"subject": "house", "place": "block world", "style": "paper-cut", "motion": "still"}),
    ("a red car in falling snow", {"subject": "car", "colour": "red", "weather": "snowfall"}),
    ("ein Boot auf dem Meer, 一条船", {}),
    ("carpet redder fishing", {}),                                  # whole words only
    ("", {}),
])
def test_words_are_read_as_people_write_them(prompt, found):
    assert named(prompt) == found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A film of the world, as a take of the built-in model would be: (file, what it shows)."""
    scene = dataclasses.replace(world.draw_scene(71_000_000, second=None, event="none"), subject="car", colour="red", place="snow", style="paper-cut",
                                time="day", weather="clear", size="large", motion="left", camera="still")
    film = world.render(scene, 33, 256, 144).pixels
    path = tmp_path_factory.mktemp("films") / "take.mp4"
    write_film(path, [(film * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()], 256, 144, 16)
    return path


def test_true_words_are_followed_and_false_ones_are_not(made):
    def judged(prompt):
        return followed(made, compose(prompt, model="paper", seconds=2, seed=1)[0])

    true, false = judged("a red car drives to the left in the snow by day"), judged("a green fish rises in the city at night")
    assert true.share > 0.8 and true.chances["subject"][0] == "car" and set(true.chances) == {"subject", "colour", "place", "time", "motion"}
    assert false.share < 0.2
    assert json.dumps(true.to_json()) and true.to_json()["named"]["colour"][0] == "red"


def test_words_in_chinese_are_followed_as_the_model_was_told_them(made):
    def judged(prompt):
        return followed(made, compose(prompt, model="paper", seconds=2, seed=1)[0])

    assert judged("一辆红色的汽车在雪地里，白天，向左行驶") == judged("a red car in the snow, by day, drives to the left")
    assert judged("一只熊猫") is None


def test_only_what_can_be_judged_is(made, tmp_path):
    one = compose("a red car", model="paper", seconds=2, seed=1)[0]
    assert followed(made, one)
    for recipe in (compose("a red car", model="drawn", seconds=2, seed=1)[0], compose("sad clowns", model="paper", seconds=2, seed=1)[0],
                   compose("a red car", model="paper", seconds=2, seed=1, cues=[Cue(16, "a blue car")])[0]):
        assert followed(made, recipe) is None
    write_picture(tmp_path / "take.png", np.full((64, 64, 3), 200, np.uint8))
    still = compose("a red car drives to the left", model="paper", operation="image", size="64x64", seed=1)[0]
    assert set(followed(tmp_path / "take.png", still).chances) == {"subject", "colour"}, "a picture moves nowhere"


def test_a_take_is_ranked_by_its_join_and_its_words():
    better = [{"follows": 0.9, "seam": 1.0}, {"follows": 0.9, "seam": 1.3}, {"follows": 0.5, "seam": 1.1}, {"follows": 0.4, "seam": 2.0}]
    assert sorted(reversed(better), key=rank) == better
    assert rank({}) == 0 == rank({"seam": None, "follows": None}) and rank({"seam": 0.5}) == pytest.approx(rank({"seam": 2.0}))
    assert rank({"follows": 0.0}) < 10


def test_figures_say_what_could_be_measured(made):
    from engine.events import Made

    recipe = compose("a red car in the snow", model="paper", seconds=2, seed=1)[0]
    take = Made(recipe, made, made, made, made, 256, 144, recipe.pictures, 16, 1.0)
    assert set(figures_of(take)) == {"follows", "named"} and figures_of(take)["follows"] > 0.5
    assert figures_of(dataclasses.replace(take, film=made.with_name("gone.mp4"))) == {}, "a take is never lost over its figures"
    assert Following({"subject": ("car", 0.5), "colour": ("red", 1.0)}).share == 0.75
