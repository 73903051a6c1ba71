"""The cuts of a project travel in its zip, and one that comes from anybody brings cuts or nothing."""

from __future__ import annotations

import json
import zipfile

import pytest
from cuts import film, rows

from engine.errors import BadMedia
from engine.library import Library, finish
from engine.timeline import edits
from engine.timeline.history import History


@pytest.fixture
def source(tmp_path):
    """A project with a cut that was edited and one in the trash."""
    library = Library(tmp_path / "source")
    history = History(library.store)
    history.new(rows(v1="aaabbb", s1="AAABBB"))
    history.edit("cut", 0, edits.RippleTrim("e", "a", "tail", -1))
    from dataclasses import replace

    history.new(replace(film("cc"), id="other", name="Old"))
    history.trash("other")
    return library


def packed(source, tmp_path):
    return finish(source.export(tmp_path / "films.zip"))


def test_cuts_come_along_as_they_stand_and_once(source, tmp_path):
    target = Library(tmp_path / "target")
    found = finish(target.open_zip(packed(source, tmp_path)))
    assert (found.takes, found.cuts) == (0, 2)
    mine, theirs = History(source.store), History(target.store)
    assert theirs.open("cut").cut.to_json() == mine.open("cut").cut.to_json() and theirs.open("cut").undo == ""
    assert [line.id for line in theirs.cuts()] == ["cut"] and [line.id for line in theirs.cuts(trashed=True)] == ["other"]
    assert finish(target.open_zip(tmp_path / "films.zip")).cuts == 0
    theirs.edit("cut", 0, edits.Lift("e2", ("b",)))
    assert finish(target.open_zip(tmp_path / "films.zip")).cuts == 1            # it differs now: both are kept
    assert finish(target.open_zip(tmp_path / "films.zip")).cuts == 0
    assert len(theirs.cuts()) == 2


def test_a_project_without_cuts_is_packed_as_it_always_was(tmp_path):
    path = packed(Library(tmp_path / "plain"), tmp_path)
    with zipfile.ZipFile(path) as zip:
        assert "cuts.jsonl" not in zip.namelist() and json.loads(zip.read("project.json"))["format"] == 1


@pytest.mark.parametrize("line", ["{", "[]", '{"cut": 7}', '{"cut": {"id": "x"}}', "over"])
def test_a_cut_that_cannot_be_read_keeps_everything_out(source, tmp_path, line):
    path, bad = packed(source, tmp_path), tmp_path / "bad.zip"
    with zipfile.ZipFile(path) as zip, zipfile.ZipFile(bad, "w") as out:
        for name in zip.namelist():
            text = zip.read(name)
            if name == "cuts.jsonl":
                broken = text.replace(b'"length": 2', b'"length": 2000') if line == "over" else line.encode() + b"\n"
                text = text + broken
            out.writestr(name, text)
    target = Library(tmp_path / "target")
    with pytest.raises(BadMedia, match="nothing of it was opened"):
        finish(target.open_zip(bad))
    assert History(target.store).cuts() == [] and History(target.store).cuts(trashed=True) == []


def test_a_take_that_is_called_otherwise_here_is_called_so_in_the_cut():
    from engine.timeline import plain
    from engine.timeline.packing import cut_of

    cut, trashed = cut_of({"cut": plain.plain(film("aab"))}, {"takea": "newname"})
    assert [item.media.take for item in cut.tracks[0].items] == ["newname", "takeb"] and not trashed
