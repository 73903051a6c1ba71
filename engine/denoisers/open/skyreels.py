"""SkyReels V2: film in which every latent frame is at a level of its own, as diffusion forcing trains it. See `backend`.

    DF      a level per latent frame: what is kept stands at 0 beside what is made, and a staircase in time is native
    T2V     one level for all

Text encoder, autoencoder and scheduler are Wan's. Its own staircase is our "staggered" plan, `lag` being its `ar_step` and
`block` its `causal_block_size`, as long as a lag is no longer than the walk; where blocks look back only, the transformer's
own number of frames per block says so. It makes frames in whole blocks then.
Sources: arXiv:2504.13074; diffusers' SkyReelsV2DiffusionForcingPipeline, -ImageToVideo-, -VideoToVideoPipeline and SkyReelsV2Pipeline, whose
results these are to the last digits (tests/engine/test_open_skyreels.py), but for one thing: those of diffusion forcing write
into the film that their scheduler remembers, so that a walk's first correction starts a step too far. Ours does not.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from engine.denoisers.base import Grid
from engine.denoisers.open.asking import Text
from engine.denoisers.open.wan import WanBackend
from engine.errors import GridMismatch


class SkyReelsBackend(WanBackend):
    """See `OpenBackend`."""

    def _grid(self) -> Grid:
        self.forces = "DiffusionForcing" in type(self.pipe).__name__
        self.together = not (self.forces and self.pipe.transformer.config.inject_sample_info)      # it lays the frames of all films end to end there
        return replace(super()._grid(), rate=24)

    def shown(self, level: Tensor) -> Tensor:
        """See `OpenBackend`. The highest of each frame's cells."""
        return level.amax((3, 4), keepdim=True).expand_as(level) if self.forces else super().shown(level)

    def _predict(self, x: Tensor, level: Tensor, text: Text, branch: str) -> Tensor:
        model, noisiest, block = self.pipe.transformer, level.amax((1, 2, 3, 4)), self.pipe.transformer.config.num_frame_per_block
        if x.shape[2] % block:
            raise GridMismatch(f"{self.name} makes film in blocks of {block} latent frames; {x.shape[2]} were asked.")
        forced = {"timestep": self.time(level[:, 0, :, 0, 0]), "enable_diffusion_forcing": True} if self.forces else {"timestep": self.time(noisiest)}
        with self.context(model, branch, float(noisiest.amax())):
            velocity = model(hidden_states=x.to(model.dtype), **forced, fps=[int(self.grid.rate != 16)] * len(x), **text, return_dict=False)[0]
        return x - level * velocity.float()
