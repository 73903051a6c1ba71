"""LTX-2 through our one sampler against its own pipelines, on tiny checkpoints in the released format: the same film, to the last digits."""

from __future__ import annotations

import diffusers
import pytest
import torch
from ltxs import SHAPE, coded, drawn, photo, walked
from parity import CLOSE, PROMPT, WITHOUT, keeps
from tiny_ltx2 import ltx2 as checkpoint

from engine import operations as op
from engine.denoisers.base import Manner
from engine.denoisers.open.levels import SEED
from engine.denoisers.open.ltx2 import LTX2Backend
from engine.sampler import plan, sample

PLAIN = dict(stg_scale=0.0, audio_stg_scale=0.0, modality_scale=1.0, audio_modality_scale=1.0, guidance_rescale=0.0, audio_guidance_rescale=0.0)
LED = dict(stg_scale=1.0, audio_stg_scale=1.0, modality_scale=3.0, audio_modality_scale=3.0, spatio_temporal_guidance_blocks=[1])


def opened(folder, kind="2.0", shifted=True):
    pipe = diffusers.LTX2Pipeline.from_pretrained(checkpoint(folder, kind, shifted))
    pipe.set_progress_bar_config(disable=True)
    backend = LTX2Backend(pipe, "ltx2", "1")
    backend.skipped = (1,)          # of its two blocks
    return backend


def unscaled(ltx2):
    """Without taking guidance back: its own pipeline counts what it makes of kept tokens into that, which nothing hangs on."""
    backend = LTX2Backend(ltx2.pipe, "ltx2", "1")
    backend.skipped, backend.rescale = (1,), 0.0
    return backend


@pytest.fixture(scope="module", params=["2.0", "2.3"])
def ltx2(request, tmp_path_factory):
    return opened(tmp_path_factory.mktemp("ltx2"), request.param)


def own(backend, chance, steps=4, guidance=1.0, conditions=None, output="latent", **more):
    """What its own pipelines make of this very noise, and of the noise that our sound begins with: film and sound, normalised."""
    pipe, vae, hearing = backend.pipe, backend.pipe.vae, backend.pipe.audio_vae
    if conditions is not None:
        pipe = diffusers.LTX2ConditionPipeline(**{name: part for name, part in pipe.components.items() if name != "audio_scheduler"})
        pipe.set_progress_bar_config(disable=True)
        more["conditions"] = conditions
    silence = pipe._denormalize_audio_latents(backend.silence(SHAPE[2])[None], hearing.latents_mean, hearing.latents_std)
    asked = pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=25, num_inference_steps=steps, guidance_scale=guidance, use_cross_timestep=backend.crossed, noise_scale=0.0,
                 audio_guidance_scale=backend.sound_guidance if guidance > 1 else 1.0, latents=pipe._denormalize_latents(chance, vae.latents_mean, vae.latents_std),
                 audio_latents=pipe._unpack_audio_latents(silence, silence.shape[1], 4), output_type=output,
                 **(PLAIN | (LED | {"guidance_rescale": backend.rescale, "audio_guidance_rescale": backend.rescale} if backend.crossed and guidance > 1 else {})), **more)
    if output != "latent":
        return asked
    sound = pipe._normalize_audio_latents(pipe._pack_audio_latents(asked.audio), hearing.latents_mean, hearing.latents_std)
    return pipe._normalize_latents(asked.frames, vae.latents_mean, vae.latents_std), sound


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_ltx2_makes_the_film_and_the_sound_that_its_own_pipeline_makes(ltx2, guidance, steps):
    theirs, sound = own(ltx2, drawn(), steps, guidance)
    denoise, canvas = ltx2.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), op.text(SHAPE)
    *_, last = sample(denoise, canvas, drawn(), plan(canvas.levels, ltx2.sigmas(steps, SHAPE), ltx2.rule), ltx2.solver)
    assert theirs.abs().max() > 1 and (last.x - theirs).abs().max() < CLOSE
    assert sound.abs().max() > 1 and (denoise.heard - sound).abs().max() < CLOSE


def test_what_is_heard_is_what_its_own_pipeline_says(ltx2):
    theirs = own(ltx2, drawn(), output="np").audio[0]
    ltx2.begin(Manner())
    assert ltx2.sound(25) is None                   # nothing was walked yet
    walked(ltx2, op.text(SHAPE), drawn(), 4)
    ours, rate = ltx2.sound(25)
    length = min(len(ours), theirs.shape[1])
    assert rate == ltx2.pipe.vocoder.config.output_sampling_rate and ours.shape == (round(25 / 24 * rate), 2) and length > 0.9 * len(ours)
    assert abs(theirs).max() > 1e-3 and abs(ours[:length] - theirs.numpy().T[:length]).max() < CLOSE
    assert ltx2.sound(49) is None                   # a longer film was made in windows, and this is the sound of one


def test_of_a_film_that_is_changed_nothing_is_heard(ltx2):
    ltx2.begin(Manner())
    walked(ltx2, op.edit(drawn(), 0.6), drawn(), 4)
    assert ltx2.sound(25) is None
    ltx2.begin(Manner())
    for _ in range(2):                              # two prompts that are blended, or two windows
        walked(ltx2, op.text(SHAPE), drawn(), 4)
    assert ltx2.sound(25) is None


def test_a_distilled_one_walks_its_own_eight_levels(tmp_path):
    from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES

    ltx2 = opened(tmp_path, shifted=False)
    theirs, _ = own(ltx2, drawn(), 8, sigmas=DISTILLED_SIGMA_VALUES)
    assert (walked(ltx2, op.text(SHAPE), drawn(), 8) - theirs).abs().max() < CLOSE
    theirs, _ = own(ltx2, drawn(), 5)
    assert (walked(ltx2, op.text(SHAPE), drawn(), 5) - theirs).abs().max() < CLOSE


def test_ltx2_codes_film_as_its_own_autoencoder_does_and_encodes_it_in_parts(ltx2):
    coded(ltx2)


@pytest.mark.parametrize("rule", ["join", "scale"])
def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(ltx2, rule):
    keeps(ltx2, steps=2, rule=rule)


@pytest.mark.parametrize("count", [1, 9])
def test_a_beginning_is_carried_on_as_ltx2_carries_it_on(ltx2, count):
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    photos, ltx2 = [photo(seed) for seed in range(count)], unscaled(ltx2)
    theirs, _ = own(ltx2, drawn(), 5, 3.0, conditions=[LTX2VideoCondition([image for image, _ in photos], 0, crf=0)])
    clip = ltx2.encode(torch.cat([picture for _, picture in photos], 2))
    assert (walked(ltx2, op.extend(clip, 4 - clip.shape[2]), drawn(), 5, 3.0) - theirs).abs().max() < CLOSE


@pytest.mark.parametrize("at", [2, 3])
def test_pictures_that_are_passed_through_are_told_as_ltx2_is_told(ltx2, at):
    """Its own film goes its own way in the place of a picture; here it is led straight to it, and all else must be the same."""
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition

    (first, opening), (later, picture), ltx2 = photo(1), photo(2), unscaled(ltx2)
    still, chance = ltx2.encode(picture), drawn(SEED)                   # what is known is raised by this very noise
    longer = (*SHAPE[:2], SHAPE[2] + 1, *SHAPE[3:])                     # it counts the picture's tokens when it shifts its noise
    sigmas = ltx2.sigmas(5, longer)
    lower = iter(sigmas[1:])

    def led(pipe, step, time, kept):
        latents = kept["latents"].clone()
        latents[:, 4 * at:4 * (at + 1)] = pipe._pack_latents(torch.lerp(still, chance[:, :, at:at + 1], next(lower)))
        return {"latents": latents}

    theirs, _ = own(ltx2, chance, 5, 3.0, conditions=[LTX2VideoCondition(first, 0, crf=0), LTX2VideoCondition(later, at, crf=0)], callback_on_step_end=led)
    canvas = op.keyframes({0: ltx2.encode(opening), at: still}, 4)
    *_, last = sample(ltx2.denoiser([PROMPT], guidance=3.0, negative=WITHOUT), canvas, chance, plan(canvas.levels, sigmas, "scale"), ltx2.solver)
    assert (last.x - theirs).abs().max() < CLOSE and torch.equal(last.x[:, :, at:at + 1], still)


def test_a_sound_goes_on_with_its_film_and_begins_anew_with_the_next(ltx2):
    denoise, canvas = ltx2.denoiser([PROMPT]), op.text(SHAPE)
    levels = plan(canvas.levels, ltx2.sigmas(3, SHAPE), ltx2.rule)
    one, again = (list(sample(denoise, canvas, drawn(), levels))[-1].x for _ in range(2))
    asked = [denoise(drawn(), levels[step], levels[step + 1]) for step in (0, 1, 1)]
    assert torch.equal(one, again) and torch.equal(asked[1], asked[2])      # a picture in tiles is asked about several times at one level
    other = denoise(drawn()[:, :, :2], levels[2][:, :, :2], levels[3][:, :, :2])
    assert other.shape[2] == 2 and denoise.sound.shape[1] == 9              # 9 pictures at 24 a second are 9.4 frames of sound
