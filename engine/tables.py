"""sqlite-utils, imported without pandas: it would load it, where it is installed, to know data frames, and we have none.

Gradio brings pandas, so that everything which opens a library or a queue, the studio and each command, paid a quarter of a
second and 40 MB for it. Knows one import; whoever wants pandas later gets it.
"""

from __future__ import annotations

import sys

_there = "pandas" in sys.modules
if not _there:
    sys.modules["pandas"] = None        # type: ignore[assignment]  what Python calls a module that cannot be had
try:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations
finally:
    if not _there:
        del sys.modules["pandas"]

__all__ = ["Database", "Migrations"]
