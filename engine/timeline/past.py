"""Past: everything that was ever done to a cut, as plain data for another project; and there, done again.

    told      {"first": the cut as it began, "steps": [[step it was made on, when, edit], ...], "next": [[step, redo], ...], "head": 7, "revisions": [0, ...]}
    lived     the same as rows of the table, every state among them made anew by its edit

What comes from anybody is edits, never states: each is made again by the rules of this place. Where one cannot be made, or they end
in another cut than the one that came, none of it is believed. Knows edits and the tables of `schema`. Knows no zip and no database.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from engine.errors import BadRequest
from engine.timeline import edits, plain
from engine.timeline.checks import check
from engine.timeline.cut import Cut, Media
from engine.timeline.patches import WHOLE, patch, patched
from engine.timeline.replacing import Candidate

WORK = 1_000_000        # items of a cut times edits that are made again: half a minute; of a longer past the cut comes alone
REVISIONS = 100_000
RECENT = 32             # states that are kept while edits are made again: nearly always the last one is gone on from


@dataclass(frozen=True)
class Lived:
    """What stands in the tables of a cut, without its id."""

    steps: tuple[dict, ...]         # columns of cut_steps
    head: int
    revisions: tuple[int, ...]      # the step that was shown at each
    cut: Cut                        # at the head


def told(steps: list[dict], first: Cut, head: int, revisions: list[int]) -> dict:
    """The past of a cut as plain data. `steps`: rows of cut_steps, in order."""
    made = [[row["parent"], row["created"], json.loads(row["edit"])] for row in steps[1:]]
    return {"first": plain.plain(first), "began": steps[0]["created"], "steps": made, "next": [[row["step"], row["next"]] for row in steps if row["next"] is not None],
            "head": head, "revisions": revisions}  # fmt: skip


def lived(said: Any, cut: Cut, renamed: Mapping[str, str]) -> Lived | None:
    """What was told, done again; None where it does not lead to this cut. `renamed`: takes that are called otherwise here."""
    try:
        return _lived(said, cut, renamed)
    except (BadRequest, LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
        return None


def _lived(said: dict, cut: Cut, renamed: Mapping[str, str]) -> Lived | None:
    first = replace(called(check(plain.value(Cut, said["first"], "A cut")), renamed), id=cut.id)
    steps = [_row(0, None, 0, said["began"], "", "", patch("", first.to_json()))]
    states: OrderedDict[int, tuple[str, Cut]] = OrderedDict({0: (first.to_json(), first)})
    work, seen = 0, set()
    for step, (parent, created, edit) in enumerate(said["steps"], 1):
        if not 0 <= _whole(parent) < step:
            return None
        text, now = states.get(parent) or _state(steps, parent)
        edit = called(edits.read(edit), renamed)
        work += (sum(len(track.items) for track in now.tracks) + 1) * (len(edit.edits) if isinstance(edit, edits.Several) else 1)
        if work > WORK or edit.id in seen:
            return None
        seen.add(edit.id)
        made = edit.apply(now)
        depth = steps[parent]["depth"] + 1
        states[step] = made.to_json(), made
        steps.append(_row(step, parent, depth, created, edit.id, edits.write(edit), patch("" if depth % WHOLE == 0 else text, states[step][0])))
        if len(states) > RECENT:
            states.popitem(last=False)
    for step, after in said["next"]:
        if not 0 <= _whole(after) < len(steps) or steps[after]["parent"] != _whole(step):
            return None
        steps[step]["next"] = after
    head, revisions = _whole(said["head"]), tuple(map(_whole, said["revisions"]))
    if not revisions or len(revisions) > REVISIONS or revisions[-1] != head or not all(0 <= step < len(steps) for step in revisions):
        return None
    there = (states.get(head) or _state(steps, head))[1]
    return Lived(tuple(steps), head, revisions, there) if there == cut else None


def called(value: Any, renamed: Mapping[str, str]) -> Any:
    """A cut, an edit or a candidate with takes by their names here: the same value where it names none of them."""
    if isinstance(value, tuple):
        made = tuple([called(one, renamed) for one in value])
        return made if any(one is not was for one, was in zip(made, value)) else value
    if not renamed or not is_dataclass(value):
        return value
    changes = {field.name: new for field in fields(value) if (new := called(there := getattr(value, field.name), renamed)) is not there}
    if isinstance(value, Media) and value.take in renamed:
        changes["take"] = renamed[value.take]
    if isinstance(value, Candidate) and value.job in renamed:
        changes["job"] = renamed[value.job]
    return replace(value, **changes) if changes else value


def _row(step: int, parent: int | None, depth: int, created: float, edit_id: str, edit: str, change: bytes) -> dict:
    if isinstance(created, bool) or not isinstance(created, int | float) or not 0 <= created < 1e12:
        raise BadRequest("An edit was made at some second since 1970.")
    return {"step": step, "parent": parent, "depth": depth, "created": created, "edit_id": edit_id, "edit": edit, "whole": depth % WHOLE == 0, "patch": change, "next": None}


def _state(steps: list[dict], step: int) -> tuple[str, Cut]:
    way = [steps[step]]
    while not way[-1]["whole"]:
        way.append(steps[way[-1]["parent"]])
    text = ""
    for row in reversed(way):
        text = patched("" if row["whole"] else text, row["patch"])
    return text, plain.read(Cut, text, "This cut")


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise BadRequest(f"A step is a whole number; {number!r:.40} was given.")
    return number
