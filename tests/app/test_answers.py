"""Our errors as answers: the sentence, and a status that says whose turn it is."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.routes.answers import NotHere, answer_error
from engine.errors import BadMedia, BadRequest, CannotWrite, CineloomError, NoAnswer, NotEnoughMemory, WeightsError


@pytest.mark.parametrize("kind, status", [
    (NoAnswer, 502), (BadRequest, 400), (BadMedia, 400), (NotEnoughMemory, 400), (NotHere, 404), (CannotWrite, 507), (WeightsError, 500), (CineloomError, 500),
])
def test_an_error_is_its_sentence_and_says_whose_turn_it_is(kind, status):
    app = FastAPI()
    app.add_exception_handler(CineloomError, answer_error)

    @app.get("/asked")
    def asked() -> dict:
        raise kind("The language model said nothing that could be a prompt; ask again.")

    reply = TestClient(app).get("/asked")
    assert (reply.status_code, reply.json()) == (status, {"error": "The language model said nothing that could be a prompt; ask again."})


def test_a_language_model_that_gives_no_answer_is_502_at_the_studio_s_own_routes(studio, desk, monkeypatch):
    """Wherever it is asked: not every way leads through a thread of the desk that turns it into a failed wish."""

    def silent(*_, **__):
        raise NoAnswer("Nobody answers at 127.0.0.1:1; is it running?")

    monkeypatch.setattr(desk.wording, "begin", silent)
    reply = studio.post("/studio/expand", json={"prompt": "a boat"})
    assert (reply.status_code, reply.json()["error"]) == (502, "Nobody answers at 127.0.0.1:1; is it running?")
