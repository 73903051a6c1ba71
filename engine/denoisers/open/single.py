"""Single: one file of a transformer, laid over the other parts of a model that is here.

    fox-Q4_K_M.gguf           packed numbers, unpacked block by block as they are used        --like wan-2.1-14b: words,
    fox.safetensors           numbers as they are, or in eight bits with scales, see `scaled`   autoencoder and scheduler are its

Names in the file are diffusers' own, or those that the weights were released with: diffusers turns the second into the first.
Knows files and diffusers' loaders. Knows no family: what must be in the file is what the model's own transformer has.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.denoisers.open import folder as lying
from engine.denoisers.open import headers, scaled
from engine.errors import WeightsError

if TYPE_CHECKING:
    import torch

ELSEWHERE = ("vae.", "first_stage_model.", "text_encoders.", "cond_stage_model.", "audio_vae.", "vocoder.")      # what files of a whole model have besides
LORA = ("lora_", ".lora.", "lokr_", "hada_", ".dora_scale")
Shapes = Mapping[str, tuple[int, ...]]


def look(path: Path, place: Path, kind: str) -> tuple[int, int]:
    """How many numbers a file has for the transformer that lies at `place`, and how many bytes they take once opened; 0 for two bytes each, or four.

    kind    "WanTransformer3DModel"
    Reads headers, no weights. Raises WeightsError for a file that is damaged, or no such transformer.
    """
    found = {name: one for name, one in headers.read(path).items() if not name.startswith(ELSEWHERE)}
    if any(part in name for name in found for part in LORA):
        raise WeightsError(f"{path.name} is a LoRA: it is laid over a model's weights and is no model. `--lora` takes it.")
    packs = path.suffix.lower() == ".gguf"
    found = found if packs else scaled.left(path, found)
    odd = sorted({one.kind for one in found.values()} - set(headers.PLAIN + headers.PACKED if packs else ("F64", *headers.PLAIN, *scaled.EIGHT)))
    if odd:
        raise WeightsError(f"{path.name} keeps numbers as {', '.join(odd)}, which is not read here; {', '.join(headers.PACKED) if packs else 'BF16 and F16'} are.")
    if packs and not _released(kind):
        raise WeightsError(f"A {kind} cannot be opened from a GGUF; a .safetensors of the same model would work.")
    wanted = {name: one.shape for file in lying.weights(place) for name, one in lying.stored(file).items()}
    shapes = {name: one.shape for name, one in found.items()}
    if shapes.keys() != wanted.keys():
        shapes = min(shapes, _renamed(shapes, kind), key=lambda names: len(names.keys() ^ wanted.keys()))
    _fits(path, shapes, wanted, place.parent)
    return sum(one.count for one in found.values()), path.stat().st_size if packs else 0


def _fits(path: Path, shapes: Shapes, wanted: Shapes, model: Path) -> None:
    """Raises WeightsError unless the two are the same."""
    lacking, more = sorted(wanted.keys() - shapes.keys()), sorted(shapes.keys() - wanted.keys())
    if lacking or more:
        says = [f"{len(lacking)} of the {len(wanted)} tensors there are not in it, such as {lacking[0]}"] if lacking else []
        says += [f"it has {len(more)} that are not there, such as {more[0]!r:.100}"] if more else []
        raise WeightsError(f"{path.name} is no transformer of the kind that lies in {model}: {'; '.join(says)}. `--like` names the model that it was made from.")
    other = next((name for name in sorted(wanted) if shapes[name] != wanted[name]), None)
    if other:
        raise WeightsError(f"{path.name} is of another size than the model in {model}: {other} is {_by(shapes[other])} in it and {_by(wanted[other])} there. `--like` names the model that it was made from.")


def load(path: Path, place: Path, kind: str, dtype: torch.dtype) -> Any:
    """The transformer of a file, its configuration from `place`, as `from_pretrained` would make it of the same numbers. Imports torch. Raises WeightsError as `look`."""
    look(path, place, kind)
    model = getattr(importlib.import_module("diffusers"), kind)
    opened = _packed(path, place, model, dtype) if path.suffix.lower() == ".gguf" else _whole(path, place, model, dtype)
    return opened.eval()


def _whole(path: Path, place: Path, kind: Any, dtype: torch.dtype) -> Any:
    import torch
    from accelerate import init_empty_weights
    from safetensors.torch import load_file

    with init_empty_weights():
        model = kind.from_config(kind.load_config(place))
    wanted = model.state_dict().keys()
    numbers = scaled.plain({name: one for name, one in load_file(path).items() if not name.startswith(ELSEWHERE)})
    if numbers.keys() != wanted:
        numbers = _converted(numbers, kind.__name__)
    islands = set(kind._keep_in_fp32_modules or ())        # what a transformer wants in float32 whatever the rest is in
    model.load_state_dict({name: one.to(torch.float32 if islands & set(name.split(".")) else dtype) for name, one in numbers.items()}, assign=True)
    return model


def _packed(path: Path, place: Path, kind: Any, dtype: torch.dtype) -> Any:
    import torch
    from diffusers import GGUFQuantizationConfig
    from diffusers.models.model_loading_utils import load_gguf_checkpoint
    from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter, dequantize_gguf_tensor

    numbers = {name: one for name, one in load_gguf_checkpoint(str(path)).items() if not name.startswith(ELSEWHERE)}
    for name, one in numbers.items():
        if getattr(one, "quant_type", None) is not None and one.quant_type.name == "BF16":     # no packing: layers other than linear ones know what to do with it so
            numbers[name] = one.as_tensor().view(torch.bfloat16)
    model = kind.from_single_file(numbers, config=str(place), quantization_config=GGUFQuantizationConfig(compute_dtype=dtype), dtype=dtype)
    for layer in model.modules():
        for name, one in list(layer.named_parameters(recurse=False)):
            if isinstance(one, GGUFParameter) and not (isinstance(layer, GGUFLinear) and name == "weight"):     # nothing else unpacks as it goes
                setattr(layer, name, torch.nn.Parameter(dequantize_gguf_tensor(one).to(dtype), requires_grad=False))
    return model


def _released(kind: str) -> Any:
    """What turns the released names of such a transformer into diffusers' own, or None. Imports torch."""
    from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES

    return SINGLE_FILE_LOADABLE_CLASSES.get(kind, {}).get("checkpoint_mapping_fn")


def _converted(numbers: Mapping[str, Any], kind: str) -> dict[str, Any]:
    convert = _released(kind)
    return convert(checkpoint=dict(numbers), config={}) if convert else dict(numbers)


def _renamed(shapes: Shapes, kind: str) -> Shapes:
    """Shapes by diffusers' own names; as they are where nothing can turn them."""
    import torch

    try:
        return {name: tuple(one.shape) for name, one in _converted({name: torch.empty(shape, device="meta") for name, shape in shapes.items()}, kind).items()}
    except Exception:               # they were written for one model, and stumble over any other in a dozen ways
        return shapes


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"
