"""A desk and a client of its routes, where nobody makes what is put in line."""

from __future__ import annotations

import weakref
from collections import defaultdict

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.desk import Desk
from app.routes import add_routes

A, B, STILL = "aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"      # takes of a home that is stocked


class NoKeeper:
    """Stands where the keeper stands, and starts nothing."""

    def __init__(self):
        self.woken = 0

    def wake(self):
        self.woken += 1

    def get_ready(self):
        pass

    def close(self):
        pass


def idle(home) -> Desk:
    """A desk whose jobs nobody makes."""
    return Desk(home, backend="drawn", keeper=NoKeeper())


class AnyDesk:
    """Stands for the desk of whichever test asks, in routes that were made once: FastAPI takes a tenth of a second to make them.

    While no desk has taken it, whatever is asked of it is one of its own, for what the desk will have there.
    """

    def __init__(self, taken=lambda: None):
        self._taken = taken

    def __getattr__(self, name):
        there = self._taken()
        return AnyDesk(lambda: None if (found := self._taken()) is None else getattr(found, name)) if there is None else getattr(there, name)

    def __call__(self, *args, **more):
        return self._taken()(*args, **more)


_free = defaultdict(list)       # limits -> apps nobody uses, each with the list that holds its desk


def client(desk, **changes) -> TestClient:
    """A client of a desk's routes; `changes` are limits, see `add_routes`."""
    free = _free[repr(sorted(changes.items()))]
    if free:
        app, taken = free.pop()
    else:
        app, taken = FastAPI(), []
        add_routes(app, AnyDesk(lambda: taken[0] if taken else None), **changes)
    taken[:] = [desk]
    found = TestClient(app)
    weakref.finalize(found, free.append, (app, taken))
    return found
