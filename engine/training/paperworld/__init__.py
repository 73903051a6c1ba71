"""The paper world: the procedural world on which Paper, the built-in model, is trained.

It knows the exact caption, depth, motion and identity of all it draws, at any size and length, on any device.

    scene = draw_scene(7, subject="fox", place="snow")
    film = render(scene, pictures=17, width=128, height=80)      # film.pixels (17, 3, 80, 128)
    caption(scene, seed=1, kind="short")                         # "a red fox in the snow at night"

A cut falls only where a latent frame begins (before picture 1 + 4 k); a loop returns to its first picture exactly.
scene    attributes and the drawing of lots            light     palettes by time and weather
shapes   signed distances, ink                         sky       sun, stars, clouds, rain, snow, fog
stage    sheets with parallax                          places    the eight stages
subjects, subjects_*, solids   what is drawn           poses     paths of subjects and camera
events   what lasts                                    style     five finishes
captions words                                         rendering the order of work, film and truth
"""

from .captions import SYNONYMS, VOCABULARY, caption, describe, words
from .scene import CAMERAS, COLOURS, EVENTS, MOTIONS, PLACES, RELATIONS, SIZES, SPEEDS, STYLES, SUBJECTS, TIMES, WEATHERS, Scene, Second, Shot, draw_scene, held_out

__all__ = [
    "CAMERAS", "COLOURS", "EVENTS", "MOTIONS", "PLACES", "RELATIONS", "SIZES", "SPEEDS", "STYLES", "SUBJECTS", "SYNONYMS", "TIMES",
    "VOCABULARY", "WEATHERS", "Film", "Scene", "Second", "Shot", "Truth", "caption", "cuts_of", "describe", "draw_scene", "held_out", "render", "words",
]


def __getattr__(name: str):
    """What draws comes with torch, and only where it is asked for: words and scenes do without."""
    if name in ("Film", "Truth", "cuts_of", "render"):
        from importlib import import_module

        return getattr(import_module(f"{__name__}.rendering"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
