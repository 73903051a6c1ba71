"""`cineloom expand`: a short prompt made into what a model was taught with.

Knows the terminal. How prompts are lengthened is the engine's.
"""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from app.commands.saying import AsJson, Backend, answer, bar


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(expand)


def expand(
    prompt: Annotated[str, typer.Argument(help="What the film should show, in a few words.", show_default=False)],
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed fills in the same.", show_default="any")] = None,
    backend: Backend = "paper",
    provider: Annotated[str, typer.Option(help="Who lengthens it: built-in, served (CINELOOM_WORDS_URL and _MODEL say where) or local.")] = "built-in",
    folder: Annotated[str, typer.Option("--model-folder", help="The folder of the local language model, as transformers keeps it.", show_default="CINELOOM_WORDS_FOLDER")] = "",
    as_json: AsJson = False,
) -> None:
    """Fill in what a short prompt leaves open, in the words that the built-in model was taught, or as a language model sees it.

    Your own words stay, every one in its place; what is added is shown in brackets. Nothing is made, and no film is
    ever expanded unasked: give the text to `take`.
    """
    from engine.words import providing
    from engine.words.language import settings

    prompt = " ".join(prompt.split())
    seed = secrets.randbelow(2**31) if seed is None else seed
    with bar("asking the language model" if provider != providing.BUILT_IN else "reading"):
        long = providing.expand(prompt, seed=seed, model=backend, provider=provider, where=settings(folder))
    shown = long.prompt
    for start, stop in reversed(long.added):
        shown = f"{shown[:start]}[{shown[start:stop]}]{shown[stop:]}"
    facts = {"prompt": long.prompt, "asked": prompt, "added": [list(span) for span in long.added], "seed": seed, "model": backend, "provider": provider, "note": long.note}
    answer(facts, "\n".join(filter(None, (shown, long.note))), as_json)
