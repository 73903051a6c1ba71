"""Language models that see: a random LLaVA, saved as transformers saves the real ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (CLIPImageProcessor, CLIPVisionConfig, LlamaConfig, LlavaConfig,
                          LlavaForConditionalGeneration, LlavaProcessor, PreTrainedTokenizerFast)

from engine.captioner.vision import LETTERS, Vision, look
from engine.errors import BadRequest, WeightsError

WORDS = ["<unk>", "<pad>", "</s>", "<image>", "[CLS]", "[SEP]", "[MASK]", "a", "red", "boat", "on", "the", "sea", "from", "film", "these", "pictures", "."]
TEMPLATE = ("{% for one in messages %}{% for part in one.content %}{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}"
            "{% endfor %}")


def llava(folder):
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", eos_token="</s>", additional_special_tokens=["<image>"])
    LlavaProcessor(CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32), fast, patch_size=16, vision_feature_select_strategy="default",
                   chat_template=TEMPLATE, image_token="<image>", num_additional_image_tokens=1).save_pretrained(folder)
    torch.manual_seed(0)
    sees = CLIPVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=16)
    says = LlamaConfig(vocab_size=len(WORDS), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, pad_token_id=1, eos_token_id=2)
    LlavaForConditionalGeneration(LlavaConfig(vision_config=sees, text_config=says, image_token_index=3)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return llava(tmp_path_factory.mktemp("tiny-llava"))


def film():
    return np.random.default_rng(0).integers(0, 256, (9, 96, 160, 3)).astype(np.uint8)


def test_a_model_that_sees_is_asked_of_a_film_s_pictures_and_its_answer_is_one_line(folder):
    assert look(folder) > 1000
    one = Vision(folder, "cpu")
    said = one.describe(film())
    assert one.name == folder.name and said.certainty is None and len(said.text) <= LETTERS
    assert said.text and "\n" not in said.text and set(said.text.split()) <= set(WORDS)
    assert one.describe(film()) == said
    assert len(one.describe(film(), short=True).text.split()) < len(said.text.split())
    assert len(one.describe(film()[:1]).text) > 0           # a picture


@pytest.mark.parametrize("spoil, words", [
    (lambda place: (place / "config.json").unlink(), "config.json"),
    (lambda place: (place / "config.json").write_text(json.dumps({"model_type": "llama"})), "LLaVA"),
    (lambda place: (place / "config.json").write_text("[" * 50_000), "config.json"),
    (lambda place: [path.rename(path.with_suffix(".bin")) for path in place.glob("*.safetensors")], "never opened"),
])
def test_a_folder_that_is_no_model_is_told_of(tmp_path, spoil, words):
    llava(tmp_path)
    spoil(tmp_path)
    with pytest.raises(BadRequest, match=words):
        Vision(tmp_path)


def test_nothing_of_a_folder_is_run_and_broken_weights_are_a_sentence(tmp_path):
    llava(tmp_path)
    ran = tmp_path / "ran"
    (tmp_path / "modeling_own.py").write_text(f"open({str(ran)!r}, 'w')")
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModelForImageTextToText": "modeling_own.Own"}}))
    Vision(tmp_path, "cpu")
    assert not ran.exists()
    (tmp_path / "model.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match="could not be loaded"):
        Vision(tmp_path, "cpu")
