"""The job strip: what is being made, what waits, what went wrong."""

from app.panels import shell


def queue():
    """The strip's shell."""
    return shell("queue", "Being made")
