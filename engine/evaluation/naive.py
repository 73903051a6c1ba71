"""Naive: what people do today in place of each operation, so that every figure has something to stand beside.

    extend    the last picture of the compressed film is set in motion, and joined        loop      the end fades over the beginning
    connect   one picture fades into the other; or film between those two pictures        finish    the draft is resized
    inpaint   a generated box is pasted                                                   outpaint  the film is pasted on a generated one

Knows pictures (N, H, W, 3) uint8. What has to be generated for it comes from `trying`, as anybody's film does.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def closed(pictures: np.ndarray, over: int) -> np.ndarray:
    """A film whose end fades over its beginning, so that it comes round: N - `over` pictures.

        given   | a b c d . . . w x y z |       made   | x/a y/b z/c d . . . w |

    Raises ValueError where less than one picture would be left without a fade.
    """
    count = len(pictures)
    if not 1 <= over <= (count - 1) // 2:
        raise ValueError(f"A film of {count} pictures can fade into itself over 1 to {(count - 1) // 2} pictures; {over} was asked.")
    return np.concatenate([_mixed(pictures[count - over:], pictures[:over]), pictures[over:count - over]])


def fade(before: np.ndarray, after: np.ndarray, count: int) -> np.ndarray:
    """`count` pictures in which one picture (H, W, 3) gives way to another."""
    return _mixed(np.repeat(before[None], count, 0), np.repeat(after[None], count, 0))


def pasted(ground: np.ndarray, patch: np.ndarray, left: int, top: int) -> np.ndarray:
    """A film with another laid on it, its corner at (left, top)."""
    made = ground.copy()
    made[:, top:top + patch.shape[1], left:left + patch.shape[2]] = patch
    return made


def resized(pictures: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A film at another (width, height)."""
    return np.stack([cv2.resize(picture, tuple(size), interpolation=cv2.INTER_CUBIC) for picture in pictures])


def _mixed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    share = ((np.arange(len(before)) + 1) / (len(before) + 1)).astype(np.float32)[:, None, None, None]
    return np.rint(before * (1 - share) + after * share).astype(np.uint8)
