"""Blends: the same small model taught several times, on captions of which none, some or nearly all are descriptive.

    pictures, noise, levels, first weights and steps are the same; only the words that the pictures are shown with differ

Knows the paper world's shards and the transformer's own training. Knows no prompts and no judge.
Source: Betker et al. 2023, "Improving Image Generation with Better Captions", 3.2 (their ratios are these).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.paper.autoencoder import PaperAutoencoder
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.precision import mixed
from engine.training import shards
from engine.training.feed import Feed, tells_all, told
from engine.training.run import Budget, Stage
from engine.training.transformer import SIZES, Trainee, token_weights, velocity_loss

RATIOS = (0.0, 0.65, 0.95)


@dataclass(frozen=True)
class Scale:
    """How small the experiment is: pictures of 64x48 are 12 tokens, and the judge still knows what is on them."""

    size: str = "tiny"          # a row of `transformer.SIZES`
    width: int = 64
    height: int = 48
    pictures: int = 1
    clips: int = 4096
    tokens: int = 768           # of a step: 64 pictures
    heart: float = 0.5          # share of the clips that show one subject, cut out of paper
    peak: float = 1e-3


class Blends(nn.Module):
    """One model for each ratio, begun from the same weights."""

    def __init__(self, ratios: Sequence[float], words: Words, size: str, seed: int):
        super().__init__()
        self.ratios = tuple(ratios)
        self.each = nn.ModuleList()
        for _ in self.ratios:
            torch.manual_seed(seed)
            self.each.append(Trainee(PaperTransformer(vocabulary=len(words.vocabulary), **SIZES[size])))

    def model(self, ratio: float) -> PaperTransformer:
        """The transformer of a ratio."""
        return self.each[self.ratios.index(ratio)].transformer


class Together(Stage):
    """A stage that takes a step of each model at once, so that none of them has seen more when the time is up."""

    def clip(self) -> Tensor:
        """As if each were alone: a hard step of one does not shorten another's. The longest gradient."""
        return torch.stack([nn.utils.clip_grad_norm_(one.parameters(), 1.0) for one in self.model.each]).max()


def draw_pictures(folder: Path, autoencoder: PaperAutoencoder, scale: Scale, seed: int) -> Iterator[str]:
    """Draw and encode what the models are to see, unless it is there; says how far it is."""
    rows = shards.plan((shards.Bucket(scale.pictures, scale.width, scale.height, 1.0),), scale.clips)
    for number, (bucket, size) in enumerate(rows):
        if not (folder / "latents" / f"{number:04d}.safetensors").exists():
            shards.render_shard(folder / "world", number, bucket, size, seed, heart=scale.heart)
            shards.encode_shard(folder / "world", folder / "latents", number, autoencoder)
        yield f"pictures: {number + 1} of {len(rows)} shards"


def train_blends(folder: Path, words: Words, budget: Budget, *, ratios: Sequence[float] = RATIOS, scale: Scale = Scale(),
                 seed: int = 0, threads: int = 1) -> Iterator[str | Together]:
    """Teach one model for each ratio within the budget, resuming what `folder` holds; says how far it is, the stage at last.

    budget    minutes of all models together
    threads   of the processor: small models gain nothing by more
    The stage's model is a `Blends` with the averaged weights. Raises FileNotFoundError where no pictures are drawn.
    """
    blends = Blends(ratios, words, scale.size, seed)
    stage = Together(folder, "captions", blends, budget, scale.peak, {"ratios": list(ratios), "size": scale.size, "seed": seed}, save_every=60.0)
    feed = Feed(folder / "latents", scale.tokens, seed + stage.seed, lambda prompts: ())
    dice, noise = (torch.Generator().manual_seed(seed + stage.seed) for _ in range(2))
    with _threads(threads):
        for step in stage:
            batch = feed.next(lambda frames, tokens: 1.0)
            draws = torch.rand(len(batch.rows), 2, generator=dice).tolist()
            x = torch.lerp(batch.latents, torch.randn(batch.latents.shape, generator=noise), batch.levels)
            losses = {ratio: _loss(one, words, [told(row, *draw, ratio) for row, draw in zip(batch.rows, draws)], batch, x)
                      for ratio, one in zip(blends.ratios, blends.each)}
            stage.update(sum(losses.values()), **{f"velocity {ratio:g}": loss.detach() for ratio, loss in losses.items()})
            if step % 20 == 0:
                yield f"step {step}, {budget.share(step, stage.seconds):.0%} of the time"
    stage.average.copy_to(blends)
    yield stage


def _loss(trainee: Trainee, words: Words, prompts: list[str], batch, x: Tensor) -> Tensor:
    """What the transformer is trained on for Paper: velocity, and the renderer's truth read from an early block."""
    model = trainee.transformer
    batch.full = [tells_all(prompt, row) for prompt, row in zip(prompts, batch.rows)]
    with mixed("cpu"):
        text, mask = model.text(*model.read(words, prompts, "cpu"))
        made, tapped = model(x, batch.levels, batch.levels, text, mask, tap=model.config.depth // 3)
    return velocity_loss(made, batch.latents, batch.levels, token_weights(batch, batch.levels)) + 0.1 * trainee.truth.loss(tapped, batch)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
