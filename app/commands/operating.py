"""`cineloom extend`, `loop`, `connect`, `edit`, `inpaint`, `outpaint`, `finish`: from film that is there to new film.

    film, wishes -> engine.recipe.operating -> Recipe -> `making.deliver`: file and answer, with the measured seam

Knows options and how they are written. What they mean is the engine's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.making import Credentials, Out, Seed, Steps, Variations, Way, deliver, slug
from app.commands.mannering import with_manners
from app.commands.saying import AsJson, Backend
from engine.errors import BadRequest

Film = Annotated[Path, typer.Argument(help="A take, or any film: MP4, MOV, WebM, GIF.", show_default=False)]
Words = Annotated[str | None, typer.Argument(metavar="[PROMPT]", help="What is to be seen.", show_default="the words that made the film")]
Told = Annotated[str | None, typer.Option("--prompt", help="What is to be seen.", show_default="the words that made the film")]
OwnSize = Annotated[str | None, typer.Option("--size", help="Width x height in pixels.", show_default="the film's, or the nearest that the model makes in good time")]
Start = Annotated[float, typer.Option("--start", help="Seconds of the film that are left out.")]
Stop = Annotated[float | None, typer.Option("--stop", help="Second of the film up to which it is used.", show_default="its end")]
Kept = Annotated[bool | None, typer.Option("--latents/--no-latents", help="Keep the latents beside the file: later operations start from them.", show_default="kept where the film has its own")]
Strength = Annotated[str, typer.Option(help="0 keeps, 1 makes anew; several numbers with commas are a curve along the film.")]
Mask = Annotated[Path | None, typer.Option(help="A picture or film in grey, of the film's shape: what is white is changed.", show_default="none")]
Area = Annotated[str | None, typer.Option(metavar="LEFT,TOP,WIDTH,HEIGHT", help="The part of the film's picture that is changed, in its pixels.", show_default="all of it")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (extend, loop, connect, edit, inpaint, outpaint, finish):
        app.command()(with_manners(command))


def extend(film: Film, prompt: Words = None, after: Annotated[float, typer.Option(help="Seconds of new film after it.")] = 0.0,
           before: Annotated[float, typer.Option(help="Seconds of new film that lead up to it.")] = 0.0, start: Start = 0.0, stop: Stop = None,
           size: OwnSize = None, seed: Seed = None, steps: Steps = None, out: Out = None, latents: Kept = None, variations: Variations = None,
           credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False) -> None:
    """Carry a film on, forward and backward.

    What was there stays as it is. The answer says how well the new film joins on: seam 1 is nothing to be seen.
    """
    from engine.recipe import operating

    way = Way(out, latents, variations, backend, as_json, _named("extend", film), credentials)
    deliver(*operating.extend(film, prompt, model=way.model(), after=after, before=before, start=start, stop=stop, size=size, seed=seed, steps=steps), way)


def loop(film: Annotated[Path | None, typer.Argument(help="A take, or any film; without one the loop is made of words.", show_default=False)] = None,
         prompt: Told = None,
         seconds: Annotated[float | None, typer.Option(help="Film that leads back to the beginning; or the length of a loop of words.", show_default="1, or 3 of words")] = None,
         start: Start = 0.0, stop: Stop = None, size: OwnSize = None, seed: Seed = None, steps: Steps = None, out: Out = None, latents: Kept = None,
         variations: Variations = None, credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False) -> None:
    """Make a film that ends where it begins: of a film, or of words alone."""
    from engine.recipe import operating

    way = Way(out, latents, variations, backend, as_json, _named("loop", film) if film else "", credentials)
    deliver(*operating.loop(film, prompt, model=way.model(), seconds=seconds, start=start, stop=stop, size=size, seed=seed, steps=steps), way)


def connect(
    first: Annotated[Path, typer.Argument(metavar="A", help="The film that comes first.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="B", help="The film that it leads to.", show_default=False)],
    prompt: Told = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the new film between them.", show_default="1.5")] = None,
    overlap: Annotated[float | None, typer.Option(help="Instead: seconds by which they lie over each other, one turning into the other.", show_default="none")] = None,
    stop: Annotated[float | None, typer.Option(help="Second of A at which it is left.", show_default="its end")] = None,
    start: Annotated[float, typer.Option(help="Second of B at which it is entered.")] = 0.0,
    size: OwnSize = None, seed: Seed = None, steps: Steps = None, out: Out = None, latents: Kept = None, variations: Variations = None,
    credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False,
) -> None:
    """Lead from one film to another, with new film between them or laid over each other."""
    from engine.recipe import operating

    if seconds is not None and overlap is not None:
        raise BadRequest("Connect leads from one film to the other in --seconds, or lays them over each other by --overlap; both was asked.")
    way = Way(out, latents, variations, backend, as_json, _named("connect", first), credentials)
    if overlap is not None and not overlap > 0:
        raise BadRequest(f"Films lie over each other for more than 0 seconds; {overlap:g} was asked.")
    deliver(*operating.connect(first, second, prompt, model=way.model(), seconds=1.5 if seconds is None else seconds, overlap=overlap or 0.0,
                               start=start, stop=stop, size=size, seed=seed, steps=steps), way)


def edit(film: Film, prompt: Annotated[str, typer.Argument(help="What is to be seen instead.")], strength: Strength = "0.6", mask: Mask = None,
         area: Area = None,
         faithful: Annotated[bool, typer.Option("--faithful", help="Change only what differs between the words and those that made the film.")] = False,
         was: Annotated[str | None, typer.Option(help="What the film shows, for --faithful; needed where it was not made here.", show_default="the words that made it")] = None,
         start: Start = 0.0, stop: Stop = None, size: OwnSize = None, seed: Seed = None, steps: Steps = None, out: Out = None, latents: Kept = None,
         variations: Variations = None, credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False) -> None:
    """Show something else in the same film: what is where stays, what it looks like follows the words."""
    from engine.recipe import operating

    way = Way(out, latents, variations, backend, as_json, _named("edit", film), credentials)
    deliver(*operating.edit(film, prompt, model=way.model(), strength=numbers(strength, "strength"), mask=mask, area=numbers(area, "area"),
                            faithful=faithful, was=was, start=start, stop=stop, size=size, seed=seed, steps=steps), way)


def inpaint(film: Film, prompt: Words = None, mask: Mask = None, area: Area = None, strength: Strength = "1", start: Start = 0.0, stop: Stop = None,
            size: OwnSize = None, seed: Seed = None, steps: Steps = None, out: Out = None, latents: Kept = None, variations: Variations = None,
            credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False) -> None:
    """Make a part of the picture anew: what is white in a mask, or an area. All else stays untouched."""
    from engine.recipe import operating

    way = Way(out, latents, variations, backend, as_json, _named("inpaint", film), credentials)
    deliver(*operating.inpaint(film, prompt, model=way.model(), mask=mask, area=numbers(area, "area"), strength=numbers(strength, "strength"),
                               start=start, stop=stop, size=size, seed=seed, steps=steps), way)


def outpaint(film: Film, prompt: Words = None, to: Annotated[str, typer.Option(help="The new shape: 9:16, 1:1, 21:9, ...")] = "9:16",
             size: Annotated[str | None, typer.Option(help="The new shape in pixels instead, width x height.", show_default="as --to says")] = None,
             start: Start = 0.0, stop: Stop = None, seed: Seed = None, steps: Steps = None, out: Out = None, latents: Kept = None,
             variations: Variations = None, credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False) -> None:
    """Give a film another shape: what lies around it is invented."""
    from engine.recipe import operating

    way = Way(out, latents, variations, backend, as_json, _named("outpaint", film), credentials)
    deliver(*operating.outpaint(film, prompt, model=way.model(), to=to, size=size, start=start, stop=stop, seed=seed, steps=steps), way)


def finish(film: Film, prompt: Words = None, size: Annotated[str, typer.Option(help="Width x height in pixels, of the film's shape.")] = "1920x1080",
           strength: Strength = "0.4", start: Start = 0.0, stop: Stop = None, seed: Annotated[int | None, typer.Option(help="Another one than the draft's.", show_default="the draft's")] = None,
           steps: Steps = None, out: Out = None, latents: Kept = None, variations: Variations = None, credentials: Credentials = None, backend: Backend = "", as_json: AsJson = False) -> None:
    """Make a draft again at full size: the same film, with the detail that its size has room for."""
    from engine.recipe import operating

    way = Way(out, latents, variations, backend, as_json, _named("finish", film), credentials)
    deliver(*operating.finish(film, prompt, model=way.model(), size=size, strength=numbers(strength, "strength"), start=start, stop=stop, seed=seed, steps=steps), way)


def numbers(text: str | None, name: str) -> list[float]:
    """`0,0.9,0.3` as numbers; whole ones as such. None is none. Raises BadRequest.

    >>> numbers("0,0.9", "strength")
    [0, 0.9]
    """
    try:
        found = [float(part) for part in text.split(",")] if text is not None else []
    except ValueError as error:
        example = "0.6, or a curve such as 0,0.9,0.3" if name == "strength" else "16,16,64,48: left, top, width and height"
        raise BadRequest(f"The {name} is written as {example}; {text!r:.60} was asked.") from error
    return [int(number) if number.is_integer() else number for number in found]


def _named(operation: str, film: Path) -> str:
    """What new film of a film is called: boat-extend."""
    return f"{slug(film.stem)}-{operation}"
