"""CogVideoX through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits."""

from __future__ import annotations

import diffusers
import pytest
import torch
from parity import CLOSE, PROMPT, WITHOUT, film, keeps
from PIL import Image
from tiny_cogvideox import KINDS, TOKENS, cogvideox

from engine import operations as op
from engine.denoisers.catalog import describe, open_backend
from engine.denoisers.open import keeping
from engine.denoisers.open.cogvideox import CogVideoXBackend
from engine.errors import GridMismatch
from engine.sampler import noise, plan, sample

WORDS = [kind for kind in KINDS if not kind.endswith("i2v")]
GIVEN = [kind for kind in KINDS if kind.endswith("i2v")]


@pytest.fixture(scope="module", params=KINDS)
def cog(request, tmp_path_factory):
    folder = cogvideox(tmp_path_factory.mktemp("cog"), request.param)
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    return CogVideoXBackend(pipe, "cogvideox", "1")


def pictures_of(cog):
    """As many as make whole tokens, so that nothing is shown twice."""
    return 13 if cog.deep == 2 else 9


def still(picture):
    """(3, H, W) of 0..255."""
    return Image.fromarray(picture.byte().movedim(0, -1).numpy())


def theirs(cog, name=None, **asked):
    """The latents (B, C, T, H, W) that a pipeline of its own makes."""
    pipe = getattr(diffusers, name)(**cog.pipe.components) if name else cog.pipe
    pipe.set_progress_bar_config(disable=True)
    return pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, max_sequence_length=TOKENS, output_type="latent", **asked).frames.transpose(1, 2)


def chance(seed, shape, count, skip=()):
    """What its scheduler draws in a walk of `count` steps, `skip` having been drawn before: twice a step, but at the first and the last once."""
    drawing = torch.Generator().manual_seed(seed)
    for other in skip:
        torch.randn(other, generator=drawing)
    batch, channels, frames, *cells = shape

    def fresh(step):
        for _ in range(2 if 0 < step < count - 1 else 1):
            drawn = torch.randn(batch, frames, channels, *cells, generator=drawing)
        return drawn.transpose(1, 2)

    return fresh


def walked(cog, denoise, canvas, start, sigmas, fresh, rule="join"):
    *_, last = sample(denoise, canvas, start, plan(canvas.levels, sigmas, rule), cog.solver, fresh=fresh)
    return last.x


@pytest.mark.parametrize("cog", WORDS, indirect=True)
@pytest.mark.parametrize("steps", [4, 10])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_cogvideox_makes_the_film_that_its_own_pipeline_makes(cog, guidance, steps):
    shape = cog.grid.latent_shape(pictures_of(cog), 64, 64)
    asked = theirs(cog, num_frames=pictures_of(cog), num_inference_steps=steps, guidance_scale=guidance, latents=noise(shape, 7).transpose(1, 2), generator=torch.Generator().manual_seed(5))
    ours = walked(cog, cog.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), op.text(shape), noise(shape, 7), cog.sigmas(steps, shape), chance(5, shape, steps))
    assert asked.abs().max() > 1 and (ours - asked).abs().max() < CLOSE


@pytest.mark.parametrize("cog", WORDS, indirect=True)
def test_changing_film_is_what_its_own_pipeline_makes_of_it(cog):
    count = pictures_of(cog)
    pictures = torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(2)).mul(255).round()
    asked = theirs(cog, "CogVideoXVideoToVideoPipeline", video=[still(one) for one in pictures], num_inference_steps=8, strength=0.5, guidance_scale=3.0, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():       # theirs has one chunk for 13 pictures
        clip = cog.pipe.vae.encode((pictures / 127.5 - 1).movedim(0, 1)[None]).latent_dist.mode() * cog.pipe.vae.config.scaling_factor
    sigmas, drawing = cog.sigmas(8, clip.shape), torch.Generator().manual_seed(7)
    torch.randn(clip.shape, generator=drawing)
    start = torch.randn(clip.transpose(1, 2).shape, generator=drawing).transpose(1, 2)
    after = chance(7, clip.shape, 4, [clip.shape, clip.shape])
    ours = walked(cog, cog.denoiser([PROMPT], guidance=3.0, negative=WITHOUT), op.edit(clip, sigmas[4]), start, sigmas, lambda step: after(step - 4))
    assert (ours - asked).abs().max() < CLOSE


@pytest.mark.parametrize("cog", GIVEN, indirect=True)
@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_it_is_told_of_a_picture_as_its_own_pipeline_tells_it(cog, guidance):
    """Its own pipeline makes the first frame anew as well, so the canvas here does: what is told of the picture comes from one where it is kept."""
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(3)).mul(255).round()
    shape = cog.grid.latent_shape(pictures_of(cog), 64, 64)
    asked = theirs(cog, image=still(picture), num_frames=pictures_of(cog), num_inference_steps=4, guidance_scale=guidance,
                   latents=noise(shape, 7).transpose(1, 2), generator=torch.Generator().manual_seed(5))
    given = op.animate(cog.encode((picture / 127.5 - 1)[None, :, None]), shape[2] - 1)
    told, without = (cog.lower(cog._words([words]), given.latents, given.levels) for words in (PROMPT, WITHOUT))

    def denoise(x, level, after):
        with torch.no_grad():
            return torch.lerp(cog._predict(x, level, without, "uncond"), cog._predict(x, level, told, "cond"), guidance)

    ours = walked(cog, denoise, op.text(shape), noise(shape, 7), cog.sigmas(4, shape), chance(5, shape, 4, [(1, shape[1], 1, *shape[3:])]))
    assert (ours - asked).abs().max() < CLOSE
    other = walked(cog, cog.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), op.text(shape), noise(shape, 7), cog.sigmas(4, shape), chance(5, shape, 4, [(1, shape[1], 1, *shape[3:])]))
    assert (other - asked).abs().max() > 10 * CLOSE


@pytest.mark.parametrize("cog", ["2b", "1.5"], indirect=True)
def test_it_codes_film_as_its_own_autoencoder_does_and_in_chunks(cog):
    pictures, vae = torch.rand(1, 3, 17, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1, cog.pipe.vae
    with torch.no_grad():
        latents = vae.encode(pictures).latent_dist.mode() * vae.config.scaling_factor
        back = vae.decode(latents / vae.config.scaling_factor).sample.clamp(-1, 1)
    encode, encode_on = cog.encoder(), cog.encoder(pictures[:, :, :9])
    assert torch.equal(cog.encode(pictures), latents)
    assert torch.equal(torch.cat([encode(pictures[:, :, :9]), encode(pictures[:, :, 9:])], 2), latents)
    assert torch.equal(encode_on(pictures[:, :, 9:]), latents[:, :, 3:])
    encode = cog.encoder()
    small = torch.cat([encode(part) for part in pictures.split([1, 4, 4, 4, 4], 2)], 2)
    assert small.shape == latents.shape and torch.equal(small[:, :, 2::2], latents[:, :, 2::2])      # the last of every chunk has seen all of it
    parts = list(cog.decode(latents))
    assert [part.shape[2] for part in parts] == [1, 4, 4, 4, 4] and torch.equal(torch.cat(parts, 2), back)
    assert torch.equal(torch.cat(list(cog.decode(latents[:, :, 3:], before=latents[:, :, :3])), 2), back[:, :, 9:])


@pytest.mark.parametrize("cog", ["2b"], indirect=True)
def test_in_tiles_it_codes_film_as_its_own_autoencoder_does_in_tiles(cog):
    pictures, vae = torch.rand(1, 3, 17, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1, cog.pipe.vae
    plain = cog.encode(pictures)
    vae.enable_tiling(tile_sample_min_height=48, tile_sample_min_width=40)
    with torch.no_grad():
        latents = vae.encode(pictures).latent_dist.mode() * vae.config.scaling_factor
        back = vae.decode(latents / vae.config.scaling_factor).sample.clamp(-1, 1)
    tiled, film = cog.encode(pictures), torch.cat(list(cog.decode(latents)), 2)
    vae.disable_tiling()
    assert torch.equal(tiled, latents) and torch.equal(film, back) and not torch.equal(tiled, plain)


@pytest.mark.parametrize("cog", ["2b"], indirect=True)
@pytest.mark.parametrize("frames", [1, 2, 4])
def test_film_of_half_a_chunk_has_all_its_pictures(cog, frames):
    latents = torch.randn(1, cog.grid.channels, frames, 4, 4, generator=torch.Generator().manual_seed(1))
    film = torch.cat(list(cog.decode(latents)), 2)
    assert film.shape == (1, 3, cog.grid.pictures(frames), 32, 32)
    assert cog.encode(film).shape == latents.shape


@pytest.mark.parametrize("cog", ["2b", "5b", "1.5", "1.5 i2v"], indirect=True)
def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(cog):
    keeps(cog)


@pytest.mark.parametrize("kind", ["2b", "1.5"])
def test_a_folder_of_ones_own_is_told_of_as_its_backend_is(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    *_, row = keeping.add(cogvideox(tmp_path / "my-cog", kind))
    backend = open_backend("my-cog")
    assert (row.grid, row.solver) == (backend.grid, backend.solver) == (describe("my-cog").grid, describe("my-cog").solver)


@pytest.mark.parametrize("cog, side, says", [("5b i2v", 32, "makes film of 64x64 alone; 32x32 was asked"), ("1.5", 96, "makes film of 64x64 at most; 96x96 was asked")], indirect=["cog"])
def test_one_that_has_no_positions_for_a_size_says_which_it_makes(cog, side, says):
    with pytest.raises(GridMismatch, match=says):
        film(cog, op.text(cog.grid.latent_shape(9, side, side)))
