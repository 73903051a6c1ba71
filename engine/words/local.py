"""Local: a causal language model in a folder, asked through transformers, in a process of its own.

    this process  --{"folder", "messages", "seed", ...}-->  child: torch, the model, answer after answer
                  <--{"text"} or {"error": "a sentence"}---'

So whoever asks never holds torch, and a stop is sure. The child keeps the model between questions; it ends, and the memory is free,
when another folder is asked, after a stop or an error, when nobody asks for REST seconds, and with whoever asked it.
Weights are safetensors alone, nothing that lies in the folder is run, and the child is told to ask no hub.
Knows folders. What a folder must hold is looked at here, without torch; `_answer` and `_opened` alone know the model.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from engine import isolated, memory
from engine.denoisers.open.folder import PICKLES
from engine.errors import BadRequest, Cancelled, CineloomError, NoAnswer, NotEnoughMemory
from engine.words.held import Ended, Held
from engine.words.language import LETTERS, Messages, Settings, Stop

REST = 300.0            # seconds without a question after which the model is let go
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
    need, until = look(settings.folder) + PROGRAM, time.monotonic() + settings.seconds

    def room() -> None:
        free = memory.free()
        if free is not None and need > free:
            raise NotEnoughMemory(f"The language model needs about {memory.words(need)} of memory, and {memory.words(free)} are free; a smaller one would fit.")

    def waits() -> None:
        if stop():
            raise Cancelled("The prompt was left as it was: somebody said stop.")
        if time.monotonic() > until:
            raise NoAnswer(f"The language model has not answered after {settings.seconds:g} s; the prompt was left as it was. A smaller one is quicker.")

    folder = str(Path(settings.folder).expanduser().resolve())
    asked = {"folder": folder, "messages": messages, "seed": seed, "temperature": settings.temperature, "seconds": settings.seconds}
    try:
        said = json.loads(HELD.ask(folder, json.dumps(asked).encode(), room, waits))
    except Ended as ended:
        raise NoAnswer(f"The language model's process ended without a word (exit code {ended}); is the machine out of memory?") from None
    if "error" in said:
        raise NoAnswer(said["error"])
    waits()             # an answer that the clock cut short in the child comes after it was to be there
    return said["text"][:LETTERS]


def _child() -> subprocess.Popen:
    secrets = ("CINELOOM_WORDS_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    env = {"OMP_WAIT_POLICY": "PASSIVE"} | {name: value for name, value in os.environ.items() if name not in secrets} | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    return subprocess.Popen(isolated.command("engine.words.local", "serve", str(REST)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)


HELD = Held(_child)     # the child of this process


def serve(rest: str) -> None:
    """The child: questions on stdin, a line each, and answers on stdout, until nobody asks for `rest` seconds or one goes wrong."""
    out, sys.stdout = sys.stdout, sys.stderr        # what a library prints is no answer
    said: dict = {}
    while "error" not in said:
        rested = threading.Timer(float(rest), os._exit, (0,))
        rested.daemon = True
        rested.start()
        line = sys.stdin.readline()
        rested.cancel()
        if not line:
            return
        said = answer(json.loads(line))
        out.write(json.dumps(said) + "\n")
        out.flush()


def answer(asked: dict) -> dict:
    """What the child says: {"text"}, or {"error"} with a sentence whatever happens: the folder is a stranger's, and a person waits."""
    try:
        return {"text": _answer(**asked)}
    except CineloomError as error:
        return {"error": str(error)}
    except Exception as error:
        return {"error": f"The language model could not be used ({type(error).__name__}: {' '.join(str(error).split())!s:.200})."}


_kept: dict = {}        # in the child: the folder with the stamps of its files, to what was opened of it; one at most


def _opened(folder: str) -> tuple:
    """The tokenizer and the model in a folder, loaded anew where a file of it has changed."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from engine.precision import fast_dtype

    stamps = folder, *sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in Path(folder).iterdir() if path.is_file())
    if stamps not in _kept:
        _kept.clear()           # before another takes memory
        here = {"local_files_only": True, "trust_remote_code": False}
        device = "cuda" if torch.cuda.is_available() else "cpu"
        tokenizer = AutoTokenizer.from_pretrained(folder, **here)
        kind = "auto" if device == "cuda" else fast_dtype(device)
        _kept[stamps] = tokenizer, AutoModelForCausalLM.from_pretrained(folder, dtype=kind, use_safetensors=True, **here).to(device).eval()
    return _kept[stamps]


def _answer(folder: str, messages: Messages, seed: int, temperature: float, seconds: float) -> str:
    import torch

    tokenizer, model = _opened(folder)
    if tokenizer.chat_template:
        # Templates of models that can think aloud know the last word; others pass over it.
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True, enable_thinking=False)
    else:
        tokens = tokenizer(f"{messages[0]['content']}\n\nText: {messages[1]['content']}\nParagraph:", return_tensors="pt")
    tokens = {name: value.to(model.device) for name, value in tokens.items() if name in ("input_ids", "attention_mask")}
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
