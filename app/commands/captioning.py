"""`cineloom caption`: what a film shows, in a sentence; for all takes of a project that have no caption yet.

Knows names, options and what is printed. Who sees and speaks is engine.captioner's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.library import FIRST_PROJECT, Home, Project, named, open_project
from app.commands.saying import AsJson, answer, aside, bar
from engine.errors import BadMedia, BadRequest

if TYPE_CHECKING:
    from engine.captioner.captioner import Caption, Captioner
    from engine.library import Library, Take


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(caption)


def caption(
    films: Annotated[list[str] | None, typer.Argument(metavar="FILM...", help="Films or pictures, or takes of the project by their ids.", show_default=False)] = None,
    short: Annotated[bool, typer.Option("--short", help="Thing, place and time alone.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every take of the project that has no caption; each is kept, and found by search.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --all: those too that have one from a captioner; what a person wrote stays.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Write it down with the takes that were named.")] = False,
    captioner: Annotated[Path | None, typer.Option("--captioner", metavar="FOLDER", help="A vision-language model as transformers keeps it, in safetensors.", show_default="the built-in one")] = None,
    home: Home = None,
    project: Project = FIRST_PROJECT,
    as_json: AsJson = False,
) -> None:
    """Say in a sentence what a film shows.

    The built-in captioner knows the paper world alone, and says so of film that shows another; for that, name the folder of
    a vision-language model. Nothing leaves this machine.
    """
    films = films or []
    if everything == bool(films):
        raise BadRequest("Say which films, or --all for every take of the project." if not films else "Name films, or say --all; both were said.")
    if again and not everything:
        raise BadRequest("--again goes with --all; a take that is named is captioned anew with --keep.")
    library = open_project(home, project) if everything or keep or not all(Path(film).is_file() for film in films) else None
    takes, left = _all(library, again) if everything else ([], 0)
    wanted = [(take, take.file("film")) for take in takes] if everything else [_film(library, film, keep) for film in films]
    if again and left:
        aside(f"{left:,} caption{' that no captioner wrote stays' if left == 1 else 's that no captioner wrote stay'}; --keep replaces that of a take that is named.")
    with bar("opening the captioner") as shown:
        speaker = _open(captioner) if wanted else None
        rows = []
        for number, (take, film) in enumerate(wanted):
            shown.show(f"looking at {film.name}", number, len(wanted))
            try:
                said = _said(speaker, film, short)
            except BadMedia as error:
                if not everything:
                    raise
                aside(f"{film.name}: {error}")
                continue
            if take is not None and said.text and (keep or everything and _open_to(library.take(take.id), again)):     # who wrote one meanwhile keeps it
                library.caption(take.id, said.text, speaker.name)
            rows.append({"film": str(film), "take": take.id if take else None, "caption": said.text, "certainty": said.certainty, "note": said.note})
    facts = {"captions": rows, "captioner": speaker.name if speaker else "", "kept": sum(bool(row["caption"] and row["take"]) for row in rows) if everything or keep else 0, "left": left}
    named_ones = len(rows) > 1 or everything
    lines = [(f"{row['take'] or Path(row['film']).name}  " if named_ones else "") + (row["caption"] or row["note"]) for row in rows]
    answer(facts, "\n".join(lines) or "Every take has a caption.", as_json)


def _film(library: Library | None, asked: str, keep: bool) -> tuple[Take | None, Path]:
    """A file, or a take of the project. Raises BadRequest."""
    if Path(asked).is_file():
        if keep:
            raise BadRequest(f"{Path(asked).name!r:.80} is a file; --keep is for takes. `cineloom library import` makes it one.")
        return None, Path(asked)
    if not asked.isalnum():
        raise BadRequest(f"There is no film or picture at {asked[-200:]!r}.")
    take = named(library, asked)
    return take, take.file("film")


def _all(library: Library, again: bool) -> tuple[list[Take], int]:
    """Every take that is not in the trash and has no caption, oldest first; with `again` those too whose caption a captioner wrote.

    And how many are left alone because a person wrote theirs, or nobody knows who did: the older studio did not ask.
    """
    takes: list[Take] = []
    while page := library.takes(limit=500, before=takes[-1].number if takes else None):
        takes += page
    there = [take for take in reversed(takes) if not take.missing]
    return [take for take in there if _open_to(take, again)], sum(bool(take.caption and not take.captioner) for take in there)


def _open_to(take: Take | None, again: bool) -> bool:
    """Whether a captioner may write a take's caption unasked."""
    return take is not None and (not take.caption or again and bool(take.captioner))


def _open(folder: Path | None) -> Captioner:
    if folder is None:
        from engine.captioner.captioner import BuiltIn

        return BuiltIn.open()
    from engine.captioner.vision import Vision

    return Vision(folder)


def _said(speaker: Captioner, film: Path, short: bool) -> Caption:
    from engine.captioner.seeing import seen

    return speaker.describe(seen(film), short)
