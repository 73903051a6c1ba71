"""The queue: what is to be made, the one process that makes it, and the keeper that sees to that process."""

from engine.jobs.queue import Job, Queue

__all__ = ["Job", "Queue"]
