"""Wishes: what is asked for, as it came in JSON, every field looked at. A wrong one is named with what is wrong with it.

Knows types and lengths. Whether a wish can be is the engine's to say.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from engine.errors import BadRequest
from engine.recipe.bounds import number, whole

LONG = 1_000            # entries of a list
TEXT = 20_000           # characters


@dataclass(frozen=True)
class Film:
    """A take of the project as film, and the seconds of it that are used."""

    take: str
    start: float = 0.0
    stop: float | None = None           # None: its end


@dataclass(frozen=True)
class Still:
    """A picture that was brought, by its name, or a take, by its id; and when it is to be seen."""

    name: str = ""
    take: str = ""
    at: float = 0.0                     # seconds
    start: float = 0.0                  # of a take that is film, on a storyboard
    stop: float | None = None


@dataclass(frozen=True)
class Then:
    """Other words from a moment on."""

    prompt: str
    at: float                           # seconds
    asked: str = ""                     # see `Wishes.asked`


@dataclass(frozen=True)
class Shot:
    """One shot of a storyboard."""

    prompt: str = ""
    seconds: float = 2.0
    join: str = "cut"                   # or "continue"
    cards: tuple[Still, ...] = ()
    asked: str = ""                     # see `Wishes.asked`


@dataclass(frozen=True)
class Laid:
    """A LoRA over the model."""

    name: str
    weight: float = 1.0                 # 0 is none


@dataclass(frozen=True)
class Wishes:
    """Everything that can be asked; a task looks at its own. None and empty are the model's or the film's own."""

    task: str = ""                      # "" is guessed, for those who only send words: text, a picture, animate
    model: str = ""                     # which one makes it; "" is the one that new takes use
    prompt: str = ""
    asked: str = ""                     # what the person wrote, where the prompt was expanded from it
    negative: str = ""
    seconds: float | None = None
    after: float = 0.0
    before: float = 0.0
    overlap: float = 0.0
    size: tuple[int, ...] = ()          # width and height in pixels
    to: str = ""                        # a shape, "9:16"
    strength: tuple[float, ...] = ()    # one number or a curve
    faithful: bool = False
    was: str = ""
    mask: str = ""                      # name of a mask that was kept
    area: tuple[int, ...] = ()          # left, top, width, height in the film's own pixels
    within: tuple[float, ...] = ()      # seconds of the film between which it is changed; across a cut the last is one of the second film's
    film: Film | None = None
    second: Film | None = None
    pictures: tuple[Still, ...] = ()
    references: tuple[Still, ...] = ()  # pictures of who or what is to be in it, at no time of it
    cues: tuple[Then, ...] = ()
    shots: tuple[Shot, ...] = ()
    who: str = ""
    style: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    solver: str = ""
    cache: str = ""                     # what of a step is taken from the one before
    guider: str = ""                    # how words lead
    loras: tuple[Laid, ...] = ()
    variations: int = 1


def read(asked: object) -> Wishes:
    """Wishes from JSON. Raises BadRequest naming the field.

    Short forms are understood: `width` and `height` for `size`, `picture` for the name of one picture.
    """
    if not isinstance(asked, dict):
        raise BadRequest("What is asked is a JSON object with fields such as task and prompt.")
    asked = dict(asked)
    width, height = asked.pop("width", None), asked.pop("height", None)
    if width is not None or height is not None:
        asked.setdefault("size", [256 if width is None else width, 144 if height is None else height])
    picture = asked.pop("picture", "")
    if picture:
        asked.setdefault("pictures", [{"name": picture}])
    if isinstance(asked.get("strength"), (int, float)):
        asked["strength"] = [asked["strength"]]
    return _fill(Wishes, asked, "")


def read_seed(value: object) -> int | None:
    """A seed from the page, where it is text because JavaScript rounds big numbers; empty means any."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return int(value) if isinstance(value, str) and len(value) <= 40 else whole(value, "seed")
    except (ValueError, BadRequest):
        raise BadRequest(f"The seed {str(value)[:40]!r} is no whole number; digits work, and nothing means any.") from None


def _fill(kind: type, data: object, where: str):
    if not isinstance(data, dict):
        raise BadRequest(f"{where or 'The request'}: this is no object with fields.")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise BadRequest(f"{f'{where}.' if where else ''}{unknown[0]!s:.60}: there is no such wish; there is {', '.join(fields)}.")
    missing = [name for name, field in fields.items() if field.default is dataclasses.MISSING and data.get(name) is None]
    if missing:
        raise BadRequest(f"{f'{where}.' if where else ''}{missing[0]}: it is missing.")
    return kind(**{name: _typed(value, fields[name].type, f"{where}.{name}" if where else name)
                   for name, value in data.items() if value is not None})


def _typed(value: object, type: str, name: str):
    """A value of the type that a field has."""
    type = type.removesuffix(" | None")
    if name == "seed":
        return read_seed(value)
    if type.startswith("tuple["):
        if not isinstance(value, list):
            raise BadRequest(f"{name}: this is no list.")
        if len(value) > LONG:
            raise BadRequest(f"{name}: this has {len(value):,} entries; up to {LONG:,} are read.")
        inner = type.removeprefix("tuple[").partition(",")[0]
        return tuple(_typed(one, inner, f"{name}.{at}") for at, one in enumerate(value))
    if type in NESTED:
        return _fill(NESTED[type], value, name)
    if type == "str":
        if not isinstance(value, str) or len(value) > TEXT:
            raise BadRequest(f"{name}: this is no text of up to {TEXT:,} characters.")
        return value
    if type == "bool":
        if not isinstance(value, bool):
            raise BadRequest(f"{name}: this is neither true nor false.")
        return value
    try:
        return whole(value, name) if type == "int" else number(value, name)
    except BadRequest as error:
        raise BadRequest(f"{name}: {error}") from None


NESTED = {"Film": Film, "Still": Still, "Then": Then, "Shot": Shot, "Laid": Laid}
