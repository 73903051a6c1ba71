"""Inputs: what a person brings to make film of, kept in the project: pictures, masks, films. Where each lies.

Knows files, and which of them a recipe may name; decides nothing about film.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.tasks.wishes import Still
from engine.errors import BadMedia, BadRequest
from engine.library import Take
from engine.library.database import says_why
from engine.recipe import Input

if TYPE_CHECKING:
    from app.desk.desk import Desk


LONGEST = 1920                              # pixels along one side of a kept picture: as long as a film's can be
KEPT = re.compile(r"[0-9a-f]{32}\.png")


class Inputs:
    """Pictures, masks and films that were brought, and takes as what others are made of."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk

    # ---- bringing

    def keep(self, data: bytes) -> dict:
        """Check a picture that was sent and keep it in the project, as PNG under the hash of its bytes.

        It is kept upright, without what a phone wrote into it, and no larger than a film can be: any browser can show
        it, and no place or name travels with the film. Returns `{name, width, height}`.
        Raises BadMedia with a sentence when it is none, or too big; CannotWrite.
        """
        from engine.media import read_picture

        with self._bench() as bench:
            sent = bench / "Your picture"       # the name is read aloud in errors
            with says_why(sent):
                sent.write_bytes(data)
            return self._keep(read_picture(sent), bench)

    def keep_file(self, path: Path) -> dict:
        """The same of a picture that lies on this machine."""
        from engine.media import read_picture

        with self._bench() as bench:
            return self._keep(read_picture(path), bench)

    def keep_moment(self, take: str, second: float) -> dict:
        """One picture of a take's film, kept as one that was brought; it says of which take it is. Returns and raises like `keep`."""
        picture, found = self.moment(take, second), self._take(take)
        number = 0 if found.pictures == 1 else min(round(second * found.rate), found.pictures - 1)
        with self._bench() as bench:
            return self._keep(picture, bench, (found.id, number))

    def _keep(self, picture: np.ndarray, bench: Path, moment: tuple[str, int] | None = None) -> dict:
        from PIL import Image

        from engine.media import write_picture

        if max(picture.shape[:2]) > LONGEST:
            small = Image.fromarray(picture)
            small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
            picture = np.asarray(small)
        kept = bench / "kept.png"
        write_picture(kept, picture, moment=moment)
        name = hashlib.sha256(kept.read_bytes()).hexdigest()[:32] + ".png"
        with says_why(self.folder):
            os.replace(kept, self.folder / name)
        return {"name": name, "width": picture.shape[1], "height": picture.shape[0]}

    @contextmanager
    def _bench(self) -> Iterator[Path]:
        """A hidden folder beside what is kept, gone at the end."""
        bench = self.folder / f".{secrets.token_hex(8)}"
        with says_why(self.folder):
            bench.mkdir(parents=True)
        try:
            yield bench
        finally:
            shutil.rmtree(bench, ignore_errors=True)

    # ---- looking

    @property
    def folder(self) -> Path:
        """Where it all lies."""
        return self.desk.library.folder / "inputs"

    def picture(self, name: str) -> Path:
        """The file of a kept picture. Raises BadRequest for anything else."""
        return self._kept(name, "That starting picture is not here any more; choose it again.")

    def moment(self, take: str, second: float) -> np.ndarray:
        """The picture of a take at a second, (H, W, 3) uint8: the last one, from its end on. Raises BadRequest, BadMedia."""
        from engine.media import read_film, read_picture

        found = self._take(take)
        if not 0 <= second < 1e6:
            raise BadRequest(f"A time in a film is 0 s or later; {second:g} s was asked.")
        if found.pictures == 1:
            return read_picture(found.file("film"))
        number, picture = round(second * found.rate), None
        for picture in read_film(found.file("film"), most=min(number, found.pictures - 1) + 1):
            pass
        if picture is None:
            raise BadMedia("The film of this take has no pictures.")
        return picture

    def moment_jpeg(self, take: str, second: float) -> bytes:
        """The same for a browser to show."""
        from PIL import Image

        out = io.BytesIO()
        Image.fromarray(self.moment(take, second)).save(out, "JPEG", quality=92)
        return out.getvalue()

    # ---- for recipes: see app.tasks.building.Finder and app.tasks.restoring.Knower

    def film(self, take: str) -> Path:
        """The film of a take; its latents are found beside it. Raises BadRequest for one that is not here."""
        return self._take(take).file("film")

    def still(self, still: Still, film: bool = False) -> Path:
        """A picture that was brought, or a take; one that moves only where a `film` will do as well. Raises BadRequest."""
        if not still.take:
            return self.picture(still.name)
        take = self._take(still.take)
        if take.pictures > 1 and not film:
            raise BadRequest("A picture is needed here and that take is a film; choose one of its pictures, or extend or edit the film.")
        return take.file("film")

    def mask(self, name: str) -> Path:
        """A mask that was kept. Raises BadRequest."""
        return self._kept(name, "That mask is not here any more; paint it again.")

    def known(self, item: Input) -> dict | None:
        """Which take, or which picture, a file of a recipe is: told by its name, wherever it lay."""
        path = Path(item.path.replace("\\", "/"))
        take = self.desk.library.take(path.stem) if path.parent.name in ("media", "latents") else None
        if take is not None:
            return {"take": take.id}
        return {"name": path.name} if KEPT.fullmatch(path.name) and (self.folder / path.name).is_file() else None

    def size(self, take: str) -> tuple[int, int] | None:
        """Width and height of a take, pixels."""
        found = self.desk.library.take(take)
        return (found.width, found.height) if found else None

    def _take(self, id: str) -> Take:
        take = self.desk.library.take(id)
        if take is None:
            raise BadRequest("That take is not in this project any more; choose another film.")
        if take.missing:
            raise BadRequest("The film of that take is missing from its folder; choose another.")
        return take

    def _kept(self, name: str, sentence: str) -> Path:
        path = self.folder / name
        if not KEPT.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise BadRequest(sentence)
        return path
