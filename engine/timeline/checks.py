"""Checks: what every cut holds to, whoever wrote it.

Every length is above zero, every clip inside its media, every transition inside its clips and their handles, every id there
once, gaps in their one form. So a renderer or an exporter need not ask again. Knows cuts. Knows nothing of edits.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from fractions import Fraction

from engine.errors import BadRequest
from engine.library.tidying import ID
from engine.timeline import cut as model
from engine.timeline.cut import Clip, Cut, Gap, Item, Marker, Media, Title, Track, Transition

RATES = Fraction(1), Fraction(1000)         # frames per second of a cut
SPEEDS = Fraction(1, 100), Fraction(100)
PARTS = 1000                # of a speed: its denominator, so that fractions stay small
LONGEST = 1 << 31           # frames
TRACKS, ITEMS, MARKERS = 100, 20_000, 10_000
SIDE = 16_384               # pixels
WORDS, NAME = 5_000, 200    # characters
LEVELS = -100.0, 40.0       # decibels
COLOUR = re.compile(r"#[0-9a-f]{6}")
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white", "black")     # OpenTimelineIO's, of markers
HASH = re.compile(r"([0-9a-f]{64})?")
FILE = re.compile(r"(?!.*(^|/)\.\.?(/|$))[^/\\\x00-\x1f:][^\\\x00-\x1f:]{0,500}")      # inside the project, on every system


def check(cut: Cut, was: Cut | None = None) -> Cut:
    """The cut itself. Raises BadRequest for one that breaks a rule.

    was     a cut that holds to them: what stands in both as the same value is not looked at again, which is nearly all
    """
    known: dict[str, set[int]] = {kind: set() for kind in model.KINDS}
    for track in was.tracks if was and was.rate == cut.rate else ():
        known[track.kind].update(map(id, track.items))
    if cut.format != model.FORMAT:
        raise BadRequest(f"This cut has the format {cut.format}, and this Cineloom knows {model.FORMAT}; a newer one can open it.")
    _name(cut.name, "A cut")
    if not RATES[0] <= cut.rate <= RATES[1] or cut.rate.denominator > 100_000:
        raise BadRequest(f"A cut has {RATES[0]} to {RATES[1]} frames per second; {float(cut.rate):g} were asked.")
    if not (0 < cut.width <= SIDE and 0 < cut.height <= SIDE):
        raise BadRequest(f"A cut is 1 to {SIDE} pixels wide and high; {cut.width}x{cut.height} was asked.")
    for what, there, most in (("tracks", cut.tracks, TRACKS), ("markers", cut.markers, MARKERS)):
        if len(there) > most:
            raise BadRequest(f"A cut has up to {most:,} {what}; this one would have {len(there):,}.")
    _ids(cut)
    for track in cut.tracks:
        check_track(track, cut.rate, known.get(track.kind, ()))
    for marker in cut.markers:
        _marker(marker)
    if list(cut.markers) != sorted(cut.markers, key=order):
        raise BadRequest("The markers of a cut stand in the order of their places.")
    return cut


def check_track(track: Track, rate: Fraction, known: Container[int] = ()) -> None:
    """Raises BadRequest for a track that breaks a rule. Items of which it is `known` that they hold to them are left out."""
    _name(track.name, "A track")
    _level(track.level)
    if track.kind not in model.KINDS:
        raise BadRequest(f"A track is for film, titles or sound, not for {track.kind[:40]!r}.")
    if len(track.items) > ITEMS:
        raise BadRequest(f"A track has up to {ITEMS:,} items; this one would have {len(track.items):,}.")
    for item in track.items:
        if id(item) not in known:
            check_item(item, track.kind, rate)
    if track.items and isinstance(track.items[-1], Gap):
        raise BadRequest("No row ends in a gap.")
    if any(isinstance(a, Gap) and isinstance(b, Gap) for a, b in zip(track.items, track.items[1:])):
        raise BadRequest("Two gaps never meet; they are one.")
    if track.length > LONGEST:
        raise BadRequest(f"A track has up to {LONGEST:,} frames; this one would have {track.length:,}.")
    for index, item in enumerate(track.items):
        if isinstance(item, Transition):
            check_transition(track.items, index, rate)


def check_item(item: Item, kind: str, rate: Fraction) -> None:
    """Raises BadRequest for an item that cannot stand on a track of that kind."""
    if isinstance(item, Transition):
        if item.kind not in model.TRANSITIONS:
            raise BadRequest(f"A transition is a cross-fade or a dip, not {item.kind[:40]!r}.")
        if item.in_offset < 0 or item.out_offset < 0 or item.in_offset + item.out_offset < 1:
            raise BadRequest("A transition takes at least one frame.")
        colour(item.colour, "A dip")
        return
    if item.length < 1:
        raise BadRequest(f"{words(item)} would be {item.length} frames long; at least one must stay.")
    if isinstance(item, Gap):
        return
    if isinstance(item, Title) != (kind == "titles"):
        raise BadRequest(f"{words(item)} cannot lie on a track for {kind}.")
    _name(item.name, "An item")
    if item.fade_in < 0 or item.fade_out < 0 or item.fade_in + item.fade_out > item.length:
        raise BadRequest(f"{words(item)} is {item.length} frames long; fades of {item.fade_in} and {item.fade_out} do not fit into it.")
    if isinstance(item, Title):
        _title(item)
    else:
        _clip(item, kind, rate)


def check_transition(items: tuple[Item, ...], index: int, rate: Fraction) -> None:
    """Raises BadRequest where the transition at that index does not fit between its neighbours."""
    item = items[index]
    before, after = (items[at] if 0 <= at < len(items) else None for at in (index - 1, index + 1))
    if not (isinstance(before, Clip) and isinstance(after, Clip)):
        raise BadRequest("A transition lies between two clips that meet.")
    for clip, asked, other, which in ((before, item.in_offset, index - 2, "out_offset"), (after, item.out_offset, index + 2, "in_offset")):
        there = items[other] if 0 <= other < len(items) else None
        taken = getattr(there, which) if isinstance(there, Transition) else 0
        if asked + taken > clip.length:
            raise BadRequest(f"{words(clip)} is {clip.length} frames long{f', and another transition takes {taken} of them' if taken else ''}; "
                             f"a transition cannot take {asked}.")  # fmt: skip
    if item.kind == "cross-fade":
        for clip, asked, there, where in ((before, item.out_offset, before.tail(rate), "after"), (after, item.in_offset, after.head(rate), "before")):
            if asked > there:
                raise BadRequest(f"A cross-fade needs {asked} frames {where} {words(clip, small=True)}, and its media has {there} there; "
                                 "make it shorter, trim the clip, or have the missing pictures made.")  # fmt: skip


def check_media(media: Media) -> None:
    """Raises BadRequest for media that cannot be."""
    if media.kind not in model.MEDIA:
        raise BadRequest(f"Media is film, a picture or sound, not {media.kind[:40]!r}.")
    if bool(media.take) == bool(media.file):
        raise BadRequest("Media is a take or a file of the project: one of the two.")
    if media.take and not ID.fullmatch(media.take) or media.file and not FILE.fullmatch(media.file) or not HASH.fullmatch(media.hash):
        raise BadRequest(f"Media is a take or a file inside the project's folder; {(media.take or media.file)[:60]!r} is neither.")
    if not 1 <= media.frames <= LONGEST << 16 or not 0 < media.rate <= 1_000_000 or media.rate.denominator > 100_000:
        raise BadRequest(f"Media has frames and a rate; {media.frames} frames at {float(media.rate):g} per second were given.")
    if not (0 <= media.width <= SIDE and 0 <= media.height <= SIDE and 0 <= media.timecode <= LONGEST):
        raise BadRequest(f"Media is up to {SIDE} pixels wide and high; {media.width}x{media.height} was given.")
    if media.kind == "picture" and media.frames != 1:
        raise BadRequest(f"A picture is one frame; {media.frames} were given.")


def words(item: Item, small: bool = False) -> str:
    """How a sentence calls an item."""
    kind = {Clip: "The clip", Title: "The title", Gap: "The gap", Transition: "The transition"}[type(item)]
    named = getattr(item, "name", "") or getattr(item, "words", "").partition("\n")[0] or getattr(item, "id", "")
    kind = kind.lower() if small else kind
    return f"{kind} {named[:40]!r}" if named else kind


def colour(asked: str, what: str) -> None:
    """Raises BadRequest for what is no colour."""
    if not COLOUR.fullmatch(asked):
        raise BadRequest(f'{what} has a colour such as "#20a0ff"; {asked[:40]!r} was given.')


def order(marker: Marker) -> tuple[int, str]:
    """What markers are sorted by."""
    return marker.at, marker.id


def _ids(cut: Cut) -> None:
    seen: set[str] = set()
    everything: Iterable = [cut, *cut.tracks, *cut.markers, *(item for track in cut.tracks for item in track.items if not isinstance(item, Gap))]
    for one in everything:
        if not ID.fullmatch(one.id):
            raise BadRequest(f"An id has up to 40 small letters and digits; {one.id!r:.60} was given.")
        if one.id in seen:
            raise BadRequest(f"The id {one.id!r} is there already; everything in a cut has one of its own.")
        seen.add(one.id)


def _clip(clip: Clip, kind: str, rate: Fraction) -> None:
    check_media(clip.media)
    if (clip.media.kind == "sound") != (kind == "sound"):
        raise BadRequest(f"{words(clip)} is {clip.media.kind}, and cannot lie on a track for {kind}.")
    _level(clip.level)
    if clip.link and not ID.fullmatch(clip.link):
        raise BadRequest(f"A link is an id; {clip.link!r:.60} was given.")
    if clip.speed and not SPEEDS[0] <= abs(clip.speed) <= SPEEDS[1] or clip.speed.denominator > PARTS:
        raise BadRequest(f"A clip goes from a hundredth of its speed to a hundred times it, backwards too, or stands still; {clip.speed} was asked.")
    if not clip.speed and kind == "sound":
        raise BadRequest("Sound cannot stand still; cut it out instead.")
    low, high = clip.source(rate)
    if low < 0 or high > clip.media.frames:
        past = [f"{_frames(-there)} past its {end}" for there, end in ((clip.head(rate), "beginning"), (clip.tail(rate), "end")) if there < 0]
        if not past:        # it stands still, at a picture that is not there
            raise BadRequest(f"{words(clip)} would show picture {int(clip.start)}, and its media has {_frames(clip.media.frames)}, from 0 on.")
        raise BadRequest(f"{words(clip)} would reach {' and '.join(past)}: its media has {_frames(clip.most(rate))} for this cut. "
                         "Trim it to that, or have the missing pictures made.")  # fmt: skip


def _frames(count: int) -> str:
    return f"{count:,} frame{'' if count == 1 else 's'}"


def _title(title: Title) -> None:
    if not title.words.strip() or len(title.words) > WORDS:
        raise BadRequest(f"A title has 1 to {WORDS:,} characters; {len(title.words):,} were given.")
    if title.style.place not in ("top", "middle", "bottom") or not 1 <= title.style.size <= 100:
        raise BadRequest("A title stands at the top, in the middle or at the bottom, its lines 1 to 100 hundredths of the picture high.")
    colour(title.style.colour, "A title")
    if title.style.ground:
        colour(title.style.ground, "A title's ground")


def _marker(marker: Marker) -> None:
    _name(marker.name, "A marker")
    if not 0 <= marker.at <= LONGEST or not 0 <= marker.length <= LONGEST:
        raise BadRequest(f"A marker stands at a frame of the cut, from 0 on; {marker.at} was asked.")
    if len(marker.note) > WORDS:
        raise BadRequest(f"A marker's note has up to {WORDS:,} characters; {len(marker.note):,} were given.")
    if marker.colour not in COLOURS:
        raise BadRequest(f"A marker is {', '.join(COLOURS)}; {marker.colour[:40]!r} was asked.")


def _name(name: str, what: str) -> None:
    if len(name) > NAME:
        raise BadRequest(f"{what} has a name of up to {NAME} characters; {len(name):,} were given.")


def _level(level: float) -> None:
    if not LEVELS[0] <= level <= LEVELS[1]:
        raise BadRequest(f"A level goes from {LEVELS[0]:g} to {LEVELS[1]:g} decibels; {level:g} was asked.")
