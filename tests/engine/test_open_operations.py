"""Every operation of the studio by an open model, from the command's recipe to pictures: what was given comes back exactly, before it is compressed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tiny import wan as checkpoint  # noqa: F401 - of `opened`

from engine.denoisers.catalog import describe
from engine.make import make
from engine.making.layout import lay
from engine.making.pixels import pictures
from engine.making.walk import Walk
from engine.media import read_film, write_film
from engine.recipe import compose
from engine.recipe.operating import connect, edit, extend, finish, inpaint, loop, outpaint

FREE = 1 << 40


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Film from elsewhere, 9 pictures of 64x64 that change."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    rows = np.arange(64)
    film = np.stack([np.stack(np.broadcast_arrays(4 * rows[:, None], 4 * ((rows + 3 * at) % 64)[None], 20 * at), -1) for at in range(9)]).astype(np.uint8)
    write_film(path, [film], 64, 64, 16)
    return path


def made(recipe, backend):
    """The whole film, before it is compressed, and its strip."""
    layout = lay(recipe, backend)
    strip = layout.canvas.strip()
    walk = Walk(recipe, backend, layout)
    for stride in walk:
        assert stride.x0.isfinite().all()
    return np.concatenate(list(pictures(backend, walk.latents, layout))), strip


def asked(backend, operation, *given, **more):
    return operation(*given, model=describe(backend.name), seed=3, steps=2, free=FREE, **{"size": (64, 64)} | more)[0]


def test_a_take_is_made_by_it_and_made_again(opened, tmp_path):
    recipe, _ = compose("a red boat sails left", model=describe(opened.name), size=(64, 64), pictures=9, seed=3, steps=3, free=FREE)
    assert (recipe.solver, recipe.backend) == ("unipc", "tiny-wan")
    takes = [list(make(recipe, opened, tmp_path / name))[-1].made for name in ("one", "two")]
    assert takes[0].latents.read_bytes() == takes[1].latents.read_bytes() and takes[0].pictures == 9 and takes[0].recipe.version == opened.version


@pytest.mark.parametrize("name, more, strip, kept", [
    ("forward", dict(after=0.5), "...##", slice(0, 9)),
    ("backward", dict(before=0.5), "##8..", slice(8, 17)),
])
def test_film_is_carried_on(opened, clip, name, more, strip, kept):
    film, drawn = made(asked(opened, extend, clip, "a red boat", **more), opened)
    given = np.stack(list(read_film(clip)))
    assert drawn == strip and np.array_equal(film[kept][-8:], given[-8:]) and len(film) == 17


def test_film_is_closed_connected_changed_filled_in_reshaped_and_finished(opened, clip, tmp_path):
    given = np.stack(list(read_film(clip)))
    ring, _ = made(asked(opened, loop, clip, "a red boat", seconds=0.5), opened)
    assert len(ring) % 4 == 0 and any(np.array_equal(ring[at], given[4]) for at in range(len(ring)))
    film, _ = made(asked(opened, connect, clip, clip, "a red boat", seconds=0.5), opened)
    assert np.array_equal(film[:9], given) and np.array_equal(film[-4:], given[-4:])
    film, drawn = made(asked(opened, edit, clip, "a blue fox", strength=0.6), opened)
    assert set(drawn) <= set("456789") and not np.array_equal(film, given)
    mask = np.zeros((64, 64), np.uint8)
    mask[:, :32] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    film, _ = made(asked(opened, inpaint, clip, "a blue fox", mask=tmp_path / "mask.png"), opened)
    assert np.array_equal(film[:, :, 48:], given[:, :, 48:]) and not np.array_equal(film[:, :, :16], given[:, :, :16])
    film, _ = made(asked(opened, outpaint, clip, "a red boat", size=(128, 64)), opened)
    assert film.shape[2] == 128 and np.array_equal(film[:, :, 40:88], given[:, :, 8:56])
    film, _ = made(asked(opened, finish, clip, "a red boat", size=(128, 128)), opened)
    assert film.shape[1:3] == (128, 128)
