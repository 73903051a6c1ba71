"""Local: a causal language model in a folder, asked through transformers, in a process of its own.

    this process  --{"folder", "messages", "seed", ...}-->  child: torch, the model, one answer, gone
                  <--{"text"} or {"error": "a sentence"}---'

So whoever asks never holds torch, a stop is sure, and the memory is free again afterwards. Weights are safetensors alone,
nothing that lies in the folder is run, and the child is told to ask no hub.
Knows processes and folders. What a folder must hold is looked at here, without torch; `_answer` alone knows the model.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from engine import isolated, memory
from engine.denoisers.open.folder import PICKLES
from engine.errors import BadRequest, Cancelled, CineloomError, NoAnswer, NotEnoughMemory
from engine.words.language import LETTERS, Messages, Settings, Stop

LOOK = 0.1              # seconds between two looks at whether somebody said stop
TOKENS = 400            # of an answer: the longest guide asks for 200 words
PROGRAM = 700_000_000   # bytes of torch and transformers


def look(folder: str) -> int:
    """Whether a language model lies in a folder: the bytes of its weights. Opens no weights.

    Raises BadRequest with a sentence for anything else.
    """
    place = Path(folder).expanduser()
    if not folder or not place.is_dir():
        raise BadRequest(f"There is no folder {str(place)!r:.200}." if folder else "No folder of a language model is named; CINELOOM_WORDS_FOLDER names one.")
    config = read_json(place / "config.json")
    kinds = config.get("architectures")
    if not isinstance(kinds, list) or not any(isinstance(kind, str) and kind.endswith("ForCausalLM") for kind in kinds):
        raise BadRequest(f"{place.name!r:.80} holds no language model that writes on: its config.json names no architecture that ends in ForCausalLM.")
    if not (place / "tokenizer.json").is_file() and not (place / "tokenizer_config.json").is_file():
        raise BadRequest(f"{place.name!r:.80} has no tokenizer.json.")
    return weights(place)


def weights(place: Path) -> int:
    """The bytes of the weights in a folder as transformers keeps it. Raises BadRequest for a folder that has none, or not all, in safetensors."""
    names = ["model.safetensors"]
    if (place / "model.safetensors.index.json").is_file():
        parts = read_json(place / "model.safetensors.index.json").get("weight_map")
        names = sorted({str(name) for name in parts.values()}) if isinstance(parts, dict) else []
    if not names or any(Path(name).name != name or not name.endswith(".safetensors") or not (place / name).is_file() for name in names):
        pickled = any(path.suffix.lower() in PICKLES for path in place.iterdir())
        raise BadRequest(f"{place.name!r:.80} has no whole weights in safetensors" + ("; pickles (.bin, .pt) are never opened, since they can run code." if pickled else "."))
    return sum((place / name).stat().st_size for name in names)


def ask(settings: Settings, messages: Messages, seed: int = 0, stop: Stop = lambda: False) -> str:
    """The answer's text, as it came; the same seed says the same.

    Raises BadRequest for a folder that cannot be read, NotEnoughMemory, NoAnswer for a model that fails or takes too long, Cancelled after `stop`.
    """
    need, free = look(settings.folder) + PROGRAM, memory.free()
    if free is not None and need > free:
        raise NotEnoughMemory(f"The language model needs about {memory.words(need)} of memory, and {memory.words(free)} are free; a smaller one would fit.")
    asked = {"folder": str(Path(settings.folder).expanduser().resolve()), "messages": messages, "seed": seed, "temperature": settings.temperature, "seconds": settings.seconds}
    secrets = ("CINELOOM_WORDS_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    env = {"OMP_WAIT_POLICY": "PASSIVE"} | {name: value for name, value in os.environ.items() if name not in secrets} | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    child = subprocess.Popen(isolated.command("engine.words.local", "serve"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    until, given = time.monotonic() + settings.seconds, json.dumps(asked).encode()
    try:
        while True:
            try:
                out, _ = child.communicate(given, LOOK)
                break
            except subprocess.TimeoutExpired:
                given = None
            if stop():
                raise Cancelled("The prompt was left as it was: somebody said stop.")
            if time.monotonic() > until:
                raise NoAnswer(f"The language model has not answered after {settings.seconds:g} s; the prompt was left as it was. A smaller one is quicker.")
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
    try:
        said = json.loads(out)
    except ValueError:
        raise NoAnswer(f"The language model's process ended without a word (exit code {child.returncode}); is the machine out of memory?") from None
    if "error" in said:
        raise NoAnswer(said["error"])
    return said["text"][:LETTERS]


def serve() -> None:
    """The child: one question on stdin, one answer on stdout."""
    asked = json.loads(sys.stdin.read())
    out, sys.stdout = sys.stdout, sys.stderr        # what a library prints is no answer
    out.write(json.dumps(answer(asked)))
    out.flush()


def answer(asked: dict) -> dict:
    """What the child says: {"text"}, or {"error"} with a sentence whatever happens: the folder is a stranger's, and a person waits."""
    try:
        return {"text": _answer(**asked)}
    except CineloomError as error:
        return {"error": str(error)}
    except Exception as error:
        return {"error": f"The language model could not be used ({type(error).__name__}: {' '.join(str(error).split())!s:.200})."}


def _answer(folder: str, messages: Messages, seed: int, temperature: float, seconds: float) -> str:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from engine.denoisers.paper import fast_dtype

    here = {"local_files_only": True, "trust_remote_code": False}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(folder, **here)
    kind = "auto" if device == "cuda" else fast_dtype(device)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=kind, use_safetensors=True, **here).to(device).eval()
    if tokenizer.chat_template:
        # Templates of models that can think aloud know the last word; others pass over it.
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True, enable_thinking=False)
    else:
        tokens = tokenizer(f"{messages[0]['content']}\n\nText: {messages[1]['content']}\nParagraph:", return_tensors="pt")
    tokens = {name: value.to(device) for name, value in tokens.items() if name in ("input_ids", "attention_mask")}
    most = getattr(model.config, "max_position_embeddings", None) or 1 << 20
    room = most - tokens["input_ids"].shape[1]
    if room < 1:
        raise NoAnswer(f"The language model reads {most:,} tokens, and it would have been told {tokens['input_ids'].shape[1]:,}.")
    torch.manual_seed(seed)
    how = {"do_sample": True, "temperature": temperature, "top_p": 0.9} if temperature > 0 else {"do_sample": False}
    with torch.inference_mode():
        out = model.generate(**tokens, **how, max_new_tokens=min(TOKENS, room), max_time=seconds, pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id)
    return tokenizer.decode(out[0, tokens["input_ids"].shape[1]:], skip_special_tokens=True)


def read_json(path: Path) -> dict:
    """A small file of JSON. Raises BadRequest with a sentence for another."""
    try:
        if path.stat().st_size > 8 << 20:
            raise ValueError
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadRequest(f"{path.parent.name!r:.80} holds no model: its {path.name} is missing or cannot be read.")
    return said
