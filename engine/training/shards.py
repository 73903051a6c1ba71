"""Shards: files of the paper world, first as pictures, then as latents, so that training never waits for a renderer.

Knows buckets (length and size), files and captions. Knows nothing of noise or networks, but for the encoder it is given.

    world/0003.safetensors      film (n, 3, N, H, W) uint8, subject (n, T, h/2, w/2) uint8: share of each token that is a subject
    world/0003.json             for each clip: captions, attributes, seed
    latents/0003.safetensors    latents (n, C, T, h, w) float16, the same subject; beside it the same json
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.paper.autoencoder import PaperAutoencoder

if TYPE_CHECKING:
    from engine.training.paperworld import Scene


@dataclass(frozen=True)
class Bucket:
    """Clips of one length and size; `share` of all clips that are drawn so. A length of 4 k is a loop, 1 + 4 k is not."""

    pictures: int
    width: int
    height: int
    share: float

    @property
    def loop(self) -> bool:
        return self.pictures % 4 == 0

    @property
    def tokens(self) -> int:
        return -(-self.pictures // 4) * (self.width // 16) * (self.height // 16)


# Pictures alone teach shapes for a tenth of a film's price; films at the studio's own size are few and late.
SMALL = (
    Bucket(1, 128, 80, 0.26), Bucket(1, 96, 96, 0.08), Bucket(1, 80, 128, 0.08), Bucket(1, 256, 144, 0.14),
    Bucket(9, 128, 80, 0.15), Bucket(17, 128, 80, 0.11), Bucket(17, 96, 96, 0.03), Bucket(17, 80, 128, 0.03),
    Bucket(33, 128, 80, 0.03), Bucket(9, 256, 144, 0.04), Bucket(33, 256, 144, 0.02),
    Bucket(16, 128, 80, 0.02), Bucket(32, 128, 80, 0.01),
)
FULL = (
    Bucket(1, 128, 80, 0.14), Bucket(1, 96, 96, 0.04), Bucket(1, 80, 128, 0.04),
    Bucket(9, 128, 80, 0.06), Bucket(17, 128, 80, 0.12), Bucket(33, 128, 80, 0.04), Bucket(16, 128, 80, 0.02),
    Bucket(1, 256, 144, 0.08), Bucket(1, 192, 192, 0.03), Bucket(1, 144, 256, 0.03), Bucket(1, 384, 224, 0.02),
    Bucket(9, 256, 144, 0.06), Bucket(17, 256, 144, 0.10), Bucket(17, 192, 192, 0.05), Bucket(17, 144, 256, 0.04),
    Bucket(17, 336, 144, 0.02), Bucket(17, 224, 160, 0.02), Bucket(33, 256, 144, 0.07), Bucket(16, 256, 144, 0.01),
    Bucket(32, 256, 144, 0.01),
)


def plan(buckets: tuple[Bucket, ...], clips: int, in_shard: int = 256) -> list[tuple[Bucket, int]]:
    """Shards to be rendered, (bucket, clips in it), mixed so that any first part of the list is a fair sample."""
    rows = []
    for bucket in buckets:
        size = max(8, min(in_shard, round(in_shard * 120 / bucket.tokens)))
        count = max(1, round(clips * bucket.share / size))
        rows += [((i + 0.5) / count, bucket, size) for i in range(count)]
    return [(bucket, size) for _, bucket, size in sorted(rows, key=lambda row: row[0])]


# A small budget learns the heart of the world first: this share of the clips is one subject, paper-cut, with no event.
HEART = {"style": "paper-cut", "event": "none", "second": None}
LEAD = 13       # pictures of its end that are encoded before a loop begins: as far back as the encoder remembers


def render_shard(folder: Path, number: int, bucket: Bucket, size: int, seed: int, device: str = "cpu",
                 heart: float = 0.4) -> None:
    """Draw one shard of the world, unless it is there. Written whole or not at all."""
    from engine.training import paperworld as world

    target = folder / f"{number:04d}.safetensors"
    if target.exists():
        return
    films, subjects, rows = [], [], []
    for i in range(size):
        scene_seed = seed + number * 10_000 + i
        scene = scene_of(scene_seed, bucket.pictures, heart)
        film = world.render(scene, bucket.pictures, bucket.width, bucket.height, device=device)
        films.append((film.pixels.transpose(0, 1) * 255).round().to(torch.uint8).cpu())
        subjects.append(subject_share(film.truth.subject_id.cpu()))
        rows.append({"seed": scene_seed, "attributes": film.truth.attributes,
                     "descriptive": [world.caption(scene, scene_seed + k) for k in range(3)],
                     "dropped": [world.caption(scene, scene_seed + k, kind="dropped") for k in range(2)],
                     "short": [world.caption(scene, scene_seed + k, kind="short") for k in range(2)]})
    folder.mkdir(parents=True, exist_ok=True)
    target.with_suffix(".json").write_text(json.dumps(rows))
    write_tensors({"film": torch.stack(films), "subject": torch.stack(subjects)}, target)


def scene_of(seed: int, pictures: int, heart: float = 0.4) -> Scene:
    """The scene of a clip of so many pictures, drawn by its seed."""
    from engine.training import paperworld as world

    fixed = HEART if (seed * 2_654_435_761) % 1000 < 1000 * heart else {}
    if pictures == 1:
        fixed = fixed | {"event": "none"}           # one picture cannot show what happens, but its caption would tell
    return world.draw_scene(seed, split="train", loop=pictures % 4 == 0, **fixed)


def subject_share(subject_id: Tensor) -> Tensor:
    """Share of each token that shows a subject, 0..255: (N, H, W) ids to (T, H/16, W/16)."""
    mask = (subject_id > 0).float()[None]
    alone = mask.shape[1] % 4           # the first picture of a clip has a latent frame to itself, of a loop it has not
    first, rest = mask[:, :alone], mask[:, alone:]
    parts = [F.avg_pool3d(first, (1, 16, 16))] if alone else []
    if rest.shape[1]:
        parts.append(F.avg_pool3d(rest, (4, 16, 16)))
    return (torch.cat(parts, 1)[0] * 255).round().to(torch.uint8)


@torch.no_grad()
def encode_shard(world: Path, folder: Path, number: int, autoencoder: PaperAutoencoder) -> None:
    """Turn one shard of pictures into latents, unless it is there."""
    source, target = world / f"{number:04d}.safetensors", folder / f"{number:04d}.safetensors"
    if target.exists() or not source.exists():
        return
    data = load_file(source)
    parts = []
    loop = data["film"].shape[2] % 4 == 0
    for films in data["film"].split(8):
        films = films.to(autoencoder.device).float() / 127.5 - 1
        if loop:
            films = torch.cat([films[:, :, -LEAD:], films], 2)
        latents = autoencoder.encode(films)
        parts.append((latents[:, :, 1 + (LEAD - 1) // 4:] if loop else latents).half().cpu())
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.with_suffix(".json"), target.with_suffix(".json"))
    write_tensors({"latents": torch.cat(parts).contiguous(), "subject": data["subject"]}, target)


def write_tensors(tensors: dict[str, Tensor], target: Path) -> None:
    """A safetensors file, whole or not at all."""
    new = target.with_suffix(".new")
    save_file(tensors, new)
    os.replace(new, target)
