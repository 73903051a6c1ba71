"""Pixels to write and read, and a disk that is full."""

import resource
from contextlib import contextmanager

import numpy as np

RECIPE = '{"cineloom": 1, "prompt": "a 🎈 & <b>\\"é\\"</b>"}'


def scene(height=48, width=64, shift=0):
    """Bands of colour that differ in every direction."""
    y, x = np.mgrid[:height, :width]
    return np.stack([(x + shift) * 3 % 256, y * 5 % 256, np.full_like(x, 90)], -1).astype(np.uint8)


@contextmanager
def full_disk(after):
    """A disk that takes `after` bytes of any one file: the system itself refuses the rest."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
