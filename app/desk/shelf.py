"""The shelf: the takes of the open project. Knows the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import BadRequest
from engine.library import Take

if TYPE_CHECKING:
    from app.desk.desk import Desk


class Shelf:
    """Takes, found and looked at."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk

    def takes(self, query: str = "", *, before: int | None = None, limit: int = 60, only: str = "") -> list[Take]:
        """A page of takes, newest first; `only` is "", "favourites" or "trash"."""
        return self.desk.library.takes(
            query, before=before, limit=limit, favourites=only == "favourites", trashed=only == "trash"
        )

    def take(self, id: str) -> Take:
        """One take. Raises BadRequest when there is none of that id."""
        take = self.desk.library.take(id)
        if take is None:
            raise BadRequest(f"There is no take {id[:40]!r} in {self.desk.project}.")
        return take
