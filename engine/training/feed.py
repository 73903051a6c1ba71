"""Feed: what a step of training eats. Clips of baked latents, their prompts and their noise levels, ready before they are asked for.

Knows latent shards, the blend of captions and a thread. Knows nothing of losses or networks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.training.levels import draw_levels, shift_of
from engine.training.run import Ahead

MOST = 512          # clips of a step: reading more prompts would take longer than the step does
MIDDLE = 0.25       # of the batches of films: cut out of longer film
UNTOLD = 0.10       # of the clips: shown with no words at all, so that guidance knows what that is
DESCRIPTIVE = 0.91  # of the captions, the rest short: people type few words, and few words teach little (DALL-E 3 had 0.95)
DROPPED = 1 / 8     # of the descriptive ones: with parts left out

Weight = Callable[[int, int], float]        # (frames, tokens of a clip) -> how often its bucket is drawn
Read = Callable[[list[str]], tuple[Tensor, Tensor, Tensor]]     # prompts -> what the text encoder takes


@dataclass
class Batch:
    """Clips of one bucket and the noise they are shown with."""

    latents: Tensor                 # (B, C, T, h, w) float32
    subject: Tensor                 # (B, T, h/2, w/2) 0..1: share of each token that shows a subject
    levels: Tensor                  # (B, 1, T, h, w)
    prompts: list[str]
    rows: list[dict]                # of the shard: captions, attributes, seed
    full: list[bool]                # whether a clip's prompt tells all there is
    loop: bool = False
    continues: bool = False         # cut out of longer film, so that no frame of it is a first one
    told: tuple[Tensor, Tensor, Tensor] = ()    # the prompts as the text encoder reads them
    untold: tuple[Tensor, Tensor, Tensor] = ()  # as many prompts that say nothing

    @property
    def period(self) -> int | None:
        """Latent frames after which the clip begins again; None for one that does not."""
        return self.latents.shape[2] if self.loop else None

    def to(self, device: str) -> Batch:
        """The same on a device; prompts and rows stay words."""
        self.latents, self.subject, self.levels = (part.to(device) for part in (self.latents, self.subject, self.levels))
        self.told, self.untold = (tuple(part.to(device) for part in parts) for parts in (self.told, self.untold))
        return self


class Feed:
    """Batches of about `tokens` tokens from a folder of latent shards, bucket by bucket, in a seeded order for ever.

    `next(weight)` gives the batch that lies ready and has the one after it made, its bucket drawn by `weight`; a seed
    gives the same batches. Shards stay in memory: latents of 50,000 small clips are under 1 GB. Ones that are baked
    after the start are taken in by `refresh`.

    descriptive   share of the captions that are, see `told`
    """

    def __init__(self, folder: Path, tokens: int, seed: int, read: Read, descriptive: float = DESCRIPTIVE):
        self.folder, self.tokens, self.read, self.descriptive = folder, tokens, read, descriptive
        self.generator = torch.Generator().manual_seed(seed)
        self.buckets: dict[tuple[int, int, int, bool], list[tuple[Tensor, Tensor, dict]]] = {}
        self._known: set[str] = set()
        self.next: Callable[[Weight], Batch] = Ahead(self.batch)
        self.refresh()
        if not self.buckets:
            raise FileNotFoundError(f"There are no latents in {folder}; bake some first.")

    def refresh(self) -> int:
        """Take in what was baked since; how many shards that were."""
        new = [path for path in sorted(self.folder.glob("*.safetensors")) if path.name not in self._known]
        for path in new:
            data, rows = load_file(path), json.loads(path.with_suffix(".json").read_text())
            key = (*data["latents"].shape[2:], rows[0]["attributes"]["loop"] == "yes")
            self.buckets.setdefault(key, []).extend(zip(data["latents"], data["subject"], rows))
            self._known.add(path.name)
        return len(new)

    def batch(self, weight: Weight) -> Batch:
        """Make one: of one bucket, so that its clips stack."""
        keys = list(self.buckets)
        weights = torch.tensor([weight(t, t * h * w // 4) * len(self.buckets[t, h, w, loop]) ** 0.5 for t, h, w, loop in keys])
        key = keys[int(torch.multinomial(weights, 1, generator=self.generator))]
        clips, tokens = self.buckets[key], key[0] * key[1] * key[2] // 4
        count = min(MOST, max(1, round(self.tokens / tokens)))
        picks = [clips[i] for i in torch.randint(len(clips), (count,), generator=self.generator).tolist()]
        draws = torch.rand(count, 2, generator=self.generator).tolist()
        prompts = [told(row, *draw, self.descriptive) for (_, _, row), draw in zip(picks, draws)]
        start = self._start(*key)
        levels = draw_levels((count, key[0] - start, *key[1:3]), self.generator, shift_of(tokens))
        rows = [row for _, _, row in picks]
        full = [tells_all(prompt, row) for prompt, row in zip(prompts, rows)]
        return Batch(torch.stack([p[0][:, start:] for p in picks]).float(), torch.stack([p[1][start:] for p in picks]).float() / 255,
                     levels, prompts, rows, full, key[3], start > 0, self.read(prompts), self.read([""] * count))

    def _start(self, frames: int, height: int, width: int, loop: bool) -> int:
        """The frame a film begins with: now and then a later one, as in the windows of a long take or of an extension."""
        middle = frames > 2 and not loop and float(torch.rand(1, generator=self.generator)) < MIDDLE
        return int(torch.randint(1, frames - 1, (1,), generator=self.generator)) if middle else 0


def told(row: dict, kind: float, which: float, descriptive: float = DESCRIPTIVE) -> str:
    """The words that a clip is shown with: a descriptive caption of it, one with parts left out, a short one, or nothing.

    row           of a shard: captions of each kind
    kind, which   two draws, 0 to 1: the same draws give the same words, and a higher ratio turns short ones into descriptive ones
    descriptive   share of the captions that are (Betker et al. 2023, "Improving Image Generation with Better Captions", 3.2)
    """
    if kind < UNTOLD:
        return ""
    place = (kind - UNTOLD) / (1 - UNTOLD)
    texts = row["short" if place >= descriptive else "dropped" if place >= descriptive * (1 - DROPPED) else "descriptive"]
    return texts[int(which * len(texts))]


def tells_all(prompt: str, row: dict) -> bool:
    """Whether the words of a clip tell all that is to be seen in it, which a film of several shots has more of than words for."""
    return prompt != "" and prompt in row["descriptive"] and row["attributes"]["shots"] == "1"
