"""Shapes and sizes that the page offers: an aspect and an amount of picture become a width and a height on the grid.

Plain arithmetic. Knows no model; is told the grid's step.
"""

from __future__ import annotations

import math

# name, width : height, what it is good for
SHAPES = (
    ("16:9", 16, 9, "wide"),
    ("1:1", 1, 1, "square"),
    ("9:16", 9, 16, "tall"),
    ("21:9", 21, 9, "cinema"),
    ("4:3", 4, 3, "classic"),
    ("3:4", 3, 4, "portrait"),
)

# name, pixels of one picture: those of a 16:9 picture 256, 400, 512, 768 and 1024 wide
SIZES = (("S", 256 * 144), ("M", 400 * 224), ("L", 512 * 288), ("XL", 768 * 432), ("XXL", 1024 * 576))


def nearest(across: int, down: int, pixels: int, step: int = 16, longest: int = 1024) -> tuple[int, int]:
    """The width and height, multiples of `step`, nearest to `pixels` in all at `across : down`.

    Aspect counts three times as much as size: a picture 10 % smaller goes unseen, a stretched frame does not.
    """
    ideal = math.sqrt(pixels * across / down)
    best = None
    for columns in range(1, longest // step + 1):
        width = columns * step
        for rows in {max(1, math.floor(width * down / across / step)), max(1, math.ceil(width * down / across / step))}:
            height = rows * step
            if height > longest or abs(math.log(width / ideal)) > 0.5:
                continue
            off = 3 * abs(math.log(width / height * down / across)) + abs(math.log(width * height / pixels))
            if best is None or off < best[0]:
                best = off, width, height
    return (best[1], best[2]) if best else (step, step)


def table(step: int = 16, native: tuple[tuple[str, int, int], ...] = ()) -> list[dict]:
    """Every shape with its sizes, as the page draws them; `native` sizes of the model stand in for the smallest."""
    own = {shape: (width, height) for shape, width, height in native}
    rows = []
    for shape, across, down, word in SHAPES:
        sizes = {name: nearest(across, down, pixels, step) for name, pixels in SIZES}
        sizes["S"] = own.get(shape, sizes["S"])
        rows.append({"name": shape, "word": word, "across": across, "down": down, "sizes": sizes})
    return rows
