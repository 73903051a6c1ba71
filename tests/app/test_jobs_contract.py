"""The contract between queue and runners: one that shares nothing but values with us makes the same takes."""

from __future__ import annotations

import dataclasses
import threading

import pytest
import torch
from fakes import Elsewhere, gently, made, recipe, tinting
from PIL import Image

from engine.denoisers.open import choosing, loras
from engine.errors import BadMedia, BadRequest
from engine.events import Kept, Stop
from engine.jobs.contract import File, Order, Result, resolve
from engine.jobs.here import Here
from engine.jobs.worker import STATE, WINDOW, Worker
from engine.make import load_latents
from engine.recipe import Input


@pytest.fixture(params=["here", "elsewhere"])
def runner(request, tmp_path):
    """Both implementations, neither in a hurry."""
    return Here(gently) if request.param == "here" else Elsewhere(tmp_path / "far away")


@pytest.fixture
def picture(tmp_path):
    """A picture to begin with."""
    Image.effect_noise((90, 70), 60).convert("RGB").save(tmp_path / "start.png")
    return Input.of(tmp_path / "start.png")


def latents(take):
    return load_latents(take.file("latents"))


def test_both_make_the_same_take(queue, home, library, picture, tmp_path):
    animated = recipe("blue right", operation="animate", inputs=(picture,))
    ids = [queue.submit(asked) for asked in (recipe(), animated) * 2]
    for id in ids[2:]:
        queue.pause(id)
    Worker(home, runner=Here()).run()
    for id in ids[2:]:
        queue.resume(id)
    far = Elsewhere(tmp_path / "far away")
    Worker(home, runner=far).run()
    assert [queue.job(id).error for id in ids] == [None] * 4
    for one, other in zip(ids[:2], ids[2:], strict=True):
        assert torch.equal(latents(library.take(one)), latents(library.take(other)))
        assert library.take(one).recipe == library.take(other).recipe       # it says where inputs lay here, not there
    assert [order.id for order in far.orders] == ids[2:] and list(far.place.iterdir()) == []


def test_loras_travel_with_an_order_and_one_that_is_gone_is_said(queue, home, library, tmp_path, monkeypatch):
    """They are found by their hash, whatever they are called by now."""
    monkeypatch.setenv("CINELOOM_LORAS", str(tmp_path / "loras"))
    lora = loras.add(tinting(tmp_path / "warm.safetensors"))
    plain = recipe()
    tinted = dataclasses.replace(plain, loras=(choosing.chosen("warm", 0.5, "drawn"),))
    lora.path.rename(tmp_path / "loras" / "called otherwise.safetensors")
    first = queue.submit(plain), queue.submit(tinted), queue.submit(plain)
    Worker(home, runner=Here()).run()
    far = queue.submit(tinted)
    Worker(home, runner=Elsewhere(tmp_path / "far away")).run()
    (tmp_path / "loras" / "called otherwise.safetensors").unlink()
    lost = queue.submit(tinted)
    Worker(home).run()
    assert [queue.job(id).error for id in (*first, far)] == [None] * 4
    before, with_it, after, there = (latents(library.take(id)) for id in (*first, far))
    assert torch.equal(before, after) and not torch.equal(before, with_it) and torch.equal(with_it, there)
    assert library.take(far).recipe == library.take(first[1]).recipe
    assert "The LoRA warm (sha256" in queue.job(lost).error and "is not here any more, or was changed" in queue.job(lost).error


def test_each_goes_on_where_the_other_stopped(queue, home, library, runner, until, tmp_path):
    """Whichever is given, the other one begins. The film has three windows; the first is finished by then."""
    asked = recipe(pictures=33, window=5, steps=20)
    id, twin = queue.submit(asked), queue.submit(asked)
    queue.pause(twin)
    first = Worker(home, runner=Elsewhere(tmp_path / "first") if isinstance(runner, Here) else Here(gently))
    thread = threading.Thread(target=first.run)
    thread.start()
    until(lambda: queue.job(id).step > 20, "the second window")
    first.stop()
    thread.join(60)
    kept = queue.job(id).kept
    assert queue.job(id).state == "waiting" and 20 < kept < 60
    assert sorted(path.name for path in (library.folder / "making" / id).glob("*.*")) == [WINDOW.format(number) for number in range((kept - 1) // 20)] + [STATE]
    queue.resume(twin)
    Worker(home, runner=runner).run()
    assert queue.job(id).resumed == kept and queue.job(twin).resumed == 0
    assert torch.equal(latents(library.take(id)), latents(library.take(twin)))


def test_an_order_is_cancelled_at_its_next_step(queue, home, library, runner, until):
    id = queue.submit(recipe(steps=60))
    thread = threading.Thread(target=Worker(home, runner=runner).run)
    thread.start()
    until(lambda: queue.job(id).step >= 1, "a step")
    queue.cancel(id)
    thread.join(60)
    job = queue.job(id)
    assert job.state == "cancelled" and job.step < 60 and library.count() == 0
    assert list((library.folder / "making").iterdir()) == []


def test_what_goes_wrong_there_is_a_sentence_here(queue, home, runner, picture):
    id = queue.submit(recipe(operation="animate", inputs=(dataclasses.replace(picture, sha256="0" * 64),)))
    Worker(home, runner=runner).run()
    assert queue.job(id).state == "failed" and "has changed since" in queue.job(id).error or "damaged" in queue.job(id).error


def test_a_run_says_where_it_is_before_it_stops(runner, tmp_path):
    run = runner.start(Order.of("a", recipe(steps=60)), tmp_path)
    said = []
    with pytest.raises(Exception, match="goes on from where it was kept"):
        for event in run:
            said.append(event)
            run.stop(Stop.KEEP)
    run.close()
    assert isinstance(said[-1], Kept) and said[-1].step < 60


def test_an_order_is_values_all_through(picture):
    """What travels holds no open file, no tensor and no function: it can be written down and read back by anybody."""
    order = Order.of("a", recipe(operation="animate", inputs=(picture,)), b"state").carried()
    facts = dataclasses.asdict(order)
    assert all(isinstance(value, str | bytes | float | int | tuple) for value in facts.values())
    assert facts["inputs"][0]["path"] == "" and facts["inputs"][0]["data"][:4] == b"\x89PNG"
    inputs = tuple(File(**one) for one in facts.pop("inputs"))
    assert Order(**{**facts, "inputs": inputs}) == order


def test_files_are_known_by_their_hash(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a film")
    near, far = File.of(tmp_path / "a.txt"), File.of(tmp_path / "a.txt", carried=True)
    assert near.sha256 == far.sha256 and near.data is None and far.path == ""
    (tmp_path / "there").mkdir()
    for file in (near, far):
        assert file.land(tmp_path / "there").read_bytes() == b"a film"
    for damaged in (dataclasses.replace(far, data=b"a fil"), dataclasses.replace(near, sha256="0" * 64)):
        with pytest.raises(BadMedia):
            damaged.land(tmp_path / "there")
    wicked = dataclasses.replace(far, name="../../out.txt")
    assert wicked.land(tmp_path / "there") == tmp_path / "there" / "out.txt"        # a name never leads out
    assert resolve([far, near], tmp_path / "in")[far.sha256] == tmp_path / "a.txt"


def test_a_result_lands_as_the_files_it_was_made_of(tmp_path):
    asked = recipe("über 🎈")
    result = Result.of(made(tmp_path / "there", asked), carried=True)
    landed = result.land(tmp_path / "here")
    assert landed.recipe == asked.made_by("0")
    for name in ("film", "poster", "strip", "latents"):
        assert getattr(landed, name).parent == tmp_path / "here"
        assert getattr(landed, name).read_bytes() == getattr(made(tmp_path / "there", asked), name).read_bytes()


def test_the_model_is_opened_through_the_contract(home, tmp_path):
    far = Elsewhere(tmp_path)
    Worker(home, runner=far).run(warm="drawn")
    assert far.warmed == ["drawn"]
    with pytest.raises(BadRequest, match="no model called"):
        Here().warm("nothing")
