"""The routes of the button that expands a prompt: at once by the built-in one, waited for and stopped where somebody else is asked."""

from __future__ import annotations

import time

import pytest
from answering import waiting

WORKING = 60        # seconds until a test gives up waiting


@pytest.fixture
def served(monkeypatch):
    """A language model's address, see `answering.waiting`."""
    with waiting(monkeypatch) as server:
        yield server


def over(studio, token: str) -> dict:
    """What came of it."""
    until = time.monotonic() + WORKING
    while time.monotonic() < until:
        asking = studio.get(f"/studio/expand/{token}").json()["asking"]
        if asking["state"] != "working":
            return asking
        time.sleep(0.05)
    raise AssertionError("it is on its way for ever")


def kept(asking: dict) -> str:
    """What is left of a longer prompt without what was added."""
    letters = list(asking["prompt"])
    for start, stop in reversed(asking["added"]):
        del letters[start:stop]
    return "".join(letters)


def test_a_prompt_is_expanded_at_once_and_the_same_seed_says_the_same(studio):
    asked = {"prompt": " a boat\nat night ", "seed": 3, "model": "paper"}
    said = studio.post("/studio/expand", json=asked).json()["asking"]
    assert (said["state"], said["asked"], said["seed"], said["error"], said["note"]) == ("done", "a boat at night", 3, "", "")
    assert kept(said) == "a boat at night" and len(said["added"]) > 2
    again = studio.post("/studio/expand", json=asked).json()["asking"]
    assert again | {"token": ""} == said | {"token": ""}
    assert len({studio.post("/studio/expand", json=asked | {"seed": seed}).json()["asking"]["prompt"] for seed in range(6)}) > 1


@pytest.mark.parametrize("asked, sentence", [
    ({"prompt": "  "}, "The prompt is empty"), ({"prompt": "x" * 5_001}, "has 5,001 characters"), ({"prompt": "x" * 20_001}, "prompt: "),
    ({"prompt": "a boat", "seed": -1}, "seed: "), ({"prompt": "a boat", "seed": 2**31}, "seed: "), ({"prompt": ["a"]}, "prompt: "), ({}, "prompt: "),
    ({"prompt": "a boat", "model": "nobody's"}, "nobody's"), ({"prompt": "a boat", "provider": "somebody"}, "somebody"), ({"prompt": "a boat", "provider": "x" * 41}, "provider: "),
])  # fmt: skip
def test_what_cannot_be_expanded_is_a_sentence(studio, desk, asked, sentence):
    reply = studio.post("/studio/expand", json=asked)
    said = reply.json().get("error") or over(studio, reply.json()["asking"]["token"])["error"]
    assert sentence in said and reply.status_code in (200, 400)


def test_who_can_be_asked_is_said_and_why_the_others_cannot(studio, monkeypatch):
    monkeypatch.delenv("CINELOOM_WORDS_URL", raising=False)
    monkeypatch.delenv("CINELOOM_WORDS_FOLDER", raising=False)
    found = {one["name"]: one for one in studio.get("/studio/expand").json()["providers"]}
    assert found["built-in"]["ready"] and not found["served"]["ready"] and "CINELOOM_WORDS_URL" in found["served"]["why"]


def test_a_language_model_is_waited_for(studio, served):
    assert {one["name"]: one["ready"] for one in studio.get("/studio/expand").json()["providers"]}["served"]
    served.words = "a small boat drifts on the calm sea at night"
    begun = studio.post("/studio/expand", json={"prompt": "a boat at night", "provider": "served", "model": "paper"}).json()["asking"]
    assert begun["state"] == "working" and studio.get(f"/studio/expand/{begun['token']}").json()["asking"]["state"] == "working"
    served.let.set()
    said = over(studio, begun["token"])
    assert said["error"] == "" and kept(said) == "a boat at night" and "drifts" in said["prompt"]
    assert studio.get(f"/studio/expand/{begun['token']}").status_code == 400, "it is told once"


def test_one_that_fails_is_a_sentence_and_the_prompt_is_left_alone(studio, served):
    served.status = 500
    served.let.set()
    said = over(studio, studio.post("/studio/expand", json={"prompt": "a boat", "provider": "served"}).json()["asking"]["token"])
    assert said["state"] == "failed" and said["error"].endswith(".") and (said["prompt"], said["added"]) == ("", [])


def test_one_that_is_stopped_is_waited_for_no_longer_and_makes_room(studio, desk, served):
    asked = {"prompt": "a boat at night", "provider": "served"}
    tokens = [studio.post("/studio/expand", json=asked).json()["asking"]["token"] for _ in range(2)]
    full = studio.post("/studio/expand", json=asked)
    assert full.status_code == 400 and "2 prompts are on their way already" in full.json()["error"]
    assert studio.post(f"/studio/expand/{tokens[0]}/stop").json() == {}
    assert "ask again" in studio.get(f"/studio/expand/{tokens[0]}").json()["error"]
    assert studio.post("/studio/expand", json=asked).json()["asking"]["state"] == "working"
    desk.wording.close()
    assert studio.get(f"/studio/expand/{tokens[1]}").status_code == 400
    assert studio.post(f"/studio/expand/{tokens[0]}/stop").json() == {}, "it is over already"
    assert studio.post("/studio/expand/nobody/stop").status_code == 400
