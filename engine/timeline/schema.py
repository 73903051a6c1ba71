"""The tables of a project's cuts, made by the library's migrations.

A cut is a tree of steps: each has the edit that made it and a patch from its parent's text to its own, so that a cut comes
back to the same bytes also where a later Cineloom understands an edit otherwise. `head` is the step that is shown now;
undo goes to its parent, redo to the child that was undone last. A revision counts what happened, undo and redo too.
"""

from __future__ import annotations


def create(db) -> None:
    """Make them, as the step m004 always does: what changes later is a step of its own."""
    db["cuts"].create(
        {
            "number": int,          # counts up: the order in which cuts came to be
            "id": str,
            "created": float,       # seconds since 1970
            "changed": float,
            "name": str,            # these follow the head, for lists
            "rate": str,
            "width": int,
            "height": int,
            "frames": int,
            "revision": int,        # counts every edit, undo and redo
            "head": int,            # the step that is shown
            "trashed": float,       # when; null while it is kept
        },
        pk="number",
        not_null={"id", "name", "revision", "head"},
    )
    db["cuts"].create_index(["id"], unique=True)
    db.conn.execute(
        "create table cut_steps ("
        "cut text not null references cuts(id) on delete cascade, "
        "step integer not null, "
        "parent integer, "              # null for the first
        "depth integer not null, "      # steps from the first
        "created real not null, "
        "edit_id text not null, "       # given by whoever asked: asked twice, it is made once
        "edit text not null, "          # JSON; '' for the first
        "whole integer not null, "      # whether the patch is the whole text
        "patch blob not null, "
        "next integer, "                # the child that redo goes to
        "primary key (cut, step))"
    )
    db.conn.execute("create unique index cut_steps_edit on cut_steps (cut, edit_id)")
    # Which step was shown at which revision: what an edit that comes late was made on.
    db.conn.execute(
        "create table cut_revisions (cut text not null references cuts(id) on delete cascade, revision integer not null, "
        "step integer not null, primary key (cut, revision)) without rowid"
    )
    db.conn.execute(
        "create table cut_candidates (cut text not null references cuts(id) on delete cascade, id text not null, "
        "number integer not null, candidate text not null, rejected integer not null default 0, primary key (cut, id))"
    )
    for table in ("cuts", "cut_candidates"):
        for event in ("insert", "update", "delete"):
            db.conn.execute(f"create trigger {table}_{event}_counts after {event} on {table} begin update changes set count = count + 1; end")
