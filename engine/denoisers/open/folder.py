"""Folder: a model in diffusers' layout, looked through before anything of it is loaded.

    model_index.json                which pipeline, and of which parts
    transformer/config.json         how a part is built
    transformer/*.safetensors       its numbers; in several files with an index beside them

Knows files, their headers and hashes. Knows no torch. Only safetensors are ever opened: a pickle can run whatever its maker
wished for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.digest import sha256
from engine.errors import WeightsError

FAMILIES = {"WanPipeline": "wan", "WanImageToVideoPipeline": "wan_image", "LTXPipeline": "ltx", "LTXConditionPipeline": "ltx", "LTX2Pipeline": "ltx2", "CogVideoXPipeline": "cogvideox", "CogVideoXImageToVideoPipeline": "cogvideox",
            "HunyuanVideoPipeline": "hunyuan", "HunyuanVideoImageToVideoPipeline": "hunyuan", "HunyuanVideo15Pipeline": "hunyuan15", "HunyuanVideo15ImageToVideoPipeline": "hunyuan15",
            "SkyReelsV2DiffusionForcingPipeline": "skyreels", "SkyReelsV2Pipeline": "skyreels"}
PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
HEADER = 100_000_000        # bytes: the longest header that safetensors allow


@dataclass(frozen=True)
class Found:
    """What a folder holds."""

    family: str
    pipeline: str                       # "WanPipeline"
    numbers: dict[str, int]             # how many numbers each part with weights has
    files: tuple[Path, ...]             # all that belongs to it, in a fixed order


def look(folder: Path) -> Found:
    """What is in a folder. Reads headers, no weights.

    Raises WeightsError for a folder that is missing, of another layout or of a family nobody here speaks, with a part or a file
    missing, a file cut short, or weights as pickles.
    """
    index = folder / "model_index.json"
    if not folder.is_dir():
        raise WeightsError(f"There is no folder {folder}." if not folder.exists() else f"{folder} is a file; a model is a folder in diffusers' layout, with a model_index.json.")
    if not index.is_file():
        raise WeightsError(f"{folder} is no model in diffusers' layout: there is no model_index.json in it. Repositories whose names end in -Diffusers have that layout.")
    asked = _json(index)
    name = str(asked.get("_class_name"))
    if name not in FAMILIES:
        raise WeightsError(f"The model in {folder} is a {name}; there is nothing here that speaks to it. What works: {', '.join(FAMILIES)}.")
    numbers, files = {}, [index]
    for part, kind in asked.items():
        if part.startswith("_") or not isinstance(kind, list) or not kind or kind[0] is None:
            continue
        place = folder / part
        if not place.is_dir():
            raise WeightsError(f"The model in {folder} is incomplete: its part {part} is missing. {_AGAIN}")
        files += sorted(path for path in place.iterdir() if path.is_file() and path.suffix in (".json", ".txt", ".model", ".safetensors", ".jinja"))
        if (place / "config.json").is_file() and not part.startswith(("tokenizer", "scheduler", "feature_extractor", "image_processor")):
            numbers[part] = sum(_numbers(path) for path in weights(place))
    return Found(FAMILIES[name], name, numbers, tuple(files))


_AGAIN = "`cineloom models pull` brings what is missing."


def weights(place: Path) -> list[Path]:
    """The files of a part's numbers. Raises WeightsError where one is missing or there are only pickles."""
    there = sorted(place.glob("*.safetensors"))
    for index in sorted(place.glob("*.safetensors.index.json")):
        named = set(_json(index).get("weight_map", {}).values())
        lacking = sorted(name for name in named if not (place / str(name)).is_file())
        if lacking:
            raise WeightsError(f"The part {place.name} in {place.parent} is incomplete: {lacking[0]} is missing ({len(named) - len(lacking)} of {len(named)} files are there). {_AGAIN}")
        return [place / str(name) for name in sorted(named)]
    if there:
        return there
    if any(path.suffix in PICKLES for path in place.iterdir()):
        raise WeightsError(f"The part {place.name} in {place.parent} is a pickle, which can run whatever its maker wished for; only safetensors are opened. "
                           "Most models are to be had as safetensors too.")
    raise WeightsError(f"The part {place.name} in {place.parent} has no weights. {_AGAIN}")


def _numbers(path: Path) -> int:
    """How many numbers a safetensors file holds. Raises WeightsError for one that is none, or was cut short."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= HEADER:
                raise ValueError
            header = json.loads(file.read(length))
        tensors = [one for name, one in header.items() if name != "__metadata__"]
        there, told = path.stat().st_size, 8 + length + max((one["data_offsets"][1] for one in tensors), default=0)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{path} is no safetensors file, or its beginning is damaged. {_AGAIN}") from error
    if there != told:
        raise WeightsError(f"{path} is {'cut short' if there < told else 'longer than it says'}: {there:,} bytes are there, {told:,} belong to it. {_AGAIN}")
    total = 0
    for one in tensors:
        count = 1
        for side in one["shape"]:
            count *= side
        total += count
    return total


def hashes(folder: Path, files: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """(name under the folder, SHA-256) of each file, one after another: of a large model that takes minutes."""
    for path in files:
        yield path.relative_to(folder).as_posix(), sha256(path)


def version(hashed: dict[str, str]) -> str:
    """A short hash of all files' hashes: the model's version in recipes."""
    return hashlib.sha256("".join(f"{name}:{hashed[name]}" for name in sorted(hashed)).encode()).hexdigest()[:12]


def _json(path: Path) -> dict:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is damaged: it is no JSON. {_AGAIN}") from error
    if not isinstance(data, dict):
        raise WeightsError(f"{path} is damaged: it is no JSON object. {_AGAIN}")
    return data
