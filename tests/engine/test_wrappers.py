"""Denoisers made of denoisers: an edit that keeps, a draft that is held, prompts along time, a film turned or seen in parts."""

import pytest
import torch

from engine import operations as op
from engine.denoisers.blended import Blended, crossing
from engine.denoisers.exact import GaussianDenoiser
from engine.denoisers.faithful import Faithful
from engine.denoisers.held import Held, blurred
from engine.denoisers.tiled import Tiled
from engine.denoisers.turned import Turned
from engine.errors import BadRequest, GridMismatch
from engine.sampler import noise, sample, uniform


def walked(denoise, canvas, seed=1, steps=12):
    *_, last = sample(denoise, canvas, noise(canvas.shape, seed), uniform(steps))
    return last.x


def clip(frames=5):
    return torch.randn(1, 3, frames, 2, 4, generator=torch.Generator().manual_seed(5))


def test_an_edit_to_the_same_words_changes_nothing():
    source, said = clip(), GaussianDenoiser(0.4, mean=0.7)
    canvas = op.edit(source, 0.8)
    film = walked(Faithful(said, said, source, noise(canvas.shape, 1)), canvas)
    torch.testing.assert_close(film, source, atol=1e-5, rtol=1e-5)
    assert (walked(said, canvas) - source).abs().max() > 0.2, "without it the same edit does"


def test_an_edit_moves_a_film_by_what_the_words_differ_in():
    """Between two Gaussians of one spread the faithful edit is a shift by the difference of their means, at level 1."""
    source = clip()
    canvas = op.edit(source, 1.0)
    film = walked(Faithful(GaussianDenoiser(0.4, mean=1.0), GaussianDenoiser(0.4, mean=0.2), source, noise(canvas.shape, 1)), canvas, steps=200)
    assert (film - source).mean() == pytest.approx(0.8, abs=0.02)
    assert (film - source).std() < 0.02, "and every cell moves alike: the source's own look is kept"


def test_prompts_take_over_along_time():
    weights = crossing([0, 4], 8)
    assert weights[0].tolist() == pytest.approx([1, 1, 1, 2 / 3, 1 / 3, 0, 0, 0]) and torch.allclose(weights.sum(0), torch.ones(8))
    assert crossing([0, 3], 6, blend=0)[1].tolist() == [0, 0, 0, 1, 1, 1]
    told = Blended([GaussianDenoiser(1e-3, mean=-1.0), GaussianDenoiser(1e-3, mean=1.0)], weights)
    film = walked(told, op.text((1, 3, 8, 2, 4)))
    torch.testing.assert_close(film.mean((0, 1, 3, 4)), weights[1] * 2 - 1, atol=0.01, rtol=0)


def test_a_prompt_without_a_say_is_not_asked():
    def silent(*_):
        raise AssertionError("it was asked")

    weights = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    assert walked(Blended([GaussianDenoiser(), silent], weights), op.text((1, 3, 2, 2, 4))).isfinite().all()


@pytest.mark.parametrize("starts", [[], [1], [0, 0], [0, 5, 3], [0, 8]])
def test_prompts_out_of_order_are_refused(starts):
    with pytest.raises(BadRequest, match="rising latent frames"):
        crossing(starts, 8)


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(BadRequest, match="sum to 1"):
        Blended([GaussianDenoiser()], torch.tensor([[0.5, 1.0]]))
    with pytest.raises(GridMismatch, match="along 2 latent frames; the film has 3"):
        Blended([GaussianDenoiser()], torch.ones(1, 2))(*(torch.zeros(1, 1, 3, 1, 1),) * 3)


def test_a_turned_film_is_asked_about_turned_and_comes_back_straight():
    seen = []

    def asked(x, level, next_level):
        seen.append((x[0, 0, :, 0, 0].tolist(), level[0, 0, :, 0, 0].tolist()))
        return x

    film = torch.arange(5.0).view(1, 1, 5, 1, 1)
    turned = Turned(asked, 2)
    for _ in range(3):
        assert torch.equal(turned(film, film / 5, film), film)
    assert [x for x, _ in seen] == [[0, 1, 2, 3, 4], [2, 3, 4, 0, 1], [4, 0, 1, 2, 3]]
    assert seen[1][1] == pytest.approx([0.4, 0.6, 0.8, 0, 0.2])


def test_turning_changes_nothing_for_a_denoiser_that_has_no_first_frame():
    canvas = op.text((1, 3, 7, 2, 4))
    assert torch.equal(walked(Turned(GaussianDenoiser(0.4)), canvas), walked(GaussianDenoiser(0.4), canvas))


def test_what_is_large_is_the_drafts_and_what_is_fine_is_the_models():
    draft = torch.zeros(1, 2, 3, 16, 20)
    tint, grain = torch.full_like(draft, 0.7), torch.ones_like(draft)
    grain[..., ::2, 1::2] = grain[..., 1::2, ::2] = -1
    held = Held(lambda x, *_: x, draft)
    level = torch.ones(1, 1, 3, 16, 20)
    torch.testing.assert_close(held(tint, level, level), draft, atol=1e-5, rtol=0)
    inside = (held(grain, level, level) - grain)[..., 4:-4, 4:-4]
    assert inside.abs().max() < 1e-3
    mean = blurred(torch.randn(1, 2, 3, 16, 20, generator=torch.Generator().manual_seed(1)), 1.0)
    assert mean.std() < 0.35, "a Gaussian of one cell leaves 1 / (2 sqrt(pi)) of white noise"


@pytest.mark.parametrize("size", [(16, 30), (6, 8), (5, 7), (16, 8)])
def test_a_picture_in_parts_is_the_picture_for_cells_that_know_nothing_of_each_other(size):
    canvas = op.edit(torch.randn(1, 3, 2, 16, 30, generator=torch.Generator().manual_seed(5)), 0.8)
    whole, parts = walked(GaussianDenoiser(0.4), canvas), walked(Tiled(GaussianDenoiser(0.4), *size), canvas)
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=1e-4)


def test_parts_begin_on_tokens_overlap_and_are_asked_only_where_there_is_something_to_make():
    seen = []

    def asked(x, level, next_level):
        seen.append((int(x[0, 0, 0, 0, 0]), tuple(x.shape[3:])))
        return x

    x = torch.arange(16 * 30.0).view(1, 1, 1, 16, 30)
    level = torch.ones_like(x)
    assert torch.allclose(Tiled(asked, 8, 16)(x, level, level), x)
    corners = [(at // 30, at % 30) for at, _ in seen]
    assert corners == [(row, column) for row in (0, 4, 8) for column in (0, 8, 14)] and {size for _, size in seen} == {(8, 16)}
    seen.clear()
    level[..., 8:] = 0
    assert torch.allclose(Tiled(asked, 8, 16)(x, level, level), x) and len(seen) == 3
    with pytest.raises(BadRequest, match="at least 2x2 cells; 1x8 was asked"):
        Tiled(asked, 8, 1)
