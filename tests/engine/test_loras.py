"""The folder of LoRAs: what a file is, what it is for, how it is found again. No model is opened."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import laying
import pytest
import tiny
import torch
from safetensors.torch import save_file
from tiny_ltx import ltx

from engine.denoisers.catalog import describe
from engine.denoisers.open import choosing, keeping, loras
from engine.errors import BadMedia, BadRequest, CannotWrite, WeightsError
from engine.recipe import Lora, compose


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of LoRAs beside one of models, both empty yet."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("CINELOOM_LORAS", raising=False)
    return tmp_path


def named(path, layers, wide=1536, rank=16, said=None):
    """A file whose layers are called so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {}
    for layer in layers:
        down, up = ("lora_down", "lora_up") if layer.startswith("lora_unet") else ("lora_A", "lora_B")
        state |= {f"{layer}.{down}.weight": torch.zeros(rank, wide), f"{layer}.{up}.weight": torch.zeros(wide, rank)}
    save_file(state, path, metadata=said)
    return path


@pytest.mark.parametrize("layers, wide, kinds", [
    (["transformer.blocks.0.attn1.to_q"], 1536, ("wan",)),
    (["diffusion_model.blocks.0.self_attn.q", "diffusion_model.blocks.0.ffn.0"], 5120, ("wan",)),
    (["lora_unet_blocks_0_cross_attn_k"], 5120, ("wan",)),
    (["transformer.transformer_blocks.0.attn1.to_q", "transformer.transformer_blocks.0.attn2.to_q"], 2048, ("ltx",)),
    (["diffusion_model.transformer_blocks.0.attn1.to_q", "diffusion_model.transformer_blocks.0.attn2.to_q"], 4096, ("ltx", "ltx2")),
    (["diffusion_model.transformer_blocks.0.attn1.to_q", "diffusion_model.transformer_blocks.0.audio_attn1.to_q"], 4096, ("ltx2",)),
    (["transformer.transformer_blocks.0.attn1.to_q"], 3072, ("cogvideox",)),
    (["transformer.transformer_blocks.0.attn.to_q", "transformer.single_transformer_blocks.0.attn.to_q"], 3072, ("hunyuan",)),
    (["diffusion_model.double_blocks.0.img_attn_qkv", *(f"diffusion_model.single_blocks.{at}.linear1" for at in range(40))], 3072, ("hunyuan",)),
    (["diffusion_model.double_blocks.0.img_attn_qkv", *(f"diffusion_model.single_blocks.{at}.linear1" for at in range(38))], 3072, ()),      # Flux
    (["transformer.transformer_blocks.0.attn.to_q"], 2048, ("hunyuan15",)),
    (["lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"], 320, ()),       # Stable Diffusion
    (["drawn"], 3, ("drawn",)),
])
def test_what_a_file_is_for_is_told_by_its_layers(home, layers, wide, kinds):
    named(home / "loras" / "a.safetensors", layers, wide, rank=4)
    lora = loras.one("a")
    assert (lora.kinds, lora.rank) == (kinds, 4) and lora.titles


@pytest.mark.parametrize("said, words", [
    ({"modelspec.trigger_phrase": "paper cut"}, ("paper cut",)),
    ({"trigger_words": "ppct, cut-out"}, ("ppct", "cut-out")),
    ({"trigger_words": '["ppct"]'}, ("ppct",)),
    ({"ss_tag_frequency": json.dumps({"10_ppct": {"ppct": 40, "boat": 12, "sea": 7}})}, ("ppct",)),
    ({"ss_tag_frequency": json.dumps({"10_ppct": {"boat": 1, "sea": 1}})}, ()),
    ({"ss_tag_frequency": "{"}, ()),
    ({"modelspec.trigger_phrase": " "}, ()),
    (None, ()),
])
def test_the_words_that_call_it_are_read_from_what_trainers_write(home, said, words):
    laying.drawn(home / "loras" / "a.safetensors", said=said)
    assert loras.one("a").words == words


def test_one_is_brought_said_more_of_found_by_its_hash_and_given_up(home):
    file = laying.drawn(home / "elsewhere" / "Tint 1.safetensors", said={"trigger_words": "tinted"})
    lora = loras.add(file)
    assert (lora.name, lora.words, lora.kinds, lora.rank) == ("Tint 1", ("tinted",), ("drawn",), 2)
    assert lora.path == home / "loras" / "Tint 1.safetensors" and lora.path.read_bytes() == file.read_bytes() and file.exists()
    again = loras.add(lora.path, words=["dyed", "washed"], grid="causvid")
    assert (again.words, again.grid, again.sha256) == (("dyed", "washed"), "causvid", lora.sha256)
    assert loras.add(lora.path, expert="clean").words == ("dyed", "washed"), "what was said before stays"
    with pytest.raises(BadRequest, match="There is a LoRA called 'Tint 1' already"):
        loras.add(file)
    assert set(loras.kept()) == {"Tint 1"}
    lora.path.rename(home / "loras" / "renamed.safetensors")
    said = Lora("Tint 1", lora.sha256)
    assert loras.find([said]) == {lora.sha256: home / "loras" / "renamed.safetensors"}
    assert loras.remove("renamed") == file.stat().st_size and not loras.kept()
    assert loras.find([said], [home / "elsewhere"]) == {lora.sha256: file}
    assert loras.find([dataclasses.replace(said, weight=0.0)]) == {}
    with pytest.raises(BadMedia, match="The LoRA Tint 1 .sha256 [0-9a-f]{12}.... is not here any more, or was changed"):
        loras.find([said])
    with pytest.raises(BadRequest, match="no LoRA called 'renamed'; there is none yet"):
        loras.remove("renamed")


def test_a_changed_file_is_another_one_and_a_hash_is_taken_once(home):
    path = laying.drawn(home / "loras" / "a.safetensors", seed=1)
    first = loras.one("a")
    facts = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(facts | {"sha256": "f" * 64}))
    assert loras.one("a").sha256 == "f" * 64, "what is written down of an unchanged file is believed"
    laying.drawn(path, seed=2)
    os.utime(path, ns=(1, 1))
    second = loras.one("a")
    assert second.sha256 not in (first.sha256, "f" * 64)
    with pytest.raises(BadMedia, match="is not here any more"):
        loras.find([Lora("a", first.sha256)])


@pytest.mark.skipif(not hasattr(os, "geteuid") or sys.platform == "win32", reason="needs a folder that can only be read")
def test_a_folder_that_cannot_be_written_is_still_read(home):
    path = laying.drawn(home / "loras" / "a.safetensors")
    path.with_suffix(".json").mkdir()                   # nothing can be written there, by root either
    assert loras.one("a").kinds == ("drawn",)
    with pytest.raises(CannotWrite):
        loras.add(path, words=["a"])


def test_what_is_no_lora_is_said(home):
    folder = home / "loras"
    good = laying.drawn(folder / "good.safetensors")
    (folder / "old.pt").write_bytes(b"\x80\x02")
    (folder / "cut.safetensors").write_bytes(good.read_bytes()[:-4])
    (folder / "text.safetensors").write_text("no numbers at all, only words that go on for a while")
    save_file({"transformer.blocks.0.attn1.to_q.weight": torch.zeros(4, 4)}, folder / "whole.safetensors")
    named(folder / "dora.safetensors", ["drawn"], 3)
    save_file({"drawn.lora_A.weight": torch.zeros(2, 3), "drawn.lora_B.weight": torch.zeros(3, 2), "drawn.dora_scale": torch.zeros(3)}, folder / "dora.safetensors")
    assert set(loras.kept()) == {"good"}
    said = " ".join(loras.strange())
    for sentence in ("old.pt is a pickle, which can run whatever its maker wished for", "cut.safetensors is cut short", "text.safetensors is no safetensors file",
                     "whole.safetensors holds no LoRA", "dora.safetensors is a DoRA"):
        assert sentence in said
    with pytest.raises(WeightsError, match="is a pickle"):
        loras.add(folder / "old.pt")
    with pytest.raises(WeightsError, match="cut short"):
        loras.one("cut")
    for name in ("a/b", "../a", ".hidden", "a:b", " a", "x" * 121):
        with pytest.raises(BadRequest, match="is called by a plain name"):
            loras.add(good, name)
    for more, sentence in (({"kind": "flux"}, "is for one of wan"), ({"grid": "swift"}, "has a grid of"), ({"expert": "both"}, "the noisy or the clean one")):
        with pytest.raises(BadRequest, match=sentence):
            loras.add(good, "other", **more)


def test_one_is_chosen_for_the_models_it_was_made_for(home):
    *_, wan = keeping.add(tiny.wan(home / "my-wan", kind="2.2"))
    *_, other = keeping.add(ltx(home / "my-ltx"))
    folder = home / "loras"
    named(folder / "paper-cut.safetensors", ["transformer.blocks.0.attn1.to_q"], 24)
    named(folder / "large.safetensors", ["transformer.blocks.0.attn1.to_q"], 5120)
    named(folder / "quick_lightx2v_high_noise.safetensors", ["transformer.blocks.0.attn1.to_q"], 24)
    assert choosing.asked("paper-cut", "my-wan").weight == 1 and choosing.asked("paper-cut:-0.5", "my-wan").weight == -0.5
    quick = choosing.asked("quick_lightx2v_high_noise", wan.name)
    assert (quick.expert, quick.grid) == ("noisy", "lightx2v")
    for text, model, sentence in (
            ("paper-cut", "my-ltx", "The LoRA paper-cut was made for Wan, not for my-ltx"),
            ("large", "my-wan", "made for Wan of another size, with 5,120 numbers to a token; my-wan has 24"),
            ("paper-cut:much", "my-wan", "is said by its name, or as NAME:WEIGHT"),
            ("nothing", "my-wan", "no LoRA called 'nothing'; there is large, paper-cut, quick"),
            ("paper-cut", "paper", "Paper takes no LoRAs"),
            ("paper-cut", "wan-2.1-14b", "Wan 2.1, 14B is not on this machine")):
        with pytest.raises(BadRequest, match=sentence):
            choosing.asked(text, model)
    assert describe("my-wan").loras and describe(other.name).loras and not describe("paper").loras


def test_a_distilled_one_brings_its_steps_and_guidance_unless_others_are_asked(home):
    keeping_model = describe("drawn")
    quick = Lora("quick", "a" * 64, 1.0, "", "lightx2v")
    recipe, _ = compose("a red boat", model=keeping_model, loras=[Lora("plain", "b" * 64), quick])
    assert (recipe.steps, recipe.guidance, recipe.solver) == (4, 1.0, "euler") and recipe.loras[1] == quick
    recipe, _ = compose("a red boat", model=keeping_model, loras=[dataclasses.replace(quick, grid="fasthunyuan")])
    assert (recipe.steps, recipe.guidance) == (6, 6.0)
    recipe, _ = compose("a red boat", model=keeping_model, steps=8, guidance=2.0, solver="unipc", loras=[quick])
    assert (recipe.steps, recipe.guidance, recipe.solver) == (8, 2.0, "unipc")
    recipe, _ = compose("a red boat", model=keeping_model, loras=[dataclasses.replace(quick, grid="causvid", weight=0.0)])
    assert recipe.steps == keeping_model.default_steps, "what is not laid on brings nothing"


def test_words_that_call_it_and_are_not_said_are_remarked(home):
    lora = loras.add(laying.drawn(home / "a.safetensors", said={"trigger_words": "ppct, cut-out"}))
    chosen = choosing.chosen("a", 1.0, "drawn")
    assert compose("a red boat", model="drawn", loras=[chosen])[1] == ['The LoRA a is called by "ppct", which the prompt does not say.']
    assert not compose("a PPCT boat", model="drawn", loras=[chosen])[1]
    assert not compose("a red boat", model="drawn", loras=[dataclasses.replace(chosen, weight=0.0)])[1] and lora.sha256 == chosen.sha256


def test_one_that_may_be_for_two_families_has_the_grid_of_the_model_at_hand(home):
    *_, model = keeping.add(ltx(home / "my-ltx"))
    named(home / "loras" / "distilled.safetensors", ["transformer.transformer_blocks.0.attn1.to_q", "transformer.transformer_blocks.0.attn2.to_q"], 24)
    assert loras.one("distilled").kinds == ("ltx", "ltx2") and choosing.chosen("distilled", 1.0, model.name).grid == "ltx-distilled"
