"""`cineloom expand`: a short prompt made into what a model was taught with.

Knows the terminal. How prompts are lengthened is the engine's.
"""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from app.commands.saying import AsJson, Backend, answer
from engine.errors import BadRequest
from engine.recipe.bounds import PROMPT


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(expand)


def expand(
    prompt: Annotated[str, typer.Argument(help="What the film should show, in a few words.", show_default=False)],
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed fills in the same.", show_default="any")] = None,
    backend: Backend = "paper",
    as_json: AsJson = False,
) -> None:
    """Fill in what a short prompt leaves open, in the words that the built-in model was taught.

    Your own words stay, every one in its place; what is added is shown in brackets. Nothing is made, and no film is
    ever expanded unasked: give the text to `take`.
    """
    from engine.denoisers.catalog import describe
    from engine.words.expanding import Expansion
    from engine.words.expanding import expand as lengthened

    model, prompt = describe(backend), " ".join(prompt.split())
    if not prompt:
        raise BadRequest("The prompt is empty; say what the film should show.")
    if len(prompt) > PROMPT:
        raise BadRequest(f"The prompt has {len(prompt):,} characters; up to {PROMPT:,} are read. Say it shorter.")
    seed = secrets.randbelow(2**31) if seed is None else seed
    # The world that is filled in from is the built-in model's: another would be told of what nobody asked for.
    long = lengthened(prompt, seed) if model.words else Expansion(prompt, ())
    shown = long.prompt
    for start, stop in reversed(long.added):
        shown = f"{shown[:start]}[{shown[start:stop]}]{shown[stop:]}"
    note = "" if model.words else f"{model.title} takes any words, and what they leave open is its own to fill: nothing was added."
    facts = {"prompt": long.prompt, "asked": prompt, "added": [list(span) for span in long.added], "seed": seed, "model": model.name, "note": note}
    answer(facts, "\n".join(filter(None, (shown, note))), as_json)
