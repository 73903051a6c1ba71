"""`cineloom bench`: how fast this machine is, what full size and a minute of film cost, what is lost when processes are killed, what broken files do,
how the page feels, how fast a long cut is edited."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from app import settings
from app.commands.saying import AsJson, Backend, answer, bar
from engine.errors import BadRequest

Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to store the figures in, as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    benches = typer.Typer(help="Measure how fast this machine makes film; or, with a name, something else.")
    benches.callback(invoke_without_command=True)(speed)
    benches.command()(large)
    benches.command()(kills)
    benches.command()(library)
    benches.command()(media)
    benches.command()(page)
    benches.command()(cut)
    benches.command()(render)
    benches.command("engine")(engine_)
    app.add_typer(benches, name="bench")


class Figures(Protocol):
    """What a measurement ends with; one that can be passed or not has `well` too."""

    def to_json(self) -> dict: ...

    def text(self) -> str: ...


def measured(beginning: str, events: Iterable[str | Figures], out: Path | None, as_json: bool) -> None:
    """Show what is being measured while it is, then answer with the figures, the last of `events`.

    Leaves with exit code 1 when the figures say that all is not well.
    """
    from engine.media.writing import write_bytes

    with bar(beginning) as shown:
        for event in events:
            if isinstance(event, str):
                shown.show(event)
    facts = event.to_json()
    if out is not None:
        write_bytes(out, (json.dumps(facts, indent=1) + "\n").encode())
    answer(facts, event.text(), as_json)
    if not getattr(event, "well", True):
        raise typer.Exit(1)


def speed(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Three rounds instead of seven.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, max=1000, help="How many times everything is measured.", show_default="7")] = None,
    out: Out = None,
    backend: Backend = "",
    as_json: AsJson = False,
) -> None:
    """Measure how fast this machine makes film.

    A film of 2 seconds at 256x144, several times; medians are set beside what they should be.
    """
    if context.invoked_subcommand is not None:
        return
    from engine.bench import measure

    name = backend or settings.backend()
    command = [sys.executable, "-m", "app.cli"]
    measured(f"opening {name}", measure(name, command, settings.ROOT, rounds or (3 if quick else 7)), out, as_json)


def large(
    seconds: Annotated[float, typer.Option(min=0.25, max=600, help="Length of the films at full size.")] = 6.0,
    long: Annotated[float, typer.Option(min=0, max=3600, help="Length of the long take; 0 for none.")] = 60.0,
    size: Annotated[list[str] | None, typer.Option(help="A full size, width x height; may be said again.", show_default="1920x1080 and 1080x1920")] = None,
    minute: Annotated[bool, typer.Option("--minute", help="Finish the long take at the first of those sizes too; that takes hours.")] = False,
    out: Out = None,
    backend: Backend = "",
    as_json: AsJson = False,
) -> None:
    """Measure what full size and a long take cost: time, memory, and whether the draft is still what one sees.

    Drafts of 6 seconds are made and finished at full size; a take of a minute is set beside one of 6 seconds.
    """
    from engine import bench

    name = backend or settings.backend()
    command = [sys.executable, "-m", "app.cli"]
    events = bench.finish(name, command, settings.ROOT, seconds=seconds, long=long, sizes=size or ("1920x1080", "1080x1920"), minute=minute)
    measured(f"opening {name}", events, out, as_json)


def engine_(
    shape: Annotated[str, typer.Option(help="Of the random weights: small, 1.3b or 14b, the last two for an accelerator.")] = "small",
    size: Annotated[list[str] | None, typer.Option(help="Width x height x pictures; may be said again.", show_default="64x64x9, 128x96x17 and 256x144x17; of caches 128x96x17")] = None,
    steps: Annotated[int | None, typer.Option(min=1, max=200, show_default="8, and 30 of caches")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=100)] = 5,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    caches: Annotated[bool, typer.Option("--caches", help="Set each cache beside the same time with fewer steps instead.")] = False,
    cache: Annotated[list[str] | None, typer.Option(metavar="NAME [AMOUNT]", help="A cache to be set so; may be said again.", show_default="each, as it is usual")] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Set our one loop beside the loop of a family's own pipeline: time and memory, on the same random weights, in turns.

    Every row says whether the aim is met: neither more time than theirs nor more memory; of a cache, a film that is nearer to
    the whole one than fewer steps are in the same time.
    """
    from engine import bench

    try:
        sizes = [tuple(int(side) for side in one.lower().split("x")) for one in size or ()]
        if any(len(one) != 3 for one in sizes):
            raise ValueError
    except ValueError:
        raise BadRequest(f"A size is width x height x pictures, such as 128x96x17; {', '.join(size)} was asked.") from None
    if caches or cache:
        more = ({"sizes": sizes} if sizes else {}) | ({"caches": cache} if cache else {})
        measured("drawing weights", bench.caches(shape=shape, rounds=rounds, steps=steps or 30, device=device, **more), out, as_json)
        return
    more = {"sizes": sizes} if sizes else {}
    steps = steps or 8
    measured("drawing weights", bench.beside(shape=shape, rounds=rounds, steps=steps, device=device, **more), out, as_json)


def kills(
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many processes are killed.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed chooses the same victims.")] = 1,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Kill studio, worker and writer at random moments, and see what is lost.

    Real jobs of a model without weights, in a folder of their own that is gone afterwards. 200 take about 20 minutes.
    """
    from engine.bench import kill

    command = [sys.executable, "-m", "app.cli", "studio", "--no-open"]
    measured("opening a studio", kill(command, settings.ROOT, count, seed), out, as_json)


def media(
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many files are broken.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed breaks the same files the same way.")] = 1,
    clips: Annotated[Path | None, typer.Option(help="Folder of films and pictures to break, besides those that are drawn for it.")] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Break thousands of media files, and see what their readers do.

    Every one must be read or refused with a sentence, and none may break or stop the studio. 2,000 take some minutes.
    """
    from engine.bench import break_files

    measured("drawing clips", break_files(count, seed, sorted(clips.glob("*.*")) if clips else ()), out, as_json)


def library(
    takes: Annotated[int, typer.Option(min=100, max=10_000_000, help="How many takes the project has.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, max=10_000, help="How often each kind of search is made.")] = 40,
    kills: Annotated[int, typer.Option(min=0, max=10_000, help="Kill a writer so many times instead, and see what is lost.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed draws the same takes.")] = 0,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast a project with very many takes is.

    Opening it, a page, a search, one more take: percentiles beside what they should be. The project is made for it, in the
    folder of your projects, and gone afterwards. 100,000 takes need half a gigabyte and a few minutes.
    """
    from engine import bench

    with beside_projects() as folder:
        measured("drawing takes", bench.kill_writers(folder, kills, seed) if kills else bench.search(folder, takes, rounds, seed), out, as_json)


def cut(
    clips: Annotated[int, typer.Option(min=10, max=2000, help="How many clips of film it has, in thirty minutes.")] = 200,
    edits: Annotated[int, typer.Option(min=10, max=100_000, help="How many edits are made.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed makes the same edits.")] = 1,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast a long cut is edited, and how much its history takes.

    The project is made for it, in the folder of your projects, and gone afterwards. 300 edits take some seconds.
    """
    from engine import bench

    with beside_projects() as folder:
        measured("laying clips", bench.cut(folder, clips, edits, seed), out, as_json)


def render(
    clips: Annotated[int, typer.Option(min=10, max=2000, help="How many clips it has.")] = 200,
    minutes: Annotated[float, typer.Option(min=0.5, max=600, help="How long it is.")] = 30.0,
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "256x144",
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often a tenth of it is rendered, and by ffmpeg.")] = 3,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast a long cut is rendered, beside plain ffmpeg, and whether memory stays flat.

    The project is made for it, in the folder of your projects, and gone afterwards. Takes some minutes.
    """
    from app.commands.library import as_size
    from engine import bench

    command = [sys.executable, "-m", "app.cli"]
    with beside_projects() as folder:
        measured("drawing takes", bench.render(command, settings.ROOT, folder, clips=clips, minutes=minutes, size=as_size(size) or (256, 144), rounds=rounds), out, as_json)


@contextmanager
def beside_projects() -> Iterator[Path]:
    """A folder that goes away again, on the disk that is asked about, and no project."""
    home = settings.home(None)
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def page(
    takes: Annotated[int, typer.Option(min=100, max=1_000_000, help="How many takes the large project has.")] = 10_000,
    out: Out = None,
    backend: Backend = "",
    as_json: AsJson = False,
) -> None:
    """Measure the page in Chromium: how soon it is there, how fast it answers, what it costs while idle.

    And how a project of very many takes scrolls. Needs Chromium and playwright; takes about two minutes.
    """
    import os

    from engine.bench import look

    os.environ["CINELOOM_BACKEND"] = backend or settings.backend()
    measured("looking for Chromium", look([sys.executable, "-m", "app.cli", "studio", "--no-open"], settings.ROOT, takes), out, as_json)
