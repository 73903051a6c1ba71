"""Tiny random CogVideoX, saved in the format that it is released in. See `tiny`."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.bench.random_weights import tokenizer

CHANNELS, SIDE, TOKENS = 4, 8, 24       # of a latent cell; cells along a side that it was made for; of a prompt
KINDS = {                               # what each was released with
    "2b":       dict(scheduler="DDIM", shift=3.0, use_rotary_positional_embeddings=False),
    "5b":       dict(scheduler="DPM", shift=1.0, use_rotary_positional_embeddings=True),
    "1.5":      dict(scheduler="DPM", shift=1.0, use_rotary_positional_embeddings=True, patch_size_t=2, patch_bias=False),
    "5b i2v":   dict(scheduler="DDIM", shift=1.0, use_rotary_positional_embeddings=True, use_learned_positional_embeddings=True, given=True),
    "1.5 i2v":  dict(scheduler="DPM", shift=1.0, use_rotary_positional_embeddings=True, patch_size_t=2, patch_bias=False, ofs_embed_dim=8, given=True),
}


def t5(size: int = 16):
    """A text encoder as CogVideoX has."""
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(1)
    return T5EncoderModel(T5Config(vocab_size=64, d_model=size, d_kv=4, d_ff=24, num_layers=2, num_heads=4)).eval()


def autoencoder(divides: bool):
    """One that is as sure of its latents as a trained one is: what its pipelines draw of them is their mean."""
    from diffusers import AutoencoderKLCogVideoX

    torch.manual_seed(2)
    vae = AutoencoderKLCogVideoX(block_out_channels=(4, 4, 4, 4), latent_channels=CHANNELS, layers_per_block=1, norm_num_groups=2, sample_height=64, sample_width=64,
                                 scaling_factor=0.7, invert_scale_latents=divides)
    last = vae.encoder.conv_out.conv
    with torch.no_grad():
        last.weight[CHANNELS:], last.bias[CHANNELS:] = 0, -30
    return vae.eval()


def cogvideox(folder: Path, kind: str) -> Path:
    """One of KINDS."""
    import diffusers

    facts = dict(KINDS[kind])
    given, scheduler, shift = facts.pop("given", False), facts.pop("scheduler"), facts.pop("shift")
    vae = autoencoder(kind.startswith("1.5"))
    torch.manual_seed(3)
    transformer = diffusers.CogVideoXTransformer3DModel(
        num_attention_heads=2, attention_head_dim=16, in_channels=CHANNELS * (1 + given), out_channels=CHANNELS, time_embed_dim=8, text_embed_dim=16, num_layers=2,
        sample_width=SIDE, sample_height=SIDE, sample_frames=9, max_text_seq_length=TOKENS, **facts)
    steps = getattr(diffusers, f"CogVideoX{scheduler}Scheduler")(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, prediction_type="v_prediction", rescale_betas_zero_snr=True, set_alpha_to_one=True,
        timestep_spacing="trailing", snr_shift_scale=shift)
    pipe = getattr(diffusers, "CogVideoXImageToVideoPipeline" if given else "CogVideoXPipeline")(
        tokenizer=tokenizer(), text_encoder=t5(), vae=vae, transformer=transformer.eval(), scheduler=steps)
    pipe.save_pretrained(folder)
    return folder
