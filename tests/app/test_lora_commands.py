"""LoRAs from the command line and the page's requests, with the weightless model: brought, asked for, in the recipe, found again."""

from __future__ import annotations

import dataclasses
import json
import signal

import numpy as np
import pytest
from fakes import tinting
from safetensors.numpy import load_file

from app.cli import main
from engine.denoisers.open import loras
from engine.recipe import from_json

SMALL = ["--size", "64x64", "--seconds", "0.5", "--seed", "7", "--backend", "drawn", "--latents"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of LoRAs with one in it, `warm`; commands are called beside it."""
    monkeypatch.setenv("CINELOOM_LORAS", str(tmp_path / "loras"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    loras.add(tinting(tmp_path / "warm.safetensors"))
    return tmp_path / "loras"


@pytest.fixture
def run(folder, capsys):
    """Call a command with --json: its exit code and the one object it answered; `run.said` is what it said aside."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict]:
        code = main([*map(str, arguments), "--json"])
        out, call.said = capsys.readouterr()
        return code, json.loads(out.splitlines()[-1])

    yield call
    signal.signal(signal.SIGTERM, before)


def latents(answer):
    return load_file(answer["latents"])["latents"]


def test_they_are_brought_listed_shown_and_given_up(run, folder, tmp_path):
    code, answer = run("loras", "add", tinting(tmp_path / "other.safetensors"), "--name", "cold_lightx2v_high_noise", "--words", "ice, snow", "--grid", "lightx2v")
    assert (code, answer["words"], answer["expert"], answer["distilled"]) == (0, ["ice", "snow"], "noisy", {"grid": "lightx2v", "steps": 4, "guidance": 1.0})
    code, answer = run("loras")
    assert code == 0 and [lora["name"] for lora in answer["loras"]] == ["cold_lightx2v_high_noise", "warm"] and answer["folder"] == str(folder)
    code, answer = run("loras", "show", "warm")
    assert (answer["for"], answer["rank"], answer["words"], answer["sha256"]) == (["drawn"], 2, ["warm"], loras.one("warm").sha256)
    (folder / "old.ckpt").write_bytes(b"\x80")
    code, answer = run("loras", "list")
    assert "old.ckpt is a pickle" in answer["strange"][0] and "old.ckpt is a pickle" in run.said
    assert run("loras", "remove", "warm")[1]["bytes"] > 0 and set(loras.kept()) == {"cold_lightx2v_high_noise"}
    code, answer = run("loras", "show", "warm")
    assert code == 2 and "no LoRA called 'warm'" in answer["error"]
    assert run("loras", "add", tmp_path / "nothing.safetensors")[0] == 2


def test_a_command_that_makes_film_lays_them_on(run):
    plain, full, half, none = (run("take", "warm red", *SMALL, *more)[1] for more in ((), ("--lora", "warm"), ("--lora", "warm:0.5"), ("--lora", "warm:0")))
    assert full["recipe"]["loras"] == [{"name": "warm", "sha256": loras.one("warm").sha256, "weight": 1.0, "expert": "", "grid": ""}]
    assert np.array_equal(latents(plain), latents(none)) and not np.array_equal(latents(plain), latents(full))
    assert (latents(plain) < latents(half)).sum() and abs(latents(half) - (latents(plain) + latents(full)) / 2).max() < 1e-4
    for command in (("extend", plain["path"], "--after", 0.5), ("edit", plain["path"], "red down"), ("finish", plain["path"], "--size", "128x128")):
        code, answer = run(*command, "--backend", "drawn", "--lora", "warm", "--steps", 3)
        assert code == 0 and answer["recipe"]["loras"][0]["name"] == "warm" and answer["recipe"]["steps"] == 3


def test_one_that_is_not_called_is_remarked_and_one_that_cannot_be_is_refused(run):
    assert run("take", "red left", *SMALL, "--lora", "warm")[0] == 0 and 'The LoRA warm is called by "warm", which the prompt does not say.' in run.said
    for text, sentence in (("cold", "no LoRA called 'cold'; there is warm"), ("warm:strong", "NAME:WEIGHT such as paper-cut:0.8"), ("warm:99", "weight goes from -10 to 10")):
        code, answer = run("take", "red", *SMALL, "--lora", text)
        assert code == 2 and sentence in answer["error"]
    code, answer = run("take", "a red boat", "--size", "64x64", "--seconds", "0.5", "--lora", "warm")
    assert code == 2 and "Paper takes no LoRAs" in answer["error"]


def test_a_distilled_one_brings_its_steps(run, tmp_path):
    run("loras", "add", tinting(tmp_path / "fast.safetensors"), "--grid", "causvid")
    assert run("take", "warm red", *SMALL, "--lora", "fast")[1]["recipe"]["steps"] == 9
    answer = run("take", "warm red", *SMALL, "--lora", "fast", "--steps", 3)[1]["recipe"]
    assert (answer["steps"], answer["loras"][0]["grid"]) == (3, "causvid")


def test_a_film_is_made_again_with_them_wherever_they_lie(run, folder, tmp_path):
    film = run("take", "warm red", *SMALL, "--lora", "warm")[1]["path"]
    assert run("reproduce", film)[1]["verdict"] == "exact"
    (tmp_path / "away" / "deep").mkdir(parents=True)
    (folder / "warm.safetensors").rename(tmp_path / "away" / "deep" / "otherwise.safetensors")
    code, answer = run("reproduce", film)
    assert code == 2 and "The LoRA warm (sha256" in answer["error"] and str(folder) in answer["error"]
    assert run("reproduce", film, "--inputs", tmp_path / "away")[1]["verdict"] == "exact"
    assert main(["recipe", film]) == 0


def test_the_page_asks_for_them_and_a_recipe_comes_back_as_what_was_asked(folder, studio, desk):
    asked = {"task": "text", "prompt": "warm red", "size": [64, 64], "seconds": 0.5, "seed": "5", "loras": [{"name": "warm", "weight": 0.5}]}
    job = studio.post("/studio/jobs", json=asked).json()["job"]
    recipe = desk.line.job(job["id"]).asked
    assert [(lora.name, lora.weight) for lora in recipe.loras] == [("warm", 0.5)]
    (folder / "warm.safetensors").rename(folder / "hot.safetensors")
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert back["notes"] == [] and back["wishes"]["loras"] == [{"name": "hot", "weight": 0.5}]
    again = from_json(json.dumps(studio.post("/studio/jobs", json=back["wishes"]).json()["job"]["recipe"] | {"seed": 5}))
    assert again.digest() == recipe.digest()
    changed = desk.line.edit(job["id"], prompt="warm blue").asked
    assert dataclasses.replace(changed, prompt=recipe.prompt) == recipe, "what is not changed stays"
    assert desk.line.edit(job["id"], loras=[]).asked.loras == ()
    (folder / "hot.safetensors").unlink()
    back = studio.post("/studio/wishes", json={"recipe": json.loads(recipe.to_json())}).json()
    assert "The LoRA warm of this recipe is not here any more" in back["notes"][0] and "loras" not in back["wishes"]


@pytest.mark.parametrize("laid, sentence", [
    ([{"name": "cold"}], "no LoRA called 'cold'"), ([{"name": "warm", "weight": "much"}], "loras.0.weight"), ("warm", "loras: this is no list"), ([{"weight": 1}], "loras.0.name: it is missing"),
    ([{"name": "warm"}, {"name": "warm"}], "asked twice"), ([{"name": "../warm"}], "no LoRA called"), ([{"name": "warm", "path": "/"}], "there is no such wish"), ([{"name": "warm", "weight": 11}], "from -10 to 10"),
])
def test_what_cannot_be_laid_on_is_refused_in_a_sentence(laid, sentence, folder, studio):
    reply = studio.post("/studio/jobs", json={"task": "text", "prompt": "warm red", "loras": laid})
    assert reply.status_code == 400 and sentence in reply.json()["error"]
