"""A studio that really runs, as a process of its own, mostly with the weightless model: for tests of the server and the page."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.library import Library

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys
from app.server import serve
try:
    serve(port={port}, home={home!r}, host={host!r}, backend={backend!r}, mcp={mcp!r})
finally:
    print("modules:", *sorted({{name.partition(".")[0] for name in sys.modules}}), flush=True)
"""


class Running:
    """One studio; `address` is where it is, `output` what it printed. Close it.

    mcp     the public functions for the Model Context Protocol too
    bare    its home has no project yet; else it has an empty first one, so that no project that comes with the studio is put in
    """

    def __init__(self, home: Path, port: int = 0, host: str = "127.0.0.1", backend: str = "drawn", bare: bool = False, mcp: bool = False, **environment: str):
        if not bare:
            Library.open(home)
        self.home = home
        self.log = home.parent / f"{home.name}.{time.monotonic_ns()}.log"
        code = SERVE.format(port=port, home=str(home), host=host, backend=backend, mcp=mcp)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], stdout=log, stderr=log, cwd=ROOT, env={"OMP_WAIT_POLICY": "PASSIVE"} | os.environ | environment     # as the command has it
            )
        self.began = time.monotonic()
        self.address = self._address()
        self.opened = time.monotonic() - self.began     # seconds until it said that it is open

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def close(self) -> str:
        """Ctrl-C; returns all that it printed. Kills it, and says so, when it does not go."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the studio did not stop within 30 s; it said: {self.output}") from None
        return self.output

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def _address(self) -> str:
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"open at (http://\S+)", self.output)
            if found:
                return found[1]
            time.sleep(0.05)
        if self.process.poll() is None:
            self.kill()
        raise AssertionError(f"the studio did not open; it said: {self.output}")
