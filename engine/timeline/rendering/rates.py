"""Rates: the frames of a cut at another number of frames per second.

    cut, 16      0     1     2     3     4
    film, 24     0   1   2   3   4   5          exact: each shows the frame that lies there when it begins, 0 0 1 2 2 3
                                                flow: what lies between 0 and 1 is made of both

Between two frames flow is measured both ways (DIS), both are carried to the moment between them and laid over each other by how
well they agree. Over a hard cut nothing is made up: the earlier frame stays.
Sources: Kroeger et al., DIS (arXiv:1603.03590); the flow of the moment between: Jiang et al., Super SloMo (arXiv:1712.00080), eq. 4.
Knows pictures and cuts. Knows no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import cv2
import numpy as np

from engine.timeline.cut import Clip, Cut
from engine.timeline.rendering.frames import Picture, finished, mixed, spans

WAYS = ("exact", "flow")
APART = 40.0            # mean difference of two frames, of 255, after the flow: what differs more is another scene
SMALL = 32              # pixels of a side below which no flow can be measured


def count(frames: int, rate: Fraction, to: Fraction) -> int:
    """How many frames so many are at another rate: nearest, and at least one."""
    return max(1, round(frames * to / rate))


def moments(start: int, frames: int, rate: Fraction, to: Fraction) -> list[Fraction] | range:
    """Where on the cut each frame of the film begins, in frames of the cut."""
    if rate == to:
        return range(start, start + frames)
    last = start + frames - 1
    return [min(start + index * rate / to, Fraction(last)) for index in range(count(frames, rate, to))]


def exact(moments: Iterable[Fraction | int]) -> Iterator[int]:
    """The frame that is shown at each moment."""
    return (moment.__floor__() for moment in moments)


def hard_cuts(cut: Cut) -> set[int]:
    """Frames of the cut that begin with other film than the one before them ended with."""
    found: set[int] = set()
    for track in cut.tracks:
        if track.kind == "film" and not track.mute:
            for placed in track.placed():
                if isinstance(placed.item, Clip):
                    found |= {placed.start, placed.stop}
            for span in spans(track):
                if span.by is not None and span.by.kind == "cross-fade":        # there one film becomes the other
                    found.discard(span.into_begin)
    return found


def between(pictures: Iterator[Picture], moments: Iterable[Fraction], cuts: set[int]) -> Iterator[Picture]:
    """Pictures at these moments, from those of every frame that is needed: see `needed`."""
    held: dict[int, Picture] = {}
    flow = Flow()
    pictures = iter(pictures)
    for moment in moments:
        here = moment.__floor__()
        share = float(moment - here)
        for frame in (here, here + 1) if share and here + 1 not in cuts else (here,):
            if frame not in held:
                held[frame] = next(pictures)
        held = {frame: picture for frame, picture in held.items() if frame >= here}
        yield flow.between(held[here], held[here + 1], share, here) if share and here + 1 in held and here + 1 not in cuts else held[here]


def needed(moments: Iterable[Fraction], cuts: set[int]) -> Iterator[int]:
    """The frames that `between` asks for, in its order."""
    last = -1
    for moment in moments:
        here = moment.__floor__()
        for frame in (here, here + 1) if moment != here and here + 1 not in cuts else (here,):
            if frame > last:
                yield frame
                last = frame


class Flow:
    """Pictures between pictures."""

    def __init__(self) -> None:
        self.measure = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self.of: int | None = None
        self.flows: tuple[np.ndarray, np.ndarray] | None = None

    def between(self, a: Picture, b: Picture, share: float, number: int) -> Picture:
        """The picture at `share` of the way from one to the next. `number` says which pair it is: one pair is measured once."""
        if a is b or min(a.shape[:2]) < SMALL:
            return mixed(a, b, share) if a is not b else a
        if self.of != number:
            grey = [cv2.cvtColor(finished(one), cv2.COLOR_RGB2GRAY) for one in (a, b)]
            self.flows = self.measure.calc(grey[0], grey[1], None), self.measure.calc(grey[1], grey[0], None)
            self.of = number
        there, back = self.flows
        height, width = a.shape[:2]
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        to_a = -(1 - share) * share * there + share**2 * back
        to_b = (1 - share) ** 2 * there - share * (1 - share) * back
        from_a, from_b = (cv2.remap(one.astype(np.float32), x + way[..., 0], y + way[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                          for one, way in ((a, to_a), (b, to_b)))  # fmt: skip
        differs, stood = (cv2.blur(np.abs(one - other).mean(-1), (5, 5))[..., None] for one, other in ((from_a, from_b), (a.astype(np.float32), b.astype(np.float32))))
        if differs.mean() > APART:
            return a if share < 0.5 else b
        # Where both disagree one of them shows what the other hides: there the nearer one counts more.
        sure = 1 / (1 + (differs / 24) ** 2)
        weight = sure * (1 - share) + (1 - sure) * np.float32(share < 0.5)
        moved = from_a * weight + from_b * (1 - weight)
        # Flow spreads from what moves to what stands behind it; what is the same in both stays as it is.
        follows = stood**2 / (stood**2 + differs**2 + 1)
        return moved * follows + mixed(a, b, share) * (1 - follows)
