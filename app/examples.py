"""What the page says a model knows, and prompts to try with one click. Rows of data, checked against the model itself:
a word or a prompt that the model does not know is not shown.
"""

from __future__ import annotations

from engine.denoisers.catalog import Model

KNOWS = (
    ("Subjects", ("boat", "balloon", "car", "train", "rocket", "fish", "bird", "butterfly", "fox", "robot", "person",
                  "tree", "house", "lighthouse", "windmill", "church", "ball", "burger", "paintbrush")),
    ("Colours", ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "black", "gray")),
    ("Places", ("sea", "desert", "meadow", "snow", "city", "reef", "space", "block world")),
    ("Times", ("dawn", "day", "dusk", "night")),
    ("Weather", ("clear", "rain", "snowfall", "fog")),
    ("Motion", ("left", "right", "up", "down", "rises", "falls", "bounces", "spins", "still", "approaches")),
    ("Camera", ("pans left", "pans right", "tilts up", "tilts down", "push in", "pull out", "orbit")),
    ("Styles", ("paper-cut", "watercolour", "ink", "neon", "blocks")),
)  # fmt: skip

EXAMPLES = (
    "a red boat sails left on the sea at dusk",
    "an orange fox walks right through the snow, snowfall",
    "a yellow balloon rises over the meadow at dawn",
    "a purple fish swims right over the reef",
    "a white lighthouse by the sea at night, the camera orbits",
    "a green train in the desert, the camera pans right",
    "a blue butterfly over the meadow, watercolour",
    "a pink robot in the city at night, neon",
    "red left",                                     # the weightless stand-in knows colours and directions, no more
    "blue right",
    "green down",
)  # fmt: skip


def knows(model: Model) -> list[dict]:
    """The model's words by kind, `[{kind, words}]`; empty for a model that takes any word."""
    if model.words is None:
        return []
    rows = [{"kind": kind, "words": [word for word in words if not model.unknown_words(word)]} for kind, words in KNOWS]
    return [row for row in rows if row["words"]]


def examples(model: Model, most: int = 6) -> list[str]:
    """Prompts whose every word the model knows."""
    return [prompt for prompt in EXAMPLES if not model.unknown_words(prompt)][:most]
