"""A process that dies in the middle of what it does, at any line of ours.

Each kill costs a process and a look at what is left, so tests take every few lines; CINELOOM_EVERY_LINE=1 takes them all, in minutes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

EVERY = bool(os.environ.get("CINELOOM_EVERY_LINE"))
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked and killed, which this system cannot")


def dies_after(lines: int, files: tuple[str, ...], begin: Callable[[], Callable[[], object]]) -> bool:
    """Do something in a process that is killed by SIGKILL after so many lines of these files; False when it came to its end.

    begin   makes ready, and returns what is done: only its lines count
    """
    child = os.fork()
    if child == 0:
        left = lines

        def count(frame, event, _):
            nonlocal left
            if not frame.f_code.co_filename.endswith(files):
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        try:
            act = begin()
            sys.settrace(count)
            act()
            sys.settrace(None)
            os._exit(0)
        except BaseException:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL
    return status != 0
