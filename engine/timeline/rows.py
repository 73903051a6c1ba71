"""Rows: the moves that every edit of a track is made of.

    pieces    the row as (start, item): gaps are what lies between, so that nothing needs to know of them
    row       pieces as a row again: gaps filled in, transitions back between the clips that they joined

Knows tracks, places and lengths. Knows no edit by name.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import BadRequest
from engine.timeline.cut import Clip, Cut, Placed, Title, Track

def neighbours(cut: Cut, ids: Iterable[str]) -> tuple[Track, list[Placed]]:
    """The track and the places of items that stand in a row there, gaps between them left out. Raises BadRequest."""
    ids = list(ids)
    track, first = cut.find(ids[0])
    solid = [placed for placed in track.placed() if isinstance(placed.item, Clip | Title)]
    begin = next((index for index, placed in enumerate(solid) if placed.item.id == first.item.id), -1)
    there = solid[begin : begin + len(ids)] if begin >= 0 else []
    if [placed.item.id for placed in there] != ids:
        raise BadRequest("These items do not stand one behind the other on one track; choose neighbours.")
    return track, there
