"""Adherence: how much of what prompts name is seen in the films that were made of them, as a value that is stored and printed.

    rows           one model and one kind of prompt: the share of what was named that the judge saw
    differences    two rows, scene by scene, and whether so many scenes can tell them apart

Knows figures and words for them. Knows no model, no film and no judge.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

Scores = Mapping[str, Sequence[bool]]       # attribute -> whether it was seen, for each film of one scene whose prompt names it


@dataclass(frozen=True)
class Row:
    """How well one model hears one kind of prompt."""

    model: str                      # "65 % descriptive"
    prompts: str                    # "short", "expanded", "descriptive"
    asked: float                    # of what the scene's SHORT prompt names, 0..1: one question to every kind of prompt
    sure: float                     # half of the 95 % interval of `asked` over scenes
    named: float                    # of what this prompt itself names
    each: dict[str, float]          # attribute -> share of the films whose own prompt names it
    films: int


@dataclass(frozen=True)
class Difference:
    """Two rows compared over the same scenes."""

    what: str                       # "short prompts: 95 % descriptive against 0 %"
    gained: float                   # of `asked`, -1..1
    sure: float                     # half of the 95 % interval

    @property
    def told(self) -> bool:
        """Whether so many scenes can tell the two apart."""
        return abs(self.gained) > self.sure

    def words(self) -> str:
        return (f"{self.what}: {100 * self.gained:+.1f} points, known to within {100 * self.sure:.1f}"
                + ("." if self.told else ": no difference that so many films can show."))


@dataclass(frozen=True)
class Adherence:
    """A measurement: rows, differences, what it was made with."""

    title: str
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    bound: dict[str, float]                     # attribute -> share that the judge sees in renders, packed and unpacked: the most there is
    settings: dict[str, int | float | str]
    seconds: float = 0.0
    machine: dict[str, str | int] = field(default_factory=dict)

    def row(self, model: str, prompts: str) -> Row:
        """Raises KeyError."""
        for row in self.rows:
            if (row.model, row.prompts) == (model, prompts):
                return row
        raise KeyError((model, prompts))

    def to_json(self) -> dict:
        return {**asdict(self), "differences": [{**asdict(one), "told": one.told} for one in self.differences]}

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Heads and rows as they are read: shares in percent."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.each))
        heads = ["model", "prompts", "short words heard", "all its words heard", *names, "films"]
        rows = [[row.model, row.prompts, f"{100 * row.asked:.1f} ± {100 * row.sure:.1f} %", f"{100 * row.named:.1f} %",
                 *(f"{100 * row.each[name]:.0f} %" if name in row.each else "" for name in names), str(row.films)] for row in self.rows]
        if self.bound:
            rows.append(["(the judge on renders)", "", "", "", *(f"{100 * self.bound[name]:.0f} %" if name in self.bound else "" for name in names), ""])
        return heads, rows

    def text(self) -> str:
        """A plain table, aligned, with the differences below it."""
        heads, rows = self.cells()
        table = [heads, *rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]
        lines.insert(1, "-" * max(map(len, lines)))
        return "\n".join([self._heading(), "", *lines, "", *(one.words() for one in self.differences)])

    def markdown(self) -> str:
        """The same as Markdown, under a heading of its own."""
        heads, rows = self.cells()
        lines = ["| " + " | ".join(heads) + " |", "|---|---" + "|---:" * (len(heads) - 2) + "|", *("| " + " | ".join(row) + " |" for row in rows)]
        return "\n\n".join([f"## {self.title}", self._setting(), "\n".join(lines), "\n".join(f"- {one.words()}" for one in self.differences)])

    def _heading(self) -> str:
        return f"{self.title} ({', '.join(f'{name} {value}' for name, value in self.settings.items())})"

    def _setting(self) -> str:
        machine = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        return f"{', '.join(f'{name} {value}' for name, value in self.settings.items())}; judged in {self.seconds / 60:.0f} minutes ({machine})."


def row_of(model: str, prompts: str, own: Sequence[Scores], asked: Sequence[Scores]) -> Row:
    """A row from what the judge saw, scene by scene.

    own     of what the prompt itself names
    asked   of what the scene's short prompt names, in the same films
    Raises ValueError where no prompt names anything.
    """
    means = scene_means(asked)
    each = {name: statistics.fmean(hit for scores in own for hit in scores.get(name, ())) for name in dict.fromkeys(name for scores in own for name in scores)}
    films = sum(max((len(hits) for hits in scores.values()), default=0) for scores in own)
    return Row(model, prompts, statistics.fmean(means), spread(means), statistics.fmean(scene_means(own)), each, films)


def difference(what: str, one: Sequence[Scores], other: Sequence[Scores]) -> Difference:
    """`one` less `other`, both of the same scenes in the same order."""
    gaps = [a - b for a, b in zip(scene_means(one), scene_means(other), strict=True)]
    return Difference(what, statistics.fmean(gaps), spread(gaps))


def scene_means(scenes: Sequence[Scores]) -> list[float]:
    """For each scene the share of all that was named and seen, films and attributes alike; scenes that name nothing are left out."""
    means = [[hit for hits in scores.values() for hit in hits] for scores in scenes]
    if not any(means):
        raise ValueError("None of these prompts names anything that the judge knows.")
    return [statistics.fmean(hits) for hits in means if hits]


def spread(values: Sequence[float]) -> float:
    """Half of the 95 % interval of their mean (normal approximation); 0 for a single one."""
    return 1.96 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0


def plot(table: Adherence, ratios: Mapping[str, float]) -> bytes:
    """What was heard of the short words against the ratio of descriptive captions, a line for each kind of prompt, as a PNG.

    ratios   model -> ratio, 0..1
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(7, 3), dpi=90, sharey=True)
    # The interval of what the short prompt asks is no interval of the other.
    for axis, title, value, sure in ((axes[0], "subject, colour, place, ... of the short prompt", lambda row: row.asked, lambda row: row.sure),
                                     (axes[1], "all that the prompt names", lambda row: row.named, lambda row: 0.0)):
        for prompts in dict.fromkeys(row.prompts for row in table.rows):
            rows = [row for row in table.rows if row.prompts == prompts]
            axis.errorbar([100 * ratios[row.model] for row in rows], [100 * value(row) for row in rows], yerr=[100 * sure(row) for row in rows],
                          marker="o", markersize=4, linewidth=1.2, capsize=3, label=f"{prompts} prompts")
        axis.set_title(title, fontsize=8)
        axis.set_xlabel("descriptive captions in training, %", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seen by the judge, %", fontsize=8)
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    pyplot.close(figure)
    return drawn.getvalue()
