"""Every task from what the page sends to the recipe that is queued, what it would cost, and back again to what was asked."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from idle import STILL, A, B
from PIL import Image, ImageDraw

from app.tasks import TASKS
from app.tasks.planning import walked
from engine import windows
from engine.denoisers.catalog import describe
from engine.denoisers.drawn import DrawnBackend
from engine.jobs.job import Job
from engine.make import make
from engine.making.layout import lay
from engine.media.pictures import moment_of
from engine.recipe import compose
from engine.recipe.bounds import OVERLAP

BACKEND = DrawnBackend()


@pytest.fixture
def home(stocked):
    """The studio's home has takes in it."""
    return stocked


@pytest.fixture
def queued(studio, desk):
    """Send wishes; the recipe that was queued for them."""

    def send(**asked):
        reply = studio.post("/studio/jobs", json={"seed": "5", "steps": 2, **asked})
        assert reply.status_code == 200, reply.json()
        job: Job = desk.line.job(reply.json()["job"]["id"])
        return job.asked

    return send


def picture(size=(40, 30), colour=(200, 40, 40)) -> bytes:
    """The bytes of a picture file."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def painted(size=(96, 64), box=(48, 0, 95, 63)) -> bytes:
    """The bytes of a mask, white in a box."""
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    out = io.BytesIO()
    mask.save(out, "PNG")
    return out.getvalue()


def strip(recipe) -> str:
    """What the recipe paints, one mark per latent frame."""
    return lay(recipe, BACKEND).canvas.strip()


# ---- each task

FILM, OTHER = {"take": A}, {"take": B}
ASKED = {
    "text": {"prompt": "red left", "seconds": 1, "size": [96, 64], "cues": [{"prompt": "blue left", "at": 0.5}]},
    "picture": {"prompt": "red", "size": [96, 64]},
    "animate": {"prompt": "red still", "seconds": 1, "size": [96, 64], "pictures": [{"take": STILL}]},
    "keyframes": {"prompt": "red", "seconds": 2, "size": [96, 64], "pictures": [{"take": STILL}, {"take": STILL, "at": 1}]},
    "extend": {"film": FILM, "after": 1, "before": 0.5},
    "loop": {"film": FILM, "seconds": 0.5},
    "connect": {"film": FILM, "second": OTHER, "seconds": 1},
    "edit": {"film": FILM, "prompt": "blue right", "strength": [0, 0.9, 0]},
    "inpaint": {"film": FILM, "prompt": "yellow", "area": [48, 0, 48, 64]},
    "outpaint": {"film": FILM, "to": "9:16"},
    "finish": {"film": FILM, "size": [192, 128]},
    "storyboard": {"size": [96, 64], "who": "red", "style": "the left", "shots": [
        {"prompt": "{who} still", "seconds": 1}, {"prompt": "{who} up", "seconds": 0.5, "join": "continue", "cards": [{"take": STILL, "at": 0.25}]},
        {"prompt": "blue", "seconds": 1, "cards": [{"take": B, "start": 0.25, "stop": 0.5}]}]},
}
PAINTS = {
    "text": "#####", "picture": "#", "animate": ".####", "keyframes": ".###.####", "extend": "##6....####", "connect": ".....###6....",
    "inpaint": "#####", "outpaint": "#####",
}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_becomes_its_recipe_and_comes_back_as_the_wishes_that_asked_for_it(task, queued, studio):
    recipe = queued(task=task, **ASKED[task])
    assert recipe.operation == {"picture": "image"}.get(task, task) and recipe.seed == 5 and recipe.steps == 2
    if task in PAINTS:
        assert strip(recipe) == PAINTS[task]
    for item in recipe.inputs:      # operations go on from latents, which are the takes' own
        if item.role == "film":
            assert item.path.endswith(".safetensors")
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert back["notes"] == [] and back["wishes"]["task"] == task
    assert queued(**back["wishes"]).digest() == recipe.digest()
    plan = studio.post("/studio/plan", json=back["wishes"]).json()["plan"]
    assert (plan["pictures"], plan["width"], plan["height"]) == (recipe.pictures, recipe.width, recipe.height)


@pytest.mark.parametrize("task, asked", [
    ("text", {"prompt": "red left at night", "cues": [{"prompt": "blue left by day", "asked": "blue left", "at": 0.5}]}),
    ("picture", {"prompt": "red left at night"}), ("edit", {"film": FILM, "prompt": "red left at night", "strength": 0.5}),
    ("loop", {"prompt": "red left at night", "seconds": 1}), ("extend", {"film": FILM, "prompt": "red left at night", "after": 1}),
    ("storyboard", {"who": "red", "style": "by day", "shots": [{"prompt": "{who} left at night", "asked": "{who}"}, {"prompt": "blue left by day", "asked": "blue left"}]}),
])  # fmt: skip
def test_what_was_written_before_it_was_expanded_is_kept_and_comes_back(task, asked, queued, studio):
    recipe = queued(task=task, **({} if task == "storyboard" else {"asked": "red"}), **asked)
    assert recipe.asked == ("red, by day" if task == "storyboard" else "red"), "all that is not the expansion's is the person's"
    assert [cue.asked for cue in recipe.cues] == {"text": ["blue left"], "storyboard": ["blue left, by day"]}.get(task, [])
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()["wishes"]
    again = queued(**back)
    assert (again.asked, [cue.asked for cue in again.cues]) == (recipe.asked, [cue.asked for cue in recipe.cues])


def test_what_was_written_belongs_to_words_that_are_there(queued):
    assert queued(task="extend", film=FILM, asked="red", after=1).asked == "", "the film's own words are nobody's expansion"
    assert queued(prompt="red left", asked="  red \n left").asked == "", "the same words are no expansion"


@pytest.mark.parametrize("task, asked", [
    ("extend", {"film": {"take": A, "start": 0.25, "stop": 0.75}, "prompt": "green up", "after": 1}),
    ("loop", {"prompt": "red left", "seconds": 1, "size": [96, 64]}),
    ("connect", {"film": {"take": A, "stop": 0.75}, "second": {"take": B, "start": 0.25}, "overlap": 0.25}),
    ("edit", {"film": FILM, "prompt": "blue", "strength": 0.5, "faithful": True}),
    ("edit", {"film": FILM, "prompt": "blue", "faithful": True, "was": "green", "area": [10, 12, 30, 20]}),
    ("inpaint", {"film": FILM, "area": [3, 5, 50, 40], "size": [144, 96]}),
    ("outpaint", {"film": FILM, "size": [160, 64]}),
    ("finish", {"film": FILM, "size": [144, 96], "strength": [0.2, 0.6], "prompt": "green"}),
])  # fmt: skip
def test_further_wishes_come_back_too(task, asked, queued, studio):
    recipe = queued(task=task, **asked)
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert back["notes"] == []
    assert queued(**back["wishes"]).digest() == recipe.digest()


def test_a_painted_mask_is_kept_used_and_found_again(queued, studio):
    mask = studio.post("/studio/masks", content=painted()).json()["mask"]
    recipe = queued(task="inpaint", film=FILM, prompt="yellow", mask=mask["name"])
    levels = lay(recipe, BACKEND).canvas.levels[0, 0]
    assert float(levels[:, :, :6].max()) == 0 and float(levels[:, :, 6:].min()) == 1       # the left half is kept, the right is made
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert back["wishes"]["mask"] == mask["name"] and back["notes"] == []


def test_a_curve_is_painted_over_time(queued):
    levels = lay(queued(task="edit", **ASKED["edit"]), BACKEND).canvas.levels.amax(dim=(0, 1, 3, 4)).tolist()
    assert levels[0] == levels[-1] == 0 and levels[2] == max(levels) > 0.8


def test_takes_descend_from_the_takes_they_are_made_of(queued, desk):
    recipe = queued(task="connect", **ASKED["connect"])
    *_, last = make(recipe, BACKEND, desk.library.staging("dddddddddd"))
    desk.library.add_take(last.made, "dddddddddd")
    assert [edge.parent for edge in desk.library.parents("dddddddddd")] == [A, B]


def test_the_same_recipe_makes_the_same_bytes(queued, studio, desk, tmp_path):
    recipe = queued(task="extend", **ASKED["extend"])
    films = []
    for one in (recipe, queued(**studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()["wishes"])):
        *_, last = make(one, BACKEND, tmp_path / f"made{len(films)}")
        films.append(last.made.film.read_bytes())
    assert films[0] == films[1]


def test_a_takes_own_recipe_comes_back(studio):
    back = studio.post("/studio/wishes", json={"take": A}).json()
    assert back["wishes"]["prompt"] == "red right" and back["wishes"]["seed"] == "7" and back["notes"] == []


def test_a_recipe_of_another_project_says_what_is_missing(queued, studio):
    recipe = json.loads(queued(task="extend", **ASKED["extend"]).to_json())
    recipe["inputs"][0]["path"] = "C:\\films\\media\\zzzzzzzzzz.mp4"
    recipe["seed"] = "9007199254740993"
    back = studio.post("/studio/wishes", json={"recipe": recipe}).json()
    assert back["notes"] == ["A film of this recipe is not in this project; choose it again."]
    assert back["wishes"]["film"] is None and back["wishes"]["seed"] == "9007199254740993"


@pytest.mark.parametrize("task", ["extend", "edit", "inpaint", "finish", "storyboard", "text"])
def test_a_waiting_job_of_any_task_is_edited_and_keeps_the_rest(task, queued, studio, desk):
    recipe = queued(task=task, **ASKED[task])
    job = desk.queue.jobs()[0]
    changed = studio.post(f"/studio/jobs/{job.id}/edit", json={"prompt": "green down", "seed": "9"}).json()["job"]["recipe"]
    assert (changed["prompt"], changed["seed"]) == ("green down", "9")
    now = desk.line.job(job.id).asked
    assert dataclasses.replace(now, prompt=recipe.prompt, seed=recipe.seed) == recipe


# ---- what it costs

def test_a_plan_says_what_it_comes_to_and_queues_nothing(studio, desk):
    asked = {"task": "text", "prompt": "red", "seconds": 2.1, "size": [256, 144], "variations": 3, "steps": 4}
    plan = studio.post("/studio/plan", json=asked).json()["plan"]
    assert (plan["pictures"], plan["seconds"], plan["count"], plan["work"]) == (33, 2.0, 3, None)
    assert plan["memory"] == describe("drawn").memory(33, 256, 144) and plan["free"] > 0
    assert any("2.1 s was asked" in note for note in plan["notes"])
    desk.queue.learn_pace("drawn", "step", 1e-6)
    desk.queue.learn_pace("drawn", "decode", 1e-9)
    work = studio.post("/studio/plan", json=asked).json()["plan"]["work"]
    assert work == pytest.approx(3 * (1e-6 * 4 * 9 * 32 * 18 + 1e-9 * 33 * 256 * 144))
    assert desk.queue.jobs() == []


@pytest.mark.parametrize("seconds", [2, 4, 6, 10, 30, 60])
def test_a_plan_counts_the_windows_that_are_walked(seconds):
    model = describe("paper")
    recipe, _ = compose("a red boat", model=model, seconds=seconds, free=1 << 40)
    frames = model.grid.frames(recipe.pictures)
    cut = windows.cut([True] * frames, recipe.window or frames, OVERLAP)
    count, each = walked(recipe, model)
    assert count == len(cut) and each == pytest.approx(sum(window.frames for window in cut) / count, abs=1)


def test_a_plan_says_why_not(studio):
    why = studio.post("/studio/plan", json={"task": "text", "prompt": "red", "seconds": 60, "size": [1920, 1920]}).json()["plan"]["why"]
    assert "would fit" in why
    assert "Choose the film first" in studio.post("/studio/plan", json={"task": "extend", "after": 1}).json()["plan"]["why"]


def test_film_that_is_kept_costs_only_what_is_made_beside_it(studio, desk):
    desk.queue.learn_pace("drawn", "step", 1.0)
    desk.queue.learn_pace("drawn", "decode", 0.0)
    plan = studio.post("/studio/plan", json={"task": "extend", "film": FILM, "after": 0.25, "steps": 2}).json()["plan"]
    assert plan["work"] == 2 * 6 * 12 * 8       # one window of six frames


# ---- what cannot be

@pytest.mark.parametrize("asked, sentence", [
    ({"task": "animate", "prompt": "red left", "pictures": [{"take": A}]}, "that take is a film"),
    ({"task": "keyframes", "prompt": "red left", "pictures": [{"take": A, "at": 0}, {"take": A, "at": 1}]}, "that take is a film"),
    ({"task": "explode"}, "There is no task"),
    ({"task": "extend", "after": 1}, "Choose the film first"),
    ({"task": "extend", "film": {"take": "nobody"}, "after": 1}, "not in this project"),
    ({"task": "extend", "film": {"take": "../../../etc/passwd"}, "after": 1}, "not in this project"),
    ({"task": "extend", "film": {"take": STILL}, "after": 1}, "single picture"),
    ({"task": "extend", "film": FILM}, "0 seconds of both"),
    ({"task": "extend", "film": {"take": A, "start": 5}, "after": 1}, "The film has 1.062 s"),
    ({"task": "extend", "film": {"start": 5}, "after": 1}, "film.take: it is missing"),
    ({"task": "extend", "film": "x", "after": 1}, "film: "),
    ({"task": "connect", "film": FILM}, "Choose the second film"),
    ({"task": "edit", "film": FILM, "prompt": "red", "strength": [1.5]}, "Strength goes from 0"),
    ({"task": "edit", "film": FILM, "prompt": "red", "strength": 0}, "changes nothing"),
    ({"task": "edit", "film": FILM, "prompt": "red", "strength": ["much"]}, "strength.0"),
    ({"task": "edit", "film": FILM, "prompt": "red", "strength": [0.1] * 2000}, "up to 1,000"),
    ({"task": "edit", "film": FILM, "prompt": ""}, "prompt is empty"),
    ({"task": "inpaint", "film": FILM}, "paint over it"),
    ({"task": "inpaint", "film": FILM, "area": [0, 0, 500, 500]}, "An area is left, top"),
    ({"task": "inpaint", "film": FILM, "mask": "../library.db"}, "paint it again"),
    ({"task": "inpaint", "film": FILM, "mask": "0" * 32 + ".png"}, "paint it again"),
    ({"task": "outpaint", "film": FILM, "to": "wide"}, "A shape is width to height"),
    ({"task": "finish", "film": FILM}, "say the size"),
    ({"task": "finish", "film": FILM, "size": [64, 64]}, "leaves its shape"),
    ({"task": "animate", "prompt": "red"}, "one picture"),
    ({"task": "animate", "prompt": "red", "pictures": [{"name": "/etc/passwd"}]}, "choose it again"),
    ({"task": "keyframes", "prompt": "red"}, "one picture or more"),
    ({"task": "keyframes", "prompt": "red", "pictures": [{"take": STILL, "at": -1}]}, "0 s or later"),
    ({"task": "storyboard"}, "one shot or more"),
    ({"task": "storyboard", "shots": [{"prompt": " "}]}, "Shot 1 has an empty prompt"),
    ({"task": "storyboard", "shots": [{"prompt": "red", "join": "fade"}, {"prompt": "red", "join": "fade"}]}, "shot 2 says"),
    ({"task": "text", "prompt": "red", "cues": [{"prompt": "blue", "at": 99}]}, "within the film"),
    ({"task": "text", "prompt": "red", "path": "/etc/passwd"}, "path: there is no such wish"),
    ({"task": "text", "prompt": "red", "variations": 0}, "variations"),
    ({"task": "text", "prompt": "red", "guidance": 1000}, "Guidance goes"),
    (["red"], "JSON object"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence_and_planned_as_one(asked, sentence, studio, desk):
    reply = studio.post("/studio/jobs", json=asked)
    assert reply.status_code == 400 and sentence in reply.json()["error"]
    assert str(desk.home) not in reply.json()["error"]
    assert desk.queue.jobs() == []
    assert studio.post("/studio/plan", json=asked).json()["plan"]["why"]


def test_a_mask_of_another_shape_or_all_black_is_refused(studio):
    for data, sentence in ((painted((64, 64), (0, 0, 9, 9)), "The mask is 64x64"), (picture((96, 64), (0, 0, 0)), "black all over")):
        mask = studio.post("/studio/masks", content=data).json()["mask"]["name"]
        reply = studio.post("/studio/jobs", json={"task": "inpaint", "film": FILM, "prompt": "yellow", "mask": mask})
        assert reply.status_code == 400 and sentence in reply.json()["error"] and mask not in reply.json()["error"]


# ---- what is brought


def test_a_film_of_ones_own_becomes_a_take_at_once_and_can_be_worked_on(studio, desk, until):
    film = desk.library.take(A).file("film").read_bytes()       # made here: dropped on a slot, it is wanted as film all the same
    token = studio.post("/studio/arrivals", content=film, params={"name": "../my <boat>.mp4", "keep": True}).json()["arrival"]["token"]
    take = until(lambda: studio.get(f"/studio/arrivals/{token}").json()["arrival"]["take"], "the take")
    assert (take["pictures"], take["width"], take["notes"]) == (17, 96, "Imported from my boat.mp4")
    assert studio.post("/studio/plan", json={"task": "extend", "film": {"take": take["id"]}, "after": 1}).json()["plan"]["pictures"] == 33


def test_a_moment_of_a_take_is_shown_and_kept_as_a_picture(studio, desk):
    seen = Image.open(io.BytesIO(studio.get(f"/studio/moment/{A}", params={"second": 0.5}).content))
    assert seen.size == (96, 64)
    kept = studio.post("/studio/pictures/moment", json={"take": A, "second": 99}).json()["picture"]
    assert (kept["width"], kept["height"]) == (96, 64)
    assert moment_of(desk.inputs.picture(kept["name"])) == (A, 16)          # for the lineage of what is made of it
    assert studio.get("/studio/moment/nobody").status_code == 400
    assert studio.get(f"/studio/moment/{A}", params={"second": -1}).status_code == 400


# ---- the rows

def test_rows_say_what_the_page_draws(studio):
    model = studio.get("/studio/model").json()
    assert [task["name"] for task in model["tasks"]] == list(TASKS)
    for task in model["tasks"]:
        for control in (*task["controls"], *task["more"]):
            assert control["title"] and control["kind"]
            if control["kind"] == "amount":
                assert control["least"] <= control["default"] <= control["most"]
    for preset in model["presets"]:
        assert set(preset["tasks"]) <= set(TASKS) and preset["sets"]
        for task in preset["tasks"]:
            has = {control["name"] for row in model["tasks"] if row["name"] == task for control in (*row["controls"], *row["more"])}
            assert set(preset["sets"]) <= has, (preset["name"], task)
    assert studio.post("/studio/plan", json={"task": "storyboard", **model["story"]}).json()["plan"]["pictures"] == 41
    for prompts in model["task_examples"].values():
        for prompt in prompts:
            assert studio.post("/studio/words", json={"prompt": prompt}).json()["unknown"] == []
