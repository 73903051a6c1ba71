"""Caches on every family that offers them: blocks are really spared, a second walk equals the first, nothing leaks from place to place."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from families import FAMILIES, opened
from parity import PROMPT, WITHOUT, film

from engine import operations as op
from engine.denoisers import manners
from engine.denoisers.base import Manner
from engine.denoisers.blended import Blended, crossing
from engine.denoisers.faithful import Faithful
from engine.denoisers.open import rows
from engine.denoisers.open.calibrating import measure
from engine.denoisers.places import Placed, here, place
from engine.denoisers.tiled import Tiled
from engine.errors import BadRequest

STEPS = 10
AMOUNTS = {"first-block": "first-block 0.7", "sea": "sea 2", "taylor": "taylor 3", "mag": "mag 1"}      # random numbers change faster from step to step than a model does


@pytest.fixture(scope="module", params=FAMILIES)
def backend(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("family")
    family = FAMILIES[request.param][0].partition(".")[0]
    row = dataclasses.replace(next(row for row in rows.KNOWN if row.family == family), name="tiny", version="1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CINELOOM_MODELS", str(home / "models"))
        kept = manners.sizes_file(row)
        kept.parent.mkdir(parents=True)
        kept.write_text(json.dumps({name: [1.0] * STEPS for name in ("transformer", "transformer_2")}))
        yield opened(request.param, home / "model", row)


def canvas(backend, frames=3):
    clip = torch.randn(1, backend.grid.channels, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    return op.extend(clip, frames - 1)


def walked(backend, cache="", guidance=3.0):
    """The film, and how many blocks were asked for it."""
    asked = []
    inner = [block for model in backend.transformers.values() for name, part in model.named_children() if name.endswith("blocks") for block in part]
    counting = [next(one for one in block.modules() if isinstance(one, torch.nn.Linear)).register_forward_hook(lambda *_: asked.append(1)) for block in inner]
    backend.begin(Manner(cache))
    made = film(backend, canvas(backend), steps=STEPS, guidance=guidance)
    backend.end()
    for one in counting:
        one.remove()
    return made, len(asked)


def names(backend):
    return manners.caches(backend.row)


@pytest.fixture(scope="module")
def plain(backend):
    """The film without a cache, and its blocks."""
    return walked(backend)


def test_every_cache_of_a_model_spares_blocks_and_leaves_nothing_behind(backend, plain):
    whole, all_blocks = plain
    kept = (canvas(backend).levels == 0).expand_as(whole)
    for name in names(backend):
        made, asked = walked(backend, AMOUNTS[name])
        again, asked_again = walked(backend, AMOUNTS[name])
        assert asked < 0.85 * all_blocks, f"{name} spares nothing: {asked} of {all_blocks}"
        assert asked == asked_again and torch.equal(made, again), f"{name}: a second walk goes on with what the first left"
        assert made.isfinite().all() and torch.equal(made[kept], whole[kept]) and not torch.equal(made, whole), name
        assert torch.equal(walked(backend)[0], whole), f"{name} is not taken off"


def test_a_cache_that_may_reuse_nothing_changes_nothing(backend, plain):
    whole, all_blocks = plain
    for name in {"first-block", "sea"} & set(names(backend)):
        made, asked = walked(backend, f"{name} 0")
        assert torch.equal(made, whole) and asked == all_blocks, name


def test_every_family_has_its_row():
    assert {where.partition(".")[0] for where, _ in FAMILIES.values()} <= set(manners.FAMILIES) and set(manners.FAMILIES) <= {row.family for row in rows.KNOWN}
    assert "mag" not in manners.caches(dataclasses.replace(rows.known("wan-2.1-1.3b"), version="never measured"))


# ---- places

class Heard:
    """Remembers what was asked where, and what was answered."""

    def __init__(self, denoise):
        self.denoise, self.said = denoise, []

    def __call__(self, x, level, next_level):
        self.said.append((here(), (x, level, next_level), self.denoise(x, level, next_level)))
        return self.said[-1][2]


def ways(backend, source):
    """The ways in which one denoiser is asked about several films in turns, with one that hears all of it."""
    denoise = Heard(backend.denoiser([PROMPT], guidance=3.0, negative=WITHOUT))
    chance = torch.randn(source.shape, generator=torch.Generator().manual_seed(4))
    for parts in (Tiled(denoise, 8, 4), Blended([denoise, denoise], crossing([0, 2], source.shape[2])), Faithful(denoise, denoise, source, chance)):
        yield Placed(parts, "window 0"), denoise


@pytest.mark.parametrize("backend", ["wan", "ltx", "hunyuan15"], indirect=True)
def test_what_is_kept_of_one_place_is_never_used_at_another(backend):
    """Asked in turns or alone, every place is answered to the bit as if there were no other."""
    source = torch.randn(1, backend.grid.channels, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    levels = backend.sigmas(STEPS, source.shape)
    for name in names(backend):
        for number in range(3):
            backend.begin(Manner(AMOUNTS[name]))
            backend.sigmas(STEPS, source.shape)
            denoise, heard = list(ways(backend, source))[number]
            for at in range(STEPS - 2):
                level = torch.full((1, 1, *source.shape[2:]), levels[at])
                denoise(source + at / 10, level, level * 0.9)
            places = {where for where, _, _ in heard.said}
            assert len(places) > 1, "it was asked about parts"
            for where in places:
                backend.begin(Manner(AMOUNTS[name]))
                backend.sigmas(STEPS, source.shape)
                for _, asked, answer in (one for one in heard.said if one[0] == where):
                    with place(where[0]), place("".join(where[1:])):
                        assert torch.equal(heard.denoise(*asked), answer), (name, where)
            backend.end()


@pytest.mark.parametrize("backend", ["wan"], indirect=True)
def test_the_next_window_begins_anew_and_the_last_one_is_let_go(backend):
    shape = (1, backend.grid.channels, 3, 8, 8)
    backend.begin(Manner("first-block 1"))
    levels = backend.sigmas(STEPS, shape)
    ask = backend.denoiser([PROMPT], guidance=1.0)

    def answers(window):
        film = torch.randn(shape, generator=torch.Generator().manual_seed(9))
        return [Placed(ask, window)(film, torch.full((1, 1, *shape[2:]), level), torch.zeros(1, 1, *shape[2:])) for level in levels[:3]]

    def held():
        return [states for module in backend.pipe.transformer.modules() if hasattr(module, "_diffusers_hook") for hook in module._diffusers_hook.hooks.values()
                if hasattr(hook, "state_manager") for states in hook.state_manager._state_cache]

    first = answers("window 0")
    assert set(held()) == {"window 0/cond"}
    second = answers("window 1")
    assert set(held()) == {"window 1/cond"}
    assert all(torch.equal(one, two) for one, two in zip(first, second))
    backend.end()
    assert not held() and backend.film is None


@pytest.mark.parametrize("backend", ["wan two experts"], indirect=True)
def test_sizes_are_measured_of_each_expert_at_its_own_steps(backend):
    whole, _ = walked(backend)
    *said, found = measure(backend, (1, backend.grid.channels, 3, 8, 8), STEPS)
    noisy, clean = found["transformer"], found["transformer_2"]
    took = next(at for at in range(STEPS) if clean[at] != 1)            # over: at its first step there is nothing to set beside
    assert said[-1] == f"step {STEPS} of {STEPS}" and len(noisy) == len(clean) == STEPS and 2 < took < STEPS - 1
    assert set(noisy[took - 1:]) == {1.0} and 1.0 not in noisy[1:took - 1] and all(0.2 < size < 5 for size in noisy + clean)
    assert torch.equal(walked(backend)[0], whole), "what measured is taken off"


@pytest.mark.parametrize("asked, sentence", [
    ("second-block", "is one of first-block, sea, taylor, mag"),
    ("first-block 1.5", "a number from 0 to 1"),
    ("first-block nan", "a number from 0 to 1"),
    ("taylor 2.5", "a whole number from 2 to 10"),
    ("taylor 1", "a whole number from 2"),
    ("sea -1", "from 0 to 2, such as 'sea 0.25'"),
])
def test_an_amount_is_one(asked, sentence):
    with pytest.raises(BadRequest, match=sentence):
        manners.read_cache(asked)
