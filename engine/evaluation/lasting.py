"""Lasting: long film against short.

    parent ── a recipe as JSON ──> a process of its own: opens the model, makes the film ── seconds and memory as JSON ──> parent

A process's memory at its peak never falls again, so that every film is measured in a process of its own.
Knows recipes and processes. Knows no model and no table.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from torch import Tensor

from engine.errors import CineloomError
from engine.evaluation.beside import Figures, Wanted
from engine.evaluation.joins import drift
from engine.evaluation.judge import Judge
from engine.evaluation.report import Shown
from engine.evaluation.trying import Workshop, signed
from engine.media import probe, read_film
from engine.recipe import compose, from_json

ROOT = Path(__file__).resolve().parents[2]
MEMORY, PACE = 1.15, 1.10

WANTED: dict[str, Wanted] = {
    "long.memory": Wanted("long film: memory at the peak, over a short film's", aim=MEMORY, most=True, note="each in a process of its own, model and all"),
    "long.pace": Wanted("long film: time for every second of it, over a short film's", aim=PACE, most=True, note="the quickest of all rounds: other work on the machine only adds"),
    "long.gigabytes": Wanted("long film: memory at the peak", "GB", most=True),
    "long.seconds": Wanted("long film: time for every second of it", "s", most=True),
    "long.drift.colour": Wanted("long film: colour, first to last 15 %", "Lab", most=True),
    "long.drift.sharpness": Wanted("long film: sharpness, last over first"),
    "long.drift.saturation": Wanted("long film: saturation, last over first"),
    "long.drift.motion": Wanted("long film: motion, last over first"),
}


def long(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """A long film and a short one, taking turns; how the long one drifts, beside the short one made again and again."""
    prompt, plan = shop.prompts[0].text, shop.plan
    spent: dict[float, list[dict]] = {plan.short: [], plan.long: []}
    for number, (_, seconds) in enumerate(itertools.product(range(plan.rounds), spent)):
        yield f"long: {seconds:g} s, film {number + 1} of {2 * plan.rounds}"
        recipe, _ = compose(prompt, model=shop.model, seconds=seconds, size=shop.size, seed=shop.seed)
        spent[seconds].append(measured(recipe.to_json(), shop.folder / f"long-{seconds:g}"))
    pace = {seconds: min(one["seconds"] for one in rows) / seconds for seconds, rows in spent.items()}
    if all(row["peak"] for rows in spent.values() for row in rows):
        peak = {seconds: max(one["peak"] for one in rows) for seconds, rows in spent.items()}
        figures.add("long.memory", peak[plan.long] / peak[plan.short])
        figures.add("long.gigabytes", peak[plan.long] / 1e9)
        figures.add("long.gigabytes", peak[plan.short] / 1e9, f"of {plan.short:g} s")
    figures.add("long.pace", pace[plan.long] / pace[plan.short])
    figures.add("long.seconds", pace[plan.long])
    figures.add("long.seconds", pace[plan.short], f"of {plan.short:g} s")
    path = shop.folder / f"long-{plan.long:g}" / "take.mp4"
    figures.add_all("long.drift", vars(drift(_ends(path), share=0.5)))
    figures.add_all("long.drift", vars(drift(_ends(shop.folder / f"long-{plan.short:g}" / "take.mp4"), share=0.5)), f"of {plan.short:g} s")
    wanted = np.linspace(0, probe(path).pictures - 1, 16).round().astype(int).tolist()
    yield Shown(f"{plan.long:g} s: {prompt}", np.stack([picture for number, picture in enumerate(read_film(path)) if number in wanted]))


def measured(recipe: str, folder: Path) -> dict:
    """Make a recipe (JSON) into `folder` in a process of its own; {"seconds": its making took, "peak": bytes, 0 where nobody says}.

    Raises CineloomError with the last line that it said when it fails.
    """
    done = subprocess.run([sys.executable, "-m", "engine.evaluation.lasting", str(folder.absolute())], input=recipe, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise CineloomError(f"The film that is measured was not made: {said[-1] if said else f'its process ended with {done.returncode}'}")
    return json.loads(done.stdout.splitlines()[-1])


def _ends(path: Path, share: float = 0.15) -> Tensor:
    """The first and the last pictures of a film's file, `share` of it each, as one film."""
    count = probe(path).pictures
    some = max(4, round(share * count))
    return signed(np.stack([picture for number, picture in enumerate(read_film(path)) if number < some or number >= count - some]))


def _peak() -> int:
    """Bytes of memory that this process ever held. What `getrusage` says may be its parent's, from before it became itself."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:         # Windows does not say
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _main(folder: str, text: str) -> Mapping[str, float]:
    from engine.denoisers.catalog import open_backend
    from engine.make import make

    recipe = from_json(text)
    backend = open_backend(recipe.backend)
    began = time.perf_counter()
    for _ in make(recipe, backend, folder):
        pass
    return {"seconds": time.perf_counter() - began, "peak": _peak()}


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.stdin.read())))
