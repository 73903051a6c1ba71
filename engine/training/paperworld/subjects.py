"""Subjects: one table of what can be drawn, how large it is and where it lives.

Knows extents in the subject's own units, and how to draw one into a box. Knows nothing of scenes or cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from . import solids, subjects_living as living, subjects_things as things, subjects_vehicles as vehicles


@dataclass(frozen=True)
class Subject:
    """half_width, half_height: its extent in its own units; tall: its height relative to the common one.

    stance: "ground" stands on its lower edge, "water" floats, "air" hangs, "swim" hangs lower at sea.
    flips: mirrored when it goes left. lean: turned by this angle when it goes sideways.
    """

    draw: Callable
    half_width: float
    half_height: float
    tall: float
    stance: str
    flips: bool = True
    lean: float = 0.0
    solid: bool = False


TABLE = {
    "boat": Subject(vehicles.boat, 0.98, 1.0, 1.12, "water"),
    "balloon": Subject(vehicles.balloon, 0.70, 1.0, 1.15, "air", False),
    "car": Subject(vehicles.car, 1.04, 0.61, 0.82, "ground"),
    "train": Subject(vehicles.train, 1.16, 0.76, 0.92, "ground"),
    "rocket": Subject(vehicles.rocket, 0.64, 0.98, 1.15, "air", False, -0.95),
    "fish": Subject(living.fish, 0.98, 0.68, 0.92, "swim"),
    "bird": Subject(living.bird, 1.0, 0.82, 1.12, "air"),
    "butterfly": Subject(living.butterfly, 1.02, 0.86, 1.0, "air", False),
    "fox": Subject(living.fox, 1.06, 0.82, 1.0, "ground"),
    "robot": Subject(living.robot, 0.72, 0.98, 1.12, "ground"),
    "person": Subject(living.person, 0.58, 0.98, 1.18, "ground"),
    "tree": Subject(living.tree, 0.80, 0.99, 1.2, "ground", False),
    "house": Subject(solids.house, 0.95, 0.98, 1.08, "ground", False, solid=True),
    "lighthouse": Subject(solids.lighthouse, 0.36, 1.02, 1.32, "ground", False, solid=True),
    "windmill": Subject(solids.windmill, 0.74, 1.02, 1.22, "ground", False, solid=True),
    "church": Subject(solids.church, 0.88, 1.02, 1.2, "ground", False, solid=True),
    "ball": Subject(things.ball, 1.0, 1.0, 0.86, "ground"),
    "burger": Subject(things.burger, 0.98, 0.81, 0.92, "ground", False),
    "paintbrush": Subject(things.paintbrush, 0.82, 0.98, 1.1, "air", False),
}
