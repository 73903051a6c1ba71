"""`cineloom library` and `cineloom bench library`, as somebody types them."""

from __future__ import annotations

import json
import signal

import pytest
from reels import film, picture, recipe, take

from app.cli import main
from engine.bench import library as bench
from engine.library import Library, finish

NAMES = ("list", "import", "projects", "show", "search", "tag", "rate", "note", "caption", "favourite", "trash", "restore", "empty", "check", "export", "open-zip")


@pytest.fixture
def run(home, capsys, monkeypatch):
    """Call a command with --json: its exit code and the one object it answered."""
    monkeypatch.setenv("CINELOOM_HOME", str(home))
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict]:
        code = main(["library", *map(str, arguments), "--json"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1
        return code, json.loads(lines[0])

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("name", [None, *NAMES])
def test_every_command_says_what_it_is_for(run, capsys, name):
    assert main(["library", *([name] if name else []), "--help"]) == 0
    assert "Usage: cineloom library" in capsys.readouterr().out


def test_a_day_with_a_library(run, library, tmp_path):
    """In, found, marked, away, back, out, in elsewhere."""
    code, said = run("import", film(tmp_path / "sea.mp4", recipe("a red boat")), picture(tmp_path / "still.png"), "--tag", "Day one")
    boat, still = said["takes"]
    assert code == 0 and (boat["prompt"], still["operation"], boat["tags"]) == ("a red boat", "import", ["day one"])
    assert run("rate", boat["id"][:6], 5)[1]["takes"][0]["rating"] == 5
    run("note", boat["id"], "for the opening"), run("tag", still["id"], "cat", "--remove", "day one"), run("caption", still["id"], "a square"), run("favourite", still["id"])

    def ids(*wanted):
        return [found["id"] for found in run(*wanted)[1]["takes"]]

    assert ids("list") == [still["id"], boat["id"]] and ids() == ids("list")
    assert ids("search", "open") == ids("list", "--rating", 4) == ids("list", "--tag", "DAY ONE") == ids("list", "--operation", "text") == [boat["id"]]
    assert ids("search", "squ", "--tag", "cat") == ids("list", "--favourites") == ids("list", "--operation", "import") == [still["id"]]
    assert ids("list", "--size", "64x64", "--since", "2020-01-01") == ids("list") and ids("list", "--until", "2020-01-01") == ids("list", "--model", "none") == []
    code, page = run("list", "--limit", 1)
    assert page["all"] == 2 and ids("list", "--limit", 1, "--before", page["next"]) == [boat["id"]]

    run("trash", boat["id"], still["id"]), run("restore", still["id"])
    assert ids("list") == [still["id"]] and ids("list", "--trash") == [boat["id"]]
    code, said = run("export", tmp_path / "out.zip")
    assert (code, said["takes"], said["bytes"]) == (0, 2, (tmp_path / "out.zip").stat().st_size)
    assert run("open-zip", tmp_path / "out.zip", "--project", "copy")[1] == {"takes": 2, "already": 0, "renamed": {}, "cuts": 0}
    assert run("projects")[1] == {"projects": ["copy", "my-films"]}
    assert run("empty") == (2, {"error": "1 take would be gone for good; say --yes to do it."})
    assert run("empty", "--yes") == (0, {"removed": 1})
    assert run("check")[1]["well"] is True and run("check", "--project", "copy")[1]["takes"] == 2


def test_show_tells_where_a_take_comes_from(run, library, capsys):
    take(library, "one"), take(library, "two")
    library.link("two", "one", 2, 9, "start")
    assert run("show", "two")[1]["ancestors"] == [{"child": "two", "parent": "one", "start": 2, "stop": 9, "role": "start", "gone": False}]
    assert run("show", "one")[1]["descendants"][0]["child"] == "two"
    assert main(["library", "show", "two"]) == 0
    assert "from        one [2, 9) start -> two" in capsys.readouterr().out


def test_a_check_says_what_it_did(run, library, capsys):
    take(library, "one").file("film").unlink()
    (library.folder / "media" / "stray.mp4").write_bytes(b"x")
    assert run("check", "--look-only")[1]["lost"] == ["media/stray.mp4"] and (library.folder / "media" / "stray.mp4").exists()
    assert main(["library", "check"]) == 0
    out = capsys.readouterr().out
    assert "1 files that belong to nothing: lost-and-found/stray.mp4" in out and "1 takes whose film is missing: one" in out
    assert [found["id"] for found in run("list", "--missing")[1]["takes"]] == ["one"]
    assert main(["library", "list"]) == 0 and "MISSING" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, sentence", [
    (["show", "nobody"], "There is no take 'nobody'"),
    (["rate", "twin", "3"], "Several takes begin with 'twin': twin1, twin2"),
    (["rate", "twin1", "9"], "A rating goes from 1 to 5"),
    (["tag", "twin1", ""], "A tag has 1 to 64 characters"),
    (["trash", "twin1", "nobody"], "There is no take 'nobody'"),
    (["list", "--size", "big"], "such as 256x144"),
    (["list", "--since", "yesterday"], "such as 2026-11-22"),
    (["list", "--project", "typo"], "There is no project 'typo'"),
    (["check", "--project", "../up"], "There is no project"),
    (["open-zip", "here.zip", "--project", "../up"], "cannot be called"),
    (["open-zip", "nowhere.zip", "--project", "new"], "There is no file at nowhere.zip"),
    (["import", "nowhere.mp4"], "There is no film or picture at nowhere.mp4"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence_and_nothing_is_done(run, library, home, arguments, sentence):
    take(library, "twin1"), take(library, "twin2")
    mark = library.mark()
    code, said = run(*arguments)
    assert code == 2 and sentence in said["error"]
    assert library.mark() == mark and sorted(path.name for path in home.iterdir()) == ["my-films"]


def test_the_bench_measures_what_it_says(home, library):
    said = list(bench.measure(home, takes=400, rounds=3))
    found = said[-1]
    assert found.takes == 400 and {"open", "open, a new process", "page", "search", "add", "edit"} <= {figure.name for figure in found.figures}
    assert all(0 < figure.median <= figure.p95 <= figure.worst for figure in found.figures)
    assert found["search"].times == sum(figure.times for figure in found.figures if figure.name in {f"  {kind}" for kind in bench.searches(bench.random.Random(0), 400)} - {f"  {kind}" for kind in bench.pages(bench.random.Random(0), 400)}) + 2 * 3
    assert "aim" in found.text() and json.loads(json.dumps(found.to_json()))["figures"]["add"]["aim"] == 20
    assert sorted(path.name for path in home.iterdir()) == ["my-films"]


def test_the_project_of_the_bench_is_one_that_people_could_have(home):
    library = Library(home / "drawn")
    bench.fill(library, 400)
    assert finish(library.check(repair=False)).damaged == [] and library.count() + library.count(True) == 400
    assert 20 < len(library.takes(favourites=True, limit=500)) + len(library.takes(trashed=True, limit=500)) < 80
    assert len(library.takes("camera", limit=500)) == library.count() and library.tags()["keep"] > 10
