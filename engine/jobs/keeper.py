"""The keeper: sees that a worker is there when there is work, wakes it, restarts it when it dies, ends it on leaving.

Knows processes and the queue. Knows neither models nor pages, and imports no torch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from engine.errors import CannotWrite
from engine.jobs.queue import Queue

LOOK = 0.5          # seconds between looks
EARLY = 3           # deaths in a row before a worker took up any job: it cannot even start, so say so and stop trying
BRIEF = 60.0        # seconds of life that are too few to have done anything
PATIENCE = 3.0      # seconds a worker may take to keep its job and put it back when the studio closes


class Keeper:
    """Starts the worker of one home when something waits. `start` and `close` it; `wake` it after a submit."""

    def __init__(self, queue: Queue, *, warm: str = "", device: str = "here", command: list[str] | None = None, sees: str | None = None, before: int = 0):
        """
        warm      backend that a new worker opens before its first job
        device    the post to see to
        command   what to run instead of the worker of this package, for tests
        sees      the accelerators that the worker is shown, as CUDA_VISIBLE_DEVICES says them; None: those that we see
        before    workers of this home that are begun before this one: it has one only when there is more to do than they can take
        """
        self.queue = queue
        self.command = command or [sys.executable, "-m", "engine.jobs.worker"]
        self.warm, self.device = warm, device
        self.sees, self.before = sees, before
        self.log = queue.home / (f"worker-{before}.log" if before else "worker.log")
        self.child: subprocess.Popen | None = None
        self.wanted = False         # somebody is about to ask for something: have the model ready
        self._deaths = 0
        self._lame = False          # no worker can be had here, and others do the work
        self._born = 0.0
        self._taken = 0             # jobs taken up by anybody, when the worker was started: did it take up any?
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._watch, daemon=True, name="keeper")

    def start(self) -> Keeper:
        """Begin to watch; returns at once."""
        self._thread.start()
        return self

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    def get_ready(self) -> None:
        """Have a worker with its model open, though nothing waits yet."""
        if not self.wanted:
            self.wanted = True
            self._wake.set()

    def close(self) -> None:
        """End the worker: its job goes back in line and is made when the studio opens again."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(5)
        if self.child is None or self.child.poll() is not None:
            return
        self.child.terminate()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()           # in the middle of a long step; recover() finds the job
            self.child.wait()
        self._recover()

    def leave(self) -> None:
        """Tell the worker that it is to end, and do not wait for it; `close` does."""
        self._closed = True
        self._wake.set()
        child = self.child
        if child is not None and child.poll() is None:
            child.terminate()

    def _recover(self) -> None:
        try:
            self.queue.recover()
        except CannotWrite as error:        # locked: the next studio sees to it
            print(f"keeper: {error}", file=sys.stderr)

    def _watch(self) -> None:
        woken = True
        while not self._closed:
            try:
                self._look(woken)
            except Exception as error:      # a locked database must not end the watch
                print(f"keeper: {error}", file=sys.stderr)
            woken = self._wake.wait(LOOK)
            self._wake.clear()

    def _look(self, woken: bool) -> None:
        if self.child is not None and self.child.poll() is not None:
            failed = self.child.returncode not in (0, 3)
            # Whether it took up a job: of one among several that cannot be told by their number, but by how long it lived.
            early = time.monotonic() - self._born < BRIEF if self.before else self.queue.taken() == self._taken
            self._deaths = self._deaths + 1 if failed and early else 0
            self.child = None
            self.wanted = False
        if self.child is not None:
            if woken:
                self._nudge()
            return
        self.queue.recover()
        if not (self.wanted or self._needed()):
            return
        if self.queue.worker(self.device) is not None:
            return                      # an older studio's, or another's on this home: it takes our jobs too
        if self._deaths >= EARLY:
            self._deaths = 0
            self.wanted = False
            if self.before:         # those before it are there: what waits for any of us is theirs
                self._lame = True
                print(f"keeper: no worker can be had on {self.device}; {self.log} ends with: {self._last_words()}", file=sys.stderr)
                return
            self.queue.fail_waiting(f"The worker does not start. {self.log} ends with: {self._last_words()}", self.device)
            return
        self._spawn()

    def _needed(self) -> bool:
        """Whether there is work for a worker here: more than those before it can take, or some that asks for this one."""
        if not self.before:
            return self.queue.waiting(self.device) > 0
        return not self._lame and (self.queue.waiting(self.device, alone=True) > 0 or (self.queue.waiting(self.device) > 0 and self.queue.waiting(self.device) + self.queue.running() > self.before))

    def _spawn(self) -> None:
        self._taken, self._born = self.queue.taken(), time.monotonic()
        if self.log.exists() and self.log.stat().st_size > 1_000_000:
            self.log.replace(self.log.with_suffix(".old.log"))
        root = Path(__file__).resolve().parents[2]
        paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
        with open(self.log, "ab") as log:
            log.write(f"\n--- {time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
            log.flush()
            self.child = subprocess.Popen(
                [*self.command, "--home", str(self.queue.home), "--device", self.device, "--kept", "--warm", self.warm],
                stdin=subprocess.PIPE,      # its end tells the worker that we are gone, however we went
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"} | ({} if self.sees is None else {"CUDA_VISIBLE_DEVICES": self.sees}),
                start_new_session=True,     # Ctrl-C is for us; we then end the worker in an orderly way
            )

    def _nudge(self) -> None:
        try:
            self.child.stdin.write(b"\n")
            self.child.stdin.flush()
        except OSError:
            pass                        # it has just died; the next look sees that

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()[-40:] if line.strip()]
        return lines[-1][:300] if lines else "nothing"
