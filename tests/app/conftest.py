"""Homes that go away, and waiting that ends."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from engine.jobs import Queue
from engine.library import Library


@pytest.fixture
def home(tmp_path):
    """An empty home."""
    return tmp_path / "home"


@pytest.fixture
def library(home):
    """Its first project."""
    return Library.open(home)


@pytest.fixture
def queue(home):
    """Its queue."""
    return Queue(home)


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
