"""Single files of Wan's transformer, written by the tests in the formats that people share them in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import tiny
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, quants
from safetensors.torch import load_file, save_file

HALVES = {"Q2_K": (-4, -2), "Q3_K": (-2,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (-2,), "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "IQ4_NL": (0,), "IQ4_XS": (0,)}     # where a block's scales lie
WEIGHTS = "diffusion_pytorch_model.safetensors"
# Wan's names as it was released, for diffusers' own; a layer's second and third norm change places.
RELEASED = (("condition_embedder.time_embedder.linear_1", "time_embedding.0"), ("condition_embedder.time_embedder.linear_2", "time_embedding.2"), ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
            ("condition_embedder.text_embedder.linear_2", "text_embedding.2"), ("condition_embedder.time_proj", "time_projection.1"), ("attn1.", "self_attn."), ("attn2.", "cross_attn."), (".to_out.0.", ".o."),
            (".to_q.", ".q."), (".to_k.", ".k."), (".to_v.", ".v."), ("ffn.net.0.proj", "ffn.0"), ("ffn.net.2", "ffn.2"), ("norm2", "norm_"), ("norm3", "norm2"), ("norm_.", "norm3."))


def released(name: str) -> str:
    """A tensor's name in the released weights."""
    for ours, theirs in RELEASED:
        name = name.replace(ours, theirs)
    if name.startswith("blocks."):
        return name.replace("scale_shift_table", "modulation")
    return name.replace("scale_shift_table", "head.modulation").replace("proj_out", "head.head")


def model(folder: Path, seed: int = 0, kind: str = "2.1") -> Path:
    """A tiny Wan whose transformers are drawn from `seed`, wide enough for numbers to be packed in blocks of 32."""
    from diffusers import WanTransformer3DModel

    tiny.wan(folder, kind=kind)
    for at, part in enumerate(("transformer", "transformer_2")):
        if (folder / part).is_dir():
            torch.manual_seed(seed + at)
            shutil.rmtree(folder / part)
            WanTransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=16, out_channels=16, text_dim=16, freq_dim=32, ffn_dim=64, num_layers=2, cross_attn_norm=True,
                                  qk_norm="rms_norm_across_heads", rope_max_seq_len=32).save_pretrained(folder / part)
    return folder


def numbers(folder: Path, part: str = "transformer") -> dict[str, torch.Tensor]:
    """What a folder's transformer holds."""
    return load_file(folder / part / WEIGHTS)


def safetensors(path: Path, tensors: dict[str, torch.Tensor], named=lambda name: name) -> Path:
    """A file of them, by other names."""
    save_file({named(name): one.contiguous() for name, one in tensors.items()}, path, {"format": "pt"})
    return path


def scales(one: torch.Tensor, kind: torch.dtype, each: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Scales of a matrix, one for "tensor", each "row", each of "rows" in a column, or each block of "32" rows and columns: as they are kept, and for every number."""
    def of(part: torch.Tensor) -> torch.Tensor:
        return part.abs().max() / torch.finfo(kind).max

    if each == "tensor":
        return of(one), of(one).expand_as(one)
    if each in ("row", "rows"):
        found = torch.stack([of(row) for row in one])
        return found[:, None] if each == "rows" else found, torch.stack([scale.expand(one.shape[1]) for scale in found])
    side = int(each)
    found = torch.stack([torch.stack([of(block) for block in band.split(side, 1)]) for band in one.split(side, 0)])
    return found, torch.stack([torch.stack([found[row // side, column // side] for column in range(one.shape[1])]) for row in range(one.shape[0])])


def eighth(path: Path, tensors: dict[str, torch.Tensor], kind: torch.dtype, named=released, later: bool = False, each: str = "tensor", scale_name: str = "weight_scale") -> dict[str, torch.Tensor]:
    """Write a file whose layers are in eight bits with scales, as ComfyUI does it, the older way or the later one: the numbers that are meant by it. `each` is what has a scale, see `scales`."""
    layout = str(kind).removeprefix("torch.") + {"tensor": "", "row": "_rowwise", "rows": "_rowwise"}.get(each, "_blockwise")
    held, meant = {} if later else {named("scaled_fp8"): torch.empty(2, dtype=kind)}, dict(tensors)
    for name, one in tensors.items():
        if one.dim() != 2 or not name.startswith("blocks") or not name.endswith(".weight"):
            held[named(name)] = one.contiguous()
            continue
        (scale, full), layer = scales(one, kind, each), named(name).removesuffix(".weight")
        held[f"{layer}.weight"] = (one / full).to(kind)
        held |= {f"{layer}.{scale_name}": scale, f"{layer}.input_scale": torch.tensor(3.0)} if later else {f"{layer}.scale_weight": scale[None], f"{layer}.scale_input": torch.ones(1)}
        if later and "blocks.0" in name:
            held[f"{layer}.comfy_quant"] = torch.frombuffer(bytearray(json.dumps({"format": layout}).encode()), dtype=torch.uint8)
        meant[name] = held[f"{layer}.weight"].float() * full
    said = {"_quantization_metadata": json.dumps({"layers": {"blocks.1.self_attn.q": {"format": layout}}})} if later else {}
    save_file(held, path, {"format": "pt"} | said)
    return meant


def blocks(kind: str, rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Packed numbers that no packer was needed for: bits by chance, their blocks' scales small. (rows, bytes)"""
    chance, (many, width) = np.random.default_rng(seed), GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
    made = chance.integers(0, 256, (rows * columns // many, width), dtype=np.uint8)
    for at in HALVES[kind]:
        made[:, at % width:at % width + 2] = chance.normal(0, 1e-3, (len(made), 1)).astype(np.float16).view(np.uint8)
    return made.reshape(rows, -1)


def gguf(path: Path, tensors: dict[str, torch.Tensor], kind: str, named=released) -> Path:
    """A file of them, those of layers packed as `kind` where they can be, as the converters of this world do it."""
    writer = GGUFWriter(path, "wan")
    writer.add_string("general.name", "a tiny one")
    writer.add_array("general.tags", ["video", "tiny"])
    for name, one in tensors.items():
        plain, packing = one.numpy(), _packing(name, one, kind)
        writer.add_tensor(named(name), plain if packing is None else quants.quantize(plain, packing), raw_dtype=packing)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def unpacked(tensors: dict[str, torch.Tensor], kind: str) -> dict[str, torch.Tensor]:
    """The numbers that such a file gives back: packed ones are unpacked in half precision."""
    def back(name, one):
        packing = _packing(name, one, kind)
        if packing is None:
            return one
        numbers = quants.dequantize(quants.quantize(one.numpy(), packing), packing)
        return torch.from_numpy(numbers if kind == "BF16" else numbers.astype(np.float16).astype(np.float32))

    return {name: back(name, one) for name, one in tensors.items()}


def _packing(name: str, one: torch.Tensor, kind: str) -> GGMLQuantizationType | None:
    return None if kind == "F32" or one.dim() != 2 or one.shape[-1] % 32 or not name.startswith(("blocks", "condition")) else GGMLQuantizationType[kind]


def spoilt(path: Path, change) -> Path:
    """A safetensors file whose header was changed by hand; its numbers stay."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    changed = json.dumps(change(header) or header).encode()
    path.write_bytes(len(changed).to_bytes(8, "little") + changed + data[8 + length:])
    return path
