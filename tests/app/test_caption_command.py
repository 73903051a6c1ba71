"""`cineloom caption` as somebody types it: films, takes, what is no film, and film that shows another world."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from reels import film, picture, take

from app.cli import main
from engine.captioner.captioner import ELSEWHERE, BuiltIn
from engine.captioner.seeing import seen
from engine.library import Library, finish
from engine.media import write_film
from engine.training import paperworld as world
from engine.training.judge import even_scene
from engine.words.naming import named


@pytest.fixture
def run(home, capsys, monkeypatch):
    """Call the command with --json: its exit code, the one object it answered, and what it said on the way."""
    monkeypatch.setenv("CINELOOM_HOME", str(home))
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict, str]:
        code = main(["caption", *map(str, arguments), "--json"])
        said = capsys.readouterr()
        lines = said.out.splitlines()
        assert len(lines) == 1
        return code, json.loads(lines[0]), said.err

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A film of the paper world, of which the captioner speaks."""
    scene = even_scene(76_000_000)
    pictures = (world.render(scene, 17, 256, 144).pixels * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    path = tmp_path_factory.mktemp("drawn") / "drawn.mp4"
    write_film(path, [pictures], 256, 144, 16)
    return path


@pytest.fixture(scope="module")
def foreign(tmp_path_factory) -> Path:
    """Nothing that the paper world shows."""
    noise = np.random.default_rng(0).integers(0, 256, (5, 36, 64, 3)).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    path = tmp_path_factory.mktemp("foreign") / "foreign.mp4"
    write_film(path, [noise], 256, 144, 16)
    return path


@pytest.fixture(scope="module")
def sentence(drawn) -> str:
    """What the captioner says of it, asked without the command."""
    said = BuiltIn.open().describe(seen(drawn)).text
    assert {"subject", "place", "time"} <= set(named(said))
    return said


def imported(library: Library, path: Path) -> str:
    """A film as a take of the library: its id."""
    return finish(library.import_file(path)).id


def test_a_film_file_is_described_and_nothing_is_kept(run, drawn, sentence, home):
    code, said, _ = run(drawn)
    (row,) = said["captions"]
    assert (code, said["captioner"], said["kept"]) == (0, "built-in", 0)
    assert (row["film"], row["take"], row["caption"], row["note"]) == (str(drawn), None, sentence, "")
    assert -0.2 <= row["certainty"] <= 0
    assert not home.exists(), "to look at a file makes no library"


def test_of_one_film_there_is_the_sentence_alone_and_of_several_each_with_its_name(drawn, foreign, sentence, capsys):
    assert main(["caption", str(drawn)]) == 0
    assert capsys.readouterr().out == f"{sentence}\n"
    assert main(["caption", str(drawn), str(foreign)]) == 0
    assert capsys.readouterr().out == f"drawn.mp4  {sentence}\nforeign.mp4  {ELSEWHERE}\n"


def test_a_short_caption_names_thing_place_and_time_alone(run, drawn, sentence):
    (row,) = run(drawn, "--short")[1]["captions"]
    assert set(named(row["caption"])) <= {"subject", "colour", "place", "time"} and 0 < len(row["caption"]) < len(sentence)


def test_film_of_another_world_is_no_error_and_gets_no_caption(run, library, foreign):
    id = imported(library, foreign)
    code, said, _ = run(id, "--keep")
    (row,) = said["captions"]
    assert (code, row["caption"], row["note"], said["kept"]) == (0, "", ELSEWHERE, 0)
    assert library.take(id).caption == ""


def test_a_take_is_named_by_its_id_and_its_caption_is_kept_where_that_is_said(run, library, drawn, sentence):
    id = imported(library, drawn)
    code, said, _ = run(id[:6])
    assert code == 0 and said["captions"][0]["take"] == id and said["captions"][0]["caption"] == sentence and said["kept"] == 0
    assert library.take(id).caption == ""
    assert run(id, "--keep")[1]["kept"] == 1
    assert library.take(id).caption == sentence
    assert [found.id for found in library.takes(" ".join(sentence.split()[:3]))] == [id], "and search finds it"


def test_all_takes_without_a_caption_get_one_and_what_cannot_be_read_stops_nobody(run, library, drawn, foreign, sentence):
    take(library, "damaged"), take(library, "gone"), take(library, "told")
    first, last = imported(library, drawn), imported(library, foreign)
    library.take("damaged").file("film").write_bytes(b"no film")
    library.take("gone").file("film").unlink()
    library.caption("told", "what I see in it")
    code, said, err = run("--all")
    assert (code, [row["take"] for row in said["captions"]], said["kept"]) == (0, [first, last], 1)
    assert "damaged.mp4: " in err
    assert (library.take(first).caption, library.take(last).caption, library.take("told").caption) == (sentence, "", "what I see in it")
    assert [row["take"] for row in run("--all")[1]["captions"]] == [last], "what has one is left alone"


def test_again_renews_what_a_captioner_wrote_and_leaves_what_a_person_did(run, library, drawn, sentence):
    ours, theirs, edited, bare = (imported(library, drawn) for _ in range(4))
    library.caption(ours, "a boat", "some captioner"), library.caption(theirs, "my own words")
    library.caption(edited, "a boat", "some captioner"), library.caption(edited, "a boat, and my dog")
    code, said, err = run("--all", "--again")
    assert (code, [row["take"] for row in said["captions"]], said["kept"], said["left"]) == (0, [ours, bare], 2, 2)
    assert "2 captions that no captioner wrote stay; --keep replaces that of a take that is named." in err
    assert [library.take(id).caption for id in (ours, theirs, edited, bare)] == [sentence, "my own words", "a boat, and my dog", sentence]
    assert [library.take(id).captioner for id in (ours, theirs, edited, bare)] == ["built-in", "", "", "built-in"]
    assert run(theirs, "--keep")[1]["kept"] == 1 and library.take(theirs).caption == sentence, "who names a take means it"


def test_what_a_person_writes_while_others_are_looked_at_stays(run, library, drawn, monkeypatch):
    id = imported(library, drawn)

    def meanwhile(path):
        library.caption(id, "my own words")
        return seen(path)

    monkeypatch.setattr("engine.captioner.seeing.seen", meanwhile)
    assert run("--all")[0] == 0 and library.take(id).caption == "my own words"


def test_where_every_take_has_a_caption_no_captioner_is_opened(library, home, capsys, monkeypatch):
    monkeypatch.setenv("CINELOOM_HOME", str(home))
    assert main(["caption", "--all", "--captioner", "/nowhere"]) == 0
    assert capsys.readouterr().out == "Every take has a caption.\n"


@pytest.mark.parametrize("name, words", [("words.txt", b"a red boat"), ("empty.mp4", b""), ("broken.mp4", b"\0" * 4000)])
def test_a_file_that_is_no_film_is_a_sentence(run, tmp_path, name, words):
    (tmp_path / name).write_bytes(words)
    code, said, err = run(tmp_path / name)
    assert code == 2 and set(said) == {"error"} and name in said["error"] and said["error"] in err and "Traceback" not in err


def test_a_film_among_others_that_cannot_be_read_is_told_of(run, tmp_path, drawn):
    (tmp_path / "words.txt").write_text("a red boat")
    code, said, _ = run(drawn, tmp_path / "words.txt")
    assert code == 2 and "words.txt" in said["error"]


def test_a_picture_is_described_too(run, tmp_path):
    code, said, _ = run(picture(tmp_path / "square.png"))
    assert code == 0 and (said["captions"][0]["caption"] or said["captions"][0]["note"] == ELSEWHERE)


@pytest.mark.parametrize("arguments, sentence", [
    ((), "Say which films, or --all"), (("FILM", "--all"), "both were said"), (("FILM", "--again"), "--again goes with --all"),
    (("FILM", "--keep"), "--keep is for takes"), (("nowhere.mp4",), "There is no film or picture at 'nowhere.mp4'"), (("nobody",), "There is no take 'nobody'"),
    (("FILM", "--captioner", "nowhere"), "There is no folder 'nowhere'"), (("--all", "--project", "typo"), "There is no project 'typo'"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence(run, tmp_path, arguments, sentence):
    path = film(tmp_path / "sea.mp4")
    code, said, _ = run(*(path if word == "FILM" else word for word in arguments))
    assert code == 2 and sentence in said["error"]
