"""The weightless backend keeps the contract that every backend keeps."""

import subprocess
import sys

import pytest
import torch

from engine import operations as op
from engine.denoisers.catalog import describe, names, open_backend
from engine.denoisers.drawn import SPREAD, DrawnBackend, draw
from engine.errors import BadRequest, GridMismatch
from engine.sampler import noise, sample, uniform

backend = DrawnBackend()


def film(prompt, shape=(1, 48, 3, 8, 8), seed=7, steps=8, **kwargs):
    *_, last = sample(backend.denoiser([prompt], **kwargs), op.text(shape), noise(shape, seed), uniform(steps))
    return last.x


def whole(latents):
    return torch.cat(list(backend.decode(latents)), 2)


def test_it_draws_what_was_said_with_the_grain_of_the_seed():
    """Many steps: in few ones the narrow bell that the data are is passed too fast, and the grain comes out finer."""
    grain = film("a red wave", steps=400) - draw("a red wave", 3, 8, 8)
    assert abs(grain.std() - SPREAD) < 0.2 * SPREAD
    assert not torch.equal(film("a red wave"), film("a red wave", seed=8))


def test_colours_are_what_they_are_called():
    red, blue = (whole(film(f"{colour} still")).mean((0, 2, 3, 4)) for colour in ("red", "blue"))
    assert red[0] > red[2] + 0.5 and blue[2] > blue[0] + 0.5


def test_what_moves_moves_and_what_is_still_is_still():
    moving, still = (draw(f"a green wave {way}", 5, 8, 8).diff(dim=1).abs().mean() for way in ("right", "still"))
    assert still == 0 and moving > 0.05


def test_latents_come_back_from_pictures():
    latents = film("a red wave right").clamp(-1, 1)
    latents[:, :, 0] = latents[:, :, 0].unflatten(1, (3, 4, 4)).mean(2, keepdim=True).expand(-1, 3, 4, 4, 8, 8).flatten(1, 3)
    pictures = whole(latents)
    assert pictures.shape == (1, 3, 9, 64, 64)
    torch.testing.assert_close(backend.encode(pictures), latents)


def test_a_stream_has_one_picture_and_then_four():
    assert [part.shape[2] for part in backend.decode(torch.zeros(1, 48, 3, 2, 2))] == [1, 4, 4]


def test_a_kept_head_is_clean_in_a_longer_film():
    pictures = torch.rand(1, 3, 9, 16, 16) * 2 - 1
    assert torch.equal(backend.encode(pictures)[:, :, :2], backend.encode(pictures[:, :, :5]))


def test_guidance_leads_away_from_the_negative_prompt():
    plain, guided = film("pink still").mean(), film("pink still", guidance=2.0, negative="black still").mean()
    assert guided > plain + 0.3


def test_pictures_off_the_grid_are_refused():
    with pytest.raises(GridMismatch, match=r"1 \+ 4k pictures .* 4 of 16x16"):
        backend.encode(torch.zeros(1, 3, 4, 16, 16))


def test_a_preview_is_tiny_and_shows_the_colour():
    look = backend.preview(film("red still"))
    assert look.shape == (1, 3, 3, 8, 8) and 0 <= look.min() and look.max() <= 1
    assert look[:, 0].mean() > look[:, 2].mean() + 0.3


# ---- the catalog

def test_the_catalog_opens_what_it_describes():
    model, opened = describe("drawn"), open_backend("drawn")
    assert (opened.name, opened.grid, opened.default_steps) == (model.name, model.grid, model.default_steps)


def test_words_that_were_never_taught_are_known_as_such():
    assert describe("drawn").unknown_words("a red zeppelin") == [(6, 14)]


def test_longer_and_larger_film_needs_more_memory():
    need = describe("drawn").memory
    assert need(33, 256, 144) < need(65, 256, 144) < need(65, 512, 288)


def test_every_offered_size_lies_on_the_grid():
    for name in (*names(), "drawn"):
        model = describe(name)
        for shape, width, height in model.sizes:
            assert (width, height) == (model.grid.snap_side(width), model.grid.snap_side(height)), shape


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(BadRequest, match="no model called 'sora'; there is paper"):
        describe("sora")
    with pytest.raises(BadRequest, match="no model called 'sora'"):
        open_backend("sora")


def test_asking_for_models_and_recipes_loads_no_torch():
    code = ("import sys, engine.recipe; from engine.denoisers.catalog import describe\n"
            "describe('paper'), describe('drawn'), engine.recipe.compose('a red boat', model='drawn')\n"
            "assert not {'torch', 'gradio', 'diffusers', 'av', 'PIL'} & set(sys.modules), sorted(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_film_that_goes_on_has_no_first_frame():
    backend = DrawnBackend()
    film = torch.rand(1, 3, 17, 16, 24) * 2 - 1
    whole = backend.encode(film)
    torch.testing.assert_close(backend.encoder(film[:, :, :9])(film[:, :, 9:]), whole[:, :, 3:])
    pictures = torch.cat(list(backend.decode(whole)), 2)
    later = torch.cat(list(backend.decode(whole[:, :, 3:], before=whole[:, :, :3])), 2)
    torch.testing.assert_close(later, pictures[:, :, 9:])


@pytest.mark.parametrize("word", ["right", "left", "still"])
def test_a_drawn_loop_goes_round(word):
    """Twice the period is the same film twice, and it moves at about the pace that was asked."""
    once, twice = (draw(f"a red {word}", frames, 4, 6, period=5) for frames in (5, 10))
    torch.testing.assert_close(twice, torch.cat([once, once], 1), atol=1e-4, rtol=1e-4)
    assert ((once[:, 1:] - once[:, :-1]).abs().max() > 0.1) == (word != "still")
