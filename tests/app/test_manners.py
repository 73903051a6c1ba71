"""How a model is asked to work, by command and by form: into the recipe, back again, and a sentence for what the model has not."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.tasks.building import build
from app.tasks.restoring import wishes_of
from app.tasks.rows import described
from app.tasks.wishes import read
from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.jobs.editing import edited
from engine.recipe import Recipe, from_json

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))
import tiny  # noqa: E402

ON = ["--size", "64x64", "--seed", "3", "--steps", "4", "--model", "tiny-wan"]
FREE = 1 << 40


@pytest.fixture(scope="module", autouse=True)
def wan(model_here):
    """A tiny Wan on this machine."""
    return model_here("tiny-wan", tiny.wan)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Call a command with --json: its exit code and what it answered."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def call(*words):
        code = main([*map(str, words), "--json"])
        return code, json.loads(capsys.readouterr().out)

    yield call
    signal.signal(signal.SIGTERM, before)


def asked(**more) -> Recipe:
    return build(read({"prompt": "a red boat", "size": [64, 64], "seconds": 0.5, "steps": 4, "seed": 3, **more}), None, describe("tiny-wan"), free=FREE)[0]


def test_a_film_is_hastened_and_led_as_a_command_says(run):
    plain, how = run("take", "a red boat", "--pictures", 9, "-o", "plain.mp4", *ON), run("take", "a red boat", "--pictures", 9, "-o", "how.mp4", *ON, "--cache", "first-block", "--guider", "apg")
    assert plain[0] == how[0] == 0, (plain, how)
    assert (how[1]["recipe"]["cache"], how[1]["recipe"]["guider"], plain[1]["recipe"]["cache"]) == ("first-block 0.08", "apg", "")
    code, again = run("extend", "how.mp4", "--after", 0.25, *ON, "--cache", "taylor 2")
    assert code == 0 and (again["recipe"]["cache"], again["recipe"]["guider"]) == ("taylor 2", "")


@pytest.mark.parametrize("words, sentence", [
    (("--cache", "second-block"), "A cache is one of"),
    (("--cache", "mag"), "knows the caches first-block, sea, taylor; 'mag' was asked"),
    (("--cache", "sea 9"), "takes a number from 0 to 2"),
    (("--guider", "firmly"), "is led by zero-star, apg"),
])
def test_what_a_model_has_not_is_said(run, words, sentence):
    code, said = run("take", "a red boat", *ON, *words)
    assert code and sentence in str(said)
    assert "has no caches" in str(run("take", "red", "--model", "drawn", "--cache", "sea")[1])


def test_a_model_is_measured_for_the_cache_that_goes_by_sizes(run, wan):
    """Of these very weights: what was measured of others is not used."""
    assert "mag" not in describe(wan).caches
    code, said = run("models", "calibrate", wan, "--size", "64x64", "--pictures", 9, "--steps", 6)
    kept = json.loads(Path(said["file"]).read_text())
    try:
        assert code == 0 and said["caches"] == list(describe(wan).caches) == ["first-block", "sea", "taylor", "mag"]
        assert list(kept) == ["transformer"] and len(kept["transformer"]) == 6 and kept["transformer"][0] == 1 and len(set(kept["transformer"])) > 3
        code, made = run("take", "a red boat", "--pictures", 9, "-o", "mag.mp4", *ON, "--cache", "mag 0.5")
        assert code == 0 and made["recipe"]["cache"] == "mag 0.5"
        Path(said["file"]).write_text("[1, 2]")
        assert "mag" not in describe(wan).caches, "a damaged file is none"
    finally:
        Path(said["file"]).unlink()


def test_wishes_become_the_recipe_and_come_back():
    recipe = asked(cache="sea", guider="zero-star")
    assert (recipe.cache, recipe.guider) == ("sea 0.25", "zero-star") and from_json(recipe.to_json()) == recipe
    back, notes = wishes_of(recipe, None, describe("tiny-wan"))
    assert not notes and (back["cache"], back["guider"]) == ("sea 0.25", "zero-star") and "cache" not in wishes_of(asked(), None, describe("tiny-wan"))[0]
    assert recipe.digest() != asked().digest()
    with pytest.raises(BadRequest, match="A cache is one of"):
        asked(cache="sea;rm")
    with pytest.raises(BadRequest, match="no text"):
        asked(guider=7)


def test_the_form_offers_what_the_model_has():
    offered = {name: {control["name"]: control["choices"] for task in described(describe(name)) for control in task["more"] if control["kind"] == "choice"} for name in ("tiny-wan", "drawn")}
    assert offered == {"tiny-wan": {"guider": describe("tiny-wan").guiders, "cache": ("first-block", "sea", "taylor")}, "drawn": {}}


def test_a_job_that_is_changed_keeps_them():
    recipe = asked(cache="sea", guider="zero-star")
    assert (edited(recipe, seed=9)[0].cache, edited(recipe, seed=9)[0].guider) == ("sea 0.25", "zero-star")
    assert edited(recipe, cache="taylor")[0].cache == "taylor 3"
    with pytest.raises(BadRequest, match="knows the caches"):
        edited(recipe, cache="mag")
