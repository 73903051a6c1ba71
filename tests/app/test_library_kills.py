"""Processes that die in the middle of a write, and the next one that opens the project."""

from __future__ import annotations

import dying
from dying import EVERY, needs_fork
from reels import lying, take

from engine.bench.library_kills import measure
from engine.library import Edge, Library, finish

pytestmark = needs_fork


def dies_after(lines: int, folder, act) -> bool:
    """Run `act(library)` in a process that is killed after so many lines of the library; False when it came to its end."""

    def begin():
        library = Library(folder)
        return lambda: act(library)

    return dying.dies_after(lines, ("library/arriving.py", "library/library.py", "library/database.py"), begin)


def look(folder) -> Library:
    """The project, opened as the worker does."""
    library = Library(folder)
    library.clear_staging()
    assert finish(library.check(repair=False)).well
    assert not any((folder / "lost-and-found").glob("*")) and not any((folder / "arriving").glob("*"))
    return library


def lines_of(folder, act, step):
    """Kill `act` at every so manieth line; yields the project after each kill, closed again before the next."""
    lines = 0
    while dies_after(lines, folder, act):
        library = look(folder)
        yield library
        library.store.close()
        lines += 1 if EVERY else step
    assert lines > 20           # it was killed, and often
    library = look(folder)
    yield library
    library.store.close()


def test_a_take_is_there_wholly_or_not_at_all_wherever_its_writer_dies(library):
    folder = library.folder
    take(library, "parent")
    library.store.close()
    states = []
    for library in lines_of(folder, lambda library: take(library, "child", parents=[Edge("", "parent", 2, 9, "start")]), 9):
        there = library.take("child")
        states.append(there is not None)
        if there is not None:
            assert library.parents("child") == [Edge("child", "parent", 2, 9, "start")] and there.pictures == 9 and there.bytes == there.file("film").stat().st_size
            library.trash("child"), library.empty_trash()
        assert {name.split("/")[1].partition(".")[0] for name in lying(library)} == {"parent"}
    assert states[0] is False and states[-1] is True
    assert states == sorted(states)         # there is one moment from which on it stays, and it is a row's or a record's
    assert states.count(True) > 2


def test_what_was_emptied_stays_away_wherever_that_dies(library):
    folder = library.folder
    take(library, "kept")
    library.store.close()

    def act(library):
        library.empty_trash()

    gone, lines = [], 0
    while True:
        library = Library(folder)
        for id in ("a", "b"):
            if library.take(id) is None:
                take(library, id)
            library.trash(id)
        library.store.close()
        died = dies_after(lines, folder, act)
        library = look(folder)
        gone.append(library.take("a") is None)
        assert (library.take("b") is None) == gone[-1]
        assert {name.split("/")[1].partition(".")[0] for name in lying(library)} == ({"kept"} if gone[-1] else {"kept", "a", "b"})
        library.store.close()
        lines += 1 if EVERY else 8
        if not died:
            break
    assert gone == sorted(gone) and not gone[0] and gone[-1] and len(gone) > 4


def test_a_zip_is_in_wholly_or_not_at_all_wherever_its_reader_dies(home, tmp_path):
    source = Library.open(home, "source")
    for seed, id in enumerate(("one", "two", "three")):
        take(source, id, seed=seed)
    path = finish(source.export(tmp_path / "films.zip"))
    source.store.close()
    folder = home / "target"
    Library(folder).store.close()
    states = []
    for library in lines_of(folder, lambda library: finish(library.open_zip(path)), 160):
        states.append(library.count())
        if states[-1]:
            [library.trash(id) for id in ("one", "two", "three")], library.empty_trash()
        assert lying(library) == set()
    assert set(states) == {0, 3} and states[-1] == 3


def test_whoever_opens_while_others_die_or_work_takes_nothing_from_them(library):
    """The next one dies too while it finishes what was left, again and again; at last one comes through."""
    folder = library.folder
    library.store.close()
    lines = 60
    while not any(folder.glob("arriving/*/record.jsonl")):
        assert dies_after(lines, folder, lambda library: take(library, "one"))
        lines += 5
    for lines in range(0, 60, 3 if EVERY else 9):
        dies_after(lines, folder, lambda library: Library(folder).store.close())
    library = look(folder)
    assert library.take("one").file("film").exists()


def test_a_writer_killed_at_random_moments_loses_nothing(tmp_path):
    """A few of the many that `cineloom bench library --kills` makes."""
    *_, found = measure(tmp_path / "kills", 3, seed=5, longest=0.8)
    assert found.lost == [] and found.orphans == []
    assert found.kills == 3 and found.looked >= 1 and found.acknowledged.total() > 0
