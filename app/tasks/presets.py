"""Presets: rows that set several controls at once. Data.

`shape`, `size` (S to XXL) and `steps` ("fewest", "most") are said in words and become numbers where the model is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.denoisers.catalog import Model


@dataclass(frozen=True)
class Preset:
    """One row: for which tasks, and what it sets."""

    name: str
    title: str
    tasks: tuple[str, ...]
    sets: dict

    def to_json(self, model: Model) -> dict:
        """As the page sets it, with the model's own numbers."""
        steps = {"fewest": model.steps[0], "usual": model.default_steps, "most": model.steps[-1]}
        sets = self.sets | ({"steps": steps[self.sets["steps"]]} if "steps" in self.sets else {})
        return {"name": self.name, "title": self.title, "tasks": list(self.tasks), "sets": sets}


MADE = ("text", "animate", "keyframes")
PRESETS = (
    Preset("draft", "Draft, 2 s", MADE, {"seconds": 2.0, "size": "S", "steps": "fewest"}),
    Preset("tall", "Tall", (*MADE, "picture", "storyboard"), {"shape": "9:16"}),
    Preset("long", "Half a minute", ("text",), {"seconds": 30.0, "size": "S"}),
    Preset("square-loop", "Square loop", ("loop",), {"shape": "1:1", "seconds": 3.0}),
    Preset("quick-loop", "Quick return", ("loop",), {"seconds": 0.5}),
    Preset("lead-in", "Lead up to it", ("extend",), {"before": 1.0, "after": 0.0}),
    Preset("both-ends", "Both ends", ("extend",), {"before": 1.0, "after": 1.0}),
    Preset("melt", "One into the other", ("connect",), {"overlap": 1.0}),
    Preset("bridge", "A long bridge", ("connect",), {"overlap": 0.0, "seconds": 3.0}),
    Preset("lightly", "Restyle lightly", ("edit",), {"strength": [0.4], "faithful": False}),
    Preset("boldly", "Restyle boldly", ("edit",), {"strength": [0.85], "faithful": False}),
    Preset("swell", "Come and go", ("edit",), {"strength": [0.0, 0.9, 0.0]}),
    Preset("cinema", "To cinema", ("outpaint",), {"to": "21:9"}),
    Preset("phone", "To the phone", ("outpaint",), {"to": "9:16"}),
    Preset("careful", "Careful", (*MADE, "picture", "extend", "loop", "connect", "edit", "inpaint", "outpaint", "storyboard"), {"steps": "most"}),
)


def presets(model: Model) -> list[dict]:
    """Every row, for this model."""
    return [preset.to_json(model) for preset in PRESETS]
