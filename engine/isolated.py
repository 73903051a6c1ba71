"""A Python of our own in a process apart: neither the folder it is started in nor the environment decides what it imports.

Knows interpreters and paths. Knows nothing of what is done there. Used by media, which are read there, and by language models.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def command(module: str, function: str, *given: str) -> list[str]:
    """The command of a process that calls `function(*given)` of one of our modules, which finds what this process would; `given` are texts."""
    root = str(Path(__file__).resolve().parents[1])
    paths = [*dict.fromkeys([root, *(place for place in sys.path if os.path.isabs(place))])]
    code = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {module} import {function}; {function}(*sys.argv[2:])"
    return [sys.executable, "-I", "-c", code, json.dumps(paths), *given]
