"""The cut: what is shown when, as one frozen value.

    film      | clip . . . . | gap | clip . . x . . clip . . |        x: a transition, which takes no room of its own
    titles    | gap . . | title . . . |
    sound     | clip . . . . | gap | clip . . . . |

A track is a row of items without holes; where each begins follows from the lengths before it, so that nothing can overlap.
Every place and length on the cut is a whole number of its frames, at a rate that is a fraction: 24000/1001 is exact.
What a clip shows of its media is not stored but follows, by fractions, from where it begins (`start`), its speed and the
two rates. `start` is a fraction too: a clip at half speed that is split between two showings of one picture must go on
with the second. The picture shown is the one that lies there when the cut's frame begins, so it is rounded down, never to
the nearest: at half speed that shows each picture twice (nearest, half to even, would show 0 0 1 2 2 2 3 4 4 4).
Where seconds become frames, nearest counts, half to even: then ties do not all fall to one side along a cut.
Knows no pixels, files or edits; those are in `edits`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from engine.errors import BadRequest
from engine.timeline import plain

FORMAT = 1
ENDLESS = 1 << 40           # frames: the handles of what has no end, a still or a held picture
KINDS = ("film", "titles", "sound")         # of tracks
MEDIA = ("film", "picture", "sound")        # what can be taken from a file
TRANSITIONS = ("cross-fade", "dip")


@dataclass(frozen=True)
class Media:
    """Where the pictures or the sound of a clip come from: a take of the project, or a file in its folder."""

    frames: int             # how many there are, in its own: pictures, or samples of sound; 1 for a still
    rate: Fraction          # of those per second
    take: str = ""          # the take's id; or
    file: str = ""          # the file, relative to the project's folder
    hash: str = ""          # SHA-256 of the file when it came in: a file that was changed since is known by it
    kind: str = "film"      # one of MEDIA; the sound of a film is media of its own, of the same take or file
    width: int = 0          # pixels; 0 for sound
    height: int = 0
    timecode: int = 0       # the number that the file's own timecode gives its first frame


@dataclass(frozen=True)
class Clip:
    """A stretch of one media.

    Its frame i covers the media from `edge(i)` to `edge(i + 1)`; backwards, edges fall.

        media     0 1 2 3 4 5 6 7 8 9
        clip          | a . . b |           start 2, length 5: handles of 2 before it and 3 after it
        backwards     | b . . a |           start 7, speed -1: begins at the edge after picture 6
    """

    id: str
    media: Media
    start: Fraction         # where it begins in playing order, in frames of the media, as an edge: 2 lies before picture 2
    length: int             # frames of the cut
    speed: Fraction = Fraction(1)       # 2 is twice as fast, negative is backwards, 0 holds one picture
    name: str = ""
    link: str = ""          # clips of one link stay in sync: the film and the sound of one import
    mute: bool = False      # no sound; no picture, on a film track
    level: float = 0.0      # of sound, decibels
    fade_in: int = 0        # frames: from nothing to all of it, sound or picture
    fade_out: int = 0

    def step(self, rate: Fraction) -> Fraction:
        """Frames of the media per frame of a cut of that rate; 0 for what stands still."""
        return Fraction(0) if self.media.kind == "picture" else self.speed * self.media.rate / rate

    def edge(self, index: int, rate: Fraction) -> Fraction:
        """Where in the media its frame `index` begins."""
        return self.start + index * self.step(rate)

    def picture(self, index: int, rate: Fraction) -> int:
        """Which frame of the media its own frame `index` shows: the one that lies there when that frame begins."""
        edge = self.edge(index, rate)
        return math.ceil(edge) - 1 if self.speed < 0 and self.media.kind != "picture" else math.floor(edge)

    def source(self, rate: Fraction) -> tuple[Fraction, Fraction]:
        """The range of the media that it covers, [low, high), in frames of the media; what is held is one frame."""
        ends = self.start, self.edge(self.length, rate)
        return (min(ends), max(ends)) if ends[0] != ends[1] else (self.start, self.start + 1)

    def head(self, rate: Fraction) -> int:
        """Its handle before it: frames of the cut that it could begin earlier."""
        return self._handle(self.start, rate, ahead=False)

    def tail(self, rate: Fraction) -> int:
        """Its handle after it: frames of the cut that it could go on for."""
        return self._handle(self.edge(self.length, rate), rate, ahead=True)

    def _handle(self, edge: Fraction, rate: Fraction, ahead: bool) -> int:
        step = self.step(rate)
        if not step:
            return ENDLESS
        room = self.media.frames - edge if (step > 0) == ahead else edge
        return math.floor(room / abs(step))

    def most(self, rate: Fraction) -> int:
        """How many frames of the cut the whole media would fill at this speed."""
        step = self.step(rate)
        return math.floor(self.media.frames / abs(step)) if step else ENDLESS


@dataclass(frozen=True)
class Gap:
    """Nothing, for a while: black, silence, or the track beneath. Two gaps never meet, and no row ends in one."""

    length: int


@dataclass(frozen=True)
class Transition:
    """From the clip before it into the clip after it, over the place where they meet.

        | a . . . . . |               in_offset 2, out_offset 3: it begins 2 frames before the cut and ends 3 after it.
                | x x x x x |         A cross-fade shows 3 frames of a's handle and 2 of b's; a dip shows none,
                    | . . . . b |     it goes to its colour until the cut and comes from it afterwards.
    """

    id: str
    in_offset: int
    out_offset: int
    kind: str = "cross-fade"            # one of TRANSITIONS; of sound too
    colour: str = "#000000"             # of a dip


@dataclass(frozen=True)
class Style:
    """How a title looks."""

    place: str = "bottom"               # top, middle, bottom
    size: int = 8                       # height of a line, in hundredths of the picture's
    colour: str = "#ffffff"
    ground: str = ""                    # colour behind the words; "" for none


@dataclass(frozen=True)
class Title:
    """Words over the film."""

    id: str
    words: str
    length: int
    style: Style = Style()
    name: str = ""
    fade_in: int = 0
    fade_out: int = 0


Item = Clip | Gap | Title | Transition


class Placed(NamedTuple):
    """An item and where it lies. A transition lies from its beginning to its end, over its neighbours."""

    start: int              # frames of the cut
    stop: int
    item: Item
    index: int              # in the row


@dataclass(frozen=True)
class Track:
    """One row. Film tracks lie over one another in order, the last on top; titles over all film; sound is mixed."""

    id: str
    kind: str               # one of KINDS
    items: tuple[Item, ...] = ()
    name: str = ""
    mute: bool = False      # not shown, not heard
    level: float = 0.0      # of sound, decibels
    locked: bool = False    # nothing changes it
    sync: bool = True       # moves along when another track ripples; off for music that lies under everything

    @property
    def length(self) -> int:
        """Frames of the cut, to the end of its last item."""
        return sum(room(item) for item in self.items)

    def placed(self) -> Iterator[Placed]:
        """Its items in order, each with where it lies."""
        at = 0
        for index, item in enumerate(self.items):
            if isinstance(item, Transition):
                yield Placed(at - item.in_offset, at + item.out_offset, item, index)
            else:
                yield Placed(at, at + item.length, item, index)
                at += item.length


@dataclass(frozen=True)
class Marker:
    """A note at a place of the cut."""

    id: str
    at: int
    length: int = 0
    name: str = ""
    note: str = ""
    colour: str = "green"


@dataclass(frozen=True)
class Cut:
    """Everything that is cut together, at one moment."""

    id: str
    name: str
    rate: Fraction          # frames per second
    width: int              # pixels
    height: int
    tracks: tuple[Track, ...] = ()
    markers: tuple[Marker, ...] = ()        # by place, then id
    format: int = 1

    @property
    def length(self) -> int:
        """Frames, to the end of its longest track."""
        return max((track.length for track in self.tracks), default=0)

    def seconds(self, frame: int) -> Fraction:
        """When a frame begins."""
        return Fraction(frame) / self.rate

    def frame(self, seconds: Fraction | float) -> int:
        """The frame whose beginning is nearest to that moment, half to even."""
        return round(Fraction(seconds) * self.rate)

    def track(self, id: str) -> Track:
        """The track of that id. Raises BadRequest."""
        for track in self.tracks:
            if track.id == id:
                return track
        raise BadRequest(f"There is no track {id!r:.40} in this cut; it may have been removed meanwhile.")

    def find(self, id: str) -> tuple[Track, Placed]:
        """A clip, title or transition by its id, its track and where it lies. Raises BadRequest."""
        for track in self.tracks:
            for placed in track.placed():
                if not isinstance(placed.item, Gap) and placed.item.id == id:
                    return track, placed
        raise BadRequest(f"There is no item {id!r:.40} in this cut; it may have been removed meanwhile.")

    def at(self, frame: int) -> Iterator[tuple[Track, Placed]]:
        """What lies at a frame, gaps left out: the lowest track first; transitions after both their clips."""
        for track in self.tracks:
            crossing = None
            for placed in track.placed():
                if placed.start <= frame < placed.stop and not isinstance(placed.item, Gap):
                    if isinstance(placed.item, Transition):
                        crossing = placed
                    else:
                        yield track, placed
                elif placed.start > frame and not isinstance(placed.item, Transition):
                    break
            if crossing:
                yield track, crossing

    def to_json(self) -> str:
        """The one text of it: equal cuts have equal bytes."""
        return plain.write(self)

    @classmethod
    def from_json(cls, text: str | bytes, what: str = "This cut") -> Cut:
        """The cut that a text says. Raises BadRequest, beginning with `what`, for what no cut can be."""
        from engine.timeline.checks import check

        return check(plain.read(cls, text, what))


def room(item: Item) -> int:
    """Frames that an item takes in its row: a transition lies over its neighbours and takes none."""
    return 0 if isinstance(item, Transition) else item.length
