"""`cineloom cut make`, `again`, `candidates`, `accept` and `reject`: film that is missing, made by a worker of its own, without a page."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.cli import main
from engine.denoisers.drawn import DrawnBackend
from engine.denoisers.open import loras
from engine.jobs import Queue
from engine.library import Library
from engine.make import make
from engine.recipe import Lora, compose


@pytest.fixture
def cut(run, tmp_path):
    """A cut of one take of 17 pictures: its answer."""
    library = Library.open(tmp_path / "home")
    recipe, _ = compose("red right", model="drawn", seconds=1, size=(96, 64), seed=7, steps=2)
    *_, last = make(recipe, DrawnBackend(), library.staging("aaaaaaaaaa"))
    library.add_take(last.made, "aaaaaaaaaa")
    library.store.close()
    return run("new", "One", "aaaaaaaaaa")[1]


def test_a_stretch_is_made_anew_listed_accepted_and_undone(run, cut, capsys):
    clip = cut["cut"]["tracks"][0]["items"][0]["id"]
    code, said = run("make", "One", "retake", clip, "green right", "--from", 6, "--to", 11, "--strength", 0.9, "--times", 2, "--backend", "drawn")
    assert code == 0, said
    one, other = said["candidates"]
    assert one["state"] == "done" and one["score"] > 0 and [item["length"] for item in one["items"]] == [5, 7, 5] and said["revision"] == 0
    assert run("reject", "One", other["id"])[1]["candidates"] == [one]
    code, now = run("accept", "One", one["id"])
    assert code == 0 and (now["revision"], now["undo"], now["frames"]) == (1, "accept", 17)
    assert run("candidates", "One")[1]["candidates"] == []
    assert run("undo", "One")[1]["frames"] == 17 and run("candidates", "One")[1]["candidates"] == [one]
    assert main(["cut", "candidates", "One"]) == 0
    assert f"seam {one['score']:.2f}" in capsys.readouterr().out


def test_what_is_only_put_in_line_waits_for_a_studio(run, cut):
    clip = cut["cut"]["tracks"][0]["items"][0]["id"]
    code, said = run("make", "One", "extend", clip, "--frames", 8, "--later", "--backend", "drawn")
    assert code == 0 and [(one["state"], one["kind"], one["frames"]) for one in said["candidates"]] == [("waiting", "extend", 8)]
    code, more = run("again", "One", said["candidates"][0]["id"], "--later", "--backend", "drawn")
    assert code == 0 and [(one["state"], one["kind"], one["frames"]) for one in more["candidates"]] == [("waiting", "extend", 8)] and more["candidates"] != said["candidates"]
    assert len(run("candidates", "One")[1]["candidates"]) == 2


@pytest.mark.parametrize("kind", ["extend", "variation"])
def test_it_is_made_with_the_loras_that_are_asked(run, cut, tmp_path, monkeypatch, kind):
    """As `take` has them; and so is more of it."""
    monkeypatch.setenv("CINELOOM_LORAS", str(tmp_path / "loras"))
    save_file({"drawn.lora_A.weight": np.ones((1, 3), np.float32), "drawn.lora_B.weight": np.ones((3, 1), np.float32)}, tmp_path / "warm.safetensors")
    lora = loras.add(tmp_path / "warm.safetensors")
    clip, queue = cut["cut"]["tracks"][0]["items"][0]["id"], Queue(tmp_path / "home")
    code, said = run("make", "One", kind, clip, "--frames", 8, "--later", "--backend", "drawn", "--lora", "warm:0.5")
    assert code == 0, said
    code, more = run("again", "One", said["candidates"][0]["id"], "--later", "--backend", "drawn")
    for one in (*said["candidates"], *more["candidates"]):
        assert queue.job(one["job"]).asked.loras == (Lora("warm", lora.sha256, 0.5),)


@pytest.mark.parametrize("asked, sentence", [
    (("make", "One", "extend", "CLIP", "--frames", 8, "--lora", "nothing"), "no LoRA called 'nothing'"), (("make", "One", "extend", "CLIP", "--frames", 8, "--cache", "first-block"), "cache"),
    (("make", "One", "extend", "CLIP", "--frames", 8, "--guider", "apg"), "guid"),
    (("make", "One", "explode", "CLIP"), "What can be made of a clip is"), (("make", "One", "retake", "CLIP", "--from", 3), "--from and --to"),
    (("make", "One", "retake", "CLIP"), "from one frame of the cut"), (("make", "One", "extend", "CLIP"), "0 frames"), (("make", "One", "edit", "nobody", "x"), "There is no item"),
    (("make", "None", "edit", "CLIP"), "There is no cut"), (("again", "One", "nobody"), "not here any more"), (("accept", "One", "nobody"), "not here any more"), (("reject", "One", "nobody"), "There is no candidate"),
    (("make", "One", "retake", "CLIP", "--from", 1, "--to", 3, "--area", "x"), "The area is written as"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence(run, cut, asked, sentence):
    clip = cut["cut"]["tracks"][0]["items"][0]["id"]
    code, said = run(*(clip if word == "CLIP" else word for word in asked), *(("--backend", "drawn") if asked[0] == "make" else ()))
    assert code == 2 and sentence in said["error"]
