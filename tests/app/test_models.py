"""Models as the page has them: chosen, brought from a hub of our own, paused, given up, told of; and the worker that goes from one to another."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from fakes import made, recipe
from safetensors.numpy import save_file

from app import shapes
from app.tasks.rows import at_once
from engine import cards
from engine.denoisers import catalog
from engine.denoisers.open import keeping, planning, rows
from engine.jobs import Queue
from engine.jobs.worker import Worker

sys.path.append(str(Path(__file__).parents[1] / "engine"))
import tiny  # noqa: E402
from hub import serving  # noqa: E402

ROOT = Path(__file__).parents[2]
WAN = "wan-2.1-1.3b"
LARGE = "vae/more.safetensors"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A tiny Wan as its repository has it."""
    return tiny.wan(tmp_path_factory.mktemp("released") / "my-wan")


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """A folder of models of this test's own, and no hub."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "models"


@pytest.fixture
def hub(released, tmp_path, monkeypatch):
    """A hub that has it, with a file that takes a while."""
    folder = shutil.copytree(released, tmp_path / "repository")
    save_file({"more": np.zeros(8_000_000, np.float32)}, folder / LARGE)
    with serving(folder, rows.known(WAN).hub) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub
        for waiting in hub.waits.values():
            waiting.set()


@pytest.fixture
def here(released, models):
    """The model, on this machine."""
    *_, row = keeping.add(released, "my-wan")
    return row


@pytest.fixture(autouse=True)
def closed(desk):
    """No errand outlives its test."""
    yield
    desk.models.close()


def row(studio, name: str = WAN) -> dict:
    return next(one for one in studio.get("/studio/models").json()["models"] if one["name"] == name)


def errand(studio, key: str = WAN) -> dict:
    return next((one for one in studio.get("/studio/models").json()["errands"] if one["key"] == key), {"state": ""})


# ---- brought and given up

def test_a_model_is_brought_used_and_given_up(studio, desk, hub, models, until):
    assert [one["name"] for one in studio.get("/studio/model").json()["models"]] == ["drawn", "paper"] and row(studio)["state"] == "away"
    mark = desk.models.mark()
    assert studio.post(f"/studio/models/{WAN}/pull", json={}).status_code == 200
    said = until(lambda: errand(studio)["state"] != "working" and errand(studio), "the end of the pull")
    assert said["state"] == "done" and said["done"] == said["total"] > 32_000_000, said
    assert row(studio)["state"] == "here" and desk.models.mark() != mark
    model = studio.get("/studio/model", params={"name": WAN}).json()
    assert [one["name"] for one in model["models"]] == ["drawn", "paper", WAN] and model["size"] == [832, 480] and model["title"] == "Wan 2.1, 1.3B"
    assert studio.post(f"/studio/models/{WAN}/pull", json={}).json()["error"] == "Wan 2.1, 1.3B is here already."
    freed = studio.post(f"/studio/models/{WAN}/remove", json={}).json()["freed"]
    assert freed > 32_000_000 and row(studio)["state"] == "away" and not (models / WAN).exists()
    assert "not on this machine" in studio.get("/studio/model", params={"name": WAN}).json()["error"]


def test_a_pull_is_paused_gone_on_with_and_cancelled(studio, hub, models, until):
    hub.waits[LARGE] = threading.Event()
    studio.post(f"/studio/models/{WAN}/pull", json={})
    until(lambda: errand(studio).get("done", 0) >= 10 << 20, "half of the large file, said while it comes")
    assert studio.post(f"/studio/models/{WAN}/pull", json={}).json()["error"] == "It is on its way already."
    studio.post(f"/studio/models/{WAN}/pause", json={})
    part = row(studio)
    assert part["state"] == "part" and part["came"] >= 10 << 20 and errand(studio)["state"] == "" and catalog.names() == ("paper",)
    hub.waits.pop(LARGE).set()
    hub.asked.clear()
    studio.post(f"/studio/models/{WAN}/pull", json={})
    until(lambda: row(studio)["state"] == "here", "the rest of it")
    assert [asked.startswith("bytes=") for name, asked in hub.asked] == [True]       # the one that was broken off, from where it was
    studio.post(f"/studio/models/{WAN}/remove", json={})
    hub.waits[LARGE] = threading.Event()
    studio.post(f"/studio/models/{WAN}/pull", json={})
    until(lambda: errand(studio).get("done", 0) >= 10 << 20, "half of it again")
    studio.post(f"/studio/models/{WAN}/cancel", json={})
    assert row(studio)["state"] == "away" and not (models / WAN).exists()


def test_without_a_network_it_is_a_sentence(studio, until):
    studio.post(f"/studio/models/{WAN}/pull", json={})
    said = until(lambda: errand(studio)["state"] == "failed" and errand(studio), "what is wrong")
    assert "could not be reached" in said["error"] and "Is the network there?" in said["error"]
    studio.post(f"/studio/models/{WAN}/pause", json={})
    assert errand(studio)["state"] == ""


def test_an_errand_ends_with_its_studio(studio, desk, hub, until):
    hub.waits[LARGE] = threading.Event()
    studio.post(f"/studio/models/{WAN}/pull", json={})
    until(lambda: errand(studio).get("done", 0), "the beginning of it")
    process = desk.models._errands[WAN].process
    desk.models.close()
    assert process.poll() is not None


@pytest.mark.parametrize("path, sentence", [
    ("nothing/pull", "No model called 'nothing' can be brought; there is wan-2.1-1.3b"), ("paper/remove", "no model 'paper' here that could be given up"),
    ("paper/cancel", "Nothing of 'paper' is on its way"), (f"{WAN}/remove", "no model"), ("..%2f..%2fhome/remove", ""), (f"{WAN}/eat", "A model can be asked to"),
    ("%00/cancel", "is on its way"),
])  # fmt: skip
def test_what_cannot_be_asked_of_a_model(studio, path, sentence):
    reply = studio.post(f"/studio/models/{path}", json={})
    assert reply.status_code in (400, 404, 405) and sentence in reply.text


def test_a_folder_of_ones_own_is_told_of_and_forgotten(studio, released, tmp_path, until):
    assert studio.post("/studio/models", json={"folder": "  "}).json()["error"] == "Say the folder that the model lies in."
    studio.post("/studio/models", json={"folder": str(tmp_path / "nowhere")})
    said = until(lambda: errand(studio, ".add")["state"] == "failed" and errand(studio, ".add"), "what is wrong with the folder")
    assert "There is no folder" in said["error"]
    studio.post("/studio/models", json={"folder": str(released), "name": "Mine!"})
    assert "small letters" in until(lambda: errand(studio, ".add")["state"] == "failed" and errand(studio, ".add"), "what is wrong with the name")["error"]
    studio.post("/studio/models", json={"folder": str(released)})
    assert until(lambda: errand(studio, ".add")["state"] == "done" and errand(studio, ".add"), "the model")["name"] == "my-wan"
    assert row(studio, "my-wan")["own"] and row(studio, "my-wan")["state"] == "here"
    assert studio.post("/studio/models/my-wan/remove", json={}).json() == {"freed": 0} and (released / "model_index.json").exists()


def test_a_model_that_jobs_wait_for_is_not_given_up(studio, desk, here):
    job = desk.queue.submit(dataclasses.replace(recipe(), backend="my-wan"))
    assert "A job in line would be made with it" in studio.post("/studio/models/my-wan/remove", json={}).json()["error"]
    desk.queue.cancel(job)
    desk.backend = "my-wan"
    studio.post("/studio/models/my-wan/remove", json={})
    assert studio.get("/studio/model").json()["name"] == "paper"        # the studio's own was given up: the built-in one is always there


# ---- chosen

def test_a_form_for_another_model_has_its_own_sizes_steps_and_length(studio, here):
    model = studio.get("/studio/model", params={"name": "my-wan"}).json()
    text = next(task for task in model["tasks"] if task["name"] == "text")
    defaults = {control["name"]: control["default"] for control in (*text["controls"], *text["more"])}
    assert (defaults["seconds"], defaults["steps"], defaults["guidance"]) == (5.0, 30, 5.0) and model["knows"] == [] and model["grid"]["rate"] == 16
    assert [832, 480] in model["shapes"][0]["sizes"].values() and next(iter(model["shapes"][0]["sizes"])) == "XS"
    asked = {"task": "text", "prompt": "a dragon", "model": "my-wan", "size": [832, 480], "steps": 30}
    plan = studio.post("/studio/plan", json=asked).json()["plan"]
    assert (plan["pictures"], plan["steps"]) == (81, 30) and plan["layout"]["name"] in (*planning.PLANS, "processor") and plan["layout"]["host"] > 0
    assert studio.post("/studio/plan", json=asked | {"model": "paper", "size": [256, 144]}).json()["plan"]["layout"] is None
    assert studio.post("/studio/words", json={"prompt": "dragon", "model": "my-wan"}).json()["unknown"] == []
    assert studio.post("/studio/words", json={"prompt": "dragon", "model": "paper"}).json()["unknown"] == [[0, 6]]
    job = studio.post("/studio/jobs", json=asked | {"size": [64, 64], "seconds": 0.25}).json()["job"]
    assert (job["recipe"]["backend"], job["recipe"]["solver"], job["recipe"]["guidance"]) == ("my-wan", "unipc", 5.0)
    assert "There is no model called 'gone'" in studio.post("/studio/plan", json=asked | {"model": "gone"}).json()["plan"]["why"]


def test_a_recipe_brings_its_model_back_where_it_is_here(studio, desk, here):
    job = studio.post("/studio/jobs", json={"task": "text", "prompt": "a dragon", "model": "my-wan", "size": [64, 64], "seconds": 0.25, "steps": 2}).json()["job"]
    take = desk.library.add_take(made(desk.library.staging("x"), desk.queue.job(job["id"]).asked), "abcdefghij")
    back = studio.post("/studio/wishes", json={"take": take.id}).json()
    assert back["wishes"]["model"] == "my-wan" and back["notes"] == []
    keeping.remove("my-wan")
    back = studio.post("/studio/wishes", json={"take": take.id}).json()
    assert back["wishes"]["model"] == "drawn" and "It was made by my-wan; Drawn would make it now" in back["notes"][0]


@pytest.mark.parametrize("row", rows.KNOWN, ids=lambda row: row.name)
def test_every_model_is_offered_the_sizes_it_was_trained_for(row):
    table = {one["name"]: one["sizes"] for one in shapes.table(row.grid.step, row.sizes)}
    assert next(iter(table)) == row.sizes[0][0]
    for shape, width, height in row.sizes:
        assert (width, height) in table[shape].values()
    for sizes in table.values():
        areas = [width * height for width, height in sizes.values()]
        assert "S" in sizes and areas == sorted(areas) and max(max(size) for size in sizes.values()) <= 1920


def test_film_is_as_long_as_its_model_makes_at_once(here):
    assert at_once(catalog.describe("my-wan")) == 5.0 and at_once(catalog.describe("paper")) == at_once(catalog.describe("drawn")) == 2.0


def test_cards_are_read_from_what_the_driver_says():
    said = "NVIDIA H200, 143771\nno numbers here\n, 5\nA card, with a comma, 8192\n"
    assert cards.read(said) == (cards.Card("NVIDIA H200", 143771 << 20), cards.Card("A card, with a comma", 8 << 30)) and cards.read("") == ()


# ---- the worker

def test_a_job_for_a_model_that_is_gone_says_so(home, desk, here):
    id = desk.queue.submit(dataclasses.replace(recipe(), backend="my-wan"))
    keeping.remove("my-wan")
    Worker(home).run()
    job = Queue(home).job(id)
    assert job.state == "failed" and "There is no model called 'my-wan'; there is paper" in job.error


def test_the_worker_holds_one_model_at_a_time(here):
    code = """
import gc
from engine.jobs.here import Here
from diffusers import WanTransformer3DModel
runner = Here()
count = lambda: sum(isinstance(one, WanTransformer3DModel) for one in gc.get_objects())
runner.warm("my-wan")
first = count()
runner.warm("drawn")
print(first, count())
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout.split() == ["1", "0"]


def test_the_page_s_process_holds_no_hub_s_client():
    code = ("import sys, tempfile; from app.desk import Desk; desk = Desk(tempfile.mkdtemp(), backend='drawn'); desk.models.all(), desk.model(), desk.state();"
            "print(sorted({'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip() == "[]"
