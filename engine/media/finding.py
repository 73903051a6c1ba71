"""Finding: the recipe that a file carries, from whichever carrier is left.

Reads boxes, chunks and tags itself, a few bytes of each: no decoder is involved, damaged and cut-short files give what
they still have, and a file made to mislead costs at most `STEPS` steps and `LIMIT` bytes.
Knows where `carriers` puts recipes, and where other programs move them. What is found is untrusted text.
"""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.media.carriers import SPACE, XMP_BOX, XMP_CHUNK, XMP_EXTENSION, XMP_SEGMENT
from engine.media.kinds import FILM_FILE, head

LIMIT = 1_000_000       # bytes of one carrier that are read
ITSELF = "the file itself"
STEPS = 200_000         # boxes, chunks or tags that are looked at

INSIDE = (b"moov", b"udta", b"ilst", b"\xa9cmt", b"trak")      # boxes of boxes
# Matroska's numbers, with their length bits.
SEGMENT, TAGS, TAG, SIMPLE, NAME, STRING, CLUSTER = 0x18538067, 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487, 0x1F43B675


@dataclass(frozen=True)
class Carried:
    """A recipe's JSON, and where in the file it was."""

    text: str
    carrier: str            # in words: "the container's comment"


def carriers_of(path: str | Path) -> list[Carried]:
    """Every recipe that a file carries, the first carrier first. Raises BadMedia for a file that cannot be read at all."""
    first = head(path, FILM_FILE)
    with open(path, "rb") as file:
        found = list(_walk(file, first))
    return [one for one in found if one.text.lstrip().startswith("{")]


def carried(path: str | Path) -> str | None:
    """The JSON of the recipe that a film or picture carries, from whichever carrier is left; None when there is none.

    What is found is untrusted text: `engine.recipe.from_json` decides whether it is a recipe. Raises BadMedia for a file
    that is missing, empty or no ordinary file.
    """
    return next((one.text for one in carriers_of(path)), None)


def _walk(file: BinaryIO, first: bytes) -> Iterator[Carried]:
    try:
        if first.startswith(b"\x89PNG\r\n\x1a\n"):
            yield from _png(file)
        elif first.startswith(b"\xff\xd8\xff"):
            yield from _jpeg(file)
        elif first[:6] in (b"GIF87a", b"GIF89a"):
            yield from _gif(file)
        elif first.startswith(b"\x1aE\xdf\xa3"):
            yield from _matroska(file)
        elif first[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"uuid"):
            yield from _boxes(file)
        elif first.lstrip()[:1] == b"{":
            file.seek(0)
            yield Carried(file.read(LIMIT).decode("utf-8", "replace"), ITSELF)
        elif first[8:9] == b"{" and 0 < int.from_bytes(first[:8], "little") <= 10 * LIMIT:
            yield from _safetensors(file)
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, OSError, RecursionError):
        return                  # cut short or damaged: what came before counts


def _png(file: BinaryIO) -> Iterator[Carried]:
    file.seek(8)
    for _ in range(STEPS):
        size, kind = struct.unpack(">I4s", file.read(8))
        if kind in (b"tEXt", b"iTXt", b"zTXt") and size <= LIMIT:
            key, text = _chunk(kind, file.read(size))
            file.seek(4, 1)
            if key == XMP_CHUNK:
                yield from _xmp(text, "XMP in a text chunk")
            elif key.lower() in ("comment", "description"):
                yield Carried(text, "a text chunk")
        elif kind == b"IEND":
            return
        else:
            file.seek(size + 4, 1)


def _chunk(kind: bytes, data: bytes) -> tuple[str, str]:
    key, _, rest = data.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed, rest = rest[0] == 1, rest[2:].split(b"\0", 2)[2]
    elif packed:
        rest = rest[1:]
    if packed:
        rest = zlib.decompressobj().decompress(rest, LIMIT)      # at most that much: a bomb stays folded
    return key.decode("latin-1"), rest.decode("utf-8" if kind == b"iTXt" else "latin-1", "replace")


def _jpeg(file: BinaryIO) -> Iterator[Carried]:
    file.seek(2)
    for _ in range(STEPS):
        mark, kind, size = struct.unpack(">BBH", file.read(4))
        if mark != 0xFF or kind in (0xDA, 0xD9):        # pixels, or the end
            return
        data = file.read(size - 2)
        if kind == 0xE1 and data.startswith(XMP_SEGMENT):
            yield from _xmp(data[len(XMP_SEGMENT):].decode("utf-8", "replace"), "XMP in the picture's head")
        elif kind == 0xFE:
            yield Carried(data.decode("utf-8", "replace"), "the picture's comment")


def _gif(file: BinaryIO) -> Iterator[Carried]:
    file.seek(10)
    flags = file.read(3)[0]
    file.seek(3 << (flags & 7) + 1 if flags & 0x80 else 0, 1)
    for _ in range(STEPS):
        kind = file.read(1)
        if kind == b"\x2c":
            flags = file.read(9)[8]
            file.seek((3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1, 1)
            _blocks(file, keep=False)
        elif kind == b"\x21":
            label = file.read(1)
            if label == b"\xff" and file.read(file.read(1)[0]) == XMP_EXTENSION:
                yield from _xmp(_magic(file), "XMP in an application extension")
                continue
            data = _blocks(file, keep=label == b"\xfe")
            if label == b"\xfe":
                yield Carried(data.decode("utf-8", "replace"), "the film's comment")
        else:
            return


def _blocks(file: BinaryIO, keep: bool) -> bytes:
    out = []
    for _ in range(STEPS):
        size = file.read(1)[0]
        if size == 0:
            break
        data = file.read(size)
        if keep and len(out) < LIMIT // 255:
            out.append(data)
    return b"".join(out)


def _magic(file: BinaryIO) -> str:
    """An XMP packet that is not cut into blocks, up to the lengths that end it."""
    start = file.tell()
    data = file.read(LIMIT)
    end = data.index(b"\x01\xff\xfe\xfd\xfc")
    file.seek(start + end + 258)
    return data[:end].decode("utf-8", "replace")


def _boxes(file: BinaryIO) -> Iterator[Carried]:
    """An MP4 or MOV file: comments wherever they stand in the tree, XMP in a box or in QuickTime's user data."""
    end = file.seek(0, 2)
    later = []
    for path, start, stop in _tree(file, 0, end, (), [0]):
        kind = path[-1]
        if kind == b"data" and path[-2:-1] == (b"\xa9cmt",):
            yield Carried(_read(file, start + 8, stop).decode("utf-8", "replace"), "the container's comment")
        elif kind == b"\xa9cmt" and path[-2:-1] == (b"udta",):      # QuickTime's own: a length and a language before it
            data = _read(file, start, stop)
            text = data[4:4 + struct.unpack(">H", data[:2])[0]]
            yield Carried(text.decode("utf-8", "replace"), "the container's comment")
        elif kind == b"uuid" and _read(file, start, min(stop, start + 16)) == XMP_BOX:
            later += _xmp(_read(file, start + 16, stop).decode("utf-8", "replace"), "XMP in a box of its own")
        elif kind == b"XMP_":
            later += _xmp(_read(file, start, stop).decode("utf-8", "replace"), "XMP in the user data")
    yield from later


def _tree(file: BinaryIO, at: int, end: int, above: tuple[bytes, ...], steps: list[int]) -> Iterator[tuple]:
    """Every box between two places, with those around it, as (kinds, start, stop) of what is in it."""
    while at + 8 <= end and steps[0] < STEPS:
        steps[0] += 1
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        inner = 8
        if size == 1:                   # a 64-bit size follows
            size, inner = int.from_bytes(file.read(8), "big"), 16
        size = size or end - at         # 0: up to the end of the file
        if size < inner or at + size > end:
            return
        start, stop = at + inner, at + size
        if kind == b"\xa9cmt" and above[-1:] == (b"udta",):
            yield (*above, kind), start, stop
        elif kind in INSIDE and len(above) < 8:
            yield from _tree(file, start, stop, (*above, kind), steps)
        elif kind == b"meta" and len(above) < 8:        # four bytes before its boxes in MP4, none in QuickTime
            file.seek(start + 4)
            yield from _tree(file, start + (0 if file.read(4) == b"hdlr" else 4), stop, (*above, kind), steps)
        else:
            yield (*above, kind), start, stop
        at = stop


def _read(file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(max(0, min(stop - start, LIMIT)))


def _matroska(file: BinaryIO) -> Iterator[Carried]:
    """WebM and Matroska: tags called COMMENT or DESCRIPTION, before the film or behind it."""
    end = file.seek(0, 2)
    file.seek(0)
    name = ""
    for _ in range(STEPS):
        if file.tell() >= end:
            return
        number, size = _number(file, keep=True), _number(file, keep=False)
        if number in (SEGMENT, TAGS, TAG, SIMPLE) or (size < 0 and number == CLUSTER):
            continue        # go in; whatever follows is told apart by its number alone
        if size < 0:
            return
        if number == NAME and size <= 255:
            name = file.read(size).decode("utf-8", "replace")
        elif number == STRING and size <= LIMIT:
            text = file.read(size).decode("utf-8", "replace")
            if name.upper() in ("COMMENT", "DESCRIPTION"):
                yield Carried(text, "a tag of the container")
        else:
            file.seek(size, 1)


def _number(file: BinaryIO, keep: bool) -> int:
    """One of EBML's numbers, its length said by the leading zeros of its first byte; all ones means unknown, -1."""
    first = file.read(1)[0]
    length = 9 - first.bit_length()
    if length > 8:
        raise ValueError("no such number")
    value = int.from_bytes(bytes([first]) + file.read(length - 1), "big")
    if keep:
        return value
    value &= (1 << 7 * length) - 1
    return -1 if value == (1 << 7 * length) - 1 else value


def _safetensors(file: BinaryIO) -> Iterator[Carried]:
    file.seek(0)
    size = int.from_bytes(file.read(8), "little")
    notes = json.loads(file.read(size)).get("__metadata__", {})
    if isinstance(notes.get("recipe"), str):
        yield Carried(notes["recipe"], "the head of the latents")


def _xmp(packet: str, carrier: str) -> list[Carried]:
    if "<!" in packet:          # no document types or entities: nothing that could expand
        return []
    try:
        root = ElementTree.fromstring(packet)
    except ElementTree.ParseError:
        return []
    return [Carried(element.attrib[f"{{{SPACE}}}recipe"], carrier) for element in root.iter()
            if f"{{{SPACE}}}recipe" in element.attrib]
