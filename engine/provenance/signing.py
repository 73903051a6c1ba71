"""Signing: content credentials put into a file that is finished, in its place.

    boat.mp4 -> a hidden file beside it, signed, read back, verified -> boat.mp4

Whoever looks, whenever anything is killed, finds the old file or the signed one. The pictures are not touched: they are copied
as they are. Memory does not grow with the film. Knows files. What is said in them is `saying`'s.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import BadMedia, BadRequest
from engine.media.kinds import shown
from engine.media.writing import workshop, writing
from engine.provenance import reading, saying
from engine.provenance.extra import carries, context, kind_of, library
from engine.provenance.keys import Key
from engine.provenance.saying import Ingredient, Told
from engine.recipe.value import Recipe

LARGE = 64 << 20        # bytes of a film from which on it is hashed in parts
PART = 16 << 10         # of them, in KB


def sign_take(path: str | Path, recipe: Recipe, key: Key, places: Mapping[str, Path] | None = None, prompt: bool = True, title: str = "") -> None:
    """Put credentials into a take's film or picture: what made it, and what it was made from.

    places    where inputs lie now, by their hash, if not where the recipe says
    prompt    whether the words are told; the recipe that the file carries besides has them all the same
    title     what it is called; "" is the file's name

    Raises BadMedia for a kind of file that cannot carry them, BadRequest for one that has some already, a key that does not do
    or a missing library, CannotWrite. Then the file is as it was.
    """
    kind_of(path)
    _sign([Path(path)], saying.of_take(recipe, places, prompt), key, title)


def sign_cut(path: str | Path, ingredients: Sequence[Ingredient], key: Key, facts: Mapping[str, Any] | None = None, source: str = "", prompt: bool = True) -> None:
    """The same for the file of a rendered cut, or a folder of its pictures, of which each is signed, or none.

    facts     of the cut, any JSON: its name, its rate
    source    the IPTC's address for what kind of source it is; "" is found out from the ingredients
    """
    path = Path(path)
    files = sorted(one for one in path.iterdir() if not one.name.startswith(".") and one.is_file() and carries(one)) if path.is_dir() else [path]
    if not files:
        raise BadMedia(f"There is nothing in {shown(path)} that could carry content credentials.")
    kind_of(files[0])
    _sign(files, saying.of_cut(ingredients, facts or {}, source, prompt), key)


def _sign(files: list[Path], told: Told, key: Key, title: str = "") -> None:
    for path in files:
        if reading.store(path) is not None:
            raise BadRequest(f"{shown(path)} has content credentials already; what is signed is not signed over.")
    with workshop(files[0].parent) as bench:
        for path in files:
            _signed(path, bench / path.name, told, key, title or path.name)
            shutil.copymode(path, bench / path.name)


def _signed(path: Path, new: Path, told: Told, key: Key, title: str) -> None:
    c2pa, kind, large = library(), kind_of(path), path.stat().st_size > LARGE
    for parts in ((PART, 0) if large else (0,)):        # in parts only what has its film in one piece comes out right
        core = {"core": {"merkle_tree_chunk_size_in_kb": parts}} if parts else {}
        with writing(path), path.open("rb") as source, new.open("w+b") as target:
            watched = Watched(target)
            try:
                signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(key.algorithm.encode(), key.certificates, key.private, None))
                with signer, _builder(told, title, core) as builder:
                    builder.sign(signer, kind, source, watched)
            except c2pa.C2paError as error:
                raise watched.trouble or _system(error) or _refused(error, path, key) from error
        if (found := reading.read(new)) is not None and found.state != reading.BROKEN:
            return
    raise BadMedia(f"{shown(path)} did not come out right when it was signed, and stays as it was: {'; '.join(found.problems) if found else 'nothing was written'}.")


def _builder(told: Told, title: str, core: dict) -> Any:
    builder = library().Builder(told.manifest(title), context=context(**core))
    for at, one in enumerate(told.ingredients):
        facts = saying.told_of(one, saying.label(at))
        if one.thumbnail is not None and one.thumbnail.is_file():
            facts["thumbnail"] = {"format": "image/jpeg", "identifier": f"thumbnail-{at + 1}.jpg"}
            with one.thumbnail.open("rb") as file:
                builder.add_resource(facts["thumbnail"]["identifier"], file)
        _add(builder, facts, one.path)
    return builder


def _add(builder: Any, facts: dict, path: Path | None) -> None:
    """With the credentials that it has itself; of a file that is not there, or that the library cannot look into, only the name."""
    if path is not None and (kind := carries(path)):
        try:
            with path.open("rb") as file:
                builder.add_ingredient(facts, kind, file)
            return
        except library().C2paError:         # damaged; it was good enough to make film from
            pass
    builder.add_ingredient(facts, "application/octet-stream", io.BytesIO(b""))


class Watched:
    """A file whose trouble is remembered: the library only says that there was some."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.trouble: OSError | None = None
        self.read, self.seek, self.tell = file.read, file.seek, file.tell

    def write(self, data: bytes) -> int:
        """Write, or remember why not."""
        try:
            return self.file.write(data)
        except OSError as error:
            self.trouble = error
            raise

    def flush(self) -> None:
        """The same for what is still on its way."""
        try:
            self.file.flush()
        except OSError as error:
            self.trouble = error
            raise


def _system(error: Exception) -> OSError | None:
    """What the system said against it, when the library passes that on."""
    found = re.search(r"os error (\d+)", str(error))
    return OSError(int(found[1]), str(error)[:200]) if found else None


def _refused(error: Exception, path: Path, key: Key) -> Exception:
    text = str(error).replace("\n", " ").strip()
    if "signingCredential" in text or "ertificate" in text or "ignature" in text:
        return BadRequest(f"The certificate of {key.path.name} does not do for content credentials ({text[:200]}): it is to be of a kind that may sign mail, documents or claims of C2PA.")
    return BadMedia(f"{shown(path)} cannot be signed: {text[:200]}.")
