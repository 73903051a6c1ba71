"""Held: a process that is kept between questions, because what it needs for an answer takes long to load.

    question ─→ process about "a" ─→ answer        the next about "a" is asked of the same one
                about "b", or nobody waits for the answer: it ends, all its memory is free, and another begins

One question at a time: whoever else asks waits for their turn. Questions and answers are a line each.
Knows processes and lines. Knows nothing of what is asked.
"""

from __future__ import annotations

import atexit
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

LOOK = 0.1              # seconds between two looks at whether somebody still waits


class Ended(Exception):
    """The process ended without an answer; its exit code is the argument."""


class Held:
    """At most one process at a time. May be asked from any thread."""

    def __init__(self, start: Callable[[], subprocess.Popen]):
        """start   begins a process with pipes for its input and output"""
        self.start, self.lock = start, threading.Lock()
        self.child: subprocess.Popen | None = None
        self.about, self.said = "", SimpleQueue()
        atexit.register(self.end)

    def ask(self, about: str, question: bytes, room: Callable[[], None], waits: Callable[[], None]) -> bytes:
        """The answer's line.

        about      what the process holds; another ends it first
        question   a line, without its end
        room       called before a process begins; what it raises is raised
        waits      called now and then while an answer is waited for; what it raises is raised, and the process ended
        Raises Ended where the process gave none.
        """
        while not self.lock.acquire(timeout=LOOK):
            waits()
        try:
            if self.about != about:
                self.end()
            if self.child is not None:
                with suppress(Ended):           # one that nobody asked for long may end just now
                    return self._asked(question, waits)
                self.end()
            room()
            self._begin(about)
            return self._asked(question, waits)
        except BaseException:
            self.end()
            raise
        finally:
            self.lock.release()

    def end(self) -> None:
        """End the process, if there is one, and have its memory back."""
        child, self.child, self.about = self.child, None, ""
        if child is not None:
            child.kill()
            child.wait()
            with suppress(OSError):             # of what it was not told any more
                child.stdin.close()

    def _begin(self, about: str) -> None:
        self.child, self.about, self.said = self.start(), about, SimpleQueue()
        threading.Thread(target=_listen, args=(self.child.stdout, self.said), name="words", daemon=True).start()

    def _asked(self, question: bytes, waits: Callable[[], None]) -> bytes:
        with suppress(OSError):                 # it has ended: that is heard below
            self.child.stdin.write(question + b"\n")
            self.child.stdin.flush()
        while True:
            waits()
            with suppress(Empty):
                if not (line := self.said.get(timeout=LOOK)):
                    raise Ended(self.child.wait())
                return line


def _listen(pipe, said: SimpleQueue) -> None:
    """Every line that comes, and an empty one at the end."""
    with pipe:
        for line in pipe:
            said.put(line)
    said.put(b"")
