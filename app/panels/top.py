"""The bar at the top: the name, and what goes on behind."""

from app.panels import shell


def top():
    """The bar's shell."""
    return shell("top", "Studio")
