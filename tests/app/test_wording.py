"""`cineloom expand`: what is added is shown, a seed says what, and a model of any words is told nothing that nobody asked for."""

from __future__ import annotations

import json

import pytest

from app.cli import main


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
