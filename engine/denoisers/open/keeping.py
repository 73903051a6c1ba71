"""Keeping: models of this machine told of, looked over and given up. Pulling one is `pulling`'s.

Knows the folder of models. Loads nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from engine.denoisers.open import folder as lying
from engine.denoisers.open.rows import FACTS, KNOWN, Row, installed, known, models_folder, row_of
from engine.errors import BadRequest, WeightsError
from engine.media.writing import write_bytes

NAME = "abcdefghijklmnopqrstuvwxyz0123456789.-_"


def add(folder: Path, name: str = "") -> Iterator[str | Row]:
    """Tell of a model that lies in a folder of the user's own; says what is done, and at last yields its row.

    Raises BadRequest for a name that is taken or none, WeightsError for what is not whole, see `folder.look`.
    """
    folder = folder.expanduser().resolve()
    name = name or "".join(letter if letter in NAME else "-" for letter in folder.name.lower()).strip("-._")
    if not name or not name[0].isalnum() or set(name) - set(NAME) or name in ("paper", "drawn") or known(name):
        raise BadRequest(f"A model of your own needs a name of its own, of small letters, digits, dots and dashes; {name!r:.60} was asked.")
    if name in installed():
        raise BadRequest(f"There is a model called {name!r} already; `cineloom models remove {name}` forgets it.")
    found = lying.look(folder)
    like = next(row for row in KNOWN if row.family == found.family)
    grid = asdict(like.grid) | _grid(folder, found.family)
    hashed = {}
    for path, digest in lying.hashes(folder, found.files):
        hashed[path] = digest
        yield f"{len(hashed)} of {len(found.files)} files are looked through."
    facts = {"model": name, "title": folder.name, "family": found.family, "folder": str(folder), "parts": {part: count / 1e9 for part, count in found.numbers.items()}, "grid": grid,
             "sizes": [list(size) for size in like.sizes], "pictures": like.pictures, "steps": like.steps, "guidance": like.guidance, "solver": _solver(folder), "version": lying.version(hashed), "files": hashed}
    models_folder().mkdir(parents=True, exist_ok=True)
    write_bytes(models_folder() / f"{name}.json", json.dumps(facts, indent=1).encode())
    yield installed()[name]


def told(folder: Path, row: Row, revision: str, hashed: dict[str, str]) -> None:
    """Write down what a folder that was pulled holds; from then on it is a model of this machine."""
    facts = {"model": row.name, "hub": row.hub, "revision": revision, "version": lying.version(hashed), "files": hashed}
    write_bytes(folder / FACTS, json.dumps(facts, indent=1).encode())


def check(name: str) -> Iterator[tuple[str, bool]]:
    """Hold every file of a model against its hash: (name, whether it is as it was). Raises BadRequest for a model that is not here, WeightsError for what is not whole."""
    row = row_of(name)
    lying.look(row.folder)
    place = row.folder / FACTS if (row.folder / FACTS).is_file() else models_folder() / f"{name}.json"
    wanted = json.loads(place.read_text())["files"]
    for lacking in (one for one in wanted if not (row.folder / one).is_file()):
        raise WeightsError(f"{row.folder / lacking} is missing; `cineloom models pull {name}` brings it.")
    for path, digest in lying.hashes(row.folder, tuple(row.folder / one for one in wanted)):
        yield path, digest == wanted[path]


def remove(name: str) -> int:
    """Give up a model: bytes that are free now. A folder of the user's own is forgotten and stays. Raises BadRequest for one that is not here, whole or in part."""
    own = models_folder() / f"{name}.json"
    place = models_folder() / name
    if known(name) is None and name not in installed():
        row_of(name)
    if own.is_file():
        own.unlink()
        return 0
    if not place.is_dir() or place.is_symlink():
        raise BadRequest(f"There is nothing of {name!r:.60} on this machine.")
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    (place / FACTS).unlink(missing_ok=True)         # first: what is half gone is no model
    shutil.rmtree(place)
    return size


def _grid(folder: Path, family: str) -> dict[str, int]:
    """What the configurations say of the latent grid."""
    vae, dit = (json.loads((folder / part / "config.json").read_text()) for part in ("vae", "transformer"))
    found = {"channels": vae.get("z_dim") or vae.get("latent_channels")}
    if family in ("wan", "skyreels"):
        found |= {"space": vae.get("scale_factor_spatial", 8), "time": vae.get("scale_factor_temporal", 4)}
    if family == "cogvideox":
        found["rate"] = 16 if dit.get("patch_size_t") else 8
    patch = dit.get("patch_size")
    found["patch"] = patch[1] if isinstance(patch, list) else patch
    return {name: int(value) for name, value in found.items() if value}


def _solver(folder: Path) -> str:
    """The one of ours that its scheduler is."""
    name = str(json.loads((folder / "scheduler" / "scheduler_config.json").read_text()).get("_class_name"))
    return "unipc" if "UniPC" in name else "sde" if name == "CogVideoXDPMScheduler" else "euler"
