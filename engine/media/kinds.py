"""Kinds: what a file is by its first bytes, and which kinds are read at all.

A file is what its bytes say, never what its name says. Whatever is not in these lists is not opened: playlists (HLS, DASH,
concat, SDP), subtitles, numbered pictures, raw streams and devices could all make a reader open other files or sockets.
Knows lists, limits and first bytes. Decodes nothing.
"""

from __future__ import annotations

import stat
from pathlib import Path

from engine import memory
from engine.errors import BadMedia

PICTURES = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")       # to Pillow; "JPEG" opens the MPO of many phones too
PICTURE_WORDS = "PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF"
PIXELS = 120_000_000        # of a picture: the largest phone cameras have 108 million; decoded, this is 360 MB
FILE = 500_000_000          # bytes of a picture

FILM_WORDS = "MP4, MOV, WebM, Matroska, AVI, MPEG-TS, GIF, or an animated PNG or WebP"
CODECS = frozenset({        # by FFmpeg's names: what cameras, phones, browsers and editors write
    "h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg",
    "prores", "dnxhd", "ffv1", "qtrle", "png", "apng", "gif", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "dvvideo", "h263"})
SIDE = 8192                 # pixels of a film's width or height
FILM_PIXELS = 40_000_000    # of each of its pictures: 8K has 33 million
FILM_FILE = 200_000_000_000     # bytes
FILM_PICTURES = 500_000     # two hours at 60 a second; a GIF of some megabytes can hold millions
FILM_SECONDS = 6 * 3600.0
HEAD = 4096                 # bytes that are looked at
STILLS = (b"avif", b"avis", b"heic", b"heix", b"mif1")      # brands of pictures in the boxes of films


def shown(path: str | Path) -> str:
    """A file's name for a sentence: one line, at most 120 characters, nothing in it that moves a terminal's text."""
    name = Path(path).name or str(path)
    return "".join(char if char.isprintable() else "?" for char in name)[:120]


def head(path: str | Path, most: int = FILE) -> bytes:
    """The first bytes of an ordinary file. Raises BadMedia for one that is missing, empty, larger than `most` bytes, a
    folder, a pipe or a device."""
    path = Path(path)
    place = "".join(char if char.isprintable() else "?" for char in str(path))[-200:]
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise BadMedia(f"{place} is a folder, not a file.")
        if not stat.S_ISREG(found.st_mode):
            raise BadMedia(f"{place} is no ordinary file.")
        if not 0 < found.st_size <= most:
            raise BadMedia(f"{shown(path)} is empty." if found.st_size == 0 else
                           f"{shown(path)} has {memory.words(found.st_size)}; files of up to {memory.words(most)} are read.")
        with path.open("rb") as file:
            return file.read(HEAD)
    except FileNotFoundError as error:
        raise BadMedia(f"There is no file at {place}.") from error
    except (OSError, ValueError) as error:
        raise BadMedia(f"{place} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def film_kind(first: bytes) -> str | None:
    """Which of the known containers begins like this, by FFmpeg's name for it ("webp" is Pillow's); None for none."""
    if first[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot") and first[8:12] not in STILLS:
        return "mov"
    if first.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if first[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if first[:4] == b"RIFF" and first[8:12] == b"AVI ":
        return "avi"
    if first[:4] == b"RIFF" and first[8:16] == b"WEBPVP8X" and len(first) > 20 and first[20] & 2:
        return "webp"
    if first.startswith(b"\x89PNG\r\n\x1a\n") and b"acTL" in first.partition(b"IDAT")[0]:
        return "apng"
    for start, stride in ((0, 188), (4, 192)):          # transport stream, as broadcast and as camcorders keep it
        if len(first) > start + 4 * stride and all(first[start + stride * at] == 0x47 for at in range(5)):
            return "mpegts"
    return None


def looks_like(first: bytes) -> str | None:
    """What a file that is no picture is, in words; None when it begins as a picture does."""
    if first[:8] == b"\x89PNG\r\n\x1a\n" or first[:3] in (b"\xff\xd8\xff", b"GIF") or first[:2] == b"BM" \
            or first[:4] in (b"II*\0", b"MM\0*") or (first[:4] == b"RIFF" and first[8:12] == b"WEBP") \
            or (first[4:8] == b"ftyp" and first[8:12] in (b"avif", b"avis")):
        return None
    if first[4:8] == b"ftyp":
        return "a HEIC picture" if first[8:12] in (b"heic", b"heix", b"mif1", b"hevc") else "a film (MP4)"
    return _by_start(first)


def what_instead(first: bytes) -> str:
    """What a file that is no film is, in words."""
    if looks_like(first) is None:
        return "a single picture"
    return "a HEIC picture" if first[4:8] == b"ftyp" else _by_start(first)


def _by_start(first: bytes) -> str:
    for start, name in ((b"\x1aE\xdf\xa3", "a film (WebM or Matroska)"), (b"%PDF", "a PDF document"), (b"PK", "a ZIP archive"),
                        (b"\x1f\x8b", "a gzip archive"), (b"<svg", "an SVG drawing"), (b"<?xml", "an XML document"),
                        (b"<!DOC", "a web page"), (b"<html", "a web page"), (b"8BPS", "a Photoshop document"),
                        (b"#EXTM3U", "a playlist"), (b"ffconcat", "a list of other files"),
                        (b"v=0", "a description of a stream")):
        if first.lstrip().startswith(start):
            return name
    return "text" if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in first[:64]) else "something else"
