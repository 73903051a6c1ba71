"""The tables of the queue, one file per home: the queue belongs to the machine, not to a project and not to a page."""

from __future__ import annotations

from engine.tables import Migrations

migrations = Migrations("queue")


@migrations()
def m001_jobs(db):
    db["jobs"].create(
        {
            "number": int,          # counts up: first come, first made
            "id": str,              # also of the take that comes of it
            "project": str,
            "recipe": str,          # JSON
            "said": str,            # JSON list: what was snapped when it was asked for
            "state": str,           # waiting, running, done, failed, cancelled
            "created": float,       # seconds since 1970
            "started": float,
            "finished": float,
            "tries": int,           # how many workers took it up
            "worker": str,          # identity of the process that has it
            "cancel": int,          # somebody asked it to stop
            "step": int,            # steps done
            "steps": int,           # of how many
            "progress": float,      # 0 to 1, decoding included
            "message": str,         # what is being done, in words
            "left": float,          # seconds, about; null while nobody knows
            "heartbeat": float,     # when the worker last said anything
            "previewed": int,       # the step that the preview shows; 0 is none
            "error": str,           # a sentence
            "dismissed": int,       # somebody has read how it ended: the page need not show it any more
        },
        pk="number",
        not_null={"id", "project", "recipe", "state", "created"},
        defaults={"said": "[]", "tries": 0, "cancel": 0, "step": 0, "steps": 0, "progress": 0.0, "message": "", "previewed": 0, "dismissed": 0},
    )
    db["jobs"].create_index(["id"], unique=True)
    db["jobs"].create_index(["state", "number"])
    db["jobs"].create_index(["dismissed", "finished"])
    db["previews"].create(
        {
            "job": str,
            "step": int,
            "frames": int,          # side by side in the picture
            "width": int,           # of one of them, pixels
            "height": int,
            "jpeg": bytes,
        },
        pk="job",
        foreign_keys=[("job", "jobs", "id")],
    )
    db["workers"].create(
        {
            "device": str,          # one worker each
            "who": str,             # identity of its process
            "started": float,
            "heartbeat": float,
            "doing": str,
        },
        pk="device",
    )
    db["pace"].create(
        {
            "backend": str,
            "phase": str,           # "step" or "decode"
            "seconds": float,       # per latent cell and step, or per pixel of film
        },
        pk=("backend", "phase"),
    )


@migrations()
def m002_a_line_that_can_be_paused_and_put_in_order(db):
    jobs = db["jobs"]
    jobs.add_column("position", float, not_null_default=0)  # place in line: the least is made first
    jobs.add_column("held", int, not_null_default=0)        # somebody paused it
    jobs.add_column("device", str, not_null_default="")     # the worker it asks for; "" is any
    jobs.add_column("batch", str, not_null_default="")      # id of the first of the variations it is one of
    jobs.add_column("ended", int)                           # counts up: the order in which jobs ended, whatever the clock said
    jobs.add_column("taken", int, not_null_default=0)       # how many workers took it up, those that got on with it too
    jobs.add_column("kept", int, not_null_default=0)        # steps in its checkpoint
    jobs.add_column("resumed", int, not_null_default=0)     # steps that were done already when its last worker began; -1 while it gets ready
    jobs.add_column("unkept", float, not_null_default=0)    # seconds of work since the checkpoint
    jobs.add_column("again", float, not_null_default=0)     # seconds of work that were lost with workers and done again
    jobs.add_column("free", int)                            # bytes of memory that were free when its worker last said so
    jobs.add_column("kills", int)                           # of processes by this kernel for want of memory, when it was taken up
    db.conn.execute("update jobs set position = number, taken = tries")
    over = "state in ('done', 'failed', 'cancelled')"
    db.conn.execute(f"update jobs set ended = (select count(*) from jobs as b where b.{over} and b.finished <= jobs.finished) where {over}")
    jobs.create_index(["state", "position"])
    jobs.create_index(["ended"])
    db["line"].insert({"id": 1, "paused": 0}, pk="id")      # one row: nothing is taken up while it is paused


@migrations()
def m003_what_there_is_can_be_enough(db):
    db["jobs"].add_column("enough", int, not_null_default=0)        # somebody wants the take as far as it is by now
