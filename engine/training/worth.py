"""Worth: how much of what is seen each channel of a latent holds, so that a transformer learns first what is looked at.

Channels are normalised, so each counts alike in a plain error; in pictures they do not. Of Paper's sixteen, three hold 86 % of
what a change of all of them changes: the broad colours and shapes. The others are fine grain, hard to foretell, and had four
fifths of the error. Weights above 0 move no optimum, for each channel's is its own conditional mean; they say what the model
spends itself on. Knows decoders and latents. Knows nothing of how a transformer is trained.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from engine.paper.autoencoder import PaperAutoencoder

NAME = "worth.json"
PROBE = 0.3         # of a channel's spread: how far it is moved
CLIPS = 4
EASED = 0.75        # power of what is seen: grain counts a little more than it is seen, or it would stay blurred


@torch.no_grad()
def channel_worth(model: PaperAutoencoder, latents: Tensor, seed: int = 0) -> Tensor:
    """Weight (C,) of each channel, 1 on the average: mean squared change of the decoded pictures where only that channel is moved, eased.

    latents   (B, C, T, h, w) of films; a few are enough
    """
    latents = latents[:CLIPS].float().to(model.device)
    chance = torch.Generator().manual_seed(seed)
    moved = PROBE * torch.randn(latents[:, 0].shape, generator=chance).to(model.device)

    def pictures(z: Tensor) -> Tensor:
        return torch.cat(list(model.decode(z)), 2).float()

    plain, seen = pictures(latents), []
    for channel in range(latents.shape[1]):
        other = latents.clone()
        other[:, channel] += moved
        seen.append((pictures(other) - plain).square().mean())
    worth = torch.stack(seen).cpu().clamp_min(1e-9) ** EASED
    return worth / worth.mean()


def keep_worth(folder: Path, model: PaperAutoencoder, latents: Tensor) -> None:
    """Measure it once for a folder of latents and write it there."""
    if not (folder / NAME).exists():
        (folder / NAME).write_text(json.dumps(channel_worth(model, latents).tolist()))


def read_worth(folder: Path, device: str = "cpu") -> Tensor | None:
    """What was kept in a folder of latents, (1, C, 1, 1, 1); None where nothing was: every channel counts alike."""
    path = folder / NAME
    return torch.tensor(json.loads(path.read_text()), device=device).view(1, -1, 1, 1, 1) if path.exists() else None
