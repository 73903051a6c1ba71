"""`cineloom credentials`: who says what a film was made from, and by which key. What is said, and how, is engine.provenance's.

Knows options and what is printed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import signing
from app.commands.library import Home
from app.commands.saying import AsJson, answer
from engine.errors import BadMedia, BadRequest

if TYPE_CHECKING:
    from engine.provenance import Credentials

File = Annotated[Path, typer.Argument(help="A film or picture: MP4, MOV, GIF, PNG or JPEG.", show_default=False)]
SOURCES = {
    "trainedAlgorithmicMedia": "made by a model",
    "compositeWithTrainedAlgorithmicMedia": "made by a model, together with something of another source",
    "digitalCapture": "taken with a camera",
    "compositeCapture": "put together from what cameras took",
}
RELATIONS = {"parentOf": "made from", "componentOf": "has in it", "inputTo": "was shown"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Say what films were made from, signed (C2PA content credentials).", no_args_is_help=True)
    for command in (show, sign, key):
        group.command()(command)
    app.add_typer(group, name="credentials")


def show(file: File, home: Home = None, as_json: AsJson = False) -> None:
    """Say what a file's content credentials say, and whether they can be believed.

    Exits with 1 when the file was changed after it was signed.
    """
    from engine.provenance import read
    from engine.provenance.reading import BROKEN

    found = read(file, signing.known(home))
    if found is None:
        answer({"path": str(file), "state": None}, f"{_line(file.name)} has no content credentials.", as_json)
        return
    answer({"path": str(file), **found.to_json()}, _words(found), as_json)
    if found.state == BROKEN:
        raise typer.Exit(1)


def sign(
    file: File,
    inputs: Annotated[list[Path] | None, typer.Option("--inputs", help="Folder where pictures and films lie that it was made from; as many as you like.")] = None,
    prompt: Annotated[bool, typer.Option("--prompt/--no-prompt", help="Tell the words in them; the recipe in the file has them all the same.")] = True,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Sign a take that carries its recipe, in its place: its pictures stay as they are."""
    from engine.provenance import read, sign_take
    from engine.recipe.again import inputs_of, recipe_of

    recipe = recipe_of(file).recipe
    places = {}
    try:
        places = inputs_of(recipe, inputs or [])
    except BadMedia:
        if inputs:                  # they were said to lie there
            raise
    key = signing.key(home)
    sign_take(file, recipe, key, places, prompt)
    found = read(file, signing.known(home))
    if found is None:
        raise BadRequest(f"{_line(file.name)} was signed and has no content credentials; this should not be.")
    answer({"path": str(file), **found.to_json()}, _words(found), as_json)


def key(home: Home = None, as_json: AsJson = False) -> None:
    """Say with which key is signed; the studio's own is made if there is none.

    CINELOOM_CERTIFICATES and CINELOOM_KEY name PEM files of a key of yours.
    """
    found = signing.key(home)
    facts = {"path": str(found.path), "name": found.name, "algorithm": found.algorithm, "sha256": found.mark, "until": found.until.isoformat(), "own": found.own}
    whose = "made here; nobody vouches for it, and its films are known by it" if found.own else "yours"
    answer(facts, f"{_line(found.name)}, {found.algorithm}, {whose}\nkey          {found.path}\ncertificate  sha256 {found.mark}, good until {found.until:%Y-%m-%d}", as_json)


def _words(found: Credentials) -> str:
    lines = [found.words]
    source = found.source.rsplit("/", 1)[-1]
    rows = [("source", SOURCES.get(source, source)), ("program", found.generator), ("title", found.title), ("what", ", ".join(action.removeprefix("c2pa.") for action in found.actions))]
    rows += [(name, json.dumps(found.made[name], ensure_ascii=False) if not isinstance(found.made[name], str) else found.made[name])
             for name in ("name", "operation", "prompt", "backend", "version", "seed") if found.made.get(name) not in (None, "")]
    for one in found.ingredients:
        signed = ", changed after it was signed" if one.changed else ", with credentials of its own" if one.signed else ""
        rows.append((RELATIONS.get(one.relation, one.relation), f"{one.title}{signed}{f' ({one.note})' if one.note else ''}"))
    return "\n".join([_line(lines[0]), *(f"{name:<10} {_line(value)}" for name, value in rows if value)])


def _line(text: str) -> str:
    """Somebody else's words for a terminal: one line, nothing in it that moves other text."""
    return "".join(char if char.isprintable() else "?" for char in str(text))[:2000]
