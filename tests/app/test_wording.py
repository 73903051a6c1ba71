"""`cineloom expand`: what is added is shown, a seed says what, and a model of any words is told nothing that nobody asked for."""

from __future__ import annotations

import json

import pytest
from answering import talking

from app.cli import main
from engine.doctor import language_models


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """No language model is told of."""
    for name in ("URL", "MODEL", "KEY", "FOLDER"):
        monkeypatch.delenv(f"CINELOOM_WORDS_{name}", raising=False)


def said(capsys, *asked):
    code = main(["expand", *asked, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_model_that_is_not_here_is_a_sentence(capsys):
    code, facts = said(capsys, "a boat at night", "--model", "wan-2.1-1.3b")
    assert code == 2 and "is not on this machine" in facts["error"]


def test_a_prompt_is_expanded_and_what_was_added_is_marked(capsys):
    assert main(["expand", "a boat at night", "--seed", "3"]) == 0
    shown = capsys.readouterr().out.strip()
    code, facts = said(capsys, "a boat at night", "--seed", "3")
    assert code == 0 and facts["asked"] == "a boat at night" and facts["seed"] == 3 and facts["note"] == ""
    assert shown.replace("[", "").replace("]", "") == facts["prompt"] and shown.count("[") == len(facts["added"]) > 2
    assert said(capsys, "a boat at night", "--seed", "3")[1] == facts
    assert len({said(capsys, "a boat at night")[1]["prompt"] for _ in range(8)}) > 1, "without a seed any is drawn"


@pytest.mark.parametrize("prompt, sentence", [("  ", "The prompt is empty"), ("a" * 5_001, "has 5,001 characters")])
def test_what_cannot_be_expanded_is_a_sentence(capsys, prompt, sentence):
    code, facts = said(capsys, prompt)
    assert code == 2 and sentence in facts["error"]


def test_a_language_model_is_asked_where_the_environment_says(capsys, monkeypatch):
    with talking(lambda web: web.words("a small boat drifts at night")) as server:
        monkeypatch.setenv("CINELOOM_WORDS_URL", server.url)
        monkeypatch.setenv("CINELOOM_WORDS_MODEL", "small")
        monkeypatch.setenv("CINELOOM_WORDS_KEY", "sk-secret-4711")
        code, facts = said(capsys, "a boat at night", "--provider", "served", "--seed", "3")
        assert code == 0 and facts["prompt"] == "a small boat drifts at night" and facts["provider"] == "served" and "sk-secret" not in json.dumps(facts)
        assert main(["expand", "a boat at night", "--provider", "served"]) == 0 and capsys.readouterr().out == "a[ small] boat[ drifts] at night\n"
        words = language_models()
        assert words.state == "well" and "served (small at 127.0.0.1" in words.says
        assert server.asked[-1]["path"] == "/v1/models" and server.asked[-1]["body"] is None, "no prompt is sent to see whether somebody is there"
    words = language_models()
    assert words.state == "mind" and "Nobody answers" in words.remedy and "served" not in words.says


@pytest.mark.parametrize("asked, sentence", [(("--provider", "served"), "CINELOOM_WORDS_URL"), (("--provider", "local"), "CINELOOM_WORDS_FOLDER"),
                                             (("--provider", "local", "--model-folder", "nowhere"), "There is no folder 'nowhere'"), (("--provider", "me"), "Nobody called 'me'")])
def test_a_provider_that_is_not_ready_says_what_would_make_it_so(capsys, asked, sentence):
    code, facts = said(capsys, "a boat", *asked)
    assert code == 2 and sentence in facts["error"]


# ---- a take of a prompt that is expanded on the way

SMALL = ["--seconds", "0.5", "--size", "64x64", "--steps", "1", "--model", "drawn", "--json"]


def test_a_take_says_what_it_added_and_keeps_both_texts(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = main(["take", "a boat  at night", "--expand", "--seed", "3", *SMALL])
    out = capsys.readouterr()
    made = json.loads(out.out.splitlines()[-1])
    longer = said(capsys, "a boat at night", "--seed", "3", "--model", "drawn")[1]
    assert code == 0 and made["recipe"]["prompt"] == longer["prompt"] and made["recipe"]["asked"] == "a boat at night"
    assert "boat[" in out.err and made["path"].endswith("a-boat-at-night.mp4"), "what was added is said, and the file is called as it was asked for"
    assert main(["recipe", made["path"]]) == 0 and "asked      a boat at night" in capsys.readouterr().out


def test_a_take_that_is_not_expanded_has_one_text(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["image", "a boat at night", *SMALL[2:]]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["recipe"]["asked"] == ""


@pytest.mark.parametrize("command", ["take", "image"])
def test_a_prompt_in_chinese_is_read_and_stays_what_it_is(capsys, tmp_path, monkeypatch, command):
    """Without --expand too: the recipe has the person's words, and what is not in the dictionary is said."""
    monkeypatch.chdir(tmp_path)
    assert main([command, "红色的龙", *(SMALL if command == "take" else SMALL[2:])]) == 0
    out = capsys.readouterr()
    made = json.loads(out.out.splitlines()[-1])
    assert (made["recipe"]["prompt"], made["recipe"]["asked"], made["unknown_words"]) == ("红色的龙", "", ["龙"])
    assert made["notes"] == ["Read as: red 龙."] and "Read as: red 龙." in out.err and "Drawn was never taught 龙." in out.err


@pytest.mark.parametrize("asked, sentence", [
    (["", "--expand"], "The prompt is empty"), (["a boat", "--expand-by", "somebody"], "somebody"), (["a boat", "--expand", "--seed", "-5"], "A seed is a whole number"),
    (["a boat", "--expand", "--seed", str(2**63)], "A seed is a whole number"),
])  # fmt: skip
def test_a_take_that_cannot_be_expanded_is_a_sentence(capsys, tmp_path, monkeypatch, asked, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["take", *asked, *SMALL]) == 2
    assert sentence in json.loads(capsys.readouterr().out.splitlines()[-1])["error"] and not [*tmp_path.iterdir()]
