"""Toning: made film takes the tone of the given film beside it; what film does by itself is left to it."""

from __future__ import annotations

import pytest
import torch

from engine.making.toning import runs, tone


def film(tones, channels=4):
    """Latents whose frames have these tones in every channel, with detail around them that has none."""
    chance = torch.Generator().manual_seed(0)
    detail = torch.randn(1, channels, len(tones), 6, 8, generator=chance)
    detail -= detail.mean(dim=(3, 4), keepdim=True)
    return detail + torch.tensor(tones, dtype=torch.float32).view(1, 1, -1, 1, 1)


def toned(latents, given, **more):
    """In place, where all that is given is footage."""
    tone(latents, given, {frame for frame, known in enumerate(given) if known}, **more)


def tones(latents):
    return latents.mean(dim=(1, 3, 4))[0].tolist()


def test_made_film_that_is_off_is_brought_back_and_given_film_untouched():
    latents = film([0, 0, 0, 0, 2, 2, 2, 2])
    before = latents.clone()
    toned(latents, [True] * 4 + [False] * 4)
    assert torch.equal(latents[:, :, :4], before[:, :, :4])
    assert tones(latents) == pytest.approx([0] * 8, abs=1e-5)
    moved = latents[:, :, 4:] - before[:, :, 4:]
    assert torch.allclose(moved, moved[..., :1, :1].expand_as(moved), atol=1e-5), "only the mean is moved: detail stays"


def test_it_works_backward_too():
    latents = film([3, 3, 3, 3, 0, 0, 0, 0])
    toned(latents, [False] * 4 + [True] * 4)
    assert tones(latents) == pytest.approx([0] * 8, abs=1e-5)


def test_what_film_changes_by_itself_is_left_to_it():
    latents = film([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])         # the sun rises, evenly
    before = latents.clone()
    toned(latents, [True] * 5 + [False] * 5)
    assert torch.equal(latents, before)


def test_between_two_films_one_tone_turns_into_the_other():
    latents = film([0, 0, 0, 0, 5, 5, 5, 5, 1, 1, 1, 1])
    toned(latents, [True] * 4 + [False] * 4 + [True] * 4)
    between = tones(latents)[4:8]
    assert between == pytest.approx([0.125, 0.375, 0.625, 0.875], abs=1e-4)


@pytest.mark.parametrize("loops", [False, True])
def test_film_that_a_model_made_is_led_over_to_the_other_but_led_on_as_it_likes(loops):
    """No footage anywhere: what leads from given film to given film arrives in its tone, though it changes a lot on the way."""
    there = [0, 0, 0, 0, 2, 1, 6, 6, 4, 4, 9, 9, 9, 9]
    latents = film(there)
    given = [True] * 4 + [False] * 6 + [True] * 4
    tone(latents, given, set(), told={0, 7}, loops=loops)
    made = tones(latents)
    assert made[4] + made[5] == pytest.approx(2 * 0.83, abs=0.9) and made[8] + made[9] == pytest.approx(2 * 8.1, abs=0.9)
    assert made[:4] + made[10:] == pytest.approx(there[:4] + there[10:], abs=1e-5)
    latents = film([0, 0, 0, 0, 2, 2, 2, 2])
    before = latents.clone()
    tone(latents, [True] * 4 + [False] * 4, set())
    assert torch.equal(latents, before)


def test_at_other_words_and_at_cuts_the_look_may_change():
    for more in ({"told": {0, 4}}, {"cuts": {4}, "told": {0, 4}}):
        latents = film([0, 0, 0, 0, 2, 2, 2, 2])
        before = latents.clone()
        toned(latents, [True] * 4 + [False] * 4, **more)
        assert torch.equal(latents, before)


def test_nothing_given_or_nothing_made_is_nothing_to_do():
    for given in ([False] * 6, [True] * 6):
        latents = film([0, 4, 0, 4, 0, 4])
        before = latents.clone()
        toned(latents, given)
        assert torch.equal(latents, before)


def test_on_a_loop_a_run_goes_round():
    assert runs([False, True, True, False], loops=True) == [[3, 0]]
    latents = film([2, 0, 0, 0, 0, 2, 2, 2])
    toned(latents, [False, True, True, True, True, False, False, False], loops=True)
    assert tones(latents) == pytest.approx([0] * 8, abs=1e-5)


def test_film_that_a_model_made_is_led_on_as_it_likes():
    latents = film([0, 0, 0, 0, 2, 2, 2, 2])
    before = latents.clone()
    tone(latents, [True] * 4 + [False] * 4, set())
    assert torch.equal(latents, before)


def test_a_picture_alone_is_no_film_to_go_on_from():
    latents = film([0, 2, 2, 2, 2, 2])
    before = latents.clone()
    toned(latents, [True] + [False] * 5)
    assert torch.equal(latents, before)
