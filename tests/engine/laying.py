"""LoRAs for tests: small, of random numbers, written as trainers write them."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

LAYERS = ("to_q", "to_k", "to_v", "to_out.0")


def layers(model, part: str = "attn1") -> dict[str, tuple[int, int]]:
    """The linear layers of a transformer's attention: (in, out) by name."""
    linear = {name.removesuffix(".base_layer"): layer for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear) and f".{part}." in name}
    return {name: (layer.in_features, layer.out_features) for name, layer in linear.items() if name.endswith(LAYERS)}


def lora(path: Path, model, *, rank: int = 2, seed: int = 5, strength: float = 0.5, prefix: str = "transformer.", part: str = "attn1", said: dict[str, str] | None = None, dtype=torch.float32) -> Path:
    """Over a transformer's attention, in diffusers' words."""
    chance, state = torch.Generator().manual_seed(seed), {}
    for name, (wide, high) in layers(model, part).items():
        state[f"{prefix}{name}.lora_A.weight"] = torch.randn(rank, wide, generator=chance).to(dtype)
        state[f"{prefix}{name}.lora_B.weight"] = (strength * torch.randn(high, rank, generator=chance)).to(dtype)
    assert state
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path, metadata={"format": "pt"} | (said or {}))
    return path


def drawn(path: Path, seed: int = 5, said: dict[str, str] | None = None) -> Path:
    """One for the stand-in that draws colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = torch.Generator().manual_seed(seed)
    save_file({"drawn.lora_A.weight": torch.randn(2, 3, generator=chance), "drawn.lora_B.weight": torch.randn(3, 2, generator=chance)}, path, metadata={"format": "pt"} | (said or {}))
    return path
