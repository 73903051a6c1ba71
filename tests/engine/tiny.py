"""Tiny random checkpoints of the open families, saved in the format they are released in. A model has thousands of numbers, not billions."""

from __future__ import annotations

from pathlib import Path

import torch

WORDS = ("a", "red", "blue", "boat", "fox", "sails", "runs", "left", "right", "on", "the", "sea", "at", "dusk", "night", "blurred", "worst", "quality")


def tokenizer():
    """A T5 tokenizer that knows a few words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -4.0), *[(f"\u2581{word}", -2.0) for word in WORDS], *[(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz"]]
    raw = Tokenizer(models.Unigram(pieces, unk_id=2))
    raw.normalizer, raw.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    raw.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512)


def umt5(size: int = 16):
    """A text encoder as Wan has."""
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(1)
    return UMT5EncoderModel(UMT5Config(vocab_size=64, d_model=size, d_kv=4, d_ff=24, num_layers=2, num_heads=4)).eval()


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
