"""LoRA file: what a small file of weights says it is, from its header alone: for which model, how strong, called by which words.

    names and shapes of its layers   ─→ what it was made for, its rank
    what trainers write beside them  ─→ the words that call it

Knows headers, and how the families' layers are called by those who train for them. Reads no weights; imports no torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from engine.denoisers.open import headers
from engine.errors import WeightsError

WIDTHS = {"ltx": (2048, 4096), "ltx2": (4096,), "cogvideox": (1920, 3072)}      # numbers of a token, where names alone do not tell them apart
DOWN = re.compile(r"^(.*)[._](?:lora_A|lora_down|lora\.down)(?:\.[^.]+)?\.weight$")
AROUND = re.compile(r"^(base_model\.model\.)?(transformer\.|diffusion_model\.|lora_unet_)?")
WORDS = ("modelspec.trigger_phrase", "trigger_words", "trigger_word", "trigger_phrase", "trigger", "instance_prompt")
MANY = 8                # trigger words of a file, and
LONG = 300              # characters of one: what is longer was meant otherwise


def look(path: Path) -> tuple[tuple[str, ...], int, int, int, dict]:
    """(kinds, width, rank, how many numbers, what its header says beside) of a file. Raises WeightsError for one that is damaged or no LoRA."""
    if path.suffix.lower() != ".safetensors":
        raise WeightsError(f"{path} is no .safetensors file; LoRAs are kept as those alone.")
    stored = headers.read(path)
    downs = {found[1]: shape for found, shape in ((DOWN.match(name), one.shape) for name, one in stored.items()) if found and len(shape) >= 2}
    if not downs:
        raise WeightsError(f"{path} holds no LoRA: nothing in it is called lora_A or lora_down. Whole models are brought with `cineloom models`.")
    if any("dora_scale" in name for name in stored):
        raise WeightsError(f"{path} is a DoRA, which also turns the weights' directions; what lays LoRAs over models here would pass that over.")
    names = {AROUND.sub("", name).replace(".", "_") for name in downs}
    queries = [shape[1] for name, shape in downs.items() if re.search(r"(attn1?[._]to_q|self_attn[._]q|attn[._]to_q|attn_qkv)$", name)]
    width = queries[0] if queries else 0
    return _kinds(names, width), width, max(shape[0] for shape in downs.values()), sum(one.count for one in stored.values()), headers.facts(path)


def _kinds(names: set[str], width: int) -> tuple[str, ...]:
    """What a file was made for, from what its layers are called."""
    whole = " ".join(names)
    if "drawn" in names:
        return ("drawn",)
    if re.search(r"down_blocks|up_blocks|mid_block|(^|_| )te\d?_|joint_", whole):       # of models that make pictures
        return ()
    if "single_blocks" in whole or "single_transformer_blocks" in whole:
        singles = {int(number) for number in re.findall(r"single_(?:transformer_)?blocks_(\d+)", whole)}
        return () if singles == set(range(38)) else ("hunyuan",)                        # Flux has 38, HunyuanVideo 40, of one width
    if "double_blocks" in whole or re.search(r"transformer_blocks_\d+_attn_", whole):
        return ("hunyuan15",)
    if "transformer_blocks" in whole:
        if "audio" in whole or "a2v" in whole or "v2a" in whole:
            return ("ltx2",)
        crossed = "_attn2_" in whole
        return tuple(kind for kind, widths in WIDTHS.items() if (width in widths or not width or width < 1000) and crossed != (kind == "cogvideox"))
    return ("wan",) if re.search(r"blocks_\d+_(self_attn|cross_attn|attn1|attn2|ffn)", whole) else ()


def words(facts: Mapping[str, object]) -> tuple[str, ...]:
    """The words that call it, as trainers write them down: said as such, or what every caption of its training had."""
    for name in WORDS:
        value = facts.get(name)
        if isinstance(value, str) and value.strip():
            parts = json.loads(value) if value.lstrip().startswith("[") and _is_json(value) else value.split(",")
            found = [str(part).strip()[:LONG] for part in parts if str(part).strip()]
            if found:
                return tuple(found[:MANY])
    tags: dict[str, int] = {}
    told = facts.get("ss_tag_frequency")
    sets = json.loads(told) if isinstance(told, str) and _is_json(told) else None
    for one in sets.values() if isinstance(sets, dict) else ():
        for tag, count in one.items() if isinstance(one, dict) else ():
            if isinstance(count, int):
                tags[tag.strip()] = tags.get(tag.strip(), 0) + count
    most = max(tags.values(), default=0)
    often = [tag for tag, count in tags.items() if count == most and 0 < len(tag) <= LONG]
    return tuple(often) if most > 1 and len(often) <= 2 else ()         # many that are as frequent are no call


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
        return True
    except (ValueError, RecursionError):
        return False
