"""Choosing: which of the LoRAs that lie here a model can have, and how a recipe says one.

    --lora paper-cut:0.8   ─→   Lora(name, hash, 0.8, expert, grid)     its bytes in a plan of memory

Knows the folder of LoRAs and what models are. Imports no torch, and reads headers alone: the page asks as often as it likes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.denoisers.open import distilled
from engine.denoisers.open.loras import KINDS, TITLES, Kept, kept, one
from engine.denoisers.open.rows import Row, installed, row_of
from engine.errors import BadRequest
from engine.recipe.value import Lora


def chosen(name: str, weight: float, model: str) -> Lora:
    """A LoRA of the folder for a model, as a recipe says it.

    Raises BadRequest for a name that there is not, and for one that was made for other models; WeightsError for a file that is none.
    """
    lora = one(name)
    family, wide, experts, title = _of_model(model)
    able = [kind for kind in lora.kinds if family in KINDS[kind]]
    if not able:
        others = [other.name for other in fitting(model)]
        raise BadRequest(f"The LoRA {name} was made for {lora.titles}, not for {title}{'; ' + ', '.join(others) + ' would fit' if others else ''}.")
    if wide and lora.width and lora.width != wide:
        raise BadRequest(f"The LoRA {name} was made for {TITLES[able[0]]} of another size, with {lora.width:,} numbers to a token; {title} has {wide:,}.")
    grid = lora.grid
    if grid and len(lora.kinds) > len(able) and not set(distilled.of(grid).kinds) & set(able):       # its name was read for another of those that it may be for
        grid = distilled.told(lora.name, tuple(able))
    return Lora(lora.name, lora.sha256, weight, lora.expert if experts > 1 else "", grid)


def fitting(model: str) -> list[Kept]:
    """The LoRAs of the folder that can be laid over a model; none for one that takes none."""
    try:
        family, wide, _, _ = _of_model(model)
    except BadRequest:
        return []
    return [lora for lora in kept().values() if any(family in KINDS[kind] for kind in lora.kinds) and not (wide and lora.width and lora.width != wide)]


def asked(text: str, model: str) -> Lora:
    """What a command line says, `NAME` or `NAME:WEIGHT`. Raises as `chosen` does."""
    name, colon, weight = text.rpartition(":")
    try:
        return chosen(name, float(weight), model) if colon else chosen(text, 1.0, model)
    except ValueError as error:
        raise BadRequest(f"A LoRA is said by its name, or as NAME:WEIGHT such as paper-cut:0.8; {text!r:.80} was asked.") from error


def unsaid(loras: Sequence[Lora], prompt: str) -> list[str]:
    """A sentence for each LoRA that is called by words which are not in the prompt."""
    there = {lora.sha256: lora for lora in kept().values()} if loras else {}
    said = []
    for lora in loras:
        words = there[lora.sha256].words if lora.sha256 in there and lora.weight else ()
        if words and not any(word.lower() in prompt.lower() for word in words):
            said.append(f"The LoRA {lora.name} is called by \"{words[0]}\", which the prompt does not say.")
    return said


def taken(loras: Sequence[Lora], row: Row, width: float = 2) -> dict[str, int]:
    """Bytes that they take over each transformer of a model, at `width` bytes a number; one that is gone takes none."""
    there = {lora.sha256: lora.numbers for lora in kept().values()} if loras else {}
    experts = {"transformer": "noisy", "transformer_2": "clean"} if "transformer_2" in row.parts else {"transformer": ""}
    return {part: int(width * sum(there.get(lora.sha256, 0) for lora in loras if lora.weight and lora.expert in ("", expert))) for part, expert in experts.items()}


def _of_model(name: str) -> tuple[str, int, int, str]:
    """(family, numbers of a token, how many experts, title) of a model. Raises BadRequest for one that takes no LoRAs."""
    if name not in installed():
        if name == "drawn":
            return "drawn", 0, 1, "Drawn"
        if name == "paper":
            raise BadRequest("Paper takes no LoRAs; open models do, and `cineloom models list` says which there are.")
    row = row_of(name)
    try:
        config = json.loads((row.folder / "transformer" / "config.json").read_text())
        wide = int(config["num_attention_heads"]) * int(config["attention_head_dim"])
    except (OSError, ValueError, KeyError, TypeError):
        wide = 0
    return row.family, wide, sum(part.startswith("transformer") for part in row.parts), row.title
