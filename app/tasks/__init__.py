"""Tasks: what a person can ask for, as data, and the way from a wish to a recipe and back.

    rows.py       one row per task: what it needs, which controls it has, their defaults and bounds
    presets.py    rows that set several controls at once
    wishes.py     what is asked, read from JSON, every field looked at
    building.py   wishes and the takes they name ─→ recipe
    planning.py   a recipe ─→ what it costs here
    restoring.py  recipe ─→ the wishes that ask for it again

Knows the engine's recipes, not how they are made. Knows no page, no HTTP and no queue.
"""

from app.tasks.building import build
from app.tasks.planning import cost
from app.tasks.restoring import wishes_of
from app.tasks.rows import TASKS, described
from app.tasks.wishes import Film, Still, Wishes, read

__all__ = ["TASKS", "Film", "Still", "Wishes", "build", "cost", "described", "read", "wishes_of"]
