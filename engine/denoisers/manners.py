"""Manners: the ways to hasten and to lead a model that a recipe can ask for, as rows of data.

    cache     "first-block 0.08"    a name, and how far it goes; the name alone takes the usual amount
    guider    "apg"

Which family knows which was tried on each (tests/engine/test_open_caches.py, test_open_guiders.py): a row is only here where
blocks are really spared, the film stays whole, and a second walk equals the first. How they work is in `open.caching` and
`open.guiding`. Imports no torch: page and command line ask it as often as they like.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from engine.denoisers.open.rows import Row, models_folder
from engine.errors import BadRequest


@dataclass(frozen=True)
class Cache:
    """One way to take part of a step from the step before."""

    about: str
    usual: float            # amount where none is asked
    least: float
    most: float


CACHES = {
    "first-block": Cache("asks the first block; where it answers as a step ago, what the others added is added again", 0.08, 0.0, 1.0),
    "sea": Cache("as long as what can be seen in the film hardly changes, what the blocks add goes on in a straight line", 0.25, 0.0, 2.0),
    "taylor": Cache("makes one step of so many whole; between them the answer goes on in a straight line", 3, 2, 10),
    "mag": Cache("as long as what the blocks add hardly changes its size, by what was measured of the model before", 0.06, 0.0, 1.0),
}
GUIDERS = {
    "zero-star": "no stride in the first step, and the words' opposite scaled to fit (CFG-Zero*, arXiv:2503.18886)",
    "apg": "without what only makes colours stronger (arXiv:2410.02416)",
    "tangential": "the words' opposite without what both have in common (arXiv:2503.18137)",
    "skip-layer": "also away from what it answers with a block left out (arXiv:2411.18664)",
    "interval": "only in the middle of the walk (arXiv:2404.07724)",
}
_LED = tuple(GUIDERS)
# Of each family: caches that need no measuring, whether sizes can be measured for "mag", and guiders. HunyuanVideo is told its guidance
# as a number and LTX-2 leads film and sound in ways of its own; LTX-2's sound is no part of what "mag" keeps.
FAMILIES: dict[str, tuple[tuple[str, ...], bool, tuple[str, ...]]] = {
    family: (("first-block", "sea", "taylor"), family != "ltx2", () if family in ("hunyuan", "ltx2") else _LED)
    for family in ("wan", "wan_image", "ltx", "ltx2", "cogvideox", "hunyuan", "hunyuan15", "skyreels")
}
# VACE's branch speaks between the blocks: what leaves blocks out and adds again what they added would add its words twice.
FAMILIES["wan_vace"] = ("taylor",), False, _LED


def caches(row: Row) -> tuple[str, ...]:
    """The caches that a model has; "mag" once it was measured, see `open.calibrating`."""
    names, measurable, _ = FAMILIES.get(row.family, ((), False, ()))
    return (*names, "mag") if measurable and sizes(row) else names


def guiders(row: Row) -> tuple[str, ...]:
    """The ways of guidance that a model has beside the plain one."""
    return FAMILIES.get(row.family, ((), False, ()))[2]


def read_cache(asked: str) -> tuple[str, float]:
    """A cache's name and its amount. Raises BadRequest for one that there is not, or an amount out of bounds.

    >>> read_cache("first-block")
    ('first-block', 0.08)
    """
    name, _, amount = asked.partition(" ")
    if name not in CACHES:
        raise BadRequest(f"A cache is one of {', '.join(CACHES)}; {asked!r:.60} was asked.")
    cache = CACHES[name]
    try:
        number = float(amount) if amount else cache.usual
    except ValueError:
        number = float("nan")
    if not cache.least <= number <= cache.most or (name == "taylor" and number != int(number)):
        raise BadRequest(f"The cache {name} takes {'a whole number' if name == 'taylor' else 'a number'} from {cache.least:g} to {cache.most:g}, such as '{name} {cache.usual:g}'; {amount!r:.40} was asked.")
    return name, number


def written(asked: str) -> str:
    """A cache as recipes say it, its amount with it; "" for none. Raises as `read_cache` does.

    >>> written("first-block")
    'first-block 0.08'
    """
    return "{} {:g}".format(*read_cache(asked)) if asked else ""


def sizes_file(row: Row) -> Path:
    """Where what was measured of a model for "mag" is kept: beside the models, of these very weights."""
    return models_folder() / ".measured" / f"{row.name}-{row.version}.json"


def sizes(row: Row) -> dict[str, list[float]] | None:
    """How much larger what the blocks add is at each step than at the one before, of each transformer; None where that was not measured."""
    try:
        found = json.loads(sizes_file(row).read_text())
        return {str(part): [float(ratio) for ratio in ratios] for part, ratios in found.items() if ratios} or None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
