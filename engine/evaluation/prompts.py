"""Prompts: what a model is asked when it is measured, and what would be true of a film that follows.

Knows the paper world's scenes that training never sees. Knows no model and draws no film.

Every prompt is a scene whose main subject, colour and place were kept back together: the model knows the three words,
and has never met them in one film. The same count and seed give the same prompts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.training.paperworld import Scene

QUICK, FULL = 24, 96                                                # prompts of a measurement
STILL = ("subject", "colour", "place", "time", "weather", "style")  # what one picture shows
MOVING = ("motion", "camera")                                       # what only film shows
JUDGED = STILL + MOVING
DRAWS = 16                                                          # scenes drawn for each that is chosen


@dataclass(frozen=True)
class Prompt:
    """A caption, the scene it is of, and the truth: attribute to word for each of JUDGED."""

    text: str
    scene: Scene
    truth: dict[str, str]


def held_out_prompts(count: int = FULL, seed: int = 0, event: str = "none") -> list[Prompt]:
    """Captions of held-out scenes with one subject, chosen so that every value of every attribute has its share.

    count   QUICK or FULL, or any other number; a smaller list is no part of a larger one
    event   "none", or "behind" for scenes where the subject passes behind something

    The world has clear weather and a still camera in most of its scenes; a model that never makes anything else must
    not score well for it. So more scenes are drawn than asked for and the least common are taken one after another.
    """
    from engine.training import paperworld as world

    drawn = [world.draw_scene(40_000_000 + seed * 1_000_000 + i, split="held_out", second=None, event=event)
             for i in range(DRAWS * count)]
    # A few combinations are not drawn in 400 lots; the world then gives what it has.
    drawn = [scene for scene in drawn if world.held_out(scene.subject, scene.colour, scene.place)]
    values = dict(subject=world.SUBJECTS, colour=world.COLOURS, place=world.PLACES, time=world.TIMES,
                  weather=world.WEATHERS, style=world.STYLES, motion=world.MOTIONS, camera=world.CAMERAS)
    seen: dict[tuple[str, str], int] = defaultdict(int)
    chosen = []
    while drawn and len(chosen) < count:
        scene = min(drawn, key=lambda scene: sum(seen[key] for key in _keys(scene)))
        drawn.remove(scene)
        chosen.append(scene)
        for name, word in _keys(scene):
            seen[name, word] += len(values.get(name, range(20)))
    return [Prompt(_caption(scene), scene, {name: getattr(scene, name) for name in JUDGED}) for scene in chosen]


def _keys(scene: Scene) -> list[tuple[str, str]]:
    """What is counted to choose the least common: every judged word, and the combination that was kept back."""
    return [(name, getattr(scene, name)) for name in JUDGED] + [("all", f"{scene.subject}/{scene.colour}/{scene.place}")]


def _caption(scene: Scene) -> str:
    """The first of a scene's captions that says the weather and the camera too: what is not said cannot be asked for.

    A fifth of the descriptive captions of clear weather and a still camera name both.
    """
    from engine.training.paperworld.captions import CAMERA, WEATHER, caption

    said = [WEATHER[scene.weather], CAMERA[scene.camera]]
    texts = [caption(scene, scene.seed + k) for k in range(40)]
    return max(texts, key=lambda text: sum(any(phrase in text for phrase in phrases) for phrases in said))


def chance(prompts: list[Prompt], name: str) -> float:
    """What the best constant answer would score for one attribute: the share of its commonest word."""
    words = [prompt.truth[name] for prompt in prompts]
    return max(words.count(word) for word in set(words)) / len(words)
