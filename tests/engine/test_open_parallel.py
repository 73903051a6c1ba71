"""Several ranks make the film that one makes, on CPUs: real processes, tiny checkpoints in the released format."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import laying
import pytest
import tiny
import torch
from safetensors.torch import load_file
from tiny_ltx import ltx
from tiny_skyreels import skyreels
from tiny_vace import vace
from two_ranks import walks

from engine.denoisers.catalog import open_backend
from engine.denoisers.open import keeping
from engine.errors import BadRequest

HERE = Path(__file__).parent


MODELS = {"wan": lambda folder: tiny.wan(folder, kind="5b"), "ltx": lambda folder: ltx(folder, "0.9.5"), "vace": vace}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder of models."""
    home = tmp_path_factory.mktemp("ranks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CINELOOM_MODELS", str(home / "models"))
        patch.delenv("CINELOOM_PARALLEL", raising=False)
        yield home


@pytest.fixture(scope="module")
def walked(home):
    """What one rank walks of each model, what two do, and what those said."""
    alone, loras = {}, {}
    for name, make in MODELS.items():
        *_, _row = keeping.add(make(home / name))
        alone[name] = open_backend(name)
        loras[name] = laying.lora(home / f"{name} lora.safetensors", alone[name].pipe.transformer)
    environment = os.environ | {"CINELOOM_PARALLEL": "2", "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    asked = [word for name in MODELS for word in (name, str(loras[name]), str(home / f"{name} of two.safetensors"))]
    both = subprocess.Popen([sys.executable, str(HERE / "two_ranks.py"), *asked], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    one = {name: walks(backend, loras[name]) for name, backend in alone.items()}
    said, wrong = both.communicate(timeout=300)
    assert both.returncode == 0, wrong[-3000:]
    return one, {name: load_file(home / f"{name} of two.safetensors") for name in MODELS}, said.splitlines()


@pytest.mark.parametrize("name", MODELS)
def test_two_ranks_equal_one(walked, name):
    """A level for every token, guidance, a LoRA laid on and taken off: whatever is walked, two ranks walk as one."""
    one, two, said = walked[0][name], walked[1][name], [line for line in walked[2] if line.startswith(f"{name}: ")]
    assert one.keys() == two.keys() and len(one) >= 5
    for what, film in one.items():
        assert (film - two[what]).abs().max() < 1e-5, what
    assert torch.equal(two["text"], two["after"]) and not torch.equal(two["text"], two["lora"])
    assert "which no cache knows of" in said[0] and said[1].endswith("all have ended: [0]")


def test_what_cannot_be_shared_out_is_said(home, monkeypatch):
    *_, _row = keeping.add(tiny.wan(home / "my-wan"))
    *_, _row = keeping.add(skyreels(home / "my-sky", "df"))
    for name, count, sentence in (("my-sky", "2", "cannot be walked by several accelerators at once, Wan and LTX-Video can"), ("my-wan", "3", "2 heads of attention, which 3 accelerators cannot share out evenly"),
                                  ("my-wan", "two", "CINELOOM_PARALLEL is a whole number from 1 to 8")):
        monkeypatch.setenv("CINELOOM_PARALLEL", count)
        with pytest.raises(BadRequest, match=sentence):
            open_backend(name)
