"""A recipe read from JSON, every field looked at, and from every format that ever was.

Knows JSON objects and dataclasses. Knows no bounds but types.
"""

from __future__ import annotations

import collections
import dataclasses
import json

from engine import __version__
from engine.errors import BadRequest
from engine.recipe.bounds import check, number
from engine.recipe.older import brought_up
from engine.recipe.value import FORMAT, Cue, Input, Lora, Recipe

LONG = 10_000           # entries of a list


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
    lists = {name: (kind, data.pop(name, [])) for name, kind in (("inputs", Input), ("cues", Cue), ("loras", Lora))}
    if not all(isinstance(items, list) for _, items in lists.values()):
        raise BadRequest(f"A recipe's {', '.join(list(lists)[:-1])} and {list(lists)[-1]} are lists.")
    recipe = _fill(Recipe, data, **{name: tuple(_fill(kind, item) for item in items) for name, (kind, items) in lists.items()})
    check(recipe)
    return recipe


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
    return kind(**{name: _typed(value, fields[name].type, name) for name, value in data.items()}, **known)


def _typed(value: object, type: str, name: str):
    """A value of the type that a field has, such as "int" or "tuple[float, ...]", a list in JSON."""
    if type.startswith("tuple["):
        if not isinstance(value, list):
            raise BadRequest(f"A recipe's {name} is a list; {value!r:.60} was found.")
        if len(value) > LONG:
            raise BadRequest(f"A recipe's {name} has {len(value):,} entries; up to {LONG:,} are read.")
        return tuple(_typed(one, type.removeprefix("tuple[").partition(",")[0], name) for one in value)
    right = {"str": str, "int": int, "float": (int, float), "bool": bool}[type]
    if not isinstance(value, right) or isinstance(value, bool) != (type == "bool"):
        raise BadRequest(f"A recipe's {name} is of type {type}; {value!r:.60} was found.")
    return number(value, name) if type == "float" else value
