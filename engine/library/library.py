"""One project: a folder a person can copy, back up and open elsewhere.

    <home>/<project>/   library.db   media/ID.mp4   media/ID.json   posters/ID.jpg   posters/ID.strip.jpg   latents/ID.safetensors
                        inputs/      pictures to start from      sounds/   brought in for cuts      lost-and-found/   files that belonged to nothing
                        making/ID/   arriving/...   takes while they are made and come in; empty when nothing is going on

The door to the rooms beside it: what comes and goes is in arriving.py, pages in finding.py, descent in lineage.py; films
from outside in importing.py, zips in packing.py and unpacking.py, rows held against files in checking.py.
Invariants, whatever is killed when: an answered call is on the disk; a row has its files; a file without a row is gone, or
has its row, after the next opening. A film that somebody took away is a state of its take. Knows no model and no page.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadRequest, CannotWrite
from engine.library import arriving, checking, importing, lineage, packing, tidying, unpacking
from engine.library.arriving import Arrival
from engine.library.database import BUSY, Store, says_why
from engine.library.finding import Wanted, count, numbers
from engine.library.importing import Progress
from engine.library.take import FILES, Edge, Take

if TYPE_CHECKING:
    from engine.events import Made

FIRST_PROJECT = "my-films"
NEWEST = "m006_a_caption_says_who_wrote_it"      # the last step of schema.py


def new_id() -> str:
    """Ten letters for a job and its take: 50 bits of chance, nothing a file system or an address would mind."""
    return "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(10))


class Library:
    """The takes of one project. May be used from any thread and from several processes at once.

    Every method that changes something raises CannotWrite on a full disk, in a folder that may only be read, and when
    another process holds the database for longer than `patience`; then nothing has changed.
    """

    def __init__(self, folder: Path, *, patience: float = BUSY, clock: Callable[[], float] = time.time):
        """Open the project at `folder`, making it when it is not there; finish what a killed process left half-done.

        patience    seconds to wait for another process's write
        clock       seconds since 1970; only shown, never relied on
        Raises CannotWrite.
        """
        self.folder = Path(folder).resolve()
        self.clock = clock
        self.store = Store(self.folder / "library.db", "engine.library.schema", patience=patience, newest=NEWEST)
        if not self.store.readonly:
            with suppress(CannotWrite):     # a full disk keeps nobody from looking
                arriving.settle(self.store, self.folder)

    @classmethod
    def open(cls, home: Path | str, project: str = FIRST_PROJECT, **settings) -> Library:
        """The project of that name under `home`. Raises BadRequest for a name that is no plain folder name."""
        return cls(Path(home) / tidying.project_name(project), **settings)

    # ---- adding

    def staging(self, id: str, keep: str = "") -> Path:
        """A folder on the same disk, to make take `id` in: empty but for the files called `keep`, a name or a pattern."""
        folder = self.folder / "making" / id
        with says_why(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                elif not (keep and path.match(keep)):
                    path.unlink()
        return folder

    def clear_staging(self, wanted: Callable[[], Container[str]] = tuple) -> None:
        """Throw away what killed workers left half-made, but for the folders of the ids that are still `wanted`.

        wanted   asked once the folders have been listed: a job that is taken up meanwhile is either not in that list
                 or among the wanted
        """
        arriving.settle(self.store, self.folder)        # what was made and on its way in is not half-made
        there = list((self.folder / "making").glob("*"))
        keep = wanted() if there else ()
        for folder in there:
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def add_take(self, made: Made, id: str | None = None, parents: Iterable[Edge] = (), figures: dict | None = None) -> Take:
        """Move the files of `made` in and write its row. With an `id` that is there already, nothing changes.

        made      what engine.make finished: film, poster, strip and latents as files on the same disk
        id        of the job, so that a job that was killed between take and tick leaves one take and not two
        parents   what it was made from besides what its recipe says, see `lineage.edge`
        figures   what was measured of it, see `tidying.figures`
        Raises CannotWrite, BadRequest for an id that is none.
        """
        id = _id(id or new_id())
        film = Path(made.film)
        sources = {"poster": made.poster, "strip": made.strip, "latents": made.latents, "film": film}
        sources = {what: Path(path) for what, path in sources.items() if path is not None}
        names = {what: place(id, what, path.suffix) for what, path in sources.items()}
        recipe = made.recipe.to_json()
        with arriving.bay(self.store, self.folder) as bay:
            with says_why(self.folder):
                (bay / "recipe.json").write_text(recipe + "\n", encoding="utf-8")
                size = film.stat().st_size
            row = {
                "id": id,
                "created": self.clock(),
                "prompt": made.recipe.prompt,
                "operation": made.recipe.operation,
                "backend": made.recipe.backend,
                "version": made.recipe.version,
                "seed": str(made.recipe.seed),
                "steps": made.recipe.steps,
                "width": made.width,
                "height": made.height,
                "pictures": made.pictures,
                "rate": made.rate,
                "spent": made.seconds,
                "recipe": recipe,
                "bytes": size,
                "figures": json.dumps(tidying.figures(figures or {})),
                **{what: names.get(what, "") for what in FILES},
            }
            files = [(bay / "recipe.json", f"media/{id}.json"), *((path, names[what]) for what, path in sources.items())]
            edges = tuple({"was": e.parent, "start": e.start, "stop": e.stop, "role": e.role} for e in [*lineage.of_recipe(made.recipe, self.folder), *parents])
            arriving.come(self.store, self.folder, bay, [Arrival(row, tuple(files), edges)])
        return self.take(id)

    # ---- finding

    def take(self, id: str) -> Take | None:
        """One take by its id, in the trash or not."""
        if not isinstance(id, str) or not tidying.ID.fullmatch(id):
            return None
        rows = self.store.rows("select * from takes where id = ?", [id])
        return Take.from_row(rows[0], self.folder) if rows else None

    def takes(self, query: str = "", **wanted) -> list[Take]:
        """A page of takes, newest first; `finding.Wanted` says what can be asked for besides words.

            library.takes("red boat", tags=["sea"], rating=4, before=page[-1].number, limit=60)
        """
        found = numbers(self.store, Wanted(query, **wanted))
        rows = self.store.rows("select * from takes where number in (select value from json_each(?)) order by number desc", [json.dumps(found)])
        return [Take.from_row(row, self.folder) for row in rows]

    def found(self, query: str = "", **wanted) -> int:
        """How many takes `takes` would find on all its pages."""
        return count(self.store, Wanted(query, **wanted))

    def kinds(self) -> dict[str, list]:
        """What the takes that are not in the trash differ in, the commonest first: operations, models, sizes in pixels."""
        def each(columns: str) -> list[dict]:
            return self.store.rows(f"select {columns} from takes indexed by takes_facts where trashed is null group by {columns} order by count(*) desc, {columns}")

        return {"operations": [row["operation"] for row in each("operation")], "models": [row["backend"] for row in each("backend") if row["backend"]],
                "sizes": [(row["width"], row["height"]) for row in each("width, height")]}

    def count(self, trashed: bool = False) -> int:
        """How many takes there are."""
        sql = f"select count(*) as n from takes where trashed is {'not ' if trashed else ''}null"
        return self.store.rows(sql)[0]["n"]

    def tags(self) -> dict[str, int]:
        """Every tag with how many takes have it that are not in the trash, the commonest first."""
        sql = ("select tag, count(*) as n from tagged join takes indexed by takes_facts on takes.number = tagged.number "
               "where takes.trashed is null group by tag order by n desc, tag")  # fmt: skip
        return {row["tag"]: row["n"] for row in self.store.rows(sql)}

    def mark(self) -> int:
        """A number that grows with every change to the takes."""
        return self.store.rows("select count from changes")[0]["count"]

    # ---- changing: each returns the take as it now is, or None where there is none of that id

    def favourite(self, id: str, yes: bool = True) -> Take | None:
        """Mark a take, or take the mark off."""
        return self._set(id, "favourite", int(yes))

    def rate(self, id: str, rating: int) -> Take | None:
        """1 to 5; 0 takes the rating off. Raises BadRequest."""
        return self._set(id, "rating", tidying.rating(rating))

    def note(self, id: str, words: str) -> Take | None:
        """Replace its notes. Raises BadRequest for more than anybody reads."""
        return self._set(id, "notes", tidying.text(words, "note"))

    def caption(self, id: str, words: str, captioner: str = "") -> Take | None:
        """Replace its caption: what is seen, in words; and who wrote it, a captioner by its name, "" for a person. Raises BadRequest."""
        words, captioner = tidying.text(words, "caption"), tidying.text(captioner, "captioner's name")[:tidying.CAPTIONER]
        with self.store.writing() as db:
            db.conn.execute("update takes set caption = ?, captioner = ? where id = ?", [words, captioner, _word(id)])
        return self.take(id)

    def tag(self, id: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Take | None:
        """Put tags on and take tags off. Raises BadRequest for a tag that is empty or too long, or for too many."""
        add, remove = tidying.tags(add), set(tidying.tags(remove))
        with self.store.writing() as db:
            row = db.execute("select tags from takes where id = ?", [_word(id)]).fetchone()
            if row is not None:
                tags = tidying.tags([tag for tag in (*json.loads(row[0]), *add) if tag not in remove])
                db.conn.execute("update takes set tags = ? where id = ?", [json.dumps(tags, ensure_ascii=False), id])
        return self.take(id)

    def trash(self, id: str) -> Take | None:
        """Put a take into the trash; its files stay until the trash is emptied."""
        return self._set(id, "trashed", self.clock())

    def restore(self, id: str) -> Take | None:
        """Take it out of the trash again."""
        return self._set(id, "trashed", None)

    def empty_trash(self) -> int:
        """Remove what is in the trash for good: rows first, then files. Returns how many takes went."""
        return arriving.go(self.store, self.folder, "trashed is not null")

    # ---- descent

    def link(self, child: str, parent: str, start: int, stop: int, role: str) -> None:
        """Say that pictures [start, stop) of `parent` went into `child`. Raises BadRequest, see `lineage.link`."""
        lineage.link(self.store, lineage.edge(parent, start, stop, role, child))

    def parents(self, id: str) -> list[Edge]:
        """What it was made from."""
        return lineage.parents(self.store, _word(id))

    def children(self, id: str) -> list[Edge]:
        """What was made from it."""
        return lineage.children(self.store, _word(id))

    def ancestors(self, id: str) -> list[Edge]:
        """Every edge on the way up from it, the nearest first."""
        return lineage.ancestors(self.store, _word(id))

    def descendants(self, id: str) -> list[Edge]:
        """Every edge on the way down from it, the nearest first."""
        return lineage.descendants(self.store, _word(id))

    # ---- long things: each yields how far it is and at last what came of it; `finish` runs one to its end

    def import_file(self, path: Path | str, tags: Iterable[str] = ()) -> Iterator[Progress | Take]:
        """A film or picture as a take, see `importing.import_file`. Raises BadMedia."""
        return importing.import_file(self, path, tags)

    def export(self, path: Path | str) -> Iterator[Progress | Path]:
        """The whole project as one zip, see `packing.export`."""
        return packing.export(self, path)

    def open_zip(self, path: Path | str) -> Iterator[Progress | unpacking.Opened]:
        """The takes of such a zip into this project, see `unpacking.open_zip`. Raises BadMedia."""
        return unpacking.open_zip(self, path)

    def check(self, repair: bool = True) -> Iterator[Progress | checking.Findings]:
        """Rows and files held against each other, see `checking.check`."""
        return checking.check(self, repair)

    def _set(self, id: str, column: str, value: object) -> Take | None:
        with self.store.writing() as db:
            db.conn.execute(f"update takes set {column} = ? where id = ?", [value, _word(id)])
        return self.take(id)


def projects(home: Path | str) -> list[str]:
    """The names of the projects under `home`, in order; [] where there is no such folder."""
    home = Path(home)
    if not home.is_dir():
        return []
    names = (path.parent.name for path in home.glob("*/library.db"))
    return sorted(name for name in names if tidying.NAME.fullmatch(name))


def place(id: str, what: str, suffix: str) -> str:
    """Where a file of a take lies in its project. `what` is one of take.FILES."""
    suffix = suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,11}", suffix) else ".bin"
    return {"film": f"media/{id}{suffix}", "poster": f"posters/{id}{suffix}", "strip": f"posters/{id}.strip{suffix}",
            "latents": f"latents/{id}{suffix}"}[what]  # fmt: skip


def _id(id: str) -> str:
    if not isinstance(id, str) or not tidying.ID.fullmatch(id):
        raise BadRequest(f"A take's id has up to 40 small letters and digits; {id!r:.60} was given.")
    return id


def _word(id: object) -> str:
    """An id as SQLite can take it: what is no id is no take's."""
    return id if isinstance(id, str) and tidying.ID.fullmatch(id) else ""
