"""From what a person asks to a recipe: words cleaned, sizes and lengths snapped to the model's grid, memory checked.

Whatever is changed on the way is said in a sentence. Knows the catalog's row of a model, never the model.
"""

from __future__ import annotations

import math
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine import memory
from engine.denoisers.catalog import Model, describe
from engine.denoisers.manners import written
from engine.denoisers.open import choosing, distilled
from engine.errors import BadRequest, NotEnoughMemory
from engine.recipe.bounds import PROMPT, SIDES, check, control_characters, number, whole
from engine.recipe.value import Cue, Input, Lora, Recipe
from engine.words import chinese

RESERVE = 0.85          # of free memory a take may ask for: the rest of the machine lives too


def compose(prompt: str, *, model: Model | str, operation: str = "text", seconds: float = 2.0,
            pictures: int | None = None, size: Sequence[int] = (256, 144), seed: int | None = None,
            steps: int | None = None, guidance: float | None = None, solver: str = "", negative: str = "",
            inputs: Sequence[Input | str | Path | tuple[str | Path, int]] = (),
            strength: float | Sequence[float] = (), area: Sequence[int] = (), was: str = "", cues: Sequence[Cue] = (),
            loras: Sequence[Lora] = (), cache: str = "", guider: str = "", asked: str = "", free: int | None = None) -> tuple[Recipe, list[str]]:
    """What a person asks, checked and snapped to the model's grid: the recipe, and a sentence for each thing changed.

    seconds    of film; `pictures` overrides it. An "image" is one picture whatever is said here
    size       (width, height) in pixels
    seed       None draws one; steps, guidance and solver: nothing takes the model's own, or those of a LoRA that was distilled
    inputs     pictures as files, each alone or with the number of the picture in the film that it is to be; or Inputs
    strength, area, was, cues      see `Recipe`; `operating` fills them
    cache, guider      see `engine.denoisers.manners`
    loras      laid over the model, as `denoisers.open.choosing.chosen` says them
    asked      what the person wrote, where the prompt was expanded from it
    free       bytes of memory to fit into; None asks the machine

    Raises BadRequest for what cannot be, NotEnoughMemory for what does not fit (it says what would), BadMedia for an
    input that is not there.
    """
    model = describe(model) if isinstance(model, str) else model
    notes: list[str] = []
    width, height = _snap_size(size, model, notes)
    given, loras = _inputs(inputs), tuple(loras)
    own = _taught(loras)
    prompt, asked = _both(prompt, asked, notes)
    recipe = Recipe(
        operation=operation,
        prompt=prompt,
        pictures=1 if operation == "image" else _snap_length(seconds, pictures, model, notes, operation == "loop"),
        width=width,
        height=height,
        # Drawn below 2**31: a person can read it out, and no browser rounds it.
        seed=secrets.randbelow(2**31) if seed is None else whole(seed, "seed"),
        steps=(own.steps if own else model.default_steps) if steps is None else whole(steps, "number of steps"),
        guidance=(own.guidance if own else model.default_guidance) if guidance is None else number(guidance, "guidance"),
        solver=solver or ("euler" if own else model.solver),
        negative=_clean(negative, "negative prompt", notes),
        backend=model.name,
        inputs=given,
        strength=tuple(number(level, "strength") for level in (strength if isinstance(strength, Sequence) else (strength,))),
        area=tuple(whole(side, "area") for side in area),
        was=_clean(was, "source's prompt", notes),
        cues=tuple(replace(cue, **dict(zip(("prompt", "asked"), _both(cue.prompt, cue.asked, notes)))) for cue in cues),
        cache=written(cache),
        guider=guider,
        loras=loras,
        asked=asked,
    )
    notes += _uncalled(recipe)
    if model.words is not None:
        notes += [chinese.read(words).sentence for words in (prompt, *(cue.prompt for cue in recipe.cues)) if chinese.has_any(words)]
    if model.window and not recipe.loops and model.grid.frames(recipe.pictures) > model.window:
        recipe = replace(recipe, window=model.window)
    tile = model.tile if width >= height else model.tile[::-1]
    # Only where the draft's layout is held: made from nothing, each part of a picture would be a picture of its own.
    if tile and recipe.holds and (width > tile[0] or height > tile[1]):
        recipe = replace(recipe, tile=tile)
    check(recipe, model)
    fits(recipe, model, free)
    return recipe, notes


def overlaid(recipe: Recipe, loras: Sequence[Lora], steps: bool = False) -> tuple[Recipe, list[str]]:
    """The same recipe with these LoRAs over the model, and a sentence for each that the prompt does not call. One that was distilled brings its guidance, and its `steps` where none were asked."""
    own, recipe = _taught(loras), replace(recipe, loras=tuple(loras))
    if own:
        recipe = replace(recipe, guidance=own.guidance, solver="euler", steps=recipe.steps if steps else own.steps)
    return recipe, _uncalled(recipe)


def shown(recipe: Recipe, pictures: Sequence[str | Path]) -> Recipe:
    """The same recipe with pictures of who or what is to be in its film, at no time of it. Whether its model can be shown them `check` says. Raises BadMedia for one that is not there."""
    return replace(recipe, inputs=(*recipe.inputs, *(Input.of(path, role="reference") for path in pictures)))


def _taught(loras: Sequence[Lora]) -> distilled.Distilled | None:
    """What the first of these that was distilled was taught."""
    return next((distilled.of(lora.grid) for lora in loras if lora.grid and lora.weight), None)


def _uncalled(recipe: Recipe) -> list[str]:
    return choosing.unsaid(recipe.loras, " ".join([recipe.prompt, *(cue.prompt for cue in recipe.cues)]))


def fits(recipe: Recipe, model: Model, free: int | None = None) -> None:
    """Raise NotEnoughMemory unless the take fits into `free` bytes (None asks the machine); it says what would."""
    free = memory.free() if free is None else free
    def needs(pictures: int) -> int:
        return model.memory(pictures, recipe.width, recipe.height, 0 if recipe.loops else recipe.window, recipe.tile)

    need = needs(recipe.pictures)
    if free is None or need <= RESERVE * free:
        return
    low, high = 0, model.grid.frames(recipe.pictures)       # latent frames that fit, and that do not
    while high - low > 1:
        middle = (low + high) // 2
        fit = needs(model.grid.pictures(middle)) <= RESERVE * free
        low, high = (middle, high) if fit else (low, middle)
    would = (f"{_seconds(model.grid.pictures(low), model)} would fit" if low > 1 else "a single picture would fit"
             if low else "not even a single picture of that size would; ask for a smaller one")
    raise NotEnoughMemory(f"{_seconds(recipe.pictures, model)} at {recipe.width}x{recipe.height} needs about "
                          f"{memory.words(need)} of memory, {memory.words(free)} are free; {would}.")


def _both(prompt: str, asked: str, notes: list[str]) -> tuple[str, str]:
    """A prompt, and what was written where that is something else."""
    prompt, asked = _clean(prompt, "prompt", notes), _clean(asked, "prompt as it was written", notes)
    return prompt, "" if asked == prompt else asked


def _clean(text: str, name: str, notes: list[str]) -> str:
    """Words as the model reads them: one form for every letter, line breaks as spaces, no control characters.

    Emoji stay, and so do the joiners and marks they are made of. Half a character (a lone surrogate) cannot be written
    to any file, so it goes with the control characters.
    """
    if not isinstance(text, str):
        raise BadRequest(f"The {name} is text; {text!r:.60} was given.")
    if len(text) > PROMPT:      # before anything is done to it
        raise BadRequest(f"The {name} has {len(text):,} characters; up to {PROMPT:,} are read. Say it shorter.")
    text = " ".join(part for part in text.split())
    bad, kept = control_characters(text), text
    if bad:
        count, kept = len(bad), "".join(char for char in text if char not in bad)
        notes.append(f"{count} control character{'s were' if count > 1 else ' was'} taken out of the {name}.")
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def _snap_length(seconds: float, pictures: int | None, model: Model, notes: list[str], loop: bool) -> int:
    grid = model.grid
    first = 0 if loop else 1        # the picture that a loop has not
    if pictures is not None:
        asked = whole(pictures, "number of pictures")
        if asked < 1:
            raise BadRequest(f"A film has 1 picture or more; {asked} was asked.")
        snapped = grid.time * max(1, round(asked / grid.time)) if loop else grid.snap_pictures(asked)
        if snapped != asked:
            notes.append(f"{asked:,} pictures were asked; {snapped:,} is the nearest length on {model.title}'s grid.")
        return snapped
    seconds = number(seconds, "length")
    if not 0 < seconds < 1e12:
        raise BadRequest(f"A film of {seconds:g} seconds was asked; {grid.time / grid.rate:g} s is the shortest, and an "
                         "image is a single picture.")
    # 2 s are 32 strides from the first picture: 33 pictures.
    snapped = first + grid.time * max(1, round(seconds * grid.rate / grid.time))
    if not math.isclose((snapped - first) / grid.rate, seconds, rel_tol=1e-9):
        notes.append(f"{seconds:g} s was asked; {(snapped - first) / grid.rate:,.10g} s ({snapped:,} pictures) is the nearest length "
                     f"on {model.title}'s grid.")
    return snapped


def sides(size: Sequence[int] | str) -> tuple[int, int]:
    """A width and a height, also as a command line says them, `256x144`. Raises BadRequest."""
    try:
        if isinstance(size, str):
            size = [int(side) for side in size.lower().replace("×", "x").split("x")]
        width, height = (whole(side, "size") for side in size)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"A size is a width and a height in pixels, such as 256 and 144; {size!r:.60} was asked.") from error
    return width, height


def _snap_size(size: Sequence[int] | str, model: Model, notes: list[str]) -> tuple[int, int]:
    width, height = sides(size)
    if not all(SIDES[0] <= side <= SIDES[1] for side in (width, height)):
        raise BadRequest(f"Widths and heights go from {SIDES[0]} to {SIDES[1]} pixels; {width}x{height} was asked.")
    snapped = model.grid.snap_side(width), model.grid.snap_side(height)
    if snapped != (width, height):
        notes.append(f"{width}x{height} was asked; {snapped[0]}x{snapped[1]} is the nearest size on {model.title}'s grid.")
    return snapped


def _inputs(given: Sequence) -> tuple[Input, ...]:
    out = []
    for item in given:
        path, at = item if isinstance(item, tuple) else (item, 0)
        out.append(item if isinstance(item, Input) else Input.of(path, whole(at, "picture number")))
    return tuple(out)


def _seconds(pictures: int, model: Model) -> str:
    return f"{(pictures - 1) / model.grid.rate:,.10g} s" if pictures > 1 else "One picture"
