"""Cards: which accelerators this machine has and how much memory each holds, asked of the driver's own program.

Knows `nvidia-smi`. Knows no model and imports no torch: the page asks it, to say how a model would be laid out here.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass

ASK = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
PATIENCE = 5.0      # seconds that the driver may take
FRESH = 60.0        # seconds for which an answer holds: nobody plugs a card in between two looks


@dataclass(frozen=True)
class Card:
    """One accelerator."""

    name: str
    memory: int         # bytes, all of it


_known: tuple[float, tuple[Card, ...]] = (float("-inf"), ())


def cards() -> tuple[Card, ...]:
    """The accelerators of this machine; none where the driver is not there or does not answer."""
    global _known
    if time.monotonic() - _known[0] > FRESH:
        _known = time.monotonic(), _asked()
    return _known[1]


def _asked() -> tuple[Card, ...]:
    try:
        answer = subprocess.run(ASK, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return read(answer)


def read(answer: str) -> tuple[Card, ...]:
    """What the driver's program says, a card in each line: its name, a comma, its mebibytes. Lines that say something else are passed over."""
    found = []
    for line in answer.splitlines():
        name, _, size = line.rpartition(",")
        if name.strip() and size.strip().isdecimal():
            found.append(Card(name.strip(), int(size) << 20))
    return tuple(found)
