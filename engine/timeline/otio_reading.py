"""Reading OpenTimelineIO: one timeline, ours or another program's, as a cut. See `otio` for what stands where.

What a cut has no place for becomes a sentence and a gap, and media that the project does not have becomes media that is
missing: a place that is kept. Knows OpenTimelineIO's objects. Knows no text and no file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from engine.errors import BadRequest
from engine.timeline import checks, plain
from engine.timeline.cut import TRANSITIONS, Clip, Cut, Gap, Item, Marker, Media, Style, Title, Track, Transition, room
from engine.timeline.materials import exact
from engine.timeline.otio import CLOSE, counted, said, times
from engine.timeline.rows import fitted

FINE = 1_000_000            # of a frame, where a double says it
Find = Callable[[str], "Media | None"]


class Reader:
    """One timeline on its way in."""

    def __init__(self, otio: Any, timeline: Any, find: Find):
        self.otio, self.timeline, self.find = otio, timeline, find
        self.ours = said(timeline)
        self.notes: list[str] = []
        self.ids: set[str] = set()
        self.rate = self._rate()

    def cut(self) -> tuple[Cut, tuple[str, ...]]:
        """The cut, checked, and what had no place in it."""
        size = [self.ours.get(side) for side in ("width", "height")]
        id = self._id(self.ours.get("id"), "cut")
        tracks = tuple(self._track(row, index) for index, row in enumerate(self.timeline.tracks))
        width, height = size if all(isinstance(side, int) for side in size) else self._size(tracks)
        markers = [self._marker(marker, index) for index, marker in enumerate(self.timeline.tracks.markers)]
        made = Cut(id, (self.timeline.name or "Untitled")[: checks.NAME], self.rate, width, height, tracks, tuple(sorted(markers, key=checks.order)))
        return checks.check(made), tuple(dict.fromkeys(self.notes))

    def _rate(self) -> Fraction:
        """Ours exactly; else of the first thing that has a length."""
        try:
            rate = plain.value(Fraction, self.ours["rate"], "The rate")
            if rate > 0:
                return rate
        except (KeyError, BadRequest):
            pass
        for item in self.timeline.find_children(descended_from_type=self.otio.core.Item):
            if item.source_range is not None and not isinstance(item, self.otio.schema.Stack):
                return exact(item.source_range.duration.rate)
        return exact(self.timeline.global_start_time.rate) if self.timeline.global_start_time else Fraction(24)

    def _id(self, asked: Any, fallback: str) -> str:
        id = asked if isinstance(asked, str) and checks.ID.fullmatch(asked) else fallback
        number = 1
        while id in self.ids:
            number += 1
            id = f"{fallback}{number}"
        self.ids.add(id)
        return id

    def _size(self, tracks: tuple[Track, ...]) -> tuple[int, int]:
        sizes = [(item.media.width, item.media.height) for track in tracks for item in track.items if isinstance(item, Clip) and item.media.width and item.media.height]
        return max(sizes, key=lambda size: size[0] * size[1], default=(1920, 1080))

    def _track(self, row: Any, index: int) -> Track:
        if not isinstance(row, self.otio.schema.Track):
            self.notes.append(f"A {type(row).__name__} among the tracks was left out.")
            return Track(self._id("", f"track{index}"), "film")
        ours = said(row)
        sound = row.kind == self.otio.schema.TrackKind.Audio
        kind = "sound" if sound else ours.get("kind") if ours.get("kind") in ("film", "titles") else "film"
        base = Track(self._id(ours.get("id"), f"track{index}"), kind, name="" if ours.get("name") is None and ours else (row.name or "")[: checks.NAME])
        try:
            base = replace(plain.value(Track, {**ours, "id": base.id, "kind": kind, "items": []}, "A track"), name=base.name) if ours else base
        except BadRequest:
            pass
        items: list[Item] = []
        self.begin, at = Fraction(0), 0
        for child in row:
            made = self._item(child, base, at)
            items += [made] if made else []
            at += room(made) if made else 0
        return replace(base, items=self._whole(items), mute=not row.enabled)

    def _item(self, child: Any, track: Track, at: int) -> Item | None:
        schema = self.otio.schema
        ours = said(child)
        if isinstance(child, schema.Transition):
            return self._transition(child, ours)
        try:
            playing = child.trimmed_range().duration
        except (self.otio.exceptions.OTIOError, NotImplementedError, ValueError):      # it does not say how long it is
            playing = self.otio.opentime.RationalTime(0, 1)
        # Ends are rounded, not lengths: so a row of many clips is as long as it was.
        self.begin += counted(playing, self.rate)
        length = round(self.begin) - at
        if isinstance(child, schema.Clip) and length < 1:
            raise BadRequest(f"{child.name[:40]!r} is {playing.value:g} frames long; a clip has at least one.")
        if length < 1:
            return None
        if isinstance(child, schema.Clip) and isinstance(child.media_reference, schema.GeneratorReference) and track.kind == "titles":
            words = str(child.media_reference.parameters.get("text", "") or child.name or "Title")
            made = self._ours(Title, ours, Title(self._id(ours.get("id"), "title"), words, length, name="" if ours else child.name[: checks.NAME]))
            return replace(made, length=length, words=words, style=made.style if isinstance(made.style, Style) else Style())
        if isinstance(child, schema.Clip) and not isinstance(child.media_reference, schema.GeneratorReference) and track.kind != "titles":
            return self._clip(child, ours, track, length)
        if not isinstance(child, schema.Gap):
            self.notes.append(f"{child.name[:40]!r} is a {type(child).__name__} that a cut has no place for; a gap stands there.")
        return Gap(length)

    def _clip(self, child: Any, ours: dict, track: Track, length: int) -> Clip:
        id = self._id(ours.get("id"), "clip")
        scalars = [effect.time_scalar for effect in child.effects if isinstance(effect, self.otio.schema.LinearTimeWarp)]
        if len(child.effects) > len(scalars):
            self.notes.append(f"{child.name[:40]!r} has effects that a cut has no place for; they were left out.")
        speed = Fraction(scalars[0]).limit_denominator(checks.PARTS) if scalars and math.isfinite(scalars[0]) else Fraction(1)
        source = child.trimmed_range()
        known = self._ours(Clip, ours, None)
        media = known.media if known else self._media(child, track, source, speed)
        made = replace(known, id=id, length=length) if known else Clip(id, media, Fraction(0), length, speed, child.name[: checks.NAME])
        if abs(float(made.speed) - float(speed)) > CLOSE:
            made = replace(made, speed=speed)
        begin, _, _, rate = times(made, self.rate)
        if exact(source.start_time.rate) != rate or abs(float(begin) - source.start_time.value) > CLOSE:      # somebody trimmed it, or it is not ours
            low = counted(source.start_time, media.rate) - media.timecode
            low = max(low.limit_denominator(FINE), Fraction(0)) if media.kind != "picture" else Fraction(0)
            made = replace(made, start=low)
            if made.speed < 0 and media.kind != "picture":
                made = replace(made, start=low - made.length * made.step(self.rate))
        over = made.source(self.rate)[1] - media.frames
        if 0 < over < abs(made.step(self.rate)):        # ends that were rounded: less than a frame is not there
            made = replace(made, start=made.start - over) if made.source(self.rate)[0] >= over else replace(made, length=max(length - 1, 1))
        fade = min(made.fade_in, made.length)
        return replace(made, mute=not child.enabled, fade_in=fade, fade_out=min(made.fade_out, made.length - fade))

    def _media(self, child: Any, track: Track, source: Any, speed: Fraction) -> Media:
        """What another program's clip shows: as the project knows it, else as far as the file tells."""
        reference = child.media_reference
        url = getattr(reference, "target_url", "") or ""
        parts = urlsplit(url)
        path = unquote(parts.path) if parts.scheme in ("", "file") else ""
        found = self.find(path) if path else None
        kind = "sound" if track.kind == "sound" else "film"
        if found and (found.kind == "sound") == (kind == "sound"):
            return found
        name = re.sub(r"[^\w. -]", "_", PurePosixPath(path.replace("\\", "/")).name or child.name or "clip")[-100:].lstrip(". ") or "clip"
        self.notes.append(f"{name!r} is not in this project; its place is kept, and importing it fills it.")
        rate = exact(source.start_time.rate)
        whole = reference.available_range if reference else None
        first = round(counted(whole.start_time, rate)) if whole else 0
        # How long it is nobody says: as long as what is used of it, and as a frame more where ends are rounded.
        ends = counted(source.start_time, rate) - first + abs(speed) * (counted(source.duration, rate) + (rate / self.rate if rate != self.rate else 0))
        frames = math.ceil((counted(whole.duration, rate) if whole else ends) - Fraction(CLOSE))
        return Media(max(frames, 1), rate, file=f"missing/{name}", kind=kind, timecode=max(first, 0))

    def _transition(self, child: Any, ours: dict) -> Transition:
        into, out = (round(counted(offset, self.rate)) for offset in (child.in_offset, child.out_offset))
        kind = ours["kind"] if ours.get("kind") in TRANSITIONS else "cross-fade"
        if not ours and child.transition_type != self.otio.schema.TransitionTypes.SMPTE_Dissolve:
            self.notes.append(f"The transition {child.name[:40]!r} is another kind than a cut knows; it is a cross-fade now.")
        base = Transition(self._id(ours.get("id"), "transition"), into, out, kind)
        return replace(self._ours(Transition, ours, base), id=base.id, in_offset=into, out_offset=out)

    def _marker(self, marker: Any, index: int) -> Marker:
        ours = said(marker)
        at, length = (round(counted(time, self.rate)) for time in (marker.marked_range.start_time, marker.marked_range.duration))
        colour = str(marker.color).lower()
        base = Marker(self._id(ours.get("id"), f"marker{index}"), at, max(length, 0), (marker.name or "")[: checks.NAME], str(getattr(marker, "comment", "") or "")[: checks.WORDS],
                      colour if colour in checks.COLOURS else "green")  # fmt: skip
        return replace(self._ours(Marker, ours, base), id=base.id, at=max(at, 0), length=base.length, name=base.name, colour=base.colour)

    def _ours(self, kind: type, ours: dict, fallback: Any) -> Any:
        try:
            made = plain.value(kind, ours, "An item") if ours else fallback
            if made and isinstance(made, Clip):
                checks.check_media(made.media)
            return made
        except BadRequest:
            return fallback         # another Cineloom's, or somebody else's: what OpenTimelineIO itself says is left

    def _whole(self, items: list[Item]) -> tuple[Item, ...]:
        """A row as a cut has it: gaps in one, none at the end, no transition that its clips do not carry."""
        row: list[Item] = []
        for index, item in enumerate(items):
            after = items[index + 1] if index + 1 < len(items) else None
            if isinstance(item, Gap) and row and isinstance(row[-1], Gap):
                row[-1] = Gap(row[-1].length + item.length)
            elif isinstance(item, Transition) and not (row and isinstance(row[-1], Clip) and isinstance(after, Clip)):
                if isinstance(after, Clip | Title):         # from nothing, or to nothing: that is a fade here
                    items[index + 1] = replace(after, fade_in=min(item.in_offset + item.out_offset, after.length - after.fade_out))
                elif row and isinstance(row[-1], Clip | Title):
                    row[-1] = replace(row[-1], fade_out=min(item.in_offset + item.out_offset, row[-1].length - row[-1].fade_in))
            elif isinstance(item, Transition):
                fits = self._fitted(item, row, after)
                row += [fits] if fits else []
            else:
                row.append(item)
        while row and isinstance(row[-1], Gap):
            row.pop()
        return tuple(row)

    def _fitted(self, item: Transition, row: list[Item], after: Clip) -> Transition | None:
        made = fitted(item, row[-1], after, row[-2] if len(row) > 1 else None, self.rate)
        if made != item:
            self.notes.append(f"A transition before {after.name[:40]!r} is longer than its media; it was made shorter." if made else
                              f"A transition before {after.name[:40]!r} has no media to show; it is a hard cut now.")  # fmt: skip
        return made
