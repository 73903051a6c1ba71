"""Scene: what a picture of the paper world shows, as a frozen value, and the drawing of lots.

Knows the attributes, which of them go well together, and the combinations kept back for evaluation.
Knows nothing of pixels or words.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace

SUBJECTS = (
    "boat", "balloon", "car", "train", "rocket", "fish", "bird", "butterfly", "fox", "robot",
    "person", "tree", "house", "lighthouse", "windmill", "church", "ball", "burger", "paintbrush",
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "black")
PLACES = ("sea", "desert", "meadow", "snow", "city", "reef", "space", "block world")
TIMES = ("dawn", "day", "dusk", "night")
WEATHERS = ("clear", "rain", "snowfall", "fog")
MOTIONS = ("left", "right", "rise", "fall", "bounce", "spin", "still", "approach")
CAMERAS = ("still", "pan left", "pan right", "tilt up", "tilt down", "push in", "pull out", "orbit")
STYLES = ("paper-cut", "watercolour", "ink", "neon", "blocks")
SIZES = ("small", "medium", "large")
SPEEDS = ("slow", "medium", "fast")
RELATIONS = ("left of", "right of", "above", "behind", "in front of")
EVENTS = ("none", "behind", "mark", "orbit", "shots", "blocks")
FRAMINGS = ("wide", "medium", "close")
BLOCK_EVENTS = ("fall", "water", "place")

BUILDINGS = ("house", "lighthouse", "windmill", "church")
ROOTED = BUILDINGS + ("tree",)
MARKERS = ("paintbrush", "person", "fox", "burger")

HOME = {
    "boat": {"sea": 8}, "balloon": {"meadow": 3, "desert": 3, "sea": 2, "snow": 2, "city": 2}, "car": {"city": 4, "desert": 3},
    "train": {"meadow": 3, "desert": 2, "snow": 2, "city": 2}, "rocket": {"space": 7, "desert": 2}, "fish": {"reef": 6, "sea": 3},
    "bird": {"meadow": 3, "sea": 3, "city": 2, "snow": 2}, "butterfly": {"meadow": 5, "city": 1}, "fox": {"snow": 3, "meadow": 3},
    "robot": {"city": 3, "space": 3, "block world": 2}, "person": {"city": 3, "snow": 2, "meadow": 2}, "tree": {"meadow": 3, "snow": 2},
    "house": {"meadow": 2, "snow": 2, "block world": 2}, "lighthouse": {"sea": 6}, "windmill": {"meadow": 4, "desert": 1},
    "church": {"meadow": 2, "snow": 2, "city": 2},
}
_MOVES = {
    "boat": (5, 5, 1, 1, 1, .5, 3, 1), "balloon": (2, 2, 5, 3, 1, .5, 3, 1), "car": (6, 6, .5, .5, 1, .5, 1, 2),
    "train": (6, 6, .3, .3, .5, .3, 1, 1.5), "rocket": (2, 2, 6, 3, .5, 1, 1, 1), "fish": (5, 5, 1.5, 1.5, 1, 1, 2, 1),
    "bird": (5, 5, 2, 2, .5, .5, 2, 1), "butterfly": (3, 3, 2, 2, .5, 1, 3, 1), "fox": (5, 5, .3, .3, 2, .5, 2, 1),
    "robot": (4, 4, 1, .5, 2, 1, 2, 1.5), "person": (5, 5, .3, .3, 1.5, .5, 2, 1.5), "ball": (3, 3, 1, 2, 6, 3, 1, 1),
    "burger": (1.5, 1.5, 1.5, 2, 2, 3, 3, 2), "paintbrush": (3, 3, 1, 1, 1, 2, 2, 1),
}
_ROOTED_MOVES = (.3, .3, .3, .3, .5, .3, 9, 1)


@dataclass(frozen=True)
class Second:
    """Another subject; the main one stands `relation` it: main "left of" second."""

    subject: str
    colour: str
    relation: str


@dataclass(frozen=True)
class Shot:
    """One shot of several: where it plays and how it is framed. The subject and its look are the scene's."""

    place: str
    time: str
    framing: str
    camera: str
    motion: str


@dataclass(frozen=True)
class Scene:
    seed: int
    subject: str
    colour: str
    place: str
    time: str = "day"
    weather: str = "clear"
    motion: str = "still"
    camera: str = "still"
    style: str = "paper-cut"
    size: str = "medium"
    speed: str = "medium"
    second: Second | None = None
    event: str = "none"
    detail: str = ""                # behind: the thing passed; blocks: which rule is seen
    shots: tuple[Shot, ...] = ()
    framing: str = "medium"
    loop: bool = False


def held_out(subject: str, colour: str, place: str) -> bool:
    """True for the 7 % of combinations that training never sees."""
    return hashlib.blake2b(f"{subject}/{colour}/{place}".encode(), digest_size=4).digest()[0] < 18


def fits_weather(place: str) -> tuple[str, ...]:
    return {"reef": ("clear",), "space": ("clear",), "desert": ("clear", "rain", "fog"), "snow": ("clear", "snowfall", "fog")}.get(place, WEATHERS)


def draw_scene(seed: int, *, split: str = "train", **fixed) -> Scene:
    """A random but sensible scene; `fixed` forces attributes, and the rest is drawn to suit them.

    split  "train" never gives a held-out combination of subject, colour and place (of the second subject and of
           every shot either), "held_out" gives only those for the main subject, "any" does not care. A combination
           that is forced in full is given as asked.
    """
    unknown = set(fixed) - set(Scene.__dataclass_fields__)
    if unknown:
        raise TypeError(f"a scene has no {sorted(unknown)}; it has {sorted(Scene.__dataclass_fields__)}")
    if split not in ("train", "held_out", "any"):
        raise ValueError(f"split {split!r}: one of train, held_out, any")
    dice = random.Random(f"paper world {seed}")
    for _ in range(400):
        scene = _draw(seed, dice, split, fixed)
        if split == "any" or (split == "train") == (not held_out(scene.subject, scene.colour, scene.place)):
            break
    return scene


def _pick(dice: random.Random, weights: dict[str, float]) -> str:
    return dice.choices(tuple(weights), tuple(weights.values()))[0]


def _draw(seed: int, dice: random.Random, split: str, fixed: dict) -> Scene:
    loop = fixed.get("loop", False)
    event = fixed.get("event") or _draw_event(dice, fixed, loop)
    if event == "mark":
        subject = dice.choice(MARKERS)
    elif event == "orbit":
        subject = dice.choice(BUILDINGS)
    elif event == "behind":
        subject = dice.choice([s for s in SUBJECTS if s not in ROOTED + ("train",)])
    elif fixed.get("camera") == "orbit":
        subject = dice.choice(BUILDINGS)
    else:
        subject = dice.choice(SUBJECTS)
    subject = fixed.get("subject", subject)
    colour = fixed.get("colour", dice.choice(COLOURS))
    places = {p: 1 + (HOME.get(subject, {}).get(p, 0) if dice.random() < 0.75 else 0) for p in PLACES}
    if subject != "fish":
        places["reef"] *= 0.6
    place = "block world" if event == "blocks" else _pick(dice, places)
    place = fixed.get("place", place)
    time = fixed.get("time", _pick(dice, {"dawn": 2, "day": 3.5, "dusk": 2.2, "night": 2.3}))
    weather = _pick(dice, {w: {"clear": 6.5, "rain": 1.2, "snowfall": 3 if place == "snow" else 0.9, "fog": 1.1}[w] for w in fits_weather(place)})
    motion, camera, detail, second, shots = _draw_action(dice, subject, event, loop, fixed)
    size = _pick(dice, {"medium": 6, "large": 2, "small": 2})
    style = _pick(dice, {"paper-cut": 6, "watercolour": 1.2, "ink": 1, "neon": 0.9, "blocks": 0.9})
    speed = _pick(dice, {"medium": 5, "slow": 2.5, "fast": 2.5})
    if second == "draw":
        second = _draw_second(dice, subject, colour, place, split)
        if second.subject in ROOTED and motion in ("left", "right"):
            motion = "still"                             # a house does not travel with its neighbour
    if event == "shots" and shots is None:
        shots = _draw_shots(dice, fixed.get("subject", subject), colour, place, time, camera, motion, split)
    scene = Scene(seed, subject, colour, place, time, weather, motion, camera, style, size, speed, second, event, detail, shots or ())
    return replace(scene, **fixed) if fixed else scene


def _draw_event(dice, fixed, loop) -> str:
    if loop or "second" in fixed and fixed["second"] is not None:
        return "none"
    subject, place = fixed.get("subject"), fixed.get("place")
    chances = {"none": 70.0, "behind": 7.0, "mark": 8.0, "orbit": 6.0, "shots": 6.0, "blocks": 3.0}
    if subject and subject not in MARKERS:
        chances["mark"] = 0
    if (subject and subject not in BUILDINGS) or fixed.get("camera", "orbit") != "orbit" or fixed.get("motion", "still") != "still":
        chances["orbit"] = 0
    if (subject in ROOTED) or fixed.get("motion", "left") not in ("left", "right") or fixed.get("camera", "still") != "still":
        chances["behind"] = chances["mark"] = 0
    if place and place != "block world":
        chances["blocks"] = 0
    if fixed.get("camera") == "orbit":
        chances["shots"] = 0
    return _pick(dice, chances)


def _draw_action(dice, subject, event, loop, fixed):
    subject = fixed.get("subject", subject)
    weights = dict(zip(MOTIONS, _MOVES.get(subject, _ROOTED_MOVES)))
    if loop:
        weights.update(rise=0, fall=0, approach=0)
    motion = _pick(dice, weights)
    cameras = {c: 1.0 for c in CAMERAS} | {"still": 5.0, "push in": 1.4, "orbit": 2.0 if subject in BUILDINGS and motion == "still" else 0.0}
    if loop:
        cameras = {"still": 4.0, "orbit": cameras["orbit"]}
    camera = fixed.get("camera") or _pick(dice, cameras)
    detail, second, shots = "", None, None
    if event in ("behind", "mark"):
        motion, camera = dice.choice(("left", "right")), "still"
        if subject == "burger" and event == "mark":
            motion = "still"
        detail = dice.choice(("tree", "tower", "rock")) if event == "behind" else ""
    elif event == "orbit":
        motion, camera = "still", "orbit"
    elif event == "blocks":
        motion, camera, detail = "still", "still", dice.choice(BLOCK_EVENTS)
    elif event == "none" and dice.random() < 0.55 and camera != "orbit" and motion in ("still", "left", "right", "bounce"):
        second = "draw"
    return motion, camera, detail, second, shots


def _draw_second(dice, subject, colour, place, split) -> Second:
    while True:
        other = Second(dice.choice(SUBJECTS), dice.choice(COLOURS), dice.choice(RELATIONS))
        clash = other.subject == subject or (split == "train" and held_out(other.subject, other.colour, place))
        if not clash:
            return other


def _draw_shots(dice, subject, colour, place, time, camera, motion, split) -> tuple[Shot, ...]:
    count = 2 if dice.random() < 0.7 else 3
    shots = [Shot(place, time, dice.choice(("wide", "medium")), camera, motion)]
    while len(shots) < count:
        where = place if dice.random() < 0.4 else dice.choice(PLACES)
        if split == "train" and held_out(subject, colour, where):
            where = place
        framing = dice.choice([f for f in FRAMINGS if f != shots[-1].framing])
        shots.append(Shot(where, time, framing, dice.choice(("still", "still", "push in", "pan left", "pan right")), motion))
    return tuple(shots)
