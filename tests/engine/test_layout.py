"""Recipes on a canvas: what stands where is what the operations paint, kept pixels come back, masks and curves change what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pixels import film as draw_film
from walked import decoded

from engine import media
from engine import operations as op
from engine.denoisers.drawn import DrawnBackend
from engine.errors import BadMedia, BadRequest
from engine.make import load_latents, make
from engine.making.fading import Fading
from engine.making.layout import lay, level_of
from engine.making.pixels import pictures
from engine.recipe import Input, compose, operating

backend = DrawnBackend()
SIZE = dict(size=(64, 64))


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    """A take of 17 pictures with its latents beside it."""
    *_, last = make(compose("a red wave right", model="drawn", pictures=17, seed=1, **SIZE)[0], backend, tmp_path_factory.mktemp("take") / "take")
    return last.made


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Another one, of 9."""
    *_, last = make(compose("a blue wave left", model="drawn", pictures=9, seed=2, **SIZE)[0], backend, tmp_path_factory.mktemp("take") / "take")
    return last.made


def own(made):
    """The pictures of a take before they were compressed."""
    return np.concatenate([np.asarray(part) for part in pictures(backend, load_latents(made.latents), lay(made.recipe, backend))])


# ---- the same as the operations paint

def same(canvas, wanted):
    assert torch.equal(canvas.levels, wanted.levels) and torch.equal(canvas.latents * (canvas.levels < 1), wanted.latents * (wanted.levels < 1))


def test_film_that_is_carried_on(take):
    recipe, _ = operating.extend(take.film, model="drawn", after=1, seed=3)
    same(lay(recipe, backend).canvas, op.extend(load_latents(take.latents), 4))


def test_film_that_is_edited(take):
    recipe, _ = operating.edit(take.film, "blue", model="drawn", strength=0.5, seed=3)
    same(lay(recipe, backend).canvas, op.edit(load_latents(take.latents), 0.5))


def test_film_that_is_edited_along_a_curve(take):
    recipe, _ = operating.edit(take.film, "blue", model="drawn", strength=(0, 1), seed=3)
    same(lay(recipe, backend).canvas, op.edit(load_latents(take.latents), [0, 0.25, 0.5, 0.75, 1]))


def test_a_hole_in_film(take):
    recipe, _ = operating.inpaint(take.film, model="drawn", area=(16, 8, 24, 32), seed=3)
    box = (slice(None), slice(1, 5), slice(2, 5))
    same(lay(recipe, backend).canvas, op.inpaint(load_latents(take.latents), box))


def test_film_in_a_larger_picture(other):
    recipe, _ = operating.outpaint(other.film, model="drawn", size=(128, 64), seed=3)
    layout = lay(recipe, backend)
    wanted = op.outpaint(layout.canvas.latents[..., 4:12], 8, 16, 0, 4)
    same(layout.canvas, wanted)


def test_a_loop_keeps_all_but_the_first_frame(take):
    recipe, _ = operating.loop(take.film, model="drawn", seconds=0.5, seed=3)
    canvas, wanted = lay(recipe, backend).canvas, op.loop(load_latents(take.latents), 2)
    assert torch.equal(canvas.latents[:, :, :4], wanted.latents[:, :, :4]) and canvas.strip() == "....#6"
    assert lay(recipe, backend).period == 6


# ---- what comes back

def test_what_is_kept_comes_back_to_the_bit(take, other):
    mine, others = own(take), own(other)
    longer = decoded(operating.extend(take.film, model="drawn", after=0.5, before=0.5, seed=3)[0], backend)
    assert np.array_equal(longer[8:25], mine) and len(longer) == 33
    joined = decoded(operating.connect(take.film, other.film, model="drawn", seconds=0.5, seed=3)[0], backend)
    assert np.array_equal(joined[:17], mine) and np.array_equal(joined[-9:], others)
    loop = decoded(operating.loop(take.film, model="drawn", seconds=0.5, seed=3)[0], backend)
    assert np.array_equal(loop[:16], mine[1:]) and np.array_equal(loop[-1], mine[0]) and len(loop) == 24


def test_film_from_elsewhere_comes_back_as_it_was_read(tmp_path):
    path = draw_film(tmp_path / "a.mp4", 13, (64, 64))
    read = np.stack(list(media.read_film(path)))
    longer = decoded(operating.extend(path, "red", model="drawn", after=0.5, before=0.25, seed=3, **SIZE)[0], backend)
    assert np.array_equal(longer[4:17], read)


def test_outside_a_hole_nothing_changes_and_inside_it_does(take):
    made, before = decoded(operating.inpaint(take.film, "a blue wave", model="drawn", area=(16, 8, 24, 32), seed=3)[0], backend), own(take)
    hole = np.zeros((64, 64), bool)
    hole[8:40, 16:40] = True
    assert np.array_equal(made[:, ~hole], before[:, ~hole])
    assert np.abs(made[:, 16:32, 22:34].astype(int) - before[:, 16:32, 22:34]).mean() > 30


def test_a_mask_that_moves_is_followed(take, tmp_path):
    """White on the left in the first half, on the right in the second."""
    left = np.zeros((64, 64, 3), np.uint8)
    left[:, :32] = 255
    media.write_film(tmp_path / "mask.gif", [np.stack([left] * 9 + [left[:, ::-1]] * 8)], 64, 64, 16)
    made, before = decoded(operating.inpaint(take.film, "a blue wave", model="drawn", mask=tmp_path / "mask.gif", seed=3)[0], backend), own(take)
    assert np.array_equal(made[:9, :, 32:], before[:9, :, 32:]) and np.array_equal(made[9:, :, :32], before[9:, :, :32])
    assert not np.array_equal(made[:9, :, :32], before[:9, :, :32]) and not np.array_equal(made[9:, :, 32:], before[9:, :, 32:])


def test_a_brush_is_a_strength(take, tmp_path):
    """Grey of a mask is how far film is changed there."""
    grey = np.zeros((64, 64, 3), np.uint8)
    grey[:, :16], grey[:, 16:32] = 255, 102
    media.write_picture(tmp_path / "mask.png", grey)
    levels = lay(operating.edit(take.film, "blue", model="drawn", strength=1.0, mask=tmp_path / "mask.png", seed=3)[0], backend).canvas.levels
    assert torch.allclose(levels[0, 0, 2, 3], torch.tensor([1.0, 1.0, 0.4, 0.4, 0, 0, 0, 0]))


def test_two_films_over_each_other_begin_as_their_cross_fade(take, other):
    recipe, _ = operating.connect(take.film, other.film, model="drawn", overlap=0.25, seed=3)
    layout = lay(recipe, backend)
    assert layout.faded == frozenset({3, 4}) and layout.canvas.strip() == "...66." and recipe.pictures == 17 + 9 - 5
    a, b = load_latents(take.latents), layout.canvas.latents
    assert (b[:, :, 3] - a[:, :, 3]).abs().mean() > 0.05


# ---- what cannot be

def test_nothing_left_to_be_made_is_said(take):
    given = Input.of(take.film, 0, "film", 0, 17)
    recipe, _ = compose("blue", model="drawn", operation="edit", pictures=17, inputs=[given], strength=0.0, seed=3, **SIZE)
    with pytest.raises(BadRequest, match="Nothing is left to be made"):
        lay(recipe, backend)


def test_a_film_that_changed_since_is_not_taken_for_the_same(tmp_path):
    path = draw_film(tmp_path / "a.mp4", 9, (64, 64))
    recipe, _ = operating.extend(path, "red", model="drawn", after=0.5, seed=3)
    draw_film(path, 9, (64, 64), "{}")
    with pytest.raises(BadMedia, match="not the film that this recipe was made with"):
        lay(recipe, backend)


def test_strength_is_a_share_of_the_walk():
    assert level_of(torch.tensor([0.0, 0.25, 0.5, 1.0]), backend, (1, 48, 2, 2, 2)).tolist() == pytest.approx([0, 0.25, 0.5, 1])


# ---- where made film meets given film

class Known:
    """What `Fading` wants of an input: its role and its box."""

    def __init__(self, role="film"):
        self.item, self.box = Input("a", "0" * 64, 0, role), (slice(0, 4), slice(0, 4))


@pytest.mark.parametrize("role", ["film", "still"])
def test_what_is_off_at_a_join_goes_away_over_some_pictures(role):
    """Everything made is 40 too dark; a still stands alone and is no join."""
    one, old = Known(role), np.full((4, 4, 3), 140, np.uint8)
    made, fading = np.full((16, 4, 4, 3), 100, np.uint8), Fading()
    for part in range(4):       # three pictures, then six given ones from the fourth on, then seven
        rows = [[(one, old)] if 3 <= number < 9 else [] for number in range(4 * part, 4 * part + 4)]
        fading.meet(made[4 * part:4 * part + 4], rows)
    shades = made[:, 0, 0, 0].tolist()
    if role == "still":
        assert shades == [100] * 16
    else:
        assert shades[:3] == [110, 120, 130] and shades[3:9] == [100] * 6        # given pictures are put back by others
        assert shades[9:] == [136, 131, 127, 122, 118, 113, 109]


def test_footage_is_film_that_no_model_made(take, tmp_path):
    own = operating.extend(take.film, model="drawn", after=0.5)[0]
    clip = draw_film(tmp_path / "clip.mp4", pictures=17, size=(SIZE["size"][1], SIZE["size"][0]))
    camera = operating.extend(clip, "red", model="drawn", after=0.5)[0]
    assert lay(own, backend).footage == set()
    assert lay(camera, backend).footage == {0, 1, 2, 3, 4}
    made_here = draw_film(tmp_path / "made.mp4", pictures=17, size=(SIZE["size"][1], SIZE["size"][0]), recipe=own.to_json())
    assert lay(operating.extend(made_here, "red", model="drawn", after=0.5)[0], backend).footage == set(), "its latents are lost; it was made all the same"
