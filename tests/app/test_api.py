"""The public functions against a studio that really runs: through gradio_client, through plain HTTP, and the example as it is shipped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from reels import film
from running import ROOT, Running

NAMES = ["bring", "cancel", "export", "open_project", "projects", "recipe", "status", "submit", "take", "takes", "tasks"]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """One studio for this file."""
    running = Running(tmp_path_factory.mktemp("studio") / "home")
    yield running
    running.close()


@pytest.fixture(scope="module")
def client(studio):
    """gradio's client of it."""
    return Client(studio.address, verbose=False)


@pytest.fixture
def call(client):
    """A public function by its name."""
    return lambda function, /, **asked: client.predict(api_name=f"/{function}", **asked)


def done(call, job: dict) -> dict:
    """The take of a job, once it is there."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        now = call("status", job=job["id"])
        if now["state"] not in ("waiting", "running"):
            assert now["state"] == "done", now
            return call("take", id=job["id"])
        time.sleep(0.1)
    pytest.fail("the job did not end")


SMALL = {"seconds": 0.5, "width": 64, "height": 64, "steps": 2}


def test_only_the_public_functions_are_public_and_each_is_documented(studio):
    named = httpx.get(f"{studio.address}gradio_api/info", timeout=60).json()["named_endpoints"]
    assert sorted(name.strip("/") for name in named) == NAMES
    for name, told in named.items():
        assert told["description"].count(" ") > 5, name
        for parameter in told["parameters"]:
            assert parameter["type"], f"{name}: {parameter['parameter_name']} has no type"
    submit = {one["parameter_name"]: one for one in named["/submit"]["parameters"]}
    assert "storyboard" in json.dumps(submit["task"]["type"]) and submit["seed"]["parameter_default"] == ""
    assert "the take will have the same id" in named["/submit"]["description"]


def test_a_take_and_one_made_of_it(studio, call):
    assert {row["name"] for row in call("tasks")} >= {"text", "extend", "storyboard"}
    first = done(call, call("submit", prompt="green down", seed=str(2**62), **SMALL))
    assert (first["prompt"], first["pictures"], first["width"], first["seed"]) == ("green down", 9, 64, str(2**62))
    web = httpx.Client(base_url=studio.address)
    reply = web.get(first["files"]["film"])
    assert reply.headers["content-type"] == "video/mp4" and reply.content[4:8] == b"ftyp"
    assert all(web.get(first["files"][what]).content[:2] == b"\xff\xd8" for what in ("poster", "strip"))
    second = done(call, call("submit", task="extend", film=first["id"], seconds=0.5, steps=2))
    assert second["operation"] == "extend" and second["pictures"] > first["pictures"]
    still = done(call, call("submit", task="picture", prompt="pink up", **SMALL | {"seconds": 0}))
    assert (still["operation"], still["pictures"]) == ("image", 1)
    third = done(call, call("submit", task="animate", prompt="red", film=still["id"], **SMALL))
    assert third["operation"] == "animate"
    assert [one["id"] for one in call("takes", limit=2)] == [third["id"], still["id"]]
    assert [one["id"] for one in call("takes", query="red")] == [third["id"]]
    saved = call("export", take=first["id"])
    fetched = web.get(saved["address"])
    assert saved["name"] in fetched.headers["content-disposition"] and len(fetched.content) == saved["bytes"]


def test_a_recipe_comes_back_as_wishes_that_make_it_again(call):
    first = done(call, call("submit", prompt="blue up", seed="5", **SMALL))
    wishes = call("recipe", take=first["id"])
    again = call("submit", wishes=wishes)
    assert {name: again["recipe"][name] for name in ("prompt", "seed", "width", "pictures")} == {"prompt": "blue up", "seed": "5", "width": 64, "pictures": 9}
    other = call("submit", wishes=wishes, seed="6", variations=3)
    assert other["recipe"]["seed"] == "6" and len(other["jobs"]) == 3
    for job in [again["id"], *other["jobs"]]:
        call("cancel", job=job)


def test_film_from_elsewhere_is_brought(call, tmp_path):
    brought = call("bring", file=handle_file(film(tmp_path / "holiday.mp4")))
    assert (brought["operation"], brought["width"], brought["pictures"]) == ("import", 64, 9)
    assert call("take", id=brought["id"])["id"] == brought["id"]


def test_a_path_of_this_machine_cannot_be_brought(studio, tmp_path):
    """The path in a request is the caller's word: the studio's own files and everybody's stay where they are."""
    secret = film(tmp_path / "secret.mp4")
    for path in (secret, studio.home / "queue.db", Path("/etc/passwd"), studio.home / ".gradio" / ".." / "queue.db"):
        kind, said = plain(studio, "bring", file={"path": str(path), "meta": {"_type": "gradio.FileData"}})
        assert kind == "error" and "not uploaded" in said["error"]
    assert "root:" not in "".join(path.read_text(errors="replace") for path in (studio.home / ".gradio").rglob("*") if path.is_file())
    assert not [take for take in httpx.get(f"{studio.address}studio/takes").json()["takes"] if "secret" in take["notes"]]


def test_projects(call):
    assert [one["name"] for one in call("open_project", name="other", new=True) if one["open"]] == ["other"]
    assert call("takes") == []
    assert {one["name"]: one["open"] for one in call("projects")} == {"my-films": False, "other": True}
    call("open_project", name="my-films")
    with pytest.raises(AppError, match="There is no project"):
        call("open_project", name="../my-films")


@pytest.mark.parametrize("name, asked, sentence", [
    ("submit", {"prompt": ""}, "prompt is empty"), ("submit", {"prompt": "red", "wishes": {"explode": 1}}, "there is no such wish"),
    ("status", {"job": "nobody"}, "There is no job"), ("take", {"id": "../x"}, "There is no take"), ("cancel", {"job": ""}, "There is no job"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence(call, name, asked, sentence):
    with pytest.raises(AppError, match=sentence):
        call(name, **asked)


def plain(studio, name: str, /, **asked) -> tuple[str, object]:
    """A public function by plain HTTP: how it went, and what was said."""
    event = httpx.post(f"{studio.address}gradio_api/call/v2/{name}", json=asked).json()["event_id"]
    lines = httpx.get(f"{studio.address}gradio_api/call/{name}/{event}").text.splitlines()
    kind, data = (line.partition(":")[2].strip() for line in lines[:2])
    return kind, json.loads(data)


@pytest.mark.parametrize("how", [[], ["--plain"]])
def test_the_example_runs_as_it_is_shipped(studio, tmp_path, how):
    ran = subprocess.run([sys.executable, ROOT / "examples" / "public_functions.py", studio.address, *how], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "carried on, 2." in ran.stdout
    (film,) = tmp_path.glob("*.mp4")
    assert film.read_bytes()[4:8] == b"ftyp" and f"{film.stat().st_size:,} bytes" in ran.stdout
