"""What makes a walk quicker leaves the film as it is: both answers at once, other attention, compiled blocks."""

from __future__ import annotations

import shutil

import pytest
import torch
from families import opened
from parity import film

from engine import operations as op
from engine.denoisers.base import Manner
from engine.denoisers.open import hastening
from engine.errors import BadRequest


@pytest.fixture(scope="module", params=["wan", "wan two experts", "wan 5b", "wan pictures", "wan vace", "ltx", "cogvideox", "hunyuan", "hunyuan15", "skyreels"])
def backend(request, tmp_path_factory):
    return opened(request.param, tmp_path_factory.mktemp("family"))


@pytest.fixture(scope="module")
def wan(tmp_path_factory):
    return opened("wan", tmp_path_factory.mktemp("wan"))


def walked(backend, cache="", guidance=3.0):
    """A beginning carried on, and how often a transformer was asked."""
    calls = []
    counting = [model.register_forward_hook(lambda *_: calls.append(1)) for model in backend.transformers.values()]
    clip = torch.randn(1, backend.grid.channels, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    backend.begin(Manner(cache))
    made = film(backend, op.extend(clip, 2), guidance=guidance)
    backend.end()
    for one in counting:
        one.remove()
    return made, len(calls)


def test_both_answers_at_once_make_the_same_film_in_half_the_calls(backend, monkeypatch):
    turns, asked = walked(backend)
    monkeypatch.setenv("CINELOOM_GUIDANCE", "at-once")
    once, asked_once = walked(backend)
    assert (once - turns).abs().max() < 1e-5 * max(1.0, float(turns.abs().max())) and asked_once * (2 if backend.together else 1) == asked
    assert backend.together or backend.name == "skyreels"


def test_what_is_not_told_alike_is_asked_in_turns():
    one, two = {"words": torch.zeros(1, 3), "not": None}, {"words": torch.ones(1, 3), "not": None}
    assert hastening.both(one, two)["words"].shape == (2, 3) and hastening.both(one, two)["not"] is None
    assert hastening.both(one, {"words": torch.ones(1, 4), "not": None}) is hastening.both(one, {"words": torch.ones(1, 3)}) is hastening.both(one, one | {"not": torch.zeros(1)}) is None


def test_another_attention_stays_with_its_calls(wan, monkeypatch):
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    plain, before = walked(wan)[0], _AttentionBackendRegistry.get_active_backend()[0]
    monkeypatch.setenv("CINELOOM_ATTENTION", "_native_math")
    seen = []
    watching = wan.pipe.transformer.register_forward_pre_hook(lambda *_: seen.append(_AttentionBackendRegistry.get_active_backend()[0].value))
    made = walked(wan)[0]
    watching.remove()
    assert set(seen) == {"_native_math"} and _AttentionBackendRegistry.get_active_backend()[0] is before, "it stays for other models of the process"
    assert (made - plain).abs().max() < 1e-4


@pytest.mark.parametrize("name, value, sentence", [
    ("CINELOOM_ATTENTION", "quickly", "CINELOOM_ATTENTION is one of .*native.*; 'quickly' was set"),
    ("CINELOOM_ATTENTION", "flash_hub", "is one of"),
    ("CINELOOM_ATTENTION", "flash", "cannot be had on this machine"),
    ("CINELOOM_COMPILE", "yes", "CINELOOM_COMPILE is off or on; 'yes' was set"),
    ("CINELOOM_GUIDANCE", "never", "is in-turns or at-once"),
])
def test_a_choice_that_there_is_not_is_said_before_a_walk(wan, monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadRequest, match=sentence):
        wan.begin(Manner())


@pytest.mark.skipif(shutil.which("g++") is None, reason="compiled blocks need a compiler")
def test_compiled_blocks_make_the_same_film(tmp_path, monkeypatch):
    """That caches work with them was tried by hand: compiling takes a minute for each way through a block."""
    wan = opened("wan", tmp_path)
    plain, _ = walked(wan, guidance=1.0)
    monkeypatch.setenv("CINELOOM_COMPILE", "on")
    monkeypatch.setattr("torch._inductor.config.cpp.vec_isa_ok", True)        # three small programs less to compile: the flags of the processor say what it can
    assert (walked(wan, guidance=1.0)[0] - plain).abs().max() < 1e-4
    assert all(block._compiled_call_impl is not None for block in wan.pipe.transformer.blocks)
