"""Training the autoencoder: films in, the same films out, through 1/48 of the numbers.

Knows losses and a pool of clips. Knows nothing of captions or noise levels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from engine.paper.autoencoder import PaperAutoencoder, Stream
from engine.precision import mixed
from engine.training.run import Ahead, Budget, Stage
from engine.training.textures import moving_leaves


class Pool:
    """Clips (3, N, H, W) in memory, 8 bits each, a few made new at every draw: drawing a world costs more than looking at it twice."""

    def __init__(self, make: Callable[[int], Tensor], size: int, fresh: int, seed: int):
        self.make, self.size, self.fresh = make, size, fresh
        self.generator = torch.Generator().manual_seed(seed)
        self.next, self.clips = seed * 1_000_003, []

    def draw(self, count: int) -> list[Tensor]:
        """Clips of int8, -127..127."""
        for _ in range(self.fresh if self.clips else count):
            clip = (self.make(self.next) * 127.5).round().to(torch.int8)
            self.next += 1
            if len(self.clips) < self.size:
                self.clips.append(clip)
            else:
                self.clips[int(torch.randint(self.size, (1,), generator=self.generator))] = clip
        picks = torch.randint(len(self.clips), (count,), generator=self.generator).tolist()
        return [self.clips[i] for i in picks]


def crop(clip: Tensor, pictures: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """A random stretch and window of a clip, sometimes mirrored or run backward: (3, pictures, height, width)."""
    def start(length: int, wanted: int) -> int:
        return int(torch.randint(length - wanted + 1, (1,), generator=generator))

    t, y, x = (start(length, wanted) for length, wanted in zip(clip.shape[1:], (pictures, height, width)))
    clip = clip[:, t:t + pictures, y:y + height, x:x + width]
    flips = [axis for axis in (1, 3) if torch.rand(1, generator=generator) < 0.5]
    return clip.flip(flips)


def loss_of(made: Tensor, film: Tensor) -> tuple[Tensor, Tensor]:
    """Absolute, squared, edge and picture-to-picture differences of films (B, 3, N, H, W); and the squared one alone.

    Picture-to-picture differences are what shows as a small step at every latent boundary, so they count by themselves.
    """
    error = made - film
    squared = error.square().mean()
    edges = error.diff(dim=3).abs().mean() + error.diff(dim=4).abs().mean()
    steps = error.diff(dim=2).abs().mean() if film.shape[2] > 1 else error.new_zeros(())
    return error.abs().mean() + 4 * squared + 0.5 * edges + 0.5 * steps, squared


def train_autoencoder(folder: Path, budget: Budget, world: Callable[[int], Tensor] | None, *, seed: int = 0,
                      batch: int = 6, side: int = 80, pictures: int = 9, peak: float = 1e-3,
                      device: str = "cpu", start: Path | None = None) -> PaperAutoencoder:
    """Train within the budget, resuming whatever `folder` holds, and save the averaged weights with their statistics.

    world     seed -> a rendered film (3, >=pictures, >=side, >=side) in -1..1; None trains on textures alone
    start     a saved autoencoder to begin from, when the folder holds no checkpoint yet
    """
    torch.manual_seed(seed)
    model = PaperAutoencoder.open(start) if start else PaperAutoencoder()
    model.configure(mean=(), std=())
    model = model.to(device=device, memory_format=torch.channels_last)
    stage = Stage(folder, "autoencoder", model, budget, peak, {"batch": batch, "side": side, "pictures": pictures})
    if stage.over and (folder / "autoencoder" / "trained.json").exists():
        # measured anew, its statistics would differ by a hair, and all that was baked with them would be thrown away
        return PaperAutoencoder.open(folder / "autoencoder")
    leaves = Pool(lambda s: moving_leaves(pictures + 4, side + 16, side + 32, s), 256, 1, seed + 1 + stage.seed)
    renders = Pool(world, 768, 2, seed + 2 + stage.seed) if world else None
    generator = torch.Generator().manual_seed(seed + stage.seed)

    def cut(length: int) -> Tensor:
        """Windows of drawn clips, (B, 3, length, side, side) int8; of pictures alone there are more."""
        from_world = round(batch * 2 / 3) if renders else 0
        clips = (renders.draw(from_world) if renders else []) + leaves.draw(batch - from_world)
        copies = min(pictures // length, 4) if length < 5 else 1
        return torch.stack([crop(c, length, side, side, generator) for c in clips for _ in range(copies)])

    ahead = Ahead(cut)
    for step in stage:
        film = ahead((pictures, pictures, 5, 1)[step % 4]).to(device).float() / 127.5
        with mixed(device):
            raw = model.encoder(film.transpose(1, 2), Stream()).float()
            z = model.to_sphere(raw)
            blur = 0.15 * torch.rand(len(z), 1, 1, 1, 1, device=device)      # what a denoiser leaves over must not show
            z = z + blur * torch.randn_like(z)
            made = model.decoder(z, Stream()).float().transpose(1, 2)
        loss, squared = loss_of(made, film)
        loss = loss + 0.01 * raw.square().mean().log().square()       # the sphere forgets the size; it must not run away
        stage.update(loss, psnr=10 * torch.log10(4 / squared.detach()))
    stage.average.copy_to(model)
    measure_statistics(model, renders or leaves, batch=32)
    if not stage.leads:
        return model
    model.save(folder / "autoencoder")
    (folder / "autoencoder" / "trained.json").write_text(json.dumps({"steps": stage.step, "minutes": stage.seconds / 60, "device": device}))
    return model


@torch.no_grad()
def measure_statistics(model: PaperAutoencoder, pool: Pool, batch: int) -> None:
    """Write each latent channel's mean and spread over a few clips into the model's config."""
    values = []
    for clip in pool.draw(batch):
        height, width = (side // 16 * 16 for side in clip.shape[2:])
        pictures = 1 + (clip.shape[1] - 1) // 4 * 4
        film = clip[None, :, :pictures, :height, :width].to(model.device).float() / 127.5
        values.append(model.sphere(film.transpose(1, 2).to(model.dtype)).transpose(1, 2).flatten(2))
    values = torch.cat(values, 2)[0]
    model.configure(mean=tuple(values.mean(1).tolist()), std=tuple(values.std(1).tolist()))
