"""`cineloom cut export`: a cut for other editors, from the command line. What it is made of is engine.timeline.handover's.

Knows names, options and what is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.cuts import AtRevision, Which, open_cuts, which
from app.commands.library import FIRST_PROJECT, Home, Project
from app.commands.saying import AsJson, answer, aside, long


def register(cut: typer.Typer) -> None:
    """Add the command to those of a cut."""
    cut.command("export")(export)


def export(
    cut: Which,
    out: Annotated[Path, typer.Option("--out", "-o", help="A new folder.")],
    kinds: Annotated[str, typer.Option("--kinds", help="Of otio, edl and fcpxml, with commas.")] = "otio,edl,fcpxml",
    media: Annotated[bool, typer.Option("--media/--lists-only", help="With the films, so that the folder opens anywhere; or the lists alone, which name them where they lie.")] = True,
    revision: AtRevision = None,
    home: Home = None,
    project: Project = FIRST_PROJECT,
    as_json: AsJson = False,
) -> None:
    """Hand a cut over to Resolve, Premiere, Final Cut and others: OpenTimelineIO, EDL, FCPXML and the films they name."""
    from engine.timeline.handover import hand_over

    library, history = open_cuts(home, project)
    version = which(history, cut, revision)
    handed = long(hand_over(version.cut, library, out, [kind.strip() for kind in kinds.split(",") if kind.strip()], media=media), "handing over")
    for note in handed.notes:
        aside(note)
    said = {"folder": str(handed.folder), "files": [str(path) for path in handed.files], "notes": list(handed.notes), "revision": version.revision}
    answer(said, "\n".join(str(path) for path in handed.files), as_json)
