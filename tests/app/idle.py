"""A desk and a client of its routes, where nobody makes what is put in line."""

from __future__ import annotations

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


def client(desk, **changes) -> TestClient:
    """A client of a desk's routes; `changes` are limits, see `add_routes`."""
    app = FastAPI()
    add_routes(app, desk, **changes)
    return TestClient(app)
