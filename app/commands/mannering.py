"""How a model is asked to work: the options that every command has which makes film, said once.

    @with_manners       def take(prompt, ..., as_json)        cineloom take "..." --cache "first-block 0.08" --guider apg --lora paper-cut:0.8
    deliver(recipe)  →  mannered(recipe)            a wish | wished(model)          cineloom cut make ... --lora paper-cut:0.8

Knows options. What they mean is the engine's (`engine.denoisers.manners`, `engine.denoisers.open.choosing`).
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.saying import aside

if TYPE_CHECKING:
    from engine.denoisers.catalog import Model
    from engine.recipe import Recipe

Cache = Annotated[str, typer.Option(metavar="NAME [AMOUNT]", help="Take part of a step from the step before: first-block, sea, taylor or mag, where the model has it.", show_default="every step whole")]
Guider = Annotated[str, typer.Option(metavar="NAME", help="How words lead: zero-star, apg, tangential, skip-layer or interval, where the model has it.", show_default="plain guidance")]
Loras = Annotated[list[str] | None, typer.Option("--lora", metavar="NAME[:WEIGHT]", help="Lay a LoRA over the model, as strong as you say; as many as you like. `cineloom loras list` says which there are.", show_default="none")]
References = Annotated[list[Path] | None, typer.Option("--reference", metavar="PICTURE", help="Who or what is to be in the film, where the model can be shown that: Wan VACE. As many as four.", show_default="none")]
OPTIONS = {"cache": Cache, "guider": Guider, "lora": Loras, "reference": References}
NONE: dict[str, object] = {"cache": "", "guider": "", "lora": None, "reference": None}

_asked: ContextVar[dict[str, object]] = ContextVar("manners", default={})


def with_manners(command: Callable[..., None]) -> Callable[..., None]:
    """The command with these options after its own."""
    @functools.wraps(command)
    def run(*given, **more) -> None:
        before = _asked.set({name: more.pop(name, none) for name, none in NONE.items()} | {"steps": more.get("steps")})
        try:
            command(*given, **more)
        finally:
            _asked.reset(before)

    own = inspect.signature(command, eval_str=True)
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=NONE[name], annotation=option) for name, option in OPTIONS.items()]
    run.__signature__ = own.replace(parameters=[*own.parameters.values(), *added])
    run.__annotations__ = {**command.__annotations__, **{one.name: one.annotation for one in added}}
    return run


def wished(model: str, keep: Callable[[Path], dict]) -> dict[str, object]:
    """The command's options as fields of a wish (`app.tasks`).

    keep    puts a picture where the studio finds it, and says how it is called there
    Raises BadRequest for a LoRA that is not here or was made for others, WeightsError for one that is none, BadMedia for a picture that is none.
    """
    from engine.denoisers.open import choosing

    asked = _asked.get()
    laid = [choosing.asked(text, model) for text in asked.get("lora") or ()]
    lists = {"loras": [{"name": lora.name, "weight": lora.weight} for lora in laid], "references": [{"name": keep(path)["name"]} for path in asked.get("reference") or ()]}
    return {name: asked[name] for name in ("cache", "guider") if asked.get(name)} | {name: found for name, found in lists.items() if found}


def mannered(recipe: Recipe, model: Model) -> Recipe:
    """The recipe as the command's options want it. Raises BadRequest for what the model has not, WeightsError for a LoRA that is none, BadMedia for a picture that is not there."""
    from engine.denoisers.manners import written
    from engine.denoisers.open import choosing
    from engine.recipe import check
    from engine.recipe.asking import overlaid, shown

    asked = {name: value for name, value in _asked.get().items() if value}
    steps, laid, references = asked.pop("steps", None), asked.pop("lora", ()), asked.pop("reference", ())
    if laid:
        recipe, notes = overlaid(recipe, [choosing.asked(text, model.name) for text in laid], steps=steps is not None)
        for note in notes:
            aside(note)
    if "cache" in asked:
        asked["cache"] = written(asked["cache"])
    recipe = shown(dataclasses.replace(recipe, **asked), references)
    check(recipe, model)
    return recipe
