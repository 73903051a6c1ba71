"""The queue: what is to be made, the processes that make it, one for each accelerator, and the keepers that see to them."""

from engine.jobs.queue import Job, Queue

__all__ = ["Job", "Queue"]
