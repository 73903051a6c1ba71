"""Training the transformer: flow matching on latents of the paper world, with noise as operations paint it.

Knows the loss and what leads a small model to shapes sooner: subjects weigh more than ground, and the renderer's truth
(what stands on each token, in which colour) is read from an early block by linear heads that are thrown away.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import BadRequest
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.precision import mixed
from engine.training.feed import DESCRIPTIVE, Batch, Feed
from engine.training.meaning import Meaning, teach_meaning
from engine.training.run import Budget, Stage
from engine.training.worth import read_worth

REFRESH = 100       # steps between looks for newly baked latents
STEPS = 1.0         # weight of the error's steps from frame to frame: without it films stepped three times as far at every latent boundary
WORDS = 0.04        # share of the time in which the text encoder learns what captions say, before it is told with films
LEAST = 0.05        # velocity is (x - x0) / level; below this its error would drown all others (JiT clamps here too)

SIZES = {           # rows of data: what two CPU cores can teach in hours, and what fits into 45 MB with all that ships
    "cpu": dict(width=256, depth=8, heads=4, text_width=256, text_depth=2),
    "cuda": dict(width=320, depth=8, heads=5, text_width=256, text_depth=2, fastest=100.0),
    "tiny": dict(width=128, depth=4, heads=2, text_width=128, text_depth=1, fastest=100.0),    # an experiment's: 1.9 M parameters
    "toy": dict(width=64, depth=2, heads=1, text_width=64, text_depth=1, fastest=100.0),       # to rehearse the whole recipe in a test
}


class Truth(nn.Module):
    """Linear readers of what each token shows, from the tokens after an early block. Training only."""

    def __init__(self, width: int):
        super().__init__()
        from engine.training import paperworld as world

        self.things = {name: i for i, name in enumerate((*world.SUBJECTS, *world.PLACES))}
        self.colours, self.motions, self.cameras = ({name: i for i, name in enumerate(table)} for table in (world.COLOURS, world.MOTIONS, world.CAMERAS))
        self.thing, self.colour, self.motion, self.camera = (nn.Linear(width, len(table)) for table in (self.things, self.colours, self.motions, self.cameras))

    def loss(self, tokens: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of thing (subject where it covers the token, else place), of the subject's colour, and of how it and the camera move."""
        share = batch.subject.flatten(1)
        rows = [row["attributes"] for row in batch.rows]

        def numbers(table: dict[str, int], key: str) -> Tensor:
            return torch.tensor([table[row[key]] for row in rows], device=tokens.device)[:, None].expand_as(share)

        on, off = share > 0.4, share == 0
        thing = torch.where(on, numbers(self.things, "subject"), numbers(self.things, "place"))
        thing = thing.masked_fill(~(on | off), -100)
        colour = numbers(self.colours, "colour").masked_fill(~on, -100)
        tokens = tokens.float()
        loss = F.cross_entropy(self.thing(tokens).flatten(0, 1), thing.flatten(), ignore_index=-100)
        if on.any():
            loss = loss + F.cross_entropy(self.colour(tokens).flatten(0, 1), colour.flatten(), ignore_index=-100)
        moves = torch.tensor(batch.full, device=tokens.device)[:, None].expand_as(share) & (batch.latents.shape[2] > 1)
        if moves.any():
            for head, table, key, where in ((self.motion, self.motions, "motion", on), (self.camera, self.cameras, "camera", off)):
                if (moves & where).any():
                    truth = numbers(table, key).masked_fill(~(moves & where), -100)
                    loss = loss + F.cross_entropy(head(tokens).flatten(0, 1), truth.flatten(), ignore_index=-100)
        return loss


class Trainee(nn.Module):
    """The transformer and its readers of truth, so that one checkpoint holds both."""

    def __init__(self, transformer: PaperTransformer):
        super().__init__()
        self.transformer = transformer
        self.truth = Truth(transformer.config.width)
        self.meaning = Meaning(transformer.config.text_width)


def token_weights(batch: Batch, levels: Tensor) -> Tensor:
    """Cells that are asked for (B, 1, T, h, w), a subject's cells five times: it is a sixth of the picture and all that is looked at."""
    subject = batch.subject.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, None]
    return (levels > 0) * (1 + 4 * subject)


def velocity_loss(made: Tensor, x0: Tensor, levels: Tensor, weights: Tensor, worth: Tensor | None = None) -> Tensor:
    """Mean squared velocity error over the weighted cells, and that of its steps from frame to frame; made and x0 (B, C, T, h, w).

    worth   (1, C, 1, 1, 1), how much each channel counts; None: all alike
    What is wrong in every frame alike is hardly seen; what is wrong anew in each flickers. Counting the steps moves no optimum:
    any positive quadratic form of the error has the conditional mean as its least.
    """
    error = (made - x0) / levels.clamp_min(LEAST)
    if worth is not None:
        error = error * worth.sqrt()
    loss = _mean(error, weights)
    if error.shape[2] > 1:
        loss = loss + STEPS * _mean(error.diff(dim=2), torch.minimum(weights[:, :, 1:], weights[:, :, :-1]))
    return loss


def _mean(error: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of the squares of (B, C, T, h, w), weights (B, 1, T, h, w); 0 where nothing weighs."""
    return (error.square().mean(1, keepdim=True) * weights).sum() / weights.sum().clamp_min(1)


def mix(share: float):
    """Weight of a bucket when `share` of the budget is spent: pictures first, films from a quarter on, large ones last."""
    film = min(1.0, max(0.0, (share - 0.15) / 0.25))
    large = min(1.0, max(0.0, (share - 0.35) / 0.25))

    def weight(frames: int, tokens: int) -> float:
        in_frame = tokens // frames
        return (1 - 0.5 * film if frames == 1 else 0.02 + 0.58 * film) * (1.0 if in_frame < 100 else 0.02 + 0.98 * large)

    return weight


def train_transformer(folder: Path, latents: Path, words: Words, budget: Budget, *, seed: int = 0, tokens: int = 2400,
                      peak: float = 2e-3, device: str = "cpu", size: str = "cpu", start: Path | None = None,
                      descriptive: float = DESCRIPTIVE) -> Path:
    """Train within the budget, resuming whatever `folder` holds; returns the folder of the averaged weights.

    tokens        of one step, shared among the clips of one bucket
    start         saved weights to begin from when the folder holds no checkpoint yet
    descriptive   share of the captions that are; the rest is short
    """
    torch.manual_seed(seed)
    if start:
        said = next(path for path in (start / "words.json", start.parent / "words.json") if path.exists())
        if Words.load(said).vocabulary != words.vocabulary:
            raise BadRequest(f"The weights in {start} were taught other words than the world has now; start without them.")
        model = PaperTransformer.open(start)
    else:
        model = PaperTransformer(vocabulary=len(words.vocabulary), **SIZES[size])
    trainee = Trainee(model).to(device)
    if not (folder / "transformer.json").exists():
        teach_meaning(folder, model.text, trainee.meaning, lambda prompts: model.read(words, prompts, "cpu"), budget.part(WORDS), seed=seed, keep=bool(start))
    budget = budget.part(1 - WORDS)
    stage = Stage(folder, "transformer", trainee, budget, peak, {"tokens": tokens, "size": size, "descriptive": descriptive},
                  muon=("transformer.blocks.", "transformer.text.layers."))
    feed = Feed(latents, tokens, seed + stage.seed, lambda prompts: model.read(words, prompts, "cpu"), descriptive)
    dice, noise = torch.Generator().manual_seed(seed + stage.seed), torch.Generator(device).manual_seed(seed + stage.seed)
    worth = read_worth(latents, device)
    for step in stage:
        if step % REFRESH == 0:
            feed.refresh()
        batch = feed.next(mix(1.0 if start else budget.share(step, stage.seconds))).to(device)
        x0, levels = batch.latents, batch.levels
        x = torch.lerp(x0, torch.randn(x0.shape, generator=noise, device=device), levels)
        windows = True if torch.rand(1, generator=dice) < 0.1 else None         # small films learn now and then how large ones are cut
        with mixed(device):
            text, mask = model.text(*batch.told)
            made, tapped = model(x, levels, levels, text, mask, period=batch.period, continues=batch.continues, windows=windows,
                                 tap=model.config.depth // 3)
        loss = velocity_loss(made, x0, levels, token_weights(batch, levels), worth)
        truth, meaning = trainee.truth.loss(tapped, batch), trainee.meaning.loss(text, mask, [row["attributes"] for row in batch.rows], batch.full)
        stage.update(loss + 0.1 * (truth + meaning), velocity=loss.detach(), truth=truth.detach(), meaning=meaning.detach(),
                     clips=len(x0), frames=x0.shape[2])
    stage.average.copy_to(trainee)
    target = folder / "transformer"
    if not stage.leads:
        return target
    model.save(target)
    words.save(target / "words.json")
    facts = start.parent / "paper.json" if start else None
    before = {"started from": json.loads(facts.read_text())["trained"]["transformer"]} if facts and facts.exists() else {}
    (target / "trained.json").write_text(json.dumps({"steps": stage.step, "minutes": stage.seconds / 60, "size": size, "descriptive": descriptive, "device": device} | before))
    return target
