"""What people ask of the queue, over HTTP and on the command line: two ways to the same line."""

from __future__ import annotations

import json
import signal

import pytest
from fakes import broken, quick, recipe

from app import cli
from engine.jobs import Queue
from engine.jobs.process import identity
from engine.jobs.worker import Worker


@pytest.fixture(autouse=True)
def handler():
    """The command answers SIGTERM in its own way; pytest gets its own back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def say(home, capsys):
    """`cineloom queue ...` on that home: its exit code, and its answer as JSON."""

    def run(*words: str) -> tuple[int, dict]:
        code = cli.main(["queue", *words, "--home", str(home), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def tell(home, capsys):
    """The same in words."""

    def run(*words: str) -> str:
        assert cli.main(["queue", *words, "--home", str(home)]) == 0
        return capsys.readouterr().out

    return run


# ---- over HTTP


def test_variations_come_in_with_one_request(studio, desk):
    answer = studio.post("/studio/jobs", json={"prompt": "red", "seed": "7", "variations": 3}).json()
    assert [int(job["recipe"]["seed"]) for job in answer["jobs"]] == [7, 8, 9]
    assert answer["job"] == answer["jobs"][0] and desk.keeper.woken == 1
    assert len({job["batch"] for job in answer["jobs"]}) == 1
    for count in (0, -1, 10**6):
        assert studio.post("/studio/jobs", json={"prompt": "red", "variations": count}).status_code == 400
    assert len(desk.queue.jobs()) == 3


def test_one_job_and_the_whole_queue_pause_and_resume(studio, desk):
    id = studio.post("/studio/jobs", json={"prompt": "red"}).json()["job"]["id"]
    job = studio.post(f"/studio/jobs/{id}/pause").json()["job"]
    assert (job["state"], job["held"], job["message"]) == ("waiting", True, "paused")
    assert studio.post(f"/studio/jobs/{id}/resume").json()["job"]["held"] is False
    assert studio.get("/studio/state").json()["paused"] is False
    assert studio.post("/studio/queue/pause").json() == {"paused": True} and desk.queue.waiting() == 0
    assert studio.get("/studio/state").json()["paused"] is True
    woken = desk.keeper.woken
    assert studio.post("/studio/queue/resume").json() == {"paused": False} and desk.keeper.woken == woken + 1
    assert studio.post("/studio/queue/explode").status_code == 404


def test_jobs_move_are_edited_and_retried(studio, desk, home):
    ids = [studio.post("/studio/jobs", json={"prompt": prompt}).json()["job"]["id"] for prompt in ("red", "green", "blue")]
    studio.post(f"/studio/jobs/{ids[2]}/move", json={"to": "top"})
    studio.post(f"/studio/jobs/{ids[0]}/move", json={"to": 3})
    assert [job["id"] for job in studio.get("/studio/state").json()["jobs"]] == [ids[2], ids[1], ids[0]]
    job = studio.post(f"/studio/jobs/{ids[1]}/edit", json={"prompt": "pink", "width": 250, "seed": str(2**62)}).json()["job"]
    assert (job["recipe"]["prompt"], job["recipe"]["width"], job["recipe"]["seed"]) == ("pink", 256, str(2**62))
    assert job["said"] == ["250x144 was asked; 256x144 is the nearest size on Drawn's grid."]
    Worker(home, broken).run()
    assert studio.post(f"/studio/jobs/{ids[1]}/retry").json()["job"]["state"] == "waiting"


@pytest.mark.parametrize("address, body, sentence", [
    ("move", {"to": "sideways"}, "A job can be moved up, down, top, bottom or to a place"), ("move", {}, "to: "),
    ("move", {"to": [1]}, "to"), ("edit", {"prompt": ""}, "The prompt is empty"), ("edit", {}, "nothing was given"),
    ("edit", {"steps": "many"}, "steps: "), ("edit", {"seed": "x"}, "is no whole number"), ("retry", None, "it waits already"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(studio, desk, address, body, sentence):
    id = studio.post("/studio/jobs", json={"prompt": "red"}).json()["job"]["id"]
    before = desk.queue.job(id)
    reply = studio.post(f"/studio/jobs/{id}/{address}", json=body)
    assert reply.status_code == 400 and sentence in reply.json()["error"]
    assert desk.queue.job(id) == before


@pytest.mark.parametrize("what", ["pause", "resume", "retry", "move", "edit"])
def test_a_job_that_is_not_there_is_said(studio, what):
    reply = studio.post(f"/studio/jobs/nobody/{what}", json={"to": "up", "prompt": "red"})
    assert reply.status_code == 400 and "There is no job 'nobody' here" in reply.json()["error"]


# ---- on the command line


def test_the_command_line_and_the_page_see_one_line(studio, say, tell):
    id = studio.post("/studio/jobs", json={"prompt": "red left"}).json()["job"]["id"]
    code, answer = say("list")
    assert code == 0 and [job["id"] for job in answer["jobs"]] == [id] and (answer["paused"], answer["working"]) == (False, False)
    assert say("cancel", id)[1]["job"]["state"] == "cancelled"
    assert studio.get("/studio/state").json()["jobs"][0]["state"] == "cancelled"
    assert "red left" in tell("list") and "cancelled" in tell()


def test_every_command_does_what_it_says(queue, home, say):
    ids = [queue.submit(recipe(prompt)) for prompt in ("one", "two", "three")]
    assert say("move", ids[2], "top")[1]["job"]["id"] == ids[2]
    assert say("pause", ids[0])[1]["job"]["held"] is True
    assert say("edit", ids[1], "--prompt", "blue", "--size", "128x96", "--seed", "9", "--seconds", "2", "--steps", "3")[0] == 0
    asked = queue.job(ids[1]).asked
    assert (asked.prompt, asked.width, asked.height, asked.seed, asked.pictures, asked.steps) == ("blue", 128, 96, 9, 33, 3)
    assert say("pause")[1] == {"paused": True} and queue.paused
    assert say("resume")[1] == {"paused": False} and not queue.paused
    Worker(home, broken).run()
    assert [queue.job(id).state for id in ids] == ["waiting", "failed", "failed"]
    assert say("resume", ids[0])[1]["job"]["held"] is False
    assert say("retry", ids[1])[1]["job"]["state"] == "waiting"
    Worker(home, quick).run()
    assert [queue.job(id).state for id in ids] == ["done", "done", "failed"]


def test_the_beginning_of_an_id_is_enough_where_no_other_has_it(queue, say):
    id, other = queue.submit(recipe()), queue.submit(recipe())
    short = next(id[:n] for n in range(1, 11) if not other.startswith(id[:n]))
    assert say("pause", short)[1]["job"]["id"] == id
    code, answer = say("pause", "no-such")
    assert code == 2 and answer["error"] == "There is no job 'no-such' here. `cineloom queue list` shows what there is."


def test_words_say_how_it_stands(queue, tell):
    id = queue.submit(recipe("a " + "very " * 30 + "long prompt", steps=40))
    assert "It is made when a studio is open." in tell("move", id, "top")
    queue.claim(identity())
    queue.take_up(identity())
    queue.report(id, identity(), step=10, steps=40, progress=0.25, message="step 11 of 40", left=41.3)
    line = tell("list")
    assert "step 11 of 40, 25%, about 41 s left" in line and "…" in line and "seed 7" in line
    queue.pause()
    assert tell("list").startswith("The line is paused; `cineloom queue resume` lets it go on.")


@pytest.mark.parametrize("words, sentence", [
    (("move", "{id}", "sideways"), "A job can be moved"), (("edit", "{id}", "--size", "wide"), "A size is a width and a height"),
    (("edit", "{id}"), "nothing was given"), (("retry", "{id}"), "it waits already"), (("edit", "{id}", "--steps", "0"), "steps"),
])  # fmt: skip
def test_what_cannot_be_ends_with_two_and_a_sentence(queue, say, words, sentence):
    id = queue.submit(recipe())
    code, answer = say(*(word.format(id=id) for word in words))
    assert code == 2 and sentence in answer["error"]


def test_looking_at_a_home_makes_none(tmp_path, capsys):
    assert cli.main(["queue", "list", "--home", str(tmp_path / "nothing"), "--json"]) == 2
    assert "There is no queue in" in json.loads(capsys.readouterr().out)["error"]
    assert not (tmp_path / "nothing").exists()


def test_an_empty_line_is_said(home, tell):
    Queue(home)
    assert tell("list") == "Nothing is in line.\n"
