"""`cineloom take`, `image`, `animate`: from words to a file, in this process.

    what is asked -> Recipe -> make(), in a hidden folder beside the file -> the finished file gets its name at once

Knows files, names and what is printed. How film is made is the engine's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import settings
from app.commands.saying import AsJson, Backend, Bar, answer, aside, bar
from engine.errors import BadRequest, CannotWrite

if TYPE_CHECKING:
    from engine.denoisers.catalog import Model
    from engine.events import Made
    from engine.recipe import Recipe

LONGEST_NAME = 48       # characters of a prompt in a file's name

Prompt = Annotated[str, typer.Argument(help="What is to be seen.")]
Seconds = Annotated[float, typer.Option(help="Length of the film.")]
Pictures = Annotated[int | None, typer.Option(help="Length in pictures instead of seconds.")]
Size = Annotated[str, typer.Option(help="Width x height in pixels.")]
Seed = Annotated[int | None, typer.Option(help="The same seed makes the same film again.", show_default="drawn")]
Steps = Annotated[int | None, typer.Option(help="More steps take longer.", show_default="the model's own choice")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write, replaced when the new one is finished; or a folder.", show_default="a new name made from the prompt")]
Keyframes = Annotated[list[str] | None, typer.Option("--keyframe", metavar="PICTURE@SECONDS", help="A picture to be seen at a time; as many as you like.")]
Latents = Annotated[bool, typer.Option("--latents", help="Keep the latents too, beside the file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (take, image, animate):
        app.command()(command)


def take(prompt: Prompt, seconds: Seconds = 2.0, size: Size = "256x144", seed: Seed = None, steps: Steps = None, out: Out = None,
         pictures: Pictures = None, keyframe: Keyframes = None, latents: Latents = False, backend: Backend = "",
         as_json: AsJson = False) -> None:
    """Make a film from words."""
    stills = tuple(map(still, keyframe or ()))
    asked = Asked("keyframes" if stills else "text", prompt, size, seed, steps, seconds, pictures, stills)
    _run(asked, out, latents, backend, as_json)


def image(prompt: Prompt, size: Size = "256x144", seed: Seed = None, steps: Steps = None, out: Out = None,
          latents: Latents = False, backend: Backend = "", as_json: AsJson = False) -> None:
    """Make a picture from words."""
    _run(Asked("image", prompt, size, seed, steps), out, latents, backend, as_json)


def animate(picture: Annotated[Path, typer.Argument(help="The picture the film begins with: PNG, JPEG, WebP.")], prompt: Prompt,
            seconds: Seconds = 2.0, size: Size = "256x144", seed: Seed = None, steps: Steps = None, out: Out = None,
            pictures: Pictures = None, latents: Latents = False, backend: Backend = "", as_json: AsJson = False) -> None:
    """Set a picture in motion."""
    _run(Asked("animate", prompt, size, seed, steps, seconds, pictures, ((picture, 0.0),)), out, latents, backend, as_json)


@dataclass(frozen=True)
class Asked:
    """What `engine.recipe.compose` is asked, but for the pictures, whose times are in seconds still."""

    operation: str
    prompt: str
    size: str
    seed: int | None
    steps: int | None
    seconds: float = 2.0
    pictures: int | None = None
    stills: tuple[tuple[Path, float], ...] = ()


def _run(asked: Asked, out: Path | None, latents: bool, backend: str, as_json: bool) -> None:
    """From what is asked to the file and the answer."""
    from engine.denoisers.catalog import describe
    from engine.recipe import compose

    began = time.monotonic()
    model = describe(backend or settings.backend())
    words = {name: value for name, value in vars(asked).items() if name != "stills"}
    inputs = [(path, round(seconds * model.grid.rate)) for path, seconds in asked.stills]
    recipe, notes = compose(model=model, inputs=inputs, **words)
    target = Target.of(out, recipe)
    strange = unknown_words(recipe.prompt, model)
    for note in [*notes, *([f"{model.title} was never taught {', '.join(strange)}."] if strange else [])]:
        aside(note)
    with target.workshop() as folder, bar(f"opening {model.title}") as shown:
        made = make_shown(recipe, folder, shown)
        kept = target.keep(made.film, made.latents if latents else None)
    spent = time.monotonic() - began
    facts = {
        "path": str(kept), "width": made.width, "height": made.height, "pictures": made.pictures, "fps": made.rate,
        "seconds": round(made.pictures / made.rate, 4), "seconds_spent": round(spent, 3), "seed": made.recipe.seed,
        "latents": str(kept.with_suffix(".safetensors")) if latents else None, "notes": notes, "unknown_words": strange,
        "recipe": json.loads(made.recipe.to_json()),
    }
    film = f", {made.pictures} pictures at {made.rate} a second" if made.pictures > 1 else ""
    answer(facts, f"{kept}: {made.width}x{made.height}{film}, seed {made.recipe.seed}, made in {spent:.1f} s", as_json)


def still(text: str) -> tuple[Path, float]:
    """`boat.png@1.5` is a picture and its time in seconds; without a time it begins the film. Raises BadRequest.

    >>> still("boat.png@1.5")
    (PosixPath('boat.png'), 1.5)
    """
    name, at, seconds = text.rpartition("@")
    if not at or Path(text).exists():       # an @ in a file's own name
        return Path(text), 0.0
    try:
        time = float(seconds)
    except ValueError:
        time = -1.0
    if not 0 <= time < 1e6:
        raise BadRequest(f"A keyframe is a picture and its time, such as boat.png@1.5; {text!r:.80} was given.")
    return Path(name), time


def make_shown(recipe: Recipe, folder: Path, shown: Bar, inputs: Mapping[str, Path] | None = None) -> Made:
    """Run the recipe into `folder`, showing how far it is. `inputs`: where its pictures lie, by hash, if not where it says."""
    from engine.denoisers.catalog import open_backend
    from engine.events import Decoded, Finished, Started, Stepped
    from engine.make import make

    for event in make(recipe, open_backend(recipe.backend), folder, inputs=inputs):
        if isinstance(event, Started):
            shown.show(f"step 1 of {event.steps}", 0, event.steps)
        elif isinstance(event, Stepped):
            shown.show(f"step {min(event.index + 2, event.count)} of {event.count}", event.index + 1, event.count)
        elif isinstance(event, Decoded):
            shown.show(f"picture {event.done} of {event.total}", event.done, event.total)
        elif isinstance(event, Finished):
            return event.made
    raise RuntimeError("the maker ended without a film")


def unknown_words(prompt: str, model: Model) -> list[str]:
    """Words of the prompt that the model was never taught, each once, in order."""
    return list(dict.fromkeys(prompt[start:stop] for start, stop in model.unknown_words(prompt)))


@dataclass(frozen=True)
class Target:
    """Where the finished file goes: a name that was asked for, or the first free one of a row."""

    folder: Path
    stem: str
    suffix: str
    counts: bool        # the name was not asked for: an older file keeps it, and this one counts up

    @classmethod
    def of(cls, out: Path | None, recipe: Recipe) -> Target:
        """Check what can be checked before anything is made. Raises BadRequest for a wrong ending, CannotWrite."""
        suffix, kind = (".png", "picture") if recipe.pictures == 1 else (".mp4", "film")
        try:
            if out is None or out.is_dir():
                target = cls(out or Path(), slug(recipe.prompt), suffix, True)
            elif out.suffix and out.suffix.lower() != suffix:
                raise BadRequest(f"A {kind} is written as {suffix}; {out.name} was asked. {out.with_suffix(suffix).name} would work.")
            else:
                target = cls(out.parent, out.stem, out.suffix or suffix, False)
            if not target.folder.is_dir():
                raise CannotWrite(f"There is no folder {target.folder} to write {target.stem}{suffix} to; make it first, "
                                  "or choose another.")
            if not target.counts and target.path().exists() and not target.path().is_file():
                raise CannotWrite(f"{target.path()} is no ordinary file; choose another name.")
        except (OSError, ValueError) as error:      # a name that is too long, or has a zero byte in it
            raise CannotWrite(f"{str(out)[:200]} cannot be written: {getattr(error, 'strerror', None) or error}.") from error
        return target

    def path(self, count: int = 1) -> Path:
        """The name, or its `count`th: boat.mp4, boat-2.mp4, boat-3.mp4."""
        return self.folder / f"{self.stem}{f'-{count}' if count > 1 else ''}{self.suffix}"

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A hidden folder on the same disk, gone at the end: from there a file can be given its name in one go."""
        try:
            folder = Path(tempfile.mkdtemp(prefix=".cineloom-", dir=self.folder))
        except OSError as error:
            raise CannotWrite(f"{self.folder.absolute()} cannot be written ({error.strerror}); choose another folder with -o.") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, film: Path, latents: Path | None) -> Path:
        """Give the finished film its name, and the latents the same one. Raises CannotWrite."""
        try:
            path = self._reserve() if self.counts else self.path()
            if latents is not None:
                os.replace(latents, path.with_suffix(".safetensors"))
            os.replace(film, path)
        except OSError as error:
            raise CannotWrite(f"{self.path()} cannot be written: {error.strerror or error}.") from error
        return path

    def _reserve(self) -> Path:
        """The first free name, made as an empty file: of two commands at once, only one gets it."""
        count = 1
        while True:
            try:
                self.path(count).open("xb").close()
                return self.path(count)
            except FileExistsError:
                count += 1


def slug(prompt: str) -> str:
    """A prompt as a file's name: its words in small letters, whatever script they are in.

    >>> slug("A red balloon, over the SEA!")
    'a-red-balloon-over-the-sea'
    """
    words = re.sub(r"[\W_]+", "-", prompt.casefold()).strip("-")
    short = words[:LONGEST_NAME]
    if len(words) > LONGEST_NAME and "-" in short:      # no half words at the end
        short = short.rsplit("-", 1)[0]
    return short.strip("-") or "take"
