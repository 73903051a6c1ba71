"""Windows: every frame is made once, in its place, and nothing that was kept moves."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from engine import operations as op
from engine.canvas import Canvas
from engine.denoisers.exact import GaussianDenoiser
from engine.errors import BadRequest
from engine.sampler import noise, plan, sample, uniform
from engine.windows import NoiseStream, Window, breathe, cut, lay


def drawn(strip, most=8, overlap=2):
    """Windows over a strip, each as a line: `.` context, `#` made."""
    lines = []
    for w in cut([mark != "." for mark in strip], most, overlap):
        lines.append(" " * w.start + "." * (w.fresh - w.start) + "#" * (w.made - w.fresh) + "." * (w.stop - w.made))
    return lines


@pytest.mark.parametrize("strip, lines", [
    ("######", ["######"]),
    ("........", []),
    ("..............####", ["            ..####"]),
    ("####..............", ["####.."]),
    ("......####........", ["    ..####.."]),
    ("##..##", ["######"]),          # both runs in one window: what is kept between them the canvas keeps
    ("##..........##....", ["##..", "          ..##.."]),
    ("##############", ["########", "      ..######"]),
    ("..############..", ["..####", "    ..####", "        ..####.."]),
    ("#####################", ["#######", "     ..#####", "          ..#####", "               ..####"]),
])
def test_windows_as_they_are_drawn(strip, lines):
    assert drawn(strip) == lines


@given(some.lists(some.booleans(), max_size=60), some.integers(1, 4), some.integers(0, 9))
def test_every_frame_is_made_once_and_only_if_it_is_alive(alive, overlap, room):
    most = 2 * overlap + 1 + room
    windows = cut(alive, most, overlap)
    made = [0] * len(alive)
    for w in windows:
        assert 0 <= w.start <= w.fresh < w.made <= w.stop <= len(alive) and w.stop - w.start <= most
        assert w.fresh - w.start == min(overlap, w.fresh) and w.fresh - w.start <= overlap
        for i in range(w.fresh, w.made):
            made[i] += 1
    assert all(count == 1 for count, lives in zip(made, alive) if lives)
    assert all(b.fresh >= a.made for a, b in zip(windows, windows[1:])), "in order"
    assert [w for w in windows if not any(alive[w.fresh:w.made])] == []


def test_a_window_without_room_is_refused():
    with pytest.raises(BadRequest, match="at least 5 would work"):
        cut([True] * 9, 4, 2)


def walk(canvas, most, denoise, steps=6, breath=0.0, seed=4):
    film, stream = canvas.latents.clone(), NoiseStream(canvas.shape, seed)
    for w in cut((canvas.levels.amax((0, 1, 3, 4)) > 0).tolist(), most):
        part = lay(canvas, w, film)
        levels = breathe(plan(part.levels, uniform(steps)), part, breath)
        *_, last = sample(denoise, part, stream(w.start, w.stop), levels)
        film[:, :, w.fresh:w.made] = last.x[:, :, w.fresh - w.start:w.made - w.start]
    return film


def test_cells_that_know_nothing_of_each_other_come_out_as_in_one_piece():
    """With an exact denoiser of independent cells, a film in windows is the film made whole, bit for bit."""
    canvas = op.text((1, 3, 21, 2, 4))
    denoise = GaussianDenoiser(0.5, mean=0.3)
    *_, whole = sample(denoise, canvas, noise(canvas.shape, 4), uniform(6))
    assert torch.equal(walk(canvas, 8, denoise), whole.x)


def test_kept_frames_stay_and_edits_start_at_their_level():
    clip = torch.randn(1, 3, 20, 2, 4, generator=torch.Generator().manual_seed(0))
    canvas = op.extend(clip, 12).paint(0.5, slice(3, 5))
    film = walk(canvas, 8, GaussianDenoiser(0.5), breath=0.05)
    kept = [i for i in range(20) if i not in (3, 4)]
    assert torch.equal(film[:, :, kept], clip[:, :, kept]) and not torch.equal(film[:, :, 3:5], clip[:, :, 3:5])
    assert film[:, :, 20:].abs().amin((0, 1, 3, 4)).shape == (12,) and film[:, :, 20:].std() > 0.2


def test_context_breathes_and_the_rest_does_not():
    canvas = Canvas.keep(torch.zeros(1, 2, 5, 2, 2)).paint(1.0, slice(2, 4))
    canvas = canvas.paint(0.0, (slice(2, 3), slice(0, 1)))
    levels = breathe(plan(canvas.levels, uniform(4)), canvas, 0.1)
    assert levels[0, 0, 0, :, 0, 0].tolist() == pytest.approx([0.1, 0.1, 0, 1, 0.1])
    assert (levels[-1] == 0).all() and (levels[1:] <= levels[:-1]).all()
    assert torch.equal(breathe(plan(canvas.levels, uniform(4)), canvas, 0.0), plan(canvas.levels, uniform(4)))


def test_noise_in_parts_is_the_noise_of_the_whole():
    shape = (1, 3, 30, 2, 4)
    stream, whole = NoiseStream(shape, 9), noise(shape, 9)
    for start, stop in [(0, 8), (6, 14), (12, 20), (20, 21), (25, 30)]:
        assert torch.equal(stream(start, stop), whole[:, :, start:stop])
    with pytest.raises(ValueError, match="from frame 25"):
        stream(3, 5)


def test_windows_inside_a_film_have_no_first_frame():
    assert not Window(0, 0, 4, 6).continues and Window(3, 5, 7, 9).continues
