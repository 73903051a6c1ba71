"""How commands speak: in words or as one line of JSON on stdout; bars and asides on stderr.

Knows the terminal. Knows no command.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one line of JSON.")]
Backend = Annotated[str, typer.Option("--model", "--backend", help="Which model; `cineloom models list` says which there are.", show_default="the built-in one")]


def answer(facts: dict[str, Any], words: str, as_json: bool) -> None:
    """The result: `facts` as one line of JSON, or `words`."""
    # ASCII, so that no locale can break a line that a program reads.
    print(json.dumps(facts) if as_json else words, flush=True)


def aside(words: str) -> None:
    """Something worth knowing on the way, on stderr: programs read stdout."""
    print(words, file=sys.stderr, flush=True)


class Bar:
    """One line at the bottom of the terminal: what is being done, how far it is, how long it has taken."""

    def __init__(self, progress=None, words: str = ""):
        self.progress = progress
        self.task = None if progress is None else progress.add_task(words, total=None)

    def show(self, words: str, done: float | None = None, total: float | None = None) -> None:
        """Say what is being done; without numbers the bar only moves."""
        if self.progress is not None:
            self.progress.update(self.task, description=words, completed=done or 0, total=total)

    def aside(self, words: str) -> None:
        """A line above the bar that stays."""
        if self.progress is None:
            aside(words)
        else:
            self.progress.console.print(words, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def bar(words: str) -> Iterator[Bar]:
    """A bar on stderr while something takes long, gone when it is over; nothing at all where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress, words)


def long(events: Iterator, words: str) -> Any:
    """Run something that takes its time, with a bar; what came of it at last."""
    from engine.library import finish

    with bar(words) as shown:
        return finish(events, lambda progress: shown.show(progress.words, progress.done, progress.total or None))
