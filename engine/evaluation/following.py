"""Following: how well a finished take of the built-in model follows its words, from the pictures of its own file.

    "a red fox trots to the left at night" -> subject fox, colour red, motion left, time night -> how sure the judge is of each

Only what the words name is asked, and only of takes that have one text: the judge knows the paper world and nothing else.
Knows the judge and files. Knows neither models nor canvases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch

from engine.evaluation.judge import GAP, Judge
from engine.media import read_film, read_picture
from engine.recipe import Recipe
from engine.words import chinese
from engine.words.naming import named

MOST = 65       # pictures from the middle of a long film that are judged: four seconds say what it shows
HEIGHT = 144    # pixels they are made small to, as they come: a minute in full size must not lie in memory


@dataclass(frozen=True)
class Following:
    """What was named and how sure the judge is to see it."""

    chances: Mapping[str, tuple[str, float]]        # attribute -> word, 0..1

    @property
    def share(self) -> float:
        """Of all that was named, the mean."""
        return sum(chance for _, chance in self.chances.values()) / len(self.chances)

    def to_json(self) -> dict:
        """`{"follows": 0.71, "named": {"subject": ["fox", 0.62], ...}}`, rounded."""
        return {"follows": round(self.share, 3), "named": {name: [word, round(chance, 3)] for name, (word, chance) in self.chances.items()}}


def followed(film: str | Path, recipe: Recipe, judge: Judge | None = None) -> Following | None:
    """How well a finished take follows its prompt; None where it is not the built-in model's, has several texts, or names nothing.

    judge   None opens the shipped one
    Raises BadMedia for a film that cannot be read, WeightsError without a judge.
    """
    asked = named(chinese.read(recipe.prompt).text) if recipe.backend == "paper" and not recipe.cues else {}
    if recipe.pictures <= GAP:
        asked = {name: word for name, word in asked.items() if name not in ("motion", "camera")}
    if not asked:
        return None
    seen = (judge or _judge()).of_film(_middle(film, recipe.pictures))
    return Following({name: (word, float(seen.chance(name, word))) for name, word in asked.items()})


@cache
def _judge() -> Judge:
    return Judge.open()


def _middle(film: str | Path, count: int) -> torch.Tensor:
    """The middle of a film, made small: (3, N, H, W) in -1..1."""
    if count == 1:
        stills = [_small(read_picture(film))]
    else:
        first = max(0, (count - MOST) // 2)
        stills = [_small(picture) for picture in islice(read_film(film, most=min(count, first + MOST)), first, None)]
    return torch.from_numpy(np.stack(stills)).movedim(-1, 0).float() / 127.5 - 1


def _small(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = HEIGHT / min(height, width)
    return picture if scale >= 1 else cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
