"""Writing so that nothing half-written stays, and a full disk is a sentence.

Knows folders and the system's errors. Knows nothing of what is written.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import CannotWrite

BENCH = ".making-"      # how a workshop's hidden folder begins; a person is shown the place that they named
PART = re.compile(r"\.[0-9a-f]{12}\.part(\.(png|jpe?g))?")         # what `part_of` calls a file or folder, and nobody else does
INSIDE = re.compile(r"frame_[0-9]{6,}\.png|sound\.wav|cut\.json")  # what such a folder holds
LEFT = 24 * 3600.0      # seconds that nobody has written to it: then nobody will

_REASONS = {
    errno.ENOSPC: "the disk is full. Free some room, or choose a folder on another disk",
    errno.EDQUOT: "your share of the disk is used up. Free some room, or choose another folder",
    errno.EFBIG: "the file grows larger than this disk or this account allows",
    errno.EACCES: "it is not yours to write to. Choose another folder",
    errno.EPERM: "it is not yours to write to. Choose another folder",
    errno.EROFS: "it can only be read. Choose another folder",
    errno.ENOTDIR: "a part of that path is a file, not a folder",
    errno.EEXIST: "a part of that path is a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.ENOENT: "the folder is not there",
    errno.ENAMETOOLONG: "the name is too long",
}


@contextmanager
def writing(place: str | Path) -> Iterator[None]:
    """What the system says against writing to `place` becomes a CannotWrite."""
    try:
        yield
    except OSError as error:        # PyAV's errors are OSErrors too
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        shown = Path(*(part for part in Path(place).parts if not part.startswith(BENCH)))
        raise CannotWrite(f"{shown} cannot be written: {reason}.") from error


@contextmanager
def workshop(folder: str | Path) -> Iterator[Path]:
    """A hidden place inside `folder` to make files in; at the end all of them are moved into `folder`, or none.

        with workshop("takes/7") as bench:          takes/7/.making-x3f/   take.mp4  poster.jpg ...
            ...                                     takes/7/               (on an error: as it was before)

    Folders that had to be made for it are taken away again when nothing was made. Raises CannotWrite.
    """
    folder = Path(folder)
    new = [parent for parent in (folder, *folder.parents) if not parent.exists()]       # deepest first
    bench = None
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            bench = Path(tempfile.mkdtemp(prefix=BENCH, dir=folder))
        yield bench
        with writing(folder):
            _move_in(bench, folder)
        new = []
    finally:
        if bench is not None:
            shutil.rmtree(bench, ignore_errors=True)
        for made in new:
            try:
                made.rmdir()
            except OSError:         # never made, or somebody else has put something there
                break


def part_of(path: Path, ending: str = "") -> Path:
    """A hidden name beside a file, to write it under until it is whole: 48 random bits, and not its own name.

    A colon in that would be read as a protocol, and 255 bytes leave no room.
    """
    return path.absolute().with_name(f".{secrets.token_hex(6)}.part{ending}")


def sweep(folder: Path, now: float | None = None) -> None:
    """Remove what writers that were killed left in a folder a day ago or longer. Nothing else, and never in anybody's way.

    now     seconds since 1970; None is the clock's
    """
    now = time.time() if now is None else now
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if PART.fullmatch(entry.name)]:
            with suppress(OSError):
                if now - entry.stat(follow_symlinks=False).st_mtime < LEFT:
                    continue
                if entry.is_file(follow_symlinks=False):
                    os.unlink(entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    inside = list(os.scandir(entry.path))
                    if all(INSIDE.fullmatch(one.name) and one.is_file(follow_symlinks=False) for one in inside):
                        for one in inside:
                            os.unlink(one.path)
                        os.rmdir(entry.path)


def write_bytes(path: str | Path, data: bytes) -> None:
    """A whole file, or none. Raises CannotWrite."""
    path = Path(path)
    with writing(path):
        try:
            path.write_bytes(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise


def write_whole(path: str | Path, data: bytes) -> None:
    """Replace a file by another: whoever reads it, whenever anything is killed, finds the old one or the new one whole.

    Raises CannotWrite; the old one then stays.
    """
    path = Path(path)
    new = path.with_name(f"{path.name}.new")
    with writing(path):
        try:
            with new.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())     # its bytes before its name: a power cut must not leave an empty file
            os.replace(new, path)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def _move_in(bench: Path, folder: Path) -> None:
    """Move every file from `bench` to `folder`; when one cannot be moved, those that were are taken back."""
    files = sorted(bench.iterdir())
    for file in files:
        with file.open("rb+") as handle:        # on the disk before it has its name: a crash leaves all of it or none
            os.fsync(handle.fileno())
    moved = []
    try:
        for file in files:
            os.replace(file, folder / file.name)
            moved.append(folder / file.name)
    except OSError:
        for file in moved:
            file.unlink(missing_ok=True)
        raise
