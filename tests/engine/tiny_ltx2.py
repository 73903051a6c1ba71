"""Tiny random checkpoints of LTX-2, saved in the format they are released in. See `tiny`."""

from __future__ import annotations

from pathlib import Path

import tiny
import torch
from tiny_ltx import CHANNELS, settle

FILM, SOUND, WORDS = 24, 16, 16     # how wide each of the three is


def gemma():
    """A language model that could see, as LTX-2 reads its prompts with."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    torch.manual_seed(1)
    return Gemma3ForConditionalGeneration(Gemma3Config(
        text_config=dict(vocab_size=64, hidden_size=WORDS, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=8, sliding_window=64),
        vision_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=28, patch_size=14), mm_tokens_per_image=4,
        image_token_index=63)).eval()


def ltx2(folder: Path, kind: str = "2.0", shifted: bool = True) -> Path:
    """LTX-2: "2.0"; "2.3" has ways of their own for words and gates; not `shifted`: as the distilled ones."""
    from diffusers import AutoencoderKLLTX2Audio, AutoencoderKLLTX2Video, FlowMatchEulerDiscreteScheduler, LTX2Pipeline, LTX2VideoTransformer3DModel
    from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder

    torch.manual_seed(0)
    later = kind == "2.3"
    vae = settle(AutoencoderKLLTX2Video(
        latent_channels=CHANNELS, block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1), decoder_block_out_channels=(8, 16, 32), decoder_layers_per_block=(1, 1, 1, 1),
        decoder_causal=False, decoder_spatial_padding_mode="zeros" if later else "reflect", spatial_compression_ratio=32, temporal_compression_ratio=8))
    hearing = AutoencoderKLLTX2Audio(base_channels=8, latent_channels=2, mel_bins=16, num_res_blocks=1, resolution=16)
    with torch.no_grad():
        hearing.latents_mean.copy_(torch.linspace(-0.2, 0.2, 8)), hearing.latents_std.copy_(torch.linspace(0.8, 1.2, 8))
    gates = dict(gated_attn=True, cross_attn_mod=True, audio_gated_attn=True, audio_cross_attn_mod=True, use_prompt_embeddings=False, perturbed_attn=True) if later else {}
    transformer = LTX2VideoTransformer3DModel(
        in_channels=CHANNELS, out_channels=CHANNELS, num_attention_heads=2, attention_head_dim=FILM // 2, cross_attention_dim=FILM, audio_in_channels=8, audio_out_channels=8,
        audio_num_attention_heads=2, audio_attention_head_dim=SOUND // 2, audio_cross_attention_dim=SOUND, num_layers=2, caption_channels=WORDS, rope_type="split", **gates)
    ways = dict(per_modality_projections=True, video_hidden_dim=FILM, audio_hidden_dim=SOUND, proj_bias=True, video_gated_attn=True, audio_gated_attn=True) if later else {}
    connectors = LTX2TextConnectors(
        caption_channels=WORDS, text_proj_in_factor=3, video_connector_num_attention_heads=2, video_connector_attention_head_dim=(FILM if later else WORDS) // 2, video_connector_num_layers=1,
        video_connector_num_learnable_registers=8, audio_connector_num_attention_heads=2, audio_connector_attention_head_dim=(SOUND if later else WORDS) // 2, audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=8, rope_type="split", **ways)
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, base_image_seq_len=1024, max_image_seq_len=4096,
                                                shift_terminal=0.1) if shifted else FlowMatchEulerDiscreteScheduler()
    words = tiny.tokenizer()
    words.padding_side = "left"
    vocoder = LTX2Vocoder(in_channels=32, hidden_channels=32, resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]])
    LTX2Pipeline(scheduler=scheduler, vae=vae, audio_vae=hearing.eval(), text_encoder=gemma(), tokenizer=words, connectors=connectors.eval(), transformer=transformer.eval(),
                 vocoder=vocoder.eval()).save_pretrained(folder)
    return folder
