"""The tables of the queue, one file per home: the queue belongs to the machine, not to a project and not to a page."""

from __future__ import annotations

from sqlite_utils.migrations import Migrations

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
