"""Scaled: numbers of eight bits with scales beside them, as ComfyUI and others keep them, told apart by their names and made plain.

    blocks.0.self_attn.q.weight         F8_E4M3 or F8_E5M2          weight x scale, in float32, is what it was
    blocks.0.self_attn.q.scale_weight   one number                  or weight_scale, or weight_scale_inv, which is multiplied by too
                                        or (rows,) (rows, 1)        one for each row
                                        or (rows/128, columns/128)  one for each square block, those at the edges cut off; 32, 64 and 256 too
    blocks.0.self_attn.q.scale_input    of what flows into it       or input_scale: for machines that multiply in eight bits, here nobody does
    blocks.0.self_attn.q.comfy_quant    a layer's layout, in JSON   or all layers' in the header
    scaled_fp8                          says that there are scales

Which of these it is, the shapes tell: no two of them are alike but where they mean the same. A scale for a part of a row, two
scales, a codebook are other layouts, whose numbers would come out wrong: they are refused.
Knows names and scales. Knows no model. Sources: ComfyUI's QUANTIZATION.md, and the files that it calls fp8_scaled; blocks of
128x128 are DeepSeek-V3's (arXiv:2412.19437, its weight_dequant), other sides those of convert_to_quant.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.denoisers.open import headers
from engine.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

SCALES = ("scale_weight", "weight_scale", "weight_scale_inv")
PASSED_OVER = ("scale_input", "input_scale", "comfy_quant")
MARK = "scaled_fp8"
LAYOUTS = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fn_rowwise", "float8_e4m3fn_blockwise")
SIDES = (32, 64, 128, 256)      # rows and columns of a block
EIGHT = ("F8_E4M3", "F8_E5M2")
WORKS = "One scale for each tensor, each row or each square block is read, and so is a GGUF of the same model."


def left(path: Path, found: Mapping[str, headers.Stored]) -> dict[str, headers.Stored]:
    """What a file holds but for its scales. Raises WeightsError for a layout that is not read here."""
    layers = {layer for layer, part in map(_parted, found) if part == "weight"}
    eight = {layer for layer, part in map(_parted, found) if part == "weight" and found[f"{layer}.weight"].kind in EIGHT}
    for name, one in found.items():
        layer, part = _parted(name)
        what = _wrong(name, found) if part in SCALES else ""
        if what:
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
            weight = made[f"{layer}.weight"].float()
            made[f"{layer}.weight"] = weight * _spread(name, scale.float(), weight.shape)
    return made


def _wrong(name: str, found: Mapping[str, headers.Stored]) -> str:
    """Why a scale cannot be put into what it scales; "" where it can."""
    layer, _ = _parted(name)
    scale, weight, others = found[name], found.get(f"{layer}.weight"), [f"{layer}.{part}" for part in SCALES if f"{layer}.{part}" in found and f"{layer}.{part}" != name]
    if weight is None:
        return f"{name} is there and what it scales is not"
    if others:
        return f"{name} is there and {others[0]} is too"
    if scale.kind not in headers.PLAIN or _reach(scale.shape, weight.shape) is None:
        return f"{name} is of {' x '.join(map(str, scale.shape)) or '1'} numbers of {scale.kind}, and what it scales of {' x '.join(map(str, weight.shape))}"
    return ""


def _reach(scale: tuple[int, ...], weight: tuple[int, ...]) -> int | None:
    """How far each scale goes: 0 over all of a weight, 1 over a row, else over a square block of so many rows and columns; None where nobody knows."""
    if math.prod(scale) == 1:
        return 0
    if len(weight) > 1 and scale[0] == weight[0] == math.prod(scale):
        return 1
    return next((side for side in SIDES if len(weight) == 2 and scale == tuple(-(-length // side) for length in weight)), None)


def _spread(name: str, scale: Tensor, weight: tuple[int, ...]) -> Tensor:
    """The scales of a weight, as it can be multiplied by them. Raises WeightsError for one that is none; of several some may be 0: nothing is there."""
    worst = scale[~((scale >= 0) & (scale < float("inf")))]
    if len(worst) or not bool((scale > 0).any()):
        raise WeightsError(f"{name} is {float(worst[0]) if len(worst) else 0.0}: the file is damaged.")
    side = _reach(tuple(scale.shape), tuple(weight))
    if side == 0:
        return scale.reshape(())
    if side == 1:
        return scale.reshape(-1, *(1 for _ in weight[1:]))
    return scale.repeat_interleave(side, 0)[:weight[0]].repeat_interleave(side, 1)[:, :weight[1]]


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
