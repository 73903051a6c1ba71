"""HunyuanVideo 1.5 through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits."""

from __future__ import annotations

import diffusers
import pytest
import torch
from parity import CLOSE, PROMPT, WITHOUT, keeps
from PIL import Image
from tiny_hunyuan15 import TOKENS, hunyuan15

from engine import operations as op
from engine.denoisers.open.hunyuan15 import Hunyuan15Backend
from engine.errors import WeightsError
from engine.sampler import noise, plan, sample


@pytest.fixture(scope="module", params=["t2v", "i2v"])
def video(request, tmp_path_factory):
    pipe = diffusers.DiffusionPipeline.from_pretrained(hunyuan15(tmp_path_factory.mktemp("hunyuan15"), request.param == "i2v"))
    pipe.set_progress_bar_config(disable=True)
    pipe.tokenizer_max_length, pipe.tokenizer_2_max_length, pipe.vision_num_semantic_tokens = 48, 8, TOKENS       # of 1000, 256 and 729: the test is to be short
    return Hunyuan15Backend(pipe, "hunyuan", "1")


def theirs(video, guidance, **asked):
    video.pipe.guider = diffusers.ClassifierFreeGuidance(guidance_scale=guidance)
    return video.pipe(prompt=PROMPT, negative_prompt=WITHOUT, num_frames=9, output_type="latent", **asked).frames


def ours(video, denoise, canvas, steps):
    *_, last = sample(denoise, canvas, noise(canvas.shape, 7), plan(canvas.levels, video.sigmas(steps, canvas.shape), video.rule), video.solver)
    return last.x


@pytest.mark.parametrize("video", ["t2v"], indirect=True)
@pytest.mark.parametrize("steps, guidance", [(4, 1.0), (4, 6.0), (7, 6.0)])
def test_it_makes_the_film_that_its_own_pipeline_makes(video, steps, guidance):
    canvas = op.text(video.grid.latent_shape(9, 64, 64))
    asked = theirs(video, guidance, height=64, width=64, num_inference_steps=steps, latents=noise(canvas.shape, 7))
    assert asked.abs().max() > 1 and (ours(video, video.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), canvas, steps) - asked).abs().max() < CLOSE
    assert (ours(video, video.denoiser(["a blue fox"], guidance=guidance, negative=WITHOUT), canvas, steps) - asked).abs().max() > 10 * CLOSE


@pytest.mark.parametrize("video", ["i2v"], indirect=True)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_it_is_told_of_a_picture_as_its_own_pipeline_tells_it(video, guidance):
    """Its own pipeline makes the first frame anew as well, so the canvas here does: what is told of the picture comes from one where it is kept."""
    shown = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(3)).mul(255).round()
    picture, canvas = Image.fromarray(shown.byte().movedim(0, -1).numpy()), op.text(video.grid.latent_shape(9, 64, 64))
    asked = theirs(video, guidance, image=picture, num_inference_steps=4, latents=noise(canvas.shape, 7))
    kept = op.animate(video.encode((shown / 127.5 - 1)[None, :, None]), 2)
    told, without = (video.lower(video._words([words]), kept.latents, kept.levels) for words in (PROMPT, WITHOUT))

    def denoise(x, level, after):
        with torch.no_grad():
            return torch.lerp(video._predict(x, level, without, "uncond"), video._predict(x, level, told, "cond"), guidance)

    assert (ours(video, denoise, canvas, 4) - asked).abs().max() < CLOSE


@pytest.mark.parametrize("video", ["i2v"], indirect=True)
def test_a_frame_that_nobody_encoded_here_is_seen_as_it_is_decoded(video):
    canvas = op.animate(torch.randn(1, 4, 1, 4, 4, generator=torch.Generator().manual_seed(5)), 2)
    back = next(video.decode(canvas.latents[:, :, :1]))[0, :, 0].movedim(0, -1)
    with torch.no_grad():
        seen = video.pipe.encode_image(Image.fromarray((back * 127.5 + 127.5).round().byte().numpy()), 1, "cpu", torch.float32)
    assert torch.equal(video.lower(video._words([PROMPT]), canvas.latents, canvas.levels)["image_embeds"], seen)
    assert not video.lower(video._words([PROMPT]), canvas.latents, torch.ones_like(canvas.levels))["image_embeds"].any()


@pytest.mark.parametrize("video", ["t2v"], indirect=True)
def test_it_codes_film_as_its_own_autoencoder_does_and_in_parts(video):
    vae, scale = video.pipe.vae, video.pipe.vae.config.scaling_factor
    pictures = torch.rand(1, 3, 17, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        latents = vae.encode(pictures).latent_dist.mode() * scale
        back = vae.decode(latents / scale).sample.clamp(-1, 1)
    encode, encode_on = video.encoder(), video.encoder(pictures[:, :, :9])
    whole = video.encode(pictures)
    assert (whole - latents).abs().max() < 1e-5
    assert torch.equal(torch.cat([encode(pictures[:, :, :5]), encode(pictures[:, :, 5:])], 2), whole)
    assert torch.equal(encode_on(pictures[:, :, 9:]), whole[:, :, 3:])
    parts = list(video.decode(latents))
    assert [part.shape[2] for part in parts] == [1, 4, 4, 4, 4] and (torch.cat(parts, 2) - back).abs().max() < 1e-5
    assert torch.equal(torch.cat(list(video.decode(latents[:, :, 2:], before=latents[:, :, :2])), 2), torch.cat(parts, 2)[:, :, 5:])
    with torch.no_grad():       # and it is as it was
        assert torch.equal(vae.encode(pictures).latent_dist.mode() * scale, latents)


@pytest.mark.parametrize("video", ["t2v"], indirect=True)
def test_in_tiles_it_codes_film_as_its_own_autoencoder_does_in_tiles(video):
    """Every tile remembers its own past."""
    pictures, vae, scale = torch.rand(1, 3, 9, 96, 96, generator=torch.Generator().manual_seed(1)) * 2 - 1, video.pipe.vae, video.pipe.vae.config.scaling_factor
    plain = video.encode(pictures)
    vae.enable_tiling(tile_sample_min_height=64, tile_sample_min_width=64, tile_latent_min_height=4, tile_latent_min_width=4)
    with torch.no_grad():
        latents = vae.encode(pictures).latent_dist.mode() * scale
        back = vae.decode(latents / scale).sample.clamp(-1, 1)
    tiled, film = video.encode(pictures), torch.cat(list(video.decode(latents)), 2)
    vae.disable_tiling()
    assert (tiled - latents).abs().max() < 1e-5 and (film - back).abs().max() < 1e-5 and (tiled - plain).abs().max() > 1e-3


def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(video):
    keeps(video, steps=2)


@pytest.mark.parametrize("video", ["i2v"], indirect=True)
def test_one_that_was_distilled_to_mean_flow_is_refused(video):
    model = video.pipe.transformer
    model.register_to_config(use_meanflow=True)
    with pytest.raises(WeightsError, match="distilled to mean flow"):
        Hunyuan15Backend(video.pipe, "hunyuan", "1")
    model.register_to_config(use_meanflow=False)
