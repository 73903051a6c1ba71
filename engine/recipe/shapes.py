"""Shapes: an aspect and an amount of picture become a width and a height on a grid. Plain arithmetic."""

from __future__ import annotations

import math
import re

from engine.errors import BadRequest


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


def aspect(text: str) -> tuple[int, int]:
    """`16:9` as two numbers. Raises BadRequest.

    >>> aspect("9:16")
    (9, 16)
    """
    found = re.fullmatch(r"\s*(\d{1,4})\s*[:/]\s*(\d{1,4})\s*", text)
    if not found or not (0.1 <= int(found[1]) / max(1, int(found[2])) <= 10):
        raise BadRequest(f"A shape is width to height, such as 16:9, 9:16, 1:1 or 21:9; {text!r:.40} was asked.")
    return int(found[1]), int(found[2])
