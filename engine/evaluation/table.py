"""Table: what was measured, as a value that can be stored, printed and published.

Knows rows of figures and words for them. Knows no model, no film, and not how anything is measured.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

COLUMNS = ("reached", "aim", "renders", "coded", "judge", "chance")
HEADS = {"reached": "reached", "aim": "aim", "renders": "renders", "coded": "coded", "judge": "judge", "chance": "chance"}
ABOUT = {
    "renders": "what the renderer's own film of the same scenes scores: nothing generated can be asked for more",
    "coded": "those renders after the autoencoder has packed and unpacked them: all that is left to the transformer",
    "judge": "how often the judge is right about other renders that no training saw: no film can be trusted to score higher",
    "chance": "what the best constant answer would score",
}


@dataclass(frozen=True)
class Measure:
    """One row. Figures are in `unit`: dB, share (0..1), times, or one of its own words."""

    key: str                        # "adherence.subject"
    title: str                      # "subject follows the prompt"
    unit: str
    reached: float
    count: int                      # films or pictures it is the mean of
    aim: float | None = None
    renders: float | None = None    # see ABOUT
    coded: float | None = None
    judge: float | None = None
    chance: float | None = None
    note: str = ""

    @property
    def short_of_aim(self) -> bool:
        return self.aim is not None and not self.reached >= self.aim

    def figure(self, column: str) -> str:
        """A figure of this row in its own unit; empty where there is none."""
        value = getattr(self, column)
        if value is None:
            return ""
        if value != value:
            return "none"
        return f"{100 * value:.0f} %" if self.unit == "share" else f"{value:.1f} dB" if self.unit == "dB" else f"{value:.2f}"


@dataclass(frozen=True)
class Report:
    """A measurement of one model. A value: JSON in and out."""

    model: str
    version: str                    # of the weights
    settings: dict[str, int | str]  # what it was measured with: prompts, seed, width, height, pictures, steps, ...
    measures: tuple[Measure, ...]
    skipped: tuple[str, ...] = ()   # a sentence for everything that was not measured
    seconds: float = 0.0            # the measurement took
    machine: dict[str, str | int] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Measure:
        """The row of that key. Raises KeyError."""
        for row in self.measures:
            if row.key == key:
                return row
        raise KeyError(key)

    def __contains__(self, key: str) -> bool:
        return any(row.key == key for row in self.measures)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Raises ValueError for text that is no report."""
        try:
            data = json.loads(text)
            return cls(**data | {"measures": tuple(Measure(**row) for row in data["measures"]), "skipped": tuple(data["skipped"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no report of a measurement: {error}.") from error

    def save(self, path: Path) -> None:
        new = path.with_name(path.name + ".new")
        new.write_text(self.to_json())
        os.replace(new, path)

    @classmethod
    def load(cls, path: Path) -> Report:
        return cls.from_json(path.read_text())

    def short_of_aim(self) -> list[str]:
        """One sentence for every aim that was missed."""
        return [f"{row.title[0].upper()}{row.title[1:]}: {row.figure('reached')} where {row.figure('aim')} is the aim."
                for row in self.measures if row.short_of_aim]

    def columns(self) -> list[str]:
        """Columns that hold anything."""
        return [name for name in COLUMNS if name == "reached" or any(getattr(row, name) is not None for row in self.measures)]

    def text(self) -> str:
        """A plain table, aligned, with what was skipped and what fell short below it."""
        columns = self.columns()
        rows = [["measure", *(HEADS[name] for name in columns), "of"]]
        rows += [[row.title + (f", {row.unit}" if row.unit not in ("dB", "share", "times") else ""),
                  *(row.figure(name) for name in columns), str(row.count)] for row in self.measures]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:]))]).rstrip() for row in rows]
        lines.insert(1, "-" * max(map(len, lines)))
        title = f"{self.model} {self.version}: " + ", ".join(f"{name} {value}" for name, value in self.settings.items())
        notes = [*self.skipped, *self.short_of_aim()]
        return "\n".join([title, "", *lines, *([""] if notes else []), *notes]) + "\n"

    def markdown(self) -> str:
        """The same as a Markdown table, with what its columns mean."""
        columns = self.columns()
        lines = ["| measure | " + " | ".join(HEADS[name] for name in columns) + " | of |",
                 "|---" + "|---:" * (len(columns) + 1) + "|"]
        for row in self.measures:
            figures = [f"**{row.figure('reached')}**" if name == "reached" else row.figure(name) for name in columns]
            unit = f", {row.unit}" if row.unit not in ("dB", "share", "times") else ""
            note = f"<br><sub>{row.note}</sub>" if row.note else ""
            lines.append(f"| {row.title}{unit}{note} | " + " | ".join(figures) + f" | {row.count} |")
        lines += [""] + [f"- *{HEADS[name]}*: {ABOUT[name]}." for name in columns if name in ABOUT]
        return "\n".join(lines) + "\n"
