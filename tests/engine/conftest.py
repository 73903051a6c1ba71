"""Films that many tests work on, made once."""

from __future__ import annotations

import pytest
from wishing import LENGTHS, foreign, taken


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """Films of many lengths from elsewhere, by their number of pictures."""
    folder = tmp_path_factory.mktemp("films")
    return {pictures: foreign(folder / f"{pictures}.mp4", pictures) for pictures in LENGTHS}


@pytest.fixture(scope="session")
def boat(tmp_path_factory):
    """A take of 17 pictures with its latents."""
    return taken(tmp_path_factory.mktemp("boat"))


@pytest.fixture(scope="session")
def train(tmp_path_factory):
    """Another, of other words."""
    return taken(tmp_path_factory.mktemp("train"), "a blue wave left", pictures=13)


@pytest.fixture(scope="module")
def opened(request, model_here):
    """The tiny model that a module's `checkpoint(folder)` writes, in a folder of one's own: told of, and opened as any model is."""
    from engine.denoisers.catalog import open_backend

    return open_backend(model_here(f"tiny-{request.module.checkpoint.__name__}", request.module.checkpoint))
