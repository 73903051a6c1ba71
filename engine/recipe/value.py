"""What a recipe is: its fields, its JSON and its hash.

A recipe says what stands where in a film and what is to be made: nothing of it is a way of doing. The engine paints it on
a canvas (`engine.making.layout`), whatever the operation is called.

    film      0 . . . . . . . . . . . 48        pictures
    given           | film |                    Input("film", at=16): those pictures stand there
    made      ######        ##########          wherever nothing stands
    strength        |.3 .6 |                    how far what stands there is changed; none: it is kept
    area            a box of it, or an Input("mask"): the part of it that is changed
    cues      words ─────┤ other words ──       the prompt along time

Knows neither torch, nor models, nor what is in a picture or film.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from engine import __version__, memory
from engine.digest import sha256
from engine.errors import BadMedia
from engine.recipe.machine import here

FORMAT = 5              # of the JSON; a change that old programs would misread raises it, and `older` gets a step
FILE = 500_000_000      # bytes of an input picture; more is a mistake
FILM = 50_000_000_000   # bytes of an input film
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Input:
    """Something given to the model: what it is, when and where it is to be seen."""

    path: str               # where it lay when the recipe was made
    sha256: str             # of its bytes: the recipe means this file, wherever it lies now
    at: int = 0             # picture number in the film where it begins; on a loop it may go round
    role: str = "still"     # "still": one picture. "film": its pictures [start, stop), a take's latents or any film.
                            # "mask": a picture or film in grey, white where what is given is to be changed
                            # "reference": a picture of who or what is to be in the film, at no time of it
    start: int = 0          # of a film, its pictures at the film's rate
    stop: int = 1
    box: tuple[int, ...] = ()       # left, top, width, height: where it stands in the picture; none is all of it

    @classmethod
    def of(cls, path: str | Path, at: int = 0, role: str = "still", start: int = 0, stop: int = 1, box: tuple[int, ...] = ()) -> Input:
        """An input from a file. Raises BadMedia for one that is not there, empty, or far too big."""
        return cls(str(Path(path).absolute()), fingerprint(path, FILE if role in ("still", "reference") else FILM), at, role, start, stop, tuple(box))

    @property
    def pictures(self) -> int:
        """How many pictures of the film it is."""
        return self.stop - self.start


@dataclass(frozen=True)
class Cue:
    """Other words from a moment on."""

    at: int                 # picture number
    prompt: str
    over: int = 8           # pictures over which they take over, laid around that moment; 0 is at once
    cut: bool = False       # a new shot: what is before is seen, and left
    asked: str = ""         # see `Recipe.asked`


@dataclass(frozen=True)
class Lora:
    """Weights laid over the model's: what a small file taught it."""

    name: str               # of its file, without the ending
    sha256: str             # of its bytes: the recipe means this file, wherever it lies now
    weight: float = 1.0     # 0 is none; it may be negative
    expert: str = ""        # of two experts, the "noisy" or the "clean" one; else over all there is
    grid: str = ""          # of one that was distilled to few strides, its own grid of noise: a name of `denoisers.open.distilled`


@dataclass(frozen=True)
class Recipe:
    """One take, to be made again at will. Sizes are pixels, whole cells of the backend's grid, lengths are pictures."""

    operation: str                      # one of bounds.OPERATIONS: what it is called, and what is checked
    prompt: str
    pictures: int                       # 1 + 4k; 4k of a loop, which has no first picture
    width: int
    height: int
    seed: int                           # 0 .. 2**63 - 1
    steps: int = 4                      # of every window
    guidance: float = 1.0
    solver: str = "euler"               # or "multistep", "unipc", "sde"
    negative: str = ""
    backend: str = "paper"
    version: str = ""                   # of the weights; empty until it was made
    inputs: tuple[Input, ...] = ()
    engine: str = ""                    # version of the engine that made it
    device: str = ""                    # what it was computed on, "cpu (AVX512)": another one rounds otherwise
    strength: tuple[float, ...] = ()    # how far given film is changed, 0..1: one number, or a curve along the whole film
    area: tuple[int, ...] = ()          # left, top, width, height: the part of it that is changed
    was: str = ""                       # what given film shows, in words: the edit changes only what differs from them
    cues: tuple[Cue, ...] = ()          # further prompts, in the order of their times
    window: int = 0                     # latent frames that are made at once; 0: all of them
    tile: tuple[int, ...] = ()          # width, height in pixels that are made at once; none: all of them
    cache: str = ""                     # what of a step is taken from the one before, "first-block 0.08"; nothing: every step whole
    guider: str = ""                    # how words lead, "apg", where it is not by plain guidance
    loras: tuple[Lora, ...] = ()        # laid over the model, in this order
    asked: str = ""                     # what the person wrote, where the prompt is longer than that; "" where it is all theirs

    @property
    def loops(self) -> bool:
        """Whether it ends where it begins."""
        return self.operation == "loop"

    @property
    def holds(self) -> bool:
        """Whether what is large in the given film stays where it is, whatever the strength."""
        return self.operation == "finish"

    def to_json(self) -> str:
        """The recipe as one line of JSON, every field in it, in their order; `from_json` reads it back.

        Equal recipes give the same text. It can be written as UTF-8 and into XML: halves of characters, which names of
        files may have, and the two code points that XML does not know are escaped.
        """
        data = {"cineloom": FORMAT, **dataclasses.asdict(self), "guidance": float(self.guidance) + 0.0,         # no -0.0
                "strength": [float(level) + 0.0 for level in self.strength],
                "loras": [dataclasses.asdict(lora) | {"weight": float(lora.weight) + 0.0} for lora in self.loras]}
        return _UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(data, ensure_ascii=False))

    def digest(self) -> str:
        """sha256 of what was asked: the same for two recipes that ask for the same film.

        Left out is what the making fills in (`version`, `engine`, `device`), where inputs lie (`path`; their content
        counts), what the prompt was before it was expanded (`asked`: the model never sees it), and every field at its
        default, so that fields added later leave old digests alone.
        """
        asked = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("version", "engine", "device", "asked") or value == field.default:
                continue
            asked[field.name] = [_marks(item) for item in value] if field.name == "inputs" else value
        asked["guidance"] = float(self.guidance) + 0.0
        if asked["guidance"] == 1.0:
            del asked["guidance"]
        if self.strength:
            asked["strength"] = [float(level) + 0.0 for level in self.strength]
        if self.cues:
            asked["cues"] = [[cue.at, cue.prompt, cue.over] + [True] * cue.cut for cue in self.cues]
        if self.loras:
            asked["loras"] = [[lora.sha256, float(lora.weight) + 0.0, *filter(None, (lora.expert, lora.grid))] for lora in self.loras]
        return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def made_by(self, version: str, device: str | None = None) -> Recipe:
        """The same recipe, saying which weights and which engine made it, and on what; None: what this process uses."""
        return dataclasses.replace(self, version=version, engine=__version__, device=here() if device is None else device)


def _marks(item: Input) -> list:
    """What counts of an input. A still that fills the picture is written as it always was."""
    plain = (item.role, item.start, item.stop, item.box) == ("still", 0, 1, ())
    return [item.sha256, item.at] + ([] if plain else [item.role, item.start, item.stop, list(item.box)])


def fingerprint(path: str | Path, most: int = FILE) -> str:
    """sha256 of a file's bytes, at most `most` of them. Raises BadMedia for one that cannot be read, is empty, or is too big."""
    path, what = Path(path), "picture" if most == FILE else "film"
    shown = "".join(char if char.isprintable() else "?" for char in str(path))[-200:]
    try:
        if path.is_dir():
            raise BadMedia(f"{shown} is a folder, not a {what}.")
        if not path.exists():
            raise BadMedia(f"There is no {what} at {shown}.")
        size = path.stat().st_size if path.is_file() else -1        # a pipe or a device would be read without end
        if not 0 < size <= most:
            raise BadMedia(f"{shown} is empty." if size == 0 else f"{shown} is no ordinary file." if size < 0 else
                           f"{shown} has {memory.words(size)}; {what}s of up to {memory.words(most)} can be read.")
        return sha256(path)
    except (OSError, ValueError) as error:          # ValueError: a name with a zero byte in it, before Python 3.12
        raise BadMedia(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
