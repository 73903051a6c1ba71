"""Planning: how an open model is laid out in the memory that is free, for a film of the size that is asked.

    whole       every part on the accelerator at once
    parts       one part at a time: words are read, then the walk, then the pictures; each waits in the machine's memory
    narrow      the same, the transformer's numbers kept in eight bits and widened block by block
    blocks      the transformer block by block, each brought when its turn comes

Each needs less than the one before it, and is slower. The first that fits is taken; CINELOOM_PLAN names another, and nothing
is forbidden: a plan that is too large is said to be so, and when memory runs out after all the next one goes on.

Knows sizes. Imports no torch. The bytes that a walk and a decode take beside the weights are rules of thumb, from the shapes
of their largest tensors: they were not measured on an accelerator.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from engine import memory
from engine.denoisers.open.rows import Row
from engine.errors import BadRequest

PLANS = ("whole", "parts", "narrow", "blocks")
SAYS = {"whole": "all of it on the accelerator", "parts": "one part at a time on the accelerator", "narrow": "the transformer in eight bits, one part at a time", "blocks": "the transformer block by block"}
DIMENSION = 1300            # numbers of a token inside a transformer of a billion; more by the root of its size (Wan: 1,536 at 1.4, 5,120 at 14.3)
TENSORS = 30                # bytes for each of them at the peak of a block: about a dozen tensors in bfloat16 and the float32 of a norm
PIXEL = 3_000               # bytes for each pixel of a picture while it is decoded, in float32; a latent frame is decoded at a time
TILE = 256                  # side of a tile of the decode, pixels
PROGRAM = 1_000_000_000     # bytes of the libraries
SPARE = 0.9                 # of what is free: allocators do not fill every gap
CARDS = (8, 12, 16, 24, 32, 48, 80, 96, 141)       # gigabytes that cards have
FILM = 81                   # pictures of a film that is meant where none was asked for
BESIDE = 128_000_000_000    # bytes of a machine around a card that nothing is wanting in


@dataclass(frozen=True)
class Plan:
    """One way to lay a model out."""

    name: str
    device: int             # bytes of the accelerator's memory at the peak
    host: int               # bytes of the machine's
    tiled: bool             # whether pictures are decoded tile by tile
    fits: bool

    def __str__(self) -> str:
        return f"{SAYS[self.name]}{', decoded in tiles' if self.tiled else ''}: about {memory.words(self.device)} there and {memory.words(self.host)} here"


def plans(row: Row, pictures: int, width: int, height: int, device: int, host: int, laid: Mapping[str, int] = MappingProxyType({})) -> list[Plan]:
    """Every plan, the quickest first, for a film of so many pictures; `device` and `host` are the bytes that are free.

    laid    bytes of the LoRAs over each part: they lie where the part lies, and are never kept in eight bits
    """
    grid = row.grid
    own = [(row.bytes_of(part), laid.get(part, 0)) for part in row.parts if part.startswith("transformer")]
    transformers, narrowed = [part + lora for part, lora in own], [part // 2 + lora for part, lora in own]
    words = [row.bytes_of(part) for part in row.parts if "encoder" in part]
    vae = row.bytes_of("vae", 4)
    small = row.loaded(narrow=True) - sum(row.bytes_of(part) for part in row.parts if part.startswith("transformer")) - sum(words) - vae      # LTX-2's connectors and voice
    tokens = grid.frames(min(pictures, row.pictures)) * (grid.cells(width) // grid.patch) * (grid.cells(height) // grid.patch)
    walk = int(tokens * DIMENSION * max(row.parts.get("transformer", 1), 0.1) ** 0.5 * TENSORS)
    found = []
    for name in PLANS:
        if name == "narrow" and row.packed:         # packed numbers have fewer bits already
            continue
        for tiled in (False, True):
            decode = PIXEL * (min(width, TILE) * min(height, TILE) if tiled else width * height) * grid.time // 4
            most, least = max(transformers, default=0), max(narrowed, default=0)
            held = {"whole": sum(transformers) + sum(words) + vae + small, "parts": 0, "narrow": 0, "blocks": small}[name]
            beside = {"whole": walk, "parts": most + walk, "narrow": least + walk, "blocks": most // 15 + walk}[name]      # two blocks of thirty or so
            reading = 0 if name == "whole" else max(words, default=0) if name != "blocks" else max(words, default=0) // 10
            needs = held + max(beside, reading, decode if name == "whole" else vae + decode)
            rest = 0 if name == "whole" else sum(narrowed if name == "narrow" else transformers) + sum(words) + vae + (small if name != "blocks" else 0)
            if not tiled or needs < found[-1].device:
                found.append(Plan(name, needs, rest + PROGRAM, tiled, needs <= SPARE * device and rest + PROGRAM <= SPARE * host))
    return found


def card(row: Row) -> int:
    """Gigabytes of the smallest card on which a film of a model's best size fits, however it is laid out; 0 where none does."""
    return next((size for size in CARDS if any(plan.fits for plan in plans(row, FILM, *row.sizes[0][1:], int(size * 1e9), BESIDE))), 0)


def choose(found: Sequence[Plan], asked: str = "") -> Plan:
    """The quickest that fits, else the smallest; or the one that is asked, as it fits best. Raises BadRequest for one that there is not."""
    asked = asked or os.environ.get("CINELOOM_PLAN", "")
    if asked and asked not in PLANS:
        raise BadRequest(f"A model is laid out as one of {', '.join(PLANS)}; {asked!r:.40} was asked.")
    able = [plan for plan in found if not asked or plan.name == asked] or list(found)
    return next((plan for plan in able if plan.fits), min(able, key=lambda plan: plan.device))


def lighter(found: Sequence[Plan], than: Plan) -> Plan | None:
    """The next plan that needs less of the accelerator's memory, or None: what is taken when memory ran out after all."""
    later = [plan for plan in found[found.index(than) + 1:] if plan.device < than.device]
    return later[0] if later else None
