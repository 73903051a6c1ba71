"""How an open model is laid out: what fits is taken, what was asked is obeyed, what ran out is gone on with, and the film is the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import laying
import pytest
import tiny
import torch
from parity import film
from safetensors.torch import load_file

from engine import operations as op
from engine.cards import cards
from engine.denoisers import catalog
from engine.denoisers.base import Manner
from engine.denoisers.catalog import open_backend
from engine.denoisers.open import choosing, keeping, planning, rows
from engine.denoisers.open.laying import lay
from engine.denoisers.open.loras import find
from engine.denoisers.open.opening import open_model
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


def test_a_lora_is_counted_where_it_lies():
    """In every plan, over each expert that it is for; never in eight bits."""
    row, lora = rows.known("wan-2.2-14b"), 2 * GB
    plain, noisy, both = (planning.plans(row, 81, 832, 480, 200 * GB, 200 * GB, laid) for laid in ({}, {"transformer": lora}, {"transformer": lora, "transformer_2": lora}))
    for before, one, two in zip(plain, noisy, both):
        whole, few = before.name == "whole", before.name == "blocks"
        assert (one.name, one.tiled) == (two.name, two.tiled) == (before.name, before.tiled)
        assert one.device - before.device == pytest.approx(lora / 15 if few else lora, abs=2) and two.device - before.device == pytest.approx(lora / 15 if few else lora * (2 if whole else 1), abs=2)
        assert (one.host - before.host, two.host - before.host) == ((0, 0) if whole else (lora, 2 * lora))
    tight = planning.choose(plain).device / planning.SPARE / GB
    assert planning.choose(planning.plans(row, 81, 832, 480, int(tight * GB) + 1, 200 * GB)).name == "whole"
    assert planning.choose(planning.plans(row, 81, 832, 480, int(tight * GB) + 1, 200 * GB, {"transformer": lora})).name == "parts", "what fitted without it does not with it"


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_what_a_lora_is_said_to_take_is_what_it_takes(tmp_path, monkeypatch, kind):
    """Of a file in float32, over two experts: as many bytes a number as the model has, said before it is opened and counted once it lies there."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    *_, row = keeping.add(tiny.wan(tmp_path / "my-wan", kind="2.2"))
    backend = open_model(row, "cpu")
    for model in backend.transformers.values():
        model.to(kind)
    laying.lora(tmp_path / "loras" / "both.safetensors", backend.pipe.transformer)
    laying.lora(tmp_path / "loras" / "quick_high_noise.safetensors", backend.pipe.transformer, rank=4)
    loras = [choosing.asked(name, row.name) for name in ("both", "quick_high_noise", "both:0")]
    assert [lora.expert for lora in loras] == ["", "noisy", ""]
    assert not any(backend.overlay.taken().values())
    backend.begin(Manner(loras=tuple(loras[:2]), files=find(loras)))
    width, shape = kind.itemsize, backend.grid.latent_shape(5, 64, 64)
    said, numbers = choosing.taken(loras, row, width), [sum(one.numel() for one in load_file(path).values()) for path in find(loras).values()]
    assert said == backend.overlay.taken() == {"transformer": width * sum(numbers), "transformer_2": width * numbers[0]}
    heavier, plain = backend._ways(row, shape, 1 << 40), planning.plans(row, 5, 64, 64, 1 << 40, 1 << 40)
    assert heavier[0].name == plain[0].name == "whole" and heavier[0].device - plain[0].device == sum(said.values())
    backend.begin(Manner())
    assert not any(backend.overlay.taken().values()) and choosing.taken([], row) == {"transformer": 0, "transformer_2": 0}


@pytest.mark.parametrize("held", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_a_model_takes_what_is_loaded_and_not_what_is_on_the_disk(tmp_path, monkeypatch, held):
    """On a processor four bytes a number, though its folder may have two."""
    from diffusers import WanPipeline

    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    WanPipeline.from_pretrained(tiny.wan(tmp_path / "drawn"), dtype=held).save_pretrained(tmp_path / "my-wan")
    *_, row = keeping.add(tmp_path / "my-wan")
    backend = open_model(row, "cpu")
    backend.fetch()
    numbers = {name: sum(one.numel() for one in getattr(backend.pipe, name).parameters()) for name in row.parts}
    taken = sum(one.nbytes for name in row.parts for one in getattr(backend.pipe, name).parameters())
    assert row.loaded(narrow=False) == pytest.approx(taken, rel=0.01) and taken == 4 * sum(numbers.values())
    assert row.loaded(narrow=True) == pytest.approx(2 * sum(numbers.values()) + 2 * numbers["vae"], rel=0.01)
    assert catalog.describe("my-wan").memory_fixed == catalog.PROGRAM + row.loaded(narrow=bool(cards()))


def test_small_parts_are_counted_too():
    """LTX-2's connectors and voice lie on the accelerator where all of it does, and where the transformer comes block by block."""
    row = rows.known("ltx-2")
    without = replace(row, parts={part: count for part, count in row.parts.items() if part not in ("connectors", "audio_vae")})
    small = row.bytes_of("connectors") + row.bytes_of("audio_vae")
    for more, less in zip(of(200, 200, row), of(200, 200, without)):
        there = more.name in ("whole", "blocks")
        assert (more.device - less.device, more.host - less.host) == pytest.approx((small, 0) if there else (0, small), abs=4)


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
