"""Wan through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits."""

from __future__ import annotations

import pytest
import tiny
import torch
from parity import CLOSE, PROMPT, WITHOUT, film, keeps

from engine import operations as op
from engine.denoisers.open import rows
from engine.denoisers.open.wan import WanBackend
from engine.denoisers.open.wan_image import WanImageBackend
from engine.sampler import noise, plan, sample

WANS = {"2.1": ("2.1", "unipc"), "2.1 euler": ("2.1", "euler"), "2.2 two experts": ("2.2", "unipc"), "2.2 5b": ("5b", "unipc")}


@pytest.fixture(scope="module", params=WANS)
def wan(request, tmp_path_factory):
    from diffusers import WanPipeline

    kind, scheduler = WANS[request.param]
    pipe = WanPipeline.from_pretrained(tiny.wan(tmp_path_factory.mktemp("wan"), kind=kind, scheduler=scheduler))
    pipe.set_progress_bar_config(disable=True)
    return WanBackend(pipe, "wan", "1")


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_wan_makes_the_film_that_its_own_pipeline_makes(wan, guidance, steps):
    shape = wan.grid.latent_shape(9, 64, 64)
    theirs = wan.pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=9, num_inference_steps=steps, guidance_scale=guidance,
                      latents=noise(shape, 7), output_type="latent").frames
    assert theirs.abs().max() > 1 and (film(wan, op.text(shape), steps=steps, guidance=guidance) - theirs).abs().max() < CLOSE


def test_wan_codes_film_as_its_own_autoencoder_does_and_in_parts(wan):
    pictures = torch.rand(1, 3, 13, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        theirs = (wan.pipe.vae.encode(pictures).latent_dist.mode() - wan._mean) / wan._deviation
        back = wan.pipe.vae.decode(theirs * wan._deviation + wan._mean).sample
    encode, encode_on = wan.encoder(), wan.encoder(pictures[:, :, :5])
    assert torch.equal(wan.encode(pictures), theirs)
    assert torch.equal(torch.cat([encode(pictures[:, :, :5]), encode(pictures[:, :, 5:])], 2), theirs)
    assert torch.equal(encode_on(pictures[:, :, 5:]), theirs[:, :, 2:])
    assert torch.equal(torch.cat(list(wan.decode(theirs)), 2), back)
    assert torch.equal(torch.cat(list(wan.decode(theirs[:, :, 1:], before=theirs[:, :, :1])), 2), back[:, :, 1:])


@pytest.mark.parametrize("rule", ["join", "scale"])
def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(wan, rule):
    keeps(wan, rule=rule)


@pytest.mark.parametrize("wan", ["2.2 two experts"], indirect=True)
def test_the_clean_expert_is_led_as_it_was_released(wan):
    shape = wan.grid.latent_shape(9, 64, 64)
    theirs = wan.pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=9, num_inference_steps=5, guidance_scale=4.0, guidance_scale_2=3.0,
                      latents=noise(shape, 7), output_type="latent").frames
    backend = WanBackend(wan.pipe, "wan", "1", row=rows.known("wan-2.2-14b"))
    assert (film(backend, op.text(shape), steps=5, guidance=4.0) - theirs).abs().max() < CLOSE
    assert (film(wan, op.text(shape), steps=5, guidance=4.0) - theirs).abs().max() > 10 * CLOSE, "led alike it makes another film"


@pytest.mark.parametrize("wan", ["2.2 5b"], indirect=True)
def test_a_picture_set_in_motion_is_what_the_5b_makes_of_it(wan):
    """Its own pipeline for pictures holds the first latent frame at level 0 as well."""
    from diffusers import WanImageToVideoPipeline
    from PIL import Image

    theirs = WanImageToVideoPipeline(**{name: wan.pipe.components[name] for name in ("tokenizer", "text_encoder", "vae", "scheduler", "transformer")}, expand_timesteps=True)
    theirs.set_progress_bar_config(disable=True)
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(3)).mul(255).round()
    still = wan.encode((picture / 127.5 - 1)[None, :, None])
    canvas = op.animate(still, 2)
    asked = theirs(image=Image.fromarray(picture.byte().movedim(0, -1).numpy()), prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=9, num_inference_steps=4, guidance_scale=3.0,
                   latents=noise(canvas.shape, 7), output_type="latent").frames
    assert (film(wan, canvas, guidance=3.0) - asked).abs().max() < CLOSE


@pytest.mark.parametrize("wan", ["2.1", "2.1 euler"], indirect=True)
def test_changing_film_is_what_wans_own_pipeline_makes_of_it(wan):
    """SDEdit of a whole film: a level for all cells is the grid cut short."""
    from diffusers import WanVideoToVideoPipeline

    theirs = WanVideoToVideoPipeline(**{name: wan.pipe.components[name] for name in ("tokenizer", "text_encoder", "vae", "scheduler", "transformer")})
    theirs.set_progress_bar_config(disable=True)
    pictures = torch.rand(1, 9, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    asked = theirs(video=pictures, prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_inference_steps=8, strength=0.5, guidance_scale=3.0,
                   generator=torch.Generator().manual_seed(7), output_type="latent").frames
    clip = wan.encode(2 * pictures.movedim(1, 2) - 1)
    sigmas = wan.sigmas(8, clip.shape)
    canvas = op.edit(clip, sigmas[4])                                # half of its eight steps, so that the plan begins with four that hold
    chance = torch.randn(clip.shape, generator=torch.Generator().manual_seed(7))
    *_, last = sample(wan.denoiser([PROMPT], guidance=3.0, negative=WITHOUT), canvas, chance, plan(canvas.levels, sigmas, "join"), wan.solver)
    assert (last.x - asked).abs().max() < CLOSE


# ---- those that are given pictures

class Told(WanImageBackend):
    """Is told of pictures that its canvas does not hold: its own pipeline holds none either."""

    told: tuple = ()

    def lower(self, told, x, level):
        pictures, at = zip(*self.told)
        return told | self._conditions(pictures, [frame % x.shape[2] for frame in at], x.shape)


@pytest.fixture(scope="module", params=["2.1 i2v", "2.1 flf2v", "2.2 i2v"])
def pictured(request, tmp_path_factory):
    from diffusers import WanImageToVideoPipeline

    pipe = WanImageToVideoPipeline.from_pretrained(tiny.wan(tmp_path_factory.mktemp("i2v"), kind=request.param))
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("pictured, last", [("2.1 i2v", False), ("2.1 flf2v", True), ("2.2 i2v", False), ("2.2 i2v", True)], indirect=["pictured"])
def test_pictures_are_told_as_its_own_pipeline_tells_them(pictured, last):
    from PIL import Image

    drawn = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4)).mul(255).round().byte()
    images = [Image.fromarray(one.movedim(0, -1).numpy()) for one in drawn]
    stills = drawn.float() / 127.5 - 1
    backend = Told(pictured, "wan", "1")
    backend.told = ((stills[0], 0), (stills[1], -1)) if last else ((stills[0], 0),)
    shape = backend.grid.latent_shape(9, 64, 64)
    theirs = pictured(image=images[0], last_image=images[1] if last else None, prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=9, num_inference_steps=5, guidance_scale=4.0,
                      latents=noise(shape, 7), output_type="latent").frames
    made = film(backend, op.text(shape), steps=5, guidance=4.0)
    assert (made - theirs).abs().max() < CLOSE
    backend.told = ((stills[1], 0),)
    assert (film(backend, op.text(shape), steps=5, guidance=4.0) - theirs).abs().max() > 100 * CLOSE, "another picture makes another film"


def test_what_a_canvas_keeps_is_what_is_told(pictured):
    """The picture that was coded is told to the last digit, though the canvas holds only its latents."""
    backend = WanImageBackend(pictured, "wan", "1")
    stills = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4)) * 2 - 1
    first = backend.encode(stills[:1, :, None])
    canvas = op.animate(first, 2)
    told = backend.lower({}, canvas.latents, canvas.levels)
    wanted = backend._conditions([stills[0]], [0], canvas.shape)
    assert told.keys() == wanted.keys() and all(torch.equal(told[name], wanted[name]) for name in wanted)
    assert not torch.equal(backend.lower({}, canvas.latents, torch.ones_like(canvas.levels))["beside"], wanted["beside"]), "where nothing is kept nothing is told"
    keeps(backend)


def test_at_the_end_of_a_walk_what_is_made_is_not_taken_for_given(pictured):
    backend = WanImageBackend(pictured, "wan", "1")
    x = noise(backend.grid.latent_shape(9, 64, 64), 7)
    clean, nothing = (backend.lower({}, x, torch.full_like(x[:, :1], level))["beside"] for level in (0.01, 1.0))
    assert torch.equal(clean, nothing)


def test_what_is_told_is_of_the_film_at_hand(pictured):
    """A later window of the same shape, shown with a breath of noise, has a first frame of its own."""
    backend = WanImageBackend(pictured, "wan", "1")
    stills = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(5)) * 2 - 1
    canvases = [op.animate(backend.encode(still[None, :, None]), 2) for still in stills]
    breath = canvases[0].levels.clone()
    breath[:, :, 0] = 0.02
    one, two = (backend.lower({}, canvas.latents, breath)["beside"] for canvas in canvases)
    assert not torch.equal(one, two)
    empty = torch.ones_like(breath)
    assert backend.lower({}, canvases[0].latents, empty)["beside"] is backend.lower({}, canvases[0].latents, empty)["beside"], "nothing is coded once"
