"""What a recipe may say: the bounds of every field, and what belongs together.

Knows neither torch, nor models beyond their catalog row, nor what is in a picture or film.
"""

from __future__ import annotations

import math
import operator
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.denoisers.manners import read_cache
from engine.denoisers.open import distilled
from engine.errors import BadRequest
from engine.recipe.value import Input, Recipe

if TYPE_CHECKING:
    from engine.denoisers.catalog import Model

SOLVERS = ("euler", "multistep", "unipc", "sde")     # engine.solvers has them; this room does without torch
PROMPT = 5_000          # characters. The longest of 946 rewritten benchmark prompts has 897
SIDES = (64, 1920)      # pixels of a width or height
STEPS = (1, 250)
GUIDANCE = (0.0, 30.0)
SEEDS = 2**63           # [0, SEEDS)
OVERLAP = 2             # latent frames that a window sees of the film on either side of it
CURVE = 1_000           # numbers of a curve of strength
REFERENCES = 4          # pictures of who or what is in a film
CUES = 200
LORAS, LAID = 16, 10.0      # files laid over a model, and the weight of one, to either side
MANY = 10**9            # more than there ever is

# Operation: how many stills and films it takes, at least and at most, and how a person is told.
TAKES = {
    "text":       ((0, 0), (0, 0), "starts from words alone"),
    "image":      ((0, 0), (0, 0), "starts from words alone"),
    "animate":    ((1, 1), (0, 0), "takes one picture, the film's first"),
    "keyframes":  ((1, MANY), (0, 0), "takes at least one picture, at any time"),
    "extend":     ((0, 0), (1, 1), "takes one film"),
    "loop":       ((0, 0), (0, 1), "takes one film, or words alone"),
    "connect":    ((0, 0), (2, 2), "takes two films"),
    "edit":       ((0, 0), (1, 2), "takes one film"),         # or two that meet in a cut, see within.py
    "inpaint":    ((0, 0), (1, 2), "takes one film"),
    "outpaint":   ((0, 0), (1, 1), "takes one film"),
    "finish":     ((0, 0), (1, 1), "takes one film"),
    "storyboard": ((0, MANY), (0, MANY), "takes pictures and films at their times"),
}
OPERATIONS = tuple(TAKES)
Want = Callable[[bool, str], None]


def check(recipe: Recipe, model: Model | None = None) -> None:
    """Raise BadRequest unless every field is within its bounds; with `model`, also unless it lies on its grid."""
    def want(true: bool, sentence: str) -> None:
        if not true:
            raise BadRequest(sentence)

    want(recipe.operation in OPERATIONS,
         f"An operation is one of {', '.join(OPERATIONS)}; {recipe.operation!r:.60} was asked.")
    want(bool(recipe.prompt.strip()), "The prompt is empty; say what the film should show.")
    words = [("prompt", recipe.prompt), ("negative prompt", recipe.negative), ("source's prompt", recipe.was),
             *(("prompt", cue.prompt) for cue in recipe.cues), *(("prompt as it was written", one.asked) for one in (recipe, *recipe.cues))]
    for name, text in words:
        want(len(text) <= PROMPT, f"The {name} has {len(text):,} characters; up to {PROMPT:,} are read. Say it shorter.")
        want(not control_characters(text), f"The {name} has control characters in it.")
    want(0 <= recipe.seed < SEEDS, f"A seed is a whole number from 0 to 2**63 - 1; {recipe.seed} was asked.")
    want(STEPS[0] <= recipe.steps <= STEPS[1],
         f"A take has {STEPS[0]} to {STEPS[1]} steps; {recipe.steps:,} was asked.")
    want(GUIDANCE[0] <= recipe.guidance <= GUIDANCE[1],
         f"Guidance goes from {GUIDANCE[0]:g} to {GUIDANCE[1]:g}, and 1 is none; {recipe.guidance:g} was asked.")
    want(recipe.solver in SOLVERS, f"A solver is one of {', '.join(SOLVERS)}; {recipe.solver!r:.60} was asked.")
    want(recipe.pictures >= 1, f"A film has 1 picture or more; {recipe.pictures} was asked.")
    want(all(SIDES[0] <= side <= SIDES[1] for side in (recipe.width, recipe.height)),
         f"Widths and heights go from {SIDES[0]} to {SIDES[1]} pixels; {recipe.width}x{recipe.height} was asked.")
    want(recipe.window == 0 or recipe.window > 2 * OVERLAP,
         f"A window has {2 * OVERLAP + 1} latent frames or more, or is 0 for none; {recipe.window} was asked.")
    want(not recipe.tile or (len(recipe.tile) == 2 and min(recipe.tile) >= SIDES[0]),
         f"A tile is a width and a height of at least {SIDES[0]} pixels; {list(recipe.tile)} was asked.")
    _check_given(recipe, want)
    _check_changes(recipe, want)
    _check_loras(recipe, want)
    if model is not None:
        _check_grid(recipe, model, want)
        _check_manner(recipe, model, want)


def _check_given(recipe: Recipe, want: Want) -> None:
    """Pictures and films: how many, when and where."""
    stills, films, masks, references = ([item for item in recipe.inputs if item.role == role] for role in ("still", "film", "mask", "reference"))
    want(len(stills) + len(films) + len(masks) + len(references) == len(recipe.inputs), "What is given is a still, a film, a mask or a reference.")
    want(len(references) <= REFERENCES, f"Up to {REFERENCES} pictures of who is in a film can be shown; {len(references)} were given.")
    want(not references or not (recipe.loops or recipe.tile or recipe.holds or recipe.was), "Pictures of who is in a film are of no use where its layout is held or it comes round: finish, faithful edits and loops take none.")
    want(recipe.operation != "image" or recipe.pictures == 1, "An image is one picture.")
    (few, many), (fewer, more), sentence = TAKES[recipe.operation]
    given = " and ".join(f"{len(found)} {name}{'s' if len(found) != 1 else ''}" for found, name in ((stills, "picture"), (films, "film")) if found)
    want(few <= len(stills) <= many and fewer <= len(films) <= more,
         f"The operation {recipe.operation} {sentence}; {given or 'none'} {'were' if len(stills) + len(films) > 1 else 'was'} given.")
    want(recipe.operation != "animate" or stills[0].at == 0, "Animate takes the film's first picture. Keyframes takes more, at any time.")
    for item in recipe.inputs:
        want(len(item.sha256) == 64 and set(item.sha256) <= set("0123456789abcdef"),
             "An input is known by its sha256, 64 hexadecimal digits.")
        last = item.at if recipe.loops else item.at + item.pictures - 1      # on a loop it goes round
        want(0 <= item.at and last < recipe.pictures and item.pictures <= recipe.pictures,
             f"{'A picture is to be seen as' if item.pictures == 1 else f'Film of {item.pictures:,} pictures is to be seen from'} number {item.at} (from 0), "
             f"but the film has {recipe.pictures:,}.")
        want(0 <= item.start < item.stop, f"Of a film the pictures [start, stop) are used; [{item.start}, {item.stop}) was asked.")
        want(item.role != "film" or item.pictures > 1,
             "A film has at least 2 pictures; one was given. A single picture is animated.")
        left, top, width, height = item.box if len(item.box) == 4 else (0, 0, recipe.width, recipe.height)
        want(len(item.box) in (0, 4) and min(left, top) >= 0 and min(width, height) > 0 and left + width <= recipe.width
             and top + height <= recipe.height, f"A box is left, top, width and height within {recipe.width}x{recipe.height}; {list(item.box)} was asked.")


def _check_changes(recipe: Recipe, want: Want) -> None:
    """Strength, area, masks, cues: what is changed of what is given, and when the words change."""
    masks = sum(item.role == "mask" for item in recipe.inputs)
    films = sum(item.role == "film" for item in recipe.inputs)
    for level in recipe.strength:
        want(0 <= level <= 1, f"Strength goes from 0 (kept) to 1 (made anew); {level:g} was asked.")
    want(len(recipe.strength) <= CURVE, f"A curve of strength has up to {CURVE:,} numbers; {len(recipe.strength):,} were given.")
    want(masks <= 1, f"One mask can be given; {masks} were.")
    want(films > 0 or not (recipe.strength or recipe.area or recipe.was or masks),
         "Strength, an area, a mask and a source's prompt say what is changed of a film; none was given.")
    want(recipe.operation not in ("edit", "finish") or bool(recipe.strength or masks), f"The operation {recipe.operation} needs a strength.")
    want(recipe.operation != "inpaint" or bool(recipe.area or masks or 0 in recipe.strength), "Inpaint needs an area or a mask: what is to be made anew.")
    if recipe.area:
        left, top, width, height = recipe.area if len(recipe.area) == 4 else (-1, 0, 0, 0)
        want(min(left, top) >= 0 and min(width, height) > 0 and left + width <= recipe.width and top + height <= recipe.height,
             f"An area is left, top, width and height within {recipe.width}x{recipe.height}; {list(recipe.area)} was asked.")
    want(len(recipe.cues) <= CUES, f"A film has up to {CUES} further prompts; {len(recipe.cues):,} were given.")
    times = [0, *(cue.at for cue in recipe.cues)]
    want(all(a < b for a, b in zip(times, times[1:])) and times[-1] < recipe.pictures,
         f"Prompts begin one after another within the film of {recipe.pictures:,} pictures; {times[1:6]} was asked.")
    want(all(0 <= cue.over <= 10_000 for cue in recipe.cues), "Words take over from the ones before them within 0 to 10,000 pictures.")
    want(all(cue.prompt.strip() for cue in recipe.cues), "One of the further prompts is empty; say what the film should show then.")


def _check_grid(recipe: Recipe, model: Model, want: Want) -> None:
    """That it is film as this model makes it."""
    grid = model.grid
    want(recipe.width % grid.space == 0 and recipe.height % grid.space == 0,
         f"{model.title} makes widths and heights that are multiples of {grid.space}; {recipe.width}x{recipe.height} "
         "was asked.")
    if recipe.loops:
        want(recipe.pictures % grid.time == 0, f"{model.title} makes loops of {grid.time}k pictures; {recipe.pictures:,} was asked.")
    else:
        want(grid.pictures(grid.frames(recipe.pictures)) == recipe.pictures,
             f"{model.title} makes 1 + {grid.time}k pictures; {recipe.pictures:,} was asked.")
    want(all(side % grid.space == 0 for item in recipe.inputs for side in item.box),
         f"{model.title} sets film into a picture on a grid of {grid.space} pixels.")
    seen: dict[int, Input] = {}
    for item in (item for item in recipe.inputs if item.role == "still"):
        other = seen.setdefault(grid.frame_of(item.at), item)
        want(other is item, f"Pictures {other.at} and {item.at} fall on the same moment; {model.title} can hold one in "
                            f"every {grid.time}.")


def _check_loras(recipe: Recipe, want: Want) -> None:
    """What is laid over the model."""
    want(len(recipe.loras) <= LORAS, f"Up to {LORAS} LoRAs are laid over a model; {len(recipe.loras)} were asked.")
    for lora in recipe.loras:
        want(len(lora.sha256) == 64 and set(lora.sha256) <= set("0123456789abcdef"), "A LoRA is known by its sha256, 64 hexadecimal digits.")
        want(0 < len(lora.name) <= 200 and not control_characters(lora.name), "A LoRA has the name of its file, up to 200 characters.")
        want(-LAID <= lora.weight <= LAID, f"A LoRA's weight goes from {-LAID:g} to {LAID:g}, and 0 is none; {lora.weight:g} was asked.")
        distilled.check_expert(lora.expert)
        if lora.grid:
            distilled.of(lora.grid)
    want(len({lora.sha256 for lora in recipe.loras}) == len(recipe.loras), "A LoRA is laid over a model once; one was asked twice.")


def _check_manner(recipe: Recipe, model: Model, want: Want) -> None:
    """That the model can be walked so."""
    name = recipe.cache.partition(" ")[0]
    caches = f"knows the caches {', '.join(model.caches)}" if model.caches else "has no caches"
    guiders = f"is led by {', '.join(model.guiders)}" if model.guiders else "has plain guidance only"
    want(not name or name in model.caches, f"{model.title} {caches}; {name!r:.60} was asked.")
    if name:
        read_cache(recipe.cache)
    want(not recipe.guider or recipe.guider in model.guiders, f"{model.title} {guiders}; {recipe.guider!r:.60} was asked.")
    want(model.references or not any(item.role == "reference" for item in recipe.inputs), f"{model.title} cannot be shown who is in a film by a picture at no time of it; Wan VACE can, and any model takes keyframes.")
    want(model.loras or not recipe.loras, f"{model.title} takes no LoRAs.")


def control_characters(text: str) -> list[str]:
    """Those in `text`, in order, and halves of characters (lone surrogates), which cannot be written to any file."""
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cs")]


def whole(value: object, name: str) -> int:
    """A whole number, also one that a page hands over as 7.0. Never a bool, never a rounded one.

    Raises BadRequest for anything else.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return int(value)
        whole = operator.index(value)
    except TypeError as error:
        raise BadRequest(f"The {name} is a whole number; {value!r:.60} was given.") from error
    if abs(whole) > 2**64:      # Python will not even print numbers of thousands of digits
        raise BadRequest(f"The {name} is far out of bounds: a number of {whole.bit_length():,} bits was given.")
    return whole


def number(value: object, name: str) -> float:
    """A finite number. Raises BadRequest for anything else, a number in quotes too."""
    try:
        real = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, ValueError, OverflowError):
        real = math.nan
    if not math.isfinite(real):
        raise BadRequest(f"The {name} is a number; {value!r:.60} was given.")
    return real
