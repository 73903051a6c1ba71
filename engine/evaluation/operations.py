"""Operations: how good each of them is, beside the naive way of doing the same.

    for event in evaluate_operations(backend, folder, quick=True):
        str         what is being done
        Tried       a film to look at
    table = event   Operations, the last

Every film is made as a person makes it (`trying`). The parts know what to try and how it is measured: `joining`, `changing`,
`lasting`, `shooting`; this knows their order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.denoisers.base import Backend
from engine.errors import BadRequest, WeightsError
from engine.evaluation import changing, joining, lasting, shooting
from engine.evaluation.beside import Figures, Operations, Point
from engine.evaluation.judge import Judge
from engine.evaluation.report import Shown, machine
from engine.evaluation.trying import FULL, QUICK, Plan, Workshop

Part = Callable[[Workshop, Figures, Judge | None], Iterator[str | Shown | Point]]
PARTS: dict[str, Part] = {
    "extend": joining.extend, "loop": joining.loop, "connect": joining.connect,
    "edit": changing.edit, "inpaint": changing.inpaint, "finish": changing.finish,
    "long": lasting.long, "storyboard": shooting.shoot,
}
WANTED = {**joining.WANTED, **changing.WANTED, **lasting.WANTED, **shooting.WANTED}


@dataclass(frozen=True, eq=False)
class Tried:
    """A film that was made on the way, and which part it belongs to."""

    part: str
    shown: Shown


def evaluate_operations(backend: Backend, folder: Path, *, only: Sequence[str] = (), quick: bool = False, real: Path | None = None, seed: int = 0,
                        judge: Judge | None = None, plan: Plan | None = None) -> Iterator[str | Tried | Operations]:
    """Measure operations; yields a sentence for each thing begun, films to look at, and the table at last.

    folder   to work in; what is left in it afterwards is the caller's
    only     names of PARTS; none is all of them
    real     folder of footage, None or absent where there is none: those rows are then missing, and a sentence says so
    judge    None opens the shipped one; without it nothing is edited, and a sentence says so
    plan     how much is tried; QUICK or FULL unless given

    Raises BadRequest for a part that is none, before anything is made.
    """
    only = list(dict.fromkeys(only)) or list(PARTS)
    if unknown := [name for name in only if name not in PARTS]:
        raise BadRequest(f"There is no part {unknown[0]!r:.40}; there are {', '.join(PARTS)}.")
    start, plan, skipped = time.monotonic(), plan or (QUICK if quick else FULL), []
    if judge is None:
        try:
            judge = Judge.open()
        except WeightsError as error:
            skipped.append(f"Nothing was edited or judged: {error}")
    shop, figures, curve = Workshop(backend, folder, plan, seed, real), Figures(), []
    for name in (name for name in PARTS if name in only):
        for event in PARTS[name](shop, figures, judge):
            if isinstance(event, Point):
                curve.append(event)
            else:
                yield Tried(name, event) if isinstance(event, Shown) else event
    if set(only) & {"extend", "loop", "connect"} and not shop.footage:
        skipped.append("Nothing was tried on footage: " + (f"there is none in {real}." if real else "no folder of it was given."))
    settings = {"takes": plan.takes, "pictures": plan.pictures, "width": plan.width, "height": plan.height, "seed": seed, "steps": backend.default_steps,
                "long": plan.long, "short": plan.short}
    yield Operations(backend.name, backend.version, settings, figures.rows(WANTED), tuple(curve), tuple(skipped), round(time.monotonic() - start, 1), machine())
