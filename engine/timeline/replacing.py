"""Replacing: other film in the place of what is there. See `edits` for what an edit is.

A candidate is what could come into the cut: made by a job, played beside what it would replace (`Accept(...).apply(cut)` is
the cut as it would be), and accepted as one edit or rejected. Until then it is no part of the cut, see `history`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.timeline.checks import words
from engine.timeline.cut import Clip, Cut, Gap, Item, Media, Title
from engine.timeline.rows import Piece, Rows, link


@dataclass(frozen=True)
class Candidate:
    """What could take the place of neighbouring clips of one track, from the first one's head to the last one's tail.

        carried on     over (a), items (a')            a' goes on for longer; all behind moves
        led up to      over (a), items (a'), lead 8    its first 8 frames come before what a began with
        connected      over (a, b), items (a, c, b)    over the gap between them, or a hard cut
        done again     over (a), items (a')            of the same length
        retaken        over (a), items (a, c, a')      a stretch of it; or over (a, b), items (a, c, b, b')

    An item that stands for one of `over` has the same id: what is linked to that one, its sound, goes where it goes. One that
    comes with a link of its own takes along what is linked to the clip beneath it, for as long as it lies there.
    """

    id: str
    over: tuple[str, ...]               # ids, in order; gaps between them go too
    items: tuple[Clip | Gap | Title, ...] = ()      # () while a job makes it
    lead: int = 0                       # frames that come before what the first began with
    kind: str = ""                      # what made it: extend, precede, connect, loop, edit, variation, retake, replace
    job: str = ""                       # that makes it, or made it
    score: float = 0.0                  # of its worst join, 1 is nothing to be seen; 0 where nobody measured
    frames: int = 0                     # of the cut, that were asked to be made
    start: Fraction = Fraction(0)       # of a retake: where in the media of the first clip its stretch begins, in frames of that


@dataclass(frozen=True)
class Replace:
    """Other media in the place of a clip, which keeps its length, its link, its level and its fades.

    start   where in the new media it begins, in frames of that media
    """

    id: str
    item: str
    media: Media
    start: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    name: str = ""

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        _, piece = rows.find(self.item)
        if not isinstance(piece.item, Clip):
            raise BadRequest(f"{words(piece.item)} is no clip.")
        piece.item = replace(piece.item, media=self.media, start=Fraction(self.start), speed=Fraction(self.speed), name=self.name)
        there = piece.item.length + piece.item.tail(rows.rate)
        if there < piece.item.length:
            rates = f", being {float(self.media.rate):g} per second in a cut of {float(cut.rate):g}" if self.media.rate != cut.rate else ""
            raise BadRequest(f"{words(piece.item)} is {piece.item.length} frames long, and this media has {max(there, 0)} from there on{rates}; "
                             "trim the clip, or choose a longer take.")  # fmt: skip
        return rows.finish(alone=True)      # of other media nobody knows what would be in sync


@dataclass(frozen=True)
class Accept:
    """Put a candidate into its place. Whatever it is longer or shorter by moves all behind it."""

    id: str
    candidate: Candidate

    def apply(self, cut: Cut) -> Cut:
        asked = self.candidate
        if not asked.items or not asked.over:
            raise BadRequest("This candidate is still being made; wait for it, or reject it.")
        rows = Rows(cut, self.id)
        track, first = rows.find(asked.over[0])
        row = rows.row(track)
        begin = row.index(first)
        over = row[begin : begin + len(asked.over)]
        if tuple(piece.item.id for piece in over) != asked.over or not fits(asked, {piece.item.id: piece.item for piece in over}, cut.rate):
            raise BadRequest("What this candidate was made for was moved apart or changed since; have it made again.")
        start, stop = over[0].start, over[-1].stop
        length = sum(item.length for item in asked.items)
        if not 0 <= asked.lead <= length:
            raise BadRequest(f"A candidate of {length} frames cannot begin {asked.lead} frames early.")
        new, at = [], start
        for item in asked.items:
            if not isinstance(item, Gap):
                was = next((piece.item for piece in over if piece.item.id == item.id), None)
                if isinstance(item, Clip) and isinstance(was, Clip) and not item.link:
                    item = replace(item, link=was.link)
                new.append(Piece(at, item))
            at += item.length
        if not new:
            raise BadRequest("There is nothing in this candidate but a gap.")
        partners = _partners(rows, over, new, asked.lead)
        _linked(rows, over, new)
        for piece in over:
            rows.take(track, piece)
        longer = length - asked.lead - (stop - start)       # behind its old beginning
        if longer > 0:
            rows.open(stop, longer, [track])
        elif longer < 0:
            rows.close(stop + longer, stop, [track])
        if asked.lead:
            rows.open(start, asked.lead, [track])
        for other, piece, to in partners:
            if piece in rows.rows[other] and piece.start != to:
                rows.take(other, piece)
                piece.start = to
                rows.clear(other, piece.start, piece.stop)
                rows.put(other, piece)
        for piece in new:
            rows.put(track, piece)
        for (before, after), joining in list(rows.joins.items()):      # transitions at its ends stay, on the clips that are there now
            if after == over[0].item.id:
                rows.joins[before, new[0].item.id] = joining
            if before == over[-1].item.id:
                rows.joins[new[-1].item.id, after] = joining
        return rows.finish(alone=True)


def fits(candidate: Candidate, there: Mapping[str, Item], rate: Fraction) -> bool:
    """Whether a stretch that was made anew still fits between what is left of its clips: they may have been trimmed since.

    there   the clips that it lies over, by id
    """
    if candidate.kind != "retake" or not candidate.items:
        return True
    over, ends = [there[id] for id in candidate.over], []
    for one, item, edge in ((over[0], candidate.items[0], 0), (over[-1], candidate.items[-1], -1)):
        if isinstance(one, Clip) and isinstance(item, Clip) and one.media == item.media:
            ends.append(one.edge(one.length * -edge, rate) == item.edge(item.length * -edge, rate))
    return all(ends) and sum(item.length for item in over) == sum(item.length for item in candidate.items)


def _linked(rows: Rows, over: list[Piece], new: list[Piece]) -> None:
    """What is linked to clips that go is split where new ones begin that bring links of their own, and linked to those."""
    there = {link(piece) for _, piece in rows.all()}
    for one in new:
        if not link(one) or link(one) in there:
            continue
        for beneath in over:
            for track, piece in rows.group([beneath.item.id])[1:] if beneath.start < one.stop and one.start < beneath.stop else ():
                if piece in over or piece.stop <= one.start or piece.start >= one.stop:
                    continue
                if piece.start < one.start:
                    piece = rows.split(track, piece, one.start)
                if piece.stop > one.stop:
                    rows.split(track, piece, one.stop)
                piece.item = replace(piece.item, link=link(one))


def _partners(rows: Rows, over: list[Piece], new: list[Piece], lead: int) -> list[tuple[str, Piece, int]]:
    """What is linked to something that stays under its id, and where it belongs then."""
    found = []
    for piece in over:
        stays = next((one for one in new if one.item.id == piece.item.id), None)
        if stays:
            moved = stays.start + (lead if stays is new[0] else 0) - piece.start
            found += [(track, other, other.start + moved) for track, other in rows.group([piece.item.id])[1:] if other not in over]
    return found
