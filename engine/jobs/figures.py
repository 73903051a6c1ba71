"""Figures: what is known of a take besides its recipe, measured once, by the worker that made it: its joins, how it follows
its words, how much of it was done.

Knows a finished take. Imports torch only where there is something to measure, and then in the worker, which has it.
"""

from __future__ import annotations

import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from engine.errors import CineloomError
from engine.events import Made
from engine.recipe import Recipe


def figures_of(made: Made) -> dict:
    """What is known of a finished take, each part of it where there is one.

        {"part": 0.5}                                                   it was stopped early
        {"seam": 1.1, "joins": [{"picture": 17, ...}]}                  given film meets made film in it
        {"follows": 0.71, "named": {"subject": ["fox", 0.62], ...}}     the built-in model made it, and its words name what the judge knows

    A take is never lost over its figures: what cannot be measured is left out.
    """
    figures: dict = {"part": round(made.part, 4)} if made.part < 1 else {}
    if made.pictures != made.recipe.pictures:
        return figures
    return figures | _tried(_joins, made) | _tried(_words, made)


def rank(figures: dict) -> float:
    """How good a take is among variations of the same, from its figures: less is better, 0 is perfect.

    Both parts are natural logarithms of a ratio to the perfect take: words half followed weigh as much as a step twice the usual.
    """
    from engine.evaluation.joined import off

    seam, follows = figures.get("seam"), figures.get("follows")
    return (0.0 if seam is None else off(seam)) + (0.0 if follows is None else -math.log(max(follows, 0.01)))


def _tried(measure: Callable[[Path, Recipe], dict], made: Made) -> dict:
    try:
        return measure(made.film, made.recipe)
    except CineloomError as error:
        print(f"{made.film.name} was not measured: {error}", file=sys.stderr, flush=True)
    except Exception:       # a measure that stumbles must not cost a film
        traceback.print_exc()
    return {}


def _joins(film: Path, recipe: Recipe) -> dict:
    from engine.recipe.operating import joins

    if not joins(recipe):
        return {}
    from engine.evaluation.joined import measured, seam_of

    found = measured(film, recipe)
    seam = seam_of(found)
    return {"seam": round(seam, 3), "joins": [join.to_json() for join in found]} if found and seam is not None and math.isfinite(seam) else {}


def _words(film: Path, recipe: Recipe) -> dict:
    if recipe.backend != "paper":
        return {}
    from engine.evaluation.following import followed

    found = followed(film, recipe)
    return found.to_json() if found else {}
