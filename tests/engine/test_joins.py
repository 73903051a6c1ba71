"""Joins, measured on strips that are drawn: what is known of them must come out."""

import math

import pytest
import torch

from engine.evaluation.joins import border_seam, detail_gain, drift, fade_distance, is_seamless, layout_psnr, loop_seam, outside, seam, structure


def land(width=400, seed=0):
    """Blots of paper in four shades with a fine grain, (3, 80, width), alike everywhere and the same at both ends."""
    chance = torch.Generator().manual_seed(seed)
    rows, columns = torch.fft.fftfreq(80)[:, None], torch.fft.fftfreq(width)
    spread = torch.hypot(rows, columns)

    def field(scale):
        waves = torch.fft.fft2(torch.randn(3, 80, width, generator=chance)) * (-(spread * scale).square()).exp()
        made = torch.fft.ifft2(waves).real
        return made / made.std()

    return (0.5 * field(14).mul(2).round().clamp(-1.5, 1.5) + 0.06 * field(3)).clamp(-1, 1)


def walk(starts, world=None, width=120):
    """A film that looks at the land from each start, (3, N, 80, width)."""
    world = land() if world is None else world
    return torch.stack([world.roll(-int(start), 2)[:, :, :width] for start in starts], 1)


def test_a_steady_walk_has_no_seam_and_a_jump_is_one():
    steady = walk(range(0, 40, 2))
    join = seam(steady, 9)
    assert join.worst == pytest.approx(1, abs=0.25) and join.velocity < 1.5 and join.boundary == pytest.approx(1, abs=0.2)
    assert is_seamless(join)
    jump = walk([*range(0, 20, 2), *range(60, 80, 2)])
    assert seam(jump, 10).difference > 2 and not is_seamless(seam(jump, 10))
    assert seam(jump, 5).difference == pytest.approx(1, abs=0.3), "elsewhere the same film has none"


def test_a_turn_back_changes_motion_but_hardly_the_picture():
    turn = walk([*range(0, 24, 2), *range(22, 0, -2)])
    join = seam(turn, 12)
    assert join.difference < 1.3 and join.velocity > 3 and not is_seamless(join)


def test_a_change_of_colour_or_of_sharpness_at_a_join_is_seen():
    film = walk(range(0, 32, 2))
    tinted = film.clone()
    tinted[0, 8:] += 0.15
    assert seam(tinted, 8).colour > seam(film, 8).colour + 2.3 and seam(tinted, 8).difference > seam(film, 8).difference
    soft = film.clone()
    soft[:, 8:] = torch.nn.functional.avg_pool2d(soft[:, 8:], 5, 1, 2, count_include_pad=False)
    assert seam(soft, 8).gradient > 1.3 * seam(film, 8).gradient


def test_a_walk_around_the_land_is_a_loop_and_half_of_it_is_not():
    around = walk(range(0, 400, 8))
    assert is_seamless(loop_seam(around), least_motion=0.1, motion=0.5)
    assert not is_seamless(loop_seam(around), least_motion=0.1, motion=0.01), "a still film is no loop"
    half = loop_seam(walk(range(0, 100, 2)))
    assert half.difference > 2 and half.velocity > 3


def test_a_still_film_gives_ratios_that_are_numbers():
    still = walk([5] * 8)
    assert math.isfinite(seam(still, 4).worst) and seam(still, 4).difference == 0


@pytest.mark.parametrize("at", [0, 8, -1])
def test_a_seam_that_is_nowhere_is_refused(at):
    with pytest.raises(ValueError, match="before one of the pictures 1 to 7"):
        seam(walk(range(8)), at)


def test_a_cross_fade_is_told_from_film():
    before, after = walk([0])[:, 0], walk([200])[:, 0]
    weights = torch.linspace(0.1, 0.9, 7).view(1, -1, 1, 1)
    fade = before[:, None] * (1 - weights) + after[:, None] * weights
    assert fade_distance(fade, before, after) < 1e-3
    assert fade_distance(walk(range(25, 200, 25)), before, after) > 0.5


def test_structure_is_of_outlines_and_not_of_colours():
    film = walk(range(0, 16, 4))
    assert structure(film, film) == 1
    toned, other = structure(0.7 * film + 0.1, film), structure(walk(range(100, 116, 4), land(seed=4)), film)
    assert toned > 0.85 and other < toned - 0.1


def test_what_is_outside_a_mask_is_compared_alone():
    film = walk(range(0, 16, 4))
    mask = torch.zeros(80, 120, dtype=torch.bool)
    mask[20:50, 30:70] = True
    changed = film.clone()
    changed[:, :, mask] = 0.9
    assert outside(changed, film, mask) == math.inf
    assert outside(changed, film, torch.zeros_like(mask)) < 30
    assert border_seam(changed, mask) > 2 * border_seam(film, mask)
    with pytest.raises(ValueError, match="inside and an outside"):
        border_seam(film, torch.zeros_like(mask))


def test_a_finished_film_is_its_draft_with_more_in_it():
    full = walk(range(0, 16, 4))
    draft = torch.nn.functional.interpolate(full.transpose(0, 1), (40, 60), mode="area").transpose(0, 1)
    assert layout_psnr(full, draft) > 60 and detail_gain(full, draft) > 1.2
    enlarged = torch.nn.functional.interpolate(draft.transpose(0, 1), (80, 120), mode="bicubic").transpose(0, 1)
    assert detail_gain(enlarged, draft) == pytest.approx(1, abs=0.02)
    assert layout_psnr(walk(range(100, 116, 4)), draft) < 24


def test_drift_is_none_on_a_steady_walk_and_named_where_it_is():
    steady = walk(range(0, 80, 2))
    none = drift(steady)
    assert none.sharpness == pytest.approx(1, abs=0.25) and none.motion == pytest.approx(1, abs=0.3)
    share = torch.linspace(1, 0.3, 40).view(1, -1, 1, 1)
    worse = drift(steady * share + torch.tensor([0.9, 0.0, -0.5]).view(3, 1, 1, 1) * (1 - share))
    assert worse.sharpness < 0.6 * none.sharpness and worse.colour > 3 * none.colour
    assert drift(walk([*range(0, 40, 2), *[40] * 20])).motion < 0.3
