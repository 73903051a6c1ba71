"""`cineloom recipe` and `reproduce`: what made a file, and whether it can be made again.

Knows the terminal and where projects keep pictures. What a recipe is, and how near is near, are the engine's.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from app.commands.making import Target, make_shown
from app.commands.saying import AsJson, answer, aside, bar
from engine.errors import BadRequest

File = Annotated[Path, typer.Argument(help="A film or picture that was made here, its latents, or a recipe.json.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(recipe)
    app.command()(reproduce)


def recipe(file: File, as_json: AsJson = False) -> None:
    """Say what made a file.

    Reads the recipe that films and pictures carry, from whichever of their carriers is left.
    """
    from engine.recipe.again import recipe_of

    found = recipe_of(file)
    made = json.loads(found.recipe.to_json())
    facts = {"path": str(file), "carrier": found.carrier, "also_in": list(found.others), "note": found.note,
             "digest": found.recipe.digest(), "recipe": made}
    shown = [(name, value) for name, value in made.items() if name not in ("cineloom", "inputs", "cues", "loras") and value not in ("", None, [])
             and (name, value) != ("window", 0)]
    shown += [("then", f"{cue['prompt']} (from picture {cue['at']})") for cue in made["cues"]]
    shown += [("lora", f"{lora['name']} at {lora['weight']:g} (sha256 {lora['sha256'][:12]}...)") for lora in made["loras"]]
    shown += [(item["role"] if item["role"] != "still" else "input", _given(item)) for item in made["inputs"]]
    shown.append(("found in", ", ".join([found.carrier, *found.others])))
    words = "\n".join(f"{name:<10} {value}" for name, value in shown)
    answer(facts, words + (f"\n{found.note}" if found.note else ""), as_json)


def _given(item: dict) -> str:
    """What a recipe was given, in words: which file, what of it, and where it stands in the film."""
    mark = f"(sha256 {item['sha256'][:12]}...)"
    if item["stop"] - item["start"] == 1:
        return f"{item['path']} as picture {item['at']} {mark}"
    return f"{item['path']}, its pictures {item['start']} to {item['stop'] - 1}, from picture {item['at']} on {mark}"


def reproduce(
    file: File,
    inputs: Annotated[list[Path] | None, typer.Option("--inputs", help="Folder where pictures, films and LoRAs lie that the recipe was given; as many as you like.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Keep the new film or picture under this name.", show_default="not kept")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of your projects, where they are looked for too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a file again from its recipe, and say whether it came out the same.

    Exact, close (with the PSNR) or different, and what is not as it was then: model, version, device, size. Exits with 1
    when it is different.
    """
    from engine.denoisers.open.loras import find
    from engine.media.finding import ITSELF
    from engine.recipe.again import compare, inputs_of, recipe_of

    found = recipe_of(file)
    if found.note:
        aside(found.note)
    if found.carrier == ITSELF:
        raise BadRequest(f"{file.name} is a recipe alone: there is nothing to set a new take beside. Name the film that it made.")
    folders = [*(inputs or []), file.absolute().parent, *(path for name in ("inputs", "latents", "media") for path in sorted(settings.home(home).glob(f"*/{name}")))]
    given = (inputs_of(found.recipe, folders) if found.recipe.inputs else {}) | find(found.recipe.loras, folders)
    target = Target.of(out, found.recipe) if out is not None else None
    with tempfile.TemporaryDirectory(prefix="cineloom-") as beside:
        folder, keep = Path(beside), None
        with bar("opening the model") as bench:
            made = make_shown(found.recipe, folder, bench, given)
            verdict = compare(file, found.recipe, made)
        if target is not None:
            with target.workshop() as workshop:
                moved = workshop / made.film.name
                moved.write_bytes(made.film.read_bytes())
                keep = target.keep(moved, None)
    facts = {"path": str(file), **verdict.to_json(), "kept": None if keep is None else str(keep),
             "seconds_spent": round(made.seconds, 3)}
    answer(facts, sentence(verdict), as_json)
    if verdict.says == "different":
        raise typer.Exit(1)


def sentence(verdict) -> str:
    """A verdict in words."""
    if verdict.says == "exact":
        first = f"Exact: the {verdict.of} are the same, bit for bit."
    elif verdict.psnr is None:
        first = "Different: it cannot be set beside the new one."
    else:
        first = f"{verdict.says.capitalize()}: {verdict.psnr:.1f} dB between the {verdict.of} of then and now."
    return "\n".join([first, *verdict.differs])
