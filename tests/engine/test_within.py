"""Seconds of film that are changed: which latent frames that is, and that there is film kept on either side of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.recipe import Input, Recipe
from engine.recipe.operating import joins
from engine.recipe.source import Source
from engine.recipe.within import Within, parts, strengths

MODEL = describe("drawn")
RATE = MODEL.grid.rate


def laid(pictures: int, begin: int, end: int, curve=(0.6,), start: int = 0, stop: int | None = None):
    """Pictures [begin, end) of a film of so many are changed: the part that is used, and its strengths."""
    source = Source(Path("film.mp4"), Path("film.mp4"), 96, 64, pictures, None)
    within = Within(begin / RATE, end / RATE)
    found = parts(source, within, start / RATE, None if stop is None else (stop - 1) / RATE, MODEL, [])
    return found, strengths(curve, within, found, MODEL)


def strip(levels) -> str:
    return "".join("." if not level else str(round(level * 10)) if level < 1 else "#" for level in levels)


@pytest.mark.parametrize("pictures, begin, end, used, drawn", [
    (49, 17, 28, (0, 49), ".....996....."),         # on the grid as it is: 17 to 27, and 28 is kept
    (49, 18, 29, (1, 46), ".....996...."),          # the film begins a picture later: no more is changed than was asked
    (49, 20, 25, (1, 46), ".....96....."),          # what fills a frame is changed with it
    (17, 6, 11, (0, 17), "..96."),                  # rather a picture more before it than no film behind it
    (49, 0, 8, (0, 49), "996.........."),           # from the very beginning
    (49, 40, 49, (0, 49), "..........999"),         # to the very end
    (50, 40, 50, (1, 50), "..........999"),         # which is not left out
    (49, 0, 49, (0, 49), "9" * 13),
])  # fmt: skip
def test_whole_frames_are_changed_and_what_lies_beside_them_is_kept(pictures, begin, end, used, drawn):
    (part,), levels = laid(pictures, begin, end, [0.9])
    assert (part.first, part.last) == used and strip(levels) == drawn
    first, last = drawn.index("9"), max(drawn.rindex("9"), drawn.rfind("6"))
    new = part.first + max(0, 1 + 4 * (first - 1)), part.first + 4 * last + (last + 1 == len(drawn))
    assert new[0] <= begin and end <= new[1]         # all that was asked


@pytest.mark.parametrize("pictures", range(13, 60, 3))
def test_wherever_it_lies_there_is_kept_film_on_both_sides(pictures):
    """As long as there is a latent frame's worth of it."""
    for begin in range(0, pictures - 4):
        for end in range(begin + 1, pictures - 7):
            (part,), levels = laid(pictures, begin, end)
            assert (begin == 0 or levels[0] == 0) and levels[-1] == 0 and part.first <= max(begin - 1, 0) and (part.last - part.first - 1) % 4 == 0


def test_a_curve_lies_along_what_is_changed():
    assert strip(laid(49, 17, 36, (0.2, 1.0))[1]) == ".....24686..."


def test_joins_lie_where_kept_film_meets_changed_film():
    recipe = Recipe("edit", "x", 49, 96, 64, 7, backend="drawn", strength=tuple(laid(49, 17, 28)[1]), inputs=(Input("a.mp4", "0" * 64, 0, "film", 0, 49),))
    assert joins(recipe) == (17, 28)
    assert joins(Recipe("edit", "x", 49, 96, 64, 7, backend="drawn", strength=(0.6,), inputs=recipe.inputs)) == ()


@pytest.mark.parametrize("begin, end", [(30, 20), (20, 20), (60, 70), (-9, 0)])
def test_what_is_no_stretch_is_a_sentence(begin, end):
    with pytest.raises(BadRequest, match="is no stretch of film.mp4"):
        laid(49, begin, end)
