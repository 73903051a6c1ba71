"""A cut as a film: its pictures laid over one another, its sound mixed, both in a file of one of many kinds.

    rendering.py   the order of things        frames.py      which pictures are seen, and over what
    places.py      where media lies           lettering.py   titles drawn over them
    kinds.py       what there is to choose    rates.py       at another number of frames per second
    writing.py     encoders, colour, files    sound.py       tracks mixed, samples where they belong
    carrying.py    the cut inside the file

"""

from engine.timeline.rendering.places import Places
from engine.timeline.rendering.rendering import Rendered, Wanted, render

__all__ = ["Places", "Rendered", "Wanted", "render"]
