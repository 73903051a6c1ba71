"""A tiny random checkpoint of Wan VACE, saved in the format it is released in."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.bench.random_weights import tokenizer, umt5


def vace(folder: Path, scheduler: str = "unipc") -> Path:
    """Wan's text to video with a branch that is told of given film, beside the first and the last of its three layers."""
    from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanVACEPipeline, WanVACETransformer3DModel

    torch.manual_seed(0)
    vae = AutoencoderKLWan(base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
                           latents_mean=[0.1 * at for at in range(16)], latents_std=[1 + 0.05 * at for at in range(16)])
    transformer = WanVACETransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16, out_channels=16, text_dim=16, freq_dim=32, ffn_dim=32, num_layers=3,
                                            cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32, vace_layers=[0, 2], vace_in_channels=96)
    with torch.no_grad():
        for block in transformer.vace_blocks:
            block.proj_out.weight.mul_(30)          # drawn small, it would whisper
        transformer.vace_patch_embedding.weight.mul_(5)
    steps = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0) if scheduler == "unipc" else FlowMatchEulerDiscreteScheduler(shift=3.0)
    WanVACEPipeline(tokenizer=tokenizer(), text_encoder=umt5(), vae=vae.eval(), scheduler=steps, transformer=transformer.eval()).save_pretrained(folder)
    return folder
