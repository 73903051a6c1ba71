"""Fading: where made film meets given film, what is off between the two goes away over some pictures instead of at once.

    made  made  made | given given given | made  made  made ...
      ¼     ½     ¾  |                   |  ⅞     ¾     ⅝        of what the decode was off by at the first and at the last given picture

An autoencoder returns given pictures nearly, never exactly; they are put back exactly, and a step would be left beside them.
Before them all of it is faded in, over the pictures of the same latent frame, which show the same moment. After them only
what is large of it, such as a shift of colour: detail would stand still there as a ghost.
Knows pictures. Knows no latents and no model.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from engine.making.given import Given

AFTER = 8           # pictures
LARGE = 1 / 24      # of a picture's width: smaller things are detail


class Fading:
    """The joins of one film, met in order."""

    def __init__(self) -> None:
        self.offs: dict[Given, tuple[np.ndarray, int]] = {}     # what it was off by at its last picture, pictures since

    def meet(self, made: np.ndarray, rows: Sequence[Sequence[tuple[Given, np.ndarray]]]) -> None:
        """One part of the film, (n, H, W, 3) uint8, in place, before anything is put back; `rows`: what is given at each of its pictures."""
        for number, row in enumerate(rows):
            here = {one: old for one, old in row if one.item.role == "film"}
            before = {one for one, _ in rows[number - 1]} if number else set(self.offs)
            for one, (off, age) in list(self.offs.items()):
                if one not in here and age < AFTER:
                    _add(made[number][one.box], off * (1 - (age + 1) / (AFTER + 1)))
                    self.offs[one] = off, age + 1
            for one, old in here.items():
                off = old.astype(np.float32) - made[number][one.box]
                if one not in before:
                    for at in range(number):
                        _add(made[at][one.box], off * ((at + 1) / (number + 1)))
                self.offs[one] = cv2.GaussianBlur(off, (0, 0), max(2.0, LARGE * off.shape[1])), 0


def _add(picture: np.ndarray, off: np.ndarray) -> None:
    picture[:] = np.clip(np.rint(picture + off), 0, 255).astype(np.uint8)
