"""Shapes and sizes that the page offers. Knows no model; is told the grid's step and the sizes that a model was trained for."""

from __future__ import annotations

import math

from engine.recipe.bounds import SIDES
from engine.recipe.shapes import nearest

# name, width : height, what it is good for
SHAPES = (
    ("16:9", 16, 9, "wide"),
    ("1:1", 1, 1, "square"),
    ("9:16", 9, 16, "tall"),
    ("21:9", 21, 9, "cinema"),
    ("4:3", 4, 3, "classic"),
    ("3:4", 3, 4, "portrait"),
)
TRAINED = {"3:2": ("3:2", 3, 2, "photo")}       # offered where a model was trained for them

# name, pixels of one picture over those of the smallest that a model was trained for: where that is 256x144, of pictures 256,
# 400, 512, 768 and 1024 wide
SIZES = (("XS", 1 / 4), ("S", 1.0), ("M", 400 * 224 / (256 * 144)), ("L", 4.0), ("XL", 9.0), ("XXL", 16.0))
LEAST = 256 * 144       # pixels under which a draft shows nothing
STRETCH = 4             # times the longest side that a model was trained for
REACHED = 0.72          # of a size's pixels that a shape within the longest side has at least, to be called by its name


def table(step: int = 16, native: tuple[tuple[str, int, int], ...] = (("16:9", 256, 144),)) -> list[dict]:
    """Every shape with its sizes, as the page draws them; `native` sizes of the model, the best first, stand in for the nearest."""
    base = min(width * height for shape, width, height in native if shape == native[0][0])
    longest = min(SIDES[1], STRETCH * max(native[0][1:]))
    rows = []
    for name, across, down, word in _shapes({shape for shape, *_ in native}, native[0][0]):
        sizes = {}
        for size, times in SIZES:
            width, height = nearest(across, down, round(times * base), step, longest)
            if round(times * base) >= LEAST and width * height >= REACHED * times * base:
                sizes[size] = (width, height)
        for shape, width, height in native:
            if shape == name:
                sizes[_nearest(width * height / base)] = (width, height)
        rows.append({"name": name, "word": word, "across": across, "down": down, "sizes": {size: sizes[size] for size, _ in SIZES if size in sizes}})
    return rows


def _shapes(trained: set[str], best: str) -> list[tuple[str, int, int, str]]:
    """The best one first, the others as they stand."""
    rows = [*SHAPES, *(row for name, row in TRAINED.items() if name in trained)]
    return sorted(rows, key=lambda row: row[0] != best)


def _nearest(times: float) -> str:
    return min(SIZES, key=lambda row: abs(math.log(times / row[1])))[0]
