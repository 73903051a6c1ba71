"""An app that is made while others already answer: who asks for it waits, and is told when it could not be made."""

from __future__ import annotations

import threading

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from app.later import Later


def app_of(text: str, happened: list[str]) -> Starlette:
    """An app that answers with `text`, and tells when it begins and ends."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(_):
        happened.append("began")
        yield
        happened.append("ended")

    return Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse(text))], lifespan=lifespan)


def around(later: Later) -> Starlette:
    return Starlette(routes=[Route("/now", lambda request: PlainTextResponse("here")), Mount("/", later)], lifespan=later.lifespan)


def test_others_answer_while_it_is_made_and_who_asks_for_it_waits():
    go, happened = threading.Event(), []

    def make() -> Starlette:
        assert go.wait(30)
        return app_of("late", happened)

    with TestClient(around(Later(make))) as web:
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(web.get("/x")))
        asking.start()
        assert web.get("/now").text == "here" and not answers and not happened
        go.set()
        asking.join(30)
        assert answers[0].text == "late" and happened == ["began"]
        assert web.get("/y").text == "late"
    assert happened == ["began", "ended"]


def test_it_is_made_though_nobody_asks():
    made = threading.Event()

    def make() -> Starlette:
        made.set()
        return app_of("late", [])

    with TestClient(around(Later(make, patience=0.05))):
        assert made.wait(30)


def test_a_studio_that_closes_at_once_makes_nothing():
    def make() -> Starlette:
        pytest.fail("it was made")

    with TestClient(around(Later(make))) as web:
        assert web.get("/now").text == "here"


def test_what_could_not_be_made_is_said(capsys):
    def make() -> Starlette:
        raise RuntimeError("no gradio here")

    with TestClient(around(Later(make))) as web:
        answer = web.get("/x")
        assert answer.status_code == 503 and "did not start" in answer.text
        assert web.get("/now").text == "here"
    assert "no gradio here" in capsys.readouterr().err
