"""Makers at the contract of engine.make, for tests of the queue: they make files and events, and sleep, die or fail on demand.

As a program this is a worker with one of them:  python fakes.py MAKER --home DIR [--kept]
"""

from __future__ import annotations

import dataclasses
import os
import queue
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from engine.errors import BadRequest, Cancelled
from engine.events import Decoded, Finished, Kept, Made, Noted, Started, Stepped, Stop
from engine.jobs.contract import Order, Result, resolve
from engine.recipe import Recipe, from_json

PAUSE = 0.08        # seconds a slow step takes


def recipe(prompt: str = "red left", **changes) -> Recipe:
    """A recipe on the grid of the weightless backend."""
    return Recipe(**{"operation": "text", "prompt": prompt, "pictures": 17, "width": 64, "height": 64, "seed": 7,
                     "steps": 4, "backend": "drawn", **changes})


def made(folder: Path, asked: Recipe) -> Made:
    """Files that stand for a finished take."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"film": "take.mp4", "poster": "poster.jpg", "strip": "strip.jpg", "latents": "latents.safetensors"}
    files = {what: folder / name for what, name in names.items()}
    for what, path in files.items():
        path.write_bytes(f"{what} of {asked.prompt}".encode() * 40)
    return Made(recipe=asked.made_by("0"), **files, width=asked.width, height=asked.height, pictures=asked.pictures,
                rate=16, seconds=0.5)


def seeing(asked: Recipe, folder: Path, **more):
    """Steady; the version of its takes says which accelerators it was shown."""
    for event in steady(asked, folder, **more):
        yield Finished(dataclasses.replace(event.made, recipe=asked.made_by(os.environ.get("CUDA_VISIBLE_DEVICES", "all")))) if isinstance(event, Finished) else event


def forgetting(asked: Recipe, folder: Path, **more):
    """Steady; memory runs out in its first step, and it says so twice."""
    for event in steady(asked, folder, **more):
        if isinstance(event, Stepped) and event.index < 2:
            yield Noted("Memory ran out; it goes on with less.")
        yield event


def tinting(path: Path) -> Path:
    """A LoRA for the weightless backend: it makes everything a little redder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"drawn.lora_A.weight": np.ones((2, 3), np.float32), "drawn.lora_B.weight": np.float32([[1, 1], [0, 0], [0, 0]])}, path, metadata={"trigger_words": "warm"})
    return path


def quick(asked: Recipe, folder: Path, *, cancelled, **_):
    """Every event, at once."""
    return _events(asked, folder, cancelled, 0.0)


def slow(asked: Recipe, folder: Path, *, cancelled, **_):
    """The same, a pause before every step: time enough to be killed."""
    return _events(asked, folder, cancelled, PAUSE)


def refusing(asked: Recipe, folder: Path, *, cancelled, **_):
    """Says no, in a sentence."""
    raise BadRequest("This cannot be made; ask for something else.")
    yield


def broken(asked: Recipe, folder: Path, *, cancelled, **_):
    """A mistake in the program."""
    yield Started(asked, asked.steps, 5)
    raise ZeroDivisionError("division by zero")


def steady(asked: Recipe, folder: Path, *, cancelled, since, **_):
    """Slow, and keeps every step: its state is the number of steps done, in digits."""
    done = int(since) if since else 0
    yield Started(asked, asked.steps, 1 + (asked.pictures - 1) // 4, done)
    for index in range(done, asked.steps):
        time.sleep(PAUSE)
        yield Stepped(index, asked.steps, np.full((1, 8, 8, 3), index % 250, np.uint8))
        yield Kept(index + 1, str(index + 1).encode())
        if cancelled():
            raise Cancelled("stopped")
    yield Decoded(asked.pictures, asked.pictures)
    yield Finished(made(folder, asked))


def lethal(asked: Recipe, folder: Path, *, since, **_):
    """Takes its process along: "moves" twice, each time a step further; "stays" always, at its first step."""
    done = int(since) if since else 0
    yield Started(asked, asked.steps, 5, done)
    if done < 2 and asked.prompt == "moves" or done < 1 and asked.prompt == "stays":
        yield Kept(done + 1, str(done + 1).encode())
        os._exit(9)
    if asked.prompt == "stays":
        os._exit(9)
    yield Finished(made(folder, asked))


def hungry(asked: Recipe, folder: Path, **_):
    """Asks the system for more memory than there is: a real MemoryError, or torch's own words for it."""
    yield Started(asked, asked.steps, 5)
    if asked.prompt == "torch":
        import torch

        torch.empty(1 << 50)
    bytearray(1 << 60)


def glutton(asked: Recipe, folder: Path, **_):
    """Takes memory until the kernel ends it; a small film it makes."""
    yield Started(asked, asked.steps, 5)
    while asked.prompt == "too much":
        HELD.append(b"x" * 20_000_000)
    yield Finished(made(folder, asked))


def leaky(asked: Recipe, folder: Path, **_):
    """Holds 20 MB more after each film."""
    HELD.append(b"x" * 20_000_000)
    yield from _events(asked, folder, lambda: False, 0.0)


HELD: list[bytes] = []


def deadly(asked: Recipe, folder: Path, *, cancelled, **_):
    """Takes its process along."""
    yield Started(asked, asked.steps, 5)
    (folder / "half.mp4").write_bytes(b"half")
    os._exit(9)


def _events(asked, folder, cancelled, pause):
    frames = 1 + (asked.pictures - 1) // 4
    yield Started(asked, asked.steps, frames)
    for index in range(asked.steps):
        time.sleep(pause)
        (folder / "half.part").write_bytes(b"half")
        yield Stepped(index, asked.steps, np.full((frames, 8, 8, 3), index % 250, np.uint8))
        if cancelled():
            raise Cancelled("cancelled")
    yield Decoded(asked.pictures, asked.pictures)
    yield Finished(made(folder, asked))


def gently(asked: Recipe, folder: Path, **more):
    """The real thing, with a pause after every event: time enough to be stopped."""
    from engine.denoisers.catalog import open_backend
    from engine.make import make

    for event in make(asked, open_backend(asked.backend), folder, **more):
        yield event
        time.sleep(0.02)


class Elsewhere:
    """A runner as a cluster engine would have it: sees nothing of ours but what travels, works in a folder and a thread of its own."""

    def __init__(self, place: Path):
        self.place, self.orders, self.warmed = place, [], []

    def warm(self, backend: str) -> None:
        self.warmed.append(backend)

    def start(self, order: Order, bench: Path):
        self.orders.append(order)
        return ElsewhereRun(order.carried(), self.place / order.id)


class ElsewhereRun:
    """See `engine.jobs.contract.Run`."""

    def __init__(self, order: Order, place: Path):
        self.said, self.asked = queue.SimpleQueue(), None
        self.thread = threading.Thread(target=self._work, args=(order, place))
        self.thread.start()

    def __iter__(self):
        while (said := self.said.get()) is not None:
            if isinstance(said, Exception):
                raise said
            yield said

    def stop(self, how) -> None:
        self.asked = how

    def close(self) -> None:
        self.asked = Stop.DROP
        self.thread.join()

    def _work(self, order: Order, place: Path) -> None:
        try:
            inputs, windows = resolve(order.inputs, place / "inputs"), resolve(order.windows, place / "windows")
            for event in gently(from_json(order.recipe), place, cancelled=lambda: self.asked or False, every=order.every,
                                since=order.state, windows=[windows[file.sha256] for file in order.windows], inputs=inputs):
                self.said.put(Result.of(event.made, carried=True) if isinstance(event, Finished) else event)
            self.said.put(None)
        except Exception as error:
            self.said.put(error)
        finally:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    from engine.jobs.worker import main

    sys.exit(main(sys.argv[2:], maker=globals()[sys.argv[1]]))
