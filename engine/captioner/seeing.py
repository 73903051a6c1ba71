"""Seeing: the pictures of a film that a captioner is shown.

Knows files. Knows no captioner and no torch.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import cv2
import numpy as np

from engine.errors import BadMedia
from engine.media import probe, read_film, read_picture

RATE = 16.0         # pictures a second, as the built-in model has them: how far things go in one is how fast they are
MOST = 33           # pictures that are looked at, 2 s from the middle
AREA = 256 * 144    # pixels each is made small to, at any shape
FIRST = 960         # pictures of a film in which its middle is looked for: a minute


def seen(path: str | Path) -> np.ndarray:
    """The middle of a film or a picture, made small: (N, H, W, 3) uint8, N = 1 + 4k, H and W multiples of 16.

    Raises BadMedia for what cannot be read.
    """
    try:
        moving = probe(path)
    except BadMedia as error:
        try:
            return fitted(read_picture(path))[None]
        except BadMedia:
            raise error from None
    count = min(FIRST, round(moving.pictures / max(moving.rate, 1e-3) * RATE))
    first = max(0, count - MOST) // 2
    kept: deque[np.ndarray] = deque(maxlen=MOST)        # how long it is a file does not always say truly: the last that came are kept
    for picture in read_film(path, rate=RATE, most=first + MOST):
        kept.append(fitted(picture))
    return np.stack(list(kept)[:1 + (len(kept) - 1) // 4 * 4])


def fitted(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) at the size a captioner sees it: the same shape, near AREA, multiples of 16. What is small stays small."""
    height, width = picture.shape[:2]
    scale = min(1.0, (AREA / (width * height)) ** 0.5)
    size = max(16, round(width * scale / 16) * 16), max(16, round(height * scale / 16) * 16)
    return picture if size == (width, height) else cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
