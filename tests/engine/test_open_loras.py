"""LoRAs over open models: laid on as diffusers lays them, and taken off without a trace. On tiny checkpoints in the released format."""

from __future__ import annotations

import dataclasses
import hashlib

import laying
import pytest
import tiny
import torch
from parity import CLOSE, PROMPT, WITHOUT, film
from safetensors.torch import load_file, save_file
from tiny_cogvideox import cogvideox
from tiny_hunyuan import hunyuan
from tiny_hunyuan15 import hunyuan15
from tiny_ltx import ltx
from tiny_ltx2 import ltx2
from tiny_skyreels import skyreels

from engine import operations as op
from engine.denoisers.base import Manner
from engine.denoisers.open import distilled
from engine.errors import WeightsError
from engine.recipe.value import Lora
from engine.sampler import noise


def opened(kind, folder):
    """A tiny model of a family, as a backend."""
    import diffusers

    from engine.denoisers.open.cogvideox import CogVideoXBackend
    from engine.denoisers.open.hunyuan import HunyuanBackend
    from engine.denoisers.open.hunyuan15 import Hunyuan15Backend
    from engine.denoisers.open.ltx import LTXBackend
    from engine.denoisers.open.ltx2 import LTX2Backend
    from engine.denoisers.open.skyreels import SkyReelsBackend
    from engine.denoisers.open.wan import WanBackend

    make, pipeline, backend = MODELS[kind]
    pipe = getattr(diffusers, pipeline).from_pretrained(make(folder))
    pipe.set_progress_bar_config(disable=True)
    return {"wan": WanBackend, "ltx": LTXBackend, "ltx2": LTX2Backend, "cogvideox": CogVideoXBackend, "hunyuan": HunyuanBackend, "hunyuan15": Hunyuan15Backend,
            "skyreels": SkyReelsBackend}[backend](pipe, kind, "1")


MODELS = {
    "wan": (tiny.wan, "WanPipeline", "wan"),
    "wan two experts": (lambda folder: tiny.wan(folder, kind="2.2"), "WanPipeline", "wan"),
    "ltx": (ltx, "LTXPipeline", "ltx"),
    "ltx2": (ltx2, "LTX2Pipeline", "ltx2"),
    "cogvideox": (lambda folder: cogvideox(folder, "2b"), "CogVideoXPipeline", "cogvideox"),
    "hunyuan": (lambda folder: hunyuan(folder, "t2v"), "HunyuanVideoPipeline", "hunyuan"),
    "hunyuan15": (lambda folder: hunyuan15(folder, False), "HunyuanVideo15Pipeline", "hunyuan15"),
    "skyreels": (lambda folder: skyreels(folder, "df"), "SkyReelsV2DiffusionForcingPipeline", "skyreels"),
}
ATTENTION = {"hunyuan": "attn", "hunyuan15": "attn"}


@pytest.fixture(scope="module", params=MODELS)
def model(request, tmp_path_factory):
    return opened(request.param, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def wan(tmp_path_factory):
    return opened("wan", tmp_path_factory.mktemp("wan"))


@pytest.fixture(scope="module")
def experts(tmp_path_factory):
    return opened("wan two experts", tmp_path_factory.mktemp("experts"))


def over(path, weight=1.0, **more):
    """As `Manner` wants it: the LoRA, and where it lies."""
    mark = hashlib.sha256(path.read_bytes()).hexdigest()
    return Lora(path.stem, mark, weight, **more), {mark: path}


def laid(backend, *loras):
    """A short film with these over the model."""
    backend.begin(Manner(loras=tuple(lora for lora, _ in loras), files={mark: path for _, files in loras for mark, path in files.items()}))
    frames = 3 if backend.grid.time == 4 else 2
    return film(backend, op.text((1, backend.grid.channels, frames, 4, 4)), steps=2, guidance=2.0)


def weights(backend):
    return {f"{name} {key}": value.clone() for name in ("transformer", "transformer_2") if getattr(backend.pipe, name, None) is not None for key, value in getattr(backend.pipe, name).state_dict().items()}


def test_every_family_takes_one_and_gives_it_back_to_the_bit(model, tmp_path):
    part = ATTENTION.get(model.name, "attn1")
    file = laying.lora(tmp_path / "a.safetensors", model.pipe.transformer, part=part)
    before, plain = weights(model), laid(model)
    full, half = laid(model, over(file)), laid(model, over(file, 0.5))
    assert full.isfinite().all() and not torch.equal(full, plain) and not torch.equal(half, full) and not torch.equal(half, plain)
    assert torch.equal(laid(model, over(file)), full), "the same again is the same"
    assert torch.equal(laid(model, over(file, 0.0)), plain), "a weight of 0 is none"
    assert torch.equal(laid(model), plain)
    after = weights(model)
    assert after.keys() == before.keys() and all(torch.equal(after[key], before[key]) for key in before)


def test_wan_with_one_makes_the_film_that_its_own_pipeline_makes_with_it(wan, tmp_path):
    from diffusers import WanPipeline

    file = laying.lora(tmp_path / "a.safetensors", wan.pipe.transformer)
    ours = laid(wan, over(file, 0.7))
    wan.begin(Manner())
    theirs = WanPipeline(**wan.pipe.components)
    theirs.set_progress_bar_config(disable=True)
    theirs.load_lora_weights(tmp_path, weight_name=file.name, adapter_name="a")
    theirs.set_adapters(["a"], [0.7])
    made = theirs(prompt=PROMPT, negative_prompt=WITHOUT, height=32, width=32, num_frames=9, num_inference_steps=2, guidance_scale=2.0, latents=noise(ours.shape, 7), output_type="latent").frames
    theirs.unload_lora_weights()
    assert made.abs().max() > 1 and (ours - made).abs().max() < CLOSE


def test_several_add_up_and_one_that_stays_is_not_read_again(wan, tmp_path):
    one, two = (laying.lora(tmp_path / f"{name}.safetensors", wan.pipe.transformer, seed=seed) for name, seed in (("one", 1), ("two", 2)))
    first, both = laid(wan, over(one)), laid(wan, over(one), over(two, 0.3))
    assert not torch.equal(first, both)
    second = over(two)
    (tmp_path / "two.safetensors").unlink()                 # it lies over the model already: only what is new is read
    alone = laid(wan, second)
    assert not torch.equal(alone, both) and not torch.equal(alone, first)
    assert torch.equal(laid(wan, over(one)), first)


def test_a_changed_file_is_another_one(wan, tmp_path):
    file = laying.lora(tmp_path / "a.safetensors", wan.pipe.transformer, seed=1)
    before = laid(wan, over(file))
    after = laid(wan, over(laying.lora(file, wan.pipe.transformer, seed=2)))
    assert not torch.equal(before, after)
    assert torch.equal(laid(wan, over(laying.lora(file, wan.pipe.transformer, seed=1))), before)
    laid(wan)


def test_of_two_experts_each_can_have_its_own(experts, tmp_path):
    file = laying.lora(tmp_path / "a.safetensors", experts.pipe.transformer)
    plain, films = laid(experts), {}
    for expert in ("", "noisy", "clean"):
        films[expert] = laid(experts, over(file, expert=expert))
        has = {name: bool(getattr(getattr(experts.pipe, name), "peft_config", None)) for name in ("transformer", "transformer_2")}
        assert has == {"transformer": expert != "clean", "transformer_2": expert != "noisy"}
    films["none"] = plain
    assert all(not torch.equal(films[one], films[other]) for one in films for other in films if one < other)
    assert torch.equal(laid(experts), plain)


def released(state):
    """A LoRA in the words that Wan was released with, as ComfyUI and most trainers write them, and with an alpha."""
    names = {"attn1": "self_attn", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "o", "lora_A": "lora_down", "lora_B": "lora_up"}
    out = {}
    for key, value in state.items():
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)
        out[key.replace("transformer.", "diffusion_model.")] = value
    return out | {key.replace("lora_down.weight", "alpha"): torch.tensor(4.0) for key in out if "lora_down" in key}


@pytest.mark.parametrize("write", ["released", "musubi", "peft", "alpha said beside"])
def test_the_ways_that_trainers_write_them_are_read(wan, tmp_path, write):
    """Of one strength each: the ones with an alpha of 4 at rank 2 are twice as strong."""
    import json

    file = laying.lora(tmp_path / "a.safetensors", wan.pipe.transformer)
    state, other, facts = load_file(file), tmp_path / "other.safetensors", {}
    twice = write != "peft"
    if write == "released":
        state = released(state)
    elif write == "musubi":
        for at in range(2):                     # musubi's loader wants every layer
            for name, (wide, high) in {"cross_attn_q": (24, 24), "cross_attn_k": (24, 24), "cross_attn_v": (24, 24), "cross_attn_o": (24, 24), "ffn_0": (24, 32), "ffn_2": (32, 24)}.items():
                state |= {f"transformer.blocks.{at}.{name}.lora_A.weight": torch.zeros(2, wide), f"transformer.blocks.{at}.{name}.lora_B.weight": torch.zeros(high, 2)}
        state = {"lora_unet_" + ".".join([key.removeprefix("diffusion_model.").rsplit(".", key.endswith("weight") + 1)[0].replace(".", "_"), *key.rsplit(".", key.endswith("weight") + 1)[1:]]): value
                 for key, value in (released(state)).items()}
    elif write == "peft":
        state = {key.replace("transformer.", "base_model.model."): value for key, value in state.items()}
    else:
        facts = {"lora_adapter_metadata": json.dumps({"transformer.r": 2, "transformer.lora_alpha": 4, "transformer.target_modules": ["to_q", "to_k", "to_v", "to_out.0"]})}
    save_file({key: value.contiguous() for key, value in state.items()}, other, metadata=facts or None)
    assert torch.allclose(laid(wan, over(other)), laid(wan, over(file, 2.0 if twice else 1.0)), atol=1e-5)
    laid(wan)


def test_layers_for_pictures_may_lack(wan, tmp_path):
    file = laying.lora(tmp_path / "a.safetensors", wan.pipe.transformer)
    more = load_file(file) | {f"transformer.blocks.0.attn2.add_k_proj.lora_{side}.weight": torch.ones(*shape) for side, shape in (("A", (2, 24)), ("B", (24, 2)))}
    save_file(more, tmp_path / "seeing.safetensors")
    assert torch.equal(laid(wan, over(tmp_path / "seeing.safetensors")), laid(wan, over(file)))
    laid(wan)


def test_what_cannot_be_laid_on_is_said_and_leaves_nothing(wan, experts, tmp_path):
    file = laying.lora(tmp_path / "a.safetensors", wan.pipe.transformer)
    plain, state = laid(wan), load_file(file)
    wrong = {
        "was made for another model than wan": {key.replace("blocks.1", "blocks.7"): value for key, value in state.items()},
        "of another size than wan": {key: torch.cat([value, value], int("lora_A" in key)) for key, value in state.items()},
        "is written in a way that diffusers does not read": {key.replace("transformer.blocks.0.attn1", "diffusion_model.blocks.0.odd").replace("transformer.", "diffusion_model."): value for key, value in state.items()},
    }
    for sentence, numbers in wrong.items():
        save_file({key: value.contiguous() for key, value in numbers.items()}, tmp_path / "wrong.safetensors")
        with pytest.raises(WeightsError, match=sentence):
            laid(wan, over(file), over(tmp_path / "wrong.safetensors"))
        assert torch.equal(laid(wan), plain)
    (tmp_path / "cut.safetensors").write_bytes(file.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="is missing or damaged"):
        laid(wan, over(tmp_path / "cut.safetensors"))
    with pytest.raises(WeightsError, match="is missing or damaged"):
        laid(wan, (Lora("gone", "0" * 64), {"0" * 64: tmp_path / "gone.safetensors"}))
    assert torch.equal(laid(wan), plain)


def test_over_a_transformer_in_eight_bits_it_keeps_its_own_numbers(tmp_path):
    backend = opened("wan", tmp_path / "narrow")
    backend.pipe.transformer.to(torch.bfloat16)
    backend.pipe.transformer.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.bfloat16)
    file = laying.lora(tmp_path / "a.safetensors", backend.pipe.transformer)
    plain, full = laid(backend), laid(backend, over(file))
    assert full.isfinite().all() and not torch.equal(plain, full) and torch.equal(laid(backend), plain)


# ---- distilled ones, and their grids

def test_a_distilled_one_is_walked_on_its_own_grid(wan, tmp_path):
    file = laying.lora(tmp_path / "lightx2v.safetensors", wan.pipe.transformer)
    lora, files = over(file, grid="lightx2v")
    before = wan.sigmas(4, (1, 16, 3, 4, 4))
    wan.begin(Manner(loras=(lora,), files=files))
    grid = wan.sigmas(4, (1, 16, 3, 4, 4))
    assert grid == pytest.approx((1.0, 0.9375, 5 / 6, 0.625, 0.0)) and grid != pytest.approx(before)
    assert wan.time(torch.tensor(grid)).tolist() == pytest.approx([1000.0, 937.5, 2500 / 3, 625.0, 0.0]), "its times were never rounded"
    wan.begin(Manner(loras=(dataclasses.replace(lora, weight=0.0),), files=files))
    assert wan.sigmas(4, (1, 16, 3, 4, 4)) == before, "of one that is not laid on nothing is taken"
    wan.begin(Manner())
    assert wan.sigmas(4, (1, 16, 3, 4, 4)) == before


def test_the_released_boundary_falls_between_the_strides_of_two_experts():
    """Wan 2.2 Lightning was released with two strides for each expert."""
    grid = distilled.of("lightx2v").grid(4)[:-1]
    assert [level >= 0.875 for level in grid] == [level >= 0.9 for level in grid] == [True, True, False, False]


@pytest.mark.parametrize("row", distilled.ROWS, ids=distilled.NAMES)
def test_a_grid_comes_down_whatever_the_steps(row):
    assert row.grid(row.steps)[:-1] == pytest.approx(row.levels or row.grid(row.steps)[:-1])
    for steps in (1, 2, 3, 5, row.steps, 13):
        grid = row.grid(steps)
        assert len(grid) == steps + 1 and grid[-1] == 0 and grid[0] == (row.levels or (1.0,))[0]
        assert all(a > b for a, b in zip(grid, grid[1:]))


def test_the_released_numbers():
    from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES

    assert distilled.of("ltx-2-distilled").levels == tuple(DISTILLED_SIGMA_VALUES)
    assert distilled.of("ltx-distilled").levels == pytest.approx(DISTILLED_SIGMA_VALUES, abs=1e-4)
    assert distilled.of("fusionx").grid(8)[:3] == pytest.approx((1.0, 14 / 15, 6 / 7))
    assert distilled.of("fasthunyuan").grid(6)[1] == pytest.approx(17 * (5 / 6) / (1 + 16 * 5 / 6))


@pytest.mark.parametrize("file, kinds, grid, expert", [
    ("Wan21_T2V_14B_lightx2v_cfg_step_distill_lora_rank32", ("wan",), "lightx2v", ""),
    ("Wan2.2-Lightning_T2V-A14B-4steps-lora_HIGH_fp16", ("wan",), "lightx2v", "noisy"),
    ("wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise", ("wan",), "lightx2v", "clean"),
    ("Wan21_CausVid_14B_T2V_lora_rank32", ("wan",), "causvid", ""),
    ("Wan2.1_T2V_14B_FusionX_LoRA", ("wan",), "fusionx", ""),
    ("ltxv-13b-0.9.7-distilled-lora128", ("ltx",), "ltx-distilled", ""),
    ("ltx-2-19b-distilled-lora-384", ("ltx2",), "ltx-2-distilled", ""),
    ("hyvideo_FastVideo_LoRA-fp8", ("hunyuan",), "fasthunyuan", ""),
    ("low-poly", ("wan",), "", ""),
    ("paper-cut", ("wan",), "", ""),
    ("distilled-whiskey", ("wan",), "", ""),
])
def test_kinds_are_told_by_the_names_they_were_released_under(file, kinds, grid, expert):
    assert (distilled.told(file, kinds), distilled.expert(file)) == (grid, expert)
