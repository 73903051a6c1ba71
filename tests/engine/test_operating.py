"""Film and a wish become a recipe: where things come to stand, what is said on the way, and what cannot be."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
import torch
from PIL import Image

from engine.denoisers.catalog import describe
from engine.denoisers.drawn import DrawnBackend
from engine.errors import BadMedia, BadRequest
from engine.evaluation.joined import measured, seam_of
from engine.make import make
from engine.making.layout import lay
from engine.media import write_film
from engine.recipe import Cue, Recipe, compose, from_json
from engine.recipe.operating import connect, edit, extend, finish, inpaint, joins, loop, outpaint
from engine.recipe.source import Source

backend = DrawnBackend()
DRAWN = describe("drawn")
LENGTHS = (5, 6, 8, 13, 17, 24, 33)     # pictures of films from elsewhere; only some fill their latent frames
ON = dict(model="drawn", seed=7, steps=2)


def foreign(path, pictures, size=(96, 64), rate=16):
    """A film that was not made here: a bar that moves over a ground."""
    width, height = size
    film = np.full((pictures, height, width, 3), 60, np.uint8)
    for at in range(pictures):
        film[at, :, 2 * at % width: 2 * at % width + 8] = (200, 120, 30)
    write_film(path, [film], width, height, rate)
    return path


def taken(folder, prompt="a red wave right", with_backend=backend, **asked):
    """A take in a folder, as `make` leaves it."""
    *_, last = make(compose(prompt, **{**ON, "size": (96, 64), "pictures": 17, **asked})[0], with_backend, folder)
    return last.made


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Films of many lengths from elsewhere, by their number of pictures."""
    folder = tmp_path_factory.mktemp("films")
    return {pictures: foreign(folder / f"{pictures}.mp4", pictures) for pictures in LENGTHS}


@pytest.fixture(scope="module")
def boat(tmp_path_factory):
    """A take of 17 pictures with its latents."""
    return taken(tmp_path_factory.mktemp("boat"))


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """Another, of other words."""
    return taken(tmp_path_factory.mktemp("train"), "a blue wave left", pictures=13)


def drawing(recipe):
    """The strip that a recipe must have, from its pictures alone: `.` all are given, `#` none, 6 some."""
    given = {(item.at + number) % recipe.pictures if recipe.loops else item.at + number
             for item in recipe.inputs if item.role == "film" for number in range(item.pictures)}
    if recipe.loops:
        frames = [range(first, first + 4) for first in range(0, recipe.pictures, 4)]
    else:
        frames = [range(0, 1), *(range(first, first + 4) for first in range(1, recipe.pictures, 4))]
    return "".join("." if set(frame) <= given else "6" if set(frame) & given else "#" for frame in frames)


def strip(recipe):
    return lay(recipe, backend).canvas.strip()


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


# ---- what is used

def test_a_take_is_led_on_from_its_latents_and_from_itself_where_they_are_gone(tmp_path):
    take = taken(tmp_path)
    recipe, notes = extend(take.film, after=1, **ON)
    assert recipe.inputs[0].path == str(take.latents) and notes == []
    take.latents.unlink()
    recipe, notes = extend(take.film, after=1, **ON)
    assert recipe.inputs[0].path == str(take.film) and notes == ["take.mp4 has no latents beside it, so the film itself is used, as it was compressed."]


def test_latents_of_weights_that_were_replaced_since_are_not_used(tmp_path):
    class Earlier(DrawnBackend):
        version = "0"

    take = taken(tmp_path, with_backend=Earlier())
    recipe, notes = extend(take.film, after=1, **ON)
    assert recipe.inputs[0].path == str(take.film) and recipe.prompt == "a red wave right"
    assert notes == ["take.mp4 was made by other weights of Drawn than there are now, so the film itself is used and not its latents."]
    assert strip(recipe) == ".....####"


def test_latents_of_another_take_are_not_used(tmp_path):
    take, other = taken(tmp_path / "a"), taken(tmp_path / "b", seed=8)
    take.latents.write_bytes(other.latents.read_bytes())
    assert extend(take.film, after=1, **ON)[0].inputs[0].path == str(take.film)


def test_a_take_that_was_cut_since_is_used_as_it_is(tmp_path):
    take = taken(tmp_path)
    from engine.media import read_film

    write_film(tmp_path / "cut.mp4", [np.stack(list(read_film(take.film))[:9])], 96, 64, 16, take.recipe.to_json())
    recipe, notes = extend(tmp_path / "cut.mp4", after=1, **ON)
    assert recipe.inputs[0].stop == 9 and notes == ["cut.mp4 has been cut since it was made (9 pictures of 17), so the film itself is used."]


def test_film_from_elsewhere_is_read_at_the_models_rate_and_size_and_that_is_said(tmp_path):
    foreign(tmp_path / "camera.mp4", 30, (640, 360), 24)
    recipe, notes = extend(tmp_path / "camera.mp4", "a red wave", after=1, **ON)
    assert (recipe.width, recipe.height) == (256, 144) and recipe.inputs[0].pictures == 17     # 1.25 s are 20 pictures
    assert notes == ["camera.mp4 has 24 pictures a second; Drawn makes 16, and that is what it is read at.",
                     "The first 3 pictures of camera.mp4 from 0 s to its end are left out: Drawn works on 1 + 4k of them.",
                     "camera.mp4 is 640x360; it is used at 256x144."]
    recipe, notes = extend(tmp_path / "camera.mp4", "a red wave", after=1, stop=1, size="128x128", **ON)
    assert recipe.inputs[0].pictures == 17 and notes[1:] == ["camera.mp4 is 640x360; what does not fit into 128x128 is cut off."]
    assert strip(recipe) == ".....####"


# ---- masks

@pytest.mark.parametrize("size", [(96, 64), (960, 640), (17, 11)])
def test_a_mask_of_any_size_is_made_as_large_as_the_film(boat, tmp_path, size):
    """White on the left half, whatever its size."""
    pixels = np.zeros((size[1], size[0]), np.uint8)
    pixels[:, :size[0] // 2] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    levels = lay(inpaint(boat.film, mask=tmp_path / "mask.png", **ON)[0], backend).canvas.levels[0, 0]
    assert bool((levels[:, :, :5] > 0.98).all()) and bool((levels[:, :, 8:] == 0).all())        # enlarged, its edge is soft


def test_a_mask_that_moves_begins_with_the_film_and_stays_where_it_ends(boat, tmp_path):
    pixels = np.zeros((9, 64, 96, 3), np.uint8)
    pixels[:5, :, :48] = pixels[5:, :, 48:] = 255
    write_film(tmp_path / "mask.mp4", [pixels], 96, 64, 16)
    recipe, notes = inpaint(boat.film, mask=tmp_path / "mask.mp4", **ON)
    assert notes == ["The mask mask.mp4 ends before the film; its last picture stays."]
    levels = lay(recipe, backend).canvas.levels[0, 0]
    assert bool((levels[:2, :, :6] == 1).all()) and bool((levels[:2, :, 7:] == 0).all())
    assert bool((levels[2:, :, 6:] == 1).all()) and bool((levels[2:, :, :5] == 0).all())


def test_masks_that_cannot_be(boat, tmp_path):
    Image.new("L", (96, 64)).save(tmp_path / "black.png")
    Image.new("L", (64, 96), 255).save(tmp_path / "tall.png")
    write_film(tmp_path / "black.mp4", [np.zeros((6, 64, 96, 3), np.uint8)], 96, 64, 16)
    (tmp_path / "text.png").write_text("white")
    for name, sentence in (("black.png", "black.png is black all over: nothing would change"), ("black.mp4", "black.mp4 is black all over"),
                           ("tall.png", "tall.png is 64x96 and take.mp4 is 96x64; a mask has the film's shape, in any size")):
        with pytest.raises(BadRequest, match=sentence):
            inpaint(boat.film, mask=tmp_path / name, **ON)
    for name in ("text.png", "gone.png"):
        with pytest.raises(BadMedia, match=name):
            inpaint(boat.film, mask=tmp_path / name, **ON)


# ---- what cannot be

REFUSED = {
    "nothing to extend by": (lambda boat, film: extend(boat, **ON), "0 seconds of both"),
    "negative seconds": (lambda boat, film: extend(boat, after=1, before=-1, **ON), r"Seconds are 0 or more; -1 was asked \(before\)"),
    "endless seconds": (lambda boat, film: extend(boat, after=float("inf"), **ON), "The after is a number"),
    "no words": (lambda boat, film: extend(film, after=1, **ON), "was not made here, so nobody said what it shows"),
    "no words of the second": (lambda boat, film: connect(boat, film, **ON), "17.mp4 was not made here"),
    "a part of nothing": (lambda boat, film: extend(boat, after=1, start=9, **ON), "has 1.062 s; from 9 s to its end is no film"),
    "a part backwards": (lambda boat, film: extend(boat, after=1, start=0.5, stop=0.2, **ON), "from 0.5 s to 0.2 s is no film"),
    "a part before the film": (lambda boat, film: extend(boat, after=1, start=-1, **ON), "from -1 s to its end is no film"),
    "too short a part": (lambda boat, film: extend(boat, after=1, stop=0.1, **ON), "is 3 pictures; Drawn works on film of 5 or more"),
    "a loop of nothing": (lambda boat, film: loop(**ON), "neither was given"),
    "a loop without a way back": (lambda boat, film: loop(boat, seconds=0, **ON), "0 seconds was asked"),
    "a hard cut": (lambda boat, film: connect(boat, boat, seconds=0, **ON), "A hard cut needs no making"),
    "too much overlap": (lambda boat, film: connect(boat, boat, overlap=1, **ON), "Films of 1 s and 1 s cannot lie over each other for 1 s"),
    "negative overlap": (lambda boat, film: connect(boat, boat, overlap=-1, **ON), r"-1 was asked \(overlap\)"),
    "strength beyond 1": (lambda boat, film: edit(boat, "blue", strength=1.5, **ON), r"from 0 \(kept\) to 1 \(made anew\); 1.5 was asked"),
    "strength below 0": (lambda boat, film: edit(boat, "blue", strength=[0.5, -0.1], **ON), "-0.1 was asked"),
    "strength of nothing": (lambda boat, film: edit(boat, "blue", strength=[0, 0.0], **ON), "changes nothing"),
    "no strength": (lambda boat, film: edit(boat, "blue", strength=[], **ON), "none was given"),
    "strength in words": (lambda boat, film: edit(boat, "blue", strength="much", **ON), "The strength is a number"),
    "a curve with a hole": (lambda boat, film: edit(boat, "blue", strength=[0.5, float("nan")], **ON), "The strength is a number"),
    "a curve without end": (lambda boat, film: edit(boat, "blue", strength=[0.5] * 1001, **ON), "up to 1,000 numbers; 1,001"),
    "faithful to nobody": (lambda boat, film: edit(film, "blue", faithful=True, **ON), "Say what it was"),
    "no hole": (lambda boat, film: inpaint(boat, **ON), "needs an area or a mask"),
    "an area outside": (lambda boat, film: inpaint(boat, area=(70, 0, 32, 8), **ON), "within take.mp4's 96x64 pixels"),
    "an area of nothing": (lambda boat, film: inpaint(boat, area=(0, 0, 0, 8), **ON), "An area is left, top, width and height"),
    "an area of three": (lambda boat, film: inpaint(boat, area=(0, 0, 8), **ON), "An area is left, top, width and height"),
    "half a pixel": (lambda boat, film: inpaint(boat, area=(0.5, 0, 8, 8), **ON), "The area is a whole number"),
    "the same shape": (lambda boat, film: outpaint(boat, to="3:2", **ON), "has that shape already"),
    "no shape": (lambda boat, film: outpaint(boat, to="wide", **ON), "A shape is width to height"),
    "a smaller finish": (lambda boat, film: finish(boat, model="drawn", size="64x32"), "makes a draft larger and leaves its shape; take.mp4 is 96x64"),
    "a finish of another shape": (lambda boat, film: finish(boat, model="drawn", size="128x256"), "Outpaint gives it another shape"),
    "a finish of no size": (lambda boat, film: finish(boat, model="drawn", size="large"), "A size is a width and a height"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_a_sentence(boat, films, case):
    ask, sentence = REFUSED[case]
    with pytest.raises(BadRequest, match=sentence) as caught:
        ask(boat.film, films[17])
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300


def test_connecting_films_of_different_shapes_takes_a_size(boat, tmp_path):
    foreign(tmp_path / "tall.mp4", 9, (64, 96))
    with pytest.raises(BadRequest, match="take.mp4 is 96x64 and tall.mp4 is 64x96; to connect films of different shapes, say the size"):
        connect(boat.film, tmp_path / "tall.mp4", "red", **ON)
    recipe, notes = connect(boat.film, tmp_path / "tall.mp4", "red", size=(64, 64), **ON)
    assert (recipe.width, recipe.height) == (64, 64) and sum("cut off" in note for note in notes) == 2


def test_files_that_are_no_film(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("a film of mine")
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.png")
    foreign(tmp_path / "one.mp4", 1)
    for name, sentence in (("gone.mp4", "There is no file at"), ("empty.mp4", "is empty"), ("text.mp4", "text.mp4 is text"), ("", "is a folder"),
                           ("photo.png", "is a single picture: no film"), ("one.mp4", "one.mp4 is a single picture; a film has 2 or more")):
        with pytest.raises(BadMedia, match=sentence):
            extend(tmp_path / name, "red", after=1, **ON)


@pytest.fixture
def ten_hours(tmp_path):
    """Films that are said to last ten hours, and have next to nothing in them."""
    import av

    path = tmp_path / "long.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for at in (0, 1, 36_000):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    pictures = [Image.fromarray(np.full((48, 64, 3), number, np.uint8)) for number in range(56)]
    pictures[0].save(tmp_path / "long.gif", save_all=True, append_images=pictures[1:], duration=[650_000] * 56)
    return path, tmp_path / "long.gif"


def test_ten_hours_of_film_are_refused_at_once_and_a_part_of_them_is_not(ten_hours):
    for path in ten_hours:
        with pytest.raises(BadRequest, match=r"has 10(\.\d+)? hours; films are read for 6, and from 0 s to its end was asked"):
            extend(path, "red", after=1, **ON)
        assert strip(extend(path, "red", after=0.5, stop=1, **ON)[0]) == ".....##"


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
    film = np.stack([np.full((64, 96, 3), value, np.uint8) for value in shade])
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
