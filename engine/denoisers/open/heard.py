"""Heard: what a transformer hears of a prompt, kept on disk: a worker that starts again need not load what reads it, 11 GB of a
T5 for one sentence, nor run it.

    beside the models    .heard/<name>.safetensors    the name is a hash of who reads, in which numbers and where, and of the words

The words themselves are not written down. Bounded: what was not used for longest goes first. A file that cannot be read is
as none, and what cannot be written is not kept. Knows files. Knows no family.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.denoisers.open.rows import FACTS, Row, models_folder

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger("cineloom")
MOST = 500_000_000      # bytes in all: a hundred prompts of a large T5
READING = ("text_encoder", "tokenizer", "connectors")       # beginnings of the names of parts that read


class Heard:
    """What one reader has read.

    reader   whatever changes what is heard, but for the words
    most     bytes in all, of every reader's
    """

    def __init__(self, reader: str, most: int = MOST):
        self.reader, self.most, self.folder = reader, most, models_folder() / ".heard"

    @classmethod
    def of(cls, row: Row, *how: str) -> Heard | None:
        """That of a model, by the hashes of all parts that read; None where those are not known."""
        place = row.folder / FACTS if row.folder and (row.folder / FACTS).is_file() else models_folder() / f"{row.name}.json"
        try:
            files = json.loads(place.read_text())["files"]
            read = sorted(f"{name} {mark}" for name, mark in files.items() if name.startswith(READING))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return cls("\n".join([row.family, *how, *read])) if read else None

    def get(self, words: str) -> dict[str, Tensor | None] | None:
        """What is heard of a prompt, on the CPU, or None where it was not kept."""
        from safetensors import SafetensorError, safe_open

        path = self._path(words)
        try:
            with safe_open(path, framework="pt") as file:
                told: dict[str, Tensor | None] = dict.fromkeys(json.loads((file.metadata() or {})["none"]))
                told |= {name: file.get_tensor(name) for name in file.keys()}
            os.utime(path)
            return told
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return None

    def put(self, words: str, told: dict[str, Tensor | None]) -> None:
        """Keep what is heard of a prompt."""
        import torch
        from safetensors.torch import save

        from engine.errors import CineloomError
        from engine.media.writing import write_whole

        made = save({name: one.detach().cpu().clone(memory_format=torch.contiguous_format) for name, one in told.items() if one is not None},
                    {"none": json.dumps([name for name, one in told.items() if one is None])})
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._room(len(made)):
                write_whole(self._path(words), made)
        except (OSError, CineloomError) as error:
            log.info("What was read is not kept: %s", error)

    def _path(self, words: str) -> Path:
        name = hashlib.sha256("\n\n".join((self.reader, words)).encode()).hexdigest()
        return self.folder / f"{name}.safetensors"

    def _room(self, size: int) -> bool:
        """Let go of what was not used for longest until there is room; whether there is."""
        files = []
        for path in self.folder.glob("*.safetensors"):
            try:
                files.append((path.stat().st_mtime, path.stat().st_size, path))
            except OSError:                 # another worker has let it go
                continue
        total = sum(length for _, length, _ in files) + size
        for _, length, path in sorted(files) if size <= self.most else []:
            if total <= self.most:
                break
            path.unlink(missing_ok=True)
            total -= length
        return total <= self.most
