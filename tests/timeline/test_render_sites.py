"""Colour stays where it is: an export that is brought in again shows it on the same pixels, whatever kind it is."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from engine.media import read_film
from engine.media.reaching import Film
from engine.timeline.rendering.kinds import KINDS
from engine.timeline.rendering.writing import FilmOut

WIDTH, HEIGHT, PERIOD = 128, 64, 32


def waves() -> np.ndarray:
    """Red that comes and goes along the rows, blue along the columns, of even brightness."""
    x, y = np.arange(WIDTH)[None, :], np.arange(HEIGHT)[:, None]
    across, down = (60 * np.sin(2 * np.pi * at / PERIOD) for at in (x + 0 * y, y + 0 * x))
    return np.rint(np.stack([128 + across, 128 - 0.3 * across, 128 + down], -1)).astype(np.uint8)


def moved(picture: np.ndarray) -> tuple[float, float]:
    """By how many pixels red lies farther right, and blue farther down, than in `waves`."""

    def phase(of: np.ndarray, colour: int, axis: int) -> float:
        of = of.astype(float)
        return float(np.angle(np.fft.rfft((of[..., colour] - of @ [0.2126, 0.7152, 0.0722]).mean(1 - axis))[of.shape[axis] // PERIOD]))

    found = (phase(waves(), colour, axis) - phase(picture, colour, axis) for colour, axis in ((0, 1), (2, 0)))
    return tuple((turn + np.pi) % (2 * np.pi) - np.pi for turn in found)


@pytest.mark.parametrize("kind", ["h264", "h265", "prores", "vp9", "av1"])
def test_colour_lies_where_it_lay(tmp_path, kind):
    row = KINDS[kind]
    path = tmp_path / f"out{row.ending}"
    with FilmOut(path, row, (WIDTH, HEIGHT), Fraction(16), row.scale.get("best"), False) as out:
        for _ in range(5):
            out.picture(waves())
    for picture in (list(read_film(path))[2], next(Film(path).pictures([2])), next(Film(path, deep=True).pictures([2]))):
        pixels = [turn * PERIOD / (2 * np.pi) for turn in moved(picture / (256 if picture.dtype == np.uint16 else 1))]
        assert max(map(abs, pixels)) < 0.1, pixels          # half a pixel, where nobody said that samples lie on the left
