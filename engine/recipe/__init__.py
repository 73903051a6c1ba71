"""Recipe: everything that makes a take, as a value.

Knows how to be asked for, checked, hashed and written as JSON. Knows neither torch nor what is in a picture or film.

    what a person asks -> compose -> Recipe -> JSON (job row, take.mp4, recipe.json) -> from_json -> Recipe

    value.py     the fields, JSON and hash                    asking.py    from what is asked to a recipe on a model's grid
    bounds.py    what they may say                            operating.py the same for film that is carried on or changed
    reading.py   from JSON of any format                      machine.py   what it is computed on
    source.py    film that something is made of               storyboard.py  shots in a text file
    older.py     formats of earlier versions, step by step    again.py     found in a file, run once more, compared
    within.py    seconds of film that are changed             shapes.py    an aspect as a width and a height
"""

from engine.recipe.asking import compose, fits
from engine.recipe.bounds import check
from engine.recipe.reading import from_json
from engine.recipe.value import Cue, Input, Lora, Recipe

__all__ = ["Cue", "Input", "Lora", "Recipe", "check", "compose", "fits", "from_json"]
