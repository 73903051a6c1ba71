"""A run that is stopped anywhere and goes on arrives at the same bits: with the weightless backend, which is exact."""

import dataclasses

import pytest
import torch
from safetensors.torch import load, save

from engine import checkpoint
from engine.denoisers.drawn import DrawnBackend
from engine.errors import Cancelled
from engine.events import Finished, Kept, Started, Stepped, Stop
from engine.make import load_latents, make
from engine.recipe import compose
from engine.sampler import Step

backend = DrawnBackend()


def recipe(**changes):
    asked = dict(pictures=17, size=(128, 96), seed=7, steps=6) | changes
    return compose("a red wave right", model="drawn", **asked)[0]


def stopped(asked, folder, at, since=None):
    """Run until the `at`-th time somebody asks, then stop to keep; the state it left, and the events."""
    asks = iter(range(1, 1000))
    events = []
    with pytest.raises(Cancelled, match="goes on from where it was kept"):
        for event in make(asked, backend, folder, since=since, cancelled=lambda: Stop.KEEP if next(asks) == at else False):
            events.append(event)
    kept = [event for event in events if isinstance(event, Kept)]
    return (kept[-1].state if kept else None), events


def whole(asked, folder, **more):
    events = list(make(asked, backend, folder, **more))
    return events[-1].made, events


@pytest.mark.parametrize("solver", ["euler", "multistep"])
@pytest.mark.parametrize("at", range(1, 12))            # 6 steps, then 5 parts of the decode
def test_it_goes_on_where_it_was_stopped_and_arrives_at_the_same_bits(tmp_path, solver, at):
    asked = recipe(solver=solver)
    twin, _ = whole(asked, tmp_path / "twin")
    state, _ = stopped(asked, tmp_path / "take", at)
    made, events = whole(asked, tmp_path / "take", since=state)
    assert events[0].done == min(at, 6)
    assert sum(isinstance(event, Stepped) for event in events) == 6 - min(at, 6)        # no step is done twice
    assert torch.equal(load_latents(made.latents), load_latents(twin.latents))
    assert made.film.read_bytes() == twin.film.read_bytes()


def test_it_can_be_stopped_after_every_single_step(tmp_path):
    asked, state = recipe(solver="multistep"), None
    for step in range(1, 7):
        state, events = stopped(asked, tmp_path / "take", 1, since=state)
        assert events[0].done == step - 1 and [e.step for e in events if isinstance(e, Kept)] == [step]
    made, events = whole(asked, tmp_path / "take", since=state)
    twin, _ = whole(asked, tmp_path / "twin")
    assert made.film.read_bytes() == twin.film.read_bytes()


def test_a_run_that_stops_twice_at_one_step_keeps_it_once(tmp_path):
    state, _ = stopped(recipe(), tmp_path, 6)
    again, events = stopped(recipe(), tmp_path, 1, since=state)      # in the decode: the walk is kept already
    assert again is None and events[0].done == 6


def test_nothing_is_kept_unasked_and_every_step_when_asked_that_often(tmp_path):
    def kept(**more):
        return [event.step for event in make(recipe(), backend, tmp_path, **more) if isinstance(event, Kept)]

    assert kept() == []
    assert kept(every=0.0) == [1, 2, 3, 4, 5, 6]
    assert kept(every=3600.0) == []                     # so short a walk is not worth one


def test_a_cancelled_run_keeps_nothing(tmp_path):
    events = []
    with pytest.raises(Cancelled, match="nothing of it is kept"):
        for event in make(recipe(), backend, tmp_path, cancelled=lambda: Stop.DROP):
            events.append(event)
    assert [type(event) for event in events] == [Started, Stepped]


# ---- what does not belong is passed over

@pytest.mark.parametrize("change", [dict(seed=8), dict(steps=7), dict(pictures=21), dict(guidance=2.0), dict(solver="multistep")])
def test_a_state_of_another_recipe_is_passed_over(tmp_path, change):
    state, _ = stopped(recipe(), tmp_path, 3)
    assert state is not None
    made, events = whole(recipe(**change), tmp_path / "take", since=state)
    assert events[0].done == 0
    assert torch.equal(load_latents(made.latents), load_latents(whole(recipe(**change), tmp_path / "twin")[0].latents))


def test_a_state_of_another_version_of_the_model_is_passed_over(tmp_path):
    class Newer(DrawnBackend):
        version = "2"

    state, _ = stopped(recipe(), tmp_path, 3)
    assert next(iter(make(recipe(), Newer(), tmp_path, since=state))).done == 0
    assert next(iter(make(recipe(), backend, tmp_path, since=state))).done == 3


@pytest.mark.parametrize("name", ["backend", "engine", "torch", "format"])
def test_a_state_of_another_house_is_passed_over(tmp_path, name):
    import json

    state, _ = stopped(recipe(), tmp_path, 3)
    length = int.from_bytes(state[:8], "little")
    facts = json.loads(state[8 : 8 + length])["__metadata__"]
    assert checkpoint.unpack(save(load(state), facts), recipe(), "1") is not None
    assert checkpoint.unpack(save(load(state), facts | {name: "other"}), recipe(), "1") is None


@pytest.mark.parametrize("spoil", [
    lambda state: b"", lambda state: b"a letter", lambda state: state[:100], lambda state: state[:-10], lambda state: b"\0" * len(state),
    lambda state: b"\xff" * 8 + state[8:], lambda state: state + b"more",
], ids=["empty", "text", "header cut", "end cut", "zeros", "endless header", "too long"])
def test_a_damaged_state_is_passed_over(tmp_path, spoil):
    state, _ = stopped(recipe(), tmp_path, 3)
    assert checkpoint.unpack(state, recipe(), "1").step.index == 2
    made, events = whole(recipe(), tmp_path / "take", since=spoil(state))
    assert events[0].done == 0 and isinstance(events[-1], Finished)


def test_finished_windows_come_back_bit_for_bit(tmp_path):
    chance = torch.Generator().manual_seed(1)
    films = tuple(torch.randn(1, 48, n, 12, 16, generator=chance) for n in range(1, 5))
    step = Step(1, 6, films[0], films[0], {"x0": films[1], "lambda": films[2]})
    point = checkpoint.Checkpoint(step, films)
    state, windows = checkpoint.pack(point, recipe(), "1"), list(checkpoint.pack_windows(point, recipe(), "1").values())
    assert list(checkpoint.pack_windows(point, recipe(), "1", since=3)) == [3]
    (tmp_path / "one").write_bytes(windows[1])
    back = checkpoint.unpack(state, recipe(), "1", [windows[0], tmp_path / "one", *windows[2:]])
    assert all(torch.equal(a, b) for a, b in zip(back.windows, films, strict=True))
    assert torch.equal(back.step.past["lambda"], films[2]) and not back.finished
    assert checkpoint.Checkpoint(dataclasses.replace(step, index=5)).finished

    def left(state, windows):
        found = checkpoint.unpack(state, recipe(), "1", windows)
        return None if found is None else (len(found.windows), found.step is not None)

    assert left(state, windows) == (4, True)
    assert left(None, windows) == left(state[:-3], windows) == (4, False), "its windows are there all the same"
    assert left(state, windows[:3]) == left(state, [*windows[:3], b"damaged"]) == left(state, [*windows[:3], windows[2]]) == (3, False)
    assert left(state, [windows[1], windows[0]]) is None


def test_started_says_how_much_is_done(tmp_path):
    assert next(iter(make(recipe(), backend, tmp_path))) == Started(recipe().made_by("1"), 6, 5, 0)
