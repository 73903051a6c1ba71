"""How far a job is, and how long it still takes: from what this machine measured before and measures now.

Knows seconds, steps and pictures. Knows no clock of its own: it is told how long things took.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DECODE_SHARE = 0.25     # of the steps' time, before anything was measured


@dataclass
class Estimate:
    """One job: `steps` steps over `cells` latent cells, then `pixels` pixels to decode (width * height * pictures)."""

    steps: int
    cells: int
    pixels: int
    pace: dict[str, float] = field(default_factory=dict)    # seconds per cell and step, per decoded pixel
    kept: int = 0                                           # steps that an earlier worker did
    spent_steps: list[float] = field(default_factory=list)  # seconds of each step since
    decoded: float = 0.0                                    # part of the film, 0 to 1
    spent_decode: float = 0.0                               # seconds

    @property
    def done(self) -> int:
        """Steps done, whoever did them."""
        return self.kept + len(self.spent_steps)

    @property
    def step_seconds(self) -> float | None:
        """Seconds of one step: the middle one of this job, else what the pace says."""
        if self.spent_steps:
            return sorted(self.spent_steps)[len(self.spent_steps) // 2]
        return self.pace["step"] * self.cells if "step" in self.pace else None

    @property
    def decode_seconds(self) -> float | None:
        """Seconds of the whole decode."""
        if self.decoded > 0 and self.spent_decode > 0:
            return self.spent_decode / self.decoded
        if "decode" in self.pace:
            return self.pace["decode"] * self.pixels
        step = self.step_seconds
        return None if step is None else DECODE_SHARE * self.steps * step

    @property
    def left(self) -> float | None:
        """Seconds to go, None while nobody can know."""
        if self.step_seconds is None:
            return None
        return (self.steps - self.done) * self.step_seconds + (1 - self.decoded) * self.decode_seconds

    @property
    def progress(self) -> float:
        """0 to 1 of the work. It may jump a little when a measurement replaces a guess; it never passes 1."""
        if self.step_seconds is None:
            return 0.0
        whole = self.steps * self.step_seconds + self.decode_seconds
        return min(1.0, max(0.0, 1 - self.left / whole)) if whole > 0 else 0.0

    def measured(self) -> dict[str, float]:
        """What this job teaches: seconds per cell and step, and per pixel."""
        out = {}
        if self.spent_steps:
            out["step"] = self.step_seconds / self.cells
        if self.decoded > 0 and self.spent_decode > 0:
            out["decode"] = self.decode_seconds / self.pixels
        return out
