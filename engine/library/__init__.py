"""The user's own films: projects, takes, and the files that belong to them."""

from engine.library.library import Library
from engine.library.take import Take

__all__ = ["Library", "Take"]
