"""Placing: edits that bring clips into the cut, move them about and take them out. See `edits` for what an edit is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.errors import BadRequest
from engine.timeline.checks import check_item, words
from engine.timeline.cut import Clip, Cut, Title
from engine.timeline.rows import Piece, Rows, link


@dataclass(frozen=True)
class Part:
    """Something to lay on a track. Several for one track come one behind the other."""

    track: str
    item: Clip | Title
    after: int = 0          # frames of nothing before it: sound that is shorter than its film keeps the next one's in sync


@dataclass(frozen=True)
class Insert:
    """Lay parts down at a frame; what lies there is split, and all behind it moves to make room.

        | a . . . . |   ->   | a . | x x | a . . |
    """

    id: str
    at: int
    parts: tuple[Part, ...]

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        laid, length = laid_down(rows, self.parts, self.at)
        tracks = list(laid)
        split_all(rows, tracks, self.at)
        rows.open(self.at, length, tracks)
        put_down(rows, laid)
        return rows.finish()


@dataclass(frozen=True)
class Overwrite:
    """Lay parts down at a frame, over what lies there.

        | a . . . . |   ->   | a . | x x | a |
    """

    id: str
    at: int
    parts: tuple[Part, ...]

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        laid, _ = laid_down(rows, self.parts, self.at)
        for track, pieces in laid.items():
            rows.clear(track, pieces[0].start, pieces[-1].stop)
        put_down(rows, laid)
        return rows.finish()


@dataclass(frozen=True)
class Append:
    """Lay parts down behind all that there is on their tracks, beginning together."""

    id: str
    parts: tuple[Part, ...]

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        laid, _ = laid_down(rows, self.parts, max((cut.track(part.track).length for part in self.parts), default=0))
        put_down(rows, laid)
        return rows.finish()


@dataclass(frozen=True)
class Move:
    """Move clips by some frames, with what is linked to them, over what lies there; where they were is a gap.

    track   where those go that lie on the track of the first; "" leaves them on theirs
    alone   what is linked stays
    """

    id: str
    items: tuple[str, ...]
    by: int
    track: str = ""
    alone: bool = False

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        group = rows.group(self.items, self.alone)
        first = group[0][0] if group else ""
        for track, piece in group:
            rows.take(track, piece)
            if piece.start + self.by < 0:
                raise BadRequest(f"{words(piece.item)} begins at frame {piece.start}; it cannot begin {-self.by} earlier.")
        for track, piece in group:
            piece.start += self.by
            target = self.track if self.track and track == first else track
            rows.row(target)
            rows.clear(target, piece.start, piece.stop)
            rows.put(target, piece)
        return rows.finish(self.alone)


@dataclass(frozen=True)
class Reorder:
    """Take a clip out of its row and put it before another one of that row, with what is linked to it or lies over it.

        | a . . | b . | c |   ->   | b . | a . . | c |      a before c
    """

    id: str
    item: str
    before: str = ""        # "" is the end of the row

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        group = rows.group([self.item])
        track, main = group[0]
        start, stop = main.start, main.stop
        if self.before:
            target_track, target = rows.find(self.before)
            if target_track != track:
                raise BadRequest(f"{words(target.item)} lies on another track; choose one of the same.")
            if target is main:
                return cut
        taken = {id(piece) for _, piece in group}
        along = group + [(other, piece) for other, piece in rows.all() if id(piece) not in taken and other in rows.following([track])
                         and other != track and start <= piece.start and piece.stop <= stop and not link(piece)]  # fmt: skip
        tracks = {other for other, _ in along}
        for other, piece in along:
            rows.take(other, piece)
        rows.close(start, stop, tracks)
        to = target.start if self.before else max((piece.stop for piece in rows.rows[track]), default=0)
        rows.open(to, stop - start, tracks)
        for other, piece in along:
            piece.start += to - start
            if piece.start < 0:
                raise BadRequest(f"{words(piece.item)} would begin before the cut does; trim its head first.")
            rows.clear(other, piece.start, piece.stop)
            rows.put(other, piece)
        return rows.finish()


@dataclass(frozen=True)
class Lift:
    """Take clips out, with what is linked to them; where they were is a gap."""

    id: str
    items: tuple[str, ...]
    alone: bool = False

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        for track, piece in rows.group(self.items, self.alone):
            rows.take(track, piece)
        return rows.finish(self.alone)


@dataclass(frozen=True)
class RippleDelete:
    """Take clips out, with what is linked to them, and close up.

        | a . . | b . | c . |   ->   | a . . | c . |
    """

    id: str
    items: tuple[str, ...]

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        led = [piece for track, piece in rows.group(self.items) if track == rows.lead]
        for piece in sorted(led, key=lambda piece: -piece.start):
            _close(rows, piece.item.id)
        for id in self.items:               # the others, where they were not over what is gone
            if any(piece.item.id == id for _, piece in rows.all()):
                _close(rows, id)
            else:
                cut.find(id)
        return rows.finish()


@dataclass(frozen=True)
class OpenGap:
    """Make room at a frame: what lies there on the track is split, and all behind it moves."""

    id: str
    track: str
    at: int
    length: int

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        rows.row(self.track)
        if self.length < 1 or self.at < 0:
            raise BadRequest(f"A gap has at least one frame and begins at frame 0 or later; {self.length} frames at {self.at} were asked.")
        split_all(rows, [self.track], self.at)
        rows.open(self.at, self.length, [self.track])
        return rows.finish()


@dataclass(frozen=True)
class CloseGap:
    """Close the gap that lies before a clip: it and all behind it moves up."""

    id: str
    item: str

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        track, piece = rows.find(self.item)
        before = rows.beside(track, piece, -1)
        start = before.stop if before else 0
        if start == piece.start:
            raise BadRequest(f"There is no gap before {words(piece.item, small=True)}.")
        rows.close(start, piece.start, [track])
        return rows.finish()


def _close(rows: Rows, id: str) -> None:
    group = rows.group([id])
    for track, piece in group:
        rows.take(track, piece)
    rows.close(group[0][1].start, group[0][1].stop, {track for track, _ in group})


def laid_down(rows: Rows, parts: tuple[Part, ...], at: int) -> tuple[dict[str, list[Piece]], int]:
    """Where the parts will lie, by track, and how long the longest row of them is."""
    if not parts:
        raise BadRequest("There is nothing to lay down: name at least one clip.")
    if at < 0:
        raise BadRequest(f"A cut begins at frame 0; {at} was asked.")
    laid: dict[str, list[Piece]] = {}
    for part in parts:
        rows.row(part.track)
        check_item(part.item, rows.tracks[part.track].kind, rows.rate)
        if part.after < 0:
            raise BadRequest(f"Parts come one behind the other; {part.after} frames between them were asked.")
        row = laid.setdefault(part.track, [])
        row.append(Piece((row[-1].stop if row else at) + part.after, part.item))
    return laid, max(row[-1].stop for row in laid.values()) - at


def put_down(rows: Rows, laid: dict[str, list[Piece]]) -> None:
    """Lay them where room was made."""
    for track, pieces in laid.items():
        for piece in pieces:
            rows.put(track, piece)


def split_all(rows: Rows, tracks: list[str], at: int) -> None:
    """Split what lies across a frame on these tracks, and what is linked to it; second halves are linked to each other."""
    across = [(track, piece) for track, piece in rows.all() if piece.start < at < piece.stop and not rows.tracks[track].locked]
    links = {link(piece) for track, piece in across if track in tracks} - {""}
    split = [(track, piece) for track, piece in across if track in tracks or link(piece) in links]
    later = {link(piece) for _, piece in rows.all() if piece.start >= at} - {""}
    together = [name for name in links if sum(link(piece) == name for _, piece in split) > 1]
    for track, piece in split:
        second, name = rows.split(track, piece, at), link(piece)
        if not name:
            continue
        if name in together:
            second.item = replace(second.item, link=rows.new_id(f"link/{name}"))
        elif name in later:                 # its partner begins later and moves: the second half goes with it
            piece.item = replace(piece.item, link="")
        else:
            second.item = replace(second.item, link="")
