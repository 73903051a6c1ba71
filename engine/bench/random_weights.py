"""Random weights: models of the open families with random numbers, in the format they are released in.

What they make is noise; how fast, in how much memory and to which digits is what a released model of that shape does.
Knows diffusers' and transformers' classes. Knows no hub.
"""

from __future__ import annotations

from pathlib import Path

import torch

WORDS = ("a", "red", "blue", "boat", "fox", "sails", "runs", "left", "right", "on", "the", "sea", "at", "dusk", "night", "blurred", "worst", "quality")
# heads of 128 numbers, width of the inner layer, layers: Wan 2.1 as it was released, and one that a laptop moves.
SHAPES = {"small": (3, 1024, 6), "1.3b": (12, 8960, 30), "14b": (40, 13824, 40)}


def tokenizer():
    """A T5 tokenizer that knows a few words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -4.0), *[(f"\u2581{word}", -2.0) for word in WORDS], *letters]
    raw = Tokenizer(models.Unigram(pieces, unk_id=2))
    raw.normalizer, raw.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    raw.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512)


def umt5(size: int = 16):
    """A text encoder as Wan has, of two small layers."""
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(1)
    return UMT5EncoderModel(UMT5Config(vocab_size=64, d_model=size, d_kv=4, d_ff=24, num_layers=2, num_heads=4)).eval()


def wan(folder: Path, shape: str = "small", dtype: torch.dtype = torch.float32) -> Path:
    """Wan 2.1 with a transformer of one of SHAPES, beside a small text encoder and autoencoder, as UniPC walks it."""
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel

    torch.manual_seed(0)
    heads, inner, layers = SHAPES[shape]
    transformer = WanTransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=heads, attention_head_dim=128, in_channels=16, out_channels=16, text_dim=16,
                                        freq_dim=256, ffn_dim=inner, num_layers=layers, cross_attn_norm=True, qk_norm="rms_norm_across_heads")
    vae = AutoencoderKLWan(base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True])
    pipe = WanPipeline(tokenizer=tokenizer(), text_encoder=umt5(), vae=vae.eval(), transformer=transformer.eval().to(dtype),
                       scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0))
    pipe.save_pretrained(folder)
    return folder
