"""How fast a machine makes film: see `speed`; at full size and for a minute: `large`; how fast a large project is: `library`. What is lost when processes are killed:
`kills`, `library_kills`. What broken files do to their readers: `mischief`. How the page feels: `page`. How fast a long cut is edited: `cutting`. Our loop beside diffusers' own: `opened`; caches beside fewer steps: `cached`. Importing this loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.bench.cached import Cached
    from engine.bench.cutting import Figures as Cutting
    from engine.bench.large import Large
    from engine.bench.library import Figures
    from engine.bench.library_kills import Kills as WriterKills
    from engine.bench.mischief import Mischief
    from engine.bench.opened import Opened
    from engine.bench.page import Page
    from engine.bench.rendering import Figures as Rendering
    from engine.bench.speed import Bench
    from engine.bench.toll import Kills


def measure(model: str, command: Sequence[str], folder: Path | str, rounds: int) -> Iterator[str | Bench]:
    """See `engine.bench.speed.measure`."""
    from engine.bench import speed

    yield from speed.measure(model, command, folder, rounds)


def finish(model: str, command: Sequence[str], folder: Path | str, **more) -> Iterator[str | Large]:
    """See `engine.bench.large.measure`."""
    from engine.bench import large

    yield from large.measure(model, command, folder, **more)


def kill(studio: Sequence[str], root: Path | str, count: int, seed: int, **more) -> Iterator[str | Kills]:
    """See `engine.bench.kills.kill`."""
    from engine.bench import kills

    yield from kills.kill(studio, root, count, seed, **more)


def break_files(count: int, seed: int, clips: Sequence[Path] = ()) -> Iterator[str | Mischief]:
    """See `engine.bench.mischief.run`."""
    from engine.bench import mischief

    yield from mischief.run(count, seed, clips)


def search(folder: Path, takes: int, rounds: int, seed: int) -> Iterator[str | Figures]:
    """See `engine.bench.library.measure`."""
    from engine.bench import library

    yield from library.measure(folder, takes, rounds, seed)


def kill_writers(folder: Path, count: int, seed: int) -> Iterator[str | WriterKills]:
    """See `engine.bench.library_kills.measure`."""
    from engine.bench import library_kills

    yield from library_kills.measure(folder, count, seed)


def look(command: Sequence[str], root: Path | str, takes: int) -> Iterator[str | Page]:
    """See `engine.bench.page.measure`."""
    from engine.bench import page

    yield from page.measure(command, root, takes)


def cut(folder: Path, clips: int, edits: int, seed: int) -> Iterator[str | Cutting]:
    """See `engine.bench.cutting.measure`."""
    from engine.bench import cutting

    yield from cutting.measure(folder, clips, edits, seed)


def render(command: Sequence[str], root: Path | str, folder: Path, **more) -> Iterator[str | Rendering]:
    """See `engine.bench.rendering.measure`."""
    from engine.bench import rendering

    yield from rendering.measure(command, root, folder, **more)


def caches(**more) -> Iterator[str | Cached]:
    """See `engine.bench.cached.measure`."""
    from engine.bench import cached

    yield from cached.measure(**more)


def beside(**more) -> Iterator[str | Opened]:
    """See `engine.bench.opened.measure`."""
    from engine.bench import opened

    yield from opened.measure(**more)
