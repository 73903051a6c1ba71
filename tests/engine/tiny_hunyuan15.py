"""Tiny random HunyuanVideo 1.5, saved in the format that it is released in. See `tiny`."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.bench.random_weights import WORDS

CHANNELS, TOKENS = 4, 9         # of a latent cell; of a picture that is looked at
MARKS = ("<|im_start|>", "<|im_end|>")
SAID = "{% for one in messages %}<|im_start|>{{ one['role'] }}\n{{ one['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"


def qwen_tokenizer():
    """A tokenizer of whole words and spaces, so that the prompt stands after the long preface that is cut off."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = ["<pad>", "<unk>", *MARKS, *WORDS]
    raw = Tokenizer(models.WordLevel({word: at for at, word in enumerate(known)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex("(?<! ) (?! )"), "removed"), pre_tokenizers.Split(Regex(r" |\n|[^\w\s]"), "isolated")])
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", unk_token="<unk>", additional_special_tokens=list(MARKS), model_max_length=4096, chat_template=SAID)


def hunyuan15(folder: Path, given: bool) -> Path:
    """`given`: the one that takes a picture, of 64x64."""
    import diffusers
    from transformers import ByT5Tokenizer, Qwen2_5_VLTextConfig, Qwen2_5_VLTextModel, SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel, T5Config, T5EncoderModel

    torch.manual_seed(9)
    transformer = diffusers.HunyuanVideo15Transformer3DModel(
        in_channels=2 * CHANNELS + 1, out_channels=CHANNELS, num_attention_heads=2, attention_head_dim=10, num_layers=1, num_refiner_layers=1, text_embed_dim=16, text_embed_2_dim=8,
        image_embed_dim=8, rope_axes_dim=(2, 4, 4), target_size=64, task_type="i2v" if given else "t2v")
    words = Qwen2_5_VLTextModel(Qwen2_5_VLTextConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=2, pad_token_id=0,
                                                     rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}))
    glyphs = T5EncoderModel(T5Config(vocab_size=384, d_model=8, d_kv=4, d_ff=12, num_layers=1, num_heads=2))
    vae = diffusers.AutoencoderKLHunyuanVideo15(latent_channels=CHANNELS, block_out_channels=(8, 8, 8, 8, 8), layers_per_block=1)
    parts = dict(text_encoder=words.eval(), tokenizer=qwen_tokenizer(), transformer=transformer.eval(), vae=vae.eval(), text_encoder_2=glyphs.eval(), tokenizer_2=ByT5Tokenizer(),
                 scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=5.0), guider=diffusers.ClassifierFreeGuidance(guidance_scale=6.0))
    if given:
        sight = SiglipVisionConfig(hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2, image_size=6, patch_size=2)
        parts |= dict(image_encoder=SiglipVisionModel(sight).eval(), feature_extractor=SiglipImageProcessor(size={"height": 6, "width": 6}))
    getattr(diffusers, "HunyuanVideo15ImageToVideoPipeline" if given else "HunyuanVideo15Pipeline")(**parts).save_pretrained(folder)
    return folder
