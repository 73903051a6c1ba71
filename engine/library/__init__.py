"""The user's own films: projects, takes, and the files that belong to them."""

from engine.library.importing import Progress, finish
from engine.library.library import Library
from engine.library.take import Edge, Take

__all__ = ["Edge", "Library", "Progress", "Take", "finish"]
