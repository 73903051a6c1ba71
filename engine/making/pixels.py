"""Pixels: latents become pictures, part after part, and what was kept comes back untouched.

A kept cell is exact only in latents: an autoencoder is not. So the pictures that were given are put back, each pixel of
them, unless the decode gives the very same anyway. Memory does not grow with the film.

Knows decoded parts and given pictures. Knows no file and no sampler.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
from torch import Tensor

from engine.denoisers.base import Backend
from engine.making.fading import Fading
from engine.making.given import Given, eight_bits
from engine.making.layout import Layout
from engine.recipe.bounds import OVERLAP

Kept = tuple[Given, np.ndarray]


def pictures(backend: Backend, latents: Tensor, layout: Layout) -> Iterator[np.ndarray]:
    """The film part by part, (n, H, W, 3) uint8."""
    kept, shown, recipe, fading = _kept(layout, backend), layout.change.pixels(), layout.change.recipe, Fading()
    for part in _decoded(backend, latents, layout):
        made = eight_bits(part[0, :, :, :recipe.height, :recipe.width].movedim(0, -1) / 2 + 0.5)      # a canvas may go on beyond
        rows, shares = list(islice(kept, len(made))), list(islice(shown, len(made)))
        if not layout.change:
            fading.meet(made, rows)
        elif layout.change.pauses:
            fading.meet(made, [[] if share.any() else row for row, share in zip(rows, shares)])
        for picture, back, new in zip(made, rows, shares):
            for one, old in back:
                _put_back(picture[one.box], old, None if one.item.role == "still" else new[one.box])
        yield made


def _decoded(backend: Backend, latents: Tensor, layout: Layout) -> Iterator[Tensor]:
    """Shot by shot, each after what its window saw before it; a loop after its own end."""
    cuts = [frame for frame in layout.cuts if frame < latents.shape[2]]      # a walk that was enough may end before the others
    for first, stop in zip([0, *cuts], [*cuts, latents.shape[2]]):
        before = latents[:, :, :OVERLAP] if first > OVERLAP else latents[:, :, :first] if first else None
        if layout.period:
            before = latents[:, :, -backend.grid.memory:]
        yield from backend.decode(latents[:, :, first:stop], before)


def _put_back(picture: np.ndarray, old: np.ndarray, new: np.ndarray | None) -> None:
    """`old` into `picture`, in place; of a changed film as far as `new`, (h, w) 0..1, lets it."""
    if new is None or not new.any():
        picture[:] = old
    elif not new.all() or new.min() < 1:
        share = new[..., None]
        picture[:] = np.where(share == 0, old, np.rint(old + share * (picture.astype(np.float32) - old))).astype(np.uint8)


def _kept(layout: Layout, backend: Backend) -> Iterator[list[Kept]]:
    """For each picture of the film, what was given there and has to come back."""
    recipe, time = layout.change.recipe, backend.grid.time
    streams = [_turned(one, recipe.pictures) for one in layout.given if not (one.stands and not layout.change)]
    for number in range(recipe.pictures):
        frame = number // time if recipe.loops else backend.grid.frame_of(number)
        found = [next(stream) for stream in streams]
        yield [pair for pair in found if pair is not None and (frame not in layout.faded or pair[0].item.role == "still")]


def _turned(one: Given, count: int) -> Iterator[Kept | None]:
    """What an input gives for the film's pictures 0, 1, 2, ...: on a loop it may begin near the end and go on at the start."""
    item, source = one.item, one.pictures()
    ahead = list(islice(source, max(0, count - item.at))) if item.at + item.pictures > count else []
    early = max(0, item.at + item.pictures - count)
    gap = item.at - early
    yield from ((one, picture) for picture in islice(source, early))
    yield from (None for _ in range(gap))
    for picture in chain(ahead, source):
        yield one, picture
    while True:
        yield None
