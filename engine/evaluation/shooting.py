"""Shooting: a storyboard of several shots, and whether its people stay who they are while places and hours change.

Knows recipes and the judge. Knows no model and no table.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from engine.evaluation.beside import Figures, Wanted
from engine.evaluation.judge import Judge
from engine.evaluation.report import Shown
from engine.evaluation.trying import Workshop
from engine.recipe.storyboard import Shot, Storyboard, storyboard

SAME = ("subject", "colour", "style")       # what is to be the same in every shot
SECONDS = 1.5
PLACES = ("sea", "desert", "snow", "city")
TIMES = ("day", "night", "dawn", "dusk")

WANTED: dict[str, Wanted] = {
    **{f"storyboard.{name}": Wanted(f"storyboard: pairs of shots {words}", "share") for name, words in (
        ("subject", "with the same subject"), ("colour", "with the same colour"), ("style", "in the same style"))},
    "storyboard.place": Wanted("storyboard: shots in the place that was asked", "share"),
    "storyboard.time": Wanted("storyboard: shots at the hour that was asked", "share"),
}


def shoot(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """Four shots of one subject as a storyboard; beside them, each shot made alone from the same words."""
    if judge is None:
        return
    from engine.training.paperworld.captions import WHEN, WHERE

    for i, prompt in enumerate(shop.prompts[:shop.plan.takes]):
        yield f"storyboard: film {i + 1} of {shop.plan.takes}"
        who = f"a {prompt.truth['colour']} {prompt.truth['subject']}"
        words = [f"{who} {WHERE[place][0]} {WHEN[time][0]}" for place, time in zip(PLACES, TIMES)]
        board = Storyboard(tuple(Shot(said, SECONDS) for said in words), seed=shop.seed + i)
        made = shop.make(storyboard(board, model=shop.model, size=shop.size))
        starts = [0, *(cue.at for cue in made.recipe.cues), made.recipe.pictures]
        shots = [made.film[:, a:b] for a, b in zip(starts, starts[1:])]
        alone = [shop.text(said, shop.seed + i + 10 * number, shots[0].shape[1]) for number, said in enumerate(words)]
        for way, films in (("", shots), ("each alone", [film.film for film in alone])):
            figures.add_all("storyboard", same_over_shots(films, judge), way)
            verdicts = [judge.of_film(film) for film in films]
            for name, asked in (("place", PLACES), ("time", TIMES)):
                figures.add(f"storyboard.{name}", np.mean([verdict.word(name) == word for verdict, word in zip(verdicts, asked)]), way)
        if i == 0:
            yield Shown(f"storyboard: {who} in four shots", made.pictures)
            yield Shown("naive: each shot alone", np.concatenate([film.pictures for film in alone]))


def same_over_shots(films: Sequence[Tensor], judge: Judge) -> dict[str, float]:
    """How much shots (3, N, H, W) have in common: for each of SAME, the share of their pairs in which the judge sees the same word.

    1 is one subject, colour or style throughout. Raises ValueError for fewer than 2 shots.
    """
    if len(films) < 2:
        raise ValueError(f"What shots have in common takes at least 2 of them; {len(films)} {'was' if len(films) == 1 else 'were'} given.")
    verdicts = [judge.of_film(film) for film in films]
    pairs = list(itertools.combinations(verdicts, 2))
    return {name: sum(a.word(name) == b.word(name) for a, b in pairs) / len(pairs) for name in SAME}
