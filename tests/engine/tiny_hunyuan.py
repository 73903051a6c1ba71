"""Tiny random HunyuanVideo, saved in the format that it is released in. See `tiny`."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.bench.random_weights import WORDS, tokenizer

CHANNELS = 4
KINDS = {                               # how each takes a picture, and whether it can be told how strong guidance is
    "t2v":          (None, True),
    "i2v":          ("token_replace", True),
    "i2v 33ch":     ("latent_concat", False),
}
MARKS = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<image>")


def llama_tokenizer():
    """A tokenizer of whole words, so that the prompt stands where it does with the real one, after its long preface."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    known = ["<pad>", "<unk>", *MARKS, *WORDS]
    raw = Tokenizer(models.WordLevel({word: at for at, word in enumerate(known)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(" +"), "removed"), pre_tokenizers.Split(Regex(r"\n|[^\w\s]"), "isolated")])
    raw.post_processor = processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", known.index("<|begin_of_text|>"))])
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", unk_token="<unk>", additional_special_tokens=list(MARKS), model_max_length=2048)


def llama(seeing: bool):
    """A text encoder as HunyuanVideo has; one that sees has 24 x 24 tokens of a picture."""
    from transformers import CLIPVisionConfig, LlamaConfig, LlamaModel, LlavaConfig, LlavaForConditionalGeneration

    torch.manual_seed(4)
    words = LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=2048, pad_token_id=0)
    if not seeing:
        return LlamaModel(words).eval()
    sight = CLIPVisionConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=48, patch_size=2)
    return LlavaForConditionalGeneration(LlavaConfig(vision_config=sight, text_config=words, image_token_index=2 + MARKS.index("<image>"), pad_token_id=0)).eval()


def clip():
    """Its second text encoder, of which one vector is heard."""
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(5)
    return CLIPTextModel(CLIPTextConfig(vocab_size=64, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=77, bos_token_id=0, eos_token_id=1)).eval()


def hunyuan(folder: Path, kind: str) -> Path:
    """One of KINDS."""
    import diffusers
    from transformers import CLIPImageProcessor

    given, told = KINDS[kind]
    torch.manual_seed(6)
    transformer = diffusers.HunyuanVideoTransformer3DModel(
        in_channels=2 * CHANNELS + 1 if given == "latent_concat" else CHANNELS, out_channels=CHANNELS, num_attention_heads=2, attention_head_dim=10, num_layers=1, num_single_layers=1,
        num_refiner_layers=1, guidance_embeds=told, text_embed_dim=16, pooled_projection_dim=8, rope_axes_dim=(2, 4, 4), image_condition_type=given)
    vae = diffusers.AutoencoderKLHunyuanVideo(block_out_channels=(4, 4, 4, 4), latent_channels=CHANNELS, layers_per_block=1, norm_num_groups=2)
    parts = dict(text_encoder=llama(bool(given)), tokenizer=llama_tokenizer(), transformer=transformer.eval(), vae=vae.eval(), text_encoder_2=clip(), tokenizer_2=tokenizer(),
                 scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0))
    if given:
        parts["image_processor"] = CLIPImageProcessor(size={"shortest_edge": 48}, crop_size={"height": 48, "width": 48})
    getattr(diffusers, "HunyuanVideoImageToVideoPipeline" if given else "HunyuanVideoPipeline")(**parts).save_pretrained(folder)
    return folder
