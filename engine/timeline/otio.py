"""OpenTimelineIO: a cut as other editors know it, and theirs as a cut.

    track         Track, Video or Audio, the lowest first; titles are a Video track of generators
    clip          Clip: source_range in frames of its media (of the cut, for sound), available_range all that there is
    speed         LinearTimeWarp, or FreezeFrame; the source_range is as long as the clip plays, as OpenTimelineIO has it
    transition    SMPTE_Dissolve; a dip is a Custom_Transition
    markers       on the stack

Times there are floating point numbers. What is exact here stands beside them, in metadata under "cineloom", and counts on
the way back as long as it says the same; where somebody moved or trimmed a clip meanwhile, what they did counts.
Media is named relative to the project's folder. Knows OpenTimelineIO's objects. Knows no EDL and no FCPXML.
Sources: https://opentimelineio.readthedocs.io/en/stable/tutorials/otio-timeline-structure.html, time-ranges.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.errors import BadMedia, BadRequest
from engine.timeline import plain
from engine.timeline.cut import Clip, Cut, Gap, Item, Media, Title, Transition
from engine.timeline.materials import exact

if TYPE_CHECKING:
    import opentimelineio

OURS = "cineloom"
MOST = 64 << 20             # characters of a file
CLOSE = 1e-6                # frames: what a double may be off
Where = Callable[[Media], str]
Find = Callable[[str], "Media | None"]


def where_it_lies(media: Media) -> str:
    """The file of a media, relative to the project's folder, as takes are kept there."""
    return media.file or f"media/{media.take}.mp4"


def write(cut: Cut, where: Where = where_it_lies) -> str:
    """The text of an .otio file. `where` says the path of a media, relative to where the file will lie."""
    return str(_otio().adapters.write_to_string(timeline(cut, where), "otio_json"))


def timeline(cut: Cut, where: Where = where_it_lies) -> opentimelineio.schema.Timeline:
    """The cut as an OpenTimelineIO object, for its adapters."""
    otio = _otio()
    made = otio.schema.Timeline(cut.name, metadata={OURS: {"format": cut.format, "id": cut.id, "rate": str(cut.rate), "width": cut.width, "height": cut.height}})
    for track in cut.tracks:
        kind = otio.schema.TrackKind.Audio if track.kind == "sound" else otio.schema.TrackKind.Video
        row = otio.schema.Track(track.name or track.id, kind=kind, metadata={OURS: plain.plain(replace(track, items=()))})
        row.enabled = not track.mute
        row.extend([_written(otio, item, cut, where) for item in track.items])
        made.tracks.append(row)
    for marker in cut.markers:
        made.tracks.markers.append(otio.schema.Marker(
            marker.name, _range(otio, Fraction(marker.at), Fraction(marker.length), cut.rate), marker.colour.upper(), {OURS: plain.plain(marker)}))  # fmt: skip
    return made


def read(text: str | bytes, find: Find = lambda path: None, what: str = "This file") -> tuple[Cut, tuple[str, ...]]:
    """The cut that an .otio file says, and a sentence for everything in it that a cut has no place for.

    find    the media of a path that the file names, with its true length; what nobody finds keeps its place and its name,
            and is media that is missing. Not asked where the file is ours
    Raises BadMedia, beginning with `what`, for a file that is none or says what cannot be.
    """
    from engine.timeline.otio_reading import Reader

    otio = _otio()
    if len(text) > MOST:
        raise BadMedia(f"{what} has {len(text) / 1e6:,.0f} million characters; a cut of many hours has fewer than {MOST / 1e6:,.0f}.")
    try:
        json.loads(text)            # looks at its nesting before C++ does, whose stack has an end
        found = otio.adapters.read_from_string(text.decode() if isinstance(text, bytes) else text, "otio_json")
    except (ValueError, RecursionError, KeyError, TypeError, IndexError, RuntimeError, otio.exceptions.OTIOError) as error:
        place = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadMedia(f"{what} is no OpenTimelineIO file that can be read{place}.") from error
    if isinstance(found, otio.schema.SerializableCollection):
        found = next((one for one in found if isinstance(one, otio.schema.Timeline)), None)
    if not isinstance(found, otio.schema.Timeline) or found.tracks is None:
        raise BadMedia(f"{what} is OpenTimelineIO, but there is no timeline in it.")
    try:
        return Reader(otio, found, find).cut()
    except BadRequest as error:
        raise BadMedia(f"{what} says what cannot be: {error}") from error


def _otio() -> Any:
    try:
        import opentimelineio
    except ImportError as error:
        raise BadRequest("OpenTimelineIO is not here; it has no build for this Python. With Python 3.10 to 3.13, `make setup` installs it.") from error
    return opentimelineio


# ---- out

def _range(otio: Any, start: Fraction, length: Fraction, rate: Fraction) -> Any:
    time = otio.opentime
    return time.TimeRange(time.RationalTime(float(start), float(rate)), time.RationalTime(float(length), float(rate)))


def _written(otio: Any, item: Item, cut: Cut, where: Where) -> Any:
    schema, time = otio.schema, otio.opentime
    ours = {OURS: plain.plain(item)}
    if isinstance(item, Gap):
        return schema.Gap(source_range=_range(otio, Fraction(0), Fraction(item.length), cut.rate))
    if isinstance(item, Transition):
        kind = schema.TransitionTypes.SMPTE_Dissolve if item.kind == "cross-fade" else "Custom_Transition"
        offsets = (time.RationalTime(offset, float(cut.rate)) for offset in (item.in_offset, item.out_offset))
        return schema.Transition(item.kind, kind, *offsets, ours)
    if isinstance(item, Title):
        words = schema.GeneratorReference(item.words.partition("\n")[0][:80], "text", _range(otio, Fraction(0), Fraction(item.length), cut.rate), {"text": item.words})
        return schema.Clip(item.name or item.words.partition("\n")[0][:80], words, _range(otio, Fraction(0), Fraction(item.length), cut.rate), metadata=ours)
    media = item.media
    begin, length, whole, rate = times(item, cut.rate)
    path = where(media)
    reference: Any = schema.MissingReference(name=media.take or media.file) if not path else schema.ExternalReference(quote(path))
    if media.kind != "picture":
        reference.available_range = _range(otio, *whole, rate)
    made = schema.Clip(item.name or media.take or PurePosixPath(media.file).stem, reference, _range(otio, begin, length, rate), metadata=ours)
    made.enabled = not item.mute
    if item.speed != 1:
        made.effects.append(schema.FreezeFrame() if not item.speed else schema.LinearTimeWarp(time_scalar=float(item.speed)))
    return made


def times(clip: Clip, rate: Fraction) -> tuple[Fraction, Fraction, tuple[Fraction, Fraction], Fraction]:
    """Where its source_range begins and how long it is, all that there is, and the rate that these are counted at."""
    media = clip.media
    counted = media.rate if media.kind == "film" else rate      # no timecode counts samples
    scale = counted / media.rate if media.kind != "picture" else Fraction(1)
    return ((clip.source(rate)[0] + media.timecode) * scale, clip.length * counted / rate, (media.timecode * scale, media.frames * scale), counted)


# ---- what times and rates mean

def counted(time: Any, rate: Fraction) -> Fraction:
    """A time of OpenTimelineIO in frames of a rate."""
    if not math.isfinite(time.value) or abs(time.value) > plain.MOST:
        raise BadRequest(f"a time of {time.value:g} frames means nothing.")
    return Fraction(time.value) / exact(time.rate) * rate


def said(thing: Any) -> dict:
    """What we once said beside an object of OpenTimelineIO; {} where that was not us."""
    ours = _plain(thing.metadata.get(OURS))
    return ours if isinstance(ours, dict) else {}


def _plain(data: Any) -> Any:
    """OpenTimelineIO's dictionaries and lists as Python's."""
    if isinstance(data, Mapping) or hasattr(data, "items"):
        return {str(name): _plain(said) for name, said in data.items()}
    if isinstance(data, str | int | float | bool) or data is None:
        return data
    return [_plain(one) for one in data] if hasattr(data, "__iter__") else None
