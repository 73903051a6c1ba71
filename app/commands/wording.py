"""`cineloom expand`: a short prompt made into what a model was taught with.

Knows the terminal. How prompts are lengthened is the engine's.
"""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from app.commands.saying import AsJson, Backend, answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(expand)


def expand(
    prompt: Annotated[str, typer.Argument(help="What the film should show, in a few words.", show_default=False)],
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed fills in the same.", show_default="any")] = None,
    backend: Backend = "paper",
    provider: Annotated[str, typer.Option(help="Who lengthens it: built-in.")] = "built-in",
    as_json: AsJson = False,
) -> None:
    """Fill in what a short prompt leaves open, in the words that the built-in model was taught.

    Your own words stay, every one in its place; what is added is shown in brackets. Nothing is made, and no film is
    ever expanded unasked: give the text to `take`.
    """
    from engine.words import providing

    prompt = " ".join(prompt.split())
    seed = secrets.randbelow(2**31) if seed is None else seed
    long = providing.expand(prompt, seed=seed, model=backend, provider=provider)
    shown = long.prompt
    for start, stop in reversed(long.added):
        shown = f"{shown[:start]}[{shown[start:stop]}]{shown[stop:]}"
    facts = {"prompt": long.prompt, "asked": prompt, "added": [list(span) for span in long.added], "seed": seed, "model": backend, "provider": provider, "note": long.note}
    answer(facts, "\n".join(filter(None, (shown, long.note))), as_json)
