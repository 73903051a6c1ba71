"""Homes that go away, and waiting that ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from idle import STILL, A, B, client, idle

from engine.jobs import Queue
from engine.library import Library

ROOT = Path(__file__).parents[2]
FAKES = Path(__file__).parent / "fakes.py"


@pytest.fixture
def home(tmp_path):
    """An empty home."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def stock(tmp_path_factory):
    """A home with two takes that were really made, 17 pictures each, and a still; see `stocked`."""
    from engine.denoisers.drawn import DrawnBackend
    from engine.make import make
    from engine.recipe import compose

    home = tmp_path_factory.mktemp("stock") / "home"
    library = Library.open(home)
    for id, prompt, more in ((A, "red right", {}), (B, "blue left", {}), (STILL, "green", {"operation": "image"})):
        recipe, _ = compose(prompt, **{"model": "drawn", "seconds": 1, "size": (96, 64), "seed": 7, "steps": 2, **more})
        *_, last = make(recipe, DrawnBackend(), library.staging(id))
        library.add_take(last.made, id)
    return home


@pytest.fixture
def stocked(stock, tmp_path):
    """A copy of that home, for one test."""
    return shutil.copytree(stock, tmp_path / "home")


@pytest.fixture
def library(home):
    """Its first project."""
    return Library.open(home)


@pytest.fixture
def queue(home):
    """Its queue."""
    return Queue(home)


@pytest.fixture
def desk(home):
    """A desk over it, whose jobs nobody makes."""
    return idle(home)


@pytest.fixture
def studio(desk):
    """A client of the desk's routes."""
    return client(desk)


@pytest.fixture
def until():
    """Wait until something is true, and answer with it; fail with `what` when it does not come."""

    def wait(true: Callable, what: str, seconds: float = 90.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = true()
            if found:
                return found
            time.sleep(0.02)
        pytest.fail(f"{what} did not come within {seconds:.0f} s")

    return wait


@pytest.fixture
def worker_process(home):
    """Start a worker process with one of the fake makers; what is left of them is killed in the end."""
    started = []

    def start(maker: str, *arguments: str) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, str(FAKES), maker, "--home", str(home), *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()


@pytest.fixture
def send(studio):
    """Ask something of a cut; the answer, which must be one."""

    def ask(path: str, **asked):
        reply = studio.post(f"/studio/cuts{path}", json=asked)
        assert reply.status_code == 200, reply.json()
        return reply.json()

    return ask


@pytest.fixture
def two(send):
    """A cut of two takes, 17 frames each."""
    return send("", name="One", takes=[A, B])
