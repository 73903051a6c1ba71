"""`cineloom cut`: takes in a row, on the command line. What an edit does, and what is kept of it, is engine.timeline's.

Knows names, options and what is printed. Every edit there is can be made with `edit`, as JSON.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from app.commands import exporting, filling, handing, sounding
from app.commands.cuts import AtRevision, Which, open_cuts, say, shown, which
from app.commands.library import FIRST_PROJECT, Home, Project, as_size, named
from app.commands.saying import AsJson, answer, aside
from engine.errors import BadRequest

Takes = Annotated[list[str], typer.Argument(metavar="TAKE...", help="Their ids, or as much of the beginning as no other has.")]
Revision = Annotated[int | None, typer.Option(help="Only if the cut is still at this revision, or what was done since has nothing to do with it.",
                                              show_default="the newest")]  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cut = typer.Typer(help="Lay takes in a row, edit the cut, undo and redo.")
    cut.callback(invoke_without_command=True)(_cut)
    cut.command("list")(list_cuts)
    cut.command("open")(open_file)
    for command in (new, add, show, edit, undo, redo, history):
        cut.command(command.__name__)(command)
    exporting.register(cut)
    sounding.register(cut)
    handing.register(cut)
    filling.register(cut)
    app.add_typer(cut, name="cut")


def _cut(context: typer.Context, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_cuts(home=home, project=project, as_json=as_json)


def list_cuts(home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """List the cuts of a project, the newest first."""
    from dataclasses import asdict

    _, history = open_cuts(home, project)
    lines = history.cuts()
    words = [f"{line.id:<11} {line.width}x{line.height} {float(Fraction(line.rate)):g} fps {float(line.frames / Fraction(line.rate)):8.2f} s  {shown(line.name)}" for line in lines]
    answer({"cuts": [asdict(line) for line in lines]}, "\n".join(words) or "There is no cut in this project yet; `cineloom cut new NAME TAKE...` begins one.", as_json)


def new(name: Annotated[str, typer.Argument(help="What it is called.")],
        takes: Annotated[list[str] | None, typer.Argument(metavar="[TAKE...]", help="Takes to begin with, one behind the other.")] = None,
        rate: Annotated[str, typer.Option(metavar="FPS", help="Frames per second: 24, 25, 23.976 or 24000/1001.", show_default="the first take's, or 16")] = "",
        size: Annotated[str, typer.Option(help="Width x height in pixels.", show_default="the first take's, or 1920x1080")] = "",
        home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Begin a cut."""
    from engine.library.library import new_id
    from engine.timeline.laying import begin, rate_of

    library, history = open_cuts(home, project)
    found = [named(library, id) for id in takes or []]
    say(history.new(begin(new_id(), name, found, rate_of(rate) if rate else None, as_size(size) or (0, 0) if size else ())), as_json)


def add(cut: Which, takes: Takes,
        at: Annotated[int | None, typer.Option(min=0, help="The frame to begin at.", show_default="behind all that is there")] = None,
        overwrite: Annotated[bool, typer.Option("--overwrite", help="Over what lies there, instead of pushing it along.")] = False,
        track: Annotated[str, typer.Option(help="The track to lay them on.", show_default="the lowest film track")] = "",
        revision: Revision = None, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Lay takes into a cut, one behind the other."""
    from engine.library.library import new_id
    from engine.timeline.laying import lay

    library, history = open_cuts(home, project)
    version = which(history, cut)
    asked = lay(version.cut, new_id(), [named(library, id) for id in takes], at, track, overwrite)
    say(history.edit(version.cut.id, version.revision if revision is None else revision, asked), as_json)


def show(cut: Which, revision: AtRevision = None,
         home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Show what lies in a cut, track by track."""
    _, history = open_cuts(home, project)
    version = which(history, cut)
    say(version if revision is None else history.open(version.cut.id, revision), as_json, whole=True)


def edit(cut: Which, edit: Annotated[str, typer.Argument(help='The edit as JSON, such as {"is": "trim", "item": "abc", "end": "tail", "by": -8}; - reads lines of them.')],
         revision: Revision = None, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Make any edit, given as JSON.

    An "id" that is given makes asking twice harmless: it is made once.
    """
    import json

    from engine.library.library import new_id
    from engine.timeline import edits

    _, history = open_cuts(home, project)
    version = which(history, cut)
    at = version.revision if revision is None else revision
    lines = [line for line in sys.stdin.read().splitlines() if line.strip()] if edit == "-" else [edit]
    for number, line in enumerate(lines, 1):
        what = "This edit" if edit != "-" else f"Line {number}"
        try:
            said = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"{what} is no JSON: {error!s:.100}.") from error
        if not isinstance(said, dict):
            raise BadRequest(f"{what} is no JSON object such as {{\"is\": \"lift\", \"items\": [\"abc\"]}}.")
        version = history.edit(version.cut.id, at, edits.read({"id": new_id(), **said}, what))
        at = version.revision
    say(version, as_json)


def undo(cut: Which, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Take the last edit of a cut back."""
    _, history = open_cuts(home, project)
    version = which(history, cut)
    say(history.undo(version.cut.id, version.revision), as_json)


def redo(cut: Which, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Make the edit again that was taken back last."""
    _, history = open_cuts(home, project)
    version = which(history, cut)
    say(history.redo(version.cut.id, version.revision), as_json)


def history(cut: Which, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Show every edit that was ever made to a cut."""
    import datetime

    _, kept = open_cuts(home, project)
    steps = kept.steps(which(kept, cut).cut.id)
    words = [f"{datetime.datetime.fromtimestamp(step['created']):%Y-%m-%d %H:%M:%S}  {step['edit']['is']}{'' if step['counts'] else '  (taken back)'}" for step in steps]
    answer({"steps": steps}, "\n".join(words) or "Nothing was done to this cut since it was begun.", as_json)


def open_file(file: Annotated[Path, typer.Argument(help="An .otio file, of this studio or another program.")],
              home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Begin a cut from an OpenTimelineIO file.

    Media is found among the takes of the project by name; what is not there keeps its place.
    """
    from dataclasses import replace

    from engine.errors import BadMedia
    from engine.library.library import new_id
    from engine.timeline import otio
    from engine.timeline.materials import finder

    library, kept = open_cuts(home, project)
    try:
        text = file.read_bytes()
    except OSError as error:
        raise BadMedia(f"{file.name} cannot be read ({error.strerror or error}).") from error
    cut, notes = otio.read(text, finder(library), file.name)
    taken = {line.id for trashed in (False, True) for line in kept.cuts(trashed)}
    for note in notes:
        aside(note)
    say(kept.new(replace(cut, id=new_id()) if cut.id in taken or cut.id == "cut" else cut), as_json, notes=notes)
