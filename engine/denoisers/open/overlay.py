"""Overlay: LoRAs over a pipeline's transformers, laid on, kept there as long as they are asked for, and taken off.

    weights W       x W                     nothing is ever added into W itself: what is taken off leaves every bit as it was
    with LoRAs      x W + w x A B + ...     A, B small; w the weight that the recipe says

Files come in the words of whoever trained them. diffusers brings most into its own; what comes of that is held against the
transformer before any of it is laid on, for peft passes over what fits nowhere without a word.
Knows diffusers' loaders and peft's layers. Knows no folder and no recipe's fields beside its LoRAs.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import BadRequest, WeightsError
from engine.recipe.value import Lora

SEES = ("add_k_proj", "add_v_proj", "image_embedder")     # layers for pictures: a LoRA may have them where the model does not
PARTS = {"transformer": "noisy", "transformer_2": "clean", "connectors": ""}       # of a pipeline, and which expert each is


class Overlay:
    """What lies over one pipeline."""

    def __init__(self, pipe: Any, name: str):
        self.pipe, self.name = pipe, name
        self.laid: tuple[Lora, ...] = ()

    def lay(self, loras: Sequence[Lora], files: Mapping[str, Path]) -> bool:
        """Have these over the weights, each file found by its hash, and no others; whether anything changed.

        Those that stay are not read again. A weight of 0 is as if it were not asked for: there is nothing to add. When one
        cannot be laid on, none is. Raises WeightsError for a file that is damaged, and for one that fits another model.
        """
        wanted = tuple(lora for lora in loras if lora.weight)
        if wanted == self.laid:
            return False
        try:
            marks = {(lora.sha256, lora.expert) for lora in wanted}
            gone = [lora for lora in self.laid if (lora.sha256, lora.expert) not in marks]
            new = [lora for lora in wanted if (lora.sha256, lora.expert) not in {(old.sha256, old.expert) for old in self.laid}]
            if len(gone) == len(self.laid):
                self._clear()
            for lora in gone if len(gone) < len(self.laid) else ():
                for part in self._parts(lora.expert).values():
                    if _called(lora) in getattr(part, "peft_config", {}):
                        part.delete_adapters(_called(lora))
            for lora in new:
                self._load(lora, files[lora.sha256])
            for part in self._parts("").values():
                there = [lora for lora in wanted if _called(lora) in getattr(part, "peft_config", {})]
                if there:
                    part.set_adapters([_called(lora) for lora in there], [lora.weight for lora in there])
            self.laid = wanted
        except Exception:
            self._clear()
            raise
        return True

    def taken(self) -> dict[str, int]:
        """Bytes that lie over each part."""
        return {name: sum(one.nbytes for key, one in part.named_parameters() if ".lora_" in key) for name, part in self._parts("").items()}

    def _clear(self) -> None:
        self.laid = ()
        for part in self._parts("").values():
            if getattr(part, "peft_config", None):
                part.unload_lora()

    def _parts(self, expert: str) -> dict[str, nn.Module]:
        """What a LoRA for an expert is laid over: that one where there are two, else all."""
        there = {name: getattr(self.pipe, name, None) for name in PARTS}
        there = {name: part for name, part in there.items() if part is not None}
        two = "transformer_2" in there
        return {name: part for name, part in there.items() if not (two and expert and PARTS[name] not in ("", expert))}

    def _load(self, lora: Lora, path: Path) -> None:
        state, facts = self._read(lora, path)
        used: set[str] = set()
        for name, part in self._parts(lora.expert).items():
            spoken = "connectors" if name == "connectors" else "transformer"
            own = {key.removeprefix(f"{spoken}."): value for key, value in state.items() if key.startswith(f"{spoken}.")}
            if not own:
                continue
            own = _fitting(own, part, lora.name, self.name)
            used.add(spoken)
            _lay(part, own, _called(lora), facts.get(spoken), self.pipe)
        if "transformer" not in used:
            raise WeightsError(f"The LoRA {lora.name} has nothing for {self.name}: it was made for another model.")

    def _read(self, lora: Lora, path: Path) -> tuple[dict[str, Tensor], dict[str, dict]]:
        """Its numbers by the names that diffusers gives them, and what it says of how they were trained."""
        from diffusers.loaders.lora_base import _load_sft_state_dict_metadata
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            raw, facts = load_file(path), _load_sft_state_dict_metadata(path) or {}
        except (OSError, SafetensorError, ValueError) as error:
            raise WeightsError(f"The LoRA {lora.name} in {path} cannot be read: it is missing or damaged.") from error
        # What peft saves by itself has names of its own around the model's.
        raw = {key.removeprefix("base_model.model."): value for key, value in raw.items()}
        speak = getattr(self.pipe, "lora_state_dict", None)
        try:
            state = speak(dict(raw)) if speak else raw
        except Exception as error:      # whatever a converter trips over means the same to a person
            raise WeightsError(f"The LoRA {lora.name} is written in a way that diffusers does not read for {self.name} ({type(error).__name__}: {str(error)[:160]}).") from error
        if not any(key.startswith(("transformer.", "connectors.")) for key in state):
            state = {f"transformer.{key.removeprefix('diffusion_model.')}": value for key, value in state.items()}
        return _scaled(state), {spoken: {key.removeprefix(f"{spoken}."): value for key, value in facts.items() if key.startswith(f"{spoken}.")} or (facts if "r" in facts else None)
                                for spoken in ("transformer", "connectors")}


def _called(lora: Lora) -> str:
    return f"lora_{lora.sha256[:16]}"


def _scaled(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same in peft's words, each layer's own strength (alpha over its rank) put into its numbers, as diffusers does for the families that it converts."""
    out = {}
    for key, value in state.items():
        layer, dot, kind = key.replace(".lora_down.", ".lora_A.").replace(".lora_up.", ".lora_B.").rpartition(".lora_B.weight")
        if dot:
            alpha = state.get(f"{layer}.alpha")
            out[f"{layer}.lora_B.weight"] = value if alpha is None else value * (float(alpha) / value.shape[1])
        elif not key.endswith(".alpha"):
            out[kind] = value
    return out


def _fitting(state: dict[str, Tensor], part: nn.Module, lora: str, model: str) -> dict[str, Tensor]:
    """What of it belongs to layers that are there; layers for pictures may lack. Raises WeightsError for any other, and for layers of another size."""
    layers, fits = dict(part.named_modules()), {}
    for key, value in state.items():
        name = key.rpartition(".lora_")[0]
        layer = layers.get(name)
        base = getattr(layer, "base_layer", layer)
        if not name or getattr(base, "weight", None) is None:
            if any(word in key for word in SEES):
                continue
            raise WeightsError(f"The LoRA {lora} was made for another model than {model}: that has no {name or key}.")
        if isinstance(base, nn.Linear) and value.ndim == 2:        # whose weight may be packed, and then has another shape
            told, there = (value.shape[1], base.in_features) if key.endswith("lora_A.weight") else (value.shape[0], base.out_features)
            if told != there:
                raise WeightsError(f"The LoRA {lora} was made for a model of another size than {model}: its {name} has {told:,} numbers where that has {there:,}.")
        fits[key] = value
    if not fits:
        raise WeightsError(f"The LoRA {lora} has nothing for {model}: it was made for another model.")
    return fits


def _lay(part: nn.Module, state: dict[str, Tensor], called: str, facts: dict | None, pipe: Any) -> None:
    # Without biases nothing of it is drawn first and then thrown away: of a large file that takes seconds.
    whole = not any(key.endswith(".bias") for key in state)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")     # peft warns of a second one, and of layers that a file leaves alone
            part.load_lora_adapter(dict(state), prefix=None, adapter_name=called, metadata=facts, _pipeline=pipe, low_cpu_mem_usage=whole)
    except ValueError as error:
        raise BadRequest(f"This LoRA cannot be laid over {type(part).__name__} ({str(error)[:160]}).") from error
    for name, layer in part.named_modules():
        weights = {side: getattr(layer, side)[called].weight for side in ("lora_A", "lora_B") if called in getattr(layer, side, ())}
        for side, weight in weights.items():
            if weight.dtype in (torch.float8_e4m3fn, torch.float8_e5m2):       # it follows a layer that is kept in eight bits, and has not that many to spare
                weight.data = state[f"{name}.{side}.weight"].to(weight.device, part.dtype)
