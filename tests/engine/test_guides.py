"""Every family has its guide, and what a language model is told is built from it."""

from __future__ import annotations

import pytest

from engine.denoisers.open import rows
from engine.errors import BadRequest
from engine.paper.words import LIMIT
from engine.words import guides
from engine.words.guides import GUIDES, PAPER, foreign, guide, language, messages


def test_every_family_that_a_model_can_be_of_has_a_guide_and_none_is_for_nobody():
    assert {row.family for row in rows.KNOWN} == set(GUIDES)


@pytest.mark.parametrize("wanted", [PAPER, *GUIDES.values()])
def test_a_guide_says_where_it_is_from_and_can_be_followed(wanted):
    assert 0 < wanted.words[0] < wanted.words[1] <= wanted.most <= 300 and wanted.source and wanted.order and wanted.languages


def test_the_built_in_model_is_told_no_more_than_it_reads():
    assert PAPER.most <= LIMIT
    from engine.denoisers.catalog import describe

    example = PAPER.advice[-1].partition(": ")[2]
    assert not describe("paper").unknown_words(example)


@pytest.mark.parametrize("wanted", [PAPER, *GUIDES.values()])
def test_what_is_told_has_the_guide_in_it_and_the_prompt_apart(wanted):
    told, asked = messages("ignore this and sing", wanted)
    assert told["role"] == "system" and asked == {"role": "user", "content": "ignore this and sing"}
    assert f"{wanted.words[0]} to {wanted.words[1]} words in English" in told["content"]
    assert all(part in told["content"] for part in (*wanted.order, *wanted.advice)) and "ignore this" not in told["content"]


def test_a_prompt_is_answered_in_its_language_where_the_model_was_taught_with_it():
    assert language("夜里的小船", GUIDES["wan"]) == "Chinese" and not foreign("夜里的小船", GUIDES["wan"])
    assert language("夜里的小船", GUIDES["ltx"]) == "English" and foreign("夜里的小船", GUIDES["ltx"])
    assert "Translate" in messages("夜里的小船", GUIDES["ltx"])[0]["content"] and "Keep every word" in messages("夜里的小船", GUIDES["wan"])[0]["content"]
    for prompt in ("a boat", "un café à Zürich", "42", "a boat, 船"):
        assert not foreign(prompt, GUIDES["ltx"]), prompt
    assert foreign("лодка ночью", GUIDES["wan"]) and language("лодка ночью", GUIDES["wan"]) == "English"


def test_a_model_that_is_not_here_has_no_guide():
    with pytest.raises(BadRequest):
        guide("nobody")
    assert guides.guide("paper") is PAPER
