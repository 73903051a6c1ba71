"""EDL: film and sound of a cut as CMX 3600 lists, one for each film track, which every editor reads.

    002  BOAT1     V     C        00:00:00:12 00:00:01:12 01:00:00:00 01:00:01:00      an event: source in and out, record in and out
    003  BOAT1     V     C        00:00:01:12 00:00:01:12 01:00:01:00 01:00:01:00      a dissolve: from the end of one, no frames long,
    003  CAR2      V     D    012 00:00:00:00 00:00:02:00 01:00:01:00 01:00:03:00      to the next, which begins as long before the cut
    M2   CAR2      048.0                       00:00:00:00                             frames of the source per second, where that is another speed

A list counts everything at one rate, in timecode. What that cannot say is said in the notes: media of another rate, titles,
levels, a rate that has no timecode. Comments carry the file, the prompt, the seed and the take.
Knows cuts and timecode. Knows no files.
Sources: CMX 3600 as Avid, Resolve and OpenTimelineIO's cmx_3600 adapter read it; drop frame by SMPTE ST 12-1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePosixPath

from engine.errors import BadRequest
from engine.timeline.cut import Clip, Cut, Media, Placed, Title, Track, Transition

RATES = {Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)}
DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}     # numbers that each minute leaves out, but for every tenth
HOUR = 3600         # seconds at which the record side begins, as everywhere
REEL = 8            # letters and digits that a reel's name has
CHANNELS = ("A", "A2", "A3", "A4")
BLACK = "BL"


@dataclass(frozen=True)
class About:
    """What is told of a clip beside its picture: where its film came from."""

    path: str               # of its file, relative to where the list will lie
    prompt: str = ""
    seed: int | None = None


@dataclass
class List:
    """One list, and what it could not say."""

    name: str               # of the track, such as "V1"
    text: str
    notes: list[str] = field(default_factory=list)


def write(cut: Cut, about: Callable[[Media], About]) -> list[List]:
    """A list for each film track that shows anything, the lowest first; the first has the sound as well.

    Raises BadRequest where the cut's rate has no timecode, or where there is nothing to list.
    """
    if cut.rate not in RATES:
        told = ", ".join(f"{float(rate):.5g}" for rate in sorted(RATES))
        raise BadRequest(f"An EDL counts in timecode, and {float(cut.rate):.5g} frames a second have none; there are {told}. OpenTimelineIO and FCPXML take any rate.")
    films = [track for track in cut.tracks if track.kind == "film" and any(isinstance(item, Clip) for item in track.items)]
    sounds = [track for track in cut.tracks if track.kind == "sound" and any(isinstance(item, Clip) for item in track.items)]
    if not films and not sounds:
        raise BadRequest(f"There is nothing to list in {cut.name!r:.60}: no clip lies in it.")
    lists = [_List(cut, about, f"V{number}").film(track) for number, track in enumerate(films, 1)] or [_List(cut, about, "A1")]
    for number, track in enumerate(sounds):
        if number < len(CHANNELS):
            lists[0].sound(track, CHANNELS[number])
        else:
            lists[0].note(f"An EDL has {len(CHANNELS)} tracks of sound; {track.name or track.id} is left out.")
    if any(isinstance(item, Title) for track in cut.tracks for item in track.items):
        lists[0].note("An EDL has no titles; they are left out.")
    return [one.done() for one in lists]


def timecode(frame: int, rate: Fraction) -> str:
    """A frame's number as hours:minutes:seconds:frames; with `;` before the frames where numbers are dropped.

    >>> timecode(1800, Fraction(30000, 1001)), timecode(1800, Fraction(30))
    ('00:01:00;02', '00:01:00:00')
    """
    whole = round(rate)
    if dropped := DROPPED.get(rate):
        tens, rest = divmod(frame, 600 * whole - 9 * dropped)
        frame += 9 * dropped * tens + (dropped * max(0, (rest - dropped) // (60 * whole - dropped)) if rest >= 60 * whole else 0)
    seconds, frames = divmod(frame, whole)
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{';' if dropped else ':'}{frames:02}"


class _List:
    """One list while it is written."""

    def __init__(self, cut: Cut, about: Callable[[Media], About], name: str):
        self.cut, self.about, self.name, self.number = cut, about, name, 0
        mode = "DROP FRAME" if cut.rate in DROPPED else "NON-DROP FRAME"
        title = "".join(char if char.isprintable() else " " for char in cut.name)[:70]
        self.lines = [f"TITLE: {title} {name}".rstrip(), f"FCM: {mode}", ""]
        self.reels: dict[tuple[str, str], str] = {}
        self.notes: list[str] = []
        dropped = DROPPED.get(cut.rate, 0)
        self.hour = HOUR * round(cut.rate) - dropped * 54       # the number of the frame whose timecode is 01:00:00:00

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def film(self, track: Track) -> _List:
        self._track(track, "V")
        return self

    def sound(self, track: Track, channel: str) -> None:
        self._track(track, channel)

    def done(self) -> List:
        return List(self.name, "\n".join(self.lines).rstrip("\n") + "\n", self.notes)

    def _track(self, track: Track, channel: str) -> None:
        """Every clip from where it is seen alone or comes in, to where the next one comes in."""
        row = list(track.placed())
        clips = [placed for placed in row if isinstance(placed.item, Clip)]
        into = {placed.start + placed.item.in_offset: placed.item for placed in row if isinstance(placed.item, Transition)}       # by the frame of the cut
        for placed in clips:
            before, after = into.get(placed.start), into.get(placed.stop)
            begin = placed.start - (before.in_offset if before and before.kind == "cross-fade" else 0)
            stop = placed.stop - (after.in_offset if after else 0)
            if before and before.kind == "dip":
                self._dip_in(placed, before, channel, stop)
            elif before:
                self._dissolve(clips[clips.index(placed) - 1], placed, before, channel, begin, stop)
            else:
                self._event(placed, channel, begin, stop)
            if after and after.kind == "dip":
                self._dip_out(placed, after, channel)

    # ---- events

    def _event(self, placed: Placed, channel: str, begin: int, stop: int) -> None:
        self.number += 1
        self._line(self._reel(placed.item.media), channel, "C", self._source(placed, begin, stop), (begin, stop))
        self._speed(placed, begin)
        self._said(placed.item)

    def _dissolve(self, last: Placed, placed: Placed, over: Transition, channel: str, begin: int, stop: int) -> None:
        self.number += 1
        end = self._source(last, begin, begin)
        self._line(self._reel(last.item.media), channel, "C", end, (begin, begin))
        self._line(self._reel(placed.item.media), channel, f"D    {over.in_offset + over.out_offset:03}", self._source(placed, begin, stop), (begin, stop))
        self._speed(placed, begin)
        self.lines.append(f"* FROM CLIP NAME: {_name(last.item)}")
        self._said(placed.item, "TO")

    def _dip_out(self, placed: Placed, over: Transition, channel: str) -> None:
        begin, stop = placed.stop - over.in_offset, placed.stop
        if over.in_offset:
            self.number += 1
            self._line(self._reel(placed.item.media), channel, "C", self._source(placed, begin, begin), (begin, begin))
            self._line(BLACK, channel, f"D    {over.in_offset:03}", (0, stop - begin), (begin, stop))
            self.lines.append(f"* FROM CLIP NAME: {_name(placed.item)}")
            self.lines.append("")
        if over.colour.lower() != "#000000":
            self.note("An EDL dips to black only; other colours are lost.")

    def _dip_in(self, placed: Placed, over: Transition, channel: str, stop: int) -> None:
        self.number += 1
        if over.out_offset:
            self._line(BLACK, channel, "C", (0, 0), (placed.start, placed.start))
            self._line(self._reel(placed.item.media), channel, f"D    {over.out_offset:03}", self._source(placed, placed.start, stop), (placed.start, stop))
        else:
            self._line(self._reel(placed.item.media), channel, "C", self._source(placed, placed.start, stop), (placed.start, stop))
        self._speed(placed, placed.start)
        self._said(placed.item, "TO")

    # ---- parts of an event

    def _line(self, reel: str, channel: str, how: str, source: tuple[int, int], record: tuple[int, int]) -> None:
        places = [timecode(place, self.cut.rate) for place in source] + [timecode(self.hour + place, self.cut.rate) for place in record]
        self.lines.append(f"{self.number:03}  {reel:<{REEL}} {channel:<5} {how:<8} {' '.join(places)}")

    def _source(self, placed: Placed, begin: int, stop: int) -> tuple[int, int]:
        """What of the source these frames of the cut show, in frames of the list's rate; as long as they are, whatever the speed."""
        clip, rate = placed.item, self.cut.rate
        if clip.media.kind == "picture":
            return 0, stop - begin
        first = clip.edge(begin - placed.start, rate)
        if clip.media.kind == "film" and clip.media.rate != rate:
            self.note(f"{_name(clip)} runs at {float(clip.media.rate):.5g} frames a second and the list counts {float(rate):.5g}: its places are right in seconds, "
                      "not in its own frames. OpenTimelineIO and FCPXML keep both.")
        scale = rate / clip.media.rate
        start = round(first * scale) + (clip.media.timecode if clip.media.rate == rate else round(clip.media.timecode * scale))
        long = round(abs(clip.step(rate)) * (stop - begin) * scale) if clip.speed not in (0, 1) else stop - begin
        return (start - long, start) if clip.speed < 0 else (start, start + long)

    def _speed(self, placed: Placed, begin: int) -> None:
        clip = placed.item
        if clip.media.kind != "picture" and clip.speed != 1:
            place = self._source(placed, begin, begin + 1)
            self.lines.append(f"M2   {self._reel(clip.media):<{REEL}} {float(clip.speed * self.cut.rate):05.1f}                {timecode(place[0] if clip.speed >= 0 else place[1], self.cut.rate)}")
            if not clip.speed:
                self.lines.append("* FREEZE FRAME")

    def _said(self, clip: Clip, way: str = "FROM") -> None:
        told = self.about(clip.media)
        self.lines += [f"* {way} CLIP NAME: {_name(clip)}", f"* SOURCE FILE: {_plain(told.path)}"]
        if told.prompt:
            self.lines += [f"* COMMENT: PROMPT {part}" for part in _parts(_plain(told.prompt))]
        if told.seed is not None or clip.media.take:
            self.lines.append("* COMMENT:" + (f" SEED {told.seed}" if told.seed is not None else "") + (f" TAKE {clip.media.take}" if clip.media.take else ""))
        if clip.mute:
            self.note(f"{_name(clip)} is muted in the cut; an EDL has no word for that.")
        if clip.level or clip.fade_in or clip.fade_out:
            self.note("An EDL has no levels and fades; they are left out.")
        self.lines.append("")

    def _reel(self, media: Media) -> str:
        """A name of letters and digits for a media, another for each."""
        key = media.take, media.file
        if key not in self.reels:
            stem = unicodedata.normalize("NFKD", media.take or PurePosixPath(media.file).stem)
            name = re.sub(r"[^A-Z0-9]", "", stem.upper())[:REEL] or "CLIP"
            taken, count, made = {*self.reels.values(), BLACK, "AX"}, 1, name
            while made in taken:
                count += 1
                made = f"{name[:REEL - len(str(count))]}{count}"
            self.reels[key] = made
        return self.reels[key]


def _name(clip: Clip) -> str:
    return _plain(clip.name or clip.media.take or PurePosixPath(clip.media.file).name)[:60]


def _plain(words: str) -> str:
    """On one line, and nothing in it that ends one."""
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())


def _parts(words: str, long: int = 70) -> list[str]:
    """Lines as long as readers of lists take."""
    return [words[at:at + long] for at in range(0, min(len(words), 10 * long), long)]
