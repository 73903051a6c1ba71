"""`cineloom cut`, as somebody types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from engine.library import Library, finish
from engine.media import write_film, write_picture
from engine.timeline import plain
from engine.timeline.history import History
from engine.timeline.materials import missing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def run(home, capsys, monkeypatch):
    """Call a command with --json: its exit code and the one object it answered."""
    monkeypatch.setenv("CINELOOM_HOME", str(home))
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict]:
        code = main(["cut", *map(str, arguments), "--json"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1
        return code, json.loads(lines[0])

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def takes(home, tmp_path):
    """Ids of a film of 17 pictures, one of 9 and a picture."""
    library = Library.open(home)
    pictures = np.zeros((17, 64, 64, 3), np.uint8)
    pictures[:, 20:40, 20:40] = 200
    write_film(tmp_path / "long.mp4", [pictures], 64, 64, 16, ""), write_film(tmp_path / "short.mp4", [pictures[:9]], 64, 64, 16, "")
    write_picture(tmp_path / "still.png", pictures[0], "")
    return [finish(library.import_file(tmp_path / name)).id for name in ("long.mp4", "short.mp4", "still.png")]


@pytest.mark.parametrize("name", [None, "list", "new", "add", "show", "edit", "undo", "redo", "history", "open", "render", "export", "sound", "make", "candidates", "accept", "reject"])
def test_every_command_says_what_it_is_for(run, capsys, name):
    assert main(["cut", *([name] if name else []), "--help"]) == 0
    assert "Usage: cineloom cut" in capsys.readouterr().out


def test_a_cut_is_begun_filled_edited_and_undone(run, takes, capsys):
    assert run("list") == (0, {"cuts": []})
    code, said = run("new", "Opening", takes[0], takes[1])
    assert code == 0 and (said["frames"], said["fps"], said["revision"], said["name"]) == (26, 16, 0, "Opening")
    id = said["id"]
    first, second = said["cut"]["tracks"][0]["items"]
    assert (first["media"]["take"], first["length"], second["length"], said["cut"]["width"]) == (takes[0], 17, 9, 64)

    assert run("add", "Opening", takes[2])[1]["frames"] == 26 + 64          # a picture stands for four seconds
    assert run("add", id[:5], takes[1], "--at", 17)[1]["frames"] == 26 + 64 + 9
    code, said = run("add", id, takes[1], "--at", 0, "--overwrite")
    assert code == 0 and said["frames"] == 99 and [item["length"] for item in said["cut"]["tracks"][0]["items"]] == [9, 8, 9, 9, 64]

    last = said["cut"]["tracks"][0]["items"][-1]["id"]
    code, said = run("edit", id, json.dumps({"is": "ripple-delete", "items": [last], "id": "mine"}))
    assert code == 0 and (said["frames"], said["undo"]) == (35, "ripple-delete")
    assert run("edit", id, json.dumps({"is": "ripple-delete", "items": [last], "id": "mine"}))[1]["revision"] == said["revision"]       # asked twice
    assert run("undo", id)[1]["frames"] == 99
    assert run("redo", id)[1]["frames"] == 35
    assert [step["edit"]["is"] for step in run("history", id)[1]["steps"]] == ["append", "insert", "overwrite", "ripple-delete"]
    assert run("show", id, "--revision", 0)[1]["frames"] == 26
    assert [line["name"] for line in run("list")[1]["cuts"]] == [line["name"] for line in run()[1]["cuts"]] == ["Opening"]

    assert main(["cut", "show", id]) == 0 and main(["cut", "list"]) == 0 and main(["cut", "undo", id]) == 0
    out = capsys.readouterr()
    assert "Film (film)" in out.out and takes[1] in out.out and "cineloom cut redo" in out.err


def test_edits_come_as_lines(run, takes, home):
    code, said = run("new", "Lines", takes[0])
    item = said["cut"]["tracks"][0]["items"][0]["id"]
    lines = [{"is": "split", "item": item, "at": 5}, {"is": "ripple-trim", "item": item, "end": "tail", "by": -2}, {"is": "fade", "item": item, "fade_in": 1, "fade_out": 1}]
    done = subprocess.run([sys.executable, "-m", "app.cli", "cut", "edit", "Lines", "-", "--json"], input="\n".join(map(json.dumps, lines)) + "\n", text=True,
                          capture_output=True, env=os.environ | {"CINELOOM_HOME": str(home)}, cwd=ROOT)  # fmt: skip
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["revision"] == 3 and said["frames"] == 15
    assert said["cut"]["tracks"][0]["items"][0]["fade_out"] == 1


def test_a_cut_counts_at_the_rate_that_was_asked(run, takes):
    code, said = run("new", "Film", takes[0], "--rate", "23.976", "--size", "1920x1080")
    assert code == 0 and said["cut"]["rate"] == "24000/1001" and said["frames"] == 25 and (said["cut"]["width"], said["cut"]["height"]) == (1920, 1080)


@pytest.mark.parametrize("arguments, said", [
    (("new", "x", "nothere"), "no take 'nothere'"), (("new", "x", "--rate", "fast"), "frames per second"), (("new", "x", "--rate", "1/0"), "frames per second"),
    (("new", "x", "--rate", "5000"), "1 to 1000"), (("new", "x", "--size", "9"), "width and a height"), (("show", "x1"), "no cut 'x1'"), (("undo", "One"), "nothing to undo"),
    (("redo", "One"), "nothing to redo"), (("edit", "One", "{"), "no JSON"), (("edit", "One", "[]"), "no JSON object"), (("edit", "One", '{"is": "explode"}'), "none of insert"),
    (("edit", "One", '{"is": "trim", "item": "a"}'), "lacks end, by"), (("edit", "One", '{"is": "lift", "items": ["a"]}', "--revision", 7), "revisions 0 to 0"),
    (("add", "One", "nothere"), "no take"), (("show", "One", "--project", "elsewhere"), "no project"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(run, arguments, said):
    run("new", "One")
    code, answer = run(*arguments)
    assert code == 2 and said in answer["error"] and answer["error"].endswith(".")


def test_a_take_whose_film_is_gone_or_a_name_that_is_not_one_is_refused(run, takes, home):
    run("new", "Twice"), run("new", "Twice")
    assert "Several cuts" in run("show", "Twice")[1]["error"]
    Library.open(home).take(takes[0]).file("film").unlink()
    code, answer = run("new", "Gone", takes[0])
    assert code == 2 and "not in the project any more" in answer["error"]
    assert [line["name"] for line in run("list")[1]["cuts"]] == ["Twice", "Twice"]


def test_media_that_is_gone_is_a_state_of_its_clips(run, takes, home):
    id = run("new", "One", *takes)[1]["id"]
    library = Library.open(home)
    cut = History(library.store).open(id).cut
    first, second, third = (item.id for item in cut.tracks[0].items)
    assert missing(cut, library) == {}
    library.take(takes[0]).file("film").unlink()
    library.trash(takes[1]), library.empty_trash()
    assert missing(cut, library) == {first: f"The film of take {takes[0]} is not in the project any more.", second: f"Take {takes[1]} was removed from the project."}
    assert run("show", id)[1]["cut"]["tracks"][0]["items"][0]["length"] == 17       # nothing of the cut is lost with it
    assert third not in missing(cut, library)


def test_a_cut_comes_back_from_a_file_of_another_program(run, takes, home, tmp_path, capsys):
    pytest.importorskip("opentimelineio")
    from engine.timeline import otio

    id = run("new", "One", *takes)[1]["id"]
    cut = History(Library.open(home).store).open(id).cut
    (tmp_path / "ours.otio").write_text(otio.write(cut))
    code, said = run("open", tmp_path / "ours.otio")
    assert code == 0 and said["id"] != id and {**said["cut"], "id": id} == plain.plain(cut) and "notes" not in said
    text = otio.write(cut).replace('"cineloom"', '"elsewhere"').replace(f"media/{takes[1]}", "film/unknown")
    (tmp_path / "theirs.otio").write_text(text)
    code, said = run("open", tmp_path / "theirs.otio")
    first, second, _ = said["cut"]["tracks"][0]["items"]
    assert code == 0 and (first["media"]["take"], first["length"], second["media"]["file"]) == (takes[0], 17, "missing/unknown.mp4")
    assert any("unknown.mp4" in note for note in said["notes"])
    for broken, words in (("nothere.otio", "cannot be read"), ("broken.otio", "no OpenTimelineIO")):
        (tmp_path / "broken.otio").write_text("{")
        code, said = run("open", tmp_path / broken)
        assert code == 2 and words in said["error"]


def test_a_cut_is_handed_over(run, home, takes, tmp_path):
    pytest.importorskip("opentimelineio")
    run("new", "One", *takes[:2])
    code, said = run("export", "One", "-o", tmp_path / "out", "--kinds", "otio, fcpxml")
    assert code == 0 and sorted(Path(path).name for path in said["files"]) == ["One.fcpxml", "One.otio"] and len(list((tmp_path / "out" / "media").iterdir())) == 2
    code, said = run("export", "One", "-o", tmp_path / "lists", "--lists-only")
    assert code == 0 and not (tmp_path / "lists" / "media").exists() and "timecode" in said["notes"][0]
    code, said = run("export", "One", "-o", tmp_path / "out")
    assert code == 2 and "already" in said["error"]
