"""Packing: the cuts of a project in its zip, as lines of JSON, and out of one that may come from anybody.

A cut travels as it stands; what was done to it before stays in the project where it was done. Knows cuts and lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from engine.errors import BadRequest
from engine.timeline import plain
from engine.timeline.cut import Clip, Cut
from engine.timeline.history import History


def lines(history: History) -> Iterator[str]:
    """A line for every cut, the oldest first: {"cut": {...}, "trashed": true}."""
    for trashed in (False, True):
        for line in reversed(history.cuts(trashed)):
            yield json.dumps({"cut": plain.plain(history.open(line.id).cut), "trashed": trashed}) + "\n"


def cut_of(data: dict, renamed: dict[str, str]) -> tuple[Cut, bool]:
    """The cut that a line says and whether it lies in the trash; takes that are called otherwise here are named so.

    Raises BadRequest.
    """
    from engine.timeline.checks import check

    cut = check(plain.value(Cut, data.get("cut"), "A cut"))
    tracks = tuple(replace(track, items=tuple(_named(item, renamed) for item in track.items)) for track in cut.tracks)
    return replace(cut, tracks=tracks), data.get("trashed") is True


def take_in(history: History, cut: Cut, trashed: bool, new_id: str) -> bool:
    """Begin a cut that came from elsewhere; False where it is here already, under whatever id.

    new_id    its id, where another cut has its own
    """
    try:
        here = history.open(cut.id).cut
    except BadRequest:
        pass
    else:
        there = [history.open(line.id).cut for each in (False, True) for line in history.cuts(each) if line.name == cut.name]
        if here == cut or any(replace(one, id=cut.id) == cut for one in there):
            return False
        cut = replace(cut, id=new_id)
    history.new(cut)
    if trashed:
        history.trash(cut.id)
    return True


def _named(item, renamed: dict[str, str]):
    if isinstance(item, Clip) and item.media.take in renamed:
        return replace(item, media=replace(item.media, take=renamed[item.media.take]))
    return item
