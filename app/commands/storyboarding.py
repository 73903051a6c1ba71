"""`cineloom storyboard`: shots in a text file, made into one film.

Knows options and how they are written. What a storyboard is, is the engine's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.making import Credentials, Out, Seed, Steps, Variations, Way, deliver, slug
from app.commands.mannering import with_manners
from app.commands.saying import AsJson, Backend
from engine.errors import BadRequest


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_manners(storyboard))


def storyboard(
    file: Annotated[Path | None, typer.Argument(help="The shots, as TOML; --example shows one.", show_default=False)] = None,
    example: Annotated[bool, typer.Option("--example", help="Print a storyboard to begin with, and make nothing.")] = False,
    size: Annotated[str | None, typer.Option(help="Width x height in pixels.", show_default="as the storyboard says")] = None,
    seed: Seed = None, steps: Steps = None, out: Out = None,
    latents: Annotated[bool, typer.Option("--latents", help="Keep the latents too, beside the file.")] = False,
    variations: Variations = None, credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False,
) -> None:
    """Make a film of several shots.

    Each shot has its words and its length, cuts or goes on, and may show pictures and films of yours at their times. Who is
    seen in one shot is seen in the next.
    """
    from engine.recipe.storyboard import EXAMPLE, Storyboard, storyboard

    if example:
        print(EXAMPLE, end="")
        return
    if file is None:
        raise BadRequest("Which storyboard? Name a TOML file; `cineloom storyboard --example` prints one to begin with.")
    way = Way(out, latents, variations, backend, as_json, slug(file.stem), credentials)
    deliver(*storyboard(Storyboard.read(file), file.parent, model=way.model(), size=size, seed=seed, steps=steps), way)
