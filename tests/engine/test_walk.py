"""A long film is walked window after window: stopped anywhere it goes on to the same bits, and it is held once."""

import dataclasses

import pytest
import torch
from safetensors.torch import load

from engine.denoisers.drawn import DrawnBackend
from engine.errors import Cancelled
from engine.events import Kept, Started, Stepped, Stop
from engine.make import load_latents, make
from engine.making.layout import lay
from engine.making.walk import Walk
from engine.recipe import compose

backend = DrawnBackend()
STEPS = 3


def recipe(**changes):
    """17 latent frames in windows of 5: the first makes 5 of them, each of the others 3."""
    asked = compose("a red wave right", model="drawn", pictures=65, size=(64, 64), seed=7, steps=STEPS, **changes)[0]
    return dataclasses.replace(asked, window=5)


def latents(asked, folder, **more):
    *events, last = make(asked, backend, folder, **more)
    return load_latents(last.made.latents), events


def stopped(asked, folder, steps, since=None, windows=()):
    """Do so many steps and stop to keep: the state, and the windows said on the way."""
    asks = iter(range(1, 1000))
    said = {}
    with pytest.raises(Cancelled):
        for event in make(asked, backend, folder, since=since, windows=windows, cancelled=lambda: Stop.KEEP if next(asks) == steps else False):
            if isinstance(event, Kept):
                said |= event.windows
                since = event.state
    return since, said


def test_it_is_cut_as_it_should_be():
    walk = Walk(recipe(), backend, lay(recipe(), backend))
    assert [(w.start, w.fresh, w.made, w.stop) for w in walk.windows] == [(0, 0, 5, 5), (3, 5, 8, 8), (6, 8, 11, 11), (9, 11, 14, 14), (12, 14, 17, 17)]
    assert walk.count == 5 * STEPS


@pytest.mark.parametrize("solver, places", [("euler", range(1, 5 * STEPS + 1)), ("multistep", (2, 3, 4, 14)), ("unipc", (1, 3, 5, 13)), ("sde", (2, 6, 14))], ids=["euler", "multistep", "unipc", "sde"])
def test_a_long_film_stopped_anywhere_arrives_at_the_same_bits(tmp_path, solver, places):
    asked = recipe(solver=solver)
    twin, _ = latents(asked, tmp_path / "twin")
    for steps in places:
        state, windows = stopped(asked, tmp_path, steps)
        assert list(windows) == list(range((steps - 1) // STEPS))
        film, (started, *events) = latents(asked, tmp_path / "again", since=state, windows=list(windows.values()))
        assert (started.done, sum(isinstance(event, Stepped) for event in events)) == (steps, 5 * STEPS - steps)
        assert torch.equal(film, twin)


def test_stopped_at_every_window_it_arrives_at_the_same_bits(tmp_path):
    asked, state, kept = recipe(), None, {}
    for window in range(4):
        state, windows = stopped(asked, tmp_path, STEPS, state, list(kept.values()))
        assert list(windows) == ([window - 1] if window else []), "what was said before is not said again"
        kept |= windows
    film, (started, *_) = latents(asked, tmp_path / "again", since=state, windows=list(kept.values()))
    assert started.done == 4 * STEPS and torch.equal(film, latents(asked, tmp_path / "twin")[0])


@pytest.mark.parametrize("left, done", [("no state", 3), ("no window", 1), ("nothing", 0)])
def test_what_is_lost_of_a_state_is_walked_again(tmp_path, left, done):
    asked = recipe()
    state, windows = stopped(asked, tmp_path, 3 * STEPS + 2)
    films = list(windows.values())
    more = {"no state": dict(since=b"", windows=films), "no window": dict(since=state, windows=films[:1] + films[2:]), "nothing": {}}[left]
    film, (started, *_) = latents(asked, tmp_path / "again", **more)
    assert started.done == done * STEPS and torch.equal(film, latents(asked, tmp_path / "twin")[0])


def test_what_is_kept_does_not_grow_with_the_film(tmp_path):
    events = [event for event in make(recipe(), backend, tmp_path, every=0.0) if isinstance(event, Kept)]
    assert [list(event.windows) for event in events] == [[0] if at == STEPS else [at // STEPS - 1] if at % STEPS == 0 and at else [] for at in range(5 * STEPS)]
    assert {load(event.state)["x"].shape[2] for event in events} == {5} and max(len(event.state) for event in events) == len(events[-1].state)
    parts = [load(film)["film"] for event in events for film in event.windows.values()]
    assert [part.shape[2] for part in parts] == [5, 3, 3, 3]


def test_a_film_is_held_once():
    layout = lay(recipe(), backend)
    walk = Walk(recipe(), backend, layout)
    for stride in walk:
        assert all(film.untyped_storage().data_ptr() == walk.latents.untyped_storage().data_ptr() for film in stride.point.windows)
    assert walk.latents.data_ptr() == layout.canvas.latents.data_ptr() and walk.latents.std() > 0.1


def test_windows_of_a_walk_with_other_steps_are_passed_over(tmp_path):
    state, windows = stopped(recipe(), tmp_path, 2 * STEPS)
    other = dataclasses.replace(recipe(), steps=4)
    events = make(other, backend, tmp_path / "other", since=state, windows=list(windows.values()))
    assert isinstance(started := next(events), Started) and started.done == 0
    events.close()
