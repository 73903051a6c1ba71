"""`cineloom models` and `doctor`: what there is, and whether all is well."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from app.commands.saying import AsJson, answer, bar


def register(app: typer.Typer) -> None:
    """Add the commands."""
    models = typer.Typer(help="Say which models there are.")
    models.callback(invoke_without_command=True)(_models)
    models.command("list")(list_models)
    app.add_typer(models, name="models")
    app.command()(doctor)


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
