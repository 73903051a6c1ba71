"""`cineloom models`: which there are, here and to be had; brought, told of, looked over, given up. How, is the engine's.

Knows options and what is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.saying import AsJson, answer, bar
from engine import memory
from engine.errors import BadRequest

Name = Annotated[str, typer.Argument(metavar="MODEL", help="Its name, as `cineloom models list` says it.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    models = typer.Typer(help="Say which models there are; bring open ones onto this machine.")
    models.callback(invoke_without_command=True)(_models)
    models.command("list")(list_models)
    for command in (pull, add, check, calibrate, remove):
        models.command()(command)
    app.add_typer(models, name="models")


def _models(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_models(as_json)


def list_models(as_json: AsJson = False) -> None:
    """List the models that are here, with their sizes and steps, and those that can be brought."""
    from engine.denoisers.catalog import describe, names
    from engine.denoisers.open.rows import KNOWN, installed

    here = [describe(name) for name in names()]
    lying = installed()
    facts = [{"name": row.name, "title": row.title, "about": row.about, "default_steps": row.default_steps, "steps": list(row.steps),
              "fps": row.grid.rate, "sizes": [{"shape": shape, "width": w, "height": h} for shape, w, h in row.sizes],
              "words": len(row.vocabulary) or None} for row in here]
    words = [f"{row.name:<8} {row.about}\n{'':<8} {row.grid.rate} pictures a second, "
             f"{'/'.join(map(str, row.steps))} steps; {', '.join(f'{w}x{h}' for _, w, h in row.sizes)} and others" for row in here]
    away = [row for row in KNOWN if row.name not in lying]
    to_be_had = [{"name": row.name, "title": row.title, "about": row.about, "hub": row.hub, "licence": row.licence, "billions": round(row.numbers, 2), "bytes": int(row.numbers * 2e9)} for row in away]
    if away:
        words.append("\nTo be had with `cineloom models pull NAME`:")
        words += [f"  {row.name:<17} {f'about {memory.words(row.numbers * 2e9)},':<15} {row.licence}. {row.about}" for row in away]
    answer({"models": facts, "to_be_had": to_be_had}, "\n".join(words), as_json)


def pull(
    name: Name,
    revision: Annotated[str, typer.Option(help="Which version of its repository.")] = "main",
    as_json: AsJson = False,
) -> None:
    """Bring an open model onto this machine; a pull that was broken off goes on where it was.

    HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy, HF_TOKEN an account, CINELOOM_MODELS another folder.
    """
    from engine.denoisers.open.pulling import pull as bring
    from engine.denoisers.open.rows import known, models_folder

    row = known(name)
    if row is None:
        raise BadRequest(f"No model called {name!r:.60} can be brought; `cineloom models list` says which can. One that lies in a folder of yours is told of with `cineloom models add`.")
    total = 0
    with bar(f"asking for {row.title}") as shown:
        for part in bring(row, revision=revision):
            total = part.total
            shown.show(f"{memory.words(part.done)} of {memory.words(part.total)}", part.done, part.total)
    place = models_folder() / name
    answer({"name": name, "folder": str(place), "bytes": total}, f"{row.title} is here, {memory.words(total)} in {place}. Its licence is {row.licence}.", as_json)


def add(
    places: Annotated[list[Path], typer.Argument(metavar="FOLDER | FILE...", help="A model in diffusers' layout, with a model_index.json; or with --like the .safetensors or .gguf of its transformer, two of a model with two experts.", show_default=False)],
    like: Annotated[str, typer.Option(metavar="MODEL", help="The model that is here whose other parts a single file is laid over.", show_default=False)] = "",
    name: Annotated[str, typer.Option(help="What recipes call it.", show_default="the folder's or the file's name")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell of a model that lies in a folder of yours, or of a single file that is laid over a model that is here; nothing is copied."""
    from engine.denoisers.open.keeping import add as tell
    from engine.denoisers.open.keeping import lay

    if not like and len(places) != 1:
        raise BadRequest(f"One folder is told of at a time; {len(places)} were given. Single files are laid over a model that is here, which --like names.")
    with bar("looking") as shown:
        for step in lay(places, like, name) if like else tell(places[0], name):
            if isinstance(step, str):
                shown.show(step)
    facts = {"name": step.name, "family": step.family, "folder": str(step.folder), "version": step.version} | ({"like": step.like, "files": [str(file) for file in step.over.values()]} if like else {})
    answer(facts, f"{step.name} can be used now: it is of the family {step.family}, {step.numbers:.2f} billion numbers.", as_json)


def check(name: Name, as_json: AsJson = False) -> None:
    """Hold every file of a model against what it was when it came; exits with 1 when one has changed."""
    from engine.denoisers.open.keeping import check as hold

    damaged, count = [], 0
    with bar("looking") as shown:
        for path, well in hold(name):
            count += 1
            shown.show(path)
            damaged += [] if well else [path]
    words = f"All {count} files of {name} are as they came." if not damaged else f"{', '.join(damaged)} is damaged; `cineloom models pull {name}` brings it again."
    answer({"name": name, "files": count, "damaged": damaged}, words, as_json)
    if damaged:
        raise typer.Exit(1)


def calibrate(
    name: Name,
    size: Annotated[str | None, typer.Option(help="Width x height of the film that is made for it.", show_default="the model's best")] = None,
    pictures: Annotated[int | None, typer.Option(min=1, help="How long it is.", show_default="what the model makes at once")] = None,
    steps: Annotated[int | None, typer.Option(min=4, max=200, help="In how many steps; other numbers of steps go by it too.", show_default="the model's own")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure an open model for the cache "mag", which it has from then on.

    One film is walked whole for it, which takes as long as any; nothing else of it is kept.
    """
    from engine.denoisers.catalog import describe, open_backend
    from engine.denoisers.manners import sizes_file
    from engine.denoisers.open.calibrating import calibrate as walk
    from engine.denoisers.open.rows import row_of
    from engine.recipe.asking import sides

    row = row_of(name)
    with bar(f"opening {row.title}") as shown:
        for said in walk(row, open_backend(name), sides(size) if size else row.sizes[0][1:], pictures or row.pictures, steps):
            shown.show(said)
    answer({"name": name, "caches": list(describe(name).caches), "file": str(sizes_file(row))}, f"{row.title} has the cache mag now; `--cache mag` takes it.", as_json)


def remove(name: Name, as_json: AsJson = False) -> None:
    """Give up a model that was pulled. A folder of yours is only forgotten."""
    from engine.denoisers.open.keeping import remove as give_up

    freed = give_up(name)
    answer({"name": name, "bytes": freed}, f"{name} is gone; {memory.words(freed)} are free again." if freed else f"{name} is forgotten; its folder stays as it is.", as_json)
