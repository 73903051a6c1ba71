"""How an open model is laid out: what fits is taken, what was asked is obeyed, what ran out is gone on with, and the film is the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tiny
import torch
from parity import film

from engine import operations as op
from engine.denoisers.catalog import open_backend
from engine.denoisers.open import keeping, planning, rows
from engine.denoisers.open.laying import lay
from engine.denoisers.open.wan import WanBackend
from engine.errors import BadRequest, NotEnoughMemory
from engine.events import Finished, Noted
from engine.make import make
from engine.recipe import compose

GB = 1_000_000_000
ROW = rows.known("wan-2.1-14b")


def of(device, host=64, row=ROW):
    return planning.plans(row, 81, 832, 480, device * GB, host * GB)


@pytest.mark.parametrize("device, name", [(80, "whole"), (40, "parts"), (24, "narrow"), (12, "blocks")])
def test_the_quickest_plan_that_fits_is_taken(device, name):
    plan = planning.choose(of(device))
    assert plan.name == name and plan.fits and plan.device <= device * GB


def test_every_plan_needs_less_than_the_one_before_it_and_more_film_needs_more():
    for row in rows.KNOWN:
        found = planning.plans(row, row.pictures, *row.sizes[0][1:], 24 * GB, 64 * GB)
        assert [plan.device for plan in found] == sorted((plan.device for plan in found), reverse=True), row.name
        less = planning.plans(row, 9, 256, 256, 24 * GB, 64 * GB)
        assert less[0].device < found[0].device, row.name


def test_no_door_is_locked(monkeypatch):
    assert not planning.choose(of(4)).fits and planning.choose(of(4)).name == "blocks"
    monkeypatch.setenv("CINELOOM_PLAN", "whole")
    assert planning.choose(of(4)).name == "whole"
    with pytest.raises(BadRequest, match="one of whole, parts, narrow, blocks; 'magic' was asked"):
        planning.choose(of(4), "magic")


def test_there_is_a_lighter_plan_until_there_is_none():
    found, names = of(80), []
    plan = found[0]
    while plan:
        names.append(plan.name)
        plan = planning.lighter(found, plan)
    assert list(dict.fromkeys(names)) == ["whole", "parts", "narrow", "blocks"]


@pytest.fixture
def backend(tmp_path):
    from diffusers import WanPipeline

    return WanBackend(WanPipeline.from_pretrained(tiny.wan(tmp_path / "wan", kind="2.2")), "wan", "1", row=ROW)


def test_block_by_block_the_film_is_the_same_to_the_bit(backend):
    canvas = op.text(backend.grid.latent_shape(5, 64, 64))
    whole = film(backend, canvas, guidance=3.0)
    lay(backend.pipe, planning.Plan("blocks", 0, 0, False, True), "cpu")
    assert torch.equal(film(backend, canvas, guidance=3.0), whole)


def test_a_walk_whose_memory_ran_out_goes_on_with_a_lighter_plan(backend):
    canvas = op.text(backend.grid.latent_shape(5, 64, 64))
    whole, predict, ran_out = film(backend, canvas), backend._predict, []

    def narrow(*asked):
        if backend.plan.name != "blocks":
            ran_out.append(backend.plan.name)
            raise torch.OutOfMemoryError("it is full")
        return predict(*asked)

    backend.plans = [plan for plan in of(80) if plan.name in ("whole", "blocks")]
    backend.plan, backend._predict = backend.plans[0], narrow
    assert torch.equal(film(backend, canvas), whole) and ran_out == ["whole"]
    backend.plans = backend.plans[-1:]
    backend._predict = lambda *asked: (_ for _ in ()).throw(torch.OutOfMemoryError("it is full"))
    with pytest.raises(NotEnoughMemory, match="cannot be laid out in less"):
        film(backend, canvas)


def test_that_memory_ran_out_is_said_on_the_way(tmp_path, monkeypatch):
    """From the transformer that runs out, through the engine, to whoever listens."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    *_, _row = keeping.add(tiny.wan(tmp_path / "my-wan"))
    backend = open_backend("my-wan")
    backend.plans = [plan for plan in of(80) if plan.name in ("whole", "blocks")]
    backend.plan = backend.plans[0]

    def full(*_) -> None:
        if backend.plan.name == "whole":
            raise torch.OutOfMemoryError("it is full")

    backend.pipe.transformer.register_forward_pre_hook(full)
    recipe, _ = compose("a red boat", model="my-wan", pictures=5, size=(64, 64), seed=1, steps=2)
    events = list(make(recipe, backend, tmp_path / "take"))
    said = [event.words for event in events if isinstance(event, Noted)]
    assert len(said) == 1 and said[0].startswith("Memory ran out; my-wan goes on with the transformer block by block")
    assert isinstance(events[1], Noted) and isinstance(events[-1], Finished)
    again = [event for event in make(recipe, backend, tmp_path / "again") if isinstance(event, Noted)]
    assert again == [] and backend.remarks() == [], "it is said once"


def test_the_table_in_the_readme_is_what_would_be_taken():
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    table = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ") and "`" in line and " GB " in line]
    assert len(table) == 7
    for card, models, disk, how in table:
        for name in re.findall(r"`([a-z0-9.-]+)`", models):
            row = rows.known(name)
            size = float(re.findall(r"[0-9]+", card)[-1])
            plan = planning.choose(planning.plans(row, 81, *row.sizes[0][1:], int(size * GB), 128 * GB))
            low, high = (float(re.findall(r"[0-9]+", disk)[at]) for at in (0, -1))
            assert plan.fits and low - 1 <= row.numbers * 2 <= high + 1, (name, str(plan))
            assert planning.SAYS[plan.name].split(",")[0].removeprefix("the transformer ").removesuffix(" on the accelerator") in how, (name, plan.name)
