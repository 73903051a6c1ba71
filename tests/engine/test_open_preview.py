"""The map from latents to colours: it shows what the autoencoder was given, is fitted once, and outlives its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch

from engine.denoisers.open import preview
from engine.denoisers.open.wan import WanBackend

ROOT = Path(__file__).resolve().parents[2]
AGAIN = """
import sys
from diffusers import WanPipeline
from engine.denoisers.open import preview
from engine.denoisers.open.wan import WanBackend

class Blind(WanBackend):
    def encode(self, pictures):
        raise AssertionError("it fits again")

print(preview.colours(Blind(WanPipeline.from_pretrained(sys.argv[1]), "wan", "0123456789ab")).tolist())
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return tiny.wan(tmp_path_factory.mktemp("released") / "wan")


class Counting(WanBackend):
    """Counts how often its autoencoder is asked."""

    asked = 0

    def encode(self, pictures):
        self.asked += 1
        return super().encode(pictures)


@pytest.fixture
def opened(released):
    """Open it as often as one likes, in versions of one's own."""
    from diffusers import WanPipeline

    pipe = WanPipeline.from_pretrained(released)
    return lambda version="0123456789ab": Counting(pipe, "wan", version)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_a_second_process_does_not_fit_again(opened, released, models):
    first = opened()
    found = preview.colours(first)
    assert first.asked == 1 and [path.name for path in (models / ".colours").iterdir()] == ["0123456789ab.json"]
    ran = subprocess.run([sys.executable, "-c", AGAIN, str(released)], capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert ran.returncode == 0, ran.stderr
    assert torch.equal(torch.tensor(json.loads(ran.stdout)), found)
    latents = torch.randn(1, 16, 2, 4, 4)
    again = opened()
    assert torch.equal(first.preview(latents), again.preview(latents)) and again.asked == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fit": 1, "map": [[1, 2], [3, 4], [5, 6]]}', '{"fit": 1, "map": "x"}', '{"fit": 0, "map": []}', '{"fit": 1, "map": [[NaN]]}'])
def test_what_is_damaged_is_fitted_again(opened, models, text):
    (models / ".colours").mkdir(parents=True)
    (models / ".colours" / "0123456789ab.json").write_text(text)
    first, then = opened(), opened()
    assert torch.equal(preview.colours(first), preview.colours(then)) and (first.asked, then.asked) == (1, 0)


def test_other_weights_have_a_map_of_their_own_and_the_oldest_go(opened, models):
    preview.colours(opened())
    other = opened("ba9876543210")
    preview.colours(other)
    assert other.asked == 1
    for number in range(80):
        path = models / ".colours" / f"{number:012x}.json"
        path.write_text("{}")
        os.utime(path, (number, number))
    preview.colours(opened("cccccccccccc"))
    left = {path.name for path in (models / ".colours").iterdir()}
    assert len(left) == preview.MANY and {"0123456789ab.json", "ba9876543210.json", "cccccccccccc.json"} <= left


def test_weights_without_a_hash_are_not_kept_and_a_folder_that_cannot_be_written_costs_nothing_but_time(opened, models, monkeypatch):
    preview.colours(opened("1")), preview.colours(opened("../../evil"))
    assert not models.exists()
    models.write_text("a file, where the folder was to be")
    backend = opened()
    assert preview.colours(backend).shape == (3, 17) and backend.asked == 1
