"""Doctor: looks whether a machine has what the studio needs, and says what to do about what it has not.

Knows versions, folders and what each part asks of a machine. Loads no model; never raises: what goes wrong is a finding.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import memory
from engine.errors import CineloomError
from engine.precision import narrow_flags

ROOM = 1_500_000_000        # bytes of memory that a two-second take of the built-in model may need
DISK = 1_000_000_000        # bytes of disk under which films soon stop fitting


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str           # "torch"
    state: str          # "well", "mind" (works, but) or "bad" (does not work)
    says: str           # what was found, as a sentence
    remedy: str = ""    # what to do about it


def examine(home: Path | str) -> Iterator[Check]:
    """Look at everything, one check after another. `home` is the folder of projects; it is not made."""
    looks: list[tuple[str, Callable[[], Check]]] = [
        ("Python", python), ("torch", torch_and_threads), ("numbers", numbers), ("memory", free_memory),
        ("disk", lambda: free_disk(Path(home))), ("home", lambda: writable(Path(home))), ("weights", weights), ("films", encoders), ("words", language_models),
    ]
    for name, look in looks:
        try:
            yield look()
        except Exception as error:      # a doctor that falls ill helps nobody
            yield Check(name, "bad", f"This could not be looked at ({type(error).__name__}: {error}).",
                        "Run `make setup` again; if that does not help, report this line.")


def python() -> Check:
    """3.10 or later."""
    says = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}."
    if sys.version_info < (3, 10):
        return Check("Python", "bad", says, "Cineloom needs Python 3.10 or later.")
    return Check("Python", "well", says)


def torch_and_threads() -> Check:
    """torch can be imported; how many cores it works on; whether an accelerator is there."""
    try:
        import torch
    except Exception as error:          # a missing library of the system is an OSError
        return Check("torch", "bad", f"torch cannot be imported ({error}).", "Run `make setup`.")
    device = f"the accelerator {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "no accelerator"
    says = f"torch {torch.__version__} works on {torch.get_num_threads()} threads, with {device}."
    if torch.get_num_threads() == 1 and (os.cpu_count() or 1) > 1:
        return Check("torch", "mind", says, f"There are {os.cpu_count()} cores: unset OMP_NUM_THREADS to use them.")
    return Check("torch", "well", says)


def numbers() -> Check:
    """bfloat16 where the processor computes in it: twice as fast there, far slower elsewhere, so the flags decide."""
    if found := narrow_flags():
        return Check("numbers", "well", f"The processor computes in bfloat16 ({', '.join(found)}); Paper does too.")
    return Check("numbers", "well", "The processor does not compute in bfloat16; Paper uses float32, at about half the speed.")


def free_memory() -> Check:
    """Enough for a take of two seconds."""
    free = memory.free()
    if free is None:
        return Check("memory", "mind", "This system does not say how much memory is free.", "If films fail, close other programs.")
    says = f"{memory.words(free)} of memory are free."
    if free < ROOM:
        return Check("memory", "mind", says, f"A take may need {memory.words(ROOM)}: close other programs, or make shorter ones.")
    return Check("memory", "well", says)


def free_disk(home: Path) -> Check:
    """Room where the projects are."""
    there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    says = f"{memory.words(free)} are free on the disk of {home}."
    if free < DISK:
        return Check("disk", "mind" if free > DISK / 10 else "bad", says, "Free some room, or choose another folder with CINELOOM_HOME.")
    return Check("disk", "well", says)


def writable(home: Path) -> Check:
    """A file can be made in the home, or in the folder it would be made in."""
    there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Check("home", "bad", f"{home} cannot be written ({error.strerror}).", "Choose another folder with CINELOOM_HOME.")
    return Check("home", "well", f"Projects are in {home}{'' if there == home else ', which the first start makes'}.")


def weights() -> Check:
    """The built-in model's files are all there, and each is what was shipped."""
    from engine.denoisers.catalog import PAPER
    from engine.denoisers.paper import check_files

    try:
        facts = check_files(PAPER)
    except CineloomError as error:
        return Check("weights", "bad", str(error))          # it says what to do, too
    size = sum(file.stat().st_size for file in PAPER.rglob("*") if file.is_file())
    return Check("weights", "well", f"Paper {facts['version']} is whole: {len(facts['files'])} files, {memory.words(size)} in all.")


def encoders() -> Check:
    """PyAV brings ffmpeg with it, and that brings H.264."""
    import av

    missing = [name for name in ("libx264", "mjpeg", "png") if name not in av.codecs_available]
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    if missing:
        return Check("films", "bad", f"PyAV {av.__version__} cannot write {', '.join(missing)}.",
                     "Install the PyAV of requirements.lock as a wheel: run `make setup`.")
    return Check("films", "well", f"PyAV {av.__version__} writes H.264 (libx264) with libavcodec {version}; no other ffmpeg is needed.")


def language_models() -> Check:
    """Who lengthens prompts: those that were told of can be used, and the one that is served is there. No prompt is sent."""
    from engine.words import served
    from engine.words.language import settings
    from engine.words.providing import providers

    where = settings()
    told, offers = {"served": where.url, "local": where.folder}, providers(where)
    ready = {offer.name: offer.title for offer in offers if offer.ready}
    wrong = [offer.why for offer in offers if not offer.ready and told.get(offer.name)]
    if "served" in ready and (silent := served.reach(where)):
        wrong.append(silent)
        del ready["served"]
    says = f"Prompts can be made longer: {', '.join(name if name not in told else f'{name} ({title})' for name, title in ready.items())}."
    return Check("words", "mind" if wrong else "well", says, " ".join(wrong))
