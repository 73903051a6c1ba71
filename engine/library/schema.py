"""The tables of one project, as named steps that are never edited, only added to: an old project always opens."""

from __future__ import annotations

from engine.tables import Migrations

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


@migrations()
def m002_a_take_is_rated_tagged_and_traced(db):
    for name, kind, default in (
        ("caption", str, ""),       # what is seen, in words; the prompt is what was asked
        ("tags", str, "[]"),        # JSON list; `tagged` follows it
        ("rating", int, 0),         # 1 to 5; 0 is none
        ("state", str, "whole"),    # or "missing": the film is not where it should be
        ("bytes", int, 0),          # of the film when it came in
    ):
        db["takes"].add_column(name, kind, not_null_default=default)

    # What a page filters by, in one narrow index: 100,000 takes are looked through without touching their recipes.
    db.conn.execute(
        "create index takes_facts on takes "
        "(number, trashed, favourite, rating, operation, backend, state, width, height, created)"
    )

    # Tags by name, kept by triggers so that they can never differ from what the take says.
    db.conn.execute(
        "create table tagged (tag text not null, number integer not null references takes(number) on delete cascade, "
        "primary key (tag, number)) without rowid"
    )
    db.conn.execute("create index tagged_number on tagged (number)")
    fill = "insert into tagged select distinct value, new.number from json_each(new.tags);"
    db.conn.execute(f"create trigger takes_insert_tags after insert on takes when new.tags != '[]' begin {fill} end")
    db.conn.execute(
        f"create trigger takes_update_tags after update of tags on takes begin delete from tagged where number = new.number; {fill} end"
    )

    # Lineage. A parent that was removed for good leaves its name, and is found again should it come back.
    db.conn.execute(
        "create table edges ("
        "child text not null references takes(id) on delete cascade, "
        "parent text references takes(id) on delete set null, "
        "was text not null, "               # the parent's id, also when it is gone
        "start integer not null, "          # pictures of the parent, [start, stop)
        "stop integer not null, "
        "role text not null, "              # what they were used for
        "primary key (child, was, role, start, stop), check (start >= 0 and stop > start))"
    )
    db.conn.execute("create index edges_parent on edges (parent)")
    db.conn.execute("create index edges_was on edges (was)")
    db.conn.execute(
        "create trigger takes_insert_is_parent after insert on takes begin "
        "update edges set parent = new.id where was = new.id and parent is null; end"
    )
    for event in ("insert", "delete"):
        db.conn.execute(f"create trigger edges_{event}_counts after {event} on edges begin update changes set count = count + 1; end")

    # Takes removed for good whose files may still lie there: without this, a check would take them for lost ones.
    db["graves"].create({"id": str, "files": str}, pk="id", not_null={"files"})

    # Search also reads captions and tags. Prefixes of up to three letters have an index of their own: a page of what
    # begins with "r" else has to merge every such word. Only changes of words touch the index.
    db["takes"].disable_fts()
    words = "prompt, caption, notes, tags"
    db.conn.execute(
        f"create virtual table takes_fts using fts5({words}, content='takes', content_rowid='number', "
        "tokenize='porter unicode61 remove_diacritics 2', prefix='1 2 3')"
    )
    new, old = (", ".join(f"{which}.{word}" for word in words.split(", ")) for which in ("new", "old"))
    put = f"insert into takes_fts (rowid, {words}) values (new.number, {new});"
    drop = f"insert into takes_fts (takes_fts, rowid, {words}) values ('delete', old.number, {old});"
    db.conn.execute(f"create trigger takes_insert_words after insert on takes begin {put} end")
    db.conn.execute(f"create trigger takes_delete_words after delete on takes begin {drop} end")
    db.conn.execute(f"create trigger takes_update_words after update of {words} on takes begin {drop} {put} end")
    db.conn.execute("insert into takes_fts (takes_fts) values ('rebuild')")


@migrations()
def m003_a_take_keeps_its_figures(db):
    db["takes"].add_column("figures", str, not_null_default="{}")   # JSON: what was measured of it when it was made


@migrations()
def m004_cuts(db):
    from engine.timeline.schema import create

    create(db)


@migrations()
def m005_a_take_is_found_by_what_was_written(db):
    # What a person wrote before it was expanded. It stands in the recipe alone, and is read there: nothing can differ from it.
    written = "case when json_valid(recipe) then coalesce(json_extract(recipe, '$.asked'), '') else '' end"
    db.conn.execute(f"alter table takes add column asked text generated always as ({written}) virtual")
    for event in ("insert", "delete", "update"):
        db.conn.execute(f"drop trigger takes_{event}_words")
    db.conn.execute("drop table takes_fts")
    words = ("prompt", "asked", "caption", "notes", "tags")
    db.conn.execute(
        f"create virtual table takes_fts using fts5({', '.join(words)}, content='takes', content_rowid='number', "
        "tokenize='porter unicode61 remove_diacritics 2', prefix='1 2 3')"
    )
    new, old = (", ".join(f"{which}.{word}" for word in words) for which in ("new", "old"))
    put = f"insert into takes_fts (rowid, {', '.join(words)}) values (new.number, {new});"
    drop = f"insert into takes_fts (takes_fts, rowid, {', '.join(words)}) values ('delete', old.number, {old});"
    changed = ", ".join("recipe" if word == "asked" else word for word in words)
    db.conn.execute(f"create trigger takes_insert_words after insert on takes begin {put} end")
    db.conn.execute(f"create trigger takes_delete_words after delete on takes begin {drop} end")
    db.conn.execute(f"create trigger takes_update_words after update of {changed} on takes begin {drop} {put} end")
    db.conn.execute("insert into takes_fts (takes_fts) values ('rebuild')")


@migrations()
def m006_a_caption_says_who_wrote_it(db):
    db["takes"].add_column("captioner", str, not_null_default="")   # its name; "" is a person, and of captions from before this step nobody knows
