"""Pictures: one picture in and out of a file.

A picture is a numpy array (H, W, 3) uint8, sRGB, upright. Knows what can be wrong with a file that says it is one.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from engine import memory
from engine.errors import BadMedia
from engine.media import carriers
from engine.media.writing import write_bytes

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")        # "JPEG" opens the MPO of many phones too
PIXELS = 120_000_000        # the largest phone cameras have 108 million; decoded, this is 360 MB
FILE = 500_000_000          # bytes
WORDS = "PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF"


def read_picture(path: str | Path) -> np.ndarray:
    """A picture from a file: (H, W, 3) uint8, turned as its camera held it, transparency on white, colours in sRGB.

    Goes by what is in the file, not by its name. Of a moving picture it is the first one.
    Raises BadMedia for a file that is missing, empty, truncated, no picture, or too large to be decoded.
    """
    path = Path(path)
    with _Opened(path) as image:
        return _upright(image)


def picture_size(path: str | Path) -> tuple[int, int]:
    """(width, height) as it will be seen, from the file's head alone. Raises BadMedia like `read_picture`."""
    with _Opened(Path(path)) as image:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        return (height, width) if turned else (width, height)


def fit_picture(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture at exactly this size: scaled until it covers it, what is left over cropped evenly."""
    if picture.shape[:2] == (height, width):
        return picture
    fitted = ImageOps.fit(Image.fromarray(picture), (width, height), Image.Resampling.LANCZOS)
    return np.asarray(fitted).copy()


def write_picture(path: str | Path, picture: np.ndarray, recipe: str = "") -> None:
    """A picture as PNG, with its recipe's JSON in it; or as JPEG, by the file's name. Raises CannotWrite."""
    path, encoded = Path(path), io.BytesIO()
    image = Image.fromarray(picture)
    if path.suffix.lower() in (".jpg", ".jpeg"):
        image.save(encoded, "JPEG", quality=90, subsampling=0, optimize=True)
    else:
        chunks = PngImagePlugin.PngInfo()
        if recipe:
            chunks.add_itxt("Comment", recipe)
            chunks.add_itxt(carriers.XMP_CHUNK, carriers.xmp(recipe))
        image.save(encoded, "PNG", pnginfo=chunks)
    write_bytes(path, encoded.getvalue())


def text_chunks(path: Path) -> dict[str, str]:
    """The text in a PNG file. Raises BadMedia."""
    with _Opened(path) as image:
        image.load()        # chunks may follow the pixels
        return {key: str(value) for key, value in getattr(image, "text", {}).items()}


def is_png(path: Path) -> bool:
    """By its first bytes. Raises BadMedia for a file that cannot be read."""
    return _head(path).startswith(b"\x89PNG\r\n\x1a\n")


class _Opened:
    """An image file opened and within its limits, pixels not yet decoded; whatever goes wrong becomes BadMedia."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> Image.Image:
        head = _head(self.path)
        try:
            # Only the header is read here. Pillow's own alarm at huge sizes is silenced, ours comes next.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.image = Image.open(self.path, formats=FORMATS)
        except Exception as error:
            raise self._sentence(error, head) from error
        width, height = self.image.size
        if width * height > PIXELS:
            self.image.close()
            raise BadMedia(f"{self.path.name} unfolds to {width:,} x {height:,} pixels, "
                           f"{memory.words(3 * width * height)}; pictures of up to {PIXELS // 10**6} million pixels are "
                           "read. Make it smaller first.")
        return self.image

    def __exit__(self, kind, error, trace) -> None:
        self.image.close()
        if isinstance(error, Exception) and not isinstance(error, BadMedia):
            raise self._sentence(error, _head(self.path)) from error

    def _sentence(self, error: Exception, head: bytes) -> BadMedia:
        """Pillow and its decoders raise a dozen kinds (OSError, SyntaxError, ValueError, struct.error, ...)."""
        if isinstance(error, Image.DecompressionBombError):
            return BadMedia(f"{self.path.name} unfolds to far more pixels than a picture has; pictures of up to "
                            f"{PIXELS // 10**6} million pixels are read.")
        found = _looks_like(head)
        if found is None:
            return BadMedia(f"{self.path.name} is damaged or cut short: it cannot be read to its end.")
        return BadMedia(f"{self.path.name} is {found}, not a picture that can be read ({WORDS}).")


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise BadMedia(f"{path} is a folder, not a file.")
        if path.exists() and not path.is_file():
            raise BadMedia(f"{path} is no ordinary file.")
        size = path.stat().st_size
        if not 0 < size <= FILE:
            raise BadMedia(f"{path.name} is empty." if size == 0 else
                           f"{path.name} has {memory.words(size)}; files of up to {memory.words(FILE)} are read.")
        with path.open("rb") as file:
            return file.read(64)
    except FileNotFoundError as error:
        raise BadMedia(f"There is no file at {path}.") from error
    except (OSError, ValueError) as error:
        raise BadMedia(f"{str(path)!r:.200} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _looks_like(head: bytes) -> str | None:
    """What a file that is no picture is, by its first bytes; None when it begins as a picture does."""
    if head[:8] == b"\x89PNG\r\n\x1a\n" or head[:3] in (b"\xff\xd8\xff", b"GIF") or head[:2] == b"BM" \
            or head[:4] in (b"II*\0", b"MM\0*") or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") \
            or (head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis")):
        return None
    if head[4:8] == b"ftyp":
        return "a HEIC picture" if head[8:12] in (b"heic", b"heix", b"mif1", b"hevc") else "a film (MP4)"
    for start, name in ((b"\x1aE\xdf\xa3", "a film (WebM or Matroska)"), (b"%PDF", "a PDF document"), (b"PK", "a ZIP archive"),
                        (b"\x1f\x8b", "a gzip archive"), (b"<svg", "an SVG drawing"), (b"<?xml", "an XML document"),
                        (b"<!DOC", "a web page"), (b"<html", "a web page"), (b"8BPS", "a Photoshop document")):
        if head.lstrip().startswith(start):
            return name
    return "text" if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head) else "something else"


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
