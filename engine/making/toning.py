"""Toning: made film begins in the tone of the given film beside it, and keeps it.

    given given given | made made made made        what the made film's tone is off by at a join is taken from all of it;
         tone . . . . . | ^ ^ ^ ^                  between two joins one turns into the other

A model that never saw such film leads on from it in colours of its own, and a shift of colour at a join is seen by everybody.
The mean over a picture of each latent channel holds the tone (LTX's pipelines and others match these statistics too). What
film changes by itself between moments is left to it, and so is a join at which the words change: there the look may change.
Film that a model made needs none of this where it is led on: it goes on in its own colours, and in others where it is told
others. Between two films it does: what is made has to arrive.
Knows latents and which frames were given. Knows no model and no pixels.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile

import torch
from torch import Tensor

NEAR = 2        # frames on each side of a join whose tone is compared: one frame alone holds what moves through the picture
USUAL = 1.5     # a change so many times the film's own is still its own


def tone(latents: Tensor, given: Sequence[bool], footage: Collection[int], told: Collection[int] = (), cuts: Collection[int] = (),
         loops: bool = False) -> None:
    """Match the tone of made runs to the footage beside them; latents (B, C, T, H, W), in place.

    given       for each frame, whether it was known
    footage     those of film that no model made
    told        frames where other words begin: a join near one is left alone
    cuts        frames where a new shot begins: no run goes across
    loops       the last frame is followed by the first
    """
    means = latents.mean(dim=(3, 4), keepdim=True)
    known = {frame for frame, kept in enumerate(given) if kept}
    for run in runs(given, cuts, loops):
        bridge = _bridges(run, known, len(given), loops)
        first, last = (_off(means, known if bridge else footage, one, told, loops, way, bridge) for one, way in ((run, +1), (run[::-1], -1)))
        if first is None and last is None:
            continue
        for number, frame in enumerate(run):
            share = (number + 0.5) / len(run)
            off = last if first is None else first if last is None else torch.lerp(first, last, share)
            latents[:, :, frame] += off


def runs(given: Sequence[bool], cuts: Collection[int] = (), loops: bool = False) -> list[list[int]]:
    """Stretches of made frames, in order; on a loop one may go from the end on to the beginning.

    >>> runs([True, False, False, True, False])
    [[1, 2], [4]]
    >>> runs([False, True, True, False], loops=True)
    [[3, 0]]
    """
    found: list[list[int]] = []
    for frame, known in enumerate(given):
        if not known:
            if frame and not given[frame - 1] and frame not in cuts:
                found[-1].append(frame)
            else:
                found.append([frame])
    if loops and len(found) > 1 and not given[0] and not given[-1]:
        found[-1] += found.pop(0)
    return found


def _bridges(run: Sequence[int], known: Collection[int], count: int, loops: bool) -> bool:
    """Whether a made run leads from given film to given film: where it ends the film is told anyway, and its tone with it."""
    before, after = run[0] - 1, run[-1] + 1
    return {before % count, after % count} <= set(known) if loops else before in known and after in known


def _off(means: Tensor, footage: Collection[int], run: Sequence[int], told: Collection[int], loops: bool, way: int, bridge: bool) -> Tensor | None:
    """What to add to a made run at the end where it begins, (B, C, 1, 1), looked at in the direction `way`; None where no footage is.

    bridge      it turns from one film into another: what it changes by on the way is no measure of a step at its ends
    """
    count = means.shape[2]

    def known(distance: int) -> int | None:
        at = run[0] - way * distance
        at = at % count if loops else at
        return at if 0 <= at < count and at in footage else None

    beside = list(takewhile(lambda at: at is not None, map(known, range(1, 2 * NEAR + 1))))
    if len(beside) < NEAR or set(told) & {*run[:NEAR], *beside[:NEAR - 1]} - {0}:
        return None
    mine, theirs = means[:, :, run], means[:, :, beside]
    jump = mine[:, :, :NEAR].mean(2) - theirs[:, :, :NEAR].mean(2)
    usual = _change(mine) if len(run) >= 2 * NEAR and not bridge else _change(theirs)      # what passes before a camera is no measure of what goes on after it
    size = float(jump.square().sum(1).sqrt().mean())
    return -jump * max(0.0, 1 - USUAL * usual / max(size, 1e-9))


def _change(means: Tensor) -> float:
    """How far the tone of film goes from NEAR frames to the next NEAR, by itself: the median; 0 for film too short to tell."""
    if means.shape[2] < 2 * NEAR:
        return 0.0
    near = means.unfold(2, NEAR, 1).mean(-1)
    return float((near[:, :, NEAR:] - near[:, :, :-NEAR]).square().sum(1).sqrt().mean((0, 2, 3)).median())
