"""Pictures: one picture in and out of a file.

A picture is a numpy array (H, W, 3) uint8, sRGB, upright. Knows what can be wrong with a file that says it is one.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from engine import memory
from engine.errors import BadMedia
from engine.media import carriers
from engine.media.apart import ask
from engine.media.kinds import PICTURE_WORDS, PICTURES, PIXELS, head, looks_like
from engine.media.writing import write_bytes

MOMENT = "Cineloom moment"          # the keyword of a text in a PNG: a take's id and a number
SAID = re.compile(rb"iTXt" + MOMENT.encode() + rb"\0{5}([a-z0-9]{1,40}) (\d{1,9})(?!\d)")


def read_picture(path: str | Path) -> np.ndarray:
    """A picture from a file: (H, W, 3) uint8, turned as its camera held it, transparency on white, colours in sRGB.

    Goes by what is in the file, not by its name. Of a moving picture it is the first one. Decoded apart, see `apart`.
    Raises BadMedia for a file that is missing, empty, truncated, no picture, or too large to be decoded.
    """
    head(path)
    return next(ask("picture", path))[1]


def picture_size(path: str | Path) -> tuple[int, int]:
    """(width, height) as it will be seen, from the file's head alone. Raises BadMedia like `read_picture`."""
    head(path)
    said, _ = next(ask("size", path))
    return said["width"], said["height"]


def seen(file, name: str) -> Iterator[tuple[dict, np.ndarray]]:
    """`read_picture`, as a job of `cell`."""
    with _Opened(file, name) as image:
        picture = _upright(image)
    yield {}, picture


def measured(file, name: str) -> Iterator[tuple[dict, None]]:
    """`picture_size`, as a job of `cell`."""
    with _Opened(file, name) as image:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    yield {"width": height if turned else width, "height": width if turned else height}, None


def fit_picture(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture at exactly this size: scaled until it covers it, what is left over cropped evenly."""
    if picture.shape[:2] == (height, width):
        return picture
    fitted = ImageOps.fit(Image.fromarray(picture), (width, height), Image.Resampling.LANCZOS)
    return np.asarray(fitted).copy()


def write_picture(path: str | Path, picture: np.ndarray, recipe: str = "", moment: tuple[str, int] | None = None,
                  source: str = carriers.SOURCE) -> None:
    """A picture as PNG or, by the file's name, JPEG, with its recipe's JSON in it; a PNG also with the take and the number of
    the picture of it that this is, see `moment_of`. Raises CannotWrite."""
    path, encoded = Path(path), io.BytesIO()
    if path.suffix.lower() in (".jpg", ".jpeg"):
        packet = carriers.segment(recipe, source) if recipe else None
        encoded.write(jpeg(picture, **({"xmp": packet} if packet else {})))
    else:
        image = Image.fromarray(picture)
        chunks = PngImagePlugin.PngInfo()
        if moment:
            chunks.add_itxt(MOMENT, f"{moment[0]} {moment[1]}")
        if recipe:
            chunks.add_itxt("Comment", recipe)
            chunks.add_itxt(carriers.XMP_CHUNK, carriers.xmp(recipe, source))
        image.save(encoded, "PNG", pnginfo=chunks)
    write_bytes(path, encoded.getvalue())


def jpeg(picture: np.ndarray, **more) -> bytes:
    """A picture (H, W, 3) as a JPEG with all of its colour; `more` goes to Pillow."""
    options, encoded = {"quality": 90, "subsampling": 0} | more, io.BytesIO()
    try:
        Image.fromarray(picture).save(encoded, "JPEG", optimize=True, **options)
    except OSError:         # an optimised file has to fit into one byte a pixel (Pillow's buffer): grain, leaves and noise do not
        encoded = io.BytesIO()
        Image.fromarray(picture).save(encoded, "JPEG", **options)
    return encoded.getvalue()


def moment_of(path: str | Path) -> tuple[str, int] | None:
    """Of which take, and which picture of it, a picture was kept; None where its file does not say so, right at its beginning."""
    try:
        with open(path, "rb") as file:
            found = SAID.search(file.read(1024))
    except OSError:
        return None
    return (found[1].decode(), int(found[2])) if found else None


class _Opened:
    """An image file opened and within its limits, pixels not yet decoded; whatever goes wrong becomes BadMedia."""

    def __init__(self, file, name: str):
        self.file, self.name = file, name

    def __enter__(self) -> Image.Image:
        self.file.seek(0)
        self.first = self.file.read(64)
        self.file.seek(0)
        try:
            # Only the header is read here. Pillow's own alarm at huge sizes is silenced, ours comes next.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.image = Image.open(self.file, formats=PICTURES)
        except Exception as error:
            raise self._sentence(error) from error
        width, height = self.image.size
        if width * height > PIXELS:
            self.image.close()
            raise BadMedia(f"{self.name} unfolds to {width:,} x {height:,} pixels, "
                           f"{memory.words(3 * width * height)}; pictures of up to {PIXELS // 10**6} million pixels are "
                           "read. Make it smaller first.")
        return self.image

    def __exit__(self, kind, error, trace) -> None:
        self.image.close()
        if isinstance(error, Exception) and not isinstance(error, (BadMedia, MemoryError)):
            raise self._sentence(error) from error

    def _sentence(self, error: Exception) -> BadMedia:
        """Pillow and its decoders raise a dozen kinds (OSError, SyntaxError, ValueError, struct.error, ...)."""
        if isinstance(error, Image.DecompressionBombError):
            return BadMedia(f"{self.name} unfolds to far more pixels than a picture has; pictures of up to "
                            f"{PIXELS // 10**6} million pixels are read.")
        found = looks_like(self.first)
        if found is None:
            return BadMedia(f"{self.name} is damaged or cut short: it cannot be read to its end.")
        return BadMedia(f"{self.name} is {found}, not a picture that can be read ({PICTURE_WORDS}).")


def _upright(image: Image.Image) -> np.ndarray:
    icc = image.info.get("icc_profile")
    image.load()
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:       # a broken note about the camera does not spoil the picture
        pass
    if image.mode.startswith("I") or image.mode == "F":     # 16 bits and more: Pillow itself would cut, not scale
        return _eight_bits(np.asarray(image))
    if "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if icc and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:                # phones save in wider colour spaces; taken as sRGB they look pale
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            image = ImageCms.profileToProfile(image.convert("RGB") if image.mode == "RGBA" else image, source,
                                              ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass            # a broken profile: as if there were none
    return np.asarray(image.convert("RGB")).copy()


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Grey in 16 bits, or a fraction of 1, to (H, W, 3) uint8."""
    values = values.astype(np.float64)
    if not np.isfinite(values).all() or values.min() < 0:
        raise ValueError("grey values below 0 or without a number")
    top = 1.0 if values.max() <= 1 and not (values == np.round(values)).all() else 65535.0
    grey = np.clip(np.round(values / top * 255), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)
