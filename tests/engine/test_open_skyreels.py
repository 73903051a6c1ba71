"""SkyReels V2 through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits.

Its diffusion forcing pipelines hand their schedulers a view of the film and then write into it, so that the first correction
of a walk starts from film that is a step too far. Here the scheduler keeps a copy of what it sees, and is right; ours is.
"""

from __future__ import annotations

import diffusers
import pytest
import torch
from parity import CLOSE, PROMPT, WITHOUT, keeps
from PIL import Image
from tiny_skyreels import skyreels

from engine import operations as op
from engine.denoisers.open.skyreels import SkyReelsBackend
from engine.errors import GridMismatch
from engine.sampler import plan, sample


class KeepingUniPC(diffusers.UniPCMultistepScheduler):
    """UniPC that remembers film as it was when it saw it."""

    def step(self, model_output, timestep, sample, return_dict=True):
        return super().step(model_output, timestep, sample.clone(), return_dict)


@pytest.fixture(scope="module", params=["df", "t2v"])
def sky(request, tmp_path_factory):
    pipe = diffusers.DiffusionPipeline.from_pretrained(skyreels(tmp_path_factory.mktemp("sky"), request.param))
    pipe.scheduler = KeepingUniPC.from_config(pipe.scheduler.config)
    return SkyReelsBackend(pipe, "skyreels", "1")


@pytest.fixture
def blocks(sky):
    """Blocks of two latent frames, which look back only; one frame each again afterwards."""
    sky.pipe.transformer._set_ar_attention(2)
    yield 2
    sky.pipe.transformer._set_ar_attention(1)


def start(shape):
    """What its pipelines draw."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


def theirs(sky, name=None, frames=3, steps=4, guidance=3.0, **asked):
    pipe = getattr(diffusers, name)(**sky.pipe.components) if name else sky.pipe
    pipe.set_progress_bar_config(disable=True)
    return pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=32, width=32, num_frames=sky.grid.pictures(frames), num_inference_steps=steps, guidance_scale=guidance,
                generator=torch.Generator().manual_seed(7), output_type="latent", **asked).frames


def ours(sky, canvas, steps=4, guidance=3.0, rule="join", chance=None, **stairs):
    levels = plan(canvas.levels, sky.sigmas(steps, canvas.shape), rule, **stairs)
    *_, last = sample(sky.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), canvas, start(canvas.shape) if chance is None else chance, levels, sky.solver)
    return last.x


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_skyreels_makes_the_film_that_its_own_pipeline_makes(sky, guidance, steps):
    asked = theirs(sky, steps=steps, guidance=guidance)
    assert asked.abs().max() > 1 and (ours(sky, op.text(asked.shape), steps, guidance) - asked).abs().max() < CLOSE


@pytest.mark.parametrize("sky", ["df"], indirect=True)
@pytest.mark.parametrize("lag", [1, 2, 5])
def test_its_staircase_in_time_is_ours(sky, lag):
    asked = theirs(sky, steps=5, ar_step=lag)
    made = ours(sky, op.text(asked.shape), 5, rule="staggered", lag=lag)
    assert (made - asked).abs().max() < CLOSE and (made - ours(sky, op.text(asked.shape), 5)).abs().max() > 10 * CLOSE


@pytest.mark.parametrize("sky", ["df"], indirect=True)
def test_its_staircase_of_blocks_that_look_back_is_ours(sky, blocks):
    asked = theirs(sky, frames=6, steps=5, ar_step=2, causal_block_size=blocks)
    assert (ours(sky, op.text(asked.shape), 5, rule="staggered", lag=2, block=blocks) - asked).abs().max() < CLOSE
    with pytest.raises(GridMismatch, match="in blocks of 2 latent frames; 5 were asked"):
        ours(sky, op.text((1, 16, 5, 4, 4)))


def picture(seed):
    """One, and what the model is given of it."""
    shown = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(seed)).mul(255).round()
    return Image.fromarray(shown.byte().movedim(0, -1).numpy()), (shown / 127.5 - 1)[None, :, None]


@pytest.mark.parametrize("sky", ["df"], indirect=True)
@pytest.mark.parametrize("stairs", [dict(rule="join"), dict(rule="staggered", lag=2)])
def test_a_picture_set_in_motion_is_what_its_own_pipeline_makes_of_it(sky, stairs):
    shown, given = picture(3)
    canvas = op.animate(sky.encode(given), 3)
    asked = theirs(sky, "SkyReelsV2DiffusionForcingImageToVideoPipeline", frames=4, image=shown, ar_step=stairs.get("lag", 0))
    assert (ours(sky, canvas, **stairs) - asked).abs().max() < CLOSE


@pytest.mark.parametrize("sky", ["df"], indirect=True)
def test_a_film_between_two_pictures_is_what_its_own_pipeline_makes_of_them(sky):
    """Its own adds the last as one latent frame more, for which it draws nothing."""
    (shown, given), (end, last) = picture(3), picture(4)
    canvas = op.keyframes({0: sky.encode(given), 3: sky.encode(last)}, 4)
    asked = theirs(sky, "SkyReelsV2DiffusionForcingImageToVideoPipeline", frames=3, image=shown, last_image=end)
    made = ours(sky, canvas, chance=torch.cat([start((1, 16, 3, 4, 4)), canvas.latents[:, :, 3:]], 2))
    assert (made[:, :, :asked.shape[2]] - asked).abs().max() < CLOSE and asked.shape[2] >= 3


@pytest.mark.parametrize("sky", ["df"], indirect=True)
def test_a_film_that_goes_on_is_what_its_own_pipeline_makes_of_it(sky):
    """Its own goes on in windows of five latent frames, of which three are known; so do we, twice."""
    pictures = torch.rand(13, 3, 32, 32, generator=torch.Generator().manual_seed(2)).mul(255).round()
    given = [Image.fromarray(one.byte().movedim(0, -1).numpy()) for one in pictures]
    asked = theirs(sky, "SkyReelsV2DiffusionForcingVideoToVideoPipeline", frames=7, video=given, overlap_history=9, base_num_frames=17)
    film, drawing = sky.encode((pictures[-9:] / 127.5 - 1).movedim(0, 1)[None]), torch.Generator().manual_seed(7)
    for _ in range(2):
        made = ours(sky, op.extend(film[:, :, -3:], 2), chance=torch.randn(1, 16, 5, 4, 4, generator=drawing))
        film = torch.cat([film, made[:, :, 3:]], 2)
    assert asked.shape == film.shape and (film - asked).abs().max() < CLOSE


@pytest.mark.parametrize("sky", ["df"], indirect=True)
def test_it_codes_film_as_its_own_autoencoder_does(sky):
    pictures, vae = torch.rand(1, 3, 9, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1, sky.pipe.vae
    with torch.no_grad():
        latents = (vae.encode(pictures).latent_dist.mode() - sky._mean) / sky._deviation
        back = vae.decode(latents * sky._deviation + sky._mean).sample
    assert torch.equal(sky.encode(pictures), latents) and torch.equal(torch.cat(list(sky.decode(latents)), 2), back)


@pytest.mark.parametrize("rule", ["join", "scale", "staggered"])
def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(sky, rule):
    keeps(sky, rule=rule)
