"""What happens to a file when it is shared: copied by ffmpeg, stripped by a service, encoded again."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import imageio_ffmpeg


def ffmpeg(*arguments: object) -> None:
    """The real program, as people and services call it."""
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", "-v", "error", *map(str, arguments)], check=True, timeout=120)


def copied(path: Path, to: Path) -> Path:
    """ffmpeg -c copy: another container around the same pixels."""
    ffmpeg("-i", path, "-c", "copy", to)
    return to


def encoded_again(path: Path, to: Path) -> Path:
    """Encoded again with what ffmpeg takes by default for that name."""
    ffmpeg("-i", path, to)
    return to


def cleaned(path: Path, to: Path) -> Path:
    """ffmpeg -map_metadata -1: somebody does not want anything to be said."""
    ffmpeg("-i", path, "-c", "copy", "-map_metadata", "-1", "-fflags", "+bitexact", to)
    return to


def without_box(path: Path, to: Path, *way: bytes) -> Path:
    """An MP4 or MOV file whose box at `way` is overwritten as free room, so that no offset in it changes: what Discord does."""
    data = bytearray(path.read_bytes())
    start, stop = 0, len(data)
    found = False
    for depth, wanted in enumerate(way):
        at, found = start, False
        while at + 8 <= stop:
            size, kind = struct.unpack_from(">I4s", data, at)
            if kind == wanted:
                if depth == len(way) - 1:
                    data[at + 4:at + 8] = b"free"
                    data[at + 8:at + size] = bytes(size - 8)
                start, stop, found = at + 8, at + size, True
                break
            at += size
        assert found, f"no {wanted} in {way}"
    to.write_bytes(data)
    return to
