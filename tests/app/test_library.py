"""The library: files before rows, pages that stay put, search, trash."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest
from fakes import made, recipe

from engine.errors import BadRequest, CannotWrite
from engine.library import Library
from engine.library.library import projects


def add(library, prompt="red left", id=None, **changes):
    """One take of that prompt."""
    staging = library.staging(id or "x")
    return library.add_take(made(staging, recipe(prompt, **changes)), id)


def test_a_take_has_its_files_and_its_recipe(library):
    take = add(library, seed=2**62)
    assert {what: take.file(what).exists() for what in ("film", "poster", "strip", "latents")} == dict.fromkeys(
        ("film", "poster", "strip", "latents"), True
    )
    assert take.recipe["seed"] == 2**62 and take.to_json()["seed"] == str(2**62)
    beside = json.loads((library.folder / "media" / f"{take.id}.json").read_text())
    assert beside == take.recipe
    assert take.seconds == 1.0


def test_a_job_run_twice_leaves_one_take(library):
    first, second = add(library, id="abcdefghij"), add(library, "blue right", id="abcdefghij")
    assert first == second
    assert library.count() == 1


def test_a_project_can_be_copied_and_opened_elsewhere(library, tmp_path):
    take = add(library)
    library.store.close()
    os.rename(library.folder, tmp_path / "elsewhere")
    moved = Library(tmp_path / "elsewhere").take(take.id)
    assert moved.file("film").read_bytes().startswith(b"film of red left")


def test_pages_stay_put_while_takes_come_in(library):
    ids = [add(library, f"take {n}", id=f"take{n:06}").id for n in range(7)]
    first = library.takes(limit=3)
    add(library, "a new one")
    second = library.takes(limit=3, before=first[-1].number)
    assert [take.id for take in first + second] == ids[::-1][:6]


@pytest.mark.parametrize(
    "query, found",
    [
        ("fox", {"fox"}),
        ("FOX sno", {"fox"}),               # half typed
        ("foxes", {"fox"}),                 # another form of the word
        ("boat -fox", set()),               # signs are no operators
        ('"', set()),
        ('fox" OR 1=1 --', set()),
        ("red", {"boat", "cafe"}),
        ("café", {"cafe"}),
        ("cafe", {"cafe"}),
        ("", {"fox", "boat", "cafe"}),
    ],
)
def test_search_takes_words_as_people_type_them(library, query, found):
    for id, prompt in {"fox": "an orange fox in the snow", "boat": "a red boat", "cafe": "a red café"}.items():
        add(library, prompt, id=id)
    assert {take.id for take in library.takes(query)} == found


def test_favourites_and_trash(library):
    one, two = add(library, id="one"), add(library, id="two")
    before = library.mark()
    library.favourite("one")
    assert library.mark() > before
    assert [take.id for take in library.takes(favourites=True)] == ["one"]
    library.trash("one")
    assert [take.id for take in library.takes()] == ["two"]
    assert [take.id for take in library.takes(trashed=True)] == ["one"]
    assert one.file("film").exists()
    library.restore("one")
    assert library.count() == 2
    library.trash("two")
    assert library.empty_trash() == 1
    assert not two.file("film").exists() and not (library.folder / "media" / "two.json").exists()
    assert library.takes("red") == [library.take("one")]        # the index forgot the other, too


def test_a_lost_film_is_a_state_and_no_crash(library):
    take = add(library)
    take.file("film").unlink()
    assert library.takes()[0].to_json()["missing"] is True


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "a\\b", "/root", ".hidden", "x" * 65, "dot.", "a\0b"])
def test_a_project_name_is_a_plain_folder_name(home, name):
    with pytest.raises(BadRequest, match="cannot be called"):
        Library.open(home, name)
    assert not home.exists()


def test_projects_are_the_folders_with_a_library(home):
    Library.open(home, "second"), Library.open(home, "a film"), (home / "no project").mkdir()
    assert projects(home) == ["a film", "second"]
    assert projects(home / "nowhere") == []


def test_many_writers_lose_nothing(home):
    """Threads with connections of their own, on a project that none has opened before: also the migration is raced."""
    errors = []

    def write(who):
        try:
            library = Library.open(home)
            for n in range(5):
                folder = library.staging(f"w{who}n{n}")
                library.add_take(made(folder, recipe(f"{who} {n}")), f"w{who}n{n}")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Library.open(home).count() == 20


def test_a_file_that_is_no_database_is_said_so(home):
    (home / "my-films").mkdir(parents=True)
    (home / "my-films" / "library.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(CannotWrite, match="damaged"):
        Library.open(home)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_is_said_so(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(CannotWrite, match="choose another folder"):
        Library.open(tmp_path / "home")


def test_a_home_that_is_a_file_is_said_so(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(CannotWrite, match="choose another folder"):
        Library.open(tmp_path / "home")
