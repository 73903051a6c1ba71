"""The takes: everything that was made here, newest first."""

from app.panels import shell


def takes():
    """The grid's shell."""
    return shell("takes", "Takes")
