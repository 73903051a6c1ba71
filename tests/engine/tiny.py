"""Tiny random checkpoints of the open families, saved in the format they are released in. A model has thousands of numbers, not billions."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.bench.random_weights import tokenizer, umt5


def wan(folder: Path, *, kind: str = "2.1", scheduler: str = "unipc") -> Path:
    """Wan's text to video: "2.1"; "2.2" has two experts; "5b" takes a level per token."""
    from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel

    torch.manual_seed(0)
    large = kind == "5b"
    channels = 12 if large else 16
    vae = AutoencoderKLWan(base_dim=3, z_dim=channels, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
                           latents_mean=[0.1 * at for at in range(channels)], latents_std=[1 + 0.05 * at for at in range(channels)],
                           **(dict(is_residual=True, patch_size=2, in_channels=12, out_channels=12, scale_factor_spatial=16) if large else {}))

    def expert():
        return WanTransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=channels, out_channels=channels, text_dim=16,
                                     freq_dim=32, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32)

    steps = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0 if large else 3.0) if scheduler == "unipc" else FlowMatchEulerDiscreteScheduler(shift=3.0)
    pipe = WanPipeline(tokenizer=tokenizer(), text_encoder=umt5(), vae=vae.eval(), scheduler=steps, transformer=expert().eval(), transformer_2=expert().eval() if kind == "2.2" else None,
                       boundary_ratio=0.875 if kind == "2.2" else None, expand_timesteps=large)
    pipe.save_pretrained(folder)
    return folder
