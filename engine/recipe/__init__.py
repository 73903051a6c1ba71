"""Recipe: everything that makes a take, as a value.

Knows how to be asked for, checked, hashed and written as JSON. Knows neither torch nor what is in a picture or film.

    what a person asks -> compose -> Recipe -> JSON (job row, take.mp4, recipe.json) -> from_json -> Recipe

    value.py   the fields, their bounds, JSON and hash      asking.py    from what is asked to a recipe on a model's grid
    older.py   formats of earlier versions, step by step    machine.py   what it is computed on
    again.py   found in a file, run once more, compared
"""

from engine.recipe.asking import compose, fits
from engine.recipe.value import Input, Recipe, check, from_json

__all__ = ["Input", "Recipe", "check", "compose", "fits", "from_json"]
