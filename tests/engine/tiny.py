"""Tiny random checkpoints of the open families, saved in the format they are released in. A model has thousands of numbers, not billions."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.bench.random_weights import tokenizer, umt5


def wan(folder: Path, *, kind: str = "2.1", scheduler: str = "unipc") -> Path:
    """Wan's text to video: "2.1"; "2.2" has two experts; "5b" takes a level per token. With " i2v" after it the kind that is given a picture, with " flf2v" a first and a last."""
    from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanImageToVideoPipeline, WanPipeline, WanTransformer3DModel
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

    kind, _, pictured = kind.partition(" ")

    torch.manual_seed(0)
    large = kind == "5b"
    channels = 12 if large else 16
    vae = AutoencoderKLWan(base_dim=3, z_dim=channels, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
                           latents_mean=[0.1 * at for at in range(channels)], latents_std=[1 + 0.05 * at for at in range(channels)],
                           **(dict(is_residual=True, patch_size=2, in_channels=12, out_channels=12, scale_factor_spatial=16) if large else {}))

    def expert():
        return WanTransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=channels + (20 if pictured else 0), image_dim=8 if pictured and kind == "2.1" else None, pos_embed_seq_len=34 if pictured == "flf2v" else None, out_channels=channels, text_dim=16,
                                     freq_dim=32, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32)

    steps = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0 if large else 3.0) if scheduler == "unipc" else FlowMatchEulerDiscreteScheduler(shift=3.0)
    if pictured:
        torch.manual_seed(2)
        seeing = CLIPVisionModel(CLIPVisionConfig(hidden_size=8, intermediate_size=16, num_hidden_layers=3, num_attention_heads=2, image_size=32, patch_size=8)).eval() if kind == "2.1" else None
        processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}) if kind == "2.1" else None
        WanImageToVideoPipeline(tokenizer=tokenizer(), text_encoder=umt5(), vae=vae.eval(), scheduler=steps, image_encoder=seeing, image_processor=processor, transformer=expert().eval(),
                                transformer_2=expert().eval() if kind == "2.2" else None, boundary_ratio=0.9 if kind == "2.2" else None).save_pretrained(folder)
        return folder
    pipe = WanPipeline(tokenizer=tokenizer(), text_encoder=umt5(), vae=vae.eval(), scheduler=steps, transformer=expert().eval(), transformer_2=expert().eval() if kind == "2.2" else None,
                       boundary_ratio=0.875 if kind == "2.2" else None, expand_timesteps=large)
    pipe.save_pretrained(folder)
    return folder
