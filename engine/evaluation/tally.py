"""Tally: figures gathered film by film, and the table that they make.

Knows which figures belong in the table, under which words, and which of them have aims. Measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.evaluation.prompts import JUDGED, Prompt, chance
from engine.evaluation.table import Measure

if TYPE_CHECKING:
    from engine.evaluation.judge import Verdict

AIMS = {"autoencoder.renders": 34.0, "autoencoder.photographs": 24.0, "adherence.mean": 0.95}
ASKED = ("subject", "colour", "place", "time", "weather", "motion", "camera")   # what mean adherence is the mean of


class Tally:
    """Figures gathered film by film; their mean is published."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}

    def add(self, key: str, value: float) -> None:
        if not math.isnan(value):
            self.values.setdefault(key, []).append(float(value))

    def verdict(self, key: str, verdict: Verdict, prompt: Prompt) -> None:
        """Whether each judged attribute is what the prompt says."""
        for name, agrees in verdict.agrees(prompt.truth).items():
            self.add(f"{key}.{name}", agrees)

    def mean(self, key: str) -> float | None:
        values = self.values.get(key)
        return sum(values) / len(values) if values else None

    def count(self, key: str) -> int:
        return len(self.values.get(key, ()))

    def together(self, key: str, names: tuple[str, ...]) -> float | None:
        """The mean over attributes of their means; None where one of them was not judged."""
        means = [self.mean(f"{key}.{name}") for name in names]
        return None if None in means else sum(means) / len(means)

    def rows(self, prompts: list[Prompt], judge: Mapping[str, float] | None, few: int, many: int) -> Iterator[Measure]:
        """The table, from what was gathered.

        judge   its own accuracy by attribute; None where nothing was judged
        """
        for name, title, note in (
            ("renders", "autoencoder on renders", "mean squared error over -1..1"),
            ("photographs", "autoencoder on photographs", "three photographs, shorter side 256 pixels"),
            ("footage", "autoencoder on footage", "three clips of 17 pictures"),
        ):
            if (value := self.mean(f"psnr.{name}")) is not None:
                key = f"autoencoder.{name}"
                yield Measure(key, title, "dB", value, self.count(f"psnr.{name}"), AIMS.get(key), note=note)
        if judge is not None:
            yield from self._adherence(prompts, judge)
            if (value := self.mean("permanence.made")) is not None:
                yield Measure("permanence", "permanence behind things", "share", value, self.count("permanence.made"),
                              renders=self.mean("permanence.renders"), coded=self.mean("permanence.coded"),
                              note="subject and colour are the prompt's before and after it passes behind something")
        for key, title, unit, note in (
            ("speed", "motion strength, mean", "heights/s", "mean optical flow; flicker counts, so more than renders is no praise"),
            ("peak", "motion strength, 95th percentile", "heights/s", ""),
            ("boundary", "step at latent boundaries", "times", "against the film's other steps; 1 is seamless"),
            ("drift", "colour drift, first to last", "Lab", "2.3 is just noticeable"),
            ("diversity", "diversity over seeds", "distance", "three takes of one prompt, 20 pixels high, -1..1"),
        ):
            if (value := self.mean(f"made.{key}")) is not None:
                yield Measure(f"film.{key}", title, unit, value, self.count(f"made.{key}"),
                              renders=self.mean(f"renders.{key}"), coded=self.mean(f"coded.{key}"), note=note)
        yield Measure("gap.psnr", f"{few} steps against {many}", "dB", self.mean("gap.psnr"), self.count("gap.psnr"),
                      note="the same noise walked in few steps and in many")
        if judge is not None:
            for key, steps in (("few", few), ("many", many)):
                yield Measure(f"gap.{key}", f"mean adherence at {steps} steps, same seeds", "share", self.together(key, ASKED),
                              self.count(f"{key}.subject"))

    def _adherence(self, prompts: list[Prompt], own: Mapping[str, float]) -> Iterator[Measure]:
        lows = {name: chance(prompts, name) for name in JUDGED}

        def mean(figures: dict[str, float]) -> float | None:
            return sum(figures[name] for name in ASKED) / len(ASKED) if all(name in figures for name in ASKED) else None

        yield Measure("adherence.mean", "mean adherence to the prompt", "share", self.together("made", ASKED),
                      self.count("made.subject"), AIMS["adherence.mean"], self.together("renders", ASKED),
                      self.together("coded", ASKED), mean(own), mean(lows), "of " + ", ".join(ASKED))
        for name in JUDGED:
            if (value := self.mean(f"made.{name}")) is not None:
                yield Measure(f"adherence.{name}", f"{name} follows the prompt", "share", value, self.count(f"made.{name}"), None,
                              self.mean(f"renders.{name}"), self.mean(f"coded.{name}"), own.get(name), lows[name])
