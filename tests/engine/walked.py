"""A recipe walked to its end: the pictures before any codec has touched them."""

from __future__ import annotations

import numpy as np

from engine.making.layout import lay
from engine.making.pixels import pictures
from engine.making.walk import Walk


def decoded(recipe, backend) -> np.ndarray:
    """The pictures of a recipe (N, H, W, 3) before they are compressed, by the same way that `make` takes."""
    layout = lay(recipe, backend)
    walk = Walk(recipe, backend, layout)
    list(walk)
    return np.concatenate(list(pictures(backend, walk.latents, layout)))
