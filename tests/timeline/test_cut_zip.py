"""The cuts of a project travel in its zip, and one that comes from anybody brings cuts or nothing."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from fractions import Fraction

import pytest
from cuts import clip, film, media, rows
from reels import take

from engine.errors import BadMedia
from engine.library import Library, finish
from engine.timeline import edits, plain
from engine.timeline.cut import Cut, Marker, Track
from engine.timeline.history import History
from engine.timeline.packing import cut_of, lines, take_in
from engine.timeline.past import lived


@pytest.fixture
def source(tmp_path):
    """A project with a cut that was edited and one in the trash."""
    library = Library(tmp_path / "source")
    history = History(library.store)
    history.new(rows(v1="aaabbb", s1="AAABBB"))
    history.edit("cut", 0, edits.RippleTrim("e", "a", "tail", -1))
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
    assert theirs.open("cut") == mine.open("cut") and theirs.open("cut").undo == "ripple-trim"
    assert [line.id for line in theirs.cuts()] == ["cut"] and [line.id for line in theirs.cuts(trashed=True)] == ["other"]
    assert finish(target.open_zip(tmp_path / "films.zip")).cuts == 0
    theirs.edit("cut", 1, edits.Lift("e2", ("b",)))
    assert finish(target.open_zip(tmp_path / "films.zip")).cuts == 1            # it differs now: both are kept
    assert finish(target.open_zip(tmp_path / "films.zip")).cuts == 0
    assert len(theirs.cuts()) == 2


def test_a_project_without_cuts_is_packed_as_it_always_was(tmp_path):
    path = packed(Library(tmp_path / "plain"), tmp_path)
    with zipfile.ZipFile(path) as zip:
        assert "cuts.jsonl" not in zip.namelist() and json.loads(zip.read("project.json"))["format"] == 1


def refuses(path, spoil) -> Library:
    """A project that opens nothing of a zip whose cuts are spoilt."""
    bad = path.with_name("bad.zip")
    with zipfile.ZipFile(path) as zip, zipfile.ZipFile(bad, "w") as out:
        for name in zip.namelist():
            out.writestr(name, spoil(zip.read(name)) if name == "cuts.jsonl" else zip.read(name))
    target = Library(path.with_name("target"))
    with pytest.raises(BadMedia, match="nothing of it was opened"):
        finish(target.open_zip(bad))
    return target


@pytest.mark.parametrize("line", ["{", "[]", '{"cut": 7}', '{"cut": {"id": "x"}}', "over"])
def test_a_cut_that_cannot_be_read_keeps_everything_out(source, tmp_path, line):
    def spoilt(text: bytes) -> bytes:
        return text + (text.replace(b'"length": 2', b'"length": 2000') if line == "over" else line.encode() + b"\n")

    target = refuses(packed(source, tmp_path), spoilt)
    assert History(target.store).cuts() == [] and History(target.store).cuts(trashed=True) == []


def test_a_take_that_is_called_otherwise_here_is_called_so_in_the_cut():
    came = cut_of({"cut": plain.plain(film("aab"))}, {"takea": "newname"})
    assert [item.media.take for item in came.cut.tracks[0].items] == ["newname", "takeb"] and not came.trashed


# ---- what was done to a cut, and what stands beside it

LIVED = (edits.RippleTrim("e1", "a", "tail", -1), edits.Split("e2", "b", 4), edits.Append("e3", (edits.Part("v1", clip("z", 4)),)), edits.AddMarker("e4", Marker("m", 3)))


def branched(history, times: int = 1) -> None:
    """A cut with edits, some taken back and others made instead: a tree of steps."""
    history.new(rows(v1="aaabbb", s1="AAABBB"))
    revision = 0
    for edit in LIVED:
        revision = history.edit("cut", revision, edit).revision
    for _ in range(2):
        revision = history.undo("cut", revision).revision
    for number in range(times):
        revision = history.edit("cut", revision, edits.Rename(f"n{number}", "a", f"name {number}")).revision
    history.undo("cut", revision)


def states(history, id="cut") -> list:
    """What the cut was at every revision, what could be undone and redone, and every edit."""
    newest = history.open(id).revision
    return [(at.cut.to_json(), at.undo) for at in (history.open(id, revision) for revision in range(newest + 1))] + history.steps(id) + [history.open(id).redo]


def offered(library) -> None:
    """Candidates beside it: one ready, one rejected, one whose take is there, one that never came to be."""
    history = History(library.store)
    ready = edits.Candidate("one", ("a",), (clip("a", 5, media=media("other")),), kind="edit", job="one", score=1.25)
    for candidate in (ready, replace(ready, id="two", job="two"), replace(ready, id="filmed", items=(), job="filmed"), replace(ready, id="never", items=(), job="never")):
        history.offer("cut", candidate)
    history.reject("cut", "two")


@pytest.mark.parametrize("times", [1, 60])          # whole texts among the patches
def test_everything_that_was_done_comes_along_and_goes_on(tmp_path, times):
    source, target = Library(tmp_path / "source"), Library(tmp_path / "target")
    mine, theirs = (History(library.store, clock=lambda: 1e9) for library in (source, target))
    branched(mine, times)
    finish(target.open_zip(packed(source, tmp_path)))
    assert states(theirs) == states(mine)
    for history in (mine, theirs):
        revision = history.redo("cut", history.open("cut").revision).revision
        for _ in range(times + 2):
            revision = history.undo("cut", revision).revision
        history.edit("cut", revision, edits.Lift("last", ("b",)))
    assert states(theirs) == states(mine) and theirs.open("cut", 0).cut == rows(v1="aaabbb", s1="AAABBB")


def test_candidates_come_along_and_are_accepted_there(tmp_path):
    source, target = Library(tmp_path / "source"), Library(tmp_path / "target")
    take(source, "filmed")
    branched(History(source.store))
    offered(source)
    finish(target.open_zip(packed(source, tmp_path)))
    theirs = History(target.store)
    assert [(one.id, away) for one, away in theirs.beside("cut")] == [("one", False), ("two", True), ("filmed", False)]
    version = theirs.open("cut")
    ready = theirs.candidates("cut")[0]
    assert ready.score == 1.25 and theirs.edit("cut", version.revision, edits.Accept("now", ready)).cut.tracks[0].items[0].length == 5
    theirs.undo("cut", version.revision + 1), theirs.reject("cut", "two", False)
    assert "two" in [one.id for one in theirs.candidates("cut")]


def test_takes_that_are_called_otherwise_here_are_called_so_in_all_of_it(tmp_path):
    source, target = Library(tmp_path / "source"), Library(tmp_path / "target")
    take(source, "filmed"), take(target, "filmed", seed=9)          # another take has its id
    branched(History(source.store))
    mine = History(source.store)
    mine.edit("cut", mine.open("cut").revision, edits.Replace("r", "a", replace(clip("a", 2).media, take="filmed")))
    offered(source)
    found = finish(target.open_zip(packed(source, tmp_path)))
    new, theirs = found.renamed["filmed"], History(target.store)
    assert theirs.open("cut").cut.tracks[0].items[0].media.take == new and theirs.open("cut").undo == "replace"
    assert {one.job for one, _ in theirs.beside("cut")} == {"one", "two", new}
    assert "takea" in theirs.undo("cut", theirs.open("cut").revision).cut.to_json()


BROKEN = {
    "another first": lambda past: past["first"]["tracks"][0]["items"][0].update(length=2),
    "an edit that is none": lambda past: past["steps"][0].__setitem__(2, {"is": "explode", "id": "e1"}),
    "an edit that is refused": lambda past: past["steps"][0][2].update(by=-50),
    "an edit twice": lambda past: past["steps"].append(past["steps"][-1]),
    "a step behind itself": lambda past: past["steps"][1].__setitem__(0, 2),
    "a parent that is none": lambda past: past["steps"][1].__setitem__(0, -1),
    "another head": lambda past: past.update(head=1),
    "a head that is none": lambda past: past.update(head=99),
    "no revisions": lambda past: past.update(revisions=[]),
    "a revision that is none": lambda past: past["revisions"].__setitem__(0, 99),
    "redo to somewhere": lambda past: past["next"].append([0, 4]),
    "redo to a step before the first": lambda past: past["next"].append([past["steps"][-1][0], -1]),
    "no past": lambda past: past.clear(),
    "words": lambda past: past.update(steps="all of them"),
    "a time before time": lambda past: past["steps"][0].__setitem__(1, float("inf")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_past_that_does_not_lead_to_its_cut_is_not_believed(tmp_path, case):
    source = Library(tmp_path / "source")
    history = History(source.store)
    branched(history)
    line = json.loads(next(lines(history)))
    BROKEN[case](line["past"])
    target = Library(tmp_path / "target")
    theirs = History(target.store)
    assert take_in(theirs, cut_of(line, {}), "other", {})
    assert theirs.open("cut").cut == history.open("cut").cut and (theirs.open("cut").undo, theirs.open("cut").revision) == ("", 0)
    assert theirs.edit("cut", 0, edits.Lift("l", ("b",))).revision == 1


def test_many_edits_in_one_step_are_as_much_work_as_in_many():
    first = Cut("cut", "One", Fraction(16), 64, 48, (Track("v1", "film", tuple(clip(f"c{at}", 1) for at in range(2000))),))

    def past(count):        # of edits that leave the cut as it is
        step = edits.Several("all", tuple(edits.Rename(f"n{at}", "c0", "") for at in range(count)))
        return lived({"first": plain.plain(first), "began": 1.0, "steps": [[0, 1.0, plain.tagged(step)]], "next": [], "head": 1, "revisions": [0, 1]}, first, {})

    assert past(2).cut == first and past(500) is None


@pytest.mark.parametrize("candidate", [7, [], [{}, False], [{"id": "../x", "over": ["a"]}, False], [{"id": "x", "over": []}, False], [{"id": "x", "over": ["a"], "job": "../../etc"}, False],
                                       [{"id": "x", "over": ["a"], "items": [{"is": "clip", "id": "a", "media": {"frames": 9, "rate": "16", "file": "../../etc/passwd"}, "start": "0", "length": 2}]}, False]])
def test_a_candidate_that_cannot_be_keeps_everything_out(source, tmp_path, candidate):
    target = refuses(packed(source, tmp_path), lambda text: b"\n".join(json.dumps(json.loads(line) | {"candidates": [candidate]}).encode() for line in text.splitlines()))
    assert History(target.store).cuts() == []


def test_a_past_that_is_too_long_stays_at_home(tmp_path):
    source = Library(tmp_path / "source")
    history = History(source.store)
    branched(history)
    with_past, = lines(history)
    without, = lines(history, len(with_past) - 50)
    assert "past" in json.loads(with_past) and json.loads(without).keys() == {"cut", "trashed"}
