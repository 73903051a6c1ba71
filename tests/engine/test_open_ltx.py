"""LTX-Video through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits."""

from __future__ import annotations

import diffusers
import pytest
import torch
from ltxs import SHAPE, coded, drawn, photo, walked
from parity import CLOSE, PROMPT, WITHOUT, keeps
from tiny_ltx import ltx as checkpoint

from engine import operations as op
from engine.denoisers.open.levels import SEED
from engine.denoisers.open.ltx import LTXBackend
from engine.errors import GridMismatch
from engine.sampler import noise

SIZE = dict(height=64, width=64, frame_rate=24, output_type="latent", prompt=PROMPT, negative_prompt=WITHOUT)


@pytest.fixture(scope="module", params=["0.9.0", "0.9.1", "0.9.5"])
def ltx(request, tmp_path_factory):
    folder = checkpoint(tmp_path_factory.mktemp("ltx"), request.param)
    pipe = (diffusers.LTXConditionPipeline if request.param == "0.9.5" else diffusers.LTXPipeline).from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    return LTXBackend(pipe, "ltx", "1")


def own(backend, name):
    """Another of its own pipelines, of the same parts."""
    pipe = getattr(diffusers, name)(**backend.pipe.components)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_ltx_makes_the_film_that_its_own_pipeline_makes(ltx, guidance, steps):
    asked = ltx.pipe(num_frames=25, num_inference_steps=steps, guidance_scale=guidance, generator=torch.Generator().manual_seed(7), **SIZE).frames
    theirs = asked if ltx.later else ltx.pipe._unpack_latents(asked, *SHAPE[2:])
    made = walked(ltx, op.text(SHAPE), drawn(), steps, guidance)
    assert theirs.abs().max() > 1 and (made - theirs).abs().max() < CLOSE


def test_ltx_codes_film_as_its_own_autoencoder_does_and_encodes_it_in_parts(ltx):
    pictures, _ = coded(ltx)
    with pytest.raises(GridMismatch, match="1 \\+ 8k pictures; 10"):
        ltx.encode(pictures[:, :, :10])


def test_an_encoder_that_led_a_film_is_as_it_was(ltx):
    pictures = torch.rand(1, 3, 17, 64, 64, generator=torch.Generator().manual_seed(1))
    before = ltx.pipe.vae.encode(pictures).latent_dist.mode()
    one, other = ltx.encoder(), ltx.encoder()
    mixed = [one(pictures[:, :, :9]), other(1 - pictures[:, :, :9]), one(pictures[:, :, 9:]), other(1 - pictures[:, :, 9:])]
    assert torch.equal(ltx.pipe.vae.encode(pictures).latent_dist.mode(), before)
    assert (torch.cat(mixed[::2], 2) - ltx.encode(pictures)).abs().max() < 1e-6 and (torch.cat(mixed[1::2], 2) - ltx.encode(1 - pictures)).abs().max() < 1e-6


def test_large_pictures_are_encoded_in_tiles_and_in_parts_at_once(ltx):
    pictures = torch.rand(1, 3, 17, 64, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    ltx.pipe.vae.enable_tiling(64, 64, tile_sample_stride_height=32, tile_sample_stride_width=32)
    try:
        whole, encode = ltx.encode(pictures), ltx.encoder()
        parts = torch.cat([encode(pictures[:, :, :9]), encode(pictures[:, :, 9:])], 2)
    finally:
        ltx.pipe.vae.disable_tiling()
    assert (parts - whole).abs().max() < 1e-6 and (whole - ltx.encode(pictures)).abs().max() > 1e-3


@pytest.mark.parametrize("rule", ["join", "scale"])
def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(ltx, rule):
    keeps(ltx, steps=3, rule=rule)


@pytest.mark.parametrize("ltx", ["0.9.0", "0.9.1"], indirect=True)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_a_picture_set_in_motion_is_what_ltx_makes_of_it(ltx, guidance):
    image, picture = photo()
    asked = own(ltx, "LTXImageToVideoPipeline")(image=image, num_frames=25, num_inference_steps=5, guidance_scale=guidance, generator=torch.Generator().manual_seed(7), **SIZE).frames
    still = ltx.encode(picture)
    made = walked(ltx, op.animate(still, 3), drawn(after=[still.shape]), 5, guidance)
    assert (made - ltx.pipe._unpack_latents(asked, *SHAPE[2:])).abs().max() < CLOSE


def given(backend, *conditions, steps=5, seed=7, **more):
    """What LTXConditionPipeline makes of pictures at (picture number, image, or film)."""
    from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

    told = [LTXVideoCondition(frame_index=at, **{"video" if isinstance(what, list) else "image": what}) for at, what in conditions]
    return backend.pipe(conditions=told or None, num_frames=25, num_inference_steps=steps, guidance_scale=3.0, image_cond_noise_scale=0.0, generator=torch.Generator().manual_seed(seed), **SIZE, **more).frames


@pytest.mark.parametrize("ltx", ["0.9.5"], indirect=True)
@pytest.mark.parametrize("count", [1, 9])
def test_a_beginning_is_carried_on_as_ltx_carries_it_on(ltx, count):
    photos = [photo(seed) for seed in range(count)]
    asked = given(ltx, (0, photos[0][0] if count == 1 else [image for image, _ in photos]))
    clip = ltx.encode(torch.cat([picture for _, picture in photos], 2))
    made = walked(ltx, op.extend(clip, 4 - clip.shape[2]), drawn(), 5, 3.0)
    assert (made - asked).abs().max() < CLOSE


@pytest.mark.parametrize("ltx", ["0.9.5"], indirect=True)
@pytest.mark.parametrize("at", [2, 3])
def test_pictures_that_are_passed_through_are_told_as_ltx_is_told(ltx, at):
    """Its own film goes its own way in the place of a picture; here it is led straight to it, and all else must be the same."""
    (first, opening), (later, picture) = photo(1), photo(2)
    still = ltx.encode(picture)
    chance, sigmas = drawn(SEED), iter(ltx.sigmas(5, SHAPE)[1:])        # what is known is raised by this very noise
    extra = 4                                                           # tokens of the picture, before the film's

    def led(pipe, step, time, kept):
        latents = kept["latents"].clone()
        latents[:, extra + 4 * at:extra + 4 * (at + 1)] = pipe._pack_latents(torch.lerp(still, chance[:, :, at:at + 1], next(sigmas)))
        return {"latents": latents}

    asked = given(ltx, (0, first), (8 * at, later), seed=SEED, callback_on_step_end=led)
    made = walked(ltx, op.keyframes({0: ltx.encode(opening), at: still}, 4), chance, 5, 3.0)
    alone = walked(ltx, op.animate(ltx.encode(opening), 3), chance, 5, 3.0)
    assert (made - asked).abs().max() < CLOSE
    assert torch.equal(made[:, :, at:at + 1], still) and (made - alone)[:, :, 1].abs().max() > 1e-3


@pytest.mark.parametrize("ltx", ["0.9.5"], indirect=True)
def test_changing_film_is_what_ltxs_own_pipeline_makes_of_it(ltx):
    clip = torch.randn(SHAPE, generator=torch.Generator().manual_seed(2))
    asked = given(ltx, steps=8, latents=clip, denoise_strength=0.5)
    made = walked(ltx, op.edit(clip, ltx.sigmas(8, SHAPE)[4]), drawn(), 8, 3.0)
    assert (made - asked).abs().max() < CLOSE


def test_a_still_picture_is_the_same_latent_frame_wherever_it_stands(ltx):
    """Why a kept frame may be told as a picture: an encoder of this kind repeats a film's first picture before it."""
    _, picture = photo()
    held = ltx.encode(picture.expand(-1, -1, 17, -1, -1))
    assert (held - ltx.encode(picture)).abs().max() < 1e-5


def test_the_first_look_is_as_large_as_the_film_in_cells(ltx):
    seen = ltx.preview(noise(SHAPE, 1))
    assert seen.shape == (1, 3, 4, 2, 2) and 0 <= seen.min() < seen.max() <= 1
