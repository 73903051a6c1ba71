"""Film and a wish become a recipe: where things come to stand, what is said on the way, and the way back."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
import torch
from PIL import Image
from wishing import DRAWN, LENGTHS, ON, backend, drawing, foreign, strip, taken

from engine.evaluation.joined import measured, seam_of
from engine.make import make
from engine.making.layout import lay
from engine.media import write_film
from engine.recipe import Cue, Recipe, compose, from_json
from engine.recipe.operating import connect, edit, extend, finish, inpaint, joins, loop, outpaint
from engine.recipe.source import Source


# ---- where things come to stand

@pytest.mark.parametrize("seed", range(12))
def test_what_is_extended_stands_where_it_should_and_the_rest_is_made(films, boat, seed):
    """The strip is drawn a second time from the pictures alone: which of them are given, which are not."""
    chance = random.Random(seed)
    pictures = chance.choice([*LENGTHS, 17])
    film = boat.film if chance.random() < 0.3 else films[pictures]
    there = 17 if film is boat.film else pictures
    before, after = chance.choice([(0, 0.25), (0.5, 0), (0.25, 1), (0.3, 0.7), (2, 0.01)])
    start = chance.choice([0, 0, 1 / 16])
    recipe, notes = extend(film, "a red wave", before=before, after=after, start=start, **ON)
    item, = recipe.inputs
    early = 4 * max(1, round(4 * before)) if before else 0
    late = 4 * max(1, round(4 * after)) if after else 0
    assert item.at == early and recipe.pictures == early + item.pictures + late
    assert item.pictures % 4 == 1 and recipe.pictures % 4 == 1
    first, left_out = round(16 * start), (there - round(16 * start) - 1) % 4
    assert (item.start, item.stop) == ((first + left_out, there) if after and not before else (first, there - left_out))
    assert any("left out" in note for note in notes) == bool(left_out)
    assert sum("is the nearest length" in note for note in notes) == sum(seconds not in (0, 0.25, 0.5, 1, 2) for seconds in (before, after))
    assert strip(recipe) == drawing(recipe)
    assert item.path == str(boat.latents if film is boat.film else film)


@pytest.mark.parametrize("seed", range(8))
def test_a_loop_comes_back_to_its_first_picture(films, boat, seed):
    chance = random.Random(seed)
    pictures = chance.choice(LENGTHS)
    film, there = (boat.film, 17) if chance.random() < 0.4 else (films[pictures], pictures)
    gap = 4 * chance.randint(1, 6)
    recipe, _ = loop(film, "a red wave", seconds=gap / 16, **ON)
    item, = recipe.inputs
    assert item.pictures == there - (there - 1) % 4 and recipe.pictures == item.pictures - 1 + gap
    assert item.at == recipe.pictures - 1           # its first picture is the last one: the others follow on the other side
    assert joins(recipe) == (item.pictures - 1, recipe.pictures - 1)
    assert strip(recipe) == drawing(recipe) == "." * ((item.pictures - 1) // 4) + "#" * (gap // 4 - 1) + "6"


@pytest.mark.parametrize("seed", range(8))
def test_two_films_are_connected_over_a_gap(films, boat, train, seed):
    chance = random.Random(seed)
    kinds = [*films.values(), boat.film, train.film]
    a, b = chance.choice(kinds), chance.choice(kinds)
    gap = 4 * chance.randint(1, 6)
    recipe, _ = connect(a, b, "a red wave", seconds=gap / 16, **ON)
    one, two = recipe.inputs
    assert one.at == 0 and two.at == one.pictures + gap - 1 and recipe.pictures == two.at + two.pictures
    assert one.pictures % 4 == two.pictures % 4 == 1
    assert joins(recipe) == (one.pictures, two.at)
    assert strip(recipe) == drawing(recipe)


@pytest.mark.parametrize("overlap, drawn", [(0.25, "...66.."), (0.5, "..494.")])
def test_two_films_lie_over_each_other_under_a_tent(boat, train, overlap, drawn):
    """The last pictures of one and the first of the other are the same moments; the tent stands over their latent frames."""
    recipe, _ = connect(boat.film, train.film, overlap=overlap, **ON)
    one, two = recipe.inputs
    over = round(16 * overlap) + 1
    assert one.at == 0 and two.at == 17 - over and recipe.pictures == 17 + 13 - over
    assert joins(recipe) == (two.at, 17)
    assert strip(recipe) == drawn


def test_a_film_can_be_its_own_partner(boat):
    recipe, _ = connect(boat.film, boat.film, seconds=0.5, **ON)
    assert recipe.inputs[0].sha256 == recipe.inputs[1].sha256 and recipe.cues == ()
    assert strip(recipe) == "....." + "#" + "6" + "...."


def test_in_and_out_points_of_a_connection(boat, train):
    """A is left at `stop`, B is entered at `start`."""
    recipe, _ = connect(boat.film, train.film, stop=0.5, start=0.25, seconds=0.5, **ON)
    one, two = recipe.inputs
    assert (one.start, one.stop, two.start, two.stop) == (0, 9, 4, 13)


@pytest.mark.parametrize("strength, drawn", [(0.6, "66666"), ([0, 1], ".358#"), ([0, 0.9, 0], ".494."), ([0.5], "55555"), (1, "#####")])
def test_an_edit_is_its_strength_along_the_film(boat, strength, drawn):
    recipe, notes = edit(boat.film, "a blue wave", strength=strength, **ON)
    found = strip(recipe)
    assert len(found) == 5 and notes == []
    marks = ".123456789#"
    assert all(abs(marks.index(a) - marks.index(b)) <= 1 for a, b in zip(found, drawn)), found
    assert recipe.strength == tuple(map(float, strength if isinstance(strength, list) else [strength]))


def test_only_the_area_is_made_anew(boat):
    recipe, _ = inpaint(boat.film, "a blue wave", area=(16, 8, 24, 16), **ON)
    levels = lay(recipe, backend).canvas.levels[0, 0]
    hole = torch.zeros_like(levels, dtype=torch.bool)
    hole[:, 1:3, 2:5] = True
    assert bool((levels[hole] == 1).all()) and bool((levels[~hole] == 0).all())


def test_outpainted_film_stands_in_the_middle_of_its_new_shape(boat):
    recipe, notes = outpaint(boat.film, size=(160, 64), **ON)
    assert recipe.inputs[0].box == (32, 0, 96, 64) and notes == []
    levels = lay(recipe, backend).canvas.levels[0, 0]
    assert bool((levels[:, :, 4:16] == 0).all()) and bool((levels[:, :, :4] == 1).all()) and bool((levels[:, :, 16:] == 1).all())
    for to in ("1:1", "9:16", "16:9"):
        recipe, _ = outpaint(boat.film, to=to, **ON)
        left, top, width, height = recipe.inputs[0].box
        assert abs(left - (recipe.width - left - width)) <= 8 and abs(top - (recipe.height - top - height)) <= 8     # a cell
        assert min(recipe.width - width, recipe.height - height) < 8 and max(recipe.width - width, recipe.height - height) >= 8
        assert abs(width / height / (96 / 64) - 1) < 0.2


def test_a_finish_is_the_draft_again_with_its_own_seed(boat):
    recipe, _ = finish(boat.film, model="drawn", size=(192, 128))
    assert (recipe.seed, recipe.prompt, recipe.width, recipe.height, recipe.pictures) == (7, "a red wave right", 192, 128, 17)
    assert strip(recipe) == "44444"
    assert finish(boat.film, model="drawn", size=(192, 128), seed=3)[0].seed == 3


@pytest.mark.parametrize("seed", range(20))
def test_an_area_is_in_the_films_own_pixels(films, tmp_path, seed):
    """It covers the same part of the picture in the film that is made, to a pixel."""
    chance = random.Random(seed)
    source = Source(tmp_path, tmp_path, 768, 432, 17, None)
    from engine.recipe.operating import _area

    left, top = chance.randrange(700), chance.randrange(400)
    width, height = chance.randint(1, 768 - left), chance.randint(1, 432 - top)
    found = _area([left, top, width, height], source, (256, 144), DRAWN)
    for (begin, length), (was, long) in zip(((found[0], found[2]), (found[1], found[3])), ((left, width), (top, height))):
        assert length >= 1 and abs(begin - was / 3) <= 1 and abs(begin + length - (was + long) / 3) <= 1
    assert found[0] + found[2] <= 256 and found[1] + found[3] <= 144


# ---- words

def test_words_go_on_where_the_film_goes_on(tmp_path):
    """A take whose words change is led on by its last ones, and led up to by its first."""
    take = taken(tmp_path, cues=[Cue(8, "a blue wave right", 4)])
    after, _ = extend(take.film, after=1, **ON)
    assert (after.prompt, after.cues) == ("a red wave right", (Cue(8, "a blue wave right", 4),))
    both, _ = extend(take.film, before=1, after=1, **ON)
    assert (both.prompt, both.cues) == ("a red wave right", (Cue(24, "a blue wave right", 4),))
    late, _ = extend(take.film, after=1, start=0.75, **ON)
    assert (late.prompt, late.cues) == ("a blue wave right", ())
    said, _ = extend(take.film, "green", after=1, **ON)
    assert (said.prompt, said.cues) == ("green", ())
    for recipe in (finish(take.film, model="drawn", size=(192, 128))[0], outpaint(take.film, to="1:1", **ON)[0], inpaint(take.film, area=(0, 0, 8, 8), **ON)[0]):
        assert (recipe.prompt, recipe.cues) == ("a red wave right", (Cue(8, "a blue wave right", 4),))
    closed, _ = loop(take.film, seconds=0.5, **ON)
    assert [closed.prompt, *(cue.prompt for cue in closed.cues)] == ["a red wave right", "a blue wave right", "a red wave right"]
    assert [cue.at for cue in closed.cues] == [7, 20]


def test_what_was_written_before_it_was_expanded_goes_where_the_words_go(tmp_path, boat):
    take = taken(tmp_path, asked="a wave", cues=[Cue(8, "a blue wave right", 4, asked="a blue wave")])
    for recipe in (extend(take.film, after=1, **ON)[0], outpaint(take.film, to="1:1", **ON)[0], inpaint(take.film, area=(0, 0, 8, 8), **ON)[0]):
        assert (recipe.asked, [cue.asked for cue in recipe.cues]) == ("a wave", ["a blue wave"])
    assert extend(take.film, after=1, start=0.75, **ON)[0].asked == "a blue wave"
    assert [cue.asked for cue in loop(take.film, seconds=0.5, **ON)[0].cues] == ["a blue wave", "a wave"]
    assert [cue.asked for cue in connect(boat.film, take.film, seconds=1, start=0.5, **ON)[0].cues] == ["a blue wave"]
    assert extend(take.film, "a green wave", after=1, **ON)[0].asked == "", "other words are not those that were expanded"
    assert edit(take.film, "a green wave left", asked="a green wave", **ON)[0].asked == "a green wave"


def test_a_connections_words_turn_in_its_middle(boat, train):
    recipe, _ = connect(boat.film, train.film, seconds=1, **ON)
    assert (recipe.prompt, recipe.cues) == ("a red wave right", (Cue(25, "a blue wave left", 15),))
    recipe, _ = connect(boat.film, train.film, overlap=0.5, **ON)
    assert (recipe.prompt, recipe.cues) == ("a red wave right", (Cue(12, "a blue wave left", 9),))
    assert connect(boat.film, train.film, "green", seconds=1, **ON)[0].cues == ()


def test_a_faithful_edit_knows_what_the_film_was(boat):
    assert edit(boat.film, "a blue wave", **ON)[0].was == ""
    assert edit(boat.film, "a blue wave", faithful=True, **ON)[0].was == "a red wave right"
    assert edit(boat.film, "a blue wave", was="waves", **ON)[0].was == "waves"


# ---- joins

def test_joins_are_where_given_film_meets_made_film(boat, train):
    assert joins(extend(boat.film, after=1, **ON)[0]) == (17,)
    assert joins(extend(boat.film, after=1, before=0.5, **ON)[0]) == (8, 25)
    assert joins(connect(boat.film, train.film, seconds=0.5, **ON)[0]) == (17, 24)
    assert joins(loop(None, "red", **ON)[0]) == (0,)
    for recipe in (edit(boat.film, "blue", **ON)[0], finish(boat.film, model="drawn", size="192x128")[0], compose("red", **ON)[0]):
        assert joins(recipe) == ()


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("jump", [1, 3, 8])
def test_a_seam_is_how_far_the_film_jumps_at_its_join(boat, tmp_path, jump, loops):
    """Film that brightens by one shade a picture, and by `jump` at its join: the answer is known."""
    recipe = loop(None, "red", model="drawn", seconds=2, size=(96, 64), seed=1)[0] if loops else extend(boat.film, after=1, **ON)[0]
    count, at = recipe.pictures, joins(recipe)[0]
    if loops:       # there and back again, so that the way from the last picture to the first is the only jump
        shade = [40 + 8 * number for number in (*range(count // 2), *range(count // 2 - 2 + jump, jump - 2, -1))]
    else:
        shade = [60 + 4 * (number + (jump - 1) * (number >= at)) for number in range(count)]
    stripes = np.arange(96, dtype=np.uint8)[None, :, None] % 16        # pixels of many shades: a film has 219 of them, and one alone rounds by a third of a step
    film = np.stack([np.full((64, 96, 3), value, np.uint8) + stripes for value in shade])
    write_film(tmp_path / "film.mp4", [film], 96, 64, 16)
    found = measured(tmp_path / "film.mp4", recipe)
    assert [join.picture for join in found] == [at]
    steps = np.abs(np.diff(np.array(shade + shade[:1] if loops else shade)))
    expected = steps[-1] / np.median(steps) if loops else jump
    assert seam_of(found) == pytest.approx(expected, rel=0.12, abs=0.12)       # H.264 rounds
    assert found[0].to_json()["picture"] == at and None not in (found[0].to_json()["difference"], found[0].to_json()["flow"])


# ---- there and back

def asked(boat, train, tmp_path):
    """One recipe of every operation, of film from here and from elsewhere."""
    Image.new("L", (96, 64), 255).save(tmp_path / "mask.png")
    other = foreign(tmp_path / "other.mp4", 13)
    yield extend(boat.film, after=0.5, before=0.25, **ON)
    yield extend(other, "red", after=0.5, **ON)
    yield loop(boat.film, seconds=0.5, **ON)
    yield loop(None, "red right", size=(96, 64), seconds=1, model="drawn", seed=1)
    yield connect(boat.film, train.film, seconds=0.5, **ON)
    yield connect(boat.film, other, "green", overlap=0.5, **ON)
    yield edit(boat.film, "a blue wave", strength=(0, 0.9, 0.3), faithful=True, **ON)
    yield edit(boat.film, "a blue wave", mask=tmp_path / "mask.png", **ON)
    yield inpaint(boat.film, "a blue wave", area=(8, 8, 16, 16), **ON)
    yield outpaint(boat.film, to="1:1", **ON)
    yield finish(boat.film, model="drawn", size="192x128")


def test_every_recipe_comes_back_from_json_and_from_its_film_and_is_the_same_canvas(boat, train, tmp_path):
    from engine.recipe.again import compare, recipe_of

    seen = set()
    for number, (recipe, _) in enumerate(asked(boat, train, tmp_path)):
        seen.add(recipe.operation)
        again = from_json(recipe.to_json())
        assert again == recipe and again.digest() == recipe.digest()
        one, two = lay(recipe, backend).canvas, lay(again, backend).canvas
        assert torch.equal(one.levels, two.levels) and torch.equal(one.latents, two.latents)
        *_, first = make(recipe, backend, tmp_path / f"{number}")
        found = recipe_of(first.made.film).recipe
        assert found == first.made.recipe and found.digest() == recipe.digest()
        *_, second = make(found, backend, tmp_path / f"{number} again")
        verdict = compare(first.made.film, found, second.made)
        assert (verdict.says, verdict.of) == ("exact", "latents"), recipe.operation
        first.made.latents.unlink()
        assert compare(first.made.film, found, second.made).says == "exact"
    assert seen == {"extend", "loop", "connect", "edit", "inpaint", "outpaint", "finish"}


def test_everything_that_was_made_can_be_operated_on_again(boat, train, tmp_path):
    """From its latents, loops too."""
    for number, (recipe, _) in enumerate(asked(boat, train, tmp_path)):
        *_, last = make(recipe, backend, tmp_path / f"{number}")
        more, _ = extend(last.made.film, after=0.25, **ON)
        assert more.inputs[0].path == str(last.made.latents), recipe.operation
        assert strip(more) == drawing(more)
        *_, made = make(more, backend, tmp_path / f"{number} more")
        assert made.made.pictures == more.pictures


def test_a_recipe_is_what_was_asked_and_nothing_else(boat):
    """Everything the operations do not set is at its default."""
    recipe, _ = extend(boat.film, after=1, **ON)
    changed = {field.name for field in dataclasses.fields(Recipe) if getattr(recipe, field.name) != field.default}
    assert changed == {"operation", "prompt", "pictures", "width", "height", "seed", "steps", "backend", "inputs"}
