"""The command `cineloom`.

    studio                  opens the studio in the browser
    take, image, animate    make a film or a picture, right here, into a file
    extend, loop, connect   film that is there carried on, closed, joined; edit, inpaint, outpaint, finish: changed
    storyboard              several shots from a text file; script makes such a file of a text
    expand                  a short prompt, with all that it leaves open filled in
    cut                     takes in a row: edited, undone, redone
    queue                   what the studio has in line: listed, paused, put in order, changed
    recipe, reproduce       what made a file; made again, and set beside it
    credentials             who says what a film was made from: read, signed; whose key
    train, evaluate         the built-in model: made again, measured
    models, loras           what film is made with, and what is laid over it
    bench, doctor           how fast it is, whether all is well

Knows names, exit codes and how errors are said. What commands do is in app/commands. Imports neither torch nor gradio.

Exit codes: 0 done; 1 the doctor found something missing, a take came out different, or Cineloom itself broke; 2 something
was asked that cannot be, and a sentence said why; 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from functools import cache
from typing import Annotated

import typer

from app.commands import captioning, credentials, cutting, learning, library, loras, machine, making, measuring, models, opening, operating, queueing, recipes, scripting, storyboarding, wording
from engine import __version__
from engine.errors import CineloomError

cineloom = typer.Typer(name="cineloom", add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})


@cineloom.callback(invoke_without_command=True)
def start(context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False) -> None:
    """Make video with a diffusion transformer, on this machine."""
    if version:
        print(f"cineloom {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


for group in (opening, making, operating, storyboarding, scripting, wording, captioning, recipes, queueing, library, cutting, credentials, learning, models, loras, machine, measuring):
    group.register(cineloom)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code. Errors are one sentence on stderr, or `{"error": sentence}` with --json."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # Threads that wait for each other shall sleep, not spin: with one of two cores busy a take took 18 s instead of 35 (the
    # same on an idle machine). Read when torch is first imported, by the studio's worker too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Sums in one order however many cores there are, so that a recipe gives the same film on any number of them: in float32
    # three threads came to other last bits than one, two or four. It costs no time that could be measured.
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that a kill tidies up as Ctrl-C does
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")           # an emoji must not end a command in a plain locale

    def failed(sentence: str, code: int) -> int:
        if "--json" in arguments:
            print(json.dumps({"error": sentence}), flush=True)
        print(sentence, file=sys.stderr)
        return code

    try:
        code = _command().main(arguments, prog_name="cineloom", standalone_mode=False)
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        sentence, code = explain(error)
        failed(sentence, code)
        if code == 1:
            raise               # a mistake of ours: where it is belongs into a report
        return code
    if code == 130:
        return failed("Stopped before it was finished.", code)
    return code if isinstance(code, int) else 0


@cache
def _command() -> typer.core.TyperGroup:
    """All commands as click has them. Read out of their functions' signatures once: it takes a tenth of a second."""
    return typer.main.get_command(cineloom)


def explain(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code: 2 where the person who asked can do something about it, else 1."""
    if isinstance(error, CineloomError):
        return str(error), 2
    if isinstance(error, typer.TyperException):         # an option that is not there, a number that is none
        context = getattr(error, "ctx", None)
        said = error.format_message().rstrip(".")
        return f"{said}. See `{context.command_path if context else 'cineloom'} --help`.", 2
    text = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:    # torch's own words
        return "There was not enough memory for this; a smaller size or fewer seconds would fit.", 2
    return f"Something broke inside Cineloom ({type(error).__name__}: {text[:300]}).", 1


if __name__ == "__main__":
    sys.exit(main())
