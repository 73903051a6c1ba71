"""Pixels to write and read, films of them, files that none may read, and a disk that is full."""

import resource
from contextlib import contextmanager

import numpy as np
import pytest

from engine import media
from engine.errors import BadMedia

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


def film(path, pictures=6, size=(48, 64), recipe=""):
    """A short film of that scene, moving."""
    media.write_film(path, (scene(*size, shift=4 * at)[None] for at in range(pictures)), size[1], size[0], 16, recipe)
    return path


def sentences(path):
    """What every reader says of a file that none may read."""
    for read in (media.probe, lambda path: list(media.read_film(path)), media.read_picture, media.picture_size):
        with pytest.raises(BadMedia) as caught:
            read(path)
        assert str(caught.value).endswith(".") and len(str(caught.value)) < 400, caught.value
        yield str(caught.value)
