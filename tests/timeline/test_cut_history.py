"""The history of a cut: undone and redone to the same bytes, two tabs that come to the same, edits that come late."""

from __future__ import annotations

import sqlite3
from fractions import Fraction

import pytest
from cuts import clip, film, media, rows, some_edit
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadRequest
from engine.library import Library
from engine.timeline import edits
from engine.timeline.cut import Marker
from engine.timeline.edits import Candidate, Part
from engine.timeline.history import History, Stale
from engine.timeline.patches import WHOLE, patch, patched


@pytest.fixture
def library(tmp_path):
    return Library.open(tmp_path)


@pytest.fixture
def history(library):
    return History(library.store)


def again(history: History) -> History:
    """The same project, opened anew: nothing is held in memory."""
    return History(Library(history.store.path.parent).store)


@given(st.data())
def test_undoing_all_and_redoing_all_gives_the_same_bytes(tmp_path_factory, data):
    history = History(Library(tmp_path_factory.mktemp("project")).store)
    version = history.new(rows(v1="aaaaaabbbb..cccccc", t1="..tttt", s1="AAAAAABBBB"))
    texts = [version.cut.to_json()]
    for number in range(data.draw(st.integers(1, 9))):
        try:
            version = history.edit("cut", version.revision, some_edit(data.draw, version.cut, f"e{number}"))
        except BadRequest:
            assert history.open("cut").cut.to_json() == texts[-1]
            continue
        texts.append(version.cut.to_json())
    assert again(history).open("cut").cut.to_json() == texts[-1]
    other = again(history)          # what it reads comes from patches alone
    for text in reversed(texts[:-1]):
        version = other.undo("cut", version.revision)
        assert version.cut.to_json() == text
    assert version.undo == ""
    with pytest.raises(BadRequest, match="nothing to undo"):
        other.undo("cut", version.revision)
    for text in texts[1:]:
        version = history.redo("cut", version.revision)
        assert version.cut.to_json() == text
    with pytest.raises(BadRequest, match="nothing to redo"):
        history.redo("cut", version.revision)


@given(st.data())
def test_two_tabs_come_to_the_same_cut(tmp_path_factory, data):
    """Each makes edits on what it last saw; what is refused as stale is dropped, and then both look."""
    folder = tmp_path_factory.mktemp("project")
    tabs = [History(Library(folder).store) for _ in range(2)]
    seen = [tabs[0].new(rows(v1="aaaaaabbbb..cccccc", t1="..tttt", s1="AAAAAABBBB"))] * 2
    made = []
    for number in range(data.draw(st.integers(2, 9))):
        tab = data.draw(st.integers(0, 1))
        try:
            now = tabs[tab].edit("cut", seen[tab].revision, some_edit(data.draw, seen[tab].cut, f"e{number}"))
        except Stale as refusal:
            assert refusal.revision == tabs[1 - tab].open("cut").revision and str(refusal.revision) in str(refusal)
            seen[tab] = tabs[tab].open("cut")
            continue
        except BadRequest:
            continue
        made.append(f"e{number}")
        if data.draw(st.booleans()):        # else the tab has not read its answer yet
            seen[tab] = now
    assert len({tab.open("cut").cut.to_json() for tab in tabs} | {again(tabs[0]).open("cut").cut.to_json()}) == 1
    assert [step["edit"]["id"] for step in tabs[0].steps("cut")] == made


@pytest.mark.parametrize("mine, theirs, after", [
    # Different things, whichever was first.
    (edits.RippleTrim("m", "a", "tail", -1), edits.RippleTrim("t", "c", "tail", 1), "aabbbcccc"),
    (edits.RippleTrim("m", "b", "tail", -1), edits.RippleDelete("t", ("a",)), "bbccc"),
    (edits.Split("m", "b", 4), edits.RippleTrim("t", "a", "tail", 2), "aaaaabbbccc"),
    (edits.Insert("m", 6, (Part("v1", clip("x", 2)),)), edits.RippleDelete("t", ("a",)), "bbbxxccc"),
    (edits.Overwrite("m", 4, (Part("v1", clip("x", 1)),)), edits.RippleTrim("t", "a", "head", 1), "aabxbccc"),
    (edits.Append("m", (Part("v1", clip("x", 1)),)), edits.Append("t", (Part("v1", clip("y", 1)),)), None),
    (edits.Fade("m", "b", 1, 1), edits.Reorder("t", "c", "a"), "cccaaabbb"),
    (edits.Several("m", (edits.Split("m1", "b", 4), edits.RippleTrim("m2", "b", "head", -2))), edits.RippleTrim("t", "a", "tail", -1), "aabbbbbccc"),
])  # fmt: skip
def test_edits_of_different_things_both_count(history, mine, theirs, after):
    from test_cut_edits import drawn

    history.new(film("aaabbbccc"))
    history.edit("cut", 0, theirs)
    late = history.edit("cut", 0, mine)
    assert late.revision == 2 and drawn(late.cut) == (after or "aaabbbcccyx")


@pytest.mark.parametrize("mine, theirs", [
    (edits.RippleTrim("m", "a", "tail", -1), edits.RippleTrim("t", "a", "tail", -2)),
    (edits.Fade("m", "a", 1, 1), edits.Lift("t", ("a",))),
    (edits.Roll("m", "a", 1), edits.RippleTrim("t", "b", "head", 1)),
    (edits.Overwrite("m", 4, (Part("v1", clip("x", 1)),)), edits.Slip("t", "b", 1)),
    (edits.Move("m", ("a",), 9), edits.Append("t", (Part("v1", clip("x", 2)),))),       # what it would lie over was not there
    (edits.Reorder("m", "a", "c"), edits.RippleDelete("t", ("c",))),
    (edits.Several("m", (edits.Fade("m1", "a", 1, 1), edits.Fade("m2", "b", 1, 1))), edits.RippleTrim("t", "b", "tail", 1)),
    (edits.SetMarker("m", Marker("k", 2)), edits.RemoveMarker("t", "k")),
    (edits.Insert("m", 4, (Part("v1", clip("x", 1)),)), edits.SetTrack("t", "v1", locked=True)),
])  # fmt: skip
def test_of_two_edits_of_the_same_thing_the_second_is_refused(history, mine, theirs):
    first = edits.AddMarker("k0", Marker("k", 1)).apply(film("aaabbbccc"))
    history.new(first)
    history.edit("cut", 0, theirs)
    text = history.open("cut").cut.to_json()
    with pytest.raises(Stale, match="revision 0, and the cut is at 1") as caught:
        history.edit("cut", 0, mine)
    assert caught.value.revision == 1 and history.open("cut").cut.to_json() == text
    with pytest.raises(Stale):
        history.undo("cut", 0)


def test_an_edit_that_was_asked_twice_is_made_once(history):
    history.new(film("aaabbb"))
    first = history.edit("cut", 0, edits.Split("e", "a", 1))
    second = again(history).edit("cut", 0, edits.Split("e", "a", 1))
    assert second.cut == first.cut and second.revision == first.revision == 1


def test_what_was_undone_stays_in_the_history_when_something_else_is_done(history):
    history.new(film("aaabbb"))
    history.edit("cut", 0, edits.Lift("e1", ("a",)))
    version = history.undo("cut", 1)
    assert (version.undo, version.redo) == ("", "lift")
    version = history.edit("cut", 2, edits.Lift("e2", ("b",)))
    assert (version.undo, version.redo, version.revision) == ("lift", "", 3)
    assert [(step["edit"]["id"], step["counts"]) for step in history.steps("cut")] == [("e1", False), ("e2", True)]
    assert history.open("cut", 1).cut == edits.Lift("e1", ("a",)).apply(film("aaabbb"))
    with pytest.raises(BadRequest, match="revisions 0 to 3"):
        history.open("cut", 4)


def test_a_long_history_is_read_from_the_nearest_whole_text(history):
    version = history.new(film("a" * 9 + "b" * 9))
    for number in range(2 * WHOLE + 3):
        version = history.edit("cut", version.revision, edits.Rename(f"e{number}", "a", f"name {number}"))
    assert again(history).open("cut").cut == version.cut
    kept = history.store.rows("select whole, length(patch) as size from cut_steps")
    assert [row["whole"] for row in kept].count(1) == 3
    assert max(row["size"] for row in kept if not row["whole"]) < 60        # a step keeps what it changed


@given(st.text(), st.text())
def test_a_patch_leads_from_one_text_to_the_other(old, new):
    assert patched(old, patch(old, new)) == new


def test_cuts_are_listed_and_go_into_the_trash_with_their_history(history, library):
    before = library.mark()
    history.new(film("aaabbb"))
    assert library.mark() > before              # what the page asks to know whether anything changed
    history.edit("cut", 0, edits.SetCut("e", "Night", 128, 96))
    (line,) = history.cuts()
    assert (line.name, line.frames, line.rate, line.revision, line.width) == ("Night", 6, "16", 1, 128)
    history.trash("cut")
    assert history.cuts() == [] and [line.id for line in history.cuts(trashed=True)] == ["cut"]
    history.trash("cut", False)
    assert history.undo("cut", 1).cut.name == "One"
    for act in (lambda: history.open("zz"), lambda: history.trash("../x"), lambda: history.new(film("a")), lambda: history.edit("zz", 0, edits.Lift("e", ()))):
        with pytest.raises(BadRequest):
            act()


def test_a_candidate_stands_beside_the_cut_until_it_is_accepted_or_rejected(history):
    history.new(film("aaabbb"))
    waiting = Candidate("c", ("a",), kind="extend", job="job1")
    history.offer("cut", waiting)
    assert history.candidates("cut") == [waiting] and history.open("cut").revision == 0
    ready = Candidate("c", ("a",), (clip("a", 5, media=media("new")),), kind="extend", job="job1", score=1.1)
    other = Candidate("d", ("a",), (clip("n", 5, media=media("new2")),), kind="extend")
    history.offer("cut", ready), history.offer("cut", other)
    assert again(history).candidates("cut") == [ready, other]
    version = history.edit("cut", 0, edits.Accept("e", ready))
    assert version.cut.length == 8 and other in history.candidates("cut") and ready not in history.candidates("cut")
    history.undo("cut", 1)
    assert history.candidates("cut") == [ready, other]      # undo takes back the choice, not what was made
    history.reject("cut", "d")
    assert history.candidates("cut") == [ready] and history.candidates("cut", rejected=True) == [other]
    history.edit("cut", 2, edits.Lift("e2", ("a",)))
    assert history.candidates("cut") == []                  # there is nothing that it could stand for


def test_a_project_from_before_there_were_cuts_opens(tmp_path):
    """Its database has the first three steps of the schema, as it was written then."""
    from engine.library.schema import migrations
    from sqlite_utils import Database

    folder = tmp_path / "old"
    folder.mkdir()
    database = Database(folder / "library.db")
    migrations.apply(database, stop_before="m004_cuts")
    assert "cuts" not in database.table_names()
    database.close()
    history = History(Library(folder).store)
    assert history.cuts() == [] and history.new(film("aaa")).revision == 0


def test_a_cut_with_an_odd_rate_keeps_it(history):
    history.new(rows(Fraction(30000, 1001), v1="aaa"))
    assert again(history).open("cut").cut.rate == Fraction(30000, 1001)
    assert sqlite3.connect(history.store.path).execute("select rate from cuts").fetchone() == ("30000/1001",)
