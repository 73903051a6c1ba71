"""Export: one export of a cut, in a process of its own: the page's process keeps its hands free, and a cancel is sure.

    {"home": ..., "project": ..., "cut": ..., "revision": 3, "folder": ..., "asked": {"kind": "h264", ...}}     comes in, one line
    {"words": "rendering 00:00:01:12, picture", "done": 28, "total": 120}                                        goes out, many
    {"file": "One.mp4", "notes": [...]}  or  {"error": "..."}                                                     at last

Knows lines of JSON. How cuts are rendered and handed over is the engine's. Started by app.desk.exports.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import signing
from app.aside import serve
from engine.errors import BadRequest
from engine.library import Library
from engine.library.importing import Progress
from engine.timeline.handover import Handed, file_name, hand_over
from engine.timeline.history import History
from engine.timeline.laying import rate_of
from engine.timeline.rendering import Places, Rendered, Wanted, render
from engine.timeline.rendering.kinds import KINDS

HANDED = "handover"     # the kind that is no film: lists for other editors with their films
BETWEEN = 64            # progress is said once in so many events at most, and whenever the words change


def main() -> int:
    """Export, and say how far it is."""
    return serve(lambda asked: _told(export(**asked)), "the export")


def _told(events: Iterator[Progress | dict]) -> Iterator[dict]:
    """Of all steps on the way those that somebody waits for: the first and the last of a kind, and every so many."""
    last = ""
    for number, event in enumerate(events):
        if not isinstance(event, Progress):
            yield event
        elif event.words.split(" ")[0] != last or number % BETWEEN == 0 or event.done == event.total:
            last = event.words.split(" ")[0]
            yield {"words": event.words, "done": event.done, "total": event.total}


def export(home: str, project: str, cut: str, revision: int, folder: str, asked: dict) -> Iterator[Progress | dict]:
    """Export a cut into a folder as one file; what is a folder itself is zipped. Raises CineloomError."""
    library, place = Library.open(Path(home), project), Path(folder)
    version = History(library.store).open(cut, revision)
    stem, kind = file_name(version.cut.name) or "cut", asked["kind"]
    sign = signing.wanted(home, asked.get("credentials"), KINDS[kind].ending) if kind in KINDS else None
    if kind == HANDED:
        if asked.get("credentials"):
            raise BadRequest("Content credentials are put into finished films and pictures; what is handed over to other editors is none yet.")
        made = place / stem
        events: Iterator[Any] = hand_over(version.cut, library, made)
    else:
        made = place / f"{stem}{KINDS[kind].ending if kind in KINDS else ''}"
        size, rate = asked.get("size"), asked.get("rate")
        wanted = Wanted(kind, tuple(size) if size else None, rate_of(rate) if rate else None, asked.get("quality") or "good", asked.get("fit") or "letterbox",
                        "flow" if asked.get("flow") else "exact", asked.get("start") or 0, asked.get("stop"))
        events = render(version.cut, Places(library), made, wanted)
    notes: list[str] = []
    for event in events:
        if isinstance(event, Rendered | Handed):
            notes += event.notes
        else:
            yield event
    if sign is not None:
        start, stop = asked.get("start") or 0, asked.get("stop")
        yield Progress("signing")
        sign.cut(made, version.cut, Places(library), start, start + 1 if kind == "still" else stop)
    if made.is_dir():
        yield Progress("packing")
        shutil.make_archive(str(made), "zip", place, made.name)
        shutil.rmtree(made)
        made = place / f"{made.name}.zip"
    yield {"file": made.name, "notes": notes}


if __name__ == "__main__":
    sys.exit(main())
