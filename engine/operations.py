"""Operations: every use of the model, as what it paints on a canvas.

Knows canvases only. Knows no model, no prompt, no pixels and no loop: a new operation is a new function here.

One mark per latent frame: `.` keep, `#` generate, 1-9 edit. Clips are latents (B, C, T, H, W) on one grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
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


def dissolve(a: Tensor, b: Tensor, overlap: int, peak: float = 0.9) -> Canvas:
    """Lay the end of `a` over the start of `b` and denoise what lies over each other: a tent of levels.    ..396..

        | a . . . . . . |
                | . . . . . b |         overlap 3: those frames start as the cross-fade of the two

    peak    the level in the middle of the tent
    Raises GridMismatch when the two differ in anything but T, BadRequest for an overlap that is longer than one of them.
    """
    if not 1 <= overlap <= min(a.shape[2], b.shape[2]):
        raise BadRequest(f"Clips of {a.shape[2]} and {b.shape[2]} latent frames can overlap by 1 to {min(a.shape[2], b.shape[2])}; "
                         f"{overlap} was asked.")
    share = (torch.arange(overlap) + 1) / (overlap + 1)
    tent = peak * (1 - (2 * share - 1).abs()) / (1 - (2 * share - 1).abs()).max()
    start = a.shape[2] - overlap
    joined = Canvas.keep(a[:, :, :start]).join(Canvas.keep(b))
    mixed = torch.lerp(a[:, :, start:].float(), b[:, :, :overlap].float(), share.view(-1, 1, 1).to(a.device))
    return joined.put(mixed, start).paint(torch.nn.functional.pad(tent, (start, b.shape[2] - overlap)), slice(start, start + overlap))


def loop(clip: Tensor, frames: int) -> Canvas:
    """Lead the end of a clip back to its beginning by `frames` latent frames, on a clock that closes.    ..##

    The clip's first latent frame is left out: it holds one picture, and a circle has no first. That picture is the last
    of the new ones. The model must be asked with `period` = the canvas's frames.
    Raises BadRequest for a clip of one latent frame: it has no motion to come back to.
    """
    if clip.shape[2] < 2:
        raise BadRequest("A loop is closed on film of at least 2 latent frames; a single picture was given. Animate it first.")
    return Canvas.keep(clip[:, :, 1:]).grow(after=frames)


def edit(clip: Tensor, level: float | Sequence[float] | Tensor) -> Canvas:
    """Restyle a clip: noise it up to `level` and denoise it again (SDEdit); one number or a curve.    666666"""
    return Canvas.keep(clip).paint(level)


def inpaint(clip: Tensor, where: slice | tuple | Tensor) -> Canvas:
    """Make some cells of a clip anew and keep the rest (see `Canvas.paint`): a hole in every frame.    ######"""
    return Canvas.keep(clip).paint(1.0, where)


def outpaint(clip: Tensor, height: int, width: int, top: int, left: int) -> Canvas:
    """Invent what lies around a clip: it is kept in a larger picture, its corner at cell (top, left).    ######

    height, width   of the larger picture, in cells
    Raises BadRequest when the clip does not lie within it.
    """
    batch, channels, frames, high, wide = clip.shape
    if not (0 <= top <= height - high and 0 <= left <= width - wide):
        raise BadRequest(f"A clip of {wide}x{high} cells at ({left}, {top}) does not lie within a picture of {width}x{height}.")
    latents = torch.zeros(batch, channels, frames, height, width, device=clip.device)
    box = (slice(None), slice(top, top + high), slice(left, left + wide))
    latents[(slice(None), slice(None), *box)] = clip.float()
    return Canvas.keep(latents).paint(1.0).paint(0.0, box)


def finish(draft: Tensor, level: float = 0.4) -> Canvas:
    """Fill in a draft that was enlarged to full size: noised up to `level`, its layout stays and detail comes.    444444

    draft   latents of the enlarged pictures: enlarging latents themselves is not what an autoencoder learnt
    """
    return edit(draft, level)
