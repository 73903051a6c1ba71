"""A run of which somebody has seen enough: what its film is thought to become by then is the take."""

import dataclasses

import pytest
import torch

from engine.denoisers.drawn import DrawnBackend
from engine.events import Decoded, Finished, Stepped, Stop
from engine.make import load_latents, make
from engine.making.layout import lay
from engine.making.walk import Walk
from engine.media import carried, read_film
from engine.recipe import compose, from_json

backend = DrawnBackend()
STEPS = 6


def recipe(**changes):
    return compose("a red wave right", model="drawn", **dict(pictures=17, size=(64, 64), seed=7, steps=STEPS) | changes)[0]


def enough(asked, folder, at, **more):
    """Run until the `at`-th time somebody asks; what was made, and the events."""
    asks = iter(range(1, 1000))
    events = list(make(asked, backend, folder, cancelled=lambda: Stop.TAKE if next(asks) >= at else False, **more))
    return events[-1].made, events


@pytest.mark.parametrize("solver", ["euler", "multistep"])
def test_the_estimate_of_the_last_step_is_the_film(tmp_path, solver):
    asked = recipe(solver=solver)
    strides = [stride.x0.clone() for stride in Walk(asked, backend, lay(asked, backend))]
    made, events = enough(asked, tmp_path, 3)
    assert sum(isinstance(event, Stepped) for event in events) == 3 and made.part == 0.5
    assert torch.equal(load_latents(made.latents), strides[2])
    assert (made.pictures, len(list(read_film(made.film)))) == (17, 17)
    told = from_json(carried(made.film))
    assert told == made.recipe and told.steps == STEPS and told.digest() == asked.digest()      # it can be made whole from it


def test_at_the_last_step_and_in_the_decode_it_is_whole(tmp_path):
    twin = list(make(recipe(), backend, tmp_path / "twin"))[-1].made
    for at in (STEPS, STEPS + 1, STEPS + 3):
        made, events = enough(recipe(), tmp_path / str(at), at)
        assert made.part == 1 and events[-2] == Decoded(17, 17)
        assert torch.equal(load_latents(made.latents), load_latents(twin.latents))


def test_windows_that_were_not_begun_are_left_off(tmp_path):
    """17 latent frames: 5, then 3 at a time. In the second window: 8 frames, 29 pictures."""
    asked = dataclasses.replace(recipe(pictures=65, steps=3), window=5)
    whole = load_latents(list(make(asked, backend, tmp_path / "whole"))[-1].made.latents)
    made, events = enough(asked, tmp_path / "part", 4)
    film = load_latents(made.latents)
    assert (film.shape[2], made.pictures, len(list(read_film(made.film)))) == (8, 29, 29)
    assert torch.equal(film[:, :, :5], whole[:, :, :5]) and not torch.equal(film[:, :, 5:], whole[:, :, 5:8])
    assert events[-2] == Decoded(29, 29) and made.part == pytest.approx(4 / 15)


def test_given_film_that_comes_after_stays_where_nothing_is_missing_before_it(tmp_path):
    from engine.recipe.operating import extend

    given = list(make(recipe(), backend, tmp_path / "given"))[-1].made
    asked, _ = extend(given.film, model="drawn", before=0.5, steps=STEPS)
    made, _ = enough(asked, tmp_path / "more", 2)
    pictures = list(read_film(made.film))
    assert len(pictures) == asked.pictures == made.pictures and made.part < 1
    assert torch.equal(load_latents(made.latents)[:, :, -2:], load_latents(list(make(asked, backend, tmp_path / "all"))[-1].made.latents)[:, :, -2:])


def test_it_goes_on_a_step_further_where_a_state_is_and_then_it_is_enough(tmp_path):
    from engine.errors import Cancelled
    from engine.events import Kept

    asks, state = iter(range(1, 100)), None
    with pytest.raises(Cancelled):
        for event in make(recipe(), backend, tmp_path / "first", cancelled=lambda: Stop.KEEP if next(asks) == 2 else False):
            state = event.state if isinstance(event, Kept) else state
    *events, last = make(recipe(), backend, tmp_path / "second", since=state, cancelled=lambda: Stop.TAKE)
    assert isinstance(last, Finished) and sum(isinstance(event, Stepped) for event in events) == 1
    assert last.made.part == pytest.approx(3 / STEPS)
