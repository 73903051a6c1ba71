"""Scaled: numbers of eight bits with a scale for each tensor beside them, as ComfyUI keeps them, told apart by their names and made plain.

    blocks.0.self_attn.q.weight         F8_E4M3 or F8_E5M2          weight x scale, in float32, is what it was
    blocks.0.self_attn.q.scale_weight   one number                  or weight_scale
    blocks.0.self_attn.q.scale_input    of what flows into it       or input_scale: for machines that multiply in eight bits, here nobody does
    blocks.0.self_attn.q.comfy_quant    a layer's layout, in JSON   or all layers' in the header
    scaled_fp8                          says that there are scales

A scale for each row or block, two scales, a codebook are other layouts, whose numbers would come out wrong: they are refused.
Knows names and scales. Knows no model. Source: ComfyUI's QUANTIZATION.md, and the files that it calls fp8_scaled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.denoisers.open import headers
from engine.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

SCALES = ("scale_weight", "weight_scale")
PASSED_OVER = ("scale_input", "input_scale", "comfy_quant")
MARK = "scaled_fp8"
LAYOUTS = ("float8_e4m3fn", "float8_e5m2")
EIGHT = ("F8_E4M3", "F8_E5M2")
WORKS = "One scale for each tensor is read, and so is a GGUF of the same model."


def left(path: Path, found: Mapping[str, headers.Stored]) -> dict[str, headers.Stored]:
    """What a file holds but for its scales. Raises WeightsError for a layout that is not read here."""
    layers = {layer for layer, part in map(_parted, found) if part == "weight"}
    eight = {layer for layer, part in map(_parted, found) if part == "weight" and found[f"{layer}.weight"].kind in EIGHT}
    for name, one in found.items():
        layer, part = _parted(name)
        if part in SCALES and (layer not in layers or one.count != 1 or one.kind not in headers.PLAIN):
            what = f"{name} is of {one.count:,} numbers of {one.kind}" if layer in layers else f"{name} is there and what it scales is not"
            raise WeightsError(f"{path.name} keeps its numbers in eight bits in a way that is not read here: {what}. {WORKS}")
        if layer in eight and part not in ("weight", "bias", *SCALES, *PASSED_OVER):
            raise WeightsError(f"{path.name} keeps its numbers in eight bits in a way that is not read here: it has {name}. {WORKS}")
    odd = sorted(set(_layouts(path, found)) - set(LAYOUTS))
    if odd:
        raise WeightsError(f"{path.name} keeps numbers as {', '.join(odd):.100}, which is not read here. {WORKS}")
    return {name: one for name, one in found.items() if not _beside(name)}


def plain(numbers: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The numbers that are meant, scales put into them. Raises WeightsError for a scale that is none."""
    made = {name: one for name, one in numbers.items() if not _beside(name)}
    for name, scale in numbers.items():
        layer, part = _parted(name)
        if part in SCALES:
            factor = float(scale)
            if not 0 < factor < float("inf"):
                raise WeightsError(f"{name} is {factor}: the file is damaged.")
            made[f"{layer}.weight"] = made[f"{layer}.weight"].float() * factor
    return made


def _parted(name: str) -> tuple[str, str]:
    layer, _, part = name.rpartition(".")
    return layer, part


def _beside(name: str) -> bool:
    return _parted(name)[1] in (*SCALES, *PASSED_OVER, MARK)


def _layouts(path: Path, found: Iterable[str]) -> list[str]:
    """What a file calls its layouts. Raises WeightsError where it says so in a way that nobody understands."""
    from safetensors import SafetensorError, safe_open

    said = headers.facts(path).get("_quantization_metadata")
    own = [name for name in found if _parted(name)[1] == "comfy_quant"]
    try:
        layers = list(json.loads(said)["layers"].values()) if isinstance(said, str) else []
        if own:
            with safe_open(path, framework="numpy") as file:
                layers += [json.loads(file.get_tensor(name).tobytes()) for name in own]
        return [str(layer["format"]) for layer in layers]
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{path.name} does not say in words that are known here how it keeps its numbers. {WORKS}") from error
