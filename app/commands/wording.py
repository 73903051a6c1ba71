"""`cineloom expand`: a short prompt made into what a model was taught with.

Knows the terminal. How prompts are lengthened is the engine's.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.saying import AsJson, Backend, answer, aside, bar

if TYPE_CHECKING:
    from engine.words.expanding import Expansion

Expand = Annotated[bool, typer.Option("--expand", help="Fill in what the prompt leaves open, as `cineloom expand` does; says what it added, and the recipe keeps both.")]
ExpandBy = Annotated[str, typer.Option("--expand-by", metavar="PROVIDER", help="The same, by a language model: served or local.", show_default="nobody")]


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
    facts = {"prompt": long.prompt, "asked": prompt, "added": [list(span) for span in long.added], "seed": seed, "model": backend, "provider": provider, "note": long.note}
    answer(facts, "\n".join(filter(None, (_shown(long), long.note))), as_json)


def longer(prompt: str, seed: int, model: str, provider: str = "") -> str:
    """The prompt that a command makes film of, once it has said what was added and what else is to be known. Raises what `providing.expand` does."""
    from engine.words import providing

    with bar("asking the language model" if provider not in ("", providing.BUILT_IN) else "reading"):
        long = providing.expand(prompt, seed=seed, model=model, provider=provider)
    for words in filter(None, (_shown(long) if long.added else "", long.note)):
        aside(words)
    return long.prompt


def _shown(long: Expansion) -> str:
    """What was added in brackets."""
    shown = long.prompt
    for start, stop in reversed(long.added):
        shown = f"{shown[:start]}[{shown[start:stop]}]{shown[stop:]}"
    return shown
