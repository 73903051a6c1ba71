"""One row per task: what it is called, what it needs, which controls it has. Data, and the little that draws it up for a model.

    controls   shown at once       more   folded away: most takes do without them
Knows the engine's defaults. Knows neither the page nor how a task becomes a recipe.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from engine.denoisers.catalog import Model
from engine.recipe.bounds import CUES, GUIDANCE, REFERENCES, SIDES, STEPS
from engine.recipe.operating import CLOSING, FINISH, ROUND, STRENGTH

LONGEST = 60.0          # seconds that the form offers; what fits is said before the run
MANY = 8                # variations at once, on the page


@dataclass(frozen=True)
class Control:
    """One thing that can be set."""

    name: str                           # the wish that it sets, see wishes.py
    kind: str                           # amount, strength, shape, size, exact, scale, steps, seed, toggle, words, cues, loras, choice
    title: str
    default: object = None              # None: the model's own, or none
    least: float | None = None
    most: float | None = None
    step: float | None = None
    unit: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()       # of a choice, beside ""

    def but(self, **changes) -> Control:
        """The same with other values."""
        return dataclasses.replace(self, **changes)


SECONDS = Control("seconds", "amount", "Length", 2.0, 0.25, LONGEST, 0.25, "s")
AFTER = Control("after", "amount", "After it", 2.0, 0.0, LONGEST, 0.25, "s")
BEFORE = Control("before", "amount", "Before it", 0.0, 0.0, LONGEST, 0.25, "s")
OVERLAP = Control("overlap", "amount", "Laid over each other", 0.0, 0.0, 10.0, 0.25, "s", "Instead of film between them: one turns into the other.")
LEVEL = Control("strength", "strength", "Strength", STRENGTH, 0.0, 1.0, 0.05, "", "0 keeps the film, 1 makes it anew.")
SHAPE = Control("shape", "shape", "Shape")
SIZE = Control("size", "size", "Size")
EXACT = Control("exact", "exact", "Exact size", None, *SIDES, 8, "px")
TO = Control("to", "shape", "New shape", "9:16")
SCALE = Control("scale", "scale", "Full size")
STEP = Control("steps", "steps", "Steps", None, *STEPS, 1, "", "More steps, more care.")
SEED = Control("seed", "seed", "Seed", None, help="The same seed makes the same take.")
TIMES = Control("variations", "amount", "Variations", 1, 1, MANY, 1, "", "Each with the next seed.")
GUIDE = Control("guidance", "amount", "Guidance", None, GUIDANCE[0], 12.0, 0.5, "", "How closely the words are followed; 1 is as they come.")
LESS = Control("negative", "words", "Rather not", "", help="Words that the film turns away from.")
THEN = Control("cues", "cues", "Then", (), 0, CUES, 0.25, "s", "Other words from a second on.")
FAITHFUL = Control("faithful", "toggle", "Change only what the words change", False)
WAS = Control("was", "words", "What it shows now", "", help="For film from elsewhere: what the words are compared with.")
WHO = Control("who", "words", "Who", "", help="Put wherever a shot says {who}: the same words, the same character.")
STYLE = Control("style", "words", "Style", "", help="Added to every shot.")
LEADER = Control("guider", "choice", "How words lead", "", help="Another way than the plain one, which some films gain from.")
CACHE = Control("cache", "choice", "Cache", "", help="Part of a step is taken from the step before: done sooner, and a little another film.")
LAID = Control("loras", "loras", "LoRAs", (), -2.0, 2.0, 0.05, "", "Small files laid over the model: a look, a person, a way to move.")

RUN = (STEP, SEED, TIMES)
FOLDED = (GUIDE, LESS, LEADER, CACHE, LAID)
FRAME = (SHAPE, SIZE)


@dataclass(frozen=True)
class Task:
    """One task. `films` and `pictures` say how many it takes, at least and at most; `references` how many pictures of who is in it a model can be shown that can be shown any."""

    name: str
    title: str
    help: str
    prompt: str = "needed"              # "needed", "optional" (else the words that made the film), "none"
    films: tuple[int, int] = (0, 0)
    pictures: tuple[int, int] = (0, 0)
    timed: bool = False                 # its pictures have times
    references: int = REFERENCES
    mask: str = ""                      # "needed", "optional" or ""
    shots: bool = False
    controls: tuple[Control, ...] = ()
    more: tuple[Control, ...] = ()


TASKS = {task.name: task for task in (
    Task("text", "Film", "Film from words.", controls=(SECONDS, *FRAME, *RUN), more=(THEN, *FOLDED, EXACT)),
    Task("picture", "Picture", "One picture from words.", controls=(*FRAME, *RUN), more=(*FOLDED, EXACT)),
    Task("animate", "Animate", "A picture of yours, set in motion.", pictures=(1, 1), controls=(SECONDS, *FRAME, *RUN),
         more=(THEN, *FOLDED, EXACT)),
    Task("keyframes", "Keyframes", "Pictures at their times, and film between them.", pictures=(1, 24), timed=True,
         controls=(SECONDS, *FRAME, *RUN), more=(THEN, *FOLDED, EXACT)),
    Task("extend", "Extend", "Carry a film on, or lead up to it.", "optional", (1, 1), controls=(AFTER, BEFORE, *RUN), more=(*FOLDED, EXACT)),
    Task("loop", "Loop", "A film that ends where it begins: a take closed, or one from words.", "optional", (0, 1), references=0,
         controls=(SECONDS.but(default=CLOSING), *FRAME, *RUN), more=(*FOLDED, EXACT)),
    Task("connect", "Connect", "New film that leads from one take to another.", "optional", (2, 2),
         controls=(SECONDS.but(title="Between them", default=1.5), OVERLAP, *RUN), more=(*FOLDED, EXACT)),
    Task("edit", "Edit", "The same film, shown otherwise: say what it is to be.", "needed", (1, 1), mask="optional",
         controls=(LEVEL, FAITHFUL, *RUN), more=(WAS, *FOLDED, EXACT)),
    Task("inpaint", "Inpaint", "A part of the picture made anew; all else stays as it is.", "optional", (1, 1), mask="needed",
         controls=RUN, more=(LEVEL.but(default=1.0), *FOLDED, EXACT)),
    Task("outpaint", "Outpaint", "Another shape: what lies around the film is invented.", "optional", (1, 1), controls=(TO, *RUN),
         more=(*FOLDED, EXACT)),
    Task("finish", "Finish", "A draft made again at full size: same film, more detail.", "optional", (1, 1), references=0,
         controls=(SCALE, LEVEL.but(default=FINISH), *RUN), more=(*FOLDED, EXACT)),
    Task("storyboard", "Storyboard", "Several shots, one film: the same people, other places.", "none", shots=True,
         controls=(WHO, STYLE, *FRAME, *RUN), more=(*FOLDED, EXACT)),
)}
OF_WORDS = ROUND        # seconds of a loop that has no film


def at_once(model: Model) -> float:
    """Seconds of film that a model makes well at once, on the form's steps; what is longer is made window after window."""
    seconds = (model.grid.pictures(model.window) - 1) / model.grid.rate if model.window else SECONDS.default
    return max(SECONDS.step, seconds // SECONDS.step * SECONDS.step)


def described(model: Model) -> list[dict]:
    """The rows as the page draws them, the model's own defaults filled in."""
    own = {"guidance": model.default_guidance, "steps": model.default_steps}
    return [dataclasses.asdict(task) | {
        place: [dataclasses.asdict(control.but(default=_default(task, control, model, own), choices=_choices(model, control))) for control in getattr(task, place) if _has(model, control)]
        for place in ("controls", "more")
    } for task in TASKS.values()]


def _choices(model: Model, control: Control) -> tuple[str, ...]:
    return {LEADER: model.guiders, CACHE: model.caches}.get(control, ())


def _has(model: Model, control: Control) -> bool:
    """Whether a model has what a control is about."""
    return model.loras if control == LAID else control.kind != "choice" or bool(_choices(model, control))


def _default(task: Task, control: Control, model: Model, own: dict) -> object:
    if task.name == "finish" and control.name == "steps":
        return -(-model.default_steps // 2)         # a part of the way; as the engine has it
    if control == SECONDS:
        return at_once(model)
    return own.get(control.name, control.default)
