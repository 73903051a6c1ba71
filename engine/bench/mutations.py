"""Mutations: one file broken in many ways, each from (its bytes, chance, another file's bytes) to bytes.

Knows how containers are built, well enough to break them where it hurts. Knows nothing of who reads them.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEADS = (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\x1aE\xdf\xa3", b"\0\0\0\x18ftypisom", b"RIFF\xff\xff\xff\x7fAVI LIST",
         b"RIFF\x10\0\0\0WEBPVP8X\n\0\0\0\2", b"\xff\xd8\xff\xe0", b"BM", b"II*\0\x08\0\0\0", b"\0\0\0\x1cftypavif",
         (b"\x47" + bytes(187)) * 5)
# Matroska's elements that hold elements.
MASTERS = tuple(map(bytes.fromhex, ("18538067", "1654ae6b", "ae", "e0", "1f43b675", "1549a966", "1254c367", "a0")))

Part = tuple[int, int, int, int, int, int, int]
Other = Callable[[], bytes]


def truncated(data: bytes, chance: random.Random, other: Other) -> bytes:
    """Cut short, half of the time within its head."""
    return data[:chance.randrange(1, len(data) if chance.random() < 0.5 else min(len(data), 3000))]


def flipped(data: bytes, chance: random.Random, other: Other) -> bytes:
    """Some bits the other way, anywhere or in its head."""
    new, end = bytearray(data), len(data) if chance.random() < 0.6 else min(len(data), 2000)
    for _ in range(chance.choice((1, 3, 10, 100, 1000))):
        new[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(new)


def smeared(data: bytes, chance: random.Random, other: Other) -> bytes:
    """A stretch of zeros, ones or noise."""
    at = chance.randrange(len(data))
    length = min(len(data) - at, chance.choice((4, 64, 1000, 20_000)))
    fill = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
    return data[:at] + fill + data[at + length:]


def resized(data: bytes, chance: random.Random, other: Other) -> bytes:
    """The length of a box, chunk or element is a lie."""
    parts = structure(data)
    if not parts:
        return flipped(data, chance, other)
    at, size, width = chance.choice(parts)[:3]
    lie = chance.choice((0, 1, 7, 8, 15, 16, size - 1, size + 1, size * 2, size + chance.randrange(1 << 16), *NUMBERS))
    order = "little" if data[:4] == b"RIFF" else "big"
    return data[:at] + (lie & (1 << 8 * width) - 1).to_bytes(width, order) + data[at + width:]


def renumbered(data: bytes, chance: random.Random, other: Other) -> bytes:
    """Counts, sizes and times in the head are extreme."""
    parts = [part for part in structure(data) if 4 < part[4] - part[3] < 4000]
    new = bytearray(data)
    for _ in range(chance.choice((1, 2, 8))):
        start, stop = chance.choice(parts)[3:5] if parts else (8, min(len(data), 1000))
        width = chance.choice((1, 2, 4, 8))
        if stop - start > width:
            at = chance.randrange(start, stop - width)
            value = chance.choice(NUMBERS) << (chance.choice((0, 32)) if width == 8 else 0)
            new[at:at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "big")
    return bytes(new)


def shuffled(data: bytes, chance: random.Random, other: Other) -> bytes:
    """Boxes or chunks in another order, twice, or not at all."""
    parts = [part for part in structure(data) if part[5] == 0] or None
    if parts is None or len(parts) < 2:
        cut = sorted(chance.randrange(len(data)) for _ in range(3))
        pieces = [data[:cut[0]], data[cut[0]:cut[1]], data[cut[1]:cut[2]], data[cut[2]:]]
    else:
        edges = [part[6] for part in parts] + [len(data)]
        pieces = [data[:edges[0]], *(data[a:b] for a, b in zip(edges, edges[1:]))]
    first, rest = pieces[0], pieces[1:]
    act = chance.randrange(3)
    if act == 0:
        chance.shuffle(rest)
    elif act == 1:
        rest.insert(chance.randrange(len(rest) + 1), chance.choice(rest))
    else:
        rest.pop(chance.randrange(len(rest)))
    return first + b"".join(rest) or data[:1]


def deepened(data: bytes, chance: random.Random, other: Other) -> bytes:
    """An inner box is replaced by another one of the file, or by many around it."""
    parts = [part for part in structure(data) if part[4] - part[6] < 100_000]
    if len(parts) < 2:
        return smeared(data, chance, other)
    into, source = chance.choice(parts), chance.choice(parts)
    piece = data[source[6]:source[4]]
    if data[4:8] == b"ftyp" and chance.random() < 0.5:
        for _ in range(chance.choice((3, 50, 400))):
            kind = chance.choice((b"moov", b"trak", b"udta", b"meta", b"stsd"))
            piece = struct.pack(">I4s", 8 + len(piece), kind) + piece
    return data[:into[6]] + piece + data[into[4]:]


def spliced(data: bytes, chance: random.Random, other: Other) -> bytes:
    """The head of one file, the rest of another; or a piece of another in its middle."""
    more = other()
    if chance.random() < 0.5:
        return data[:chance.randrange(1, len(data))] + more[chance.randrange(len(more)):]
    at, start = chance.randrange(len(data)), chance.randrange(len(more))
    piece = more[start:start + chance.choice((16, 500, 20_000))]
    return data[:at] + piece + data[at + (len(piece) if chance.random() < 0.5 else 0):]


def disguised(data: bytes, chance: random.Random, other: Other) -> bytes:
    """It begins as another kind of file."""
    head = chance.choice((*HEADS, other()[:64]))
    return head + data[len(head) if chance.random() < 0.7 else 0:]


MUTATIONS = {one.__name__: one for one in (truncated, flipped, smeared, resized, renumbered, shuffled, deepened, spliced,
                                          disguised)}


# ---- how files are built

def structure(data: bytes) -> list[Part]:
    """Boxes, chunks or elements, each as (place of its length, length, bytes that say it, start and stop of what is in it,
    depth, where all of it begins)."""
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide"):
        return list(_boxes(data, 0, len(data), 0))
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return list(_chunks(data, 8, ">", 4, 4))
    if data[:4] == b"RIFF":
        return list(_chunks(data, 12, "<", 0, 0))
    if data[:4] == b"\x1aE\xdf\xa3":
        return list(_elements(data))
    return []


def _boxes(data: bytes, at: int, end: int, depth: int) -> Iterator:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > end:
            return
        yield at, size, 4, at + 8, at + size, depth, at
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts", b"dinf", b"ilst"):
            yield from _boxes(data, at + 8, at + size, depth + 1)
        elif kind in (b"stsd", b"dref"):
            yield from _boxes(data, at + 16, at + size, depth + 1)
        elif kind in (b"avc1", b"hvc1", b"vp09"):
            yield from _boxes(data, at + 86, at + size, depth + 1)
        at += size


def _chunks(data: bytes, at: int, order: str, place: int, behind: int) -> Iterator:
    while at + 8 <= len(data):
        size = struct.unpack_from(f"{order}I", data, at if place else at + 4)[0]
        stop = at + 8 + size + behind
        if stop > len(data):
            return
        yield at if place else at + 4, size, 4, at + 8, stop, 0, at
        at = stop + (stop & 1 if order == "<" else 0)


def _elements(data: bytes) -> Iterator:
    """Matroska, one level after another; masters are gone into where their numbers are known."""
    at = 0
    for _ in range(2000):
        if at + 2 > len(data) or not data[at]:
            return
        number = 9 - data[at].bit_length()
        place = at + number
        if place >= len(data) or not data[place]:
            return
        width = 9 - data[place].bit_length()
        size = int.from_bytes(data[place:place + width], "big") & (1 << 7 * width) - 1
        stop = min(len(data), place + width + size)
        yield place, size, width, place + width, stop, 1 if at else 0, at
        at = place + width if data[at:place] in MASTERS else stop
