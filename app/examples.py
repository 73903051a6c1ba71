"""What the page says a model knows, and prompts to try with one click. Rows of data, checked against the model itself:
a word or a prompt that the model does not know is not shown.
"""

from __future__ import annotations

from engine.denoisers.catalog import Model

KNOWS = (
    ("Subjects", ("boat", "balloon", "car", "train", "rocket", "fish", "bird", "butterfly", "fox", "robot", "person",
                  "tree", "house", "lighthouse", "windmill", "church", "ball", "burger", "paintbrush")),
    ("Colours", ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "black", "gray")),
    ("Places", ("on the sea", "in the desert", "in a meadow", "in the snow", "in the city", "in a coral reef", "in space",
                "in a block world")),
    ("Times", ("at dawn", "by day", "at dusk", "at night")),
    ("Weather", ("under a clear sky", "in the rain", "in falling snow", "in fog")),
    ("Motion", ("to the left", "to the right", "rises", "falls", "bounces up and down", "spins around", "stands still",
                "comes closer", "left", "right", "up", "down", "still")),
    ("Camera", ("the camera pans left", "the camera pans right", "the camera tilts up", "the camera tilts down",
                "the camera pushes in", "the camera pulls out", "the camera orbits around it")),
    ("Styles", ("paper-cut style", "watercolour style", "ink style", "neon style", "blocks style")),
)  # fmt: skip

EXAMPLES = (
    "a red boat sails to the left on the sea at dusk",
    "an orange fox trots to the right and leaves footprints in the snow",
    "a yellow balloon rises in a meadow at dawn",
    "a white lighthouse stands still on the sea at night, the camera orbits around it",
    "a green train steams along to the right in the desert, the camera pans right",
    "a purple fish swims to the left in a coral reef",
    "watercolour style: a blue butterfly flutters to the right in a meadow",
    "a pink robot walks to the left in the city at night, neon style",
    "red left",                                     # the weightless stand-in knows colours and directions, no more
    "blue right",
    "green down",
)  # fmt: skip

# What to say to film that is there, by task.
OF_FILM = {
    "extend": ("a red boat sails to the left on the sea at night", "a red boat sails to the left on the sea in falling snow", "blue left", "green down"),
    "loop": ("a brown windmill turns in a meadow by day", "a white lighthouse stands still on the sea at night", "red right"),
    "connect": ("a yellow balloon rises in a meadow at dawn", "a white lighthouse stands still on the sea at dusk", "green up"),
    "edit": ("watercolour style: a green boat on the sea at night", "a red boat in the snow at dusk", "neon style: a pink train in the city at night",
             "blue right", "green right"),
    "inpaint": ("a black bird on the sea", "a small yellow ball in a meadow", "yellow", "green still"),
    "outpaint": ("a red boat on the sea at dusk", "a fox in the snow by day", "blue still"),
    "finish": (),
}

# A storyboard to begin with: the first one whose words the model knows all.
STORIES = (
    {"who": "a red boat", "style": "watercolour style", "shots": (
        ("{who} sails to the left on the sea at dusk", 2.0, "cut"), ("{who} in the desert at night", 2.0, "cut"),
        ("{who} in the desert at night in the rain", 1.5, "continue"))},
    {"who": "red", "style": "", "shots": (("{who} left", 1.0, "cut"), ("blue right", 1.0, "cut"), ("{who} up", 0.5, "continue"))},
)  # fmt: skip


def story(model: Model) -> dict | None:
    """A storyboard to begin with, as wishes; None where the model knows none of them."""
    for row in STORIES:
        words = [row["who"], row["style"], *(prompt.replace("{who}", "") for prompt, *_ in row["shots"])]
        if not any(model.unknown_words(text) for text in words):
            return row | {"shots": [{"prompt": prompt, "seconds": seconds, "join": join, "cards": []} for prompt, seconds, join in row["shots"]]}
    return None


def task_examples(model: Model, most: int = 2) -> dict[str, list[str]]:
    """Prompts for tasks that work on film, of words that the model knows."""
    return {task: [prompt for prompt in prompts if not model.unknown_words(prompt)][:most] for task, prompts in OF_FILM.items()}


def knows(model: Model) -> list[dict]:
    """The model's words by kind, `[{kind, words}]`; empty for a model that takes any word."""
    if model.words is None:
        return []
    rows = []
    for kind, phrases in KNOWS:
        kept: list[str] = []
        for phrase in phrases:      # "left" adds nothing where "to the left" stands already
            if not model.unknown_words(phrase) and not any(phrase in other.split() for other in kept):
                kept.append(phrase)
        rows.append({"kind": kind, "words": kept})
    return [row for row in rows if row["words"]]


def examples(model: Model, most: int = 6) -> list[str]:
    """Prompts whose every word the model knows."""
    return [prompt for prompt in EXAMPLES if not model.unknown_words(prompt)][:most]
