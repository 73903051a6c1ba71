"""Beside: what operations reach, each row beside the naive way of doing the same, as a value that is stored and printed.

Knows figures and words for them. Knows no model, no film, and not how anything is measured.

    Figures   gathered film by film ──> Row   median, worst, naive, aim ──> Operations   the whole table
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

EQUAL = 99.0        # dB that equal films are given: JSON knows no infinity


@dataclass(frozen=True)
class Wanted:
    """What a row is about, and what it should reach."""

    title: str
    unit: str = "times"             # "share" and "dB" are written in their own way
    aim: float | None = None
    most: bool = False              # the aim is the most it may be, not the least
    every: bool = False             # the aim is asked of every film, not of their median
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One measure of one operation."""

    key: str                        # "extend.seam"
    title: str
    unit: str
    value: float                    # median of all films; of a row that every film is to reach, the worst
    worst: float
    count: int                      # films
    naive: dict[str, float] = field(default_factory=dict)       # the same of other ways, by their names
    usual: float | None = None      # the same where nothing was joined or changed
    aim: float | None = None
    most: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None where there is none. A figure that could not be told reaches nothing."""
        return None if self.aim is None else self.value <= self.aim if self.most else self.value >= self.aim

    @property
    def asked(self) -> str:
        """The aim in words: "at most 1.30"."""
        return "" if self.aim is None else ("at most " if self.most else "at least ") + self.figure(self.aim)

    def figure(self, value: float | None) -> str:
        """A figure as it is read."""
        if value is None:
            return ""
        if not math.isfinite(value):
            return "none"
        if self.unit == "dB":
            return "exact" if value >= EQUAL else f"{value:.1f} dB"
        return f"{100 * value:.0f} %" if self.unit == "share" else f"{value:.2f}"


class Figures:
    """Figures gathered film by film. `way` is the name of another way of doing it; "usual" is where nothing was done."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], list[float]] = {}

    def add(self, key: str, value: float, way: str = "") -> None:
        value = min(float(value), EQUAL) if key.rpartition(".")[2] == "outside" else float(value)
        if not math.isnan(value):
            self.values.setdefault((key, way), []).append(value)

    def add_all(self, key: str, values: Mapping[str, float], way: str = "") -> None:
        for name, value in values.items():
            self.add(f"{key}.{name}", value, way)

    def rows(self, wanted: Mapping[str, Wanted]) -> tuple[Row, ...]:
        """A row for everything that was gathered, in the order of `wanted`."""
        found = []
        for key, want in wanted.items():
            if not (own := self.values.get((key, ""))):
                continue
            others = {way: statistics.median(values) for (name, way), values in self.values.items() if name == key and way}
            usual = others.pop("usual", None)
            worst = max(own) if want.most else min(own)
            found.append(Row(key, want.title, want.unit, worst if want.every else statistics.median(own), worst, len(own), others, usual,
                             want.aim, want.most, want.note))
        return tuple(found)


@dataclass(frozen=True)
class Point:
    """Of a curve: what one strength of an edit gained and what it kept."""

    way: str            # "edit", "faithful", "made anew"
    strength: float
    gained: float       # chance of the asked word, 0..1, as the judge sees it, less what it was before
    kept: float         # F1 of outlines


@dataclass(frozen=True)
class Operations:
    """A measurement of one model's operations. A value."""

    model: str
    version: str                            # of the weights
    settings: dict[str, int | float | str]
    rows: tuple[Row, ...]
    curve: tuple[Point, ...] = ()
    skipped: tuple[str, ...] = ()           # a sentence for everything that was not measured
    seconds: float = 0.0                    # the measurement took
    machine: dict[str, str | int] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Row:
        """The row of that key. Raises KeyError."""
        for row in self.rows:
            if row.key == key:
                return row
        raise KeyError(key)

    def to_json(self) -> dict:
        """Everything, as values that JSON has; a figure that could not be told is null."""
        return _plain({**asdict(self), "rows": [{**asdict(row), "reached": row.reached} for row in self.rows]})

    def missed(self) -> list[str]:
        """One sentence for every aim that was missed."""
        return [f"{row.title[0].upper()}{row.title[1:]} ({row.key}): {row.figure(row.value)} where {row.asked} is the aim."
                for row in self.rows if row.reached is False]

    def text(self) -> str:
        """A plain table, aligned; the curve, what was skipped and what fell short below it."""
        heads, rows = self._cells()
        widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
        lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
                 for row in (heads, *rows)]
        lines.insert(1, "-" * max(map(len, lines)))
        title = f"{self.model} {self.version}: " + ", ".join(f"{name} {value}" for name, value in self.settings.items())
        curve = [f"{point.way:<10} {point.strength:.1f}   gained {100 * point.gained:+4.0f} %   outlines kept {100 * point.kept:3.0f} %" for point in self.curve]
        notes = [*self.skipped, *self.missed()]
        return "\n".join([title, "", *lines, *([""] if curve else []), *curve, *([""] if notes else []), *notes])

    def markdown(self) -> str:
        """The same table as Markdown."""
        heads, rows = self._cells()
        lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
        for row, cells in zip(self.rows, rows):
            cells = [cells[0] + (f"<br><sub>{row.note}</sub>" if row.note else ""), f"**{cells[1]}**", *cells[2:]]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        heads = ["measure", "reached", "worst", "naive", "usual", "aim", "", "of"]
        marks = {None: "", True: "yes", False: "no"}
        return heads, [[row.title + (f", {row.unit}" if row.unit not in ("dB", "share", "times") else ""), row.figure(row.value), row.figure(row.worst),
                        ", ".join(f"{row.figure(value)} {way}" for way, value in row.naive.items()), row.figure(row.usual), row.asked,
                        marks[row.reached], str(row.count)] for row in self.rows]


def _plain(value):
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
