"""The whole recipe at toy size: every stage of training after another, as an accelerator runs it, drawing beside training."""

import json

import torch

from engine.denoisers.paper import PaperBackend
from engine.training.paper import Plan, train
from engine.training.shards import Bucket

TOY = Plan({"world": 0.05, "autoencoder": 0.25, "latents": 0.05, "transformer": 0.25, "flowmap": 0.25, "decoder": 0.15},
           (Bucket(1, 64, 48, 0.3), Bucket(16, 64, 48, 0.2), Bucket(17, 64, 48, 0.5)), 200,
           dict(batch=3, side=32, pictures=9), "toy", 200, 100, beside=True, decoder=dict(batch=6, side=32, pictures=9), pairs=3, first=2, in_shard=8, processes=1)


def test_the_whole_recipe_from_an_empty_folder_to_weights_that_open(tmp_path):
    said = list(train(tmp_path / "run", minutes=0.1, plan=TOY, assets=tmp_path / "weights"))
    assert any("autoencoder is trained" in line for line in said) and said[-1].startswith("Exported")
    assert not any(str(tmp_path) in path.read_text() for path in (tmp_path / "weights").rglob("*.json")), "where they were made is nobody's business"
    facts = json.loads((tmp_path / "weights" / "paper.json").read_text())
    assert facts["fused"] and facts["trained"]["flowmap"]["steps"] > 0 and facts["trained"]["decoder"]["steps"] > 0
    backend = PaperBackend.open(tmp_path / "weights", "cpu")
    x = torch.randn(1, 16, 2, 6, 8)
    level = torch.ones(1, 1, 2, 6, 8)
    made = backend.denoiser(["a red fox"])(x, level, 0 * level)
    pictures = torch.cat(list(backend.decode(made)), 2)
    assert pictures.shape == (1, 3, 5, 48, 64) and pictures.isfinite().all()
    baked = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run" / "latents").glob("*.safetensors")}
    again = list(train(tmp_path / "run", minutes=0.1, plan=TOY, assets=tmp_path / "weights"))
    assert again[-1].startswith("Exported"), "a run that is done ends at once when it is asked again"
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run" / "latents").glob("*.safetensors")}
    assert baked and baked.items() <= kept.items(), "and throws nothing away"
