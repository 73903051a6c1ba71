"""Finding: a page of takes out of very many, newest first.

    words ─→ the word index, walked from its newest entry ┐
    tag   ─→ the tag's own list, from its newest          ├─ filters on one narrow index ─→ 60 numbers ─→ 60 rows
    else  ─→ the narrow index, from its end               ┘

Every way walks in the order of the answer and stops when the page is full: the cost is that of the page, not of the
project. Where filters leave few takes, words are looked for in those. Pages are cut by number, so they stay put while takes come in and whatever the clock says.
Knows SQL. Knows no files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from engine.library import tidying
from engine.library.database import Store

PAGE = 500      # takes on one page, at most
FEW = 8         # takes that are asked one by one whether they have a word (1 ms each), instead of walking through all that have it


@dataclass(frozen=True)
class Wanted:
    """What a page shows. Everything that is said must hold."""

    words: str = ""                         # each stands in prompt, what was written before it was expanded, caption, notes or tags; the last may be half typed
    before: int | None = None               # the `number` of the last take of the page before
    limit: int = 60
    skip: int = 0                           # takes to leave out first: for whoever shows a place far down
    favourites: bool = False
    trashed: bool = False                   # what is in the trash, instead of what is not
    missing: bool = False                   # those whose film the last check did not find
    operation: str = ""
    model: str = ""
    tags: tuple[str, ...] | list[str] = ()
    rating: int = 0                         # at least
    since: float | None = None              # seconds since 1970, [since, until)
    until: float | None = None
    size: tuple[int, int] | None = None     # width, height in pixels


def numbers(store: Store, wanted: Wanted) -> list[int]:
    """The numbers of the takes of one page, newest first. Raises BadRequest for a tag or rating that cannot be."""
    asked = _asked(store, wanted)
    if asked is None:
        return []
    number, what, values = asked
    page = [max(1, min(wanted.limit, PAGE)), max(0, min(wanted.skip, 2**53))]
    return [row["n"] for row in store.rows(f"select {number} as n from {what} order by {number} desc limit ? offset ?", [*values, *page])]


def count(store: Store, wanted: Wanted) -> int:
    """How many takes there are of what is wanted, on all pages. Raises BadRequest."""
    asked = _asked(store, replace(wanted, before=None))
    return store.rows(f"select count(*) as n from {asked[1]}", asked[2])[0]["n"] if asked else 0


def _asked(store: Store, wanted: Wanted) -> tuple[str, str, list] | None:
    """The column of numbers, where it stands and what must hold, as SQL; None where nothing can be found."""
    tags = tidying.tags(wanted.tags)
    match = tidying.match(wanted.words, tags if wanted.words.strip() else ())
    if match is None:
        return None     # only signs were asked for: nothing stands for them in the index
    where, values = _facts(wanted)
    if match:
        source, number = "takes_fts cross join takes indexed by takes_facts on takes.number = takes_fts.rowid", "takes_fts.rowid"
        where.insert(0, "takes_fts match ?")
        values.insert(0, match)
        few = _few(store, wanted) if len(where) > 2 or tags else None
        if few is not None:
            where.append("takes_fts.rowid in (select value from json_each(?))")
            values.append(json.dumps(few))
    elif tags:
        source, number = "tagged cross join takes indexed by takes_facts on takes.number = tagged.number", "tagged.number"
        where.insert(0, "tagged.tag = ?")
        values.insert(0, tags[0])
        tags = tags[1:]
    else:
        source, number = "takes indexed by takes_facts", "takes.number"
    for tag in tags:
        where.append(f"exists (select 1 from tagged as t where t.tag = ? and t.number = {number})")
        values.append(tag)
    if wanted.before is not None:
        where.append(f"{number} < ?")
        values.append(max(-(2**63), min(wanted.before, 2**63 - 1)))     # SQLite knows no larger numbers
    return number, f"{source} where {' and '.join(where)}", values


def _few(store: Store, wanted: Wanted) -> list[int] | None:
    """Those that hold without the words, where they are few; else a common word would be walked through to its end."""
    found = numbers(store, replace(wanted, words="", limit=FEW + 1, skip=0))
    return found if len(found) <= FEW else None


def _facts(wanted: Wanted) -> tuple[list[str], list]:
    where, values = [f"takes.trashed is {'not ' if wanted.trashed else ''}null"], []
    width, height = wanted.size or (None, None)
    for condition, value in (
        ("takes.favourite = ?", 1 if wanted.favourites else None),
        ("takes.state = ?", "missing" if wanted.missing else None),
        ("takes.operation = ?", wanted.operation or None),
        ("takes.backend = ?", wanted.model or None),
        ("takes.rating >= ?", tidying.rating(wanted.rating) or None),
        ("takes.created >= ?", wanted.since),
        ("takes.created < ?", wanted.until),
        ("takes.width = ?", width),
        ("takes.height = ?", height),
    ):
        if value is not None:
            where.append(condition)
            values.append(value.encode("utf-8", "replace").decode() if isinstance(value, str) else value)
    return where, values
