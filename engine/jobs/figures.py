"""Figures: what is known of a take besides its recipe, measured once, by the worker that made it: its joins, how much is done.

Knows a finished take. Imports torch only where there is a join to measure, and then in the worker, which has it.
"""

from __future__ import annotations

import math
import sys
import traceback

from engine.errors import BadMedia
from engine.events import Made


def figures_of(made: Made) -> dict:
    """`{"part": 0.5}` of a take that was stopped early; `{"seam": 1.1, "joins": [{"picture": 17, ...}]}` of one with joins.

    A take is never lost over its figures: what cannot be measured is left out.
    """
    from engine.recipe.operating import joins

    figures: dict = {"part": round(made.part, 4)} if made.part < 1 else {}
    if made.pictures != made.recipe.pictures or not joins(made.recipe):
        return figures
    try:
        from engine.evaluation.joined import measured, seam_of

        found = measured(made.film, made.recipe)
    except BadMedia as error:
        print(f"worker: its joins were not measured: {error}", file=sys.stderr, flush=True)
        return figures
    except Exception:       # a measure that stumbles must not cost a film
        traceback.print_exc()
        return figures
    seam = seam_of(found)
    if found and seam is not None and math.isfinite(seam):
        figures |= {"seam": round(seam, 3), "joins": [join.to_json() for join in found]}
    return figures
