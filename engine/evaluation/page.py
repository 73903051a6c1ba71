"""Page: what a person should know of a model's operations before they trust them, with films to look at.

Knows a table of operations, films to show, and Markdown. Measures nothing.

    assets/paper/
      operations.md             the table, the curve, what fell short
      operations.json           the figures behind it
      operations/extend.jpg     films, each over the naive way of making it
      operations/edit.png       the curve of edits
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.evaluation.beside import Operations, Point
from engine.evaluation.card import contact_sheet
from engine.evaluation.report import Shown
from engine.media import write_bytes

SHEET_BYTES = 150_000           # of each sheet; there are seven
COLUMNS, WIDTH = 8, 120         # pictures of a film, and how wide each is
ABOUT = """Every operation of the studio, tried on takes of prompts that training never saw, and on footage where there was some. Beside each
figure stands the same of the naive way: what people do where they have no such operation. *Usual* is what the measure says of
plain film, where nothing was joined. *Worst* is the worst film. Pictures are compared before they are compressed."""


def write_page(folder: Path, table: Operations, shown: Mapping[str, Sequence[Shown]]) -> Path:
    """Write operations.md with its pictures and operations.json into `folder`; returns the page's path.

    shown   part -> films, in the order they are to be seen
    """
    place = folder / "operations"
    place.mkdir(parents=True, exist_ok=True)
    settings = ", ".join(f"{name} {value}" for name, value in table.settings.items())
    parts = [f"# Operations of {table.model.capitalize()} {table.version}", ABOUT,
             f"Measured in {table.seconds / 60:.0f} minutes on {table.machine.get('device')} with {table.machine.get('cores')} cores ({settings}). "
             "`cineloom evaluate operations` makes this table again.", table.markdown()]
    if table.curve:
        write_bytes(place / "edit.png", plot(table.curve))
        parts += ["## What an edit gains and keeps", "From low strength to high, mean of all films. Up is more of what was asked, right is more of what was there.",
                  "![gain against outlines kept](operations/edit.png)"]
    parts += ["## Where it falls short", "\n".join(f"- {line}" for line in (*table.missed(), *table.skipped)) or "Every aim was reached and every part measured."]
    for part, films in shown.items():
        if films:
            wide = films[0].pictures.shape[2] * 4 if len(films[0].pictures) == 1 else WIDTH
            write_bytes(place / f"{part}.jpg", contact_sheet(films, min(COLUMNS, len(films[0].pictures)), min(wide, 4 * WIDTH), SHEET_BYTES))
            parts += [f"## {part.capitalize()}", f"![films](operations/{part}.jpg)"]
    write_bytes(folder / "operations.json", (json.dumps(table.to_json(), indent=1, sort_keys=True, allow_nan=False) + "\n").encode())
    path = folder / "operations.md"
    write_bytes(path, ("\n\n".join(part.strip() for part in parts) + "\n").encode())
    return path


def plot(curve: Sequence[Point]) -> bytes:
    """Gain against outlines kept, a line for each way and a number at each strength, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(5, 3.4), dpi=100)
    for way in dict.fromkeys(point.way for point in curve):
        points = [point for point in curve if point.way == way]
        axis.plot([point.kept for point in points], [point.gained for point in points], marker="o", markersize=4, linewidth=1.2, label=way)
        for point in points if len(points) > 1 else ():
            axis.annotate(f"{point.strength:g}", (point.kept, point.gained), xytext=(3, 3), textcoords="offset points", fontsize=7)
    axis.set_xlabel("outlines kept (F1 of edges)", fontsize=8)
    axis.set_ylabel("chance of the asked word gained", fontsize=8)
    axis.tick_params(labelsize=7)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=7)
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    pyplot.close(figure)
    return drawn.getvalue()
