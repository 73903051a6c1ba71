"""Shapes and sizes that the page offers. Knows no model; is told the grid's step."""

from __future__ import annotations

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

# name, pixels of one picture: those of a 16:9 picture 256, 400, 512, 768 and 1024 wide
SIZES = (("S", 256 * 144), ("M", 400 * 224), ("L", 512 * 288), ("XL", 768 * 432), ("XXL", 1024 * 576))


def table(step: int = 16, native: tuple[tuple[str, int, int], ...] = ()) -> list[dict]:
    """Every shape with its sizes, as the page draws them; `native` sizes of the model stand in for the smallest."""
    own = {shape: (width, height) for shape, width, height in native}
    rows = []
    for shape, across, down, word in SHAPES:
        sizes = {name: nearest(across, down, pixels, step) for name, pixels in SIZES}
        sizes["S"] = own.get(shape, sizes["S"])
        rows.append({"name": shape, "word": word, "across": across, "down": down, "sizes": sizes})
    return rows
