"""Sheets: a film at a glance, made while its pictures stream by.

    poster   its middle picture                 strip   eight pictures side by side, first and last among them
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engine.media.pictures import write_picture

STRIP = 8
HEIGHT = 108        # pixels of a picture in the strip
WIDEST = 65_000     # pixels of all of it: a JPEG counts no further


class Sheets:
    """Looks at every part of a film of `pictures` pictures and remembers what poster and strip need."""

    def __init__(self, pictures: int):
        count = min(STRIP, pictures)
        self.wanted = [round(place * (pictures - 1) / max(1, count - 1)) for place in range(count)]
        self.middle = pictures // 2
        self.seen = 0
        self.poster: np.ndarray | None = None
        self.small: list[Image.Image] = []

    def look(self, part: np.ndarray) -> None:
        """The next pictures, (N, H, W, 3) uint8."""
        for picture in part:
            if self.seen == self.middle:
                self.poster = picture.copy()
            if self.seen in self.wanted:
                height, width = picture.shape[:2]
                size = (min(max(1, round(width * HEIGHT / height)), WIDEST // STRIP), HEIGHT)
                self.small.append(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
            self.seen += 1

    def strip(self) -> np.ndarray:
        """Its pictures side by side, (HEIGHT, W, 3) uint8."""
        width = self.small[0].width
        sheet = Image.new("RGB", (width * len(self.small), HEIGHT))
        for place, picture in enumerate(self.small):
            sheet.paste(picture, (place * width, 0))
        return np.asarray(sheet)

    def write(self, poster: str | Path, strip: str | Path, recipe: str = "") -> None:
        """Both as JPEG, the poster with the recipe's JSON in it. Raises CannotWrite."""
        write_picture(poster, self.poster, recipe)
        write_picture(strip, self.strip())
