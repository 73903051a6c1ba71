"""`cineloom cut sound`: music, voices and noises for a cut, on the command line. What a sound is, is engine.timeline.sounds'.

Knows names, options and what is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.cuts import Which, open_cuts, which
from app.commands.library import FIRST_PROJECT, Home, Project
from app.commands.saying import AsJson, answer, long


def register(cut: typer.Typer) -> None:
    """Add the command to those of a cut."""
    cut.command()(sound)


def sound(
    cut: Which,
    file: Annotated[Path, typer.Argument(help="WAV, FLAC, MP3, Ogg, AIFF, or a film whose sound is wanted. It is copied into the project.")],
    at: Annotated[int, typer.Option(min=0, help="The frame of the cut to begin at, over what lies there.")] = 0,
    track: Annotated[str, typer.Option(help="The track to lay it on.", show_default="the lowest for sound")] = "",
    whole: Annotated[bool, typer.Option("--whole", help="All of it, also what is heard after the last picture.")] = False,
    home: Home = None,
    project: Project = FIRST_PROJECT,
    as_json: AsJson = False,
) -> None:
    """Lay a sound under a cut, as long as its film."""
    from engine.library.library import new_id
    from engine.timeline import edits, sounds

    library, history = open_cuts(home, project)
    version = which(history, cut)
    if track:
        version.cut.track(track)
    media = long(sounds.bring(library, file), "bringing in the sound")
    part = sounds.under(version.cut, media, new_id(), at, track, file.name, whole)
    clip, on = part.item, part.track
    version = history.edit(version.cut.id, version.revision, edits.Overwrite(new_id(), at, (part,)))
    seconds = float(clip.length / version.cut.rate)
    facts = {"id": version.cut.id, "revision": version.revision, "clip": clip.id, "track": on, "file": media.file, "frames": clip.length, "seconds": round(seconds, 6)}
    answer(facts, f"{version.cut.id}: {seconds:.2f} s of {file.name!r} from frame {at} on, revision {version.revision}", as_json)
