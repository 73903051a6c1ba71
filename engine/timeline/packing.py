"""Packing: the cuts of a project in its zip, as lines of JSON, and out of one that may come from anybody.

    {"cut": {...}, "trashed": true, "past": {...}, "candidates": [[{...}, rejected], ...]}

A cut travels as it stands, with everything that was done to it (see `past`) and the candidates beside it whose film is made. Older
studios take the cut and leave the rest. Knows cuts and lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import BadRequest
from engine.library.tidying import ID
from engine.timeline import plain
from engine.timeline.checks import check, check_item
from engine.timeline.cut import Cut, Gap
from engine.timeline.history import History
from engine.timeline.past import called, lived
from engine.timeline.replacing import Candidate

LONG = 24 << 20         # characters of a line: of a cut with more past than that, the past stays at home
MANY = 1_000            # candidates of one cut


@dataclass(frozen=True)
class Came:
    """A cut that came from elsewhere, looked at."""

    cut: Cut
    trashed: bool
    past: Any                                   # as it was told; believed when it was done again
    candidates: tuple[tuple[Candidate, bool], ...]


def lines(history: History, long: int = LONG) -> Iterator[str]:
    """A line for every cut, the oldest first; of at most so many characters, but for the cut itself."""
    takes = {row["id"] for row in history.store.rows("select id from takes")}
    for trashed in (False, True):
        for line in reversed(history.cuts(trashed)):
            said: dict = {"cut": plain.plain(history.open(line.id).cut), "trashed": trashed}
            beside = [[plain.plain(one), rejected] for one, rejected in history.beside(line.id)[-MANY:] if one.items or one.job in takes]
            for more in ({"candidates": beside} if beside else {}, {"past": history.past(line.id)} if line.revision else {}):
                if len(json.dumps(said | more)) <= long:
                    said |= more
            yield json.dumps(said) + "\n"


def cut_of(data: dict, renamed: dict[str, str]) -> Came:
    """The cut that a line says, with what came along; takes that are called otherwise here are named so. Raises BadRequest."""
    cut = called(check(plain.value(Cut, data.get("cut"), "A cut")), renamed)
    beside = data.get("candidates", [])
    if not isinstance(beside, list) or len(beside) > MANY:
        raise BadRequest(f"A cut has up to {MANY:,} candidates beside it.")
    candidates: dict[str, tuple[Candidate, bool]] = {}
    for one in beside:
        if not isinstance(one, list) or len(one) != 2:
            raise BadRequest(f"A candidate comes with whether it was rejected: {one!r:.60}.")
        candidate = called(_candidate(one[0], cut), renamed)
        candidates[candidate.id] = candidate, one[1] is True
    return Came(cut, data.get("trashed") is True, data.get("past"), tuple(candidates.values()))


def take_in(history: History, came: Came, new_id: str, renamed: dict[str, str]) -> bool:
    """Begin a cut that came from elsewhere; False where it is here already, under whatever id.

    new_id    its id, where another cut has its own
    """
    cut = came.cut
    try:
        here = history.open(cut.id).cut
    except BadRequest:
        pass
    else:
        there = [history.open(line.id).cut for each in (False, True) for line in history.cuts(each) if line.name == cut.name]
        if here == cut or any(replace(one, id=cut.id) == cut for one in there):
            return False
        cut = replace(cut, id=new_id)
    history.new(cut, lived(came.past, cut, renamed) if came.past else None, came.candidates, came.trashed)
    return True


def _candidate(said: Any, cut: Cut) -> Candidate:
    candidate = plain.value(Candidate, said, "A candidate")
    if not ID.fullmatch(candidate.id) or not candidate.over or candidate.job and not ID.fullmatch(candidate.job):
        raise BadRequest("A candidate has an id of its own, and names the clips in whose place it would come.")
    kinds = {item.id: track.kind for track in cut.tracks for item in track.items if not isinstance(item, Gap)}
    for item in candidate.items:
        check_item(item, kinds.get(candidate.over[0], "film"), cut.rate)
    return candidate
