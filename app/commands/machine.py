"""`cineloom doctor`: whether all is well."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from app.commands.saying import AsJson, answer, bar


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(doctor)


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
