"""Pictures of who or what is to be in a film, from the form and from a cut: into the recipe as the command has them, back again, and a sentence for a model that cannot be shown them."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path

import pytest
from idle import STILL, A, B
from PIL import Image

from app.cli import main
from engine.digest import sha256
from engine.library import Library

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))
from tiny_vace import vace  # noqa: E402

FILM = {"take": A}
ASKED = {
    "text": {"prompt": "red left", "seconds": 1, "size": [96, 64]}, "picture": {"prompt": "red", "size": [96, 64]},
    "animate": {"prompt": "red", "seconds": 1, "size": [96, 64], "pictures": [{"take": STILL}]}, "extend": {"film": FILM, "after": 1},
    "connect": {"film": FILM, "second": {"take": B}, "seconds": 1}, "inpaint": {"film": FILM, "prompt": "yellow", "area": [48, 0, 48, 64]},
    "storyboard": {"size": [96, 64], "shots": [{"prompt": "red left", "seconds": 1}, {"prompt": "blue", "seconds": 1, "cards": [{"take": STILL}]}]},
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def tiny(model_here):
    """A tiny Wan VACE on this machine."""
    return model_here("tiny-vace", vace)


@pytest.fixture
def home(stocked):
    return stocked


@pytest.fixture
def brought(studio):
    """A picture that was brought: its name."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 40, 40)).save(out, "PNG")
    return studio.post("/studio/pictures", content=out.getvalue()).json()["picture"]["name"]


def wished(brought, task, model):
    return {"task": task, "model": model, "seed": "5", "steps": 2, "references": [{"name": brought}, {"take": STILL}]} | ASKED[task]


def references(recipe):
    return [(Path(item["path"]).name, item["sha256"]) for item in recipe["inputs"] if item["role"] == "reference"]


@pytest.mark.parametrize("task", ASKED)
def test_they_become_the_recipe_s_and_come_back_to_the_form(task, studio, desk, tiny, brought):
    wishes = wished(brought, task, tiny)
    made = studio.post("/studio/jobs", json=wishes)
    assert made.status_code == 200, made.json()
    recipe = desk.line.job(made.json()["job"]["id"]).asked
    still = desk.inputs.film(STILL)
    assert references(json.loads(recipe.to_json())) == [(brought, sha256(desk.inputs.picture(brought))), (still.name, sha256(still))]
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert back["notes"] == [] and back["wishes"]["references"] == wishes["references"]
    again = studio.post("/studio/jobs", json=back["wishes"]).json()["job"]["id"]
    assert desk.line.job(again).asked.digest() == recipe.digest()
    desk.inputs.picture(brought).unlink()
    lost = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert lost["wishes"]["references"] == [{"take": STILL}] and "A reference picture of this recipe is not in this project" in lost["notes"][0]


@pytest.mark.parametrize("task, more, sentence", [
    ("text", {"model": "drawn"}, "cannot be shown who is in a film"), ("text", {"references": [{"take": STILL}] * 5}, "Up to 4 pictures of who is in a film"),
    ("text", {"references": [{"take": A}]}, "A picture is needed here"), ("text", {"references": [{"name": "../x.png"}]}, "not here any more"),
    ("inpaint", {"task": "loop", "area": None}, "loops take none"),
])  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_made(studio, tiny, brought, task, more, sentence):
    asked = wished(brought, task, tiny) | more
    assert sentence in studio.post("/studio/plan", json=asked).json()["plan"]["why"]
    assert sentence in studio.post("/studio/jobs", json=asked).json()["error"]


def test_the_form_offers_them_where_the_model_can_be_shown_them(studio, tiny):
    for name, can in ((tiny, True), ("drawn", False), ("paper", False)):
        about = studio.get("/studio/model", params={"name": name}).json()
        assert about["references"] is can
        assert {row["name"]: row["references"] for row in about["tasks"]} == {row["name"]: 0 if row["name"] in ("loop", "finish") else 4 for row in about["tasks"]}


def test_film_that_is_made_for_a_cut_is_shown_who_is_in_it(studio, desk, home, tiny, tmp_path, capsys):
    cut = studio.post("/studio/cuts", json={"name": "One", "takes": [A]}).json()
    clip = cut["cut"]["tracks"][0]["items"][0]["id"]
    Image.new("RGB", (2400, 30), (0, 90, 200)).save(tmp_path / "her.png")
    before = signal.getsignal(signal.SIGTERM)

    def run(*words):
        code = main([*map(str, words), "--home", str(home), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    try:
        asked = ["cut", "make", cut["cut"]["id"], "extend", clip, "--frames", 8, "--later"]
        code, said = run(*asked, "--reference", tmp_path / "her.png", "--model", tiny)
        assert code == 0, said
        recipe = desk.line.job(said["candidates"][0]["id"]).asked
        kept = [item for item in recipe.inputs if item.role == "reference"]
        assert recipe.backend == tiny and [Path(item.path).parent for item in kept] == [Library.open(home).folder / "inputs"], "it lies where the project does"
        assert Image.open(kept[0].path).getpixel((10, 10)) == (0, 90, 200)
        code, said = run(*asked, "--reference", tmp_path / "her.png", "--model", "drawn")
        assert code == 2 and "cannot be shown who is in a film" in said["error"]
        code, said = run(*asked, "--reference", tmp_path / "nobody.png", "--model", tiny)
        assert code == 2 and "nobody.png" in said["error"]
        code, said = run("cut", "make", cut["cut"]["id"], "loop", clip, "--frames", 8, "--later", "--reference", tmp_path / "her.png", "--model", tiny)
        assert code == 2 and "loops take none" in said["error"]
    finally:
        signal.signal(signal.SIGTERM, before)
