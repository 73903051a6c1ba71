"""Laying: a plan made true, on the parts of a pipeline, by diffusers' own facilities.

Knows diffusers' offloading, casting and tiling. Knows no sizes: `planning` does.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.denoisers.open.planning import Plan

WORDS = ("text_encoder", "text_encoder_2", "text_encoder_3", "image_encoder")


def lay(pipe: Any, plan: Plan, device: str) -> None:
    """Lay a pipeline's parts out as planned. May be called again with a lighter plan."""
    pipe.remove_all_hooks()
    tiles = getattr(pipe.vae, "enable_tiling" if plan.tiled else "disable_tiling", None)
    if tiles:
        tiles()
    if plan.name == "whole":
        pipe.to(device)
        return
    if plan.name == "narrow":
        for model in transformers(pipe):
            if not getattr(model, "_narrow", False):
                model.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=model.dtype)
                model._narrow = True
    if plan.name != "blocks":
        pipe.to("cpu")
        pipe.enable_model_cpu_offload(device=device)
        return
    pipe.to("cpu")
    on, off = torch.device(device), torch.device("cpu")
    for model in transformers(pipe):
        model.enable_group_offload(onload_device=on, offload_device=off, offload_type="block_level", num_blocks_per_group=1, use_stream=device.startswith("cuda"))
    from diffusers.hooks import apply_group_offloading

    for name in WORDS:
        if getattr(pipe, name, None) is not None:
            apply_group_offloading(getattr(pipe, name), onload_device=on, offload_device=off, offload_type="leaf_level", use_stream=False)
    for name, part in pipe.components.items():          # small ones; LTX-2's connectors and voice are some
        if isinstance(part, torch.nn.Module) and name not in WORDS and part not in transformers(pipe):
            part.to(device)


def transformers(pipe: Any) -> list:
    """The transformers of a pipeline: one, or two experts."""
    return [model for model in (getattr(pipe, "transformer", None), getattr(pipe, "transformer_2", None)) if model is not None]
