"""Distilled: small files that teach a model to make film in a few strides, and the grids of noise that they were taught on.

A model that was distilled knows the levels it was distilled at and hardly any others: on the grid of the model it was made
from, 4 steps are wasted. So each kind has its own, its number of steps, and guidance in it already.

    lightx2v, 4 steps       1.0   0.9375   0.8333   0.625   0
    ltx-distilled, 8        1.0   0.9937   0.9875   0.9812   0.975   0.9094   0.725   0.4219   0

Rows of data: which names of files are of which kind, and the released numbers. Knows no torch, no model and no file.
Sources: the configurations of LightX2V (step distillation, CausVid), LTX-Video 0.9.7 and LTX-2 distilled, FastVideo, and
the settings that FusionX is used with in InfiniteTalk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from engine.errors import BadRequest


@dataclass(frozen=True)
class Distilled:
    """One kind of file."""

    name: str                           # what a recipe calls it
    kinds: tuple[str, ...]              # of models, as `loras` tells them apart
    marks: tuple[str, ...]              # in names of files, in small letters and digits alone
    steps: int
    levels: tuple[float, ...] = ()      # of noise at each step; none: equal strides, shifted
    shift: float = 1.0                  # of equal strides s: shift * s / (1 + (shift - 1) * s)
    guidance: float = 1.0               # that it was distilled with; 1 is none beside what it has learnt

    def grid(self, steps: int) -> tuple[float, ...]:
        """`steps` + 1 levels from its noisiest to 0: the released ones at its own number of steps, and between them at others.

        >>> ROWS[0].grid(2)
        (1.0, 0.8333333333333334, 0.0)
        """
        if not self.levels:
            return tuple(self.shift * s / (1 + (self.shift - 1) * s) for s in (1 - at / steps for at in range(steps + 1)))
        told, own = (*self.levels, 0.0), len(self.levels)
        places = [at * own / steps for at in range(steps)]
        pairs = list(pairwise(told))
        return (*(pairs[int(place)][0] + (place - int(place)) * (pairs[int(place)][1] - pairs[int(place)][0]) for place in places), 0.0)


EIGHT = (1.0, 0.9937, 0.9875, 0.9812, 0.975, 0.9094, 0.725, 0.4219)                     # LTX-Video 0.9.7: its two passes, one after the other
EIGHTS = (1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875)              # LTX-2, of which those are roundings
NINE = (0.999, 0.934, 0.862, 0.756, 0.603, 0.41, 0.25, 0.14, 0.074)

ROWS: tuple[Distilled, ...] = (
    Distilled("lightx2v", ("wan",), ("lightx2v", "lightning", "selfforcing", "stepdistill", "4step"), 4, shift=5.0),
    Distilled("fusionx", ("wan",), ("fusionx", "fusionix"), 8, shift=2.0),
    Distilled("causvid", ("wan",), ("causvid",), 9, levels=NINE),
    Distilled("ltx-2-distilled", ("ltx2",), ("distilled",), 8, levels=EIGHTS),
    Distilled("ltx-distilled", ("ltx",), ("distilled",), 8, levels=EIGHT),
    Distilled("fasthunyuan", ("hunyuan",), ("fasthunyuan", "fastvideo"), 6, shift=17.0, guidance=6.0),
)
NAMES = tuple(row.name for row in ROWS)
EXPERTS = ("", "noisy", "clean")        # the first is both
# Of two experts a file may be meant for one: "..._high_noise", "...-LOW_fp16". "low-poly" is a look.
EXPERT = re.compile(r"(?<![a-z])(high|low)(?=$|[-_. ]?noise|[-_. ](?:bf16|fp16|fp8|fp32|lora|rank\d*|r\d+|v\d))")


def check_expert(name: str) -> None:
    """Raises BadRequest for an expert that there is not."""
    if name not in EXPERTS:
        raise BadRequest(f"Of two experts a LoRA is for the noisy or the clean one, or for both; {name!r:.40} was asked.")


def of(name: str) -> Distilled:
    """The row of a kind. Raises BadRequest for one that there is not."""
    for row in ROWS:
        if row.name == name:
            return row
    raise BadRequest(f"A LoRA that was distilled has a grid of {', '.join(NAMES)}; {name!r:.40} was asked.")


def told(file: str, kinds: tuple[str, ...]) -> str:
    """Which kind a file for such models is by its name, without the ending; "" for one that was not distilled.

    >>> told("Wan21_T2V_14B_lightx2v_cfg_step_distill_lora_rank32", ("wan",))
    'lightx2v'
    """
    plain = re.sub(r"[^a-z0-9]", "", file.lower())
    return next((row.name for row in ROWS if set(row.kinds) & set(kinds) and any(mark in plain for mark in row.marks)), "")


def expert(file: str) -> str:
    """Which of two experts a file is meant for by its name: "noisy", "clean", or "" for both.

    >>> expert("wan2.2_t2v_lightx2v_4steps_lora_v1.1_high_noise"), expert("low-poly")
    ('noisy', '')
    """
    found = EXPERT.search(file.lower())
    return "" if found is None else "noisy" if found[1] == "high" else "clean"
