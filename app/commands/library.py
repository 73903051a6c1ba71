"""`cineloom library`: the takes of a project, seen, searched, marked, checked, brought in and taken out.

Knows names, options and what is printed. What a library is, is engine.library's.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import settings
from app.commands.saying import AsJson, answer, bar, long
from engine.errors import BadRequest

if TYPE_CHECKING:
    from engine.library import Library, Take

FIRST_PROJECT = "my-films"
SHORT = 48              # characters of a prompt in the list

Home = Annotated[Path | None, typer.Option(help="Folder of your projects.", show_default="where the studio keeps them")]
Project = Annotated[str, typer.Option(help="Its name.")]
Id = Annotated[str, typer.Argument(metavar="TAKE", help="Its id, or as much of the beginning as no other has.")]
Ids = Annotated[list[str], typer.Argument(metavar="TAKE...", help="Their ids, or as much of the beginning as no other has.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    library = typer.Typer(help="See, search, mark, check, bring in and take out the takes of a project.")
    library.callback(invoke_without_command=True)(_library)
    library.command("list")(list_takes)
    library.command("import")(import_files)
    for command in (projects, show, search, tag, rate, note, caption, favourite, trash, restore, empty, check, export, open_zip):
        library.command(command.__name__.replace("_", "-"))(command)
    app.add_typer(library, name="library")


def _library(context: typer.Context, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_takes(home=home, project=project, as_json=as_json)


# ---- seeing

def projects(home: Home = None, as_json: AsJson = False) -> None:
    """List the projects."""
    from engine.library.library import projects

    names = projects(settings.home(home))
    answer({"projects": names}, "\n".join(names) or "There is no project yet; `cineloom studio` begins one.", as_json)


Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only takes with this tag; several must all be there.")]
Rating = Annotated[int, typer.Option(min=0, max=5, help="Only takes of this rating or better.")]
Operation = Annotated[str, typer.Option(help="Only takes made this way: text, image, animate, import, ...")]
Model = Annotated[str, typer.Option(help="Only takes made by this model.")]
Size = Annotated[str, typer.Option(help="Only takes of this width x height.")]
Since = Annotated[str, typer.Option(metavar="DATE", help="Only takes made on this day or later, as 2026-11-22.")]
Until = Annotated[str, typer.Option(metavar="DATE", help="Only takes made on this day or earlier.")]
Favourites = Annotated[bool, typer.Option("--favourites", help="Only favourites.")]
Trashed = Annotated[bool, typer.Option("--trash", help="What is in the trash, instead.")]
Missing = Annotated[bool, typer.Option("--missing", help="Only takes whose film the last check did not find.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="How many on a page.")]
Before = Annotated[int | None, typer.Option(metavar="NUMBER", help="The next page: the number of the last take of this one.")]


def list_takes(tag: Tags = None, rating: Rating = 0, operation: Operation = "", model: Model = "", size: Size = "", since: Since = "", until: Until = "",
               favourites: Favourites = False, trashed: Trashed = False, missing: Missing = False, limit: Limit = 60, before: Before = None,
               home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """List the takes, newest first."""
    search("", tag, rating, operation, model, size, since, until, favourites, trashed, missing, limit, before, home, project, as_json)


def search(words: Annotated[str, typer.Argument(help="Words that stand in prompt, caption, notes or tags; the last may be half typed.")],
           tag: Tags = None, rating: Rating = 0, operation: Operation = "", model: Model = "", size: Size = "", since: Since = "", until: Until = "",
           favourites: Favourites = False, trashed: Trashed = False, missing: Missing = False, limit: Limit = 60, before: Before = None,
           home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Find takes by words."""
    library = open_project(home, project)
    page = library.takes(words, tags=tag or [], rating=rating, operation=operation, model=model, size=as_size(size), since=_day(since),
                         until=_day(until, 1), favourites=favourites, trashed=trashed, missing=missing, limit=limit, before=before)  # fmt: skip
    more = page[-1].number if len(page) == limit else None
    lines = [_line(take) for take in page]
    if more is not None:
        lines.append(f"There may be more: --before {more}")
    answer({"takes": [take.to_json() for take in page], "next": more, "all": library.count(trashed)}, "\n".join(lines) or "There is no such take.", as_json)


def show(take: Id, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Say everything about a take: its files, its recipe, what it was made from and what was made from it."""
    library, one = _one(home, project, take)
    up, down = library.ancestors(one.id), library.descendants(one.id)
    facts = {"take": one.to_json() | {"film": str(one.file("film"))}, "ancestors": [e.to_json() for e in up], "descendants": [e.to_json() for e in down]}
    when = datetime.datetime.fromtimestamp(one.created).strftime("%Y-%m-%d %H:%M")
    lines = [_line(one), f"film        {one.file('film')}{'  (missing)' if one.missing else ''}",
             f"made        {when}, {one.operation}, {one.backend or 'elsewhere'} {one.version}, seed {one.seed}, {one.steps} steps",
             f"size        {one.width}x{one.height}, {one.pictures:,} pictures at {one.rate:g} a second"]  # fmt: skip
    lines += [f"{name:<11} {value}" for name, value in (("caption", one.caption), ("notes", one.notes), ("tags", ", ".join(one.tags))) if value]
    lines += [f"from        {e.parent} [{e.start}, {e.stop}) {e.role}{'  (gone)' if e.gone else ''} -> {e.child}" for e in up]
    lines += [f"led to      {e.child}, from [{e.start}, {e.stop}) {e.role} of {e.parent}" for e in down]
    answer(facts, "\n".join(lines), as_json)


# ---- marking

def tag(take: Id, tags: Annotated[list[str] | None, typer.Argument(help="Tags to put on.")] = None,
        remove: Annotated[list[str] | None, typer.Option("--remove", help="A tag to take off; as many as you like.")] = None,
        home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Put tags on a take, or take them off."""
    _change(home, project, [take], lambda library, id: library.tag(id, tags or [], remove or []), as_json)


def rate(take: Id, rating: Annotated[int, typer.Argument(help="1 to 5; 0 takes it off.")], home: Home = None, project: Project = FIRST_PROJECT,
         as_json: AsJson = False) -> None:
    """Rate a take."""
    _change(home, project, [take], lambda library, id: library.rate(id, rating), as_json)


def note(take: Id, words: Annotated[str, typer.Argument(help="The note; it replaces the one before.")], home: Home = None,
         project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Write a take's notes."""
    _change(home, project, [take], lambda library, id: library.note(id, words), as_json)


def caption(take: Id, words: Annotated[str, typer.Argument(help="What is seen; it replaces the caption before.")], home: Home = None,
            project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Write a take's caption."""
    _change(home, project, [take], lambda library, id: library.caption(id, words), as_json)


def favourite(takes: Ids, off: Annotated[bool, typer.Option("--off", help="Take the mark off.")] = False, home: Home = None,
              project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Mark takes as favourites."""
    _change(home, project, takes, lambda library, id: library.favourite(id, not off), as_json)


def trash(takes: Ids, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Put takes into the trash; their files stay until it is emptied."""
    _change(home, project, takes, lambda library, id: library.trash(id), as_json)


def restore(takes: Ids, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Take takes out of the trash again."""
    _change(home, project, takes, lambda library, id: library.restore(id), as_json)


def empty(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, home: Home = None, project: Project = FIRST_PROJECT,
          as_json: AsJson = False) -> None:
    """Remove what is in the trash for good, files and all."""
    library = open_project(home, project)
    count = library.count(trashed=True)
    if count and not yes:
        raise BadRequest(f"{_takes(count)} would be gone for good; say --yes to do it.")
    with bar("emptying the trash"):
        gone = library.empty_trash()
    answer({"removed": gone}, f"{_takes(gone)} removed.", as_json)


# ---- keeping

def check(look_only: Annotated[bool, typer.Option("--look-only", help="Say what is wrong and leave it.")] = False, home: Home = None,
          project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Hold rows and files against each other, and mend what differs.

    Nothing that somebody may want is removed: what belongs to nothing goes into the folder lost-and-found.
    """
    found = long(open_project(home, project).check(not look_only), "checking")
    words = {"arrived": "finished, which a killed process had left on the way", "adopted": "taken in: films without a row", "lost": "files that belong to nothing",
             "missing": "takes whose film is missing", "healed": "takes whose film is back", "changed": "takes whose film is not as long as it was",
             "remade": "takes with a new poster or strip", "unseen": "takes without poster or strip", "without_latents": "takes without latents: they start from the film now",
             "damaged": "faults of the database"}  # fmt: skip
    lines = [f"{len(there):>5} {said}: {', '.join(there[:5])}{', ...' if len(there) > 5 else ''}" for name, said in words.items() if (there := getattr(found, name))]
    answer(found.to_json(), "\n".join([f"{_takes(found.takes)} looked at." + ("" if lines else " All is well."), *lines]), as_json)


def import_files(files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Films or pictures.")],
                 tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag for them; as many as you like.")] = None,
                 home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Copy films and pictures into the project as takes.

    A file that carries its recipe is known again by it.
    """
    library, takes = open_project(home, project), []
    for file in files:
        takes.append(long(library.import_file(file, tag or []), f"importing {Path(file).name}"))
    answer({"takes": [take.to_json() for take in takes]}, "\n".join(map(_line, takes)), as_json)


def export(zip: Annotated[Path, typer.Argument(help="File to write, replaced when the new one is whole.")], home: Home = None,
           project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Write the whole project into one zip."""
    library = open_project(home, project)
    path = long(library.export(zip), "packing")
    size = path.stat().st_size
    answer({"path": str(path), "takes": library.count() + library.count(True), "bytes": size}, f"{path}: {size / 1e6:,.1f} MB", as_json)


def open_zip(zip: Annotated[Path, typer.Argument(help="A project's zip.")], home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Bring the takes of a project's zip in, all or none; into a new project with --project."""
    from engine.library.library import projects

    there = project in projects(settings.home(home))
    library = open_project(home, project, new=True)
    try:
        found = long(library.open_zip(zip), "opening")
    except BaseException:
        if not there and not library.count() and not library.count(True):       # a project that was made for it goes with it
            library.store.close()
            shutil.rmtree(library.folder, ignore_errors=True)
        raise
    words = [f"{_takes(found.takes)} came in."]
    if found.already:
        words.append(f"{_takes(found.already)} were here already.")
    if found.cuts:
        words.append(f"{found.cuts:,} cut{'' if found.cuts == 1 else 's'} came with them.")
    if found.renamed:
        words.append(f"{_takes(len(found.renamed))} got a new id, because another take has theirs here.")
    answer({"takes": found.takes, "already": found.already, "renamed": found.renamed, "cuts": found.cuts}, " ".join(words), as_json)


# ---- helpers

def open_project(home: Path | None, project: str, new: bool = False) -> Library:
    """The project; a name that is mistyped makes no folder. Raises BadRequest."""
    from engine.library import Library
    from engine.library.library import projects

    there = projects(settings.home(home))
    if not new and project not in (*there, FIRST_PROJECT):
        raise BadRequest(f"There is no project {project[:80]!r} in {settings.home(home)}; there is {', '.join(there) or 'none'}.")
    return Library.open(settings.home(home), project)


def _one(home: Path | None, project: str, id: str) -> tuple[Library, Take]:
    library = open_project(home, project)
    return library, named(library, id)


def named(library: Library, id: str) -> Take:
    """The take of that id, or the only one whose id begins so. Raises BadRequest."""
    take = library.take(id)
    if take is None and id.isalnum() and id.isascii():
        found = library.store.rows("select id from takes where id glob ? limit 3", [id + "*"])
        if len(found) > 1:
            raise BadRequest(f"Several takes begin with {id!r}: {', '.join(row['id'] for row in found)}; say more of it.")
        take = library.take(found[0]["id"]) if found else None
    if take is None:
        raise BadRequest(f"There is no take {id[:40]!r} in this project; `cineloom library list` says which there are.")
    return take


def _change(home: Path | None, project: str, ids: list[str], act: Callable[[Library, str], Take], as_json: bool) -> None:
    library = open_project(home, project)
    takes = [act(library, one.id) for one in [named(library, id) for id in ids]]      # all are found before one is changed
    facts: dict[str, Any] = {"takes": [take.to_json() for take in takes]}
    answer(facts, "\n".join(map(_line, takes)), as_json)


def _line(take: Take) -> str:
    words = take.prompt or take.caption or take.notes.partition("\n")[0]
    words = "".join(char if char.isprintable() else " " for char in words)
    short = words if len(words) <= SHORT else words[: SHORT - 1] + "…"
    length = f"{take.seconds:.1f} s" if take.pictures > 1 else "still"
    marks = ("★" * take.rating + " ♥" * take.favourite + " in the trash" * (take.trashed is not None) + " MISSING" * (take.state == "missing")
             + "".join(f" #{tag}" for tag in take.tags)).strip()  # fmt: skip
    return f"{take.id:<11} {take.width}x{take.height} {length:>7}  {short}" + (f"  {marks}" if marks else "")


def _takes(count: int) -> str:
    return f"{count:,} take{'' if count == 1 else 's'}"


def as_size(words: str) -> tuple[int, int] | None:
    """Width x height as two numbers; None for "". Raises BadRequest."""
    if not words:
        return None
    width, _, height = words.lower().replace("×", "x").partition("x")
    if not (width.isdecimal() and height.isdecimal() and max(len(width), len(height)) < 7):
        raise BadRequest(f"A size is a width and a height in pixels, such as 256x144; {words[:40]!r} was asked.")
    return int(width), int(height)


def _day(words: str, later: int = 0) -> float | None:
    """The beginning of a day, here, in seconds since 1970; `later` days after it."""
    if not words:
        return None
    try:
        day = datetime.datetime.strptime(words, "%Y-%m-%d") + datetime.timedelta(days=later)
        return day.timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise BadRequest(f"A date is year, month and day, such as 2026-11-22; {words[:40]!r} was asked.") from error
