"""Pulling: a model from its hub onto this machine.

    asked what there is  ->  room on the disk?  ->  file after file, going on where a broken one stopped  ->  hashes  ->  told

Knows the hub's client, which knows mirrors (HF_ENDPOINT), proxies (HTTPS_PROXY) and accounts (HF_TOKEN). Only safetensors,
configurations and tokenizers are brought. What was brought works with the network cut.
"""

from __future__ import annotations

import fnmatch
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import memory
from engine.denoisers.open import folder as lying
from engine.denoisers.open import keeping
from engine.denoisers.open.rows import FACTS, Row, models_folder
from engine.digest import sha256
from engine.errors import CannotWrite, CineloomError, WeightsError

WANTED = ("model_index.json", "*/*.json", "*/*.safetensors", "*/*.txt", "*/*.model", "*/*.jinja")
SPARE = 2_000_000_000       # bytes of disk
TRIES = 4                   # of a file whose connection breaks, each going on where the last one stopped
PARTS = ".parts"            # in a model's folder: what is here of files that are on their way


class Unreachable(CineloomError):
    """The hub does not answer, or not to us."""


@dataclass(frozen=True)
class Pulled:
    """How far a pull is."""

    file: str
    done: int           # bytes of all files that are here
    total: int


def pull(row: Row, folder: Path | None = None, revision: str = "main", endpoint: str | None = None, cancelled: Callable[[], bool] = lambda: False, spare: int = SPARE) -> Iterator[Pulled]:
    """Bring a model. Yields a Pulled when a file is there; stopped or killed at any moment, the next pull goes on from there, to the byte.

    folder      of models; None is the usual one
    spare       bytes of disk that stay free
    Raises Unreachable for a hub that is not there or does not let us in, CannotWrite where the disk is too small, WeightsError
    for files that are not what the hub says they are.
    """
    from huggingface_hub import HfApi

    place = (folder or models_folder()) / row.name
    with _hub(row):
        info = HfApi(endpoint=endpoint).model_info(row.hub, revision=revision, files_metadata=True)
    files = sorted((one for one in info.siblings if any(fnmatch.fnmatchcase(one.rfilename, form) for form in WANTED)), key=lambda one: (one.size or 0, one.rfilename))
    files = [one for one in files if _inside(place, one.rfilename)]
    if not any(one.rfilename == "model_index.json" for one in files):
        raise WeightsError(f"{row.hub} is not in diffusers' layout: it has no model_index.json.")
    if not any(one.rfilename.endswith(".safetensors") for one in files):
        raise WeightsError(f"{row.hub} has no safetensors; other weights are not opened, for a pickle can run whatever its maker wished for.")
    total = sum(one.size or 0 for one in files)
    begun = sum(_there(path) for path in (place / PARTS).glob("*"))
    _room(row, place, total - begun - sum(min(one.size or 0, _there(place / one.rfilename)) for one in files), spare)
    done, hashed = 0, {}
    (place / FACTS).unlink(missing_ok=True)         # until all of it is here it is no model
    for one in files:
        if cancelled():
            return
        with _hub(row):
            digest = _here(place / one.rfilename, one) or _brought(lambda: _bring(row, one, place, info.sha, endpoint))
        if one.lfs is not None and digest != one.lfs.sha256:
            (place / one.rfilename).unlink()
            raise WeightsError(f"{one.rfilename} came damaged from {row.hub}; it was thrown away. `cineloom models pull {row.name}` brings it again, and only it.")
        hashed[one.rfilename] = digest
        done += one.size or 0
        yield Pulled(one.rfilename, done, total)
    shutil.rmtree(place / PARTS, ignore_errors=True)        # of versions that nobody went on with
    lying.look(place)
    keeping.told(place, row, info.sha, hashed)


def _here(path: Path, one: Any) -> str:
    """The hash of a file that is here as the hub has it; "" for one that is not."""
    if not path.is_file() or path.stat().st_size != (one.size or 0):
        return ""
    digest = sha256(path)
    if one.lfs is None:             # a small file, which the hub knows by git's hash of it
        data = path.read_bytes()
        return digest if hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == one.blob_id else ""
    return digest if digest == one.lfs.sha256 else ""


def _bring(row: Row, one: Any, place: Path, revision: str, endpoint: str | None) -> str:
    """Bring a file, from where the last pull of it stopped; its hash.

    The client's own download keeps nothing of a file that a killed process had begun, and leaves it on the disk (2.4).
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    path, part = place / one.rfilename, place / PARTS / hashlib.sha256(f"{revision} {one.rfilename}".encode()).hexdigest()[:24]
    part.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        if file.tell() > (one.size or 0):
            file.truncate(0)
        try:
            http_get(hf_hub_url(row.hub, one.rfilename, revision=revision, endpoint=endpoint), file, resume_size=file.tell(), headers=build_hf_headers(), expected_size=one.size)
        except OSError as error:
            if "Consistency check" in str(error):       # it sent something else than it said: nothing of that is gone on from
                file.truncate(0)
            raise
    part.replace(path)
    return sha256(path)


def _brought(bring: Callable[[], str]) -> str:
    """Bring a file; a connection that breaks is tried again, from where it broke."""
    tries = 0
    while True:
        try:
            return bring()
        except Exception as error:
            tries += 1
            if tries == TRIES or not _of_the_net(error):
                raise


def _of_the_net(error: Exception) -> bool:
    """Whether a connection was the trouble: the client's own library of connections has had several names."""
    return isinstance(error, (ConnectionError, TimeoutError)) or type(error).__module__.startswith("httpx")


class _hub:
    """Whatever the hub's client says against us becomes a sentence."""

    def __init__(self, row: Row):
        self.row = row

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, _) -> None:
        if error is None or isinstance(error, CineloomError):
            return
        from huggingface_hub import errors

        row, status = self.row, getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(error, errors.GatedRepoError):
            raise Unreachable(f"{row.title} is given only to accounts that have accepted its licence ({row.licence}): accept it on the page of {row.hub}, "
                              "make a token that may read, and say it as HF_TOKEN.") from error
        if isinstance(error, (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError)) and not isinstance(error, errors.LocalEntryNotFoundError):
            raise Unreachable(f"The hub has no {row.hub}, or does not show it to us; a mirror named in HF_ENDPOINT may lack it.") from error
        if isinstance(error, OSError) and error.errno in (28, 122):
            raise CannotWrite(f"The disk is full; what was brought of {row.title} stays, and `cineloom models pull {row.name}` goes on from there.") from error
        if isinstance(error, PermissionError):
            raise CannotWrite(f"{error.filename} cannot be written; name a folder of your own in CINELOOM_MODELS.") from error
        if isinstance(error, (OSError, errors.HfHubHTTPError, ValueError)) or _of_the_net(error):
            raise Unreachable(f"The hub could not be reached{f' (it answered {status})' if status else ''}: {str(error).splitlines()[0][:160] if str(error) else type(error).__name__}. "
                              "Is the network there? A mirror is named in HF_ENDPOINT, a proxy in HTTPS_PROXY. What was brought stays, and the next pull goes on from there.") from error


def _room(row: Row, place: Path, needed: int, spare: int) -> None:
    """Raises CannotWrite where the disk has not room for what is missing."""
    there = place
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if needed > 0 and needed + spare > free:
        raise CannotWrite(f"{row.title} needs {memory.words(needed)} more on the disk of {there}, and {memory.words(max(0, free - spare))} can be had there; name another folder in CINELOOM_MODELS.")


def _there(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _inside(place: Path, name: str) -> bool:
    """Whether a name that the hub says stays in the model's folder."""
    return (place / name).resolve().is_relative_to(place.resolve())
