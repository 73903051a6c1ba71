"""Errand: a model brought onto this machine, or a folder of one's own told of, in a process of its own. The page's process
never holds a hub's client, and a stop is sure.

    {"pull": "wan-2.1-1.3b"}  or  {"add": "/a/folder", "name": "mine"}      comes in, one line
    {"words": "transformer/...", "done": 1200, "total": 14000}               goes out, many; bytes
    {"here": "wan-2.1-1.3b"}  or  {"error": "..."}                           at last

Knows lines of JSON. How models are brought and told of is the engine's. Started by app.desk.models.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from app.aside import say, serve
from engine.denoisers.open import keeping, pulling
from engine.denoisers.open.rows import known, models_folder
from engine.errors import BadRequest

LOOK = 0.5          # seconds between two looks at how much of a large file is here


def main() -> int:
    """Bring a model, or tell of one."""
    return serve(lambda asked: _pull(asked["pull"]) if "pull" in asked else _add(asked["add"], asked.get("name", "")), "the errand")


def _pull(name: str) -> Iterator[dict]:
    row = known(name)
    if row is None:
        raise BadRequest(f"No model called {name!r:.60} can be brought.")
    total, over = [0], threading.Event()
    looking = threading.Thread(target=_look, args=(models_folder() / name, total, over, os.getppid()), daemon=True)
    looking.start()
    try:
        for part in pulling.pull(row):
            total[0] = part.total
            yield {"words": part.file, "done": part.done, "total": part.total}
    finally:
        over.set()
        looking.join()
    yield {"here": name}


def _look(place: Path, total: list[int], over: threading.Event, parent: int) -> None:
    """Say how many bytes are here while a file comes, which takes an hour sometimes; and end with whoever asked."""
    while not over.wait(LOOK):
        if os.getppid() != parent:
            os._exit(1)         # nothing else would stop a file on its way
        if total[0]:
            say({"done": min(total[0], there(place)), "total": total[0]})


def there(place: Path) -> int:
    """Bytes of a model's folder, those of files on their way too."""
    size = 0
    for path in place.rglob("*") if place.is_dir() else ():
        try:
            size += path.stat().st_size if path.is_file() else 0
        except OSError:         # it got its own name just now
            continue
    return size


def _add(folder: str, name: str) -> Iterator[dict]:
    for step in keeping.add(Path(folder), name):
        yield {"words": step} if isinstance(step, str) else {"here": step.name}


if __name__ == "__main__":
    sys.exit(main())
