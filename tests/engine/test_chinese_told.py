"""A prompt in Chinese is told to the built-in model in English, wherever it is read; the recipe keeps it, and what is not known is marked where it stands."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.denoisers.catalog import describe
from engine.denoisers.drawn import DrawnBackend
from engine.denoisers.paper import PaperBackend
from engine.paper.autoencoder import PaperAutoencoder
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.recipe import Cue, compose, from_json
from engine.training import paperworld as world
from engine.words import chinese

WORDS = Words(tuple(sorted(world.VOCABULARY)), dict(world.SYNONYMS))
BOAT, BOAT_TOLD = "一只红色的小船在夜里", "a small red boat at night"


def model() -> PaperTransformer:
    torch.manual_seed(0)
    return PaperTransformer(width=64, depth=1, heads=1, text_width=64, text_depth=1, vocabulary=len(WORDS.vocabulary), fastest=100.0).eval()


def marked(prompt: str, words: Words = WORDS) -> list[str]:
    return [prompt[start:stop] for start, stop in words.unknown(prompt)]


# ---- what the model is told

@pytest.mark.parametrize("prompt, told", [
    (BOAT, BOAT_TOLD), ("a fox 在雪地里, ink style", "a fox in the snow, ink style"), ("a boat  at night,", "a boat  at night,"), ("", ""), ("一只熊猫在雪地里", "a 熊猫 in the snow"),
])
def test_it_is_told_in_english_and_other_prompts_as_they_are(prompt, told):
    assert WORDS.told(prompt) == told
    assert [(word.number, word.pieces) for word in WORDS.read(prompt)] == [(word.number, word.pieces) for word in WORDS.read(told)]


def test_the_model_reads_the_same_numbers_in_both_languages_and_walks_the_same():
    paper = model()
    for one, other in zip(paper.read(WORDS, [BOAT, ""], torch.device("cpu")), paper.read(WORDS, [BOAT_TOLD, ""], torch.device("cpu"))):
        assert torch.equal(one, other)
    assert all(word.number for word in WORDS.read(BOAT)), "every word of it was taught"
    backend = PaperBackend(paper, PaperAutoencoder(width=48), WORDS, {"version": "", "steps": 4, "fused": False}, "cpu")
    told, same, otherwise = (backend.denoiser([prompt], guidance=1) for prompt in (BOAT, BOAT_TOLD, "a large red boat at night"))
    assert torch.equal(told.text, same.text) and not torch.equal(told.text, otherwise.text)


def test_the_stand_in_draws_what_it_is_told_too():
    film = torch.zeros(1, 48, 2, 4, 4)
    level = torch.ones(1, 1, 2, 4, 4)
    red, same, blue = (DrawnBackend().denoiser([prompt])(film, level, level) for prompt in ("红色", "red", "blue"))
    assert torch.equal(red, same) and not torch.equal(red, blue)


# ---- what is marked

@pytest.mark.parametrize("prompt, strange", [
    (BOAT, []), ("a red boat", []), ("一只熊猫在雪地里", ["熊猫"]), ("白云和海豚", ["白云", "海豚"]), ("云", ["云"]), ("🦊 dragon 在雪地里，熊 猫", ["dragon", "熊 猫"]),
    ("dragon，一只红色的龙 by the sea 3 x", ["dragon", "龙"]), ("红fox船zeppelin", ["zeppelin"]), ("一艘小船　在夜里", []), ("ein Boot 船", ["ein", "Boot"]),
])
def test_what_is_not_known_is_marked_where_the_person_wrote_it(prompt, strange):
    assert marked(prompt) == strange


def test_a_word_that_is_in_the_dictionary_and_that_this_model_was_never_taught_is_marked():
    few = Words(("a", "boat"), {})
    assert marked(BOAT, few) == ["红色", "小", "夜里"]


@given(st.text(alphabet=st.one_of(st.sampled_from("一只红色的小船在夜里向左航行镜头推近，。、雪 and a fox熊猫云\u3000\t"), st.characters()), max_size=60))
@settings(deadline=None, max_examples=300)
def test_marks_are_in_order_and_never_over_one_another_and_all_chinese_is_some_word(prompt):
    spans = WORDS.unknown(prompt)
    assert all(0 <= start < stop <= len(prompt) for start, stop in spans) and all(one[1] <= other[0] for one, other in zip(spans, spans[1:]))
    said = chinese.read(prompt)
    assert all("".join(prompt[word.start:word.stop].split()) == word.written for word in said.words)
    covered = {at for word in said.words for at in range(word.start, word.stop)}
    assert all(at in covered for at, letter in enumerate(prompt) if "\u3400" <= letter <= "\u9fff")
    assert {prompt[start:stop] for start, stop in spans} >= {prompt[word.start:word.stop] for word in said.words if word.kind == "?"}


# ---- what the recipe keeps

def test_the_recipe_keeps_the_person_s_words_and_a_note_says_how_they_are_read():
    recipe, notes = compose(BOAT, model="paper", seconds=2, seed=1, cues=[Cue(16, "一只狐狸")])
    assert (recipe.prompt, recipe.cues[0].prompt, recipe.asked) == (BOAT, "一只狐狸", "")
    assert notes == [f"Read as: {BOAT_TOLD}.", "Read as: a fox."]
    assert from_json(recipe.to_json()) == recipe
    assert compose("a red boat", model="paper", seconds=2, seed=1)[1] == []


def test_the_shipped_model_marks_no_word_of_the_dictionary():
    assert describe("paper").unknown_words(BOAT) == []
