"""Operations: every use of the model, as what it paints on a canvas.

Knows canvases only. Knows no model, no prompt, no pixels and no loop: a new operation is a new function here.

One mark per latent frame: `.` keep, `#` generate, 1-9 edit. Clips are latents (B, C, T, H, W) on one grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from engine.canvas import Canvas
from engine.errors import BadRequest


def text(shape: Sequence[int]) -> Canvas:
    """Film from words alone: `shape` is (B, C, T, H, W).    ######"""
    return Canvas.empty(shape)


def image(shape: Sequence[int]) -> Canvas:
    """A picture from words alone, which is film of one frame; T in `shape` is taken as 1.    #"""
    batch, channels, _, height, width = shape
    return Canvas.empty((batch, channels, 1, height, width))


def animate(still: Tensor, frames: int) -> Canvas:
    """Set a picture in motion: `still` (B, C, 1, H, W) opens the film, `frames` new ones follow.    .#####"""
    return Canvas.keep(still).grow(after=frames)


def keyframes(stills: Mapping[int, Tensor], frames: int) -> Canvas:
    """Pass through given pictures at given times: `stills` maps a latent frame to latents (B, C, 1, H, W).

        | a | # # | b | # # |        keyframes({0: a, 3: b}, frames=6)    .##.##

    A causal autoencoder's first latent frame is one picture and every later one several, so that a still for
    frame 3 must have been encoded as one that stands there (`engine.make` does).
    Raises BadRequest without any still, GridMismatch for one that is off the canvas.
    """
    if not stills:
        raise BadRequest("Keyframes need at least one picture; none was given.")
    batch, channels, _, height, width = next(iter(stills.values())).shape
    canvas = Canvas.empty((batch, channels, frames, height, width))
    for at, still in stills.items():
        canvas = canvas.put(still, at)
    return canvas


def extend(clip: Tensor, frames: int) -> Canvas:
    """Carry a clip on by `frames` latent frames.    ...###"""
    return Canvas.keep(clip).grow(after=frames)


def precede(clip: Tensor, frames: int) -> Canvas:
    """Invent `frames` latent frames that lead up to a clip.    ###...

    The clip must have been encoded as the tail of longer film: its own first latent frame would hold one picture.
    """
    return Canvas.keep(clip).grow(before=frames)


def connect(a: Tensor, b: Tensor, frames: int) -> Canvas:
    """Invent `frames` latent frames that lead from the end of `a` to the start of `b`.    ..##..

        | a . . . | # # # | b . . . |

    Raises GridMismatch when `a` and `b` differ in anything but T.
    """
    return Canvas.keep(a).grow(after=frames).join(Canvas.keep(b))


def edit(clip: Tensor, level: float | Sequence[float] | Tensor) -> Canvas:
    """Restyle a clip: noise it up to `level` and denoise it again (SDEdit); one number or a curve.    666666"""
    return Canvas.keep(clip).paint(level)


def inpaint(clip: Tensor, where: slice | tuple | Tensor) -> Canvas:
    """Make some cells of a clip anew and keep the rest (see `Canvas.paint`): a hole in every frame.    ######"""
    return Canvas.keep(clip).paint(1.0, where)
