"""Again: a recipe run once more, and how near the new take comes to the file that carries it.

    film.mp4 -> the recipe in it -> make -> the same latents?    exact    close (dB)    different, and what differs

Knows files of takes and how to compare them. Imports torch only to run a recipe; what it compares is numpy.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import __version__
from engine.errors import BadMedia, BadRequest
from engine.media import carriers_of, probe, read_film, read_picture
from engine.media.kinds import film_kind, head, shown
from engine.recipe.reading import from_json
from engine.recipe.value import FILE, FILM, Input, Recipe, fingerprint

if TYPE_CHECKING:
    from engine.events import Made

CLOSE = 30.0            # dB: above it two films look the same side by side; a compressed film's own loss is 35 to 50
LOOKED_AT = 20_000      # files of a folder that are hashed at most, in search of inputs
READ = 30_000_000_000   # bytes of them: some minutes of a disk
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff")
FILMS = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".ts", ".mts", ".gif", ".png", ".webp")


@dataclass(frozen=True)
class Found:
    """The recipe of a file, and which of its carriers had it."""

    recipe: Recipe
    carrier: str                    # in words: "the container's comment"
    others: tuple[str, ...] = ()    # further carriers that say the same
    note: str = ""                  # what a person should know: two carriers that say different things


@dataclass(frozen=True)
class Verdict:
    """How near a take that was made again comes to the one it was made from."""

    says: str                       # "exact", "close" or "different"
    psnr: float | None              # dB: infinite for what is equal, None for what cannot be set side by side
    of: str                         # what was compared: "latents" or "pictures"
    differs: tuple[str, ...]        # sentences: what is not as it was

    def to_json(self) -> dict:
        """A plain dictionary; PSNR is null where it is infinite or there is none."""
        finite = self.psnr is not None and math.isfinite(self.psnr)
        return {"verdict": self.says, "psnr": round(self.psnr, 2) if finite else None, "compared": self.of,
                "differs": list(self.differs)}


def recipe_of(path: str | Path) -> Found:
    """The recipe that a film, picture, latents or JSON file carries, from the first carrier that has a whole one.

    Raises BadMedia where there is none (it says so plainly) or the file cannot be read; BadRequest where there is one that
    this version cannot read.
    """
    found, wrong = [], None
    for one in carriers_of(path):
        try:
            found.append((from_json(one.text), one.carrier))
        except BadRequest as error:
            wrong = wrong or error
    if not found:
        if wrong:
            raise wrong
        raise BadMedia(f"{shown(path)} carries no recipe: it was not made here, or whatever it went through since has taken "
                       "the recipe out. A take's folder keeps one in recipe.json.")
    recipe, carrier = found[0]
    same = tuple(other for one, other in found[1:] if one == recipe)
    strange = [other for one, other in found[1:] if one != recipe]
    note = f"Another recipe was found in {strange[0]}; somebody has changed one of them." if strange else ""
    return Found(recipe, carrier, same, note)


def inputs_of(recipe: Recipe, folders: Iterable[str | Path] = ()) -> dict[str, Path]:
    """Where pictures, films, latents and masks that a recipe was given lie now, by hash: where it says, or anywhere under `folders`.

    Raises BadMedia naming those that are found nowhere.
    """
    wanted = {item.sha256: Path(item.path).name for item in recipe.inputs}
    places: dict[str, Path] = {}
    for path in _candidates(recipe, folders, set(wanted.values())):
        if len(places) == len(wanted):
            break
        try:
            mark = fingerprint(path, FILM)
        except BadMedia:
            continue
        if mark in wanted:
            places.setdefault(mark, path)
    lost = [item for item in recipe.inputs if item.sha256 not in places]
    if lost:
        names = "; ".join(f"{shown(item.path)} (sha256 {item.sha256[:12]}..., picture {item.at} of the film)"
                          for item in lost[:5])
        kinds = {"picture" if item.role == "still" else item.role for item in lost}
        kind = kinds.pop() if len(kinds) == 1 else "file"
        what, where = (f"a {kind} that is", "it lies") if len(lost) == 1 else (f"{len(lost)} {kind}s that are", "they lie")
        raise BadMedia(f"This recipe was given {what} not here: {names}. Name the folder where {where}.")
    return places


def compare(original: str | Path, recipe: Recipe, made: Made) -> Verdict:
    """Set a new take beside the file that its recipe came from.

    Latents are compared where the old ones are still beside the file, the pictures as they were compressed otherwise.
    recipe    as the file carries it: with the versions and the device it was made with
    """
    differs = list(_circumstances(recipe, made.recipe))
    latents = latents_beside(original, recipe)
    if latents is not None:
        old, new = _latents(latents), _latents(made.latents)
        if old is not None and old.shape == new.shape:
            noise = psnr([old], [new], peak=max(1e-6, float(np.ptp(old))))
            return _judged(np.array_equal(old, new), noise, "latents", differs)
    sizes = _sizes(original), (made.width, made.height, made.pictures)
    if sizes[0] != sizes[1]:
        differs.insert(0, f"The file has {_size(sizes[0])}, the recipe makes {_size(sizes[1])}: something has changed the "
                          "file.")
        return Verdict("different", None, "pictures", tuple(differs))
    same, noise = True, 0.0
    for old, new in zip(_pictures(original), _pictures(made.film)):
        same = same and np.array_equal(old, new)
        noise += float(np.mean((old.astype(np.float32) - new) ** 2))
    return _judged(same, math.inf if noise == 0 else 10 * math.log10(255**2 * made.pictures / noise), "pictures", differs)


def psnr(old: Iterable[np.ndarray], new: Iterable[np.ndarray], peak: float = 255.0) -> float:
    """Peak signal to noise, dB, of all arrays together; infinite for equal ones."""
    pairs = [(a.astype(np.float64) - b, a.size) for a, b in zip(old, new)]
    noise = sum(float((off**2).sum()) for off, _ in pairs) / sum(size for _, size in pairs)
    return math.inf if noise == 0 else 10 * math.log10(peak**2 / noise)


def latents_beside(film: str | Path, recipe: Recipe) -> Path | None:
    """The latents that a film was decoded from, where they are kept; None for those of another recipe.

    Looked for as `make` leaves them, as `--latents` does, and in a project.
    """
    film = Path(film)
    for path in (film.with_name("latents.safetensors"), film.with_suffix(".safetensors"),
                 film.parent.parent / "latents" / f"{film.stem}.safetensors"):
        try:
            if path.is_file() and recipe_of(path).recipe == recipe:
                return path
        except (BadMedia, BadRequest, OSError):
            continue
    return None


def _judged(same: bool, noise: float, of: str, differs: list[str]) -> Verdict:
    return Verdict("exact" if same else "close" if noise >= CLOSE else "different", noise, of, tuple(differs))


def _circumstances(then: Recipe, now: Recipe) -> Iterator[str]:
    for what, before, after in (("model's version", then.version, now.version), ("device", then.device, now.device),
                                ("engine's version", then.engine, now.engine or __version__)):
        if before and after and before != after:
            yield f"The {what} was {_short(before)}, it is {_short(after)} now."
        elif not before and what == "device":
            yield "The recipe does not say on what device it was made."


def _candidates(recipe: Recipe, folders: Iterable[str | Path], names: set[str]) -> Iterator[Path]:
    """Files to hash: where the recipe says; then in the folders, those of the right name first, and then any of the right kind."""
    yield from (Path(item.path) for item in recipe.inputs)
    endings = {ending for item in recipe.inputs for ending in _endings(item)}
    others, count = [], 0
    for folder in folders:
        for root, below, files in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(files):
                count += 1
                if count > LOOKED_AT:
                    break
                if name in names:
                    yield Path(root, name)
                elif name.lower().endswith(tuple(endings)):
                    others.append(Path(root, name))
    most, room = FILE if all(item.role == "still" for item in recipe.inputs) else FILM, READ
    for path in others:
        try:
            size = path.stat().st_size
        except OSError:
            continue
        if size <= min(most, room):
            room -= size
            yield path


def _endings(item: Input) -> tuple[str, ...]:
    """How the name of a file may end that has been given a new one: latents are never given another ending, a film may be."""
    if item.role in ("still", "reference"):
        return PICTURES
    if item.path.endswith(".safetensors"):
        return (".safetensors",)
    return FILMS + (PICTURES if item.role == "mask" else ())


def _latents(path: Path) -> np.ndarray | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(Path(path).read_bytes())["latents"]
    except (OSError, SafetensorError, KeyError):
        return None


def _sizes(path: str | Path) -> tuple[int, int, int]:
    if film_kind(head(path, 1 << 40)) is None:
        height, width = read_picture(path).shape[:2]
        return width, height, 1
    found = probe(path)
    return found.width, found.height, found.pictures


def _pictures(path: str | Path) -> Iterator[np.ndarray]:
    return iter([read_picture(path)]) if film_kind(head(path, 1 << 40)) is None else read_film(path)


def _size(size: tuple[int, int, int]) -> str:
    width, height, pictures = size
    return f"{pictures:,} picture{'s' if pictures > 1 else ''} of {width}x{height}"


def _short(version: str) -> str:
    return version if len(version) <= 24 else f"{version[:12]}..."
