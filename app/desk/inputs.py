"""Inputs: what a person brings to make film of, kept in the project. Knows files; decides nothing about film."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import BadRequest
from engine.library.database import says_why

if TYPE_CHECKING:
    from app.desk.desk import Desk


LONGEST = 1920                              # pixels along one side of a kept picture: as long as a film's can be
KEPT = re.compile(r"[0-9a-f]{32}\.png")


class Inputs:
    """Pictures that were brought."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk

    def keep(self, data: bytes) -> dict:
        """Check a picture that was sent and keep it in the project, as PNG under the hash of its bytes.

        It is kept upright, without what a phone wrote into it, and no larger than a film can be: any browser can show
        it, and no place or name travels with the film. Returns `{name, width, height}`.
        Raises BadMedia with a sentence when it is none, or too big; CannotWrite.
        """
        from PIL import Image

        from engine.media import read_picture, write_picture

        folder = self.desk.library.folder / "inputs"
        bench = folder / f".{secrets.token_hex(8)}"
        with says_why(folder):
            bench.mkdir(parents=True)
        try:
            sent = bench / "Your picture"       # the name is read aloud in errors
            with says_why(sent):
                sent.write_bytes(data)
            picture = read_picture(sent)
            if max(picture.shape[:2]) > LONGEST:
                small = Image.fromarray(picture)
                small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
                picture = np.asarray(small)
            kept = bench / "kept.png"
            write_picture(kept, picture)
            name = hashlib.sha256(kept.read_bytes()).hexdigest()[:32] + ".png"
            with says_why(folder):
                os.replace(kept, folder / name)
        finally:
            shutil.rmtree(bench, ignore_errors=True)
        return {"name": name, "width": picture.shape[1], "height": picture.shape[0]}

    def picture(self, name: str) -> Path:
        """The file of a kept picture. Raises BadRequest for anything else."""
        path = self.desk.library.folder / "inputs" / name
        if not KEPT.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise BadRequest("That starting picture is not here any more; choose it again.")
        return path
