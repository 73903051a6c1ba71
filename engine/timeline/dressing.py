"""Dressing: transitions, titles, levels, fades, names, links, markers, and the tracks themselves. See `edits`.

None of these moves anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.timeline import checks
from engine.timeline.checks import words
from engine.timeline.cut import Clip, Cut, Item, Marker, Style, Title, Track, Transition
from engine.timeline.rows import unlocked


@dataclass(frozen=True)
class AddTransition:
    """Lay a transition over the place where a clip meets the next one. Refused where its handles do not reach."""

    id: str
    item: str               # the clip before that place
    transition: Transition

    def apply(self, cut: Cut) -> Cut:
        track, placed = cut.find(self.item)
        unlocked(track)
        if placed.index + 1 < len(track.items) and isinstance(track.items[placed.index + 1], Transition):
            raise BadRequest(f"There is a transition after {words(placed.item, small=True)} already; change that one.")
        items = (*track.items[: placed.index + 1], self.transition, *track.items[placed.index + 1 :])
        return _with(cut, replace(track, items=items))


@dataclass(frozen=True)
class SetTransition:
    """Make a transition longer, shorter, or of another kind: the one of the same id gives way to this one."""

    id: str
    transition: Transition

    def apply(self, cut: Cut) -> Cut:
        return _changed(cut, self.transition.id, lambda was: self.transition if isinstance(was, Transition) else None, "transition")


@dataclass(frozen=True)
class RemoveTransition:
    """Take a transition away; the clips meet in a hard cut."""

    id: str
    item: str

    def apply(self, cut: Cut) -> Cut:
        track, placed = cut.find(self.item)
        unlocked(track)
        if not isinstance(placed.item, Transition):
            raise BadRequest(f"{words(placed.item)} is no transition.")
        return _with(cut, replace(track, items=track.items[: placed.index] + track.items[placed.index + 1 :]))


@dataclass(frozen=True)
class SetTitle:
    """Other words, or another look, for a title."""

    id: str
    item: str
    words: str
    style: Style = Style()

    def apply(self, cut: Cut) -> Cut:
        return _changed(cut, self.item, lambda was: replace(was, words=self.words, style=self.style) if isinstance(was, Title) else None, "title")


@dataclass(frozen=True)
class Level:
    """How loud a clip is, in decibels; 0 is as it came."""

    id: str
    item: str
    level: float

    def apply(self, cut: Cut) -> Cut:
        return _changed(cut, self.item, lambda was: replace(was, level=self.level) if isinstance(was, Clip) else None, "clip")


@dataclass(frozen=True)
class Fade:
    """How many frames a clip or title takes to come and to go: sound from silence, pictures and words from nothing."""

    id: str
    item: str
    fade_in: int
    fade_out: int

    def apply(self, cut: Cut) -> Cut:
        def faded(was: Item) -> Item | None:
            return replace(was, fade_in=self.fade_in, fade_out=self.fade_out) if isinstance(was, Clip | Title) else None

        return _changed(cut, self.item, faded, "clip or title")


@dataclass(frozen=True)
class Mute:
    """Make clips silent or unseen, or no longer so."""

    id: str
    items: tuple[str, ...]
    mute: bool = True

    def apply(self, cut: Cut) -> Cut:
        for item in self.items:
            cut = _changed(cut, item, lambda was: replace(was, mute=self.mute) if isinstance(was, Clip) else None, "clip")
        return cut


@dataclass(frozen=True)
class Rename:
    """Another name for a clip or title."""

    id: str
    item: str
    name: str

    def apply(self, cut: Cut) -> Cut:
        return _changed(cut, self.item, lambda was: replace(was, name=self.name) if isinstance(was, Clip | Title) else None, "clip or title")


@dataclass(frozen=True)
class Link:
    """Link clips, so that they stay in sync as they lie now; or unlink them, where `link` is ""."""

    id: str
    items: tuple[str, ...]
    link: str = ""

    def apply(self, cut: Cut) -> Cut:
        for item in self.items:
            cut = _changed(cut, item, lambda was: replace(was, link=self.link) if isinstance(was, Clip) else None, "clip")
        return cut


@dataclass(frozen=True)
class AddMarker:
    """Put a note at a place of the cut."""

    id: str
    marker: Marker

    def apply(self, cut: Cut) -> Cut:
        return _marked(cut, (*cut.markers, self.marker))


@dataclass(frozen=True)
class SetMarker:
    """Move a marker, or change what it says: the one of the same id gives way to this one."""

    id: str
    marker: Marker

    def apply(self, cut: Cut) -> Cut:
        return _marked(cut, (*_without(cut, self.marker.id), self.marker))


@dataclass(frozen=True)
class RemoveMarker:
    """Take a marker away."""

    id: str
    marker: str

    def apply(self, cut: Cut) -> Cut:
        return _marked(cut, _without(cut, self.marker))


@dataclass(frozen=True)
class AddTrack:
    """One more track, empty, at a place among the tracks; -1 is on top."""

    id: str
    track: Track
    index: int = -1

    def apply(self, cut: Cut) -> Cut:
        if self.track.items:
            raise BadRequest("A track begins empty.")
        index = self.index if 0 <= self.index < len(cut.tracks) else len(cut.tracks)
        return checks.check(replace(cut, tracks=(*cut.tracks[:index], self.track, *cut.tracks[index:])))


@dataclass(frozen=True)
class SetTrack:
    """How a track is: name, mute, level, locked, in sync."""

    id: str
    track: str
    name: str = ""
    mute: bool = False
    level: float = 0.0
    locked: bool = False
    sync: bool = True

    def apply(self, cut: Cut) -> Cut:
        track = cut.track(self.track)
        return _with(cut, replace(track, name=self.name, mute=self.mute, level=self.level, locked=self.locked, sync=self.sync))


@dataclass(frozen=True)
class RemoveTrack:
    """Take a track away, with all that lies on it."""

    id: str
    track: str

    def apply(self, cut: Cut) -> Cut:
        unlocked(cut.track(self.track))
        return checks.check(replace(cut, tracks=tuple(track for track in cut.tracks if track.id != self.track)))


@dataclass(frozen=True)
class SetCut:
    """Another name or size for the cut. Its rate stays: every place in it is counted in frames of that rate."""

    id: str
    name: str
    width: int
    height: int
    rate: Fraction = Fraction(0)        # only the cut's own

    def apply(self, cut: Cut) -> Cut:
        if self.rate and self.rate != cut.rate:
            raise BadRequest(f"This cut has {float(cut.rate):g} frames per second, and all its places are counted in them; "
                             f"for {float(self.rate):g} begin a new cut, or export at that rate.")  # fmt: skip
        return checks.check(replace(cut, name=self.name, width=self.width, height=self.height))


def _changed(cut: Cut, id: str, change: Callable[[Item], Item | None], what: str) -> Cut:
    """The cut with one item changed in its place. Raises BadRequest where `change` answers None: it is no such thing."""
    track, placed = cut.find(id)
    unlocked(track)
    made = change(placed.item)
    if made is None:
        raise BadRequest(f"{words(placed.item)} is no {what}.")
    return _with(cut, replace(track, items=(*track.items[: placed.index], made, *track.items[placed.index + 1 :])))


def _with(cut: Cut, changed: Track) -> Cut:
    return checks.check(replace(cut, tracks=tuple(changed if track.id == changed.id else track for track in cut.tracks)))


def _without(cut: Cut, id: str) -> tuple[Marker, ...]:
    kept = tuple(marker for marker in cut.markers if marker.id != id)
    if len(kept) == len(cut.markers):
        raise BadRequest(f"There is no marker {id!r:.40} in this cut; it may have been removed meanwhile.")
    return kept


def _marked(cut: Cut, markers: tuple[Marker, ...]) -> Cut:
    return checks.check(replace(cut, markers=tuple(sorted(markers, key=checks.order))))
