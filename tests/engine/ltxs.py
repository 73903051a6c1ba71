"""What the tests of both LTX families ask: noise as their pipelines draw it, walks from it, pictures, and film coded and decoded."""

from __future__ import annotations

import torch
from parity import PROMPT, WITHOUT
from PIL import Image

from engine.denoisers.open.levels import SEED
from engine.sampler import plan, sample

SHAPE = (1, 8, 4, 2, 2)         # 25 pictures of 64x64


def drawn(seed=7, after=()):
    """Noise as its pipelines draw it, after what else was drawn."""
    chance = torch.Generator().manual_seed(seed)
    for shape in after:
        torch.randn(shape, generator=chance)
    return torch.randn(SHAPE, generator=chance)


def walked(backend, canvas, chance, steps=4, guidance=1.0):
    levels = plan(canvas.levels, backend.sigmas(steps, canvas.shape), backend.rule)
    *_, last = sample(backend.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), canvas, chance, levels, backend.solver)
    return last.x


def photo(seed=3):
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(seed)).mul(255).round()
    return Image.fromarray(picture.byte().movedim(0, -1).numpy()), (picture / 127.5 - 1)[None, :, None]


def coded(backend):
    """Pictures and their latents; its own autoencoder makes the same of both, at once and in parts."""
    pictures = torch.rand(1, 3, 33, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    pipe, vae, chance = backend.pipe, backend.pipe.vae, torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        theirs = pipe._normalize_latents(vae.encode(pictures).latent_dist.mode(), vae.latents_mean, vae.latents_std)
        raw, time = pipe._denormalize_latents(theirs, vae.latents_mean, vae.latents_std), None
        if vae.config.timestep_conditioning:
            raw, time = torch.lerp(raw, torch.randn(raw.shape, generator=chance), backend.decode_noise), torch.tensor([backend.decode_time])
        torch.manual_seed(SEED)
        back = vae.decode(raw, time).sample.clamp(-1, 1)
    encode, encode_on = backend.encoder(), backend.encoder(pictures[:, :, :9])
    parts = torch.cat([encode(part) for part in pictures.split([17, 8, 8], 2)], 2)
    assert theirs.shape[2] == 5 and (backend.encode(pictures) - theirs).abs().max() < 1e-6
    assert (parts - theirs).abs().max() < 1e-6 and (encode_on(pictures[:, :, 9:]) - theirs[:, :, 2:]).abs().max() < 1e-6
    assert [part.shape[2] for part in backend.decode(theirs)] == [1, 8, 8, 8, 8]
    assert (torch.cat(list(backend.decode(theirs)), 2) - back).abs().max() < 1e-6
    assert (torch.cat(list(backend.decode(theirs[:, :, 2:], before=theirs[:, :, :2])), 2) - back[:, :, 9:]).abs().max() < 1e-6
    return pictures, theirs
