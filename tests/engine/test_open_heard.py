"""What a transformer hears of a prompt is kept: a second start reads nothing, loads no reader, and makes the same film to the bit."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
import torch
from families import FAMILIES
from parity import film

from engine import operations as op
from engine.denoisers.base import Manner
from engine.denoisers.open import keeping, rows
from engine.denoisers.open.heard import Heard
from engine.denoisers.open.opening import open_model
from engine.errors import WeightsError

WORDS = "a red boat sails left"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    return tmp_path


def told_of(home, name):
    folder = FAMILIES[name][1](home / "my model")
    config = folder / "text_encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_window_layers": 3}))       # a default of Qwen's that speaks of 80 layers where there are 3
    *_, row = keeping.add(folder, "mine")
    return row


def kept(home):
    return sorted((home / "models" / ".heard").glob("*"))


@pytest.mark.parametrize("name", ["wan", "ltx", "ltx2", "cogvideox", "hunyuan", "hunyuan15", "skyreels"])
def test_a_second_start_hears_the_same_and_loads_no_reader(home, name):
    row = told_of(home, name)
    first, second = open_model(row, "cpu"), open_model(row, "cpu")
    assert first.late and set(first.late) == set(second.late) and first.pipe.text_encoder is None
    one, two = first._words([WORDS, ""]), second._words([WORDS, ""])
    assert not first.late and first.pipe.text_encoder is not None and second.late and second.pipe.text_encoder is None
    assert one.keys() == two.keys() and all(one[key] is two[key] is None or torch.equal(one[key], two[key]) for key in one)
    assert len(kept(home)) == 2 and not any(WORDS.encode() in path.read_bytes() or "boat" in path.name for path in kept(home)), "the words are nobody's business"


def test_the_film_is_the_same_to_the_bit_and_other_words_are_read(home):
    row = told_of(home, "wan")
    shape = (1, 16, 3, 8, 8)
    films = [film(open_model(row, "cpu"), op.text(shape), guidance=3.0) for _ in range(2)]
    assert torch.equal(*films)
    third = open_model(row, "cpu")
    third._words([WORDS])
    assert third.late
    third._words(["a blue fox"])
    assert not third.late


def test_another_reader_has_read_nothing(home):
    row = told_of(home, "wan")
    one = Heard.of(row, "0.42", "cpu", "float32")
    one.put(WORDS, {"heard": torch.ones(2), "not": None})
    assert torch.equal(Heard.of(row, "0.42", "cpu", "float32").get(WORDS)["heard"], torch.ones(2)) and one.get(WORDS)["not"] is None
    assert Heard.of(row, "0.42", "cuda", "float32").get(WORDS) is None and one.get(WORDS + " ") is None
    facts = home / "models" / "mine.json"
    told = json.loads(facts.read_text())
    told["files"] = {name: mark[::-1] if name.startswith("text_encoder") else mark for name, mark in told["files"].items()}
    facts.write_text(json.dumps(told))
    assert Heard.of(row, "0.42", "cpu", "float32").get(WORDS) is None
    told["files"] = {"vae/a": "0"}
    facts.write_text(json.dumps(told))
    assert Heard.of(row) is None and Heard.of(dataclasses.replace(rows.known("wan-2.1-1.3b"), folder=home)) is None


def test_damage_is_as_nothing_and_what_was_not_used_for_longest_goes(home):
    heard = Heard("anybody", most=3_000)
    big = {"heard": torch.zeros(200)}                   # 800 bytes and a head
    for number, words in enumerate("abc"):
        heard.put(words, big)
        os.utime(heard._path(words), (number, number))
    assert heard.get("a") is not None                   # used now: "b" is what was not used for longest
    heard.put("d", big)
    assert [words for words in "abcd" if heard.get(words)] == ["a", "c", "d"]
    for damage in (b"", b"no safetensors", heard._path("a").read_bytes()[:60]):
        heard._path("a").write_bytes(damage)
        assert heard.get("a") is None
    heard.put("vast", {"heard": torch.zeros(2_000)})
    assert heard.get("vast") is None and heard.get("c") is not None
    heard.folder = home / "a file"
    heard.folder.write_text("")
    heard.put("e", big)
    assert heard.get("e") is None


def test_a_reader_that_is_damaged_is_said_when_it_is_needed(home):
    row = told_of(home, "wan")
    backend = open_model(row, "cpu")
    (row.folder / "text_encoder" / "config.json").write_text('{"model_type": "umt5", "d_model": 7}')
    with pytest.raises(WeightsError, match="could not be loaded"):
        backend._words([WORDS])


def test_what_loras_have_a_say_in_is_not_kept(home):
    backend = open_model(told_of(home, "wan"), "cpu")
    backend.manner = Manner(loras=("some",))
    backend._words([WORDS])
    assert not kept(home)
