"""Tiny random checkpoints of LTX-Video, saved in the format they are released in. See `tiny`."""

from __future__ import annotations

from pathlib import Path

import tiny
import torch

CHANNELS = 8
DECODERS = dict(decoder_block_out_channels=(8, 16, 32), decoder_layers_per_block=(1, 1, 1, 1), decoder_spatio_temporal_scaling=(True, True, True),
                upsample_residual=(True, True, True), upsample_factor=(2, 2, 2), timestep_conditioning=True)
AUTOENCODERS = {
    "0.9.0": dict(block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1)),
    "0.9.1": dict(block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1), decoder_inject_noise=(False, True, True, True), **DECODERS),
    "0.9.5": dict(block_out_channels=(8, 8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1), down_block_types=("LTXVideo095DownBlock3D",) * 4, spatio_temporal_scaling=(True,) * 4,
                  downsample_type=("spatial", "temporal", "spatiotemporal", "spatiotemporal"), spatial_compression_ratio=32, temporal_compression_ratio=8,
                  decoder_inject_noise=(False,) * 4, **DECODERS),
}


def t5(size: int = 16):
    """A text encoder as LTX and CogVideoX have."""
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(1)
    return T5EncoderModel(T5Config(vocab_size=64, d_model=size, d_kv=4, d_ff=24, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu")).eval()


def settle(vae):
    """As a trained one is: its statistics are not 0 and 1, its grain is not 0, and it is sure of what it encodes."""
    with torch.no_grad():
        vae.latents_mean.copy_(torch.linspace(-0.2, 0.2, len(vae.latents_mean)))
        vae.latents_std.copy_(torch.linspace(0.8, 1.2, len(vae.latents_std)))
        last = vae.encoder.conv_out.conv
        last.weight[-1], last.bias[-1] = 0, -40
        for name, weight in vae.named_parameters():
            if "per_channel_scale" in name:
                weight.normal_(std=0.2)
    return vae.eval()


def ltx(folder: Path, kind: str = "0.9.0") -> Path:
    """LTX-Video: "0.9.0", "0.9.1" with a decoder that is told the time and adds grain, "0.9.5" with an encoder that folds."""
    from diffusers import AutoencoderKLLTXVideo, FlowMatchEulerDiscreteScheduler, LTXConditionPipeline, LTXPipeline, LTXVideoTransformer3DModel

    torch.manual_seed(0)
    vae = settle(AutoencoderKLLTXVideo(latent_channels=CHANNELS, **AUTOENCODERS[kind]))
    transformer = LTXVideoTransformer3DModel(in_channels=CHANNELS, out_channels=CHANNELS, num_attention_heads=2, attention_head_dim=12, cross_attention_dim=24, num_layers=2, caption_channels=16)
    later = kind == "0.9.5"
    scheduler = FlowMatchEulerDiscreteScheduler() if later else FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024, max_image_seq_len=4096, shift_terminal=0.1)
    kinds = LTXConditionPipeline if later else LTXPipeline
    kinds(tokenizer=tiny.tokenizer(), text_encoder=t5(), vae=vae, scheduler=scheduler, transformer=transformer.eval()).save_pretrained(folder)
    return folder
