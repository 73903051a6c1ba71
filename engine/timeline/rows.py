"""Rows: the moves that every edit is made of, on the rows of one cut while it is edited.

    row       what takes room, each with where it begins; gaps are what lies between, so that nothing needs to know of them
    open      room made at a frame: all that begins there or later moves, in every track that keeps in sync
    close     a range taken out: all that begins behind it moves up
    finish    gaps filled in, transitions laid again between the clips that they joined, and all of it checked

The lowest film track leads: what ripples there moves every track that is in sync and not locked; what ripples elsewhere
moves its own row alone. What is linked to something that moves comes along, wherever it begins, and lands on what lies there.
Knows tracks, places and lengths. Knows no edit by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.timeline import checks
from engine.timeline.checks import words
from engine.timeline.cut import Clip, Cut, Gap, Item, Title, Track, Transition
from engine.timeline.sync import in_sync

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
Solid = Clip | Title


class Piece:
    """What takes room in a row, and where it begins."""

    __slots__ = ("item", "start")

    def __init__(self, start: int, item: Solid):
        self.start = start
        self.item = item

    @property
    def stop(self) -> int:
        return self.start + self.item.length

    def head(self, by: int, rate: Fraction) -> None:
        """Begin `by` frames later; earlier where it is below zero."""
        self.start, self.item = self.start + by, cropped(self.item, by, self.item.length, rate)

    def tail(self, by: int, rate: Fraction) -> None:
        """End `by` frames later; earlier where it is below zero."""
        self.item = cropped(self.item, 0, self.item.length + by, rate)


def cropped(item: Solid, start: int, stop: int, rate: Fraction) -> Solid:
    """Its own frames [start, stop), which may lie beyond it; fades that no longer fit become shorter."""
    length = stop - start
    fade_in = min(item.fade_in, max(length, 0))
    changes = {"length": length, "fade_in": fade_in, "fade_out": min(item.fade_out, max(length - fade_in, 0))}
    if isinstance(item, Clip):
        changes["start"] = item.edge(start, rate)
    return replace(item, **changes)


class Rows:
    """The rows of a cut while one edit is made. `edit` is its id: new ids follow from it, the same every time it is made."""

    def __init__(self, cut: Cut, edit: str):
        self.cut = cut
        self.edit = edit
        self.rate = cut.rate
        self.markers = cut.markers
        self.tracks = {track.id: track for track in cut.tracks}
        self.rows: dict[str, list[Piece]] = {}
        self.joins: dict[tuple[str, str], Transition] = {}
        self.halves: dict[str, str] = {}        # ids of second halves, and of what they were split from
        for track in cut.tracks:
            row = self.rows[track.id] = []
            at, joining = 0, None
            for item in track.items:
                if isinstance(item, Transition):
                    joining = item
                    continue
                if not isinstance(item, Gap):
                    if joining:
                        self.joins[row[-1].item.id, item.id] = joining
                    row.append(Piece(at, item))
                at, joining = at + item.length, None
        self.lead = next((track.id for track in cut.tracks if track.kind == "film"), "")

    # ---- finding

    def row(self, track: str) -> list[Piece]:
        """The row of a track that may be changed. Raises BadRequest."""
        unlocked(self.cut.track(track))
        return self.rows[track]

    def find(self, id: str) -> tuple[str, Piece]:
        """A track that may be changed, and what lies there under that id. Raises BadRequest."""
        for track, row in self.rows.items():
            for piece in row:
                if piece.item.id == id:
                    self.row(track)
                    return track, piece
        raise BadRequest(f"There is no clip {id!r:.40} in this cut; it may have been removed meanwhile.")

    def all(self) -> Iterator[tuple[str, Piece]]:
        """Everything, with its track."""
        for track, row in self.rows.items():
            for piece in row:
                yield track, piece

    def group(self, ids: Iterable[str], alone: bool = False) -> list[tuple[str, Piece]]:
        """These, in the order named, and then what is linked to them, where that may be changed. Raises BadRequest."""
        found = [self.find(id) for id in dict.fromkeys(ids)]
        there = {piece.item.id for _, piece in found}
        links = set() if alone else {link(piece) for _, piece in found} - {""}
        return found + [(track, piece) for track, piece in self.all()
                        if link(piece) in links and piece.item.id not in there and not self.tracks[track].locked]  # fmt: skip

    def beside(self, track: str, piece: Piece, step: int) -> Piece | None:
        """The one before it (-1) or after it (1) in its row."""
        index = self.rows[track].index(piece) + step
        return self.rows[track][index] if 0 <= index < len(self.rows[track]) else None

    # ---- changing a row

    def new_id(self, what: str) -> str:
        """An id that this edit gives, the same whenever it is made."""
        number = int.from_bytes(hashlib.sha256(f"{self.edit}/{what}".encode()).digest()[:8], "big")
        return "".join(LETTERS[number >> 5 * place & 31] for place in range(10))

    def put(self, track: str, piece: Piece) -> None:
        """Lay it down where there is room."""
        self.rows[track].append(piece)
        self.rows[track].sort(key=_start)

    def take(self, track: str, piece: Piece) -> None:
        """Take it away; what is left is a gap."""
        self.rows[track].remove(piece)

    def split(self, track: str, piece: Piece, at: int) -> Piece:
        """Cut it in two at a frame of the cut inside it; the second half."""
        index = at - piece.start
        second = Piece(at, replace(cropped(piece.item, index, piece.item.length, self.rate), id=self.new_id(f"{piece.item.id}/{index}")))
        piece.item = cropped(piece.item, 0, index, self.rate)
        self.halves[second.item.id] = self.halves.get(piece.item.id, piece.item.id)
        # The fades stay at the outer ends: a cut alone is not heard.
        piece.item, second.item = replace(piece.item, fade_out=0), replace(second.item, fade_in=0)
        for left, right in [key for key in self.joins if key[0] == piece.item.id]:
            self.joins[second.item.id, right] = self.joins.pop((left, right))
        self.rows[track].insert(self.rows[track].index(piece) + 1, second)
        return second

    def clear(self, track: str, start: int, stop: int, but: Iterable[Piece] = ()) -> None:
        """Make [start, stop) of a row empty: what lies inside goes, what reaches into it is trimmed."""
        keep = {id(piece) for piece in but}
        for piece in list(self.rows[track]):
            if id(piece) in keep or piece.stop <= start or piece.start >= stop:
                continue
            if piece.start < start and piece.stop > stop:
                self.split(track, piece, stop)
            if piece.start < start:
                piece.tail(start - piece.stop, self.rate)
            elif piece.stop > stop:
                piece.head(stop - piece.start, self.rate)
            else:
                self.take(track, piece)

    # ---- rippling

    def open(self, at: int, length: int, tracks: Collection[str]) -> None:
        """Make room of `length` frames at a frame. What lies across it stays whole; words across it stay for longer."""
        if length < 0:
            raise ValueError(length)
        following, led = self.following(tracks), self.lead in tracks
        moving = self._moving(at, following)
        for track in following:
            for piece in self.rows[track]:
                if id(piece) in moving:
                    piece.start += length
                elif isinstance(piece.item, Title) and piece.start < at < piece.stop:
                    piece.tail(length, self.rate)
        self._land(following, moving)
        if led:
            self.markers = tuple(replace(marker, at=marker.at + length) if marker.at >= at else marker for marker in self.markers)

    def close(self, start: int, stop: int, tracks: Collection[str]) -> None:
        """Take [start, stop) out: what lies inside goes, and what begins behind it moves up."""
        following, led, length = self.following(tracks), self.lead in tracks, stop - start
        moving = self._moving(stop, following)
        for track in following:
            for piece in list(self.rows[track]):
                if id(piece) in moving:
                    piece.start = max(piece.start - length, 0)      # the check of what is in sync says whether that will do
                elif start <= piece.start and piece.stop <= stop:
                    self.take(track, piece)
                elif start <= piece.start < stop < piece.stop and not link(piece):
                    piece.head(stop - piece.start, self.rate)
                    piece.start = start
                elif isinstance(piece.item, Title) and piece.start < stop and start < piece.stop:
                    piece.tail(max(start, piece.start) - min(stop, piece.stop), self.rate)
        self._land(following, moving)
        if led:
            self.markers = tuple(replace(marker, at=marker.at - length if marker.at >= stop else min(marker.at, start)) for marker in self.markers)

    def following(self, tracks: Collection[str]) -> list[str]:
        """The tracks that ripple when these do."""
        every = self.lead in tracks
        return [id for id, track in self.tracks.items() if id in tracks or every and track.sync and not track.locked]

    def _moving(self, at: int, following: list[str]) -> set[int]:
        """What moves: all that begins at `at` or later, what is linked to that, and all behind it in its row."""
        moving: set[int] = set()
        links: set[str] = set()
        first = {track: next((index for index, piece in enumerate(self.rows[track]) if piece.start >= at), len(self.rows[track])) for track in following}
        grown = True
        while grown:
            grown = False
            for track in following:
                row = self.rows[track]
                if track != self.lead:      # nothing draws the lead back: its places are what the others follow
                    first[track] = next((index for index in range(first[track]) if link(row[index]) in links), first[track])
                for piece in row[first[track] :]:
                    if id(piece) not in moving:
                        moving.add(id(piece))
                        links |= {link(piece)} - {""}
                        grown = True
        return moving

    def _land(self, following: list[str], moving: set[int]) -> None:
        """What moved trims what it lands on."""
        for track in following:
            moved = [piece for piece in self.rows[track] if id(piece) in moving]
            if moved and any(piece.stop > moved[0].start for piece in self.rows[track] if id(piece) not in moving):
                self.clear(track, moved[0].start, moved[-1].stop, but=moved)
            self.rows[track].sort(key=_start)

    # ---- the end

    def finish(self, alone: bool = False, **changes) -> Cut:
        """The cut as it is now. Raises BadRequest where it breaks a rule, or where linked clips would lose their sync.

        alone   losing it was asked for
        """
        tracks = tuple([self._built(track) for track in self.tracks.values()])
        if tracks == self.cut.tracks and self.markers == self.cut.markers and not changes:
            return self.cut
        made = checks.check(replace(self.cut, tracks=tracks, markers=tuple(sorted(self.markers, key=checks.order)), **changes), self.cut)
        if not alone:
            in_sync(self.cut, made, self.halves)
        return made

    def _built(self, track: Track) -> Track:
        items: list[Item] = []
        at, before = 0, None
        for piece in self.rows[track.id]:
            if piece.start < at:
                raise BadRequest(f"{words(piece.item)} would lie over {words(before.item, small=True) if before else 'the beginning of the cut'}; there is no room for it.")
            if piece.start > at:
                items.append(Gap(piece.start - at))
            elif before and (joining := self.joins.get((before.item.id, piece.item.id))):
                fits = fitted(joining, before.item, piece.item, items[-2] if len(items) > 1 else None, self.rate)
                items += [fits] if fits else []         # an edit beside it makes it shorter, or takes it away
            items.append(piece.item)
            at, before = piece.stop, piece
        return replace(track, items=tuple(items)) if tuple(items) != track.items else track


def fitted(joining: Transition, before: Clip, after: Clip, earlier: Item | None, rate: Fraction) -> Transition | None:
    """As much of a transition as its clips carry; None where that is nothing. `earlier` is what lies before `before`."""
    taken = earlier.out_offset if isinstance(earlier, Transition) else 0
    into, out = min(joining.in_offset, before.length - taken), min(joining.out_offset, after.length)
    if joining.kind == "cross-fade":
        into, out = min(into, after.head(rate)), min(out, before.tail(rate))
    return replace(joining, in_offset=into, out_offset=out) if min(into, out) >= 0 and into + out > 0 else None


def unlocked(track: Track) -> None:
    """Raises BadRequest for a track that nothing changes."""
    if track.locked:
        raise BadRequest(f"The track {track.name or track.id!r} is locked; unlock it first.")


def link(piece: Piece) -> str:
    """What it is linked by; "" where it is not."""
    return getattr(piece.item, "link", "")


def _start(piece: Piece) -> int:
    return piece.start
