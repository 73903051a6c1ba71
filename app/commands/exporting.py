"""`cineloom cut render`: a cut as a film, from the command line. How it is rendered is engine.timeline.rendering's.

Knows names, options and what is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app import signing
from app.commands.cuts import AtRevision, Which, open_cuts, which
from app.commands.library import FIRST_PROJECT, Home, Project, as_size
from app.commands.making import Credentials
from app.commands.saying import AsJson, answer, aside, bar, long

KINDS = "h264, h265, prores, vp9, av1, gif, png (a folder of pictures) or still"


def register(cut: typer.Typer) -> None:
    """Add the commands to those of a cut."""
    cut.command()(render)


def render(
    cut: Which,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, replaced when the new one is whole; a folder for pictures.")],
    kind: Annotated[str, typer.Option(help=f"{KINDS}.", show_default="what the file's ending says")] = "",
    size: Annotated[str, typer.Option(help="Width x height in pixels.", show_default="the cut's")] = "",
    rate: Annotated[str, typer.Option(metavar="FPS", help="Frames per second: 24, 25, 23.976 or 24000/1001.", show_default="the cut's")] = "",
    quality: Annotated[str, typer.Option(help="draft, good, best, or the encoder's own number, less is better.")] = "good",
    fit: Annotated[str, typer.Option(help="How pictures of another shape come into the frame: letterbox or crop.")] = "letterbox",
    flow: Annotated[bool, typer.Option("--flow", help="At another rate, make up frames between frames, along the motion.")] = False,
    start: Annotated[int, typer.Option("--from", min=0, help="The first frame of the cut; for a still, the one.")] = 0,
    stop: Annotated[int | None, typer.Option("--to", help="The frame of the cut to stop before.", show_default="its end")] = None,
    sound: Annotated[bool | None, typer.Option("--sound/--no-sound", help="With a track for sound, or without.", show_default="as there is any")] = None,
    revision: AtRevision = None,
    credentials: Credentials = None,
    home: Home = None,
    project: Project = FIRST_PROJECT,
    as_json: AsJson = False,
) -> None:
    """Render a cut to a file: MP4, MOV, WebM, GIF, pictures, or one of its frames."""
    from engine.timeline.laying import rate_of
    from engine.timeline.rendering import Places, Wanted
    from engine.timeline.rendering import render as rendered
    from engine.timeline.rendering.kinds import kind_of

    library, history = open_cuts(home, project)
    version = which(history, cut, revision)
    wanted = Wanted(kind, as_size(size) if size else None, rate_of(rate) if rate else None, quality, fit, "flow" if flow else "exact", start, stop, sound)
    sign, places = signing.wanted(home, credentials, kind_of(kind, out.suffix).ending), Places(library)
    made = long(rendered(version.cut, places, out, wanted), "rendering")
    if sign is not None:
        with bar("signing"):
            sign.cut(made.path, version.cut, places, start, start + 1 if made.kind == "still" else stop)
    for note in made.notes:
        aside(note)
    heard = "with sound" if made.sound else "without sound"
    words = f"{made.path}: {made.width}x{made.height}, {made.pictures:,} pictures at {float(made.rate):g} per second, {made.seconds:.2f} s, {heard}"
    answer({**made.to_json(), "revision": version.revision}, words, as_json)
