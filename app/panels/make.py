"""What to make: prompt, first picture, length, shape, seed, steps."""

from app.panels import shell


def make():
    """The form's shell."""
    return shell("make", "What to make")
