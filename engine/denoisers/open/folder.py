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
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.denoisers.open import headers
from engine.digest import sha256
from engine.errors import WeightsError

# Which file in this folder, and which class in it, speaks to which of diffusers' pipelines.
SPEAKERS = {
    "WanPipeline": ("wan", "WanBackend"), "WanImageToVideoPipeline": ("wan_image", "WanImageBackend"), "WanVACEPipeline": ("wan_vace", "WanVaceBackend"),
    "LTXPipeline": ("ltx", "LTXBackend"), "LTXConditionPipeline": ("ltx", "LTXBackend"), "LTX2Pipeline": ("ltx2", "LTX2Backend"),
    "CogVideoXPipeline": ("cogvideox", "CogVideoXBackend"), "CogVideoXImageToVideoPipeline": ("cogvideox", "CogVideoXBackend"),
    "HunyuanVideoPipeline": ("hunyuan", "HunyuanBackend"), "HunyuanVideoImageToVideoPipeline": ("hunyuan", "HunyuanBackend"),
    "HunyuanVideo15Pipeline": ("hunyuan15", "Hunyuan15Backend"), "HunyuanVideo15ImageToVideoPipeline": ("hunyuan15", "Hunyuan15Backend"),
    "SkyReelsV2DiffusionForcingPipeline": ("skyreels", "SkyReelsBackend"), "SkyReelsV2Pipeline": ("skyreels", "SkyReelsBackend"),
}
LIBRARIES = ("diffusers", "transformers", "ltx2")       # whose classes the parts of those are; others would be imported only because a file says so
PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
CONFIGURATION = 50_000_000      # bytes of a JSON file: those with the words of a large tokenizer have half of that


@dataclass(frozen=True)
class Found:
    """What a folder holds."""

    family: str                         # the file here that speaks to it
    speaker: str                        # the class in it
    pipeline: str                       # "WanPipeline"
    classes: dict[str, str]             # of each part: "WanTransformer3DModel"
    numbers: dict[str, int]             # how many numbers each part with weights has
    files: tuple[Path, ...]             # all that belongs to it, in a fixed order


def look(folder: Path) -> Found:
    """What is in a folder. Reads headers, no weights.

    Raises WeightsError for a folder that is missing, of another layout or of a family nobody here speaks, with a part or a file
    missing, a file cut short, or weights as pickles.
    """
    index = folder / "model_index.json"
    if not folder.is_dir():
        raise WeightsError(f"There is no folder {folder}." if not folder.exists() else
                           f"{folder} is a file; a model is a folder in diffusers' layout, with a model_index.json. A single file is laid over a model that is here: `cineloom models add FILE --like MODEL`.")
    if not index.is_file():
        raise WeightsError(f"{folder} is no model in diffusers' layout: there is no model_index.json in it. Repositories whose names end in -Diffusers have that layout.")
    asked = configuration(index)
    name = str(asked.get("_class_name"))[:80]
    if name not in SPEAKERS:
        raise WeightsError(f"The model in {folder} is a {name}; there is nothing here that speaks to it. What works: {', '.join(SPEAKERS)}.")
    classes, numbers, files = {}, {}, [index]
    for part, kind in asked.items():
        if part.startswith("_") or not isinstance(kind, list) or not kind or kind[0] is None:
            continue
        if not _plain(part) or len(kind) != 2 or kind[0] not in LIBRARIES or not _plain(kind[1]):
            raise WeightsError(f"{index} is damaged: its part {part!r:.60} is said to be {kind!r:.120}. {AGAIN}")
        place = folder / part
        if not place.is_dir():
            raise WeightsError(f"The model in {folder} is incomplete: its part {part} is missing. {AGAIN}")
        classes[part] = kind[1]
        files += sorted(path for path in place.iterdir() if path.is_file() and path.suffix in (".json", ".txt", ".model", ".safetensors", ".jinja"))
        if (place / "config.json").is_file() and not part.startswith(("tokenizer", "scheduler", "feature_extractor", "image_processor")):
            tensors = [one for path in weights(place) for one in stored(path).values()]
            if not _plausible(configuration(place / "config.json"), len(tensors)):
                raise WeightsError(f"{place / 'config.json'} is damaged: it speaks of more layers than there are weights for. {AGAIN}")
            numbers[part] = sum(one.count for one in tensors)
    if not {"transformer", "vae"} <= numbers.keys():
        raise WeightsError(f"The model in {folder} is incomplete: it has no {'transformer' if 'transformer' not in numbers else 'vae'}. {AGAIN}")
    return Found(*SPEAKERS[name], name, classes, numbers, tuple(files))


AGAIN = "`cineloom models pull` brings what is missing."


def weights(place: Path) -> list[Path]:
    """The files of a part's numbers. Raises WeightsError where one is missing, lies elsewhere or there are only pickles."""
    there = sorted(path for path in place.glob("*.safetensors") if path.is_file())
    for index in sorted(path for path in place.glob("*.safetensors.index.json") if path.is_file()):
        parts = configuration(index).get("weight_map")
        if not isinstance(parts, dict) or not parts or not all(_plain(name) for name in parts.values()):
            raise WeightsError(f"{index} is damaged: it does not say which files hold the numbers. {AGAIN}")
        named = set(parts.values())
        lacking = sorted(name for name in named if not (place / name).is_file())
        if lacking:
            raise WeightsError(f"The part {place.name} in {place.parent} is incomplete: {lacking[0]} is missing ({len(named) - len(lacking)} of {len(named)} files are there). {AGAIN}")
        return [place / name for name in sorted(named)]
    if there:
        return there
    if any(path.suffix.lower() in PICKLES for path in place.iterdir()):
        raise WeightsError(f"The part {place.name} in {place.parent} is a pickle, which can run whatever its maker wished for; only safetensors are opened. "
                           "Most models are to be had as safetensors too.")
    raise WeightsError(f"The part {place.name} in {place.parent} has no weights. {AGAIN}")


def stored(path: Path) -> dict[str, headers.Stored]:
    """What a file of a folder holds, see `headers.read`."""
    try:
        return headers.read(path)
    except WeightsError as error:
        raise WeightsError(f"{error} {AGAIN}") from error


def _plausible(said: object, tensors: int) -> bool:
    """Whether a part that is built as a configuration says is built soon: it has no more layers than tensors."""
    if isinstance(said, dict):
        return all(_plausible(value, tensors) and not ("layers" in name and isinstance(value, (int, float)) and value > tensors) for name, value in said.items())
    return not isinstance(said, list) or all(_plausible(value, tensors) for value in said)


def _plain(name: object) -> bool:
    """Whether a name that a file says is one of the folder it lies in, and of nothing elsewhere."""
    return isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_][\w.-]{0,199}", name) is not None


def hashes(folder: Path, files: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """(name under the folder, SHA-256) of each file, one after another: of a large model that takes minutes."""
    for path in files:
        yield path.relative_to(folder).as_posix(), sha256(path)


def version(hashed: dict[str, str]) -> str:
    """A short hash of all files' hashes: the model's version in recipes."""
    return hashlib.sha256("".join(f"{name}:{hashed[name]}" for name in sorted(hashed)).encode()).hexdigest()[:12]


def configuration(path: Path) -> dict:
    """What a JSON file says. Raises WeightsError for one that is missing or no JSON object."""
    if not path.is_file():
        raise WeightsError(f"{path} is missing. {AGAIN}")
    try:
        if path.stat().st_size > CONFIGURATION:
            raise ValueError
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is damaged: it is no JSON. {AGAIN}") from error
    if not isinstance(data, dict):
        raise WeightsError(f"{path} is damaged: it is no JSON object. {AGAIN}")
    return data
