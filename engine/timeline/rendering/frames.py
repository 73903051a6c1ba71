"""Frames: the pictures of a cut, one after another, as they are seen.

    titles     drawn later, see `words`                         a track above lies over the tracks below it;
    film 2         | c . . . |                                  bars of a picture that is fitted in show what is beneath
    film 1     | a . . x x . . b |          x: a and b mixed
    black      . . . . . . . . . . .

Each track keeps the clips open that it shows now, one, or two over a cross-fade; they are opened when they come and closed when
they have passed, so that a cut of any length takes the memory of its tracks. A picture that fills the frame and is not mixed
with anything is handed on as it was decoded, bit for bit.
Knows cuts and pictures. Knows no files that are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import cv2
import numpy as np

from engine.errors import BadMedia
from engine.media.pictures import read_picture
from engine.media.reaching import Film
from engine.timeline.cut import Clip, Cut, Title, Track, Transition
from engine.timeline.rendering.places import Places, place

FITS = ("letterbox", "crop")
BLOCK = 4096            # pictures of one clip that are asked for at once
ROUND = np.float32(0.5)
FINE = np.float32(256)          # FFmpeg's 16 bits of RGB are 8 and 8 behind the point: its white is 65280, not 65535

# uint8 (H, W, 3) as it was decoded; float32 of the same range, 0 to 255, once it was mixed or where it has more than 8 bits.
Picture = np.ndarray


@dataclass(frozen=True)
class Span:
    """A stretch of a track in which the same clips are shown."""

    start: int              # frames of the cut
    stop: int
    clip: Clip
    begin: int              # where the clip's own frame 0 lies
    into: Clip | None = None        # and what it gives way to
    into_begin: int = 0
    by: Transition | None = None


def spans(track: Track) -> list[Span]:
    """What a film or sound track shows, in order: clips without their transitions, and transitions."""
    placed = list(track.placed())
    found = []
    for at, one in enumerate(placed):
        if isinstance(one.item, Transition):
            a, b = placed[at - 1], placed[at + 1]
            found.append(Span(one.start, one.stop, a.item, a.start, b.item, b.start, one.item))
        elif isinstance(one.item, Clip):
            before, after = (placed[there].item if 0 <= there < len(placed) else None for there in (at - 1, at + 1))
            start = one.start + (before.out_offset if isinstance(before, Transition) else 0)
            stop = one.stop - (after.in_offset if isinstance(after, Transition) else 0)
            if start < stop:
                found.append(Span(start, stop, one.item, one.start))
    return sorted(found, key=lambda span: span.start)


def frames(cut: Cut, places: Places, wanted: Iterable[int], size: tuple[int, int], fit: str = "letterbox", notes: dict[str, None] | None = None,
           deep: bool = False) -> Iterator[Picture]:
    """The pictures of these frames of a cut, none before another, without its titles. Raises BadMedia, which names the clip and its place.

    size    (width, height) that everything is fitted to: "letterbox" shows all of a picture, "crop" fills the frame
    deep    film of more than 8 bits keeps them
    """
    rows = [_Row(cut, track, places, size, fit, {} if notes is None else notes, deep) for track in cut.tracks if track.kind == "film" and not track.mute]
    seen, shown = None, -1
    try:
        for frame in wanted:
            if frame != shown:
                seen, shown = None, frame
                for row in rows:
                    seen = row.over(seen, frame)
                if seen is None:
                    seen = np.zeros((size[1], size[0], 3), np.uint8)
            yield seen
    finally:
        for row in rows:
            row.close()


class _Row:
    """One film track while it is shown."""

    def __init__(self, cut: Cut, track: Track, places: Places, size: tuple[int, int], fit: str, notes: dict[str, None], deep: bool = False):
        self.cut, self.spans, self.size = cut, spans(track), size
        self.last = {}          # clip -> the frame behind the last one that shows it
        for span in self.spans:
            for clip in filter(None, (span.clip, span.into)):
                self.last[clip.id] = max(self.last.get(clip.id, 0), span.stop)
        self.open: dict[str, Source] = {}
        self.at = 0
        self.source = lambda clip, index, count: Source(cut, clip, places, index, count, size, fit, notes, deep)

    def over(self, beneath: Picture | None, frame: int) -> Picture | None:
        """What is seen with this track over what lies beneath; None is black."""
        while self.at < len(self.spans) and self.spans[self.at].stop <= frame:
            self.at += 1
        for id in [id for id in self.open if self.last[id] <= frame]:
            self.open.pop(id).close()
        if self.at == len(self.spans) or self.spans[self.at].start > frame:
            return beneath
        span = self.spans[self.at]
        if span.by is None:
            return self._clip(beneath, span.clip, frame - span.begin)
        length = span.stop - span.start
        if span.by.kind == "dip":
            if frame < span.into_begin:         # to its colour until the cut, and from it afterwards
                seen, share = self._clip(beneath, span.clip, frame - span.begin), (frame - span.start + 0.5) / span.by.in_offset
            else:
                seen, share = self._clip(beneath, span.into, frame - span.into_begin), (span.stop - frame - 0.5) / span.by.out_offset
            return mixed(self._black(seen), self._colour(span.by.colour), share)
        share = (frame - span.start + 0.5) / length         # at the middle of the frame
        a = self._clip(beneath, span.clip, frame - span.begin)
        b = self._clip(beneath, span.into, frame - span.into_begin)
        return mixed(self._black(a), self._black(b), share)

    def _clip(self, beneath: Picture | None, clip: Clip, index: int) -> Picture | None:
        if clip.mute:
            return beneath
        source = self.open.get(clip.id)
        if source is None:
            begin = self.cut.find(clip.id)[1].start
            source = self.open[clip.id] = self.source(clip, index, self.last[clip.id] - begin - index)
        picture, x, y = source.at(index)
        share = faded(clip, index)
        height, width = picture.shape[:2]
        if (width, height) == self.size:
            return picture if share == 1 else mixed(self._black(beneath), picture, share)
        ground = self._black(beneath)
        canvas = ground.copy()
        inside = canvas[y : y + height, x : x + width]
        if (share < 1 or picture.dtype == np.float32) and canvas.dtype == np.uint8:
            canvas = canvas.astype(np.float32)
            inside = canvas[y : y + height, x : x + width]
        inside[:] = picture if share == 1 else mixed(inside.copy(), picture, share)
        return canvas

    def _black(self, picture: Picture | None) -> Picture:
        return np.zeros((self.size[1], self.size[0], 3), np.uint8) if picture is None else picture

    def _colour(self, colour: str) -> Picture:
        return np.full((self.size[1], self.size[0], 3), [int(colour[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)

    def close(self) -> None:
        for source in self.open.values():
            source.close()


class Source:
    """One clip while it is shown: its pictures at its own frames, which are asked for in order."""

    def __init__(self, cut: Cut, clip: Clip, places: Places, index: int, count: int, size: tuple[int, int], fit: str, notes: dict[str, None], deep: bool):
        """
        index   the first of its frames that is shown; below zero over a cross-fade
        count   frames from there on
        """
        self.cut, self.clip, self.size, self.fit, self.notes, self.deep = cut, clip, size, fit, notes, deep
        self.path = places.path(clip.media)
        self.pictures = self._pictures(index, count)
        self.number: int | None = None
        self.held: tuple[Picture, int, int] | None = None

    def at(self, index: int) -> tuple[Picture, int, int]:
        """The picture at its own frame `index`, fitted to the frame, and where its corner lies in it."""
        number = self._number(index)
        try:
            while self.number != number:
                self.number, picture = next(self.pictures)
                self.held = None
                if self.number == number:
                    self.held = fitted(picture if picture.dtype == np.uint8 else picture.astype(np.float32) / FINE, *self.size, self.fit)
        except (BadMedia, OSError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BadMedia(f"{place(self.cut, self.clip)} cannot be shown: {why.rstrip('.')}.") from error
        return self.held

    def _number(self, index: int) -> int:
        return min(max(self.clip.picture(index, self.cut.rate), 0), self.clip.media.frames - 1)

    def _numbers(self, index: int, count: int) -> Iterator[int]:
        last = None
        step = self.clip.step(self.cut.rate)
        for at in range(index, index + (count if step else 1)):
            number = self._number(at)
            if number != last:
                yield number
            last = number

    def _pictures(self, index: int, count: int) -> Iterator[tuple[int, Picture]]:
        if self.clip.media.kind == "picture":
            yield 0, read_picture(self.path)
            return
        film, numbers = Film(self.path, self.deep), self._numbers(index, count)
        try:
            while block := list(islice(numbers, BLOCK)):
                pictures = film.pictures(block)
                try:
                    yield from zip(block, pictures)
                finally:
                    pictures.close()
        finally:
            for note in film.notes:
                self.notes[f"{place(self.cut, self.clip)}: {note[0].lower()}{note[1:]}"] = None

    def close(self) -> None:
        self.pictures.close()


def faded(clip: Clip | Title, index: int) -> float:
    """How much of a clip or title is there at its own frame `index`: 0 to 1, at the middle of the frame."""
    index = min(max(index, 0), clip.length - 1)
    share = 1.0
    if index < clip.fade_in:
        share = (index + 0.5) / clip.fade_in
    if clip.length - 1 - index < clip.fade_out:
        share = min(share, (clip.length - index - 0.5) / clip.fade_out)
    return share


def fitted(picture: Picture, width: int, height: int, fit: str) -> tuple[Picture, int, int]:
    """A picture scaled to a frame, and where its corner lies: all of it is there, or all of the frame is filled."""
    there = picture.shape[1], picture.shape[0]
    if there == (width, height):
        return picture, 0, 0
    scales = Fraction(width, there[0]), Fraction(height, there[1])
    scale = max(scales) if fit == "crop" else min(scales)
    scaled = (max(1, round(there[0] * scale)), max(1, round(there[1] * scale)))
    if scaled != there:
        picture = cv2.resize(picture, scaled, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    x, y = (width - scaled[0]) // 2, (height - scaled[1]) // 2
    if x < 0 or y < 0:
        picture = np.ascontiguousarray(picture[max(-y, 0) : max(-y, 0) + height, max(-x, 0) : max(-x, 0) + width])
        x, y = max(x, 0), max(y, 0)
    return picture, x, y


def mixed(a: Picture, b: Picture, share: float) -> Picture:
    """Two pictures of one size, `share` of the second, as float32: nothing is rounded before the end."""
    a, b = (one if one.dtype == np.float32 or a.dtype == b.dtype else one.astype(np.float32) for one in (a, b))
    return cv2.addWeighted(a, 1 - share, b, share, 0, dtype=cv2.CV_32F)


def finished(picture: Picture, deep: bool = False) -> np.ndarray:
    """A picture to be encoded: uint8; where it is float32 and the film is `deep`, uint16 with what lies between two values."""
    if picture.dtype == np.uint8:
        return picture
    if deep:
        return np.clip(picture * FINE + ROUND, 0, 65280).astype(np.uint16)
    return np.clip(picture + ROUND, 0, 255).astype(np.uint8)


