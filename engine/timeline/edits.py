"""Edits: everything that can be done to a cut, each a small value.

    Trim("e7", item="a", end="tail", by=-4).apply(cut) -> Cut       the cut itself stays as it was

An edit says what was meant, not what came of it, and names clips by their ids: so it can be stored, made again to the same
bytes (its own `id` is where the ids of second halves come from), and made on a cut that somebody else changed meanwhile.
Refusals are BadRequest, a sentence; then nothing has changed. The families are in `placing`, `trimming`, `ranges`, `replacing`
and `dressing`. Knows what an edit touches. Knows nothing of where it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.errors import BadRequest
from engine.library.tidying import ID
from engine.timeline import plain
from engine.timeline.cut import Cut, Gap, Track, Transition
from engine.timeline.dressing import (AddMarker, AddTrack, AddTransition, Fade, Level, Link, Mute, RemoveMarker, RemoveTrack, RemoveTransition, Rename, SetCut,
                                      SetMarker, SetTitle, SetTrack, SetTransition)  # fmt: skip
from engine.timeline.placing import Append, CloseGap, Insert, Lift, Move, OpenGap, Overwrite, Part, Reorder, RippleDelete
from engine.timeline.ranges import Clear, Extract, MakeRoom
from engine.timeline.replacing import Accept, Candidate, Replace
from engine.timeline.trimming import RippleTrim, Roll, Slide, Slip, Speed, Split, Trim


@dataclass(frozen=True)
class Several:
    """Edits that are one step: made one after another, or none of them, and undone together."""

    id: str
    edits: tuple[Edit, ...]

    def apply(self, cut: Cut) -> Cut:
        if not 1 <= len(self.edits) <= TOGETHER or any(isinstance(edit, Several) for edit in self.edits):
            raise BadRequest(f"One step is made of 1 to {TOGETHER} edits, and none of those of several; {len(self.edits)} were asked.")
        for edit in self.edits:
            cut = edit.apply(cut)
        return cut


Edit = (Insert | Overwrite | Append | Move | Reorder | Lift | RippleDelete | OpenGap | CloseGap | Trim | RippleTrim | Roll | Slip | Slide | Split | Speed
        | AddTransition | SetTransition | RemoveTransition | SetTitle | Level | Fade | Mute | Rename | Link | AddMarker | SetMarker | RemoveMarker | AddTrack
        | SetTrack | RemoveTrack | SetCut | Replace | Accept | Extract | Clear | MakeRoom | Several)  # fmt: skip
MOST = 4 << 20              # characters of one edit
TOGETHER = 1000             # edits in one step

__all__ = ["Accept", "AddMarker", "AddTrack", "AddTransition", "Append", "Candidate", "Clear", "CloseGap", "Edit", "Extract", "Fade", "Insert", "Level", "Lift", "Link", "MakeRoom",
           "Move", "Mute", "OpenGap", "Overwrite", "Part", "RemoveMarker", "RemoveTrack", "RemoveTransition", "Rename", "Reorder", "Replace", "RippleDelete",
           "RippleTrim", "Roll", "SetCut", "SetMarker", "SetTitle", "SetTrack", "SetTransition", "Several", "Slide", "Slip", "Speed", "Split", "Trim", "read",
           "rebased", "write"]  # fmt: skip


def write(edit: Edit) -> str:
    """The one JSON text of an edit: {"is": "ripple-trim", "id": ..., ...}."""
    return plain.write(edit, said=True)


def read(said: str | bytes | dict, what: str = "This edit") -> Edit:
    """The edit that JSON says, as text or as it was parsed. Raises BadRequest, beginning with `what`."""
    if isinstance(said, str | bytes) and len(said) > MOST:
        raise BadRequest(f"{what} has {len(said):,} characters, more than any edit needs.")
    edit = plain.value(Edit, said, what) if isinstance(said, dict) else plain.read(Edit, said, what)
    if not ID.fullmatch(edit.id):
        raise BadRequest(f"{what} has an id of up to 40 small letters and digits, not {edit.id!r:.60}.")
    return edit


def rebased(edit: Edit, base: Cut, now: Cut) -> Edit | None:
    """The edit that means on `now` what `edit` meant on `base`; None where both changed the same things.

    A place is moved by as much as the clip there was moved. What the edit would change must be the same items in both, as
    they were. Raises BadRequest where the edit was none on `base` either.
    """
    if base == now:
        return edit
    if isinstance(edit, Several):
        return _all_rebased(edit, base, now)
    before = parts(base)
    touched = _touched(edit, base, before)
    after = parts(now)
    if any(before.get(id) != after.get(id) for id in touched):
        return None
    moved = _moved(edit, base, now)
    if moved is None:
        return None
    try:
        return moved if _touched(moved, now, after) == touched else None
    except BadRequest:
        return None         # somebody's change is in the way


def _all_rebased(several: Several, base: Cut, now: Cut) -> Several | None:
    """Each of them, on the two cuts as those before it leave them."""
    several.apply(base)             # refused here, it was none
    moved = []
    for edit in several.edits:
        one = rebased(edit, base, now)
        if one is None:
            return None
        base, now = edit.apply(base), one.apply(now)
        moved.append(one)
    return replace(several, edits=tuple(moved))


def parts(cut: Cut) -> dict[str, Any]:
    """Everything in a cut that has an id, without its place: two cuts differ in what differs here."""
    found: dict[str, Any] = {cut.id: (cut.name, cut.width, cut.height)}
    for track in cut.tracks:
        found[track.id] = replace(track, items=())
        found.update((item.id, item) for item in track.items if not isinstance(item, Gap))
    found.update((marker.id, replace(marker, at=0)) for marker in cut.markers)
    return found


def named(edit: Edit) -> set[str]:
    """The ids of what an edit speaks of, without what it brings along."""
    found = {getattr(edit, name, "") for name in ("item", "track", "marker", "before")}
    found |= {one.id for one in map(lambda name: getattr(edit, name, None), ("marker", "transition", "track")) if hasattr(one, "id")}
    found |= set(getattr(edit, "items", ())) | {part.track for part in getattr(edit, "parts", ())}
    if isinstance(edit, Accept):
        found |= set(edit.candidate.over)
    return {name for name in found if isinstance(name, str) and name}


def _touched(edit: Edit, cut: Cut, before: dict[str, Any]) -> set[str]:
    """What an edit speaks of or changes in a cut, of what is there."""
    after = parts(edit.apply(cut))
    return {id for id, value in before.items() if after.get(id) != value} | named(edit) & before.keys()


def _moved(edit: Edit, base: Cut, now: Cut) -> Edit | None:
    """The edit with its place moved along with the clip that lay there; None where that clip is gone."""
    marker = getattr(edit, "marker", None)
    at = getattr(edit, "at", getattr(marker, "at", None))
    if at is None:
        return edit
    name = getattr(edit, "item", "")
    if not name:
        tracks = [part.track for part in getattr(edit, "parts", ())] or [track.id for track in base.tracks if track.id == getattr(edit, "track", "") or marker]
        if isinstance(edit, Extract | Clear | MakeRoom):        # all rows follow the lowest film
            tracks = [track.id for track in base.tracks if track.kind == "film"]
        name = _anchor(base.track(tracks[0]), at) if tracks else ""
    if not name:
        return edit
    try:
        shift = now.find(name)[1].start - base.find(name)[1].start
    except BadRequest:
        return None
    return replace(edit, marker=replace(marker, at=max(at + shift, 0))) if marker else replace(edit, at=at + shift)


def _anchor(track: Track, at: int) -> str:
    """The clip that a frame lies in, or else the one before it; "" where there is none."""
    found = ""
    for placed in track.placed():
        if placed.start > at:
            break
        if not isinstance(placed.item, Gap | Transition):
            found = placed.item.id
    return found
