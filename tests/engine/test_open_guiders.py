"""Guiders on every family that offers them: plain guidance is ours, each is what diffusers' own makes of velocity, and what is held has no say."""

from __future__ import annotations

import dataclasses

import pytest
import tiny
import torch
from diffusers import guiders
from families import FAMILIES, opened
from parity import PROMPT, WITHOUT, film

from engine import operations as op
from engine.denoisers import manners
from engine.denoisers.base import Manner
from engine.denoisers.open import rows
from engine.denoisers.open.guiding import Guider
from engine.denoisers.open.wan import WanBackend
from engine.errors import BadRequest
from engine.sampler import noise

STEPS, STRENGTH = 6, 4.0
LED = [name for name, (where, _) in FAMILIES.items() if manners.FAMILIES[where.partition(".")[0]][2]]


@pytest.fixture(scope="module", params=LED)
def backend(request, tmp_path_factory):
    family = FAMILIES[request.param][0].partition(".")[0]
    return opened(request.param, tmp_path_factory.mktemp("family"), dataclasses.replace(next(row for row in rows.KNOWN if row.family == family), second=1.0))


def walked(backend, guider="", canvas=None, guidance=STRENGTH):
    backend.begin(Manner(guider=guider))
    made = film(backend, canvas or op.text((1, backend.grid.channels, 3, 8, 8)), steps=STEPS, guidance=guidance)
    backend.end()
    return made


def test_every_guider_leads_otherwise_and_the_same_twice(backend):
    clip = torch.randn(1, backend.grid.channels, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    canvas = op.extend(clip, 2)
    plain = walked(backend, canvas=canvas)
    films = {"": plain, **{name: walked(backend, name, canvas) for name in manners.guiders(backend.row)}}
    assert set(films) == {"", *manners.GUIDERS}
    for name, made in films.items():
        assert made.isfinite().all() and torch.equal(made[:, :, :1], clip), name
        assert torch.equal(made, walked(backend, name, canvas)), f"{name}: a second walk goes on with what the first left"
        assert all(other == name or (made - theirs).abs().max() > 1e-4 for other, theirs in films.items()), name
    assert torch.equal(walked(backend, "apg", canvas, guidance=1.0), walked(backend, "", canvas, guidance=1.0)), "without guidance there is nothing to lead"


@pytest.fixture(scope="module")
def wan(tmp_path_factory):
    from diffusers import WanPipeline

    pipe = WanPipeline.from_pretrained(tiny.wan(tmp_path_factory.mktemp("wan"), scheduler="euler"))
    pipe.set_progress_bar_config(disable=True)
    return WanBackend(pipe, "wan", "1")


OWN = {"interval": lambda: guiders.ClassifierFreeGuidance(STRENGTH, start=0.1, stop=0.8), "zero-star": lambda: guiders.ClassifierFreeZeroStarGuidance(STRENGTH),
       "apg": lambda: guiders.AdaptiveProjectedGuidance(STRENGTH, eta=0.0, adaptive_projected_guidance_rescale=15 * (16 * 3 * 8 * 8 / 65_536) ** 0.5),
       "tangential": lambda: guiders.TangentialClassifierFreeGuidance(STRENGTH)}


@pytest.mark.parametrize("name", OWN)
def test_a_guider_is_what_it_makes_of_the_models_own_answers(wan, name):
    """Its own loop over Wan's own velocities, stepped by the released scheduler."""
    pipe, own, shape = wan.pipe, OWN[name](), wan.grid.latent_shape(9, 64, 64)
    told = [pipe.encode_prompt(words, do_classifier_free_guidance=False, max_sequence_length=512)[0] for words in (PROMPT, WITHOUT)]
    pipe.scheduler.set_timesteps(STEPS)
    x = noise(shape, 7)
    for step, time in enumerate(pipe.scheduler.timesteps):
        own.set_state(step, STEPS, time)
        asked = own.prepare_inputs({"words": tuple(told)})
        for one in asked:
            own.prepare_models(pipe.transformer)
            with torch.no_grad():
                one.noise_pred = pipe.transformer(x, time.expand(1), one.words, return_dict=False)[0]
        x = pipe.scheduler.step(own(asked).pred, time, x, return_dict=False)[0]
    made = walked(wan, name, op.text(shape))
    assert x.abs().max() > 1 and (made - x).abs().max() < 1e-4


def test_plain_guidance_by_a_guider_is_ours(wan):
    shape = wan.grid.latent_shape(9, 64, 64)
    plain = walked(wan, canvas=op.text(shape))
    wan.begin(Manner(guider="interval"))
    ask = wan.denoiser([PROMPT], guidance=STRENGTH, negative=WITHOUT)
    ask.guider.own = guiders.ClassifierFreeGuidance(STRENGTH)
    from engine.sampler import plan, sample

    *_, last = sample(ask, op.text(shape), noise(shape, 7), plan(op.text(shape).levels, wan.sigmas(STEPS, shape), "join"), wan.solver)
    assert (last.x - plain).abs().max() < 1e-5


def test_what_is_said_of_held_cells_leads_nobody(wan):
    """Whatever the model says of cells that do not move, the others are led alike."""
    chance = torch.Generator().manual_seed(1)
    x, level = torch.randn(1, 16, 3, 8, 8, generator=chance), torch.full((1, 1, 3, 8, 8), 0.7)
    moving = torch.ones_like(level, dtype=torch.bool)
    moving[:, :, 0] = False
    answers = {branch: torch.randn(x.shape, generator=chance) for branch in ("cond", "uncond", "skip")}
    for name in manners.GUIDERS:
        films = []
        for nonsense in (0.0, 100.0):
            said = {branch: torch.where(moving, answer, answer + nonsense) for branch, answer in answers.items()}
            films.append(Guider(name, wan.pipe.transformer)(lambda text, branch, said=said: said[branch], {}, {}, x, level, moving, STRENGTH, 2, STEPS, wan.pipe.transformer))
        assert torch.equal(films[0][:, :, 1:], films[1][:, :, 1:]), name


def test_an_answer_that_fails_leaves_no_block_out(wan):
    def broken(text, branch):
        if branch == "skip":
            raise RuntimeError("memory ran out")
        return torch.zeros(1, 16, 3, 8, 8)

    level = torch.full((1, 1, 3, 8, 8), 0.7)
    whole = walked(wan)
    with pytest.raises(RuntimeError):
        Guider("skip-layer", wan.pipe.transformer)(broken, {}, {}, torch.zeros(1, 16, 3, 8, 8), level, level > 0, STRENGTH, 2, STEPS, wan.pipe.transformer)
    assert torch.equal(walked(wan), whole)


def test_a_guider_that_there_is_not_is_named(wan):
    with pytest.raises(BadRequest, match="one of zero-star, apg, tangential, skip-layer, interval"):
        Guider("firmly", wan.pipe.transformer)
