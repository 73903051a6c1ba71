"""A process that dies in the middle of an edit, or of bringing a cut in, and the next one that opens the project."""

from __future__ import annotations

import os

from cuts import clip, film
from dying import EVERY, dies_after, needs_fork

from engine.library import Library, finish
from engine.timeline import edits
from engine.timeline.history import History

STEP = 1 if EVERY else 14
FILES = ("timeline/history.py", "library/database.py")
pytestmark = needs_fork


def test_what_was_answered_is_there_and_the_rest_wholly_or_not_at_all(tmp_path):
    folder = tmp_path / "project"
    library = Library(folder)
    start = film("aaaaaabbb")
    History(library.store).new(start)
    library.store.close()

    def begin(said):
        history = History(Library(folder).store)
        version = history.open("cut")

        def act():
            nonlocal version
            for do in (lambda: history.edit("cut", version.revision, edits.Split(f"e{version.revision}", "a", 3)), lambda: history.undo("cut", version.revision)):
                version = do()
                os.write(said, f"{version.revision}\n".encode())

        return act

    lines, died, states = 0, True, set()
    while died:
        with (tmp_path / "said").open("wb") as said:
            died = dies_after(lines, FILES, lambda: begin(said.fileno()))
        answered = [int(line) for line in (tmp_path / "said").read_text().split()]
        library = Library(folder)
        history = History(library.store)
        version = history.open("cut")
        assert version.revision >= max(answered, default=0)
        assert len(version.cut.tracks[0].items) == (3 if version.undo else 2)
        assert version.cut == (start if not version.undo else edits.Split(history.steps("cut")[-1]["edit"]["id"], "a", 3).apply(start))
        states.add((len(answered), bool(version.undo)))
        if version.undo:
            assert history.undo("cut", version.revision).cut.to_json() == start.to_json()
        library.store.close()
        lines += STEP
    assert lines > 60 and len(states) > 2       # it died before an edit, after it and after it was answered


def test_a_cut_comes_with_its_past_and_candidates_or_not_at_all_wherever_its_reader_dies(tmp_path):
    source = Library(tmp_path / "source")
    mine = History(source.store)
    mine.new(film("aaaaaabbb"))
    for number in range(30):        # more than one whole text
        mine.edit("cut", number, edits.Rename(f"e{number}", "a", f"name {number}"))
    mine.offer("cut", edits.Candidate("one", ("a",), (clip("a", 5),)))
    path = finish(source.export(tmp_path / "films.zip"))
    wanted, beside = mine.steps("cut"), mine.beside("cut")
    source.store.close()
    folder, lines, died, states = tmp_path / "target", 0, True, []
    Library(folder).store.close()

    def begin():
        library = Library(folder)
        return lambda: finish(library.open_zip(path))

    while died:
        died = dies_after(lines, FILES, begin)
        library = Library(folder)
        history = History(library.store)
        states.append(bool(history.cuts()))
        if states[-1]:
            assert history.steps("cut") == wanted and history.beside("cut") == beside and history.open("cut").revision == 30
            assert finish(library.open_zip(path)).cuts == 0
            with library.store.writing() as db:
                db.execute("delete from cuts")
        library.store.close()
        lines += STEP
    assert states[0] is False and states[-1] is True and len(states) > 4
