"""What people type: ratings, tags, notes, searches, filters, descent; and every mischief of letters in them."""

from __future__ import annotations

import random

import pytest
from fakes import made, recipe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadRequest
from engine.library import Edge, Library
from engine.library.finding import Wanted

MISCHIEF = ["'; drop table takes; --", '"', "%_*?", "\0nul", "../../etc/passwd", "C:\\con", "a\u202eb", "e\u0301", "\ud800", "🦊", "𝔣𝔬𝔵",
            "ﬁsh", "क्षत्रिय", "NEAR(a b)", "prompt : a", "{tags} : b", "a AND NOT b", "^a", "+a", "-a", "(", ")", "*", "a*b", "\u200d", "ⅷ²½", "İ"]  # fmt: skip


def add(library, prompt="red left", id=None, **changes):
    """One take of that prompt."""
    library.clear_staging()
    return library.add_take(made(library.staging(id or "x"), recipe(prompt, **changes)), id)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A project that tests only read, or leave as they found it."""
    library = Library(tmp_path_factory.mktemp("shelf") / "films")
    for number in range(12):
        add(library, f"a fox number {number}", id=f"take{number:02}", seed=number, backend="drawn" if number % 2 else "other", width=64 * (1 + number % 3))
    return library


def test_an_edit_is_there_for_everybody_at_once(library):
    add(library, id="one")
    library.rate("one", 4), library.note("one", "for the opening\nbut shorter"), library.caption("one", "a boat at sea")
    library.tag("one", ["Sea", "client a", "sea"]), library.tag("one", remove=["client a"], add=["dusk"])
    other = Library(library.folder).take("one")
    assert (other.rating, other.notes, other.caption, other.tags) == (4, "for the opening\nbut shorter", "a boat at sea", ("sea", "dusk"))
    assert other.to_json()["tags"] == ["sea", "dusk"]
    assert library.tags() == {"dusk": 1, "sea": 1}
    assert library.rate("nobody", 3) is None and library.tag("nobody", ["x"]) is None


@pytest.mark.parametrize("rating", [-1, 6, 2.5, True, "5", None])
def test_a_rating_goes_to_five(library, rating):
    add(library, id="one")
    with pytest.raises(BadRequest, match="A rating goes from 1 to 5"):
        library.rate("one", rating)
    assert library.take("one").rating == 0


@pytest.mark.parametrize("tag", ["", "  ", ",", "x" * 65, "\0", "\ud800", None, 7])
def test_a_tag_has_letters(library, tag):
    add(library, id="one")
    with pytest.raises(BadRequest, match="tag"):
        library.tag("one", ["good", tag])
    assert library.take("one").tags == ()


def test_a_take_is_found_by_what_was_written_and_by_what_was_made_of_it(library):
    add(library, "a red boat sails on the sea at night", id="one", asked="ein Boot bei Nacht")
    add(library, "a boat", id="two")
    assert [take.id for take in library.takes("Boot")] == ["one"] == [take.id for take in library.takes("night sea")] == [take.id for take in library.takes("nacht red")]
    assert library.take("one").recipe["asked"] == "ein Boot bei Nacht"
    library.note("one", "for the end")
    assert [take.id for take in library.takes("end boot")] == ["one"]
    library.trash("one"), library.empty_trash()
    assert library.takes("boot") == []


def test_search_reads_prompt_caption_notes_and_tags(library):
    for id in ("prompted", "captioned", "noted", "tagged", "other"):
        add(library, "a lighthouse" if id == "prompted" else "a boat", id=id)
    library.caption("captioned", "One lighthouse, far off"), library.note("noted", "like the lighthouse"), library.tag("tagged", ["lighthouse"])
    assert {take.id for take in library.takes("lighthous")} == {"prompted", "captioned", "noted", "tagged"}
    library.caption("captioned", ""), library.note("noted", ""), library.tag("tagged", remove=["lighthouse"])
    assert {take.id for take in library.takes("lighthouse")} == {"prompted"}


def plain(library, wanted):
    """The same page, by reading every take: no index, no SQL conditions."""
    found = []
    for id in [row["id"] for row in library.store.rows("select id from takes order by number desc")]:
        take = library.take(id)
        words = f"{take.prompt} {take.caption} {take.notes} {' '.join(take.tags)}".lower().split()
        asked = wanted.words.lower().split()
        if (
            all(word in words for word in asked)
            and (take.trashed is not None) == wanted.trashed
            and (not wanted.favourites or take.favourite)
            and (not wanted.missing or take.state == "missing")
            and wanted.operation in ("", take.operation)
            and wanted.model in ("", take.backend)
            and set(wanted.tags) <= set(take.tags)
            and take.rating >= wanted.rating
            and (wanted.since is None or take.created >= wanted.since)
            and (wanted.until is None or take.created < wanted.until)
            and wanted.size in (None, (take.width, take.height))
            and (wanted.before is None or take.number < wanted.before)
        ):
            found.append(take.id)
    return found[: wanted.limit]


def test_every_filter_alone_and_together_finds_what_reading_everything_finds(library):
    clock = iter(range(1000, 9000))
    library = Library(library.folder, clock=lambda: float(next(clock)))
    chance = random.Random(1)
    for number in range(24):
        id = f"take{number:02}"
        add(library, f"a {chance.choice(['fox', 'boat'])} at {chance.choice(['sea', 'night'])}", id=id, width=chance.choice([64, 128]),
            operation=chance.choice(["text", "extend"]), backend=chance.choice(["drawn", "ltx"]))  # fmt: skip
        library.rate(id, chance.randint(0, 5)), library.favourite(id, chance.random() < 0.5)
        library.tag(id, chance.sample(["keep", "client a", "🦊", "ⅷ²"], chance.randint(0, 3)))
        if chance.random() < 0.2:
            library.trash(id)
    seen = 0
    for _ in range(300):
        asked = {
            "query": chance.choice(["", "", "fox", "sea boat ", "keep"]), "favourites": chance.random() < 0.2, "trashed": chance.random() < 0.1,
            "operation": chance.choice(["", "", "text", "extend"]), "model": chance.choice(["", "", "ltx"]), "rating": chance.choice([0, 0, 2, 4]),
            "tags": chance.sample(["keep", "client a", "🦊", "ⅷ²", "none has it"][: chance.choice([4, 4, 4, 5])], chance.choice([0, 0, 1, 2])),
            "since": chance.choice([None, None, 1010.0]), "until": chance.choice([None, None, 1020.0]),
            "size": chance.choice([None, None, (64, 64)]), "before": chance.choice([None, 12]), "limit": chance.choice([3, 60]),
        }  # fmt: skip
        wanted = Wanted(asked["query"], **{name: value for name, value in asked.items() if name != "query"})
        found = [take.id for take in library.takes(**asked)]
        assert found == plain(library, wanted), asked
        seen += bool(found)
    assert seen > 80


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_mischief_in_words_is_only_words(library, mischief):
    add(library, "a plain one", id="plain"), add(library, "the other", id="other")
    clean = library.note("other", f"before {mischief} after").notes
    assert clean.startswith("before") and clean.endswith("after")
    library.caption("other", mischief)
    try:
        tags = library.tag("other", [mischief]).tags
    except BadRequest:
        tags = ()
    for wanted in ({"query": mischief}, {"tags": tags}, {"query": "after", "tags": tags}, {"operation": mischief}, {"model": mischief}):
        assert {take.id for take in library.takes(**wanted)} <= {"other", "plain"}
    assert [take.id for take in library.takes(tags=tags, query="after")] == ["other"]
    assert library.take(mischief) is None and library.favourite(mischief) is None and library.parents(mischief) == []
    assert library.count() == 2 and [take.id for take in library.takes("plain")] == ["plain"]
    assert [row["integrity_check"] for row in library.store.rows("pragma integrity_check")] == ["ok"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(codec=None), max_size=40) | st.text('"*^+-(){}:fox AND OR NOT NEAR 0\'', max_size=30))
def test_any_text_can_be_searched_for(shelf, query):
    found = shelf.takes(query)
    assert len(found) in range(13)
    assert shelf.takes(query + " fox") == [take for take in shelf.takes("fox") if take in shelf.takes(query + " fox")]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tag=st.text(st.characters(codec=None), max_size=20), words=st.sampled_from(["", "fox", "fox number 3"]))
def test_any_tag_that_was_put_on_is_found_again(shelf, tag, words):
    try:
        (kept,) = shelf.tag("take03", [tag]).tags
    except BadRequest:
        return
    assert [take.id for take in shelf.takes(words, tags=[tag])] == ["take03"]
    assert shelf.tag("take03", remove=[kept]).tags == ()
    assert shelf.takes(tags=[kept]) == []


@pytest.mark.parametrize("name", ["CON", "nul.txt", "com1", "a\u202e/b", "con\0", "films\n", "\ud800", None, 7])
def test_more_names_that_are_no_folder_anywhere(home, name):
    with pytest.raises(BadRequest, match="cannot be called"):
        Library.open(home, name)
    assert not home.exists()


@pytest.mark.parametrize("id", ["../up", "a/b", "A", "", "x" * 41, "a.b", "a\0", None])
def test_an_id_is_a_plain_name(library, id):
    if id:
        with pytest.raises(BadRequest, match="A take's id"):
            library.add_take(made(library.staging("x"), recipe()), id)
    assert library.take(id) is None and library.count() == 0


def test_a_clock_that_is_set_back_changes_no_order(library):
    now = [2000.0]
    library = Library(library.folder, clock=lambda: now[0])
    for number in range(6):
        now[0] -= 500
        add(library, id=f"take{number}")
    first = library.takes(limit=3)
    add(library, id="late")
    rest = library.takes(limit=60, before=first[-1].number)
    assert [take.id for take in first + rest] == ["take5", "take4", "take3", "take2", "take1", "take0"]
    assert [take.id for take in library.takes(since=1000.0)] == ["take1", "take0"]


def test_numbers_that_no_database_holds_are_no_crash(shelf):
    assert len(shelf.takes(before=2**70)) == 12 and shelf.takes(before=-(2**70)) == []
    assert len(shelf.takes(limit=10**30)) == 12 and len(shelf.takes(limit=-5)) == 1


# ---- descent

def test_a_take_knows_what_it_was_made_from_and_what_became_of_it(library):
    for id in "abcd":
        add(library, id=id)
    library.link("b", "a", 0, 17, "whole"), library.link("c", "b", 5, 17, "start"), library.link("d", "c", 0, 1, "start"), library.link("d", "a", 16, 17, "end")
    assert library.parents("d") == [Edge("d", "c", 0, 1, "start"), Edge("d", "a", 16, 17, "end")]
    assert library.children("a") == [Edge("b", "a", 0, 17, "whole"), Edge("d", "a", 16, 17, "end")]
    assert [(e.child, e.parent) for e in library.ancestors("d")] == [("d", "c"), ("d", "a"), ("c", "b"), ("b", "a")]
    assert [(e.child, e.parent) for e in library.descendants("a")] == [("b", "a"), ("d", "a"), ("c", "b"), ("d", "c")]
    assert library.ancestors("a") == [] and library.descendants("d") == []


def test_nothing_descends_from_itself(library):
    for id in "ab":
        add(library, id=id)
    library.link("b", "a", 0, 17, "whole")
    for child, parent in (("a", "b"), ("a", "a")):
        with pytest.raises(BadRequest, match="cannot be its parent"):
            library.link(child, parent, 0, 1, "start")
    for start, stop, role in ((3, 3, "start"), (-1, 3, "start"), (0, 1.5, "start"), (0, 2**63, "start"), (0, 1, "'; drop"), (0, 1, "")):
        with pytest.raises(BadRequest):
            library.link("b", "a", start, stop, role)
    with pytest.raises(BadRequest, match="no take 'nobody'"):
        library.link("b", "nobody", 0, 1, "start")
    assert len(library.parents("b")) == 1 and library.parents("a") == []


def test_a_parent_that_is_removed_leaves_its_name_and_is_known_again(library):
    add(library, id="a"), library.add_take(made(library.staging("b"), recipe()), "b", [Edge("b", "a", 0, 9, "start")])
    library.trash("a")
    assert library.parents("b") == [Edge("b", "a", 0, 9, "start")]
    library.empty_trash()
    assert library.parents("b") == [Edge("b", "a", 0, 9, "start", gone=True)]
    add(library, id="a")
    assert library.parents("b") == [Edge("b", "a", 0, 9, "start")]
    library.trash("b"), library.empty_trash()
    assert library.children("a") == []


def test_any_part_of_the_answer_can_be_asked_for_and_its_length(library):
    for number in range(7):
        add(library, f"a {'red' if number % 2 else 'blue'} boat {number}", id=f"t{number}")
    assert [take.id for take in library.takes("boat", skip=2, limit=3)] == ["t4", "t3", "t2"]
    assert [take.id for take in library.takes(skip=6)] == ["t0"] and library.takes("red", skip=9) == []
    assert (library.found(), library.found("red"), library.found("boat", rating=1), library.found("?!")) == (7, 3, 0, 0)
    library.trash("t1")
    assert (library.found("red"), library.found("red", trashed=True)) == (2, 1)
    assert library.kinds() == {"operations": ["text"], "models": ["drawn"], "sizes": [(64, 64)]}
