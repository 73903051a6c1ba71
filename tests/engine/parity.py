"""What the tests of all open families ask: films of our sampler, and every operation drawn small."""

from __future__ import annotations

import torch

from engine import operations as op
from engine.sampler import noise, plan, sample

PROMPT, WITHOUT = "a red boat sails left", "blurred worst quality"
CLOSE = 1e-4


def film(backend, canvas, seed=7, steps=4, guidance=1.0, rule=None):
    """The finished latents of a canvas."""
    levels = plan(canvas.levels, backend.sigmas(steps, canvas.shape), rule or backend.rule)
    *_, last = sample(backend.denoiser([PROMPT], guidance=guidance, negative=WITHOUT), canvas, noise(canvas.shape, seed), levels, backend.solver)
    return last.x


def clips(backend):
    """Each operation, drawn on three latent frames of 4x4 cells, with its strip."""
    clip = torch.randn(1, backend.grid.channels, 3, 4, 4, generator=torch.Generator().manual_seed(2))
    hole = torch.zeros(1, 1, *clip.shape[2:], dtype=torch.bool)
    hole[..., 1:3] = True
    return {"animate": (op.animate(clip[:, :, :1], 2), ".##"), "keyframes": (op.keyframes({0: clip[:, :, :1], 2: clip[:, :, 2:]}, 4), ".#.#"), "extend": (op.extend(clip, 2), "...##"),
            "precede": (op.precede(clip, 2), "##..."), "connect": (op.connect(clip, clip.flip(2), 2), "...##..."), "dissolve": (op.dissolve(clip, clip.flip(2), 2), ".99."),
            "loop": (op.loop(clip, 2), "..##"), "edit": (op.edit(clip, 0.6), "666"), "inpaint": (op.inpaint(clip, hole), "###"),
            "outpaint": (op.outpaint(clip, 8, 8, 2, 2), "###"), "finish": (op.finish(clip), "444")}


def keeps(backend, **how) -> None:
    """Every operation runs: strips as drawn, kept cells to the bit, all others made. `how` as of `film`."""
    for name, (canvas, strip) in clips(backend).items():
        made = film(backend, canvas, **{"guidance": 2.0} | how)
        kept = (canvas.levels == 0).expand_as(made)
        assert canvas.strip() == strip, name
        assert made.isfinite().all() and torch.equal(made[kept], canvas.latents[kept]), name
        assert not torch.equal(made[~kept], canvas.latents[~kept]), name
