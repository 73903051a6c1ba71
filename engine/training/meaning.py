"""Meaning: what a caption says, read from the vectors that the text encoder makes of its words.

A loss of films alone lets the encoder forget what does not pay at once. Paper's first one had put `left`, `right`, `pans` and
`orbits` on one vector near nothing, because a subject's colour is worth a hundred times more to the error than its way; from
there no gradient tells them apart again, and its films stood still whatever was asked. Read from the words by linear heads
that are thrown away, every attribute keeps a direction of its own, and the film can find it when it is ready to.
Knows words, their vectors and the world's attributes. Knows nothing of films.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.paper.text import TextEncoder
from engine.training.run import Budget, Stage

Read = Callable[[list[str]], tuple[Tensor, Tensor, Tensor]]     # prompts -> what the text encoder takes

CAPTIONS = 128      # of a step
RATE = 1e-3
HEARD = 3.0         # length of a word's vector from which a film hears it: what has been learnt stays where it is
KEPT = 20.0         # weight of how far they move
SEEDS = 4_000_000_000       # of the captions that are read here: films of training and of every measure have lower ones


class Meaning(nn.Module):
    """A linear reader for each attribute. An attribute is what the loudest of the words says; where none speaks, what the bias says."""

    def __init__(self, width: int):
        super().__init__()
        from engine.training import paperworld as world

        nothing = ("none",)
        self.tables = {"subject": world.SUBJECTS, "colour": world.COLOURS, "place": world.PLACES, "time": tuple(world.TIMES), "weather": tuple(world.WEATHERS),
                       "style": tuple(world.STYLES), "motion": world.MOTIONS, "camera": world.CAMERAS, "size": world.SIZES, "speed": world.SPEEDS,
                       "second": nothing + world.SUBJECTS, "second_colour": nothing + world.COLOURS, "relation": nothing + world.RELATIONS}
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(table)) for name, table in self.tables.items()})

    def forward(self, vectors: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """How loudly the words (B, L, D) say each value of each attribute, (B, values); mask (B, 1, 1, L).

        Rows of a head have length 1: only vectors that lie apart can be told apart, not ones that are looked at hard.
        """
        there, said = mask[:, 0, 0, :, None], {}
        for name, head in self.heads.items():
            each = F.linear(vectors.float(), F.normalize(head.weight, dim=1)).masked_fill(~there, 0.0)
            said[name] = each.amax(1) + each.amin(1) + head.bias        # a word can also speak against
        return said

    def loss(self, vectors: Tensor, mask: Tensor, attributes: list[dict], full: list[bool] | None = None) -> Tensor:
        """Mean cross-entropy of all attributes over the captions that tell them all, which are those of `full` or every one."""
        chosen = [i for i in range(len(attributes)) if full is None or full[i]]
        if not chosen:
            return vectors.new_zeros(())
        losses = []
        for name, said in self(vectors[chosen], mask[chosen]).items():
            table = self.tables[name]
            losses.append(F.cross_entropy(said, torch.tensor([table.index(attributes[i][name]) for i in chosen], device=said.device)))
        return torch.stack(losses).mean()


class Reading(nn.Module):
    """A text encoder and the readers of what it says, so that one checkpoint holds both."""

    def __init__(self, text: TextEncoder, meaning: Meaning):
        super().__init__()
        self.text, self.meaning = text, meaning


def teach_meaning(folder: Path, text: TextEncoder, meaning: Meaning, read: Read, budget: Budget, *, seed: int = 0, keep: bool = False) -> None:
    """Teach a text encoder what captions say, before any film; both are changed in place. Resumes whatever `folder` holds.

    keep    it has been taught with films: what they hear keeps its vectors, only words that they do not hear are moved
    """
    from engine.training import paperworld as world

    before = copy.deepcopy(text).eval().requires_grad_(False) if keep else None
    stage, device = Stage(folder, "words", Reading(text, meaning), budget, RATE), next(text.parameters()).device
    first = SEEDS + seed + stage.seed * CAPTIONS
    for number, _ in enumerate(stage):
        scenes = [world.draw_scene(first + number * CAPTIONS + i, split="train") for i in range(CAPTIONS)]
        scenes = [scene for scene in scenes if len(scene.shots) < 2]
        told = [part.to(device) for part in read([world.caption(scene, scene.seed) for scene in scenes])]
        vectors, mask = text(*told)
        loss = meaning.loss(vectors, mask, [world.describe(scene) for scene in scenes])
        moved = torch.zeros_like(loss)
        if before is not None:
            old, _ = before(*told)
            heard = (old.norm(dim=-1, keepdim=True) > HEARD) & mask[:, 0, 0, :, None]
            moved = ((vectors - old).square() * heard).sum() / (old.square() * heard).sum().clamp_min(1e-6)
        stage.update(loss + KEPT * moved, meaning=loss.detach(), moved=moved.detach())
