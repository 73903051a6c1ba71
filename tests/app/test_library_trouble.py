"""Disks that are full, folders that may only be read, databases that somebody holds, two studios at once, old projects, moved ones."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from reels import film, lying, made, take

from engine.errors import BadMedia, CannotWrite
from engine.library import Library, finish
from engine.library.library import NEWEST
from engine.library.schema import migrations

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def disk(tmp_path):
    """A function that makes a small disk, empty or with a copy of a folder, and says how to remount it."""
    mounted = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], capture_output=True, check=False) if shutil.which("mount") else None
        if done is None or done.returncode:
            pytest.skip("a small disk cannot be mounted here")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=False)


def fill(place: Path, leave: int) -> Path:
    """Use up the room of a disk but for so many bytes."""
    filler = place / "filler"
    with filler.open("wb") as file:
        try:
            file.truncate(0)
            os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(place).free - leave))
        except OSError:
            pytest.skip("this disk cannot be filled")
    return filler


@pytest.mark.parametrize("left", [0, 4096, 12_288, 40_960, 100_000])
def test_a_full_disk_is_a_sentence_and_loses_nothing(disk, tmp_path, left):
    """Filled at several depths, so that now a file, now the row is what does not fit any more."""
    place = disk("size=3m")
    library = Library(place / "films")
    one = take(library, "one")
    given, two = film(tmp_path / "given.mp4"), made(library, "two")
    filler = fill(place, left)
    failed = 0
    for act in (lambda: library.add_take(two, "two"), lambda: library.note("one", "x" * 20_000), lambda: library.tag("one", ["a"]), lambda: library.trash("one"),
                lambda: finish(library.import_file(given)), lambda: finish(library.export(place / "out.zip"))):
        try:
            act()
        except CannotWrite as error:
            assert "full" in str(error) or "space" in str(error) or "free" in str(error), error
            failed += 1
    assert failed > 1
    assert library.take("one").file("film").read_bytes() == one.file("film").read_bytes()
    library.store.close()
    Library(place / "films").takes()        # it can be looked at on a full disk
    filler.unlink()
    library = Library(place / "films")
    library.clear_staging()
    assert finish(library.check(repair=False)).well
    library.restore("one")
    take(library, "three")
    assert {t.id for t in library.takes()} >= {"one", "three"} and finish(library.check()).well


def test_a_folder_that_can_only_be_read_is_read(disk):
    place = disk("size=8m")
    library = Library(place / "films")
    take(library, "one"), library.rate("one", 3)
    library.store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    library = Library(place / "films")
    assert [t.id for t in library.takes("boat", rating=3)] == ["one"] and not library.take("one").missing
    assert finish(library.check(repair=False)).well
    for act in (lambda: library.rate("one", 1), lambda: library.trash("one"), library.empty_trash, lambda: finish(library.import_file("x.png")),
                lambda: library.link("one", "one", 0, 1, "start")):
        with pytest.raises(CannotWrite, match="only be read; copy it"):
            act()
    with pytest.raises(CannotWrite, match="another folder"):
        Library(place / "new")


def test_changes_that_were_not_folded_in_are_not_passed_over_on_a_disk_that_can_only_be_read(disk):
    place = disk("size=8m")
    library = Library(place / "films")
    take(library, "one")
    shutil.copytree(place / "films", place / "copied")          # while it is open: its last changes lie beside it
    library.store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    with pytest.raises(CannotWrite, match="copy the whole folder"):
        Library(place / "copied")


HOLD = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("begin immediate" if sys.argv[3] == "write" else "begin exclusive")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
held.execute("rollback")
"""


def holds(library, seconds, how="write"):
    """Another process holds the database for that long."""
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(library.folder / "library.db"), str(seconds), how], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    return child


def test_a_database_that_somebody_holds_is_waited_for(library):
    take(library, "one")
    child = holds(library, 1.0)
    assert library.rate("one", 5).rating == 5
    assert child.wait() == 0


def test_waiting_ends_with_a_sentence_and_reading_goes_on(library):
    take(library, "one")
    hasty = Library(library.folder, patience=0.3)
    child = holds(library, 60)
    try:
        for act in (lambda: hasty.rate("one", 5), lambda: take(hasty, "two"), lambda: finish(hasty.import_file(film(library.folder.parent / "x.mp4")))):
            began = time.monotonic()
            with pytest.raises(CannotWrite, match=r"was busy for 0.3 s: another program holds it"):
                act()
            assert time.monotonic() - began >= 0.25
        assert [t.id for t in hasty.takes("boat")] == ["one"]
        assert [t.id for t in Library(library.folder, patience=0.3).takes()] == ["one"]
    finally:
        child.kill()
        child.wait()
    assert hasty.rate("one", 5).rating == 5


STUDIO = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from engine.library import Library, finish
from engine.library.library import NEWEST
from engine.library.schema import migrations
from reels import take
me, library = sys.argv[4], Library(sys.argv[3])
for number in range(8):
    one = take(library, f"{me}{number}")
    library.rate("shared", number % 6)
    library.tag("shared", [f"{me}{number}"])
    library.trash(f"{me}{number}") if number % 4 == 3 else library.favourite(one.id)
    if number % 3 == 2:
        Library(sys.argv[3]).empty_trash()
        assert not finish(library.check()).adopted
"""


def test_two_studios_on_one_project_take_nothing_from_each_other(library):
    """They add, edit the same take, empty the trash and check, all at once."""
    take(library, "shared")
    children = [subprocess.Popen([sys.executable, "-c", STUDIO, str(ROOT), str(ROOT / "tests"), str(library.folder), me], stderr=subprocess.PIPE) for me in "ab"]
    for child in children:
        assert child.wait() == 0, child.stderr.read().decode()
        child.stderr.close()
    library.empty_trash()
    assert {t.id for t in library.takes()} == {"shared"} | {f"{me}{n}" for me in "ab" for n in range(8) if n % 4 != 3}
    assert set(library.take("shared").tags) == {f"{me}{n}" for me in "ab" for n in range(8)}
    assert finish(library.check()).well and not any(library.folder.glob("lost-and-found/*"))


def test_a_project_that_is_copied_while_it_is_open_opens_elsewhere(library, tmp_path):
    for id in ("one", "two"):
        take(library, id)
    library.tag("one", ["sea"])
    shutil.copytree(library.folder, tmp_path / "stick" / "Ünïcode 🦊 'films'; --")
    moved = Library(tmp_path / "stick" / "Ünïcode 🦊 'films'; --")
    assert [t.id for t in moved.takes()] == ["two", "one"] and moved.take("one").tags == ("sea",)
    assert moved.take("one").file("film").is_relative_to(moved.folder) and finish(moved.check()).well
    moved.trash("one"), moved.empty_trash()
    assert library.take("one").file("film").exists()


# ---- old projects. What the first release wrote, word for word: migrations may change, this may not.

OLD = """
CREATE TABLE "takes" ("number" INTEGER PRIMARY KEY, "id" TEXT NOT NULL, "created" REAL NOT NULL, "prompt" TEXT DEFAULT '', "notes" TEXT DEFAULT '',
  "operation" TEXT, "backend" TEXT, "version" TEXT, "seed" TEXT, "steps" INTEGER, "width" INTEGER, "height" INTEGER, "pictures" INTEGER, "rate" REAL, "spent" REAL,
  "recipe" TEXT NOT NULL, "film" TEXT NOT NULL, "poster" TEXT, "strip" TEXT, "latents" TEXT, "favourite" INTEGER DEFAULT 0, "trashed" REAL);
CREATE UNIQUE INDEX "idx_takes_id" ON "takes" ("id");
CREATE INDEX "idx_takes_trashed_number" ON "takes" ("trashed", "number");
CREATE VIRTUAL TABLE "takes_fts" USING FTS5 ("prompt", "notes", tokenize='porter unicode61 remove_diacritics 2', content="takes");
CREATE TRIGGER "takes_ai" AFTER INSERT ON "takes" BEGIN
  INSERT INTO "takes_fts" (rowid, "prompt", "notes") VALUES (new.rowid, new."prompt", new."notes"); END;
CREATE TRIGGER "takes_ad" AFTER DELETE ON "takes" BEGIN
  INSERT INTO "takes_fts" ("takes_fts", rowid, "prompt", "notes") VALUES('delete', old.rowid, old."prompt", old."notes"); END;
CREATE TRIGGER "takes_au" AFTER UPDATE ON "takes" BEGIN
  INSERT INTO "takes_fts" ("takes_fts", rowid, "prompt", "notes") VALUES('delete', old.rowid, old."prompt", old."notes");
  INSERT INTO "takes_fts" (rowid, "prompt", "notes") VALUES (new.rowid, new."prompt", new."notes"); END;
CREATE TABLE "changes" ("id" INTEGER PRIMARY KEY, "count" INTEGER);
INSERT INTO changes VALUES (1, 0);
CREATE TRIGGER takes_insert_counts after insert on takes begin update changes set count = count + 1; end;
CREATE TRIGGER takes_update_counts after update on takes begin update changes set count = count + 1; end;
CREATE TRIGGER takes_delete_counts after delete on takes begin update changes set count = count + 1; end;
CREATE TABLE "_sqlite_migrations" ("id" INTEGER PRIMARY KEY, "migration_set" TEXT, "name" TEXT, "applied_at" TEXT);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name" ON "_sqlite_migrations" ("migration_set", "name");
INSERT INTO _sqlite_migrations VALUES (1, 'library', 'm001_takes', '2026-11-01 12:00:00+00:00');
"""
ROW = "insert into takes (id, created, prompt, notes, operation, backend, version, seed, steps, width, height, pictures, rate, spent, recipe, film, poster, strip, latents, favourite, trashed) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


def old(library):
    """Turn a project into one of the first release, its files as they are."""
    rows = library.store.rows("select * from takes order by number")
    library.store.close()
    for path in library.folder.glob("library.db*"):
        path.unlink()
    database = sqlite3.connect(library.folder / "library.db")
    database.execute("pragma journal_mode = wal")
    database.executescript(OLD)
    names = ROW[ROW.index("(") + 1 : ROW.index(")")].split(", ")
    database.executemany(ROW, [[row[name] for name in names] for row in rows])
    database.commit()
    database.close()
    return library.folder


def test_a_project_of_the_first_release_opens_with_all_it_has(library):
    take(library, "one", "a red boat"), take(library, "two", "a fox"), take(library, "three", "an owl")
    library.note("one", "the lighthouse one"), library.favourite("two"), library.trash("three")
    before, files = {id: library.take(id) for id in ("one", "two", "three")}, lying(library)
    folder = old(library)
    library = Library(folder)
    assert {id: library.take(id) for id in before} == {id: kept.__class__(**vars(kept) | {"bytes": 0}) for id, kept in before.items()}
    assert [t.id for t in library.takes("lighthouse")] == ["one"] and [t.id for t in library.takes(favourites=True)] == ["two"]
    assert [t.id for t in library.takes(trashed=True)] == ["three"] and lying(library) == files
    library.tag("one", ["sea"]), library.rate("one", 5), library.caption("two", "it runs")
    assert [t.id for t in library.takes("runs")] == ["two"] and [t.id for t in library.takes(tags=["sea"], rating=5)] == ["one"]
    take(library, "four"), library.empty_trash()
    assert finish(library.check()).well and Library(folder).count() == 3


def test_a_project_that_is_up_to_date_is_opened_without_loading_what_makes_it_so(library):
    assert NEWEST == [step.name for step in migrations._migrations][-1]
    code = "import sys; sys.path.insert(0, sys.argv[1]); from engine.library import Library; Library(sys.argv[2]).takes('x'); print('sqlite_utils' in sys.modules, 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, str(ROOT), str(library.folder)], capture_output=True, text=True).stdout == "False False\n"


def test_an_old_project_opened_by_two_at_once_is_brought_up_once(library):
    take(library, "one")
    folder = old(library)
    code = "import sys; sys.path.insert(0, sys.argv[1]); from engine.library import Library; print(Library(sys.argv[2]).tag('one', ['sea']).tags)"
    children = [subprocess.Popen([sys.executable, "-c", code, str(ROOT), str(folder)], stdout=subprocess.PIPE) for _ in range(2)]
    assert [child.communicate()[0] for child in children] == [b"('sea',)\n"] * 2
    assert finish(Library(folder).check()).well


def test_an_old_project_on_a_disk_that_can_only_be_read_says_what_to_do(disk):
    place = disk("size=8m")
    library = Library(place / "films")
    take(library, "one")
    old(library)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    with pytest.raises(CannotWrite, match="copy it to a folder"):
        Library(place / "films")


def test_a_damaged_database_is_said_so_and_its_films_come_back(library):
    """The worst that can be: the database is gone. Films carry what made them."""
    take(library, "one", "a red boat"), take(library, "two", "a fox")
    library.store.close()
    for path in library.folder.glob("library.db*"):
        path.unlink()
    (library.folder / "library.db").write_bytes(b"not a database" * 500)
    with pytest.raises(CannotWrite, match="damaged"):
        Library(library.folder)
    (library.folder / "library.db").unlink()
    again = Library(library.folder)
    assert sorted(finish(again.check()).adopted) == ["one", "two"]
    assert [t.id for t in again.takes("fox")] == ["two"] and again.take("one").latents and finish(again.check()).well


def test_a_file_that_grows_past_the_limit_of_its_account_is_a_sentence(library, tmp_path):
    code = ("import sys, resource; sys.path[:0] = sys.argv[1:3]; from reels import film; from engine.library import Library, finish; library = Library(sys.argv[3]);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200));\ntry:\n finish(library.import_file(sys.argv[4]))\nexcept Exception as error: print(type(error).__name__)")
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), str(ROOT / "tests"), str(library.folder), str(film(tmp_path / "x.mp4"))], capture_output=True, text=True)
    assert done.stdout == "CannotWrite\n", done.stderr
    with pytest.raises(BadMedia):
        finish(library.import_file(tmp_path / "nothing.mp4"))
    assert lying(library) == set() and library.count() == 0
