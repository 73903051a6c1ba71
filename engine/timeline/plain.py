"""Plain: frozen dataclasses as JSON and back, to the same bytes.

A value has one form: keys in order, no spaces, fractions as "24000/1001", and no field that stands at its default, so that
a field which is added later leaves the bytes of everything older as they are. Where a field may be of several kinds, "is"
says which. What is read may come from anybody: every type is checked, unknown names are refused.
Knows dataclasses. Knows nothing of cuts.
"""

from __future__ import annotations

import json
import math
import re
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from engine.errors import BadRequest

MOST = 1 << 48              # of any whole number: a JavaScript number holds it exactly, and so does a double after a division
SURROGATE = re.compile("[\ud800-\udfff]")      # half a letter, which no file can hold
FRACTION = re.compile(r"-?[0-9]{1,15}(/[1-9][0-9]{0,14})?")


def write(value: Any, said: bool = False) -> str:
    """The one JSON text of a value; `said` with the name of its kind, for what may be of several.

    Each value keeps its text once it was written: of a cut of 200 clips, an edit changes three.
    """
    kept = value.__dict__.get("_said" if said else "_text")
    if kept is None:
        parts = {"is": _words_of(tag(type(value)))} if said else {}
        for name, default, _, write_field in _writers(type(value)):
            there = getattr(value, name)
            if there is not default and there != default:
                parts[name] = write_field(there)
        kept = "{" + ",".join([f'"{name}":{parts[name]}' for name in sorted(parts)]) + "}"
        object.__setattr__(value, "_said" if said else "_text", kept)       # no field: neither compared nor copied by replace
    return kept


def read(kind: Any, text: str | bytes, what: str = "This file") -> Any:
    """The value of that kind which a JSON text says. Raises BadRequest, beginning with `what`."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{what} is no JSON: {error!s:.100}.") from error
    return value(kind, data, what)


def plain(value: Any) -> Any:
    """The same as lists, dictionaries, numbers and words."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, Fraction):
        return str(value)
    if not is_dataclass(value):
        return value
    said: dict[str, Any] = {}
    for name, default, as_plain, _ in _writers(type(value)):
        there = getattr(value, name)
        if there is not default and there != default:
            said[name] = as_plain(there)
    return said


def tagged(value: Any) -> Any:
    """The same, with the name of its kind under "is"."""
    return {"is": tag(type(value)), **plain(value)}


@cache
def tag(kind: type) -> str:
    """What a kind is called in JSON: RippleTrim is "ripple-trim"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def value(kind: Any, data: Any, what: str) -> Any:
    """The value of that kind which plain data says. Raises BadRequest, beginning with `what`."""
    try:
        return _reader(kind)(data, what)
    except RecursionError as error:
        raise BadRequest(f"{what} is nested deeper than anything that Cineloom writes.") from error


@cache
def _writers(kind: type) -> list[tuple[str, Any, Callable[[Any], Any], Callable[[Any], str]]]:
    """Name and default of every field, and how it becomes plain data and text."""
    hints = typing.get_type_hints(kind)
    return [(field.name, field.default, _as_plain(hints[field.name]), _as_text(hints[field.name])) for field in fields(kind)]


def _as_plain(hint: Any) -> Callable[[Any], Any]:
    if _several(hint):
        return (lambda there: [tagged(one) for one in there]) if typing.get_origin(hint) is tuple else tagged
    # 3 and 3.0 are equal, but not the same bytes.
    return {float: lambda there: float(there) + 0.0, Fraction: lambda there: str(Fraction(there))}.get(hint, plain)


def _as_text(hint: Any) -> Callable[[Any], str]:
    if typing.get_origin(hint) is tuple:
        one, said = typing.get_args(hint)[0], _several(hint)
        each = _as_text(one)
        return lambda there: "[" + ",".join([write(entry, True) if said else each(entry) for entry in there]) + "]"
    if _several(hint):
        return lambda there: write(there, True)
    return {float: lambda there: json.dumps(float(there) + 0.0, allow_nan=False), Fraction: lambda there: f'"{Fraction(there)}"', str: _words_of,
            int: lambda there: str(int(there)), bool: lambda there: "true" if there else "false"}.get(hint, write)  # fmt: skip


def _words_of(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


def _several(hint: Any) -> bool:
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
    return isinstance(hint, types.UnionType)


@cache
def _reader(kind: Any) -> Callable[[Any, str], Any]:
    if kind in SIMPLE:
        return SIMPLE[kind]
    if typing.get_origin(kind) is tuple:
        def row(data: Any, what: str) -> tuple:
            if not isinstance(data, list):
                raise BadRequest(f"{what} is no list: {data!r:.60}.")
            one = _reader(typing.get_args(kind)[0])         # only now: a list may hold what it stands in
            return tuple([one(entry, f"{what}, number {index}") for index, entry in enumerate(data, 1)])

        return row
    if isinstance(kind, types.UnionType):
        kinds = {tag(one): _reader(one) for one in typing.get_args(kind)}

        def either(data: Any, what: str) -> Any:
            name = data.get("is") if isinstance(data, dict) else None
            if not isinstance(name, str) or name not in kinds:
                raise BadRequest(f"{what} is none of {', '.join(kinds)}: {data!r:.60}.")
            return kinds[name]({key: said for key, said in data.items() if key != "is"}, what)

        return either
    hints = typing.get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    needed = [field.name for field in fields(kind) if field.default is MISSING]

    def whole(data: Any, what: str) -> Any:
        if not isinstance(data, dict):
            raise BadRequest(f"{what} is no {tag(kind)}: {data!r:.60}.")
        if missing := [name for name in needed if name not in data]:
            raise BadRequest(f"{what} lacks {', '.join(missing)}.")
        if unknown := [name for name in data if name not in readers]:
            raise BadRequest(f"{what} has {unknown[0]!r:.40}, which a {tag(kind)} does not know; a newer Cineloom may have written it.")
        return kind(**{name: readers[name](said, f"{what}: {name}") for name, said in data.items()})

    return whole


def _whole(data: Any, what: str) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or abs(data) > MOST:
        raise BadRequest(f"{what} is no whole number: {data!r:.60}.")
    return data


def _number(data: Any, what: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data) or abs(data) > MOST:
        raise BadRequest(f"{what} is no number: {data!r:.60}.")
    return float(data) + 0.0        # -0.0 and 0.0 are one


def _fraction(data: Any, what: str) -> Fraction:
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) < MOST:
        return Fraction(data)
    if not isinstance(data, str) or not FRACTION.fullmatch(data):
        raise BadRequest(f'{what} is no fraction such as "24000/1001": {data!r:.60}.')
    return Fraction(data)


def _words(data: Any, what: str) -> str:
    if not isinstance(data, str):
        raise BadRequest(f"{what} is no text: {data!r:.60}.")
    return data if data.isascii() else SURROGATE.sub("\N{REPLACEMENT CHARACTER}", data)


def _truth(data: Any, what: str) -> bool:
    if not isinstance(data, bool):
        raise BadRequest(f"{what} is neither true nor false: {data!r:.60}.")
    return data


SIMPLE = {int: _whole, float: _number, Fraction: _fraction, str: _words, bool: _truth}
