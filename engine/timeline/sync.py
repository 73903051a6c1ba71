"""Sync: whether what is linked still plays together.

Two clips of one link play the same moment of their media together when, drawn out to the beginning of the cut, they would
begin at the same one; what an edit may not do is to change how far apart these are. Knows cuts. Knows no edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from engine.errors import BadRequest
from engine.timeline.checks import words
from engine.timeline.cut import Clip, Cut, Transition


def in_sync(was: Cut, now: Cut, halves: Mapping[str, str] = MappingProxyType({})) -> None:
    """Raises BadRequest where two clips of one link that keep their speeds no longer play the same moment together.

    halves      second halves by id, and whose they are: what was linked before a split has to fit after it too
    """
    before = {id: (link, *there) for link, group in _linked(was).items() for id, there in group.items()}
    for group in _linked(now).values():
        both = [(*before[halves.get(id, id)], *there) for id, there in group.items() if halves.get(id, id) in before]
        both = [each for each in both if each[0] == both[0][0]]
        if len({now_at - at for _, at, _, now_at, _ in both}) < 2 and all(one is now_one for _, _, one, _, now_one in both):
            continue            # all of them moved alike, and nothing else was done to them: most, always
        (_, first, a, first_now, b), *others = both
        for _, at, one, now_at, now_one in others:
            drift = (_origin(at, one, was) - _origin(first, a, was)) - (_origin(now_at, now_one, now) - _origin(first_now, b, now))
            if len({a.speed, b.speed, one.speed, now_one.speed}) == 1 and abs(drift) * now.rate * 2 >= 1:
                raise BadRequest(f"This would take {words(b, small=True)} and {words(now_one, small=True)}, which are linked, out of sync; "
                                 "unlink them first, or leave a gap instead.")  # fmt: skip


def _linked(cut: Cut) -> dict[str, dict[str, tuple[int, Clip]]]:
    """For every link its clips by id, and where they begin."""
    found: dict[str, dict[str, tuple[int, Clip]]] = {}
    for track in cut.tracks:
        at = 0
        for item in track.items:
            if isinstance(item, Transition):
                continue
            if isinstance(item, Clip) and item.link:
                found.setdefault(item.link, {})[item.id] = at, item
            at += item.length
    return found


def _origin(at: int, clip: Clip, cut: Cut) -> Fraction:
    """The moment of its media that would play at the beginning of the cut."""
    return clip.start / clip.media.rate - at * clip.speed / cut.rate
