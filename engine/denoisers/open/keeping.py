"""Keeping: models of this machine told of, looked over and given up. Pulling one is `pulling`'s.

Knows the folder of models, and what is written down there of each. Loads nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from engine.denoisers.open import folder as lying
from engine.denoisers.open import single
from engine.denoisers.open.rows import FACTS, KNOWN, Row, installed, known, models_folder, row_of
from engine.digest import sha256
from engine.errors import BadRequest, WeightsError
from engine.media.writing import write_bytes

NAME = "abcdefghijklmnopqrstuvwxyz0123456789.-_"


def add(folder: Path, name: str = "") -> Iterator[str | Row]:
    """Tell of a model that lies in a folder of the user's own; says what is done, and at last yields its row.

    Raises BadRequest for a name that is taken or none, WeightsError for what is not whole, see `folder.look`.
    """
    folder = folder.expanduser().resolve()
    name = _free(name, folder.name)
    found = lying.look(folder)
    like = next(row for row in KNOWN if row.family == found.family)
    grid = asdict(like.grid) | _grid(folder, found.family)
    solver, hashed = _solver(folder), {}
    for path, digest in lying.hashes(folder, found.files):
        hashed[path] = digest
        yield f"{len(hashed)} of {len(found.files)} files are looked through."
    yield _tell({"model": name, "title": folder.name, "family": found.family, "folder": str(folder), "parts": {part: count / 1e9 for part, count in found.numbers.items()}, "grid": grid,
                 "sizes": like.sizes, "pictures": like.pictures, "steps": like.steps, "guidance": like.guidance, "solver": solver, "version": lying.version(hashed), "files": hashed})


def lay(files: Sequence[Path], like: str, name: str = "") -> Iterator[str | Row]:
    """Tell of single files of a transformer that are laid over the other parts of a model that is here; says what is done, and at last yields its row.

    files   one; of a model with two experts the one for the noisy part, then the one for the clean part
    Raises BadRequest for a name that is taken, a model that is not here or a number of files that is not that of its transformers,
    WeightsError for a file that is not whole or no such transformer, see `single.look`.
    """
    files = [file.expanduser().absolute() for file in files]       # a hub's own cache has links to files without endings
    name, row = _free(name, files[0].stem), row_of(_whole(like))
    found = lying.look(row.folder)
    parts = [part for part in ("transformer", "transformer_2") if part in found.numbers]
    if len(files) != len(parts):
        raise BadRequest(f"{row.title} has {'one transformer' if len(parts) == 1 else 'two: one for the noisy part of a walk, and one for the clean part'}; {len(files)} {'file was' if len(files) == 1 else 'files were'} given.")
    over = dict(zip(parts, files))
    looked = {part: single.look(file, row.folder / part, found.classes[part]) for part, file in over.items()}
    digests = {}
    for part, file in over.items():
        yield f"{file.name} is looked through."
        digests[part] = sha256(file)
    kept = {path: digest for path, digest in _facts(row)["files"].items() if not (path.split("/")[0] in over and ".safetensors" in path)}
    yield _tell({"model": name, "title": name, "about": f"{' and '.join(file.name for file in files)} over {row.title}.", "family": row.family, "licence": "of your own file", "folder": str(row.folder), "like": row.name,
                 "over": {part: {"file": str(file), "sha256": digests[part]} for part, file in over.items()}, "packed": {part: size for part, (_, size) in looked.items() if size},
                 "parts": dict(row.parts) | {part: count / 1e9 for part, (count, _) in looked.items()}, "grid": asdict(row.grid), "sizes": row.sizes, "pictures": row.pictures, "steps": row.steps,
                 "guidance": row.guidance, "second": row.second, "native": row.native, "solver": row.solver, "version": lying.version(kept | digests), "files": kept})


def _free(asked: str, otherwise: str) -> str:
    """The name that is asked for a model of one's own, or one made of another. Raises BadRequest for one that is taken or none."""
    name = asked or "".join(letter if letter in NAME else "-" for letter in otherwise.lower()).strip("-._")
    if not name or not name[0].isalnum() or set(name) - set(NAME) or name in ("paper", "drawn") or known(name):
        raise BadRequest(f"A model of your own needs a name of its own, of small letters, digits, dots and dashes; {name!r:.60} was asked.")
    if name in installed():
        raise BadRequest(f"There is a model called {name!r} already; `cineloom models remove {name}` forgets it.")
    return name


def _whole(like: str) -> str:
    """A model that single files may be laid over. Raises BadRequest for the built-in one, and for one that is itself laid over another."""
    if like in ("paper", "drawn"):
        raise BadRequest("The built-in model is not laid over; name an open one that is here, as `cineloom models list` says it.")
    if like in installed() and installed()[like].over:
        raise BadRequest(f"{like} is itself laid over {installed()[like].like}; name that.")
    return like


def _tell(facts: dict) -> Row:
    models_folder().mkdir(parents=True, exist_ok=True)
    write_bytes(models_folder() / f"{facts['model']}.json", json.dumps(facts, indent=1).encode())
    return installed()[facts["model"]]


def _facts(row: Row) -> dict:
    """What was written down of a model that is here."""
    own = models_folder() / f"{row.name}.json"
    return lying.configuration(own if own.is_file() else row.folder / FACTS)


def told(folder: Path, row: Row, revision: str, hashed: dict[str, str]) -> None:
    """Write down what a folder that was pulled holds; from then on it is a model of this machine."""
    facts = {"model": row.name, "hub": row.hub, "revision": revision, "version": lying.version(hashed), "files": hashed}
    write_bytes(folder / FACTS, json.dumps(facts, indent=1).encode())


def check(name: str) -> Iterator[tuple[str, bool]]:
    """Hold every file of a model against its hash: (name, whether it is as it was). Raises BadRequest for a model that is not here, WeightsError for what is not whole."""
    row = row_of(name)
    lying.look(row.folder)
    facts = _facts(row)
    wanted = {row.folder / path: digest for path, digest in facts["files"].items()} | {Path(one["file"]): one["sha256"] for one in facts.get("over", {}).values()}
    for lacking in (path for path in wanted if not path.is_file()):
        raise WeightsError(f"{lacking} is missing" + (f"; `cineloom models pull {row.like or name}` brings it." if known(row.like or name) and lacking not in row.over.values() else "."))
    for path, digest in wanted.items():
        yield path.relative_to(row.folder).as_posix() if path.is_relative_to(row.folder) else path.name, sha256(path) == digest


def remove(name: str) -> int:
    """Give up a model: bytes that are free now. A folder of the user's own is forgotten and stays. Raises BadRequest for one that is not here, whole or in part, and for one that another is laid over."""
    over = sorted(row.name for row in installed().values() if row.like == name)
    if over:
        raise BadRequest(f"{', '.join(over)} {'is' if len(over) == 1 else 'are'} laid over {name}; remove {'that' if len(over) == 1 else 'those'} first.")
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
    """What the configurations say of the latent grid. Raises WeightsError for what no grid can be."""
    vae, dit = (lying.configuration(folder / part / "config.json") for part in ("vae", "transformer"))
    patch = dit.get("patch_size")
    found = {"channels": vae.get("z_dim") or vae.get("latent_channels"), "space": vae.get("scale_factor_spatial"), "time": vae.get("scale_factor_temporal"),
             "rate": (16 if dit.get("patch_size_t") else 8) if family == "cogvideox" else None, "patch": patch[1] if isinstance(patch, list) and len(patch) == 3 else patch}
    odd = {name: value for name, value in found.items() if value is not None and not (type(value) is int and 1 <= value <= 1024)}
    if odd:
        raise WeightsError(f"The configurations in {folder} are damaged: {', '.join(f'{name} is {value!r:.40}' for name, value in odd.items())}.")
    return {name: value for name, value in found.items() if value is not None}


def _solver(folder: Path) -> str:
    """The one of ours that its scheduler is."""
    name = str(lying.configuration(folder / "scheduler" / "scheduler_config.json").get("_class_name"))
    return "unipc" if "UniPC" in name else "sde" if name == "CogVideoXDPMScheduler" else "euler"
