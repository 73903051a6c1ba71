"""Aside: a piece of the studio's work in a process of its own, so that the page's stays small and a stop is sure.

    one line of JSON comes in, many go out; the last says what came of it, or {"error": "a sentence"}

Knows lines and whoever asked: it ends when they are gone. Knows nothing of the work. Used by app.export and app.errand.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator

from engine.errors import CineloomError

QUIET = 5           # how nice it is: a film that is being made goes first


def serve(work: Callable[[dict], Iterator[dict]], what: str) -> int:
    """Do what the first line on stdin asks, and say what `work` yields; the process's exit code. `what` names it in a sentence."""
    if hasattr(os, "nice"):
        os.nice(QUIET)
    asked, parent = json.loads(sys.stdin.readline()), os.getppid()
    try:
        for event in work(asked):
            if os.getppid() != parent:
                return 1
            say(event)
    except CineloomError as error:
        say({"error": str(error)})
    except Exception as error:      # a person waits for a sentence
        say({"error": f"Something broke inside {what} ({type(error).__name__}: {error!s:.200})."})
    return 0


def say(what: dict) -> None:
    """One line, whole: two threads may speak."""
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()
