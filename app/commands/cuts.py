"""Cuts on the command line, whatever is done to them: which one is meant, at which revision, and how it is said.

Knows names and what is printed. Knows no command.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.library import open_project
from app.commands.saying import answer, aside
from engine.errors import BadRequest

if TYPE_CHECKING:
    from engine.library import Library
    from engine.timeline.cut import Cut
    from engine.timeline.history import History, Version

Which = Annotated[str, typer.Argument(metavar="CUT", help="Its id, as much of the beginning as no other has, or its name.")]
AtRevision = Annotated[int | None, typer.Option("--revision", help="As it was at this revision.", show_default="the newest")]


def open_cuts(home: Path | None, project: str) -> tuple[Library, History]:
    """A project that is there, and its cuts. Raises BadRequest."""
    from engine.timeline.history import History

    library = open_project(home, project)
    return library, History(library.store)


def which(history: History, asked: str, revision: int | None = None) -> Version:
    """The cut of that id or name, or the only one whose id begins so; as it is, or as it was at a revision."""
    lines = history.cuts()
    for found in ([line for line in lines if line.id == asked], [line for line in lines if line.name == asked], [line for line in lines if asked and line.id.startswith(asked)]):
        if len(found) > 1:
            raise BadRequest(f"Several cuts are called or begin with {asked[:40]!r}: {', '.join(line.id for line in found[:5])}; say which.")
        if found:
            return history.open(found[0].id, revision)
    raise BadRequest(f"There is no cut {asked[:40]!r} in this project; `cineloom cut list` says which there are.")


def say(version: Version, as_json: bool, whole: bool = False, notes: tuple[str, ...] = ()) -> None:
    """A cut as it is: how long, and at which revision; `whole` with what lies in it."""
    from engine.timeline import plain

    cut = version.cut
    facts = {"id": cut.id, "name": cut.name, "revision": version.revision, "frames": cut.length, "seconds": round(float(cut.seconds(cut.length)), 6), "fps": float(cut.rate),
             "undo": version.undo, "redo": version.redo, "cut": plain.plain(cut), **({"notes": list(notes)} if notes else {})}  # fmt: skip
    line = f"{cut.id}: {shown(cut.name)!r}, {cut.length} frames at {float(cut.rate):g} fps, {float(cut.seconds(cut.length)):.2f} s, revision {version.revision}"
    answer(facts, "\n".join([line, *(_rows(cut) if whole else [])]), as_json)
    if not as_json and version.redo and not whole:
        aside(f"`cineloom cut redo {cut.id}` makes it again: {version.redo}.")


def _rows(cut: Cut) -> list[str]:
    from engine.timeline.cut import Clip, Gap, Title, Transition

    lines = []
    for track in cut.tracks:
        marks = "".join(f", {word}" for word, there in (("muted", track.mute), ("locked", track.locked), ("not in sync", not track.sync)) if there)
        lines.append(f"{track.name or track.id} ({track.kind}{marks})")
        for placed in track.placed():
            item = placed.item
            if isinstance(item, Gap):
                continue
            if isinstance(item, Clip):
                low, high = item.source(cut.rate)
                words = f"{item.media.take or item.media.file} [{float(low):g}, {float(high):g})" + (f" at {item.speed}" if item.speed != 1 else "")
                words += f"  {shown(item.name)}" if item.name else ""
            elif isinstance(item, Title):
                words = repr(shown(item.words))
            elif isinstance(item, Transition):
                words = item.kind
            lines.append(f"  {placed.start:>7} {placed.stop - placed.start:>6}  {item.id:<11} {words}")
    lines += [f"  {marker.at:>7}         {marker.id:<11} marker {shown(marker.name or marker.note)}" for marker in cut.markers]
    return lines


def shown(words: str) -> str:
    """One line of it that no terminal stumbles over."""
    clean = "".join(char if char.isprintable() else " " for char in words)
    return clean if len(clean) <= 60 else clean[:59] + "…"
