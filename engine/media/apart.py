"""Apart: strangers' files are decoded in a process of their own, which may do nothing but that.

    this process  --(job, the open file)-->  nursery, all imports done  --fork-->  cell: one file, then gone
                  <------- pictures and sentences, over a socket --------------------'

A cell may open no file and no socket, write no file, take `MEMORY` bytes at most, and is ended by the system's clock when it
works longer than `limit` seconds on one picture: C code that hangs cannot be asked to stop, and code that crashes takes
nothing along. Waiting for whoever reads the pictures is not counted. Interrupt callbacks were tried on paper and left out:
FFmpeg asks them where it reads, not where it decodes. What it costs, measured on two cores with ten programs waiting for
them: 50 ms more for each file, 3 s for the first, Full HD 124 instead of 77 ms a picture; 66 MB while files are read.

Where the system has no fork (Windows) jobs run in this process, with the same lists and limits but without the walls.
Knows processes and sockets. What a cell does is in `cell`.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine import isolated
from engine.errors import BadMedia
from engine.media.kinds import shown

LIMIT = 30.0                # seconds of work on one picture, or on opening a file
TOTAL = 2 * 3600.0          # seconds of work on one file
MEMORY = 4 << 30            # bytes of address space, beyond what an idle cell has
WALLS = hasattr(os, "fork") and hasattr(socket, "send_fds")

Message = tuple[dict, "np.ndarray | None"]


def ask(job: str, path: str | Path, limit: float = LIMIT, facts: dict | None = None, **options) -> Iterator[Message]:
    """Run one of `cell.JOBS` on the file at `path`; yields what it says, pictures as (H, W, C) uint8, or uint16 where a job is asked for that.

    limit    seconds of work from one message to the next
    facts    gets `peak`, the bytes of memory that the cell held at most, when it ends by itself
    Raises BadMedia with the job's sentence, and one when the decoder hung, crashed or wanted too much memory; OSError where
    the file cannot be opened. Closing the generator ends the cell.
    """
    with open(path, "rb") as file:
        if WALLS:
            yield from _Cell(job, file, shown(path), limit, facts, options)
        else:
            from engine.media.cell import JOBS

            yield from ((said, picture) for said, picture in filter(None, JOBS[job](file, shown(path), **options)))


class _Cell:
    """One cell at work, seen from outside."""

    def __init__(self, job: str, file, name: str, limit: float, facts: dict | None, options: dict):
        self.name, self.limit, self.facts = name, limit, facts
        self.asked = json.dumps({"job": job, "name": name, "limit": limit, "total": TOTAL, "options": options}).encode()
        self.file = file

    def __iter__(self) -> Iterator[Message]:
        began = time.monotonic()        # before the cell's own clock, which ends it: whoever looks later must not find less
        self.here = _nursery.admit(self.asked, self.file)
        # A cell ends itself in time. This is for one that the system has stopped or swapped out.
        self.here.settimeout(self.limit + 30)
        try:
            while True:
                head = self._take(struct.calcsize(">I"), began)
                said = json.loads(self._take(min(struct.unpack(">I", head)[0], 1 << 20), began))
                if self.facts is not None and "peak" in said:
                    self.facts["peak"] = said["peak"]
                if "error" in said:
                    raise BadMedia(str(said["error"])[:2000])
                if "end" in said:
                    return
                picture = None
                if "shape" in said:
                    height, width, colours = said.pop("shape")
                    picture = np.empty((height, width, colours), np.uint16 if said.pop("deep", False) else np.uint8)
                    self._fill(memoryview(picture).cast("B"), began)
                yield said, picture
                began = time.monotonic()
        finally:
            self.here.close()

    def _take(self, count: int, began: float) -> bytes:
        data = bytearray(count)
        self._fill(memoryview(data), began)
        return bytes(data)

    def _fill(self, view: memoryview, began: float) -> None:
        while view:
            try:
                count = self.here.recv_into(view)
            except (TimeoutError, ConnectionError):
                count = 0
            if count == 0:
                if time.monotonic() - began >= self.limit:
                    raise BadMedia(f"{self.name} kept the decoder busy for more than {self.limit:g} s on one picture: it is "
                                   "damaged, or made to do that. Convert it with another program first.")
                raise BadMedia(f"{self.name} is damaged in a way that broke the decoder; nothing else was harmed. Convert "
                               "it with another program first.")
            view = view[count:]


class _Nursery:
    """The process that cells are forked from: one for each process that asks, started at the first file."""

    def __init__(self):
        self.lock, self.control, self.process, self.owner = threading.Lock(), None, None, 0

    def admit(self, asked: bytes, file) -> socket.socket:
        """Start a cell on a file; the end of its socket that it speaks into."""
        here, there = socket.socketpair()
        here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with self.lock, there:
            for attempt in range(2):        # it may have gone to rest just now
                try:
                    if self.control is None or self.owner != os.getpid():
                        self._start()
                    files = [there.fileno(), file.fileno()]
                    socket.send_fds(self.control, [struct.pack(">I", len(asked)) + asked], files)
                    if self.control.recv(1) == b"!":
                        return here
                    raise ConnectionError("the nursery is gone")
                except OSError:
                    self.rest()
                    if attempt:
                        here.close()
                        raise BadMedia("The process that reads media could not be started; is the machine out of memory?"
                                       ) from None
        raise AssertionError("unreachable")

    def _start(self) -> None:
        self.rest()
        here, there = socket.socketpair()
        here.settimeout(60)
        with there:
            # One thread each: fork wants that.
            self.process = subprocess.Popen(
                isolated.command("engine.media.cell", "nurse", str(there.fileno())),
                pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
        self.control, self.owner = here, os.getpid()

    def rest(self) -> None:
        """End it; it ends by itself too, when this process does or when nothing was asked for a minute."""
        if self.control is not None:
            self.control.close()
        if self.process is not None and self.owner == os.getpid():
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.control = self.process = None


_nursery = _Nursery()
atexit.register(_nursery.rest)
