"""`cineloom models`, `doctor` and `bench`: what there is, whether all is well, how fast it is."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from app.commands.saying import AsJson, Backend, answer, bar


def register(app: typer.Typer) -> None:
    """Add the commands."""
    models = typer.Typer(help="Say which models there are.")
    models.callback(invoke_without_command=True)(_models)
    models.command("list")(list_models)
    app.add_typer(models, name="models")
    app.command()(doctor)
    benches = typer.Typer(help="Measure how fast this machine makes film; or, with a name, something else.")
    benches.callback(invoke_without_command=True)(bench)
    benches.command()(kills)
    benches.command("library")(bench_library)
    benches.command()(media)
    app.add_typer(benches, name="bench")


def _models(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_models(as_json)


def list_models(as_json: AsJson = False) -> None:
    """List the models, with their sizes and steps."""
    from engine.denoisers.catalog import describe, names

    rows = [describe(name) for name in names()]
    facts = [{"name": row.name, "title": row.title, "about": row.about, "default_steps": row.default_steps, "steps": list(row.steps),
              "fps": row.grid.rate, "sizes": [{"shape": shape, "width": w, "height": h} for shape, w, h in row.sizes],
              "words": len(row.vocabulary) or None} for row in rows]
    words = [f"{row.name:<8} {row.about}\n{'':<8} {row.grid.rate} pictures a second, "
             f"{'/'.join(map(str, row.steps))} steps; {', '.join(f'{w}x{h}' for _, w, h in row.sizes)} and others" for row in rows]
    answer({"models": facts}, "\n".join(words), as_json)


def doctor(
    home: Annotated[Path | None, typer.Option(help="Folder of your projects, to see whether it can be written.")] = None,
    as_json: AsJson = False,
) -> None:
    """See whether this machine has all it needs.

    Says what to do about what is missing or damaged.
    """
    from engine.doctor import examine

    checks = []
    with bar("looking") as shown:
        for check in examine(settings.home(home)):
            shown.show(check.name)
            checks.append(check)
    well = all(check.state != "bad" for check in checks)
    marks = {"well": "ok ", "mind": "!  ", "bad": "BAD"}
    words = [f"{marks[check.state]} {check.name:<12} {check.says}" + (f"\n{'':<16} {check.remedy}" if check.remedy else "") for check in checks]
    words.append("All is well." if well else "Something is missing: see the lines marked BAD.")
    answer({"well": well, "checks": [asdict(check) for check in checks]}, "\n".join(words), as_json)
    if not well:
        raise typer.Exit(1)


def bench(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Three rounds instead of seven.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, max=1000, help="How many times everything is measured.", show_default="7")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to store the figures in, as JSON.")] = None,
    backend: Backend = "",
    as_json: AsJson = False,
) -> None:
    """Measure how fast this machine makes film.

    A film of 2 seconds at 256x144, several times; medians are set beside what they should be.
    """
    if context.invoked_subcommand is not None:
        return
    import json

    from engine.bench import measure
    from engine.media.writing import write_bytes

    name = backend or settings.backend()
    result = None
    with bar(f"opening {name}") as shown:
        for event in measure(name, [sys.executable, "-m", "app.cli"], settings.ROOT, rounds or (3 if quick else 7)):
            if isinstance(event, str):
                shown.show(event)
            else:
                result = event
    if out is not None:
        write_bytes(out, (json.dumps(result.to_json(), indent=1) + "\n").encode())
    answer(result.to_json(), result.text(), as_json)


def kills(
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many processes are killed.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed chooses the same victims.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to store the figures in, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Kill studio, worker and writer at random moments, and see what is lost.

    Real jobs of a model without weights, in a folder of their own that is gone afterwards. 200 take about 20 minutes.
    """
    import json

    from engine.bench import kill
    from engine.media.writing import write_bytes

    result = None
    with bar("opening a studio") as shown:
        for event in kill([sys.executable, "-m", "app.cli", "studio", "--no-open"], settings.ROOT, count, seed):
            if isinstance(event, str):
                shown.show(event)
            else:
                result = event
    if out is not None:
        write_bytes(out, (json.dumps(result.to_json(), indent=1) + "\n").encode())
    answer(result.to_json(), result.text(), as_json)
    if not result.well:
        raise typer.Exit(1)


def media(
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many files are broken.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed breaks the same files the same way.")] = 1,
    clips: Annotated[Path | None, typer.Option(help="Folder of films and pictures to break, besides those that are drawn for it.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to store the figures in, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Break thousands of media files, and see what their readers do.

    Every one must be read or refused with a sentence, and none may break or stop the studio. 2,000 take some minutes.
    """
    import json

    from engine.bench import break_files
    from engine.media.writing import write_bytes

    result = None
    with bar("drawing clips") as shown:
        for event in break_files(count, seed, sorted(clips.glob("*.*")) if clips else ()):
            if isinstance(event, str):
                shown.show(event)
            else:
                result = event
    if out is not None:
        write_bytes(out, (json.dumps(result.to_json(), indent=1) + "\n").encode())
    answer(result.to_json(), result.text(), as_json)
    if not result.well:
        raise typer.Exit(1)


def bench_library(
    takes: Annotated[int, typer.Option(min=100, max=10_000_000, help="How many takes the project has.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, max=10_000, help="How often each kind of search is made.")] = 40,
    kills: Annotated[int, typer.Option(min=0, max=10_000, help="Kill a writer so many times instead, and see what is lost.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed draws the same takes.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to store the figures in, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast a project with very many takes is.

    Opening it, a page, a search, one more take: percentiles beside what they should be. The project is made for it, in the
    folder of your projects, and gone afterwards. 100,000 takes need half a gigabyte and a few minutes.
    """
    import json
    import shutil
    import tempfile

    from engine.bench import library, library_kills
    from engine.media.writing import write_bytes

    home = settings.home(None)
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=home))      # on the disk that is asked about, and no project
    try:
        with bar("drawing takes") as shown:
            for event in library_kills.measure(folder, kills, seed) if kills else library.measure(folder, takes, rounds, seed):
                if isinstance(event, str):
                    shown.show(event)
                else:
                    result = event
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if out is not None:
        write_bytes(out, (json.dumps(result.to_json(), indent=1) + "\n").encode())
    answer(result.to_json(), result.text(), as_json)
    if kills and not result.well:
        raise typer.Exit(1)
