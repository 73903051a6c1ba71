"""LoRAs: small files that are laid over an open model's weights, kept in one folder, known by their hash.

    a folder of them        CINELOOM_LORAS, else beside the folder of models
      paper-cut.safetensors     the file, as it came
      paper-cut.json            what was said of it, and its hash, so that a list need not read gigabytes

What a file was made for is told by the names and shapes of what is in it; how strong it is laid is a recipe's to say. A file
that was changed is another one: its hash is. Knows headers, names and hashes. Imports no torch: the page and the command
line ask as often as they like. Laying one over a model is `overlay`'s.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import memory
from engine.denoisers.open import distilled
from engine.denoisers.open.folder import PICKLES
from engine.denoisers.open.lora_file import look
from engine.denoisers.open.lora_file import words as read_words
from engine.denoisers.open.rows import models_folder
from engine.digest import sha256
from engine.errors import BadMedia, BadRequest, CannotWrite, WeightsError

if TYPE_CHECKING:
    from engine.recipe.value import Lora

# What a LoRA may be made for, and the families of models that it can be laid over.
KINDS = {"wan": ("wan", "wan_image", "wan_vace", "skyreels"), "ltx": ("ltx",), "ltx2": ("ltx2",), "cogvideox": ("cogvideox",),
         "hunyuan": ("hunyuan",), "hunyuan15": ("hunyuan15",), "drawn": ("drawn",)}
TITLES = {"wan": "Wan", "ltx": "LTX-Video", "ltx2": "LTX-2", "cogvideox": "CogVideoX", "hunyuan": "HunyuanVideo", "hunyuan15": "HunyuanVideo 1.5", "drawn": "Drawn"}
NAME = re.compile(r"[^\s/\\:\x00-\x1f](?:[^/\\:\x00-\x1f]{0,118}[^\s/\\:.\x00-\x1f])?")


@dataclass(frozen=True)
class Kept:
    """One file of the folder."""

    name: str                       # of the file, without the ending
    path: Path
    size: int                       # bytes
    sha256: str
    kinds: tuple[str, ...]          # of KINDS: what it can be for; more than one where it does not say
    width: int                      # numbers of a token of the model that it was made for; 0 where it does not say
    rank: int                       # the highest in it
    numbers: int                    # in all of it
    words: tuple[str, ...] = ()     # that call it
    expert: str = ""                # of two experts the one that it is meant for, see `distilled`
    grid: str = ""                  # of a distilled one, see `distilled`

    @property
    def titles(self) -> str:
        """What it is for, in words."""
        return " or ".join(TITLES[kind] for kind in self.kinds) or "no model that is known here"


def loras_folder() -> Path:
    """Where LoRAs lie."""
    asked = os.environ.get("CINELOOM_LORAS", "")
    return Path(asked).expanduser().resolve() if asked else models_folder().parent / "loras"


def kept(folder: Path | None = None) -> dict[str, Kept]:
    """The LoRAs of the folder, by name. What cannot be understood is not among them; `strange` says why."""
    found = {}
    for path in _files(folder or loras_folder()):
        try:
            found[path.stem] = _told(path)
        except (WeightsError, OSError):
            continue
    return found


def strange(folder: Path | None = None) -> list[str]:
    """A sentence for each file of the folder that is no LoRA."""
    folder, said = folder or loras_folder(), []
    for path in _files(folder):
        try:
            _told(path)
        except (WeightsError, OSError) as error:
            said.append(str(error))
    return said + [_pickle(path) for path in sorted(folder.glob("*")) if path.suffix.lower() in PICKLES]


def one(name: str) -> Kept:
    """A LoRA by its name. Raises BadRequest for one that there is not, WeightsError for a file that is damaged or no LoRA."""
    path = next((path for path in _files(loras_folder()) if path.stem == name), None)
    if path is None:
        there = ", ".join(kept()) or "none yet; `cineloom loras add FILE` brings one"
        raise BadRequest(f"There is no LoRA called {name!r:.80}; there is {there}.")
    try:
        return _told(path)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from error


def find(loras: Iterable[Lora], folders: Iterable[Path] = (), known: Mapping[str, Path] | None = None) -> dict[str, Path]:
    """Where files of those hashes lie now, whatever they are called: as `known`, in the folder of LoRAs, or anywhere under `folders`. A weight of 0 needs none.

    Raises BadMedia for one that is gone.
    """
    wanted = {lora.sha256: lora for lora in loras if lora.weight}
    places = {mark: path for mark, path in (known or {}).items() if mark in wanted}
    if len(places) < len(wanted):
        places |= {lora.sha256: lora.path for lora in kept().values() if lora.sha256 in wanted and lora.sha256 not in places}
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.safetensors")) if len(places) < len(wanted) else ():
            places.setdefault(sha256(path), path)
    lost = [lora for mark, lora in wanted.items() if mark not in places]
    if lost:
        raise BadMedia(f"The LoRA {lost[0].name} (sha256 {lost[0].sha256[:12]}...) is not here any more, or was changed; put the file that it was back into {loras_folder()}, or choose another.")
    return {mark: places[mark] for mark in wanted}


def add(file: Path, name: str = "", words: Sequence[str] = (), kind: str = "", grid: str = "", expert: str = "") -> Kept:
    """Bring a file into the folder, or say more of one that lies there. Empty is as the file itself says.

    words   that call it     kind    of KINDS     grid, expert    see `distilled`
    Raises WeightsError for what is no LoRA or a pickle, BadRequest for a name that is taken or none, CannotWrite.
    """
    file = file.expanduser().absolute()
    folder = loras_folder()
    name = name or file.stem
    if not NAME.fullmatch(name) or name.startswith("."):
        raise BadRequest(f"A LoRA is called by a plain name of up to 120 characters, without slashes and colons; {name!r:.80} was asked.")
    if kind and kind not in KINDS:
        raise BadRequest(f"A LoRA is for one of {', '.join(list(KINDS)[:-1])}; {kind!r:.40} was asked.")
    if grid:
        distilled.of(grid)
    distilled.check_expert(expert)
    if file.suffix.lower() in PICKLES:
        raise WeightsError(_pickle(file))
    look(file)
    place = folder / f"{name}.safetensors"
    if not (place.exists() and place.samefile(file)):
        if place.exists():
            raise BadRequest(f"There is a LoRA called {name!r} already; `cineloom loras remove {name}` gives it up, --name calls this one otherwise.")
        _copy(file, place)
    facts = {name: value for name, value in (("words", list(words)), ("kind", kind), ("grid", grid), ("expert", expert)) if value}
    _say(place, facts | {name: value for name, value in _said(place).items() if name not in facts})
    return one(name)


def remove(name: str) -> int:
    """Give a LoRA up: bytes that are free now. Raises BadRequest for one that there is not, CannotWrite."""
    path = next((path for path in _files(loras_folder()) if path.stem == name), None)
    if path is None:
        return one(name).size       # which says that there is none
    from engine.media.writing import writing

    size = path.stat().st_size
    with writing(path):
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)
    return size


# ---- what a file is

def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.safetensors") if path.is_file() and not path.name.startswith(".")) if folder.is_dir() else []


def _pickle(path: Path) -> str:
    return f"{path} is a pickle, which can run whatever its maker wished for; only safetensors are opened. Most LoRAs are to be had as safetensors too."


def _told(path: Path) -> Kept:
    """What a file of the folder is, and what was said of it. Its hash is taken once, and again when the file was changed. Raises WeightsError, OSError."""
    kinds, width, rank, numbers, facts = look(path)
    there, said = path.stat(), _said(path)
    mark = [there.st_size, there.st_mtime_ns]
    if said.get("file") != mark or not isinstance(said.get("sha256"), str):
        said = said | {"file": mark, "sha256": sha256(path)}
        try:
            _say(path, said)
        except CannotWrite:         # a folder that can only be read: it is hashed every time
            pass
    kinds = (said["kind"],) if said.get("kind") in KINDS else kinds
    words = tuple(str(word) for word in said["words"]) if isinstance(said.get("words"), list) else read_words(facts)
    grid = said["grid"] if said.get("grid") in distilled.NAMES else distilled.told(path.stem, kinds)
    expert = said["expert"] if said.get("expert") in distilled.EXPERTS[1:] else distilled.expert(path.stem)
    return Kept(path.stem, path, there.st_size, said["sha256"], kinds, width, rank, numbers, words, expert, grid)


def _said(path: Path) -> dict:
    """What was written down of a file."""
    try:
        facts = json.loads(path.with_suffix(".json").read_text())
        return facts if isinstance(facts, dict) else {}
    except (OSError, ValueError, RecursionError):
        return {}


def _say(path: Path, facts: dict) -> None:
    from engine.media.writing import write_bytes        # it brings a library of films, which asking does not wait for

    write_bytes(path.with_suffix(".json"), json.dumps(facts, indent=1).encode())


def _copy(file: Path, place: Path) -> None:
    """A copy of a file, there whole or not at all. Raises CannotWrite."""
    from engine.media.writing import writing

    part = place.with_name(f".{place.name}.part")
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        free, size = shutil.disk_usage(place.parent).free, file.stat().st_size
        if size > free:
            raise CannotWrite(f"{file.name} has {memory.words(size)}, and {memory.words(free)} are free in {place.parent}; name another folder in CINELOOM_LORAS.")
        try:
            shutil.copyfile(file, part)
            os.replace(part, place)
        finally:
            part.unlink(missing_ok=True)
