"""Tiny random SkyReels V2, saved in the format that it is released in. See `tiny`."""

from __future__ import annotations

from pathlib import Path

import tiny
import torch


def skyreels(folder: Path, kind: str) -> Path:
    """"df" has a level per latent frame, "t2v" one for all."""
    import diffusers

    wan = diffusers.WanPipeline.from_pretrained(tiny.wan(folder / "wan"))
    torch.manual_seed(8)
    transformer = diffusers.SkyReelsV2Transformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16, out_channels=16, text_dim=16, freq_dim=32, ffn_dim=32, num_layers=2, rope_max_seq_len=32,
        inject_sample_info=kind == "df")
    scheduler = diffusers.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=8.0)
    pipe = diffusers.SkyReelsV2DiffusionForcingPipeline if kind == "df" else diffusers.SkyReelsV2Pipeline
    pipe(tokenizer=wan.tokenizer, text_encoder=wan.text_encoder, transformer=transformer.eval(), vae=wan.vae, scheduler=scheduler).save_pretrained(folder)
    return folder
