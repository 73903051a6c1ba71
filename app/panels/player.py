"""The player: a take in a loop, or the moving preview of the one that is being made."""

from app.panels import shell


def player():
    """The player's shell."""
    return shell("player", "Player")
