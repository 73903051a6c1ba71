"""Headers: what a file of weights says it holds, without reading any of it.

    safetensors   length | {"name": {"dtype", "shape", "data_offsets"}} as JSON | numbers
    GGUF          "GGUF" version counts | facts | names, shapes, packings, offsets | numbers, aligned

A header may lie: every length and offset is held against the file before it is followed. Knows no torch and no model.
Sources: the two formats' own descriptions, of safetensors and of ggml.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import WeightsError

LONGEST = {".safetensors": 100_000_000, ".gguf": 16_000_000}    # bytes of a header: what the first allows; of the second a film model's has a tenth
# Bytes of a number of each kind.
WIDTHS = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8}
PLAIN = ("F32", "F16", "BF16")                                  # kinds of GGUF that are numbers as they are; others are packed in blocks
PACKED = ("Q2_K", "Q3_K", "Q4_0", "Q4_1", "Q4_K", "Q5_0", "Q5_1", "Q5_K", "Q6_K", "Q8_0", "IQ4_NL", "IQ4_XS")   # that diffusers unpacks
SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}       # bytes of a fact, by its kind; 8 is text, 9 a list
DIMENSIONS = 8


@dataclass(frozen=True)
class Stored:
    """One tensor in a file."""

    shape: tuple[int, ...]
    kind: str               # "BF16", "Q4_K"
    size: int               # bytes in the file

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


def read(path: Path) -> dict[str, Stored]:
    """What a file of weights holds, by name. Raises WeightsError for one that is neither kind, that is damaged or that was cut short."""
    reader = {".safetensors": _safetensors, ".gguf": _gguf}.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(f"{path} is no file of weights that is opened here: those are .safetensors and .gguf, for others can run whatever their maker wished for.")
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.")
    kind = path.suffix.lower()[1:]
    try:
        with path.open("rb") as file:
            found, begins = reader(file, path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, struct.error) as error:
        raise WeightsError(f"{path} is no {kind} file, or its beginning is damaged.") from error
    there, told = path.stat().st_size, begins + max((start + stored.size for _, stored, start in found), default=0)
    if there < told:
        raise WeightsError(f"{path} is cut short: {there:,} bytes are there, {told:,} belong to it.")
    if there > told and kind == "safetensors":
        raise WeightsError(f"{path} is longer than it says: {there:,} bytes are there, {told:,} belong to it.")
    return {name: stored for name, stored, _ in found}


def facts(path: Path) -> dict:
    """What a safetensors file that was read says beside its tensors."""
    with path.open("rb") as file:
        found = json.loads(file.read(int.from_bytes(file.read(8), "little"))).get("__metadata__")
    return found if isinstance(found, dict) else {}


Found = tuple[list[tuple[str, Stored, int]], int]       # each tensor with its name and where it begins, after where all of them do


def _safetensors(file: BinaryIO, size: int) -> Found:
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(LONGEST[".safetensors"], size - 8):
        raise ValueError
    header = json.loads(file.read(length))
    found = []
    for name, one in header.items():
        if name == "__metadata__":
            continue
        shape, (start, stop) = one["shape"], one["data_offsets"]
        if not all(type(number) is int and number >= 0 for number in (*shape, start, stop)) or len(shape) > DIMENSIONS:
            raise ValueError
        stored = Stored(tuple(shape), one["dtype"], stop - start)
        if stored.count * WIDTHS[stored.kind] != stored.size:
            raise ValueError
        found.append((name, stored, start))
    at = 0
    for _, stored, start in sorted(found, key=lambda one: (one[2], one[1].size)):
        if start != at:             # the format has no gaps and nothing twice
            raise ValueError
        at += stored.size
    return found, 8 + length


def _gguf(file: BinaryIO, size: int) -> Found:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    head = _Head(file, min(size, LONGEST[".gguf"]))
    if head.take(4) != b"GGUF" or head.number(4) not in (2, 3):
        raise ValueError
    tensors, facts, alignment = head.number(8), head.number(8), 32
    for _ in range(facts):
        name, value = head.text(), head.fact(head.number(4))
        if name == b"general.alignment":
            alignment = value
    if alignment not in (1 << power for power in range(20)):
        raise ValueError
    found = {}
    for _ in range(tensors):
        name, dimensions = head.text().decode(), head.number(4)
        if name in found or not 1 <= dimensions <= DIMENSIONS:
            raise ValueError
        shape = tuple(reversed([head.number(8) for _ in range(dimensions)]))       # the last axis is written first
        kind, offset = GGMLQuantizationType(head.number(4)), head.number(8)
        block, width = GGML_QUANT_SIZES[kind]
        if min(shape) < 1 or shape[-1] % block or offset % alignment:
            raise ValueError
        found[name] = name, Stored(shape, kind.name, math.prod(shape) // block * width), offset
    at = 0
    for _, stored, offset in sorted(found.values(), key=lambda one: one[2]):
        if offset < at:             # two in one place
            raise ValueError
        at = offset + stored.size
    return list(found.values()), -(-file.tell() // alignment) * alignment


@dataclass
class _Head:
    """A GGUF's header, read on and on. Whatever goes beyond `left` bytes raises ValueError."""

    file: BinaryIO
    left: int

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self.left -= count
        if self.left < 0:
            raise ValueError
        return self.file.read(count)

    def number(self, width: int) -> int:
        """The next whole number."""
        return int.from_bytes(self.take(width), "little")

    def text(self) -> bytes:
        """The next text, its length before it."""
        return self.take(self.number(8))

    def fact(self, kind: int) -> int | None:
        """The next fact, if it is a whole number of 32 bits; any other is passed over. Lists of lists are nothing that a film model has."""
        if kind == 8:
            self.text()
        elif kind == 9:
            inner, count = self.number(4), self.number(8)
            if inner == 8:
                for _ in range(count):
                    self.text()
            else:
                self.take(SCALARS[inner] * count)
        elif kind == 4:
            return self.number(4)
        else:
            self.take(SCALARS[kind])
        return None
