"""What a recipe is: its fields, their bounds, its JSON and its hash.

Knows neither torch, nor models beyond their catalog row, nor what is in a picture or film.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
import math
import operator
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__, memory
from engine.errors import BadMedia, BadRequest
from engine.recipe.machine import here
from engine.recipe.older import brought_up

if TYPE_CHECKING:
    from engine.denoisers.catalog import Model

OPERATIONS = ("text", "image", "animate", "keyframes")
SOLVERS = ("euler", "multistep")
FORMAT = 2              # of the JSON; a change that old programs would misread raises it, and `older` gets a step
PROMPT = 5_000          # characters. The longest of 946 rewritten benchmark prompts has 897
SIDES = (64, 1920)      # pixels of a width or height
STEPS = (1, 250)
GUIDANCE = (0.0, 30.0)
SEEDS = 2**63           # [0, SEEDS)
FILE = 500_000_000      # bytes of an input picture; more is a mistake
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Input:
    """A picture given to the model, and when it is to be seen."""

    path: str               # where it lay when the recipe was made
    sha256: str             # of its bytes: the recipe means this picture, wherever it lies now
    at: int = 0             # picture number in the film

    @classmethod
    def of(cls, path: str | Path, at: int = 0) -> Input:
        """An input from a file. Raises BadMedia for one that is not there, empty, or far too big for a picture."""
        return cls(str(Path(path).absolute()), fingerprint(path), at)


@dataclass(frozen=True)
class Recipe:
    """One take, to be made again at will. Sizes are pixels on the backend's grid, lengths are pictures."""

    operation: str                      # one of OPERATIONS
    prompt: str
    pictures: int                       # 1 + 4k
    width: int
    height: int
    seed: int                           # 0 .. 2**63 - 1
    steps: int = 4
    guidance: float = 1.0
    solver: str = "euler"               # or "multistep"
    negative: str = ""
    backend: str = "paper"
    version: str = ""                   # of the weights; empty until it was made
    inputs: tuple[Input, ...] = ()
    engine: str = ""                    # version of the engine that made it
    device: str = ""                    # what it was computed on, "cpu (AVX512)": another one rounds otherwise

    def to_json(self) -> str:
        """The recipe as one line of JSON, every field in it, in their order; `from_json` reads it back.

        Equal recipes give the same text. It can be written as UTF-8 and into XML: halves of characters, which names of
        files may have, and the two code points that XML does not know are escaped.
        """
        data = {"cineloom": FORMAT, **dataclasses.asdict(self), "guidance": float(self.guidance) + 0.0}     # no -0.0
        return _UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(data, ensure_ascii=False))

    def digest(self) -> str:
        """sha256 of what was asked: the same for two recipes that ask for the same film.

        Left out is what the making fills in (`version`, `engine`, `device`), where inputs lie (`path`; their content
        counts), and every field at its default, so that fields added later leave old digests alone.
        """
        asked = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("version", "engine", "device") or value == field.default:
                continue
            asked[field.name] = [[i.sha256, i.at] for i in value] if field.name == "inputs" else value
        if "guidance" in asked:
            asked["guidance"] = float(asked["guidance"]) + 0.0
        return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def made_by(self, version: str, device: str | None = None) -> Recipe:
        """The same recipe, saying which weights and which engine made it, and on what; None: what this process uses."""
        return dataclasses.replace(self, version=version, engine=__version__, device=here() if device is None else device)


def from_json(text: str) -> Recipe:
    """Read a recipe from JSON, also one of any earlier format: it is brought up to this one step by step, see `older`.

    Nothing is passed over in silence: an unknown field, one that is there twice, a wrong type or a value out of bounds
    raises BadRequest, and so does a format that is yet to come.
    """
    if len(text) > 1_000_000:
        raise BadRequest(f"A recipe is a few lines of JSON; this one has {len(text):,} characters.")
    try:
        data = json.loads(text, parse_constant=lambda name: name, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"This recipe is no JSON: {str(error) or 'it is nested too deeply'}.") from error
    if not isinstance(data, dict):
        raise BadRequest("A recipe is a JSON object with fields such as prompt, seed and steps.")
    made_for = data.pop("cineloom", 1)
    if not isinstance(made_for, int) or isinstance(made_for, bool) or not 1 <= made_for <= FORMAT:
        raise BadRequest(f"This recipe is of format {made_for!r:.20}; this Cineloom ({__version__}) reads up to "
                         f"{FORMAT}. A newer Cineloom would read it.")
    data = brought_up(data, made_for)
    inputs = data.pop("inputs", [])
    if not isinstance(inputs, list):
        raise BadRequest("A recipe's inputs are a list.")
    recipe = _fill(Recipe, data, inputs=tuple(_fill(Input, item) for item in inputs))
    check(recipe)
    return recipe


def check(recipe: Recipe, model: Model | None = None) -> None:
    """Raise BadRequest unless every field is within its bounds; with `model`, also unless it lies on its grid."""
    def want(true: bool, sentence: str) -> None:
        if not true:
            raise BadRequest(sentence)

    want(recipe.operation in OPERATIONS,
         f"An operation is one of {', '.join(OPERATIONS)}; {recipe.operation!r:.60} was asked.")
    want(bool(recipe.prompt.strip()), "The prompt is empty; say what the film should show.")
    for name, words in (("prompt", recipe.prompt), ("negative prompt", recipe.negative)):
        want(len(words) <= PROMPT, f"The {name} has {len(words):,} characters; up to {PROMPT:,} are read. Say it shorter.")
        want(not control_characters(words), f"The {name} has control characters in it.")
    want(0 <= recipe.seed < SEEDS, f"A seed is a whole number from 0 to 2**63 - 1; {recipe.seed} was asked.")
    want(STEPS[0] <= recipe.steps <= STEPS[1],
         f"A take has {STEPS[0]} to {STEPS[1]} steps; {recipe.steps:,} was asked.")
    want(GUIDANCE[0] <= recipe.guidance <= GUIDANCE[1],
         f"Guidance goes from {GUIDANCE[0]:g} to {GUIDANCE[1]:g}, and 1 is none; {recipe.guidance:g} was asked.")
    want(recipe.solver in SOLVERS, f"A solver is one of {', '.join(SOLVERS)}; {recipe.solver!r:.60} was asked.")
    want(recipe.pictures >= 1, f"A film has 1 picture or more; {recipe.pictures} was asked.")
    want(all(SIDES[0] <= side <= SIDES[1] for side in (recipe.width, recipe.height)),
         f"Widths and heights go from {SIDES[0]} to {SIDES[1]} pixels; {recipe.width}x{recipe.height} was asked.")
    count = len(recipe.inputs)
    want(recipe.operation != "image" or recipe.pictures == 1, "An image is one picture.")
    want(recipe.operation not in ("text", "image") or count == 0,
         f"The operation {recipe.operation} starts from words alone, and {count} pictures were given; "
         "animate and keyframes take pictures.")
    want(recipe.operation != "animate" or (count == 1 and recipe.inputs[0].at == 0),
         f"Animate takes one picture, the film's first; {count} were given. Keyframes takes more, at any time.")
    want(recipe.operation != "keyframes" or count >= 1, "Keyframes need at least one picture; none was given.")
    for item in recipe.inputs:
        want(0 <= item.at < recipe.pictures, f"A picture is to be seen as number {item.at} (from 0), but the film has "
                                             f"{recipe.pictures}.")
        want(len(item.sha256) == 64 and set(item.sha256) <= set("0123456789abcdef"),
             "An input is known by its sha256, 64 hexadecimal digits.")
    if model is None:
        return
    grid = model.grid
    want(recipe.width % grid.step == 0 and recipe.height % grid.step == 0,
         f"{model.title} makes widths and heights that are multiples of {grid.step}; {recipe.width}x{recipe.height} "
         "was asked.")
    want(grid.pictures(grid.frames(recipe.pictures)) == recipe.pictures,
         f"{model.title} makes 1 + {grid.time}k pictures; {recipe.pictures:,} was asked.")
    seen: dict[int, Input] = {}
    for item in recipe.inputs:
        other = seen.setdefault(grid.frame_of(item.at), item)
        want(other is item, f"Pictures {other.at} and {item.at} fall on the same moment; {model.title} can hold one in "
                            f"every {grid.time}.")


def fingerprint(path: str | Path) -> str:
    """sha256 of a file's bytes. Raises BadMedia for one that cannot be read, is empty, or is too big for a picture."""
    path = Path(path)
    shown = "".join(char if char.isprintable() else "?" for char in str(path))[-200:]
    try:
        if path.is_dir():
            raise BadMedia(f"{shown} is a folder, not a picture.")
        if not path.exists():
            raise BadMedia(f"There is no picture at {shown}.")
        size = path.stat().st_size if path.is_file() else -1        # a pipe or a device would be read without end
        if not 0 < size <= FILE:
            raise BadMedia(f"{shown} is empty." if size == 0 else f"{shown} is no ordinary file." if size < 0 else
                           f"{shown} has {memory.words(size)}; pictures of up to {memory.words(FILE)} can be read.")
        total = hashlib.sha256()
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                total.update(part)
        return total.hexdigest()
    except (OSError, ValueError) as error:          # ValueError: a name with a zero byte in it, before Python 3.12
        raise BadMedia(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def control_characters(text: str) -> list[str]:
    """Those in `text`, in order, and halves of characters (lone surrogates), which cannot be written to any file."""
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cs")]


def _once(pairs: list[tuple[str, object]]) -> dict:
    """An object of JSON whose fields are there once: of two, one would be passed over."""
    data = dict(pairs)
    if len(data) != len(pairs):
        counts = collections.Counter(name for name, _ in pairs)
        twice = sorted(name for name, count in counts.items() if count > 1)
        raise BadRequest(f"This recipe has fields twice: {_plain(', '.join(twice)):.200}.")
    return data


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _fill(kind: type, data: object, **known: object):
    """A dataclass from a JSON object, every field's type checked."""
    title = kind.__name__.lower()
    if not isinstance(data, dict):
        raise BadRequest(f"A recipe's {title} is a JSON object.")
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name not in known}
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise BadRequest(f"This recipe has fields that Cineloom {__version__} does not know: "
                         f"{_plain(', '.join(unknown)):.200}. It may come from a newer one.")
    missing = [name for name, field in fields.items() if field.default is dataclasses.MISSING and name not in data]
    if missing:
        raise BadRequest(f"This recipe lacks {', '.join(missing)}.")
    for name, value in data.items():
        right = {"str": str, "int": int, "float": (int, float)}[fields[name].type]
        if not isinstance(value, right) or isinstance(value, bool):
            raise BadRequest(f"A recipe's {name} is of type {fields[name].type}; {value!r:.60} was found.")
        if fields[name].type == "float":
            data = {**data, name: number(value, name)}
    return kind(**data, **known)


def whole(value: object, name: str) -> int:
    """A whole number, also one that a page hands over as 7.0. Never a bool, never a rounded one.

    Raises BadRequest for anything else.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return int(value)
        whole = operator.index(value)
    except TypeError as error:
        raise BadRequest(f"The {name} is a whole number; {value!r:.60} was given.") from error
    if abs(whole) > 2**64:      # Python will not even print numbers of thousands of digits
        raise BadRequest(f"The {name} is far out of bounds: a number of {whole.bit_length():,} bits was given.")
    return whole


def number(value: object, name: str) -> float:
    """A finite number. Raises BadRequest for anything else, a number in quotes too."""
    try:
        real = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, ValueError, OverflowError):
        real = math.nan
    if not math.isfinite(real):
        raise BadRequest(f"The {name} is a number; {value!r:.60} was given.")
    return real
