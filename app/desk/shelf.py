"""The shelf: the takes of the open project, found, marked, thrown away; where each comes from. Knows the library.

    shelf.arrivals    files that are dropped on the page
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.desk.arrivals import Arrivals
from engine.errors import BadRequest
from engine.library import Edge, Take

if TYPE_CHECKING:
    from app.desk.desk import Desk

ONLY = ("", "favourites", "trash", "missing")
TOGETHER = 500      # takes that are changed in one go
KIN = 24            # relatives of a take that are shown on either side; of the others there is a number


class Shelf:
    """Takes, found and looked at."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk
        self.arrivals = Arrivals(desk)

    def takes(self, query: str = "", *, only: str = "", **wanted) -> list[Take]:
        """A page of takes, newest first; `only` is one of ONLY, the rest as `engine.library.finding.Wanted` has it. Raises BadRequest."""
        return self.desk.library.takes(query, **_only(only), **wanted)

    def found(self, query: str = "", *, only: str = "", **wanted) -> int:
        """How many takes that are, on all pages. Raises BadRequest."""
        return self.desk.library.found(query, **_only(only), **wanted)

    def take(self, id: str) -> Take:
        """One take. Raises BadRequest when there is none of that id."""
        take = self.desk.library.take(id)
        if take is None:
            raise BadRequest(f"There is no take {id[:40]!r} in {self.desk.project}.")
        return take

    def kinds(self) -> dict:
        """What can be filtered by: tags with how many takes have them, operations, models, sizes."""
        return {"tags": self.desk.library.tags(), **self.desk.library.kinds()}

    def change(self, ids: Sequence[str], *, favourite: bool | None = None, rating: int | None = None, trash: bool | None = None,
               add: Sequence[str] = (), remove: Sequence[str] = ()) -> list[Take]:
        """Mark takes, rate them, tag them, throw them away or put them back; what is None stays as it is. Returns them as they are now.

        Raises BadRequest for an id, a tag or a rating that is none: before anything is changed, if it can be known then.
        """
        library = self.desk.library
        if not 0 < len(ids) <= TOGETHER:
            raise BadRequest(f"1 to {TOGETHER} takes can be changed at once; {len(ids)} were named.")
        takes = [self.take(id) for id in dict.fromkeys(ids)]
        for take in takes:
            if rating is not None:
                library.rate(take.id, rating)
            if add or remove:
                library.tag(take.id, add, remove)
            if favourite is not None:
                library.favourite(take.id, favourite)
            if trash is not None:
                library.trash(take.id) if trash else library.restore(take.id)
        return [self.take(take.id) for take in takes]

    def note(self, id: str, words: str) -> Take:
        """Replace a take's notes. Raises BadRequest."""
        self.take(id)
        return self.desk.library.note(id, words)

    def empty_trash(self) -> int:
        """Remove what is in the trash for good. Returns how many takes went."""
        return self.desk.library.empty_trash()

    def family(self, id: str) -> dict:
        """A take with what it came from, all the way up, and what was made of it: edges, and the takes on them by id.

        `more` says how many edges are left out above and below.
        """
        self.take(id)
        library = self.desk.library
        up, down = library.ancestors(id), library.children(id)
        edges = [*up[:KIN], *down[:KIN]]
        kin = {each: library.take(each) for edge in edges for each in (edge.child, edge.parent)}
        return {"up": [_edge(edge) for edge in up[:KIN]], "down": [_edge(edge) for edge in down[:KIN]],
                "takes": {each: take.to_json() for each, take in kin.items() if take is not None},
                "more": {"up": max(0, len(up) - KIN), "down": max(0, len(down) - KIN)}}


def _edge(edge: Edge) -> dict:
    return {name: value for name, value in edge.to_json().items() if name != "gone"}


def _only(only: str) -> dict:
    if only not in ONLY:
        raise BadRequest(f"What is shown is {', '.join(ONLY[1:])} or everything; {only[:40]!r} was asked.")
    return {"favourites": only == "favourites", "trashed": only == "trash", "missing": only == "missing"}
