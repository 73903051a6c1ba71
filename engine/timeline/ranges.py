"""Ranges: edits of a stretch of time over all rows at once, whatever lies in it. See `edits` for what an edit is.

    film      | a . [ . . | b ] . |          | a . | b . |                 film      | a . | . . . | . . | b . . |
    titles    | . t [ t . | . ] . |   ->     | . t | . . |                 titles    | . t | . . . | t . | . . . |
    sound     | a . [ . . | b ] . |          | a . | b . |                 sound     | a . | . . . | . . | b . . |
               extract: out, and closed up                                  make room: nothing there, all behind it later
               clear: out, and nothing moves

All rows are those that move together when film ripples: tracks that are locked or kept out of sync stay as they are. Markers move
along; those in what is taken out lie where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import BadRequest
from engine.timeline.cut import Cut
from engine.timeline.placing import Part, laid_down, put_down, split_all
from engine.timeline.rows import Rows


@dataclass(frozen=True)
class Extract:
    """Take a stretch of time out of all rows and close up: what lies across its ends is split, what lies inside goes."""

    id: str
    at: int                 # frames of the cut
    length: int

    def apply(self, cut: Cut) -> Cut:
        rows, every, stop = _stretch(cut, self)
        clips = [track for track in every if rows.tracks[track].kind != "titles"]       # words become shorter by themselves, and stay one
        _take_out(rows, clips, self.at, stop)        # before anything moves: also what is linked to what comes later
        rows.close(self.at, stop, [*every, rows.lead])
        return rows.finish()


@dataclass(frozen=True)
class Clear:
    """Take a stretch of time out of all rows and leave nothing there: what lies across its ends is split, what lies inside goes."""

    id: str
    at: int                 # frames of the cut
    length: int

    def apply(self, cut: Cut) -> Cut:
        rows, every, stop = _stretch(cut, self)
        _take_out(rows, every, self.at, stop)
        return rows.finish()


@dataclass(frozen=True)
class MakeRoom:
    """Make room at a frame in all rows, and lay parts into it: what lies there is split, and all behind it moves.

    length      frames; 0 is as long as the parts are
    """

    id: str
    at: int
    length: int = 0
    parts: tuple[Part, ...] = ()

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        laid, longest = laid_down(rows, self.parts, self.at) if self.parts else ({}, 0)
        length = self.length or longest
        _bounds(self.at, length)
        if longest > length:
            raise BadRequest(f"{longest} frames are to be laid into a stretch of {length}; make it longer, or leave its length to what is laid down.")
        every = rows.following([rows.lead, *laid])
        split_all(rows, every, self.at)
        rows.open(self.at, length, [*every, rows.lead])
        put_down(rows, laid)
        return rows.finish()


def _stretch(cut: Cut, edit: Extract | Clear) -> tuple[Rows, list[str], int]:
    """The rows of a cut, those that move together, and the frame where the stretch of an edit ends. Raises BadRequest where nothing lies."""
    _bounds(edit.at, edit.length)
    if edit.at >= cut.length:
        raise BadRequest(f"This cut has {cut.length} frames; nothing lies at {edit.at} that could be taken out.")
    rows = Rows(cut, edit.id)
    return rows, rows.following([rows.lead]), edit.at + edit.length


def _take_out(rows: Rows, tracks: list[str], at: int, stop: int) -> None:
    """What lies across the ends of a stretch is split, what lies inside goes."""
    for frame in (at, stop):
        split_all(rows, tracks, frame)
    for track in tracks:
        for piece in [piece for piece in rows.rows[track] if at <= piece.start and piece.stop <= stop]:
            rows.take(track, piece)


def _bounds(at: int, length: int) -> None:
    if at < 0 or length < 1:
        raise BadRequest(f"A stretch of time has at least one frame and begins at frame 0 or later; {length} frames at {at} were asked.")
