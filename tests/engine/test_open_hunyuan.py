"""HunyuanVideo through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits."""

from __future__ import annotations

import diffusers
import pytest
import torch
from parity import CLOSE, PROMPT, WITHOUT, keeps
from PIL import Image
from tiny_hunyuan import KINDS, hunyuan

from engine import operations as op
from engine.denoisers.open.hunyuan import EVERY, HunyuanBackend
from engine.sampler import noise, plan, sample


@pytest.fixture(scope="module", params=KINDS)
def video(request, tmp_path_factory):
    pipe = diffusers.DiffusionPipeline.from_pretrained(hunyuan(tmp_path_factory.mktemp("hunyuan"), request.param))
    pipe.set_progress_bar_config(disable=True)
    return HunyuanBackend(pipe, "hunyuan", "1")


def theirs(video, **asked):
    return video.pipe(height=32, width=32, num_frames=9, output_type="latent", **asked).frames


def ours(video, denoise, canvas, steps):
    *_, last = sample(denoise, canvas, noise(canvas.shape, 7), plan(canvas.levels, video.sigmas(steps, canvas.shape), video.rule), video.solver)
    return last.x


@pytest.mark.parametrize("video", ["t2v"], indirect=True)
@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("guidance, negative", [(1.0, ""), (6.0, ""), (3.0, WITHOUT)])
def test_hunyuan_makes_the_film_that_its_own_pipeline_makes(video, guidance, negative, steps):
    canvas = op.text(video.grid.latent_shape(9, 32, 32))
    told = dict(negative_prompt=negative, true_cfg_scale=guidance, guidance_scale=1.0) if negative else dict(guidance_scale=guidance)
    asked = theirs(video, prompt=PROMPT, num_inference_steps=steps, latents=noise(canvas.shape, 7), **told)
    made = ours(video, video.denoiser([PROMPT], guidance=guidance, negative=negative), canvas, steps)
    assert asked.abs().max() > 1 and (made - asked).abs().max() < CLOSE
    assert (ours(video, video.denoiser(["a blue fox"], guidance=guidance, negative=negative), canvas, steps) - asked).abs().max() > 10 * CLOSE


def given(video):
    """A picture, and its latents."""
    picture = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(3)).mul(255).round()
    return Image.fromarray(picture.byte().movedim(0, -1).numpy()), video.encode((picture / 127.5 - 1)[None, :, None])


def start(canvas, still):
    """Theirs begins with a thousandth of the picture in every frame."""
    return (noise(canvas.shape, 7) - 0.001 * still) / 0.999


@pytest.mark.parametrize("video", ["i2v"], indirect=True)
@pytest.mark.parametrize("guidance, negative", [(6.0, ""), (3.0, WITHOUT)])
def test_a_picture_set_in_motion_is_what_its_own_pipeline_makes_of_it(video, guidance, negative):
    picture, still = given(video)
    canvas = op.animate(still, 2)
    told = dict(negative_prompt=negative, true_cfg_scale=guidance, guidance_scale=1.0) if negative else dict(guidance_scale=guidance)
    asked = theirs(video, image=picture, num_inference_steps=4, latents=start(canvas, still), prompt=PROMPT, **told)
    assert (ours(video, video.denoiser([PROMPT], guidance=guidance, negative=negative), canvas, 4) - asked).abs().max() < CLOSE


@pytest.mark.parametrize("video", ["i2v"], indirect=True)
def test_a_frame_that_nobody_encoded_here_is_read_as_it_is_decoded(video):
    canvas, without = op.animate(torch.randn(1, 4, 1, 4, 4, generator=torch.Generator().manual_seed(5)), 2), op.text((1, 4, 3, 4, 4))
    back = next(video.decode(canvas.latents[:, :, :1]))[0, :, 0].movedim(0, -1)
    seen, black = Image.fromarray((back * 127.5 + 127.5).round().byte().numpy()), Image.new("RGB", (32, 32))
    for one, picture in ((canvas, seen), (without, black)):
        with torch.no_grad():
            words = video.pipe.encode_prompt(image=picture, prompt=PROMPT, image_embed_interleave=EVERY[video.given])[0]
        assert torch.equal(video.lower(video._words([PROMPT]), one.latents, one.levels)["encoder_hidden_states"], words)


@pytest.mark.parametrize("video", ["i2v 33ch"], indirect=True)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_it_is_told_of_a_picture_as_its_own_pipeline_tells_it(video, guidance):
    """Its own pipeline makes the first frame anew and leaves it off, so the canvas here does the first: what is told of the picture comes from one where it is kept."""
    picture, still = given(video)
    canvas, kept = op.text(video.grid.latent_shape(9, 32, 32)), op.animate(still, 2)
    asked = theirs(video, image=picture, num_inference_steps=4, latents=start(canvas, still), negative_prompt=WITHOUT, true_cfg_scale=guidance, prompt=PROMPT)
    denoiser = video.denoiser([PROMPT], guidance=3.0, negative=WITHOUT)
    told, without = (video.lower(one, kept.latents, kept.levels) for one in (denoiser.told, denoiser.without))

    def denoise(x, level, after):
        with torch.no_grad():
            return torch.lerp(video._predict(x, level, without, "uncond"), video._predict(x, level, told, "cond"), guidance)

    assert (ours(video, denoise, canvas, 4)[:, :, 1:] - asked).abs().max() < CLOSE


@pytest.mark.parametrize("video", ["t2v"], indirect=True)
def test_it_codes_film_as_its_own_autoencoder_does_and_in_stretches(video):
    vae, scale = video.pipe.vae, video.pipe.vae.config.scaling_factor
    pictures = torch.rand(1, 3, 41, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for count in (1, 13, 17, 21, 33, 41):
        with torch.no_grad():
            latents = vae.encode(pictures[:, :, :count]).latent_dist.mode() * scale
            back = vae.decode(latents / scale).sample.clamp(-1, 1)
        assert torch.equal(video.encode(pictures[:, :, :count]), latents), count
        parts = list(video.decode(latents))
        assert [part.shape[2] for part in parts] == [1] + [4] * (count // 4) and torch.equal(torch.cat(parts, 2), back), count
    encode = video.encoder()
    small = torch.cat([encode(part) for part in pictures.split([1] + [4] * 10, 2)], 2)
    assert small.shape == latents.shape and torch.equal(small[:, :, 4::3], latents[:, :, 4::3])       # the last of every stretch has seen all of it
    encode, encode_on = video.encoder(), video.encoder(pictures[:, :, :17])
    assert torch.equal(torch.cat([encode(pictures[:, :, :17]), encode(pictures[:, :, 17:29]), encode(pictures[:, :, 29:])], 2), latents)
    assert torch.equal(encode_on(pictures[:, :, 17:]), latents[:, :, 5:])
    assert torch.equal(torch.cat(list(video.decode(latents[:, :, 4:], before=latents[:, :, :4])), 2), back[:, :, 13:])


@pytest.mark.parametrize("video", ["t2v"], indirect=True)
def test_in_tiles_it_codes_film_as_its_own_autoencoder_does_in_tiles(video):
    pictures, vae, scale = torch.rand(1, 3, 21, 48, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1, video.pipe.vae, video.pipe.vae.config.scaling_factor
    plain = video.encode(pictures)
    vae.enable_tiling(tile_sample_min_height=32, tile_sample_min_width=32, tile_sample_stride_height=24, tile_sample_stride_width=24)
    with torch.no_grad():
        latents = vae.encode(pictures).latent_dist.mode() * scale
        back = vae.decode(latents / scale).sample.clamp(-1, 1)
    tiled, film = video.encode(pictures), torch.cat(list(video.decode(latents)), 2)
    vae.disable_tiling()
    assert torch.equal(tiled, latents) and torch.equal(film, back) and not torch.equal(tiled, plain)


def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(video):
    keeps(video)
