"""What the captioner reads of the built-in model has a name: another decoder leaves it, another encoder or transformer is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from engine.captioner.captioner import FOLDER, BuiltIn
from engine.captioner.eyes import eyes
from engine.denoisers.paper import FOLDER as PAPER
from engine.denoisers.paper import check_files, hash_files
from engine.errors import WeightsError
from engine.training import paperworld as world


@pytest.fixture
def model(tmp_path) -> Path:
    """The built-in model in a folder of its own, to be changed."""
    for part in ("autoencoder", "transformer"):
        shutil.copytree(PAPER / part, tmp_path / "paper" / part)
    for name in ("paper.json", "words.json"):
        shutil.copy(PAPER / name, tmp_path / "paper" / name)
    return tmp_path / "paper"


def changed(model: Path, begin: str, part: str = "autoencoder") -> None:
    """Other numbers in every tensor of a part whose name begins so."""
    for path in (model / part).glob("*.safetensors"):
        save_file({name: value * 1.5 + 0.25 if name.startswith(begin) else value for name, value in load_file(path).items()}, path)


def configured(model: Path, part: str, **sizes) -> None:
    path = model / part / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | sizes))


def signed(model: Path) -> Path:
    """A model whose files are what its description says, as one that was exported is."""
    path = model / "paper.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": hash_files(model)}))
    return model


def test_another_decoder_changes_nothing_for_the_captioner(model):
    """It never sees what a decoder makes: it is opened, and says of a film what it said, although the model has another version."""
    changed(model, "decoder.")
    configured(model, "autoencoder", _diffusers_version="9.9", _name_or_path="elsewhere")
    assert check_files(signed(model))["version"] != check_files(PAPER)["version"]
    film = (world.render(world.draw_scene(77_000_001), 5, 128, 80).pixels * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    assert BuiltIn.open(paper=model).describe(film) == BuiltIn.open().describe(film)


def test_how_the_numbers_lie_in_files_changes_nothing(model):
    weights = load_file(model / "autoencoder" / "diffusion_pytorch_model.safetensors")
    for number, begin in enumerate(("encoder.", "decoder.")):
        save_file({name: value for name, value in weights.items() if name.startswith(begin)}, model / "autoencoder" / f"diffusion_pytorch_model-0000{number + 1}-of-00002.safetensors")
    (model / "autoencoder" / "diffusion_pytorch_model.safetensors").unlink()
    assert eyes(signed(model)) == eyes(PAPER) == json.loads((FOLDER / "captioner.json").read_text())["paper"]


@pytest.mark.parametrize("change", [
    lambda model: changed(model, "encoder.head."), lambda model: changed(model, "encoder.stem."), lambda model: configured(model, "autoencoder", mean=[0.0] * 16),
    lambda model: configured(model, "autoencoder", std=[1.0] * 16), lambda model: changed(model, "blocks.0.", "transformer"), lambda model: changed(model, "text.", "transformer"),
    lambda model: configured(model, "transformer", fastest=500.0),
], ids=["the head of the encoder", "its stem", "means of latents", "their spread", "a block of the transformer", "how it reads words", "a rate of it"])
def test_by_another_encoder_or_transformer_the_captioner_is_refused(model, change):
    change(model)
    with pytest.raises(WeightsError, match=rf"taught on the weights {eyes(PAPER)} .* and {eyes(signed(model))} are here. `cineloom train captioner`"):
        BuiltIn.open(paper=model)


def test_numbers_of_another_kind_are_other_eyes(model):
    """What is hashed is what is stored, and not what it becomes once it is opened."""
    path = model / "autoencoder" / "diffusion_pytorch_model.safetensors"
    save_file({name: value.float() for name, value in load_file(path).items()}, path)
    assert eyes(signed(model)) != eyes(PAPER)


def test_a_damaged_model_is_no_other_model(model):
    changed(model, "decoder.")
    with pytest.raises(WeightsError, match="damaged: autoencoder/"):
        eyes(model)
