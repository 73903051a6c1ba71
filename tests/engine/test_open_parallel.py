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


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of models, and a LoRA for a tiny Wan."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("CINELOOM_PARALLEL", raising=False)
    return tmp_path


@pytest.mark.parametrize("make", [lambda folder: tiny.wan(folder, kind="5b"), lambda folder: ltx(folder, "0.9.5"), vace], ids=["wan 5b", "ltx", "vace"])
def test_two_ranks_equal_one(home, make):
    """A level for every token, guidance, a LoRA laid on and taken off: whatever is walked, two ranks walk as one."""
    *_, _row = keeping.add(make(home / "my-own"))
    alone = open_backend("my-own")
    file = laying.lora(home / "a.safetensors", alone.pipe.transformer)
    environment = os.environ | {"CINELOOM_PARALLEL": "2", "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])]), "OMP_NUM_THREADS": "1"}
    both = subprocess.Popen([sys.executable, str(HERE / "two_ranks.py"), "my-own", str(home / "two.safetensors"), str(file)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    one = walks(alone, file)
    said, wrong = both.communicate(timeout=300)
    assert both.returncode == 0, wrong[-3000:]
    two = load_file(home / "two.safetensors")
    for name, film in one.items():
        assert (film - two[name]).abs().max() < 1e-5, name
    assert torch.equal(two["text"], two["after"]) and not torch.equal(two["text"], two["lora"])
    assert "which no cache knows of" in said and "all have ended: [0]" in said


def test_what_cannot_be_shared_out_is_said(home, monkeypatch):
    *_, _row = keeping.add(tiny.wan(home / "my-wan"))
    *_, _row = keeping.add(skyreels(home / "my-sky", "df"))
    for name, count, sentence in (("my-sky", "2", "cannot be walked by several accelerators at once, Wan and LTX-Video can"), ("my-wan", "3", "2 heads of attention, which 3 accelerators cannot share out evenly"),
                                  ("my-wan", "two", "CINELOOM_PARALLEL is a whole number from 1 to 8")):
        monkeypatch.setenv("CINELOOM_PARALLEL", count)
        with pytest.raises(BadRequest, match=sentence):
            open_backend(name)
