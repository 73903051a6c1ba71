"""A language model in a folder: asked in a process of its own, from safetensors alone, with nothing of the folder's run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
import tiny_language
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine import isolated
from engine.errors import BadRequest, Cancelled, NoAnswer
from engine.words import local
from engine.words.language import Settings

ASKED = [{"role": "system", "content": "Make it longer."}, {"role": "user", "content": "a boat at night"}]


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return tiny_language.save(tmp_path_factory.mktemp("llama"))


@pytest.fixture
def copy(llama, tmp_path):
    return shutil.copytree(llama, tmp_path / "copy")


def at(folder, **more) -> Settings:
    return Settings(**{"folder": str(folder)} | more)


def asked(folder, seed: int = 0, temperature: float = 0.7) -> dict:
    """What the child is told: tests of its own part need no second process."""
    return {"folder": str(folder), "messages": ASKED, "seed": seed, "temperature": temperature, "seconds": 60.0}


def test_a_greedy_answer_is_what_transformers_says_of_the_same_folder(llama):
    said = local.ask(at(llama, temperature=0), ASKED)
    tokenizer, model = AutoTokenizer.from_pretrained(llama), AutoModelForCausalLM.from_pretrained(llama, dtype=torch.float32)
    tokens = tokenizer.apply_chat_template(ASKED, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(**tokens, do_sample=False, max_new_tokens=local.TOKENS, pad_token_id=tokenizer.pad_token_id)
    same = tokenizer.decode(out[0, tokens["input_ids"].shape[1]:], skip_special_tokens=True)
    # A processor with bfloat16 rounds otherwise after a while; the beginning is the same.
    assert said and said[:5] == same[:5]


def test_a_seed_says_the_same_again_and_another_says_otherwise(tmp_path):
    """Of another family, and without a template for talks."""
    folder = tiny_language.save(tmp_path, "qwen", template=False)
    first, again, other = (local.answer(asked(folder, seed))["text"] for seed in (5, 5, 6))
    assert first == again != other
    assert local.answer(asked(folder, 5, 0.0)) == local.answer(asked(folder, 6, 0.0)), "greedy is greedy"


def test_a_folder_is_looked_through_without_torch(llama):
    assert local.look(str(llama)) == (llama / "model.safetensors").stat().st_size
    code = f"import sys; from engine.words import local; local.look({str(llama)!r}); sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def edited(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("harm, sentence", [
    (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
    (lambda folder: (folder / "config.json").write_text("[1"), "config.json is missing or cannot be read"),
    (lambda folder: edited(folder / "config.json", architectures=["T5EncoderModel"]), "ends in ForCausalLM"),
    (lambda folder: edited(folder / "config.json", architectures=7), "ends in ForCausalLM"),
    (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "pickles .* are never opened"),
    (lambda folder: (folder / "model.safetensors").unlink(), "no whole weights in safetensors"),
    (lambda folder: (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../model.safetensors"}}'), "no whole weights"),
    (lambda folder: (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "gone.safetensors"}}'), "no whole weights"),
    (lambda folder: [(folder / name).unlink() for name in ("tokenizer.json", "tokenizer_config.json")], "no tokenizer.json"),
])
def test_a_folder_that_holds_none_is_a_sentence(copy, harm, sentence):
    harm(copy)
    with pytest.raises(BadRequest, match=sentence):
        local.look(str(copy))


def test_no_folder_is_a_sentence(tmp_path):
    for folder, sentence in ((str(tmp_path / "gone"), "There is no folder"), ("", "No folder of a language model")):
        with pytest.raises(BadRequest, match=sentence):
            local.look(folder)


def test_nothing_that_lies_in_the_folder_is_run(copy, tmp_path):
    """Code that a config asks for, and a module called as one that is imported."""
    trace = tmp_path / "trace"
    mischief = f"open({str(trace)!r}, 'w').write('run')\n"
    for name in ("modeling_mine.py", "torch.py", "json.py", "sitecustomize.py"):
        (copy / name).write_text(mischief)
    edited(copy / "config.json", model_type="mine", auto_map={"AutoConfig": "modeling_mine.Config", "AutoModelForCausalLM": "modeling_mine.Model"})
    with pytest.raises(NoAnswer, match="could not be used"):
        local.ask(at(copy), ASKED)
    assert not trace.exists()


def test_damaged_weights_and_a_template_that_breaks_are_sentences(copy):
    edited(copy / "tokenizer_config.json", chat_template="{{ messages.no.such.thing }}")
    (copy / "chat_template.jinja").unlink(missing_ok=True)
    (copy / "chat_template.jinja").write_text("{{ raise_exception('no') }}")
    assert "could not be used" in local.answer(asked(copy))["error"]
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    assert "could not be used" in local.answer(asked(copy))["error"]


def test_a_question_that_is_longer_than_the_model_reads_is_a_sentence(copy):
    edited(copy / "config.json", max_position_embeddings=16)
    assert "reads 16 tokens" in local.answer(asked(copy))["error"]


def test_the_model_stays_open_between_questions_and_says_what_it_would_say_anew(llama, tmp_path):
    """The same process answers; a seed says the same at any question; another folder ends it, and an error does."""
    local.HELD.end()
    first = local.ask(at(llama), ASKED, 5)
    pid = local.HELD.child.pid
    assert local.ask(at(llama), ASKED, 6) != first == local.ask(at(llama), ASKED, 5)
    assert local.HELD.child.pid == pid
    other = tiny_language.save(tmp_path / "other", "qwen", template=False)
    assert local.ask(at(other), ASKED, 5) and local.HELD.child.pid != pid and local.HELD.about == str(other)
    edited(other / "config.json", max_position_embeddings=16)
    with pytest.raises(NoAnswer, match="reads 16 tokens"):
        local.ask(at(other), ASKED)
    assert local.HELD.child.wait(20) == 0, "who gave an error lets go"


def test_what_lies_in_the_folder_now_is_what_answers(copy):
    """Of files that were changed meanwhile the old ones are not asked."""
    assert "text" in local.answer(asked(copy))
    edited(copy / "config.json", max_position_embeddings=16)
    assert "reads 16 tokens" in local.answer(asked(copy))["error"]
    (copy / "model.safetensors").write_bytes(b"no weights")
    assert "could not be used" in local.answer(asked(copy))["error"]


def test_a_child_that_nobody_asks_lets_go_by_itself():
    child = subprocess.Popen(isolated.command("engine.words.local", "serve", "0.3"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.wait(60) == 0
    child.stdin.close(), child.stdout.close()


def test_time_and_a_stop_end_the_process(llama):
    with pytest.raises(NoAnswer, match="has not answered after 0.05 s"):
        local.ask(at(llama, seconds=0.05), ASKED)
    with pytest.raises(Cancelled):
        local.ask(at(llama), ASKED, stop=lambda: True)


def test_what_is_needed_beyond_the_memory_is_a_sentence(copy):
    """A sparse file of more than any machine has."""
    with (copy / "model.safetensors").open("r+b") as file:
        file.truncate(1 << 43)
    with pytest.raises(Exception, match="a smaller one would fit"):
        local.ask(at(copy), ASKED)
