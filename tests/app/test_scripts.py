"""`cineloom script`: a text in, the file of a storyboard out, and film of it."""

import io
import json
import sys

import pytest

from app.cli import main
from engine.recipe.storyboard import Storyboard

TEXT = "A red fox trots in the snow at dusk. It stops. Cut to: the sea."


def test_a_script_is_printed_as_the_storyboard_that_it_is(tmp_path, capsys):
    (tmp_path / "script.txt").write_text(TEXT)
    assert main(["script", str(tmp_path / "script.txt")]) == 0
    board = Storyboard.parse(capsys.readouterr().out)
    assert board.who == "a red fox" and [(shot.prompt, shot.join) for shot in board.shot] == [
        ("{who} trots in the snow at dusk", "cut"), ("{who} stops in the snow at dusk", "continue"), ("the sea at dusk", "cut")]


def test_a_script_from_the_standard_input_becomes_a_file_and_the_file_film(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    shots = tmp_path / "shots.toml"
    assert main(["script", "-", "-o", str(shots), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["toml"] == shots.read_text() and facts["who"] == "a red fox" and [shot["asked"] for shot in facts["shots"]] == ["", "It stops.", "Cut to: the sea."]
    assert facts["seconds"] == sum(shot["seconds"] for shot in facts["shots"])
    film = tmp_path / "film.mp4"
    assert main(["storyboard", str(shots), "--size", "64x64", "--steps", "1", "--model", "drawn", "-o", str(film), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == 1 + 16 * facts["seconds"] and film.exists()


@pytest.mark.parametrize("data, sentence", [
    (b"", "says nothing"), (b"\xff\xfe\x00", "is no text"), ("é".encode() * 30_000, "up to 20,000"), ("狐".encode() * 200_000, "up to 20,000"), (None, "cannot be read"),
])  # fmt: skip
def test_what_is_no_script_is_a_sentence(tmp_path, capsys, data, sentence):
    file = tmp_path / "script.txt"
    if data is not None:
        file.write_bytes(data)
    assert main(["script", str(file), "--json"]) == 2
    assert sentence in json.loads(capsys.readouterr().out)["error"]


def test_a_language_model_that_nobody_told_of_is_a_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CINELOOM_WORDS_URL", raising=False)
    (tmp_path / "script.txt").write_text(TEXT)
    assert main(["script", str(tmp_path / "script.txt"), "--provider", "served"]) == 2
    assert "CINELOOM_WORDS_URL" in capsys.readouterr().err
