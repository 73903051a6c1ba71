"""Trimming: edits of where clips begin and end, and of how fast they go. See `edits` for what an edit is.

    trim      | a . . : | gap | b        one end moves, and nothing else
    ripple    | a . . : | b .            one end moves, and all behind it
    roll      | a . . : . | b .          the place where two clips meet moves
    slip      | a | : b . : | c          the clip stays, its media moves under it
    slide     | a : | b . | : c          the clip moves between its neighbours, which give way

Lengths are frames of the cut. What is linked and has the same end there is trimmed along, unless `alone`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.timeline.checks import words
from engine.timeline.cut import Clip, Cut
from engine.timeline.placing import split_all
from engine.timeline.rows import Piece, Rows

FINE = 1_000_000        # a speed's change leaves no finer part of a picture than this, so that fractions stay small for ever


@dataclass(frozen=True)
class Trim:
    """Move one end of a clip by some frames, above zero is later; where it gives way is a gap.

    end     "head" or "tail"
    """

    id: str
    item: str
    end: str
    by: int
    alone: bool = False

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        for track, piece in _at_one_end(rows, self.item, self.end, self.alone):
            by = _within(rows, piece, self.end, self.by, piece.item.id == self.item)
            _free(rows, track, piece, self.end, by)
            (piece.head if self.end == "head" else piece.tail)(by, rows.rate)
        return rows.finish(self.alone)


@dataclass(frozen=True)
class RippleTrim:
    """Move one end of a clip by some frames, above zero is later, and all behind it along.

        | a . . | b . |   ->   | a . . . . | b . |      tail, by 2
        | a . . | b . |   ->   | . . | b . |            head, by 1: the clip begins where it began
    """

    id: str
    item: str
    end: str
    by: int

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        group = _at_one_end(rows, self.item, self.end, False)
        for _, piece in group:
            _left(piece, self.by if self.end == "tail" else -self.by)
        tracks = {track for track, _ in group}
        place = group[0][1].start if self.end == "head" else group[0][1].stop
        longer = self.by if self.end == "tail" else -self.by
        if longer > 0:
            rows.open(place, longer, tracks)
        for _, piece in group:
            by = _within(rows, piece, self.end, self.by, piece.item.id == self.item)
            (piece.head if self.end == "head" else piece.tail)(by, rows.rate)
        if longer < 0:
            rows.close(*((place, place - longer) if self.end == "head" else (place + longer, place)), tracks)
        return rows.finish()


@dataclass(frozen=True)
class Roll:
    """Move the place where a clip meets the next one, above zero is later."""

    id: str
    item: str               # the clip before that place
    by: int
    alone: bool = False

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        track, piece = rows.find(self.item)
        after = rows.beside(track, piece, 1)
        if after is None or after.start != piece.stop:
            raise BadRequest(f"{words(piece.item)} meets no other clip at its end; trim it instead.")
        place = piece.stop
        for other, left in rows.group([self.item], self.alone):
            right = rows.beside(other, left, 1)
            if left.stop == place and right and right.start == place:
                _left(left, self.by), _left(right, -self.by)
                left.tail(self.by, rows.rate)
                right.head(self.by, rows.rate)
        return rows.finish(self.alone)


@dataclass(frozen=True)
class Slip:
    """Show an earlier or later part of the media, in the same place: by some frames of the cut, above zero is later."""

    id: str
    item: str
    by: int
    alone: bool = False

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        for _, piece in rows.group([self.item], self.alone):
            if not isinstance(piece.item, Clip) or not piece.item.step(rows.rate):
                raise BadRequest(f"{words(piece.item)} shows the same all the time; there is nothing to slip.")
            piece.item = replace(piece.item, start=piece.item.edge(self.by, rows.rate))
        return rows.finish(self.alone)


@dataclass(frozen=True)
class Slide:
    """Move a clip by some frames between its neighbours, above zero is later: one becomes longer, the other shorter."""

    id: str
    item: str
    by: int

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        for track, piece in rows.group([self.item]):
            before, after = rows.beside(track, piece, -1), rows.beside(track, piece, 1)
            before = before if before and before.stop == piece.start else None      # a gap gives way by itself
            after = after if after and after.start == piece.stop else None
            if before:
                _left(before, self.by).tail(self.by, rows.rate)
            if after:
                _left(after, -self.by).head(self.by, rows.rate)
            piece.start += self.by
            if piece.start < 0:
                raise BadRequest(f"{words(piece.item)} cannot begin before the cut does.")
        return rows.finish()


@dataclass(frozen=True)
class Split:
    """Cut a clip in two at a frame of the cut, with what is linked to it; second halves are linked to each other."""

    id: str
    item: str
    at: int

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        track, piece = rows.find(self.item)
        if not piece.start < self.at < piece.stop:
            raise BadRequest(f"{words(piece.item)} lies from frame {piece.start} to {piece.stop}; it can be split between them, not at {self.at}.")
        split_all(rows, [track], self.at)
        return rows.finish()


@dataclass(frozen=True)
class Speed:
    """Play a clip faster or slower: the same stretch of its media in fewer or more frames. Negative is backwards, 0 holds
    the picture that it begins with.

    ripple   all behind it moves along; else it must fit where it is
    """

    id: str
    item: str
    speed: Fraction
    ripple: bool = True

    def apply(self, cut: Cut) -> Cut:
        rows = Rows(cut, self.id)
        group = rows.group([self.item])
        made = [_at_speed(piece.item, Fraction(self.speed), rows.rate) for _, piece in group]
        lengths = {piece.item.length for _, piece in group}
        if len(lengths) == 1:           # film and sound end together, where they did
            shortest = min(item.length for item in made)
            made = [replace(item, length=shortest) for item in made]
        stop, longer = group[0][1].stop, made[0].length - group[0][1].item.length
        tracks = {track for track, _ in group}
        if self.ripple and longer > 0:
            rows.open(stop, longer, tracks)
        for (track, piece), item in zip(group, made):
            if not self.ripple:
                _free(rows, track, piece, "tail", item.length - piece.item.length)
            fade = min(item.fade_in, item.length)
            piece.item = replace(item, fade_in=fade, fade_out=min(item.fade_out, item.length - fade))
        if self.ripple and longer < 0:
            rows.close(stop + longer, stop, tracks)
        return rows.finish()


def _left(piece: Piece, longer: int) -> Piece:
    """The piece itself. Raises BadRequest where nothing of it would be left."""
    if piece.item.length + longer < 1:
        raise BadRequest(f"{words(piece.item)} is {piece.item.length} frames long; it cannot lose {abs(longer)}.")
    return piece


def _at_speed(clip: Clip, speed: Fraction, rate: Fraction) -> Clip:
    """The same stretch of media at another speed."""
    if not isinstance(clip, Clip) or clip.media.kind == "picture":
        raise BadRequest(f"{words(clip)} shows the same all the time; it has no speed.")
    low, high = clip.source(rate)
    if not speed:
        return replace(clip, start=Fraction(clip.picture(0, rate)), speed=speed)
    new = replace(clip, speed=speed, start=(low if speed > 0 else high).limit_denominator(FINE))
    if clip.speed:
        new = replace(new, length=max(1, round((high - low) / abs(new.step(rate)))))
    elif speed < 0:
        new = replace(new, start=min(Fraction(clip.media.frames), low + 1))
    room = new.length + new.tail(rate)
    return replace(new, length=min(new.length, room)) if room > 0 else new


def _at_one_end(rows: Rows, id: str, end: str, alone: bool) -> list[tuple[str, Piece]]:
    """A clip, and what is linked to it and has the same end in the same place."""
    if end not in ("head", "tail"):
        raise BadRequest(f"A clip has a head and a tail; {end[:40]!r} was asked.")
    side = "start" if end == "head" else "stop"
    group = rows.group([id], alone)
    return [(track, piece) for track, piece in group if getattr(piece, side) == getattr(group[0][1], side)]


def _within(rows: Rows, piece: Piece, end: str, by: int, named: bool) -> int:
    """As far as what is linked can follow: sound that ends a little before its film keeps nobody from trimming."""
    if named or not isinstance(piece.item, Clip):
        return by
    return max(by, -max(piece.item.head(rows.rate), 0)) if end == "head" else min(by, max(piece.item.tail(rows.rate), 0))


def _free(rows: Rows, track: str, piece: Piece, end: str, by: int) -> None:
    """Raises BadRequest where an end would move over what lies there."""
    if by == 0 or (by > 0) == (end == "head"):
        return
    other = rows.beside(track, piece, -1 if end == "head" else 1)
    there = piece.start - (other.stop if other else 0) if end == "head" else other.start - piece.stop if other else abs(by)
    if abs(by) > there:
        what = words(other.item, small=True) if other else "the beginning of the cut"
        raise BadRequest(f"{there} frames are free between {words(piece.item, small=True)} and {what}, and {abs(by)} were asked; ripple or roll instead.")
