"""`cineloom script`: a text made into the shots of a storyboard.

Knows the terminal and files. How a script is read is the engine's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.saying import AsJson, answer, aside
from engine.errors import BadMedia


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(script)


def script(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A text: what is to be seen, one thing after another; - reads it from the standard input.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File of the storyboard.", show_default="it is printed")] = None,
    provider: Annotated[str, typer.Option(help="Who makes the shots: built-in, served or local, see `expand`.")] = "built-in",
    seed: Annotated[int, typer.Option(min=0, help="Of a language model's answer.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a storyboard of a script, for you to edit.

    Every sentence, and every "then", is a shot: its words, its seconds, a cut or a continuation. Who was seen last, where
    and when it was, are said again until somebody or somewhere else is named; nothing is added that you did not write.
    `cineloom storyboard` makes film of the file, and the page opens it too.
    """
    from engine.media.writing import write_bytes
    from engine.words.scripting import script as shots_of
    from engine.words.scripting import toml

    made = shots_of(_text(file), provider=provider, seed=seed)
    text = toml(made.board)
    if out is not None:
        write_bytes(out, text.encode())
    if not as_json:
        for note in made.notes:
            aside(note)
    shots = [{"prompt": shot.prompt, "seconds": shot.seconds, "join": shot.join, "asked": shot.asked} for shot in made.board.shot]
    facts = {"path": str(out) if out else None, "who": made.board.who, "shots": shots, "seconds": sum(shot.seconds for shot in made.board.shot), "notes": list(made.notes), "toml": text}
    answer(facts, f"{len(shots)} shots, {facts['seconds']:g} s: {out}" if out else text.rstrip("\n"), as_json)


def _text(file: str) -> str:
    """What a file or the standard input says; of a long one no more than shows that it is too long. Raises BadMedia."""
    from engine.words.scripting import SCRIPT

    most = 4 * SCRIPT + 4           # bytes: a letter has up to four
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as text:
            read = text.read(most)
        return read.decode("utf-8-sig", "ignore" if len(read) == most else "strict")
    except (OSError, ValueError) as error:
        raise BadMedia(f"The script {Path(file).name[:120]} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error
