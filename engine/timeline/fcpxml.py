"""FCPXML: a cut as Final Cut Pro and DaVinci Resolve read it, with media, handles, transitions, titles, levels and markers.

    resources     a format for each rate and size, an asset for each media, all of it: what a clip does not show are its handles
    spine         the lowest film track without holes; gaps where it has none
    lanes         film tracks above it (1, 2, ...), titles above those, sound below (-1, -2, ...), each clip hung on what lies
                  in the spine where it begins; a run with transitions is a storyline of its own

Times are fractions of a second, exact at any rate. Written as version 1.8, the last in which an asset names its file itself: every
later reader takes it. Markers carry the prompt, the seed and the take. Knows cuts. Knows no files.
Source: Apple's FCPXML reference and DTD, developer.apple.com/documentation/professional-video-applications/fcpxml-reference
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree

from engine.errors import BadRequest
from engine.timeline.cut import Clip, Cut, Gap, Item, Media, Placed, Title, Track, Transition
from engine.timeline.edl import About

VERSION = "1.8"
STILL = Fraction(10)        # seconds that a picture is said to have
TITLE = ".../Titles.localized/Bumper:Opener.localized/Basic Title.localized/Basic Title.moti"
PLACES = {"top": "0 400", "middle": "0 0", "bottom": "0 -400"}
Element = ElementTree.Element


def write(cut: Cut, about: Callable[[Media], About]) -> tuple[str, list[str]]:
    """The text of the file, and a sentence for everything that it cannot say. Raises BadRequest where nothing lies in the cut."""
    if not any(isinstance(item, Clip | Title) for track in cut.tracks for item in track.items):
        raise BadRequest(f"There is nothing to hand over in {cut.name!r:.60}: no clip lies in it.")
    return _Writer(cut, about).done()


def seconds(time: Fraction) -> str:
    """A time as FCPXML has it.

    >>> seconds(Fraction(1001, 24000)), seconds(Fraction(2)), seconds(Fraction(0))
    ('1001/24000s', '2s', '0s')
    """
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"


class _Writer:
    """One file while it is written."""

    def __init__(self, cut: Cut, about: Callable[[Media], About]):
        self.cut, self.about = cut, about
        self.notes: list[str] = []
        self.resources = Element("resources")
        self.formats: dict[tuple, str] = {}
        self.assets: dict[Media, str] = {}
        self.styles = 0
        self.format = self._format(cut.rate, cut.width, cut.height)

    def done(self) -> tuple[str, list[str]]:
        cut = self.cut
        root = Element("fcpxml", version=VERSION)
        root.append(self.resources)
        event = ElementTree.SubElement(root, "event", name=_plain(cut.name))
        project = ElementTree.SubElement(event, "project", name=_plain(cut.name))
        sequence = ElementTree.SubElement(project, "sequence", format=self.format, duration=self._time(cut.length), tcStart="0s", tcFormat="NDF",
                                          audioLayout="stereo", audioRate="48k")
        spine = ElementTree.SubElement(sequence, "spine")
        films = [track for track in cut.tracks if track.kind == "film"]
        base = films[0] if films else Track("", "film")
        anchors = self._row(spine, list(base.placed()), cut.length)
        lane = 0
        for track in (*films[1:], *(track for track in cut.tracks if track.kind == "titles")):
            if any(not isinstance(item, Gap) for item in track.items):
                lane += 1
                self._hang(track, lane, anchors)
        for number, track in enumerate((track for track in cut.tracks if track.kind == "sound" and track.items), 1):
            self._hang(track, -number, anchors)
        for marker in cut.markers:
            place, anchor, start = self._anchor(anchors, marker.at)
            one = Element("marker", start=seconds(start + cut.seconds(marker.at - place.start)), duration=self._time(max(1, marker.length)), value=_plain(marker.name) or "marker")
            if marker.note:
                one.set("note", _plain(marker.note))
            _add(anchor, one)
        if any(track.mute for track in cut.tracks):
            self.note("FCPXML has no muted tracks; what lies on one is turned off clip by clip.")
        ElementTree.indent(root, " ")
        return '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + ElementTree.tostring(root, "unicode") + "\n", self.notes

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    # ---- rows

    def _row(self, spine: Element, row: Sequence[Placed], until: int) -> list[tuple[Placed, Element, Fraction]]:
        """A track as a spine; what others can hang on: each item, its element, and the time at its beginning as that element counts."""
        anchors, end = [], 0
        for placed in row:
            if isinstance(placed.item, Transition):
                spine.append(self._transition(placed))
                continue
            made, start = self._item(placed.item, seconds(self.cut.seconds(placed.start)))
            spine.append(made)
            anchors.append((placed, made, start))
            end = placed.stop
        if end < until or not anchors:
            gap = Placed(end, max(until, end + 1), Gap(max(until - end, 1)), len(row))
            made, start = self._item(gap.item, seconds(self.cut.seconds(end)))
            spine.append(made)
            anchors.append((gap, made, start))
        return anchors

    def _hang(self, track: Track, lane: int, anchors: Sequence[tuple[Placed, Element, Fraction]]) -> None:
        """What lies on a track, hung on the spine: clip by clip, or run by run where there are transitions in one."""
        for run in _runs(track.placed()):
            place, anchor, start = self._anchor(anchors, run[0].start)
            offset = seconds(start + self.cut.seconds(run[0].start - place.start))
            if any(isinstance(placed.item, Transition) for placed in run) and track.kind == "film":
                line = Element("spine", lane=str(lane), offset=offset)
                moved = [Placed(placed.start - run[0].start, placed.stop - run[0].start, placed.item, placed.index) for placed in run]
                self._row(line, moved, moved[-1].stop)
                _add(anchor, line)
                continue
            for placed in run:
                if isinstance(placed.item, Transition):
                    self.note("FCPXML has cross-fades of sound as fades of its clips; they are left out.")
                    continue
                place, anchor, start = self._anchor(anchors, placed.start)
                made, _ = self._item(placed.item, seconds(start + self.cut.seconds(placed.start - place.start)), track)
                made.set("lane", str(lane))
                _add(anchor, made)

    def _anchor(self, anchors: Sequence[tuple[Placed, Element, Fraction]], at: int) -> tuple[Placed, Element, Fraction]:
        return next((one for one in anchors if one[0].start <= at < one[0].stop), anchors[-1])

    # ---- items

    def _item(self, item: Item, offset: str, track: Track | None = None) -> tuple[Element, Fraction]:
        """An item, and the time at its beginning as its own children count it."""
        long = self._time(item.length)
        if isinstance(item, Gap):
            return Element("gap", name="Gap", offset=offset, start="0s", duration=long), Fraction(0)
        if isinstance(item, Title):
            return self._title(item, offset, long), Fraction(0)
        name = _plain(item.name or item.media.take or PurePosixPath(item.media.file).stem)[:80]
        if item.media.kind == "picture":
            made = Element("clip", name=name, offset=offset, start="0s", duration=long)
            ElementTree.SubElement(made, "video", ref=self._asset(item.media), offset="0s", start="0s", duration=long)
            start = Fraction(0)
        else:
            start, whole = self._begin(item)
            made = Element("asset-clip", name=name, ref=self._asset(item.media), offset=offset, start=seconds(start), duration=long, tcFormat="NDF")
            if item.media.kind == "film":
                made.set("format", self._format(item.media.rate, item.media.width, item.media.height))
            made.set("srcEnable" if item.media.kind == "film" else "audioRole", "video" if item.media.kind == "film" else "dialogue")
            self._retime(made, item, whole)
        if item.mute or track and track.mute:
            made.set("enabled", "0")
        level = item.level + (track.level if track else 0)
        if level:
            ElementTree.SubElement(made, "adjust-volume", amount=f"{level:g}dB")
        if item.fade_in or item.fade_out:
            self.note("Fades of single clips are left out; transitions are there.")
        self._tell(made, item, start)
        return made, start

    def _begin(self, clip: Clip) -> tuple[Fraction, Fraction]:
        """Where a clip begins, in its media's own seconds, or at another speed in those of the whole media played so; and how long that is."""
        media = clip.media
        if clip.speed == 1:
            return (clip.start + media.timecode) / media.rate, Fraction(media.frames) / media.rate
        if not clip.speed:
            return Fraction(0), self.cut.seconds(clip.length)
        whole = media.frames / (media.rate * abs(clip.speed))
        edge = clip.start if clip.speed > 0 else media.frames - clip.start
        return edge / (media.rate * abs(clip.speed)), whole

    def _retime(self, made: Element, clip: Clip, whole: Fraction) -> None:
        if clip.speed == 1:
            return
        media = clip.media
        first = Fraction(media.timecode) / media.rate
        begin, end = (first, first + media.frames / media.rate) if clip.speed > 0 else (first + media.frames / media.rate, first)
        if not clip.speed:
            begin = end = (clip.picture(0, self.cut.rate) + media.timecode) / media.rate
        timing = ElementTree.SubElement(made, "timeMap", frameSampling="floor")
        for time, value in ((Fraction(0), begin), (whole, end)):
            ElementTree.SubElement(timing, "timept", time=seconds(time), value=seconds(value), interp="linear")

    def _tell(self, made: Element, clip: Clip, start: Fraction) -> None:
        """Where its film came from, as a marker at its beginning."""
        told = self.about(clip.media)
        words = ", ".join([*([told.prompt] if told.prompt else []), *([f"seed {told.seed}"] if told.seed is not None else []), *([f"take {clip.media.take}"] if clip.media.take else [])])
        if words and clip.media.kind != "sound":
            _add(made, Element("marker", start=seconds(start), duration=self._time(1), value=_plain(told.prompt or clip.name or "take")[:80], note=_plain(words)))

    def _transition(self, placed: Placed) -> Element:
        over = placed.item
        made = Element("transition", name="Cross Dissolve" if over.kind == "cross-fade" else "Fade To Color", offset=seconds(self.cut.seconds(placed.start)),
                       duration=self._time(placed.stop - placed.start))
        if over.kind == "dip" and over.colour.lower() != "#000000":
            self.note("Dips are to black in FCPXML; other colours are lost.")
        if over.in_offset != over.out_offset:
            self.note("A transition that lies off the middle of its cut is put into the middle by some readers.")
        return made

    def _title(self, title: Title, offset: str, long: str) -> Element:
        self.styles += 1
        style = title.style
        made = Element("title", name=_plain(title.name or title.words)[:80], ref=self._effect(), offset=offset, start="0s", duration=long)
        ElementTree.SubElement(made, "param", name="Position", key="9999/999166631/999166633/1/100/101", value=PLACES[style.place])
        text = ElementTree.SubElement(made, "text")
        words = ElementTree.SubElement(text, "text-style", ref=f"ts{self.styles}")
        words.text = "".join(char for char in title.words if char == "\n" or char.isprintable())
        definition = ElementTree.SubElement(made, "text-style-def", id=f"ts{self.styles}")
        colour = " ".join(f"{int(style.colour[at:at + 2], 16) / 255:.4g}" for at in (1, 3, 5)) + " 1"
        ElementTree.SubElement(definition, "text-style", font="Helvetica", fontSize=str(round(style.size * 10.8)), fontFace="Regular", fontColor=colour, alignment="center")
        if title.fade_in or title.fade_out or style.ground:
            self.note("Of titles, fades and the ground behind the words are left out.")
        return made

    # ---- resources

    def _format(self, rate: Fraction, width: int, height: int) -> str:
        key = rate, width, height
        if key not in self.formats:
            self.formats[key] = f"r{len(self.resources) + 1}"
            made = ElementTree.SubElement(self.resources, "format", id=self.formats[key], name="FFVideoFormatRateUndefined", frameDuration=_parts(1 / rate))
            if width and height:
                made.set("width", str(width))
                made.set("height", str(height))
                made.set("colorSpace", "1-1-1 (Rec. 709)")
        return self.formats[key]

    def _asset(self, media: Media) -> str:
        if media not in self.assets:
            still, sound = media.kind == "picture", media.kind == "sound"
            shape = None if sound else self._format(self.cut.rate if still else media.rate, media.width, media.height)
            self.assets[media] = f"r{len(self.resources) + 1}"
            path = self.about(media).path
            made = ElementTree.SubElement(self.resources, "asset", id=self.assets[media], name=_plain(PurePosixPath(path).stem), src="./" + quote(path),
                                          start="0s" if still or not media.timecode else seconds(media.timecode / media.rate),
                                          duration=seconds(STILL if still else media.frames / media.rate))
            if shape:
                made.set("format", shape)
                made.set("hasVideo", "1")
            if sound:
                for name, value in (("hasAudio", "1"), ("audioSources", "1"), ("audioChannels", "2"), ("audioRate", str(round(media.rate)))):
                    made.set(name, value)
        return self.assets[media]

    def _effect(self) -> str:
        key = (TITLE,)
        if key not in self.formats:
            self.formats[key] = f"r{len(self.resources) + 1}"
            ElementTree.SubElement(self.resources, "effect", id=self.formats[key], name="Basic Title", uid=TITLE)
        return self.formats[key]

    def _time(self, frames: int) -> str:
        return seconds(self.cut.seconds(frames))


ORDER = ("note", "timeMap", "adjust-volume", "video", "param", "text", "text-style-def", "gap", "clip", "asset-clip", "spine", "title", "marker")       # of children, as the DTD wants them


def _add(parent: Element, child: Element) -> None:
    """Put a child where the DTD wants it: what hangs on a clip before its markers."""
    rank = ORDER.index(child.tag)
    at = next((number for number, one in enumerate(parent) if ORDER.index(one.tag) > rank), len(parent))
    parent.insert(at, child)


def _runs(row: Iterable[Placed]) -> list[list[Placed]]:
    """What lies together without a gap between."""
    found: list[list[Placed]] = [[]]
    for placed in row:
        if isinstance(placed.item, Gap):
            found.append([])
        else:
            found[-1].append(placed)
    return [run for run in found if run]


def _parts(time: Fraction) -> str:
    """With both its numbers, as formats are read by some: 1/24s."""
    return f"{time.numerator}/{time.denominator}s"


def _plain(words: str) -> str:
    """What XML can hold, on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())
