"""One project: a folder a person can copy, back up and open elsewhere.

    <home>/<project>/   library.db   media/ID.mp4   media/ID.json   posters/ID.jpg   posters/ID.strip.jpg   latents/ID.safetensors
                        making/ID/   (a take while it is made; kept while its job is in line, swept when it is over)

Knows files and rows, and the order between them: to add, file first and then row; to remove, row first and then file.
So a row always has its files, whatever is killed when; a file without a row is only waste. Knows no model and no page.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadRequest
from engine.library.database import Store, says_why
from engine.library.schema import migrations
from engine.library.take import Take

if TYPE_CHECKING:
    from engine.events import Made

FIRST_PROJECT = "my-films"
NAME = re.compile(r"[\w][\w .()-]{0,63}")       # a project's folder: no separators, no leading dot


def new_id() -> str:
    """Ten letters for a job and its take: 50 bits of chance, nothing a file system or an address would mind."""
    return "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(10))


class Library:
    """The takes of one project. May be used from any thread and from several processes at once."""

    def __init__(self, folder: Path):
        """Open the project at `folder`, making it when it is not there. Raises CannotWrite."""
        self.folder = Path(folder).resolve()
        self.store = Store(self.folder / "library.db", migrations)

    @classmethod
    def open(cls, home: Path | str, project: str = FIRST_PROJECT) -> Library:
        """The project of that name under `home`. Raises BadRequest for a name that is no plain folder name."""
        if not NAME.fullmatch(project) or project.endswith((".", " ")):
            raise BadRequest(
                f"A project cannot be called {project[:80]!r}; letters, digits, spaces, dots and dashes work, up to 64 of them."
            )
        return cls(Path(home) / project)

    # ---- adding

    def staging(self, id: str, keep: str = "") -> Path:
        """A folder on the same disk, to make take `id` in: empty but for the file called `keep`, where it is there."""
        folder = self.folder / "making" / id
        with says_why(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != keep:
                    path.unlink()
        return folder

    def clear_staging(self, wanted: Callable[[], Container[str]] = tuple) -> None:
        """Throw away what killed workers left half-made, but for the folders of the ids that are still `wanted`.

        wanted   asked once the folders have been listed: a job that is taken up meanwhile is either not in that list
                 or among the wanted
        """
        there = list((self.folder / "making").glob("*"))
        keep = wanted() if there else ()
        for folder in there:
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def add_take(self, made: Made, id: str | None = None) -> Take:
        """Move the files of `made` in, then write its row. With an `id` that is there already, nothing changes.

        made    what engine.make finished: film, poster, strip and latents as files on the same disk
        id      of the job, so that a job that was killed between take and tick leaves one take and not two
        Raises CannotWrite on a full disk or a folder that is not ours.
        """
        id = id or new_id()
        there = self.take(id)
        if there is not None:
            return there
        files = {
            "film": (made.film, f"media/{id}{Path(made.film).suffix}"),
            "poster": (made.poster, f"posters/{id}{Path(made.poster).suffix}"),
            "strip": (made.strip, f"posters/{id}.strip{Path(made.strip).suffix}"),
            "latents": (made.latents, f"latents/{id}{Path(made.latents).suffix}"),
        }
        recipe = made.recipe.to_json()
        with says_why(self.folder):
            (Path(made.film).parent / "recipe.json").write_text(recipe + "\n", encoding="utf-8")
            for source, target in [*files.values(), (Path(made.film).parent / "recipe.json", f"media/{id}.json")]:
                _move_through(Path(source), self.folder / target)
        row = {
            "id": id,
            "created": time.time(),
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
            **{what: target for what, (_, target) in files.items()},
        }
        with self.store.writing() as db:
            db["takes"].insert(row)
        return self.take(id)

    # ---- finding

    def take(self, id: str) -> Take | None:
        """One take by its id, in the trash or not."""
        rows = self.store.rows("select * from takes where id = ?", [id])
        return Take.from_row(rows[0], self.folder) if rows else None

    def takes(
        self, query: str = "", *, before: int | None = None, limit: int = 60, favourites: bool = False, trashed: bool = False
    ) -> list[Take]:
        """A page of takes, newest first.

        query       words that all stand in the prompt or the notes; the last may be half typed
        before      the `number` of the last take of the page before: pages stay put while new takes come in
        """
        where, values = ["trashed is not null" if trashed else "trashed is null"], []
        if before is not None:
            where.append("number < ?")
            values.append(before)
        if favourites:
            where.append("favourite = 1")
        words = re.findall(r"\w+", query)[:32]
        if words:
            where.append("number in (select rowid from takes_fts where takes_fts match ?)")
            values.append(" ".join(f'"{word}"' for word in words) + "*")
        elif query.strip():
            return []       # only signs were asked for: nothing stands for them in the index
        values.append(max(1, min(limit, 500)))
        sql = f"select * from takes where {' and '.join(where)} order by number desc limit ?"
        return [Take.from_row(row, self.folder) for row in self.store.rows(sql, values)]

    def count(self, trashed: bool = False) -> int:
        """How many takes there are."""
        sql = f"select count(*) as n from takes where trashed is {'not ' if trashed else ''}null"
        return self.store.rows(sql)[0]["n"]

    def mark(self) -> int:
        """A number that grows with every change to the takes."""
        return self.store.rows("select count from changes")[0]["count"]

    # ---- changing

    def favourite(self, id: str, yes: bool = True) -> Take | None:
        """Mark a take, or take the mark off."""
        return self._set(id, "favourite", int(yes))

    def trash(self, id: str) -> Take | None:
        """Put a take into the trash; its files stay until the trash is emptied."""
        return self._set(id, "trashed", time.time())

    def restore(self, id: str) -> Take | None:
        """Take it out of the trash again."""
        return self._set(id, "trashed", None)

    def empty_trash(self) -> int:
        """Remove what is in the trash for good: rows first, then files. Returns how many takes went."""
        with self.store.writing() as db:
            gone = [Take.from_row(row, self.folder) for row in db["takes"].rows_where("trashed is not null")]
            db["takes"].delete_where("trashed is not null")
        for take in gone:
            _remove([take.file(what) for what in ("film", "poster", "strip", "latents")])
            _remove([self.folder / "media" / f"{take.id}.json"])
        return len(gone)

    def _set(self, id: str, column: str, value: object) -> Take | None:
        with self.store.writing() as db:
            db.conn.execute(f"update takes set {column} = ? where id = ?", [value, id])
        return self.take(id)


def projects(home: Path | str) -> list[str]:
    """The names of the projects under `home`, in order; [] where there is no such folder."""
    home = Path(home)
    return sorted(path.parent.name for path in home.glob("*/library.db")) if home.is_dir() else []


def _move_through(source: Path, target: Path) -> None:
    """Rename within one disk, after the bytes have reached it: a row must never point at a file that a power cut emptied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(source, target)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(target.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            pass            # waste without a row; a later check sweeps it
