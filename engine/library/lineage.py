"""Lineage: what a take was made from, and what was made from it.

    boat ──[20, 33) start──→ boat at night ──[0, 33) whole──→ the same in ink

Knows rows. Knows not what a role means to an operation.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import BadRequest
from engine.library.database import Store
from engine.library.take import Edge
from engine.library.tidying import ID
from engine.recipe import Recipe

ROLE = re.compile(r"[a-z][a-z0-9 -]{0,31}")
SELECT = "select child, was as parent, start, stop, role, parent is null as gone from edges"
# `union` and not `union all`: a circle, which no writer makes, still ends.
UP = """
with recursive line(id, depth) as (
    values (?, 0) union select e.was, line.depth + 1 from edges e join line on e.child = line.id where line.depth < 1000
) select child, was as parent, start, stop, role, e.parent is null as gone from
    (select id, min(depth) as depth from line group by id) l join edges e on e.child = l.id order by l.depth, e.rowid
"""
DOWN = """
with recursive line(id, depth) as (
    values (?, 0) union select e.child, line.depth + 1 from edges e join line on e.was = line.id where line.depth < 1000
) select child, was as parent, start, stop, role, e.parent is null as gone from
    (select id, min(depth) as depth from line group by id) l join edges e on e.was = l.id order by l.depth, e.rowid
"""


def edge(parent: str, start: int, stop: int, role: str, child: str = "") -> Edge:
    """An edge that holds together. Raises BadRequest for a range without pictures or a role that is no short word."""
    if any(isinstance(n, bool) or not isinstance(n, int) for n in (start, stop)) or not 0 <= start < stop < 2**62:
        raise BadRequest(f"A part of a take is [start, stop) in pictures; [{start!r:.30}, {stop!r:.30}) was given.")
    if not isinstance(role, str) or not ROLE.fullmatch(role):
        raise BadRequest(f"A role is a short word such as start, end or whole; {role!r:.60} was given.")
    return Edge(child, parent, start, stop, role)


def of_recipe(recipe: Recipe, folder: Path) -> list[Edge]:
    """Edges to the takes of the project in `folder` that a recipe was given: their films, or the latents of those, or a picture
    that was kept of one."""
    from engine.media.pictures import moment_of      # and numpy with it: not to list takes

    found = []
    for item in recipe.inputs:
        path = Path(item.path)
        if item.role in ("still", "reference") and path.parent.name == "inputs" and path.parent.parent.resolve() == folder.resolve():
            moment = moment_of(path)
            if moment:
                found.append(edge(moment[0], moment[1], moment[1] + 1, "picture"))
        elif path.parent.name in ("media", "latents") and ID.fullmatch(path.stem) and path.parent.parent.resolve() == folder.resolve():
            found.append(edge(path.stem, item.start, item.stop, {"still": "picture", "reference": "picture"}.get(item.role, item.role)))
    return found


def link(store: Store, new: Edge) -> None:
    """Write an edge; once more changes nothing. Raises BadRequest when a take is not there or would descend from itself."""
    with store.writing() as db:
        for id in (new.child, new.parent):
            if not db.execute("select 1 from takes where id = ?", [id]).fetchone():
                raise BadRequest(f"There is no take {id[:40]!r} here.")
        above = {row["parent"] for row in db.query(UP, [new.parent])} | {new.parent}
        if new.child in above:
            raise BadRequest(f"Take {new.parent} comes from {new.child}; it cannot be its parent too.")
        db.conn.execute(
            "insert or ignore into edges (child, parent, was, start, stop, role) values (?, ?, ?, ?, ?, ?)",
            [new.child, new.parent, new.parent, new.start, new.stop, new.role],
        )


def parents(store: Store, id: str) -> list[Edge]:
    """What this take was made from."""
    return _edges(store, SELECT + " where child = ? order by rowid", id)


def children(store: Store, id: str) -> list[Edge]:
    """What was made from this take."""
    return _edges(store, SELECT + " where was = ? order by rowid", id)


def ancestors(store: Store, id: str) -> list[Edge]:
    """Every edge on the way up, the nearest first, each once."""
    return _edges(store, UP, id)


def descendants(store: Store, id: str) -> list[Edge]:
    """Every edge on the way down, the nearest first, each once."""
    return _edges(store, DOWN, id)


def _edges(store: Store, sql: str, id: str) -> list[Edge]:
    return [Edge(**row | {"gone": bool(row["gone"])}) for row in store.rows(sql, [id])]
