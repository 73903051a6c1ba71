"""Language models: where one is, and what it may take. What every one of them is asked by is one list of messages.

    CINELOOM_WORDS_URL      an address that speaks OpenAI's protocol, such as http://127.0.0.1:11434/v1
    CINELOOM_WORDS_MODEL    the model's name there
    CINELOOM_WORDS_KEY      its key; it is read here, sent in one header, and nowhere written
    CINELOOM_WORDS_FOLDER   a folder of a causal language model, as transformers keeps it

Knows the environment. Knows no HTTP and no torch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

Messages = list[dict[str, str]]         # {"role": "system" or "user", "content": text}
Stop = Callable[[], bool]

LETTERS = 20_000        # of an answer, before it counts as one that does not end


@dataclass(frozen=True)
class Settings:
    """Where language models are found."""

    url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    folder: str = ""
    seconds: float = 180.0              # for a whole answer: a model of some size on a CPU says four words a second
    temperature: float = 0.7            # 0 is greedy: every seed says the same


def settings(folder: str = "") -> Settings:
    """What the environment says; `folder` stands before its own."""
    said = {name: os.environ.get(f"CINELOOM_WORDS_{name.upper()}", "").strip() for name in ("url", "model", "key", "folder")}
    return Settings(**said | ({"folder": folder} if folder else {}))
