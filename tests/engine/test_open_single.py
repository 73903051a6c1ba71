"""Single files of a transformer, laid over a model's other parts: the film is that of the same numbers in a folder; what is wrong with one is a sentence."""

from __future__ import annotations

import json
import shutil
import signal

import laying
import pytest
import singles
import torch
from parity import film
from safetensors.torch import load_file
from tiny_vace import vace

from app.cli import main
from engine import operations as op
from engine.denoisers.base import Manner
from engine.denoisers.catalog import describe, names
from engine.denoisers.open import headers, keeping, planning, single
from engine.denoisers.open.laying import lay
from engine.denoisers.open.opening import open_model
from engine.digest import sha256
from engine.errors import BadRequest, WeightsError
from engine.recipe.value import Lora

KIND = "WanTransformer3DModel"
SAME = 1e-5         # the same numbers lie elsewhere in memory, where a processor may sum them in another order


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model, and another of the same shape whose transformer is what the single files hold."""
    home = tmp_path_factory.mktemp("saved")
    return singles.model(home / "base"), singles.model(home / "other", seed=5)


@pytest.fixture(autouse=True)
def base(saved, tmp_path, monkeypatch):
    """The first of them, told of in a folder of models of this test's own."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    *_, row = keeping.add(saved[0])
    return row


def told(*files, name="mine", like="base"):
    *_, row = keeping.lay(files, like, name)
    return row


def made(backend):
    return film(backend, op.text(backend.grid.latent_shape(5, 64, 64)), steps=3, guidance=3.0)


def of(folder, tensors, tmp_path, manner=Manner()):
    """The film of a folder whose transformer has these numbers."""
    place = shutil.copytree(folder, tmp_path / "reference")
    singles.safetensors(place / "transformer" / singles.WEIGHTS, tensors)
    *_, row = keeping.add(place, f"reference-{len(names())}")
    backend = open_model(row, "cpu")
    backend.begin(manner)
    return made(backend)


def beside(name):
    """As in files that hold an autoencoder as well."""
    return name if name.startswith("vae.") else f"model.diffusion_model.{singles.released(name)}"


@pytest.mark.parametrize("named", [lambda name: name, singles.released, beside], ids=["diffusers", "released", "of a whole file"])
def test_a_safetensors_file_makes_the_film_of_its_numbers(saved, tmp_path, named):
    tensors = singles.numbers(saved[1])
    row = told(singles.safetensors(tmp_path / "My One.safetensors", tensors | ({"vae.conv.weight": torch.zeros(2)} if named is beside else {}), named), name="")
    assert (row.name, row.like, row.family, row.solver) == ("my-one", "base", "wan", "unipc") and "my-one" in names() and "My One.safetensors over base" in describe("my-one").about
    assert (made(open_model(row, "cpu")) - of(saved[1], tensors, tmp_path)).abs().max() < SAME


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0", "Q5_0", "Q4_0"])
def test_a_gguf_makes_the_film_of_its_numbers(saved, tmp_path, kind):
    """Exactly those that it gives back; packed in eight bits they are near what they were, in four further."""
    tensors = singles.numbers(saved[1])
    backend = open_model(told(singles.gguf(tmp_path / "fox.gguf", tensors, kind)), "cpu")
    own = made(backend)
    assert (own - of(saved[1], singles.unpacked(tensors, kind), tmp_path)).abs().max() < SAME
    (tmp_path / "whole").mkdir()
    away = (own - of(saved[1], tensors, tmp_path / "whole")).abs().max()
    assert away < {"F32": SAME, "F16": 1e-2, "BF16": 0.1, "Q8_0": 0.1, "Q5_0": 0.5, "Q4_0": 1}[kind] and (away > SAME) == (kind != "F32")
    lay(backend.pipe, planning.Plan("blocks", 0, 0, False, True), "cpu")
    assert torch.equal(made(backend), own), "block by block it is the same"


@pytest.mark.parametrize("kind", headers.PACKED)
def test_every_packing_means_what_its_format_says(saved, tmp_path, kind):
    """Layers of packed numbers, from the file to what a layer multiplies by, against ggml's own reading of the same bytes; diffusers reads most of them in half precision."""
    import numpy as np
    from diffusers import WanTransformer3DModel
    from gguf import GGMLQuantizationType, GGUFWriter, quants

    with torch.device("meta"):
        model = WanTransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=128, in_channels=16, out_channels=16, text_dim=16, freq_dim=32, ffn_dim=256, num_layers=1, cross_attn_norm=True,
                                      qk_norm="rms_norm_across_heads", rope_max_seq_len=32)
    model.save_config(tmp_path / "transformer")
    layers = {name: one for name, one in model.state_dict().items() if name.startswith("blocks") and one.dim() == 2}
    packed = {name: singles.blocks(kind, *one.shape, at) for at, (name, one) in enumerate(layers.items())}
    singles.safetensors(tmp_path / "transformer" / singles.WEIGHTS, {name: torch.zeros(one.shape) for name, one in model.state_dict().items()})
    writer = GGUFWriter(tmp_path / "fox.gguf", "wan")
    for name, one in model.state_dict().items():
        writer.add_tensor(singles.released(name), packed.get(name, np.zeros(one.shape, np.float32)), raw_dtype=GGMLQuantizationType[kind] if name in packed else None)
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()
    opened = single.load(tmp_path / "fox.gguf", tmp_path / "transformer", KIND, torch.float32)
    for name, data in packed.items():
        meant, layer = torch.from_numpy(quants.dequantize(data, GGMLQuantizationType[kind])), opened.get_submodule(name.removesuffix(".weight"))
        with torch.no_grad():
            said = layer(torch.eye(meant.shape[1])).T
        assert meant.std() > 1e-5 and (said - meant).abs().max() < 1e-3 * meant.abs().max(), name


@pytest.mark.parametrize("kind", ["Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "BF16"])
def test_packed_and_unpacked_numbers_are_near_what_they_were(saved, kind):
    """And packed again they are the same: the kinds that there is a packer for."""
    from gguf import GGMLQuantizationType, quants

    packing, least = GGMLQuantizationType[kind], {"Q8_0": 8, "Q5_1": 5, "Q5_0": 5, "Q4_1": 4, "Q4_0": 4, "BF16": 9}[kind]
    own = singles.numbers(saved[1])["blocks.0.attn1.to_q.weight"].numpy()
    back = quants.dequantize(quants.quantize(own, packing), packing)
    assert abs(back - own).max() < abs(own).max() * 2**(2 - least) and abs(quants.dequantize(quants.quantize(back, packing), packing) - back).max() < 1e-6


@pytest.mark.parametrize("later", [False, True], ids=["scale_weight", "weight_scale"])
@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2], ids=["e4m3", "e5m2"])
def test_numbers_in_eight_bits_with_scales_make_the_film_of_what_they_mean(saved, tmp_path, kind, later):
    tensors = singles.numbers(saved[1])
    meant = singles.eighth(tmp_path / "fox_fp8_scaled.safetensors", tensors, kind, beside if later else singles.released, later)
    row = told(tmp_path / "fox_fp8_scaled.safetensors")
    own = made(open_model(row, "cpu"))
    assert (own - of(saved[1], meant, tmp_path)).abs().max() < SAME
    (tmp_path / "whole").mkdir()
    away = (own - of(saved[1], tensors, tmp_path / "whole")).abs().max()
    assert SAME < away < {torch.float8_e4m3fn: 0.3, torch.float8_e5m2: 0.6}[kind]
    assert row.parts["transformer"] == pytest.approx(sum(one.numel() for one in tensors.values()) / 1e9) and not row.packed, "they are widened, and scales are no numbers of it"
    narrow = single.load(tmp_path / "fox_fp8_scaled.safetensors", saved[0] / "transformer", KIND, torch.bfloat16)
    assert torch.equal(dict(narrow.named_parameters())["blocks.1.ffn.net.2.weight"], meant["blocks.1.ffn.net.2.weight"].bfloat16())


@pytest.mark.parametrize("each, scale_name", [("row", "weight_scale"), ("rows", "weight_scale"), ("32", "weight_scale"), ("32", "weight_scale_inv")])
def test_scales_of_rows_and_of_blocks_are_put_into_a_model(saved, tmp_path, each, scale_name):
    """To the bit what is meant, and nearer to what it was than by one scale for all."""
    tensors, path = singles.numbers(saved[1]), tmp_path / "fox.safetensors"
    meant = singles.eighth(path, tensors, torch.float8_e4m3fn, later=True, each=each, scale_name=scale_name)
    row = told(path)
    assert row.parts["transformer"] == pytest.approx(sum(one.numel() for one in tensors.values()) / 1e9), "scales are no numbers of it"
    found = single.load(path, saved[0] / "transformer", KIND, torch.float32).state_dict()
    assert found.keys() == meant.keys() and all(torch.equal(found[name], one) for name, one in meant.items())
    alone = singles.eighth(tmp_path / "alone.safetensors", tensors, torch.float8_e4m3fn, later=True)
    assert sum((meant[name] - one).abs().sum() for name, one in tensors.items()) < sum((alone[name] - one).abs().sum() for name, one in tensors.items())


@pytest.mark.parametrize("scale", [float("nan"), 0.0])
def test_a_scale_that_is_none_is_said(saved, tmp_path, scale):
    singles.eighth(tmp_path / "fox.safetensors", singles.numbers(saved[1]), torch.float8_e4m3fn)
    numbers = load_file(tmp_path / "fox.safetensors")
    numbers["blocks.0.self_attn.q.scale_weight"] = torch.tensor([scale])
    with pytest.raises(WeightsError, match=f"blocks.0.self_attn.q.scale_weight is {scale}: the file is damaged"):
        single.load(singles.safetensors(tmp_path / "fox.safetensors", numbers), saved[0] / "transformer", KIND, torch.float32)


def test_a_link_from_a_hubs_cache_is_as_good(saved, tmp_path):
    file = singles.gguf(tmp_path / "fox.gguf", singles.numbers(saved[1]), "F16")
    (tmp_path / "link.gguf").symlink_to(file.rename(tmp_path / "0123abcd"))
    assert open_model(told(tmp_path / "link.gguf", name=""), "cpu").name == "link" and all(well for _, well in keeping.check("link"))


def test_two_experts_are_two_files(tmp_path):
    two, other = (singles.model(tmp_path / name, seed=seed, kind="2.2") for name, seed in (("two", 0), ("others", 5)))
    list(keeping.add(two))
    files = [singles.gguf(tmp_path / f"{part}.gguf", singles.numbers(other, part), "F32") for part in ("transformer", "transformer_2")]
    with pytest.raises(BadRequest, match="two has two: one for the noisy part of a walk, and one for the clean part; 1 file was given"):
        told(files[0], like="two")
    *_, whole = keeping.add(other)
    row = told(*files, like="two")
    assert set(row.over) == set(row.packed) == {"transformer", "transformer_2"} and (made(open_model(row, "cpu")) - made(open_model(whole, "cpu"))).abs().max() < SAME
    with pytest.raises(BadRequest, match="base has one transformer; 2 files were given"):
        told(*files, name="more")


@pytest.mark.parametrize("write", [singles.safetensors, lambda path, tensors: singles.gguf(path.with_suffix(".gguf"), tensors, "Q8_0")], ids=["safetensors", "gguf"])
def test_in_half_precision_it_is_held_as_a_folders_is(saved, tmp_path, write):
    """What a transformer wants in float32 stays so."""
    from diffusers import WanTransformer3DModel

    path = write(tmp_path / "fox.safetensors", singles.numbers(saved[1]))
    own, whole = single.load(path, saved[0] / "transformer", KIND, torch.bfloat16), WanTransformer3DModel.from_pretrained(saved[1] / "transformer", dtype=torch.bfloat16)
    kinds = {name: one.dtype for name, one in own.named_parameters()}
    assert own.dtype == torch.bfloat16 and not own.training and {name: kind for name, kind in kinds.items() if kind != torch.uint8} == {name: one.dtype for name, one in whole.named_parameters() if kinds[name] != torch.uint8}
    if path.suffix == ".safetensors":
        assert all(torch.equal(one, dict(whole.named_parameters())[name]) for name, one in own.named_parameters())
    x = torch.randn(1, 16, 2, 8, 8, generator=torch.Generator().manual_seed(1)).bfloat16()
    with torch.no_grad():
        one, other = (model(x, torch.tensor([500.0]), torch.ones(1, 4, 16, dtype=torch.bfloat16), return_dict=False)[0].float() for model in (own, whole))
    assert (one - other).norm() < 0.05 * other.norm()


def test_a_lora_lies_over_packed_numbers_as_over_the_same_unpacked(saved, tmp_path):
    tensors = singles.numbers(saved[1])
    backend = open_model(told(singles.gguf(tmp_path / "fox.gguf", tensors, "Q8_0")), "cpu")
    plain = made(backend)
    file = laying.lora(tmp_path / "lora.safetensors", backend.pipe.transformer)
    mark = sha256(file)
    manner = Manner(loras=(Lora("lora", mark, 1.0),), files={mark: file})
    backend.begin(manner)
    laid = made(backend)
    assert (laid - of(saved[1], singles.unpacked(tensors, "Q8_0"), tmp_path, manner)).abs().max() < SAME and (laid - plain).abs().max() > 100 * SAME
    backend.begin(Manner())
    assert torch.equal(made(backend), plain)


# ---- what is known of it

def test_its_memory_is_what_its_file_takes(saved, tmp_path):
    tensors = singles.numbers(saved[1])
    packed, plain = told(singles.gguf(tmp_path / "fox.gguf", tensors, "Q8_0")), told(singles.safetensors(tmp_path / "fox.safetensors", tensors), name="plain")
    count = sum(one.numel() for one in tensors.values())
    assert packed.bytes_of("transformer") == packed.bytes_of("transformer", 4) == (tmp_path / "fox.gguf").stat().st_size
    assert plain.bytes_of("transformer") == 2 * count and packed.parts["transformer"] == plain.parts["transformer"] == pytest.approx(count / 1e9)
    assert packed.bytes_of("text_encoder") == plain.bytes_of("text_encoder")
    found = [plan.name for plan in planning.plans(packed, 9, 64, 64, 1 << 40, 1 << 40)]
    assert "narrow" not in found and planning.choose(planning.plans(packed, 9, 64, 64, 1 << 40, 1 << 40), "narrow").fits


def test_it_is_held_against_its_hash_and_against_its_models(saved, tmp_path):
    path = singles.gguf(tmp_path / "fox.gguf", singles.numbers(saved[1]), "F16")
    row = told(path)
    assert row.version != describe("base").version and all(well for _, well in keeping.check("mine"))
    assert [name for name, _ in keeping.check("mine")].count("fox.gguf") == 1 and not any(name.startswith("transformer/diffusion") for name, _ in keeping.check("mine"))
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    assert [name for name, well in keeping.check("mine") if not well] == ["fox.gguf"]
    path.unlink()
    with pytest.raises(WeightsError, match=r"fox.gguf is missing\.$"):
        list(keeping.check("mine"))
    with pytest.raises(WeightsError, match="There is no file .*fox.gguf"):
        open_model(row, "cpu")


def test_a_model_that_another_is_laid_over_is_not_given_up(saved, tmp_path):
    told(singles.safetensors(tmp_path / "fox.safetensors", singles.numbers(saved[1])))
    with pytest.raises(BadRequest, match="mine is laid over base; remove that first"):
        keeping.remove("base")
    with pytest.raises(BadRequest, match="mine is itself laid over base; name that"):
        told(tmp_path / "fox.safetensors", name="more", like="mine")
    assert keeping.remove("mine") == 0 and keeping.remove("base") == 0 and names() == ("paper",) and (tmp_path / "fox.safetensors").exists()


@pytest.mark.parametrize("like, says", [("paper", "built-in model is not laid over"), ("wan-2.1-14b", "is not on this machine; `cineloom models pull wan-2.1-14b`"), ("nothing", "no model called 'nothing'")])
def test_what_it_is_laid_over_must_be_here(saved, tmp_path, like, says):
    with pytest.raises(BadRequest, match=says):
        told(singles.safetensors(tmp_path / "fox.safetensors", singles.numbers(saved[1])), like=like)


# ---- what is wrong with one

def lora(path, tensors):
    return singles.safetensors(path, {f"diffusion_model.{name.removesuffix('weight')}lora_A.weight": one[:4] for name, one in tensors.items() if name.endswith("to_q.weight")})


def lacking(path, tensors):
    return singles.safetensors(path, {name: one for name, one in tensors.items() if "blocks.1.attn1" not in name})


def smaller(path, tensors):
    return singles.safetensors(path, {name: one[:16] if name == "patch_embedding.weight" else one for name, one in tensors.items()})


def scaled(name, value):
    """Numbers in eight bits, and beside one layer's what is not read here."""
    def write(path, tensors):
        eight = {key: one.to(torch.float8_e4m3fn) if one.dim() == 2 else one for key, one in tensors.items()}
        return singles.safetensors(path, eight | {name: value})
    return write


def two_scales(path, tensors):
    return scaled("blocks.0.attn1.to_q.weight_scale_inv", torch.ones(1))(path, tensors | {"blocks.0.attn1.to_q.weight_scale": torch.ones(1)})


def layouts(path, tensors):
    singles.eighth(path, tensors, torch.float8_e4m3fn, later=True)
    return singles.spoilt(path, lambda header: header["__metadata__"].update({"_quantization_metadata": '{"layers": {"a": {"format": "nvfp4"}}}'}))


def unsaid(path, tensors):
    return singles.safetensors(path, tensors | {"blocks.0.attn1.to_q.comfy_quant": torch.zeros(3, dtype=torch.uint8)})


def whole_numbers(path, tensors):
    return singles.safetensors(path, tensors | {"patch_embedding.bias": torch.ones(32, dtype=torch.int8)})


def half(path, tensors):
    path = singles.gguf(path.with_suffix(".gguf"), tensors, "Q8_0")
    path.write_bytes(path.read_bytes()[:-1000])
    return path


def head(path, tensors):
    path = singles.gguf(path.with_suffix(".gguf"), tensors, "Q8_0")
    path.write_bytes(path.read_bytes()[:200])
    return path


def other_family(path, tensors):
    return singles.gguf(path.with_suffix(".gguf"), {name.replace("attn1", "attn"): one for name, one in tensors.items()}, "F16", lambda name: name)


def other_packing(path, tensors):
    from gguf import GGMLQuantizationType, GGUFWriter

    path = path.with_suffix(".gguf")
    writer = GGUFWriter(path, "wan")
    writer.add_tensor("blocks.0.self_attn.q.weight", torch.zeros(4, 66, dtype=torch.uint8).numpy(), raw_dtype=GGMLQuantizationType.IQ2_XXS)
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()
    return path


def pickled(path, tensors):
    path = path.with_suffix(".pt")
    path.write_bytes(b"\x80\x04.")
    return path


@pytest.mark.parametrize("write, says", [
    (lora, "fox.safetensors is a LoRA: .* `--lora` takes it"), (lacking, "no transformer of the kind that lies in .*base: [0-9]+ of the [0-9]+ tensors there are not in it, such as blocks.1.attn1"),
    (smaller, "another size than the model in .*base: patch_embedding.weight is 16x16x1x2x2 in it and 32x16x1x2x2 there"), (scaled("blocks.0.attn1.to_q.scale_weight", torch.ones(1, 32)), "not read here: blocks.0.attn1.to_q.scale_weight is of 1 x 32 numbers of F32, and what it scales of 32 x 32. One scale for each tensor, each row or each square block is read, and so is a GGUF"),
    (scaled("blocks.9.attn1.to_q.weight_scale", torch.ones(1)), "blocks.9.attn1.to_q.weight_scale is there and what it scales is not"), (scaled("blocks.0.attn1.to_q.weight_scale_2", torch.ones(1)), "it has blocks.0.attn1.to_q.weight_scale_2"), (two_scales, r"blocks.0.attn1.to_q.weight_scale(_inv)? is there and blocks.0.attn1.to_q.weight_scale(_inv)? is too"),
    (layouts, "keeps numbers as nvfp4, which is not read here"), (unsaid, "does not say in words that are known here how it keeps its numbers"), (whole_numbers, "keeps numbers as I8, which is not read here"),
    (half, "fox.gguf is cut short: [0-9,]+ bytes are there, [0-9,]+ belong to it"), (head, "no gguf file, or its beginning is damaged"), (other_family, "no transformer of the kind .* not in it, .* that are not there"),
    (other_packing, "keeps numbers as IQ2_XXS, which is not read here; Q2_K"), (pickled, "is no file of weights that is opened here: those are .safetensors and .gguf"),
    (lambda path, _: path, "There is no file"), (lambda path, _: vace(path.parent / "vace") / "transformer" / singles.WEIGHTS, "no transformer of the kind .* it has [0-9]+ that are not there"),
], ids=["lora", "lacking", "size", "a scale a column", "a scale alone", "another scale", "two scales", "layout", "no layout", "whole numbers", "half", "head", "family", "packing", "pickle", "missing", "another kind"])
def test_what_is_wrong_with_a_file_is_a_sentence(saved, tmp_path, write, says):
    with pytest.raises(WeightsError, match=says):
        told(write(tmp_path / "fox.safetensors", singles.numbers(saved[1])))
    assert names() == ("paper", "base")


def test_every_packing_that_is_read_here_is_one_that_diffusers_unpacks():
    from diffusers.quantizers.gguf.utils import SUPPORTED_GGUF_QUANT_TYPES

    assert {kind.name for kind in SUPPORTED_GGUF_QUANT_TYPES} | {"F32", "F16"} == set(headers.PACKED + headers.PLAIN)


def test_the_command_tells_of_one(saved, tmp_path, capsys, monkeypatch):
    path = singles.gguf(tmp_path / "fox.gguf", singles.numbers(saved[1]), "Q8_0")
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(["models", "add", str(path), "--like", "base", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["like"] == "base" and "fox" in names()
        assert main(["models", "add", str(path), "--json"]) == 2 and "`cineloom models add FILE --like MODEL`" in capsys.readouterr().out
        assert main(["models", "add", str(path), str(path), "--json"]) == 2 and "which --like names" in capsys.readouterr().out
    finally:
        signal.signal(signal.SIGTERM, before)
