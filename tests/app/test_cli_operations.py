"""The commands of every operation, with the weightless model: what they make, answer and refuse, and what they leave."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from engine.denoisers.drawn import DrawnBackend
from engine.make import make
from engine.media import read_film, write_film
from engine.recipe import compose

ON = ["--seed", "5", "--steps", "2", "--backend", "drawn"]
OPERATIONS = ("extend", "loop", "connect", "edit", "inpaint", "outpaint", "finish")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """boat: 17 pictures in red with their latents. train: 13 in blue, the film alone. camera: film that was not made here."""
    folder, backend = tmp_path_factory.mktemp("shelf"), DrawnBackend()
    for name, prompt, pictures in (("boat", "a red wave right", 17), ("train", "a blue wave right", 13)):
        *_, last = make(compose(prompt, model="drawn", pictures=pictures, size=(96, 64), seed=7, steps=2)[0], backend, folder / name)
        shutil.copy(last.made.film, folder / f"{name}.mp4")
        if name == "boat":
            shutil.copy(last.made.latents, folder / "boat.safetensors")
        shutil.rmtree(folder / name)
    film = np.full((25, 96, 144, 3), 60, np.uint8)
    for at in range(25):
        film[at, :, 4 * at: 4 * at + 20] = (200, 120, 30)
    write_film(folder / "camera.mp4", [film], 144, 96, 25)
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    Image.new("L", (96, 64)).save(folder / "black.png")
    Image.new("L", (64, 64), 255).save(folder / "square.png")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("This is no film.")
    return folder


@pytest.fixture
def here(shelf, tmp_path, monkeypatch):
    """A folder that commands are called in, with those files in it."""
    shutil.copytree(shelf, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Call a command with --json: its exit code and what it answered."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict | list]:
        code = main([*map(str, arguments), "--json"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1
        return code, json.loads(lines[0])

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def new(here):
    """A function: names of the files that were not there before, hidden ones too."""
    before = {path.name for path in here.iterdir()}
    return lambda: sorted(path.name for path in here.iterdir() if path.name not in before)


def film(name) -> np.ndarray:
    return np.stack(list(read_film(name))).astype(int)


def colour(pictures: np.ndarray) -> int:
    """Which channel is brightest: 0 red, 1 green, 2 blue."""
    return int(pictures.reshape(-1, 3).mean(0).argmax())


@pytest.mark.parametrize("command", OPERATIONS)
def test_every_operation_explains_itself(command, capsys):
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: cineloom {command}")
    for option in ("--json", "--seed", "--steps", "--start", "--stop", "--out", "--latents", "--variations", "--size", "--model"):
        assert option in said, option


# ---- what they make

MADE = {
    "extend forward": (["extend", "boat.mp4", "--after", 0.5], "boat-extend.mp4", (25, 64, 96), 1),
    "extend both ways": (["extend", "boat.mp4", "a blue wave", "--after", 0.5, "--before", 0.25], "boat-extend.mp4", (29, 64, 96), 2),
    "extend a part": (["extend", "boat.mp4", "--after", 0.25, "--start", 0.25, "--stop", 0.75], "boat-extend.mp4", (13, 64, 96), 1),
    "loop a film": (["loop", "boat.mp4", "--seconds", 0.5], "boat-loop.mp4", (24, 64, 96), 2),
    "loop of words": (["loop", "--prompt", "a red wave right", "--seconds", 1, "--size", "96x64"], "a-red-wave-right.mp4", (16, 64, 96), 1),
    "connect": (["connect", "boat.mp4", "train.mp4", "--seconds", 0.5], "boat-connect.mp4", (37, 64, 96), 2),
    "dissolve": (["connect", "boat.mp4", "train.mp4", "--overlap", 0.5], "boat-connect.mp4", (21, 64, 96), 2),
    "edit": (["edit", "boat.mp4", "a blue wave", "--strength", "0,0.9,0.3"], "boat-edit.mp4", (17, 64, 96), 1),
    "edit faithfully": (["edit", "boat.mp4", "a blue wave", "--faithful"], "boat-edit.mp4", (17, 64, 96), 0),
    "inpaint an area": (["inpaint", "boat.mp4", "blue", "--area", "0,0,48,64"], "boat-inpaint.mp4", (17, 64, 96), 0),
    "inpaint a mask": (["inpaint", "boat.mp4", "blue", "--mask", "mask.png"], "boat-inpaint.mp4", (17, 64, 96), 0),
    "outpaint": (["outpaint", "boat.mp4", "--to", "1:1"], "boat-outpaint.mp4", (17, 80, 80), 0),
    "finish": (["finish", "boat.mp4", "--size", "192x128"], "boat-finish.mp4", (17, 128, 192), 0),
    "from a camera": (["extend", "camera.mp4", "a red wave", "--after", 0.25, "--size", "96x64"], "camera-extend.mp4", (17, 64, 96), 1),
}


@pytest.mark.parametrize("case", MADE)
def test_an_operation_makes_a_film_that_says_what_made_it_and_can_be_made_again(case, run, new):
    arguments, name, shape, joins = MADE[case]
    code, said = run(*arguments, *ON)
    assert code == 0
    pictures = film(said["path"])
    assert said["path"] == name and pictures.shape == (*shape, 3)
    assert (said["pictures"], said["height"], said["width"], said["seed"], said["fps"]) == (*shape, 5, 16)
    assert len(said["joins"]) == joins and (said["seam"] is None) == (joins == 0)
    kept = arguments[1] == "boat.mp4"           # it had its latents, so that what is made of it has them too
    assert new() == sorted([name, *([name.replace(".mp4", ".safetensors")] if kept else [])])
    assert said["latents"] == (name.replace(".mp4", ".safetensors") if kept else None)
    code, read = run("recipe", name)
    assert code == 0 and read["recipe"] == said["recipe"]
    assert read["recipe"]["operation"] == arguments[0] and len(read["recipe"]["inputs"]) >= (case != "loop of words")
    code, verdict = run("reproduce", name)
    assert (code, verdict["verdict"], verdict["compared"], verdict["differs"]) == (0, "exact", "latents" if kept else "pictures", [])
    assert new() == sorted([name, *([said["latents"]] if kept else [])])


def test_what_was_there_is_still_there_and_the_new_film_follows_the_words(run):
    assert run("extend", "boat.mp4", "a blue wave right", "--after", 0.5, "--before", 0.5, *ON)[0] == 0
    old, made = film("boat.mp4"), film("boat-extend.mp4")
    assert np.abs(made[8:25] - old).mean() < 2
    assert colour(old) == 0 and colour(made[:7]) == 2 and colour(made[26:]) == 2


def test_only_what_is_masked_changes(run):
    old = film("boat.mp4")
    for how in (["--mask", "mask.png"], ["--area", "0,0,48,64"]):
        assert run("inpaint", "boat.mp4", "a blue wave", *how, "-o", "out.mp4", *ON)[0] == 0
        made = film("out.mp4")
        assert np.abs(made[:, :, 52:] - old[:, :, 52:]).mean() < 2 and colour(made[:, :, 4:36]) == 2


def test_a_curve_of_strength_changes_the_middle_and_leaves_the_ends(run):
    assert run("edit", "boat.mp4", "a blue wave", "--strength", "0,1,0", *ON)[0] == 0
    made, old = film("boat-edit.mp4"), film("boat.mp4")
    assert np.abs(made[0] - old[0]).mean() < 2 and np.abs(made[-1] - old[-1]).mean() < 2
    assert colour(made[7]) == 2 and np.abs(made[7] - old[7]).mean() > 40


def test_words_change_along_the_film(run):
    code, said = run("take", "red right", "--then", "blue right@0.5", "--then", "green right@0.25", "--seconds", "1", "--size", "64x64", "-o", "out.mp4", *ON)
    assert code == 0
    assert [(cue["at"], cue["prompt"]) for cue in said["recipe"]["cues"]] == [(4, "green right"), (8, "blue right")]
    made = film("out.mp4")
    assert (colour(made[0]), colour(made[-1])) == (0, 2)


def test_the_seam_is_near_1_where_the_film_goes_on_and_far_where_it_jumps(run, capsys):
    """The drawn model goes on to the picture with the same words, and starts with another colour at once with others."""
    assert run("extend", "boat.mp4", "--after", 0.5, "-o", "same.mp4", *ON)[1]["seam"] == pytest.approx(1, abs=0.6)
    other = run("extend", "boat.mp4", "a blue wave right", "--after", 0.5, "-o", "other.mp4", *ON)[1]
    assert other["seam"] > 5 and other["joins"][0]["picture"] == 17 and other["joins"][0]["colour"] > 20
    assert main(["extend", "boat.mp4", "--after", "0.5", "-o", "same.mp4", *ON]) == 0
    assert "same.mp4: 96x64, 25 pictures at 16 a second, seed 5, seam " in capsys.readouterr().out


# ---- variations

def test_variations_are_numbered_and_the_best_joined_is_first(run, new):
    code, said = run("extend", "boat.mp4", "--after", 0.25, "--variations", 4, "-o", "out.mp4", "--no-latents", *ON)
    assert code == 0 and new() == ["out-1.mp4", "out-2.mp4", "out-3.mp4", "out-4.mp4"]
    assert {take["path"]: take["seed"] for take in said} == {f"out-{number}.mp4": 4 + number for number in (1, 2, 3, 4)}
    far = [abs(np.log(take["seam"])) for take in said]
    assert far == sorted(far) and far[0] < far[-1]


def test_variations_without_a_join_stay_in_order_and_count_by_themselves(run, new):
    code, said = run("take", "red", "--seconds", "0.25", "--size", "64x64", "--variations", 2, *ON)
    assert [(take["path"], take["seed"], take["seam"]) for take in said] == [("red.mp4", 5, None), ("red-2.mp4", 6, None)]
    code, said = run("image", "red", "--size", "64x64", "--variations", 1, "-o", "out.png", *ON)
    assert [take["path"] for take in said] == ["out-1.png"] and new() == ["out-1.png", "red-2.mp4", "red.mp4"]


def test_a_film_may_have_the_name_of_the_picture_it_begins_with(run, new):
    assert run("animate", "mask.png", "red", "--seconds", "0.25", "--size", "96x64", "-o", "mask.mp4", *ON)[0] == 0 and new() == ["mask.mp4"]


def test_a_finish_keeps_the_drafts_seed(run):
    assert run("finish", "boat.mp4", "--size", "192x128", "--steps", 2, "--backend", "drawn")[1]["seed"] == 7


# ---- again and again

def test_latents_are_kept_where_the_film_has_its_own_or_where_they_are_asked(run, new):
    for arguments, kept in ((["boat.mp4"], True), (["boat.mp4", "--no-latents"], False), (["train.mp4"], False), (["train.mp4", "--latents"], True)):
        code, said = run("extend", *arguments, "--after", 0.25, "-o", "out.mp4", *ON)
        assert code == 0 and (said["latents"] == "out.safetensors") == kept and ("out.safetensors" in new()) == kept
        for name in new():
            Path(name).unlink()


def test_film_is_operated_on_again_and_again_from_its_latents(run):
    """Every operation on what the one before it made."""
    last = "boat.mp4"
    for number, arguments in enumerate((["extend", "--after", 0.25], ["edit", "a green wave"], ["inpaint", "--area", "0,0,16,16"], ["outpaint", "--to", "1:1"],
                                        ["finish", "--size", "160x160"], ["loop", "--seconds", 0.5], ["extend", "--before", 0.25])):
        operation, *rest = arguments
        code, said = run(operation, last, *rest, "-o", f"{number}.mp4", *ON)
        assert code == 0, said
        assert said["recipe"]["inputs"][0]["path"] == str(Path(last).with_suffix(".safetensors").absolute())
        last = said["path"]
    code, said = run("connect", last, "boat.mp4", "--size", "96x64", "-o", "all.mp4", *ON)
    assert code == 0 and [Path(item["path"]).suffix for item in said["recipe"]["inputs"]] == [".safetensors", ".safetensors"]
    assert run("reproduce", "all.mp4")[1]["verdict"] == "exact"


def test_films_and_latents_that_moved_are_found_and_lost_ones_are_named(run, here):
    assert run("connect", "boat.mp4", "camera.mp4", "--prompt", "red", "--size", "96x64", "-o", "out.mp4", *ON)[0] == 0
    (here / "elsewhere" / "deep").mkdir(parents=True)
    shutil.move("boat.safetensors", "elsewhere/deep/renamed.safetensors")
    shutil.move("camera.mp4", "elsewhere/other.mov")
    (here / "films").mkdir()
    for name in ("out.mp4", "out.safetensors"):
        shutil.move(name, f"films/{name}")
    code, said = run("reproduce", "films/out.mp4")
    assert code == 2 and said["error"].startswith("This recipe was given 2 films that are not here: boat.safetensors (sha256 ")
    assert run("reproduce", "films/out.mp4", "--inputs", "elsewhere")[1]["verdict"] == "exact"
    shutil.move("elsewhere/deep/renamed.safetensors", "films/x.safetensors")
    code, said = run("reproduce", "films/out.mp4")
    assert code == 2 and "given a film that is not here: camera.mp4" in said["error"] and "Name the folder where it lies" in said["error"]


def test_a_recipe_says_in_words_what_it_was_given(run, capsys):
    run("edit", "boat.mp4", "blue", "--strength", "0,0.5", "--mask", "mask.png", *ON)
    run("take", "red", "--then", "blue@0.25", "--seconds", "0.5", "--size", "64x64", "-o", "plain.mp4", *ON)
    assert main(["recipe", "boat-edit.mp4"]) == 0
    said = capsys.readouterr().out
    assert "boat.safetensors, its pictures 0 to 16, from picture 0 on (sha256" in said and "strength   [0.0, 0.5]" in said
    assert "mask       " in said and "mask.png as picture 0" in said
    assert main(["recipe", "plain.mp4"]) == 0
    said = capsys.readouterr().out
    assert "then       blue (from picture 4)" in said and "strength" not in said and "window" not in said and "tile" not in said


def test_what_is_done_to_film_on_the_way_is_said(run):
    notes = run("extend", "camera.mp4", "a red wave", "--after", 0.3, "--stop", 0.9, "--size", "96x64", *ON)[1]["notes"]
    assert notes == ["0.3 s was asked; 0.25 s is the nearest length on Drawn's grid.",
                     "camera.mp4 has 25 pictures a second; Drawn makes 16, and that is what it is read at.",
                     "The first 2 pictures of camera.mp4 from 0 s to 0.9 s are left out: Drawn works on 1 + 4k of them.",
                     "camera.mp4 is 144x96; it is used at 96x64."]


# ---- what they refuse

BAD = {
    "no film": (["extend", "--after", 1], "Missing argument"),
    "missing film": (["extend", "gone.mp4", "--after", 1], "There is no file at gone.mp4"),
    "empty film": (["loop", "empty.mp4"], "empty.mp4 is empty"),
    "text for a film": (["edit", "text.mp4", "blue"], "text.mp4 is text"),
    "a picture for a film": (["finish", "mask.png", "red"], "mask.png is a single picture"),
    "a folder for a film": (["outpaint", "."], "is a folder"),
    "no words": (["extend", "camera.mp4", "--after", 1], "camera.mp4 was not made here, so nobody said what it shows"),
    "no words for one of two": (["connect", "boat.mp4", "camera.mp4"], "camera.mp4 was not made here"),
    "empty words": (["edit", "boat.mp4", " "], "The prompt is empty"),
    "nothing to extend by": (["extend", "boat.mp4"], "0 seconds of both was asked"),
    "negative seconds": (["extend", "boat.mp4", "--after", -1], "Seconds are 0 or more; -1 was asked"),
    "years of film": (["extend", "boat.mp4", "--after", 1e8], "would fit"),
    "no part of it": (["extend", "boat.mp4", "--after", 1, "--start", 2], "from 2 s to its end is no film"),
    "loop of nothing": (["loop"], "A loop is made of a film or of words"),
    "two ways to connect": (["connect", "boat.mp4", "train.mp4", "--seconds", 1, "--overlap", 1], "both was asked"),
    "no overlap": (["connect", "boat.mp4", "train.mp4", "--overlap", 0], "more than 0 seconds; 0 was asked"),
    "too much overlap": (["connect", "boat.mp4", "train.mp4", "--overlap", 5], "cannot lie over each other for 5 s"),
    "a tiny size": (["connect", "boat.mp4", "boat.mp4", "--size", "8x8"], "go from 64 to 1920"),
    "strength of 2": (["edit", "boat.mp4", "blue", "--strength", "2"], "from 0 (kept) to 1 (made anew); 2 was asked"),
    "negative strength": (["edit", "boat.mp4", "blue", "--strength", "0.5,-0.5"], "-0.5 was asked"),
    "strength of nothing": (["edit", "boat.mp4", "blue", "--strength", "0,0"], "changes nothing"),
    "strength in words": (["edit", "boat.mp4", "blue", "--strength", "0.5;0.6"], "or a curve such as 0,0.9,0.3; '0.5;0.6' was asked"),
    "infinite strength": (["edit", "boat.mp4", "blue", "--strength", "inf"], "The strength is a number"),
    "faithful to nobody": (["edit", "camera.mp4", "blue", "--faithful"], "Say what it was"),
    "no hole": (["inpaint", "boat.mp4"], "needs an area or a mask"),
    "an area outside": (["inpaint", "boat.mp4", "--area", "90,0,16,16"], "within boat.mp4's 96x64 pixels"),
    "an area in words": (["inpaint", "boat.mp4", "--area", "left"], "left, top, width and height; 'left' was asked"),
    "half an area": (["inpaint", "boat.mp4", "--area", "0,0,8"], "An area is left, top, width and height"),
    "a mask that is missing": (["inpaint", "boat.mp4", "--mask", "gone.png"], "There is no file at gone.png"),
    "a mask of another shape": (["inpaint", "boat.mp4", "--mask", "square.png"], "square.png is 64x64 and boat.mp4 is 96x64; a mask has the film's shape"),
    "a black mask": (["inpaint", "boat.mp4", "--mask", "black.png"], "black.png is black all over"),
    "a mask that is no picture": (["inpaint", "boat.mp4", "--mask", "text.mp4"], "text.mp4 is text"),
    "no shape": (["outpaint", "boat.mp4", "--to", "wide"], "A shape is width to height"),
    "its own shape": (["outpaint", "boat.mp4", "--to", "3:2"], "has that shape already"),
    "a smaller finish": (["finish", "boat.mp4", "--size", "72x64"], "Finish makes a draft larger"),
    "an endless finish": (["finish", "boat.mp4", "--size", "9600x6400"], "go from 64 to 1920"),
    "words without a time": (["take", "red", "--then", "blue"], "Further words come with their time"),
    "words at no time": (["take", "red", "--then", "blue@soon"], "Further words come with their time"),
    "words after the end": (["take", "red", "--then", "blue@9"], "within the film of 33 pictures"),
    "no variation": (["extend", "boat.mp4", "--after", 1, "--variations", 0], "Invalid value for '--variations'"),
    "a wrong ending": (["extend", "boat.mp4", "--after", 1, "-o", "out.gif"], "out.mp4 would work"),
    "its own name": (["extend", "boat.mp4", "--after", 1, "-o", "boat.mp4"], "boat.mp4 is what this is made of"),
    "its own name, without latents": (["extend", "train.mp4", "--after", 1, "-o", "train.mp4"], "train.mp4 is what this is made of"),
    "no folder": (["extend", "boat.mp4", "--after", 1, "-o", "nowhere/out.mp4"], "There is no folder nowhere"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_in_a_sentence_and_leaves_nothing(case, run, new):
    arguments, part = BAD[case]
    code, said = run(*arguments, "--backend", "drawn")
    assert code == 2
    assert list(said) == ["error"] and part in said["error"]
    assert len(said["error"]) < 400 and said["error"].endswith((".", "`")) and "Traceback" not in said["error"]
    assert new() == []


def test_a_film_that_changes_while_it_is_asked_for_leaves_nothing(run, new):
    """What the recipe names by its hash is another file by the time it is made."""
    from app.commands.making import Way, deliver
    from engine.errors import BadMedia
    from engine.recipe.operating import extend

    asked = extend("boat.mp4", model="drawn", after=0.5)
    Path("boat.safetensors").write_bytes(b"other latents")
    with pytest.raises(BadMedia, match="has changed since"):
        deliver(*asked, Way(None, None, None, "drawn", True))
    assert new() == []


# ---- film of the real world

@pytest.mark.parametrize("name, pictures", [("traffic.mp4", 17), ("fire_vfr.mp4", 17), ("bunny.webm", 13), ("cradle_loop.gif", 13)])
def test_real_footage_is_led_on(run, real, name, pictures):
    code, said = run("extend", real(name), "a red wave", "--after", 0.25, "--stop", 1, "--size", "128x96", *ON)
    assert code == 0 and said["pictures"] == pictures + 4 and said["joins"][0]["picture"] == pictures
    assert any("pictures a second; Drawn makes 16" in note for note in said["notes"])
