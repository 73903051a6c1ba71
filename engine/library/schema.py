"""The tables of one project, as named steps that are never edited, only added to: an old project always opens."""

from __future__ import annotations

from sqlite_utils.migrations import Migrations

migrations = Migrations("library")


@migrations()
def m001_takes(db):
    db["takes"].create(
        {
            "number": int,          # counts up: the order in which takes came to be, whatever the clock said
            "id": str,              # the same as of the job that made it: a job run twice leaves one take
            "created": float,       # seconds since 1970
            "prompt": str,
            "notes": str,
            "operation": str,
            "backend": str,
            "version": str,         # of the weights
            "seed": str,            # up to 2**63 - 1, which a JavaScript number cannot hold
            "steps": int,
            "width": int,           # pixels
            "height": int,
            "pictures": int,
            "rate": float,          # pictures per second
            "spent": float,         # seconds of work
            "recipe": str,          # JSON: enough to make it again
            "film": str,            # files, relative to the project's folder
            "poster": str,
            "strip": str,
            "latents": str,
            "favourite": int,
            "trashed": float,       # when; null while it is kept
        },
        pk="number",
        not_null={"id", "created", "recipe", "film"},
        defaults={"prompt": "", "notes": "", "favourite": 0},
    )
    db["takes"].create_index(["id"], unique=True)
    db["takes"].create_index(["trashed", "number"])
    db["takes"].enable_fts(["prompt", "notes"], create_triggers=True, tokenize="porter unicode61 remove_diacritics 2")

    # What the page asks twice a second: has anything changed?
    db["changes"].insert({"id": 1, "count": 0}, pk="id")
    for event in ("insert", "update", "delete"):
        db.conn.execute(
            f"create trigger takes_{event}_counts after {event} on takes begin update changes set count = count + 1; end"
        )
