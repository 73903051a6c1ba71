"""`cineloom take`, `image`, `animate`: from words to a file, in this process. And how any recipe becomes a file.

    what is asked -> Recipe -> make(), in a hidden folder beside the file -> the finished file gets its name at once

Knows files, names and what is printed. How film is made is the engine's.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import settings, signing
from app.commands.mannering import mannered, with_manners
from app.commands.saying import AsJson, Backend, Bar, answer, aside, bar
from app.commands.wording import Expand, ExpandBy, longer
from engine.errors import BadRequest, CannotWrite

if TYPE_CHECKING:
    from engine.denoisers.catalog import Model
    from engine.events import Made
    from engine.recipe import Recipe

LONGEST_NAME = 48       # characters of a prompt in a file's name
NOT_MEASURED = {"seam": None, "joins": [], "follows": None, "named": {}}        # what `figures_of` leaves out

Prompt = Annotated[str, typer.Argument(help="What is to be seen.")]
Seconds = Annotated[float, typer.Option(help="Length of the film.")]
Pictures = Annotated[int | None, typer.Option(help="Length in pictures instead of seconds.")]
Size = Annotated[str, typer.Option(help="Width x height in pixels.")]
Seed = Annotated[int | None, typer.Option(help="The same seed makes the same film again.", show_default="drawn")]
Steps = Annotated[int | None, typer.Option(help="More steps take longer.", show_default="the model's own choice")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write, replaced when the new one is finished; or a folder.", show_default="a new name made from the prompt")]
Keyframes = Annotated[list[str] | None, typer.Option("--keyframe", metavar="PICTURE@SECONDS", help="A picture to be seen at a time; as many as you like.")]
Then = Annotated[list[str] | None, typer.Option("--then", metavar="PROMPT@SECONDS", help="Other words from a time on; as many as you like.")]
Latents = Annotated[bool, typer.Option("--latents", help="Keep the latents too, beside the file: later operations start from them.")]
Variations = Annotated[int | None, typer.Option(min=1, max=100, help="Make it so often, each with the next seed; --json answers a list.", show_default="once")]

Credentials = Annotated[bool | None, typer.Option("--credentials/--no-credentials", help="Sign it, with what made it and what it was made from (C2PA).", show_default="as CINELOOM_CREDENTIALS says")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (take, image, animate):
        app.command()(with_manners(command))


def take(prompt: Prompt, seconds: Seconds = 2.0, size: Size = "256x144", seed: Seed = None, steps: Steps = None, out: Out = None,
         pictures: Pictures = None, keyframe: Keyframes = None, then: Then = None, latents: Latents = False, variations: Variations = None,
         credentials: Credentials = None, expand: Expand = False, expand_by: ExpandBy = "", backend: Backend = "", as_json: AsJson = False) -> None:
    """Make a film from words."""
    stills = tuple(moment(text, "A keyframe is a picture and its time, such as boat.png@1.5", 0.0) for text in keyframe or ())
    words = tuple(moment(text, 'Further words come with their time, such as "the sun sets@1.5"') for text in then or ())
    asked = Asked("keyframes" if stills else "text", prompt, size, seed, steps, seconds, pictures, stills, words)
    _run(asked, Way(out, latents, variations, backend, as_json, credentials=credentials), expand, expand_by)


def image(prompt: Prompt, size: Size = "256x144", seed: Seed = None, steps: Steps = None, out: Out = None, latents: Latents = False,
          variations: Variations = None, credentials: Credentials = None, expand: Expand = False, expand_by: ExpandBy = "", backend: Backend = "",
          as_json: AsJson = False) -> None:
    """Make a picture from words."""
    _run(Asked("image", prompt, size, seed, steps), Way(out, latents, variations, backend, as_json, credentials=credentials), expand, expand_by)


def animate(picture: Annotated[Path, typer.Argument(help="The picture the film begins with: PNG, JPEG, WebP.")], prompt: Prompt,
            seconds: Seconds = 2.0, size: Size = "256x144", seed: Seed = None, steps: Steps = None, out: Out = None,
            pictures: Pictures = None, latents: Latents = False, variations: Variations = None, credentials: Credentials = None, backend: Backend = "",
            as_json: AsJson = False) -> None:
    """Set a picture in motion."""
    asked = Asked("animate", prompt, size, seed, steps, seconds, pictures, ((str(picture), 0.0),))
    _run(asked, Way(out, latents, variations, backend, as_json, credentials=credentials))


@dataclass(frozen=True)
class Asked:
    """What `engine.recipe.compose` is asked, but for what has a time, which is in seconds still."""

    operation: str
    prompt: str
    size: str
    seed: int | None
    steps: int | None
    seconds: float = 2.0
    pictures: int | None = None
    stills: tuple[tuple[str, float], ...] = ()
    words: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Way:
    """How takes are handed over: the options that every command has which makes one."""

    out: Path | None
    latents: bool | None        # None: where what it is made of has them
    variations: int | None
    backend: str
    as_json: bool
    name: str = ""              # of the file, where none was asked; none is the prompt's
    credentials: bool | None = None     # whether it is signed; None is as the setting says
    began: float = dataclasses.field(default_factory=time.monotonic)

    def model(self) -> Model:
        """The model that is asked. Raises BadRequest."""
        from engine.denoisers.catalog import describe

        return describe(self.backend or settings.backend())


def _run(asked: Asked, way: Way, expand: bool = False, by: str = "") -> None:
    """From words and pictures to the file and the answer."""
    from engine.recipe import Cue, compose

    model, written = way.model(), ""
    if expand or by:        # one seed for the words and the film: the same line makes the same again
        seed, written = secrets.randbelow(2**31) if asked.seed is None else asked.seed, asked.prompt
        asked = dataclasses.replace(asked, seed=seed, prompt=longer(written, seed % 2**31, model.name, by))
        way = dataclasses.replace(way, name=slug(written))
    words = {name: value for name, value in vars(asked).items() if name not in ("stills", "words")}
    inputs = [(path, round(seconds * model.grid.rate)) for path, seconds in asked.stills]
    cues = [Cue(round(seconds * model.grid.rate), prompt) for prompt, seconds in sorted(asked.words, key=lambda word: word[1])]
    deliver(*compose(model=model, inputs=inputs, cues=cues, asked=written, **words), way)


def deliver(recipe: Recipe, notes: Sequence[str], way: Way) -> None:
    """From a recipe to its file and the answer; or to as many files as there are variations, the best first, each named when it is finished."""
    from engine.jobs.figures import figures_of, rank

    model = way.model()
    recipe = mannered(recipe, model)
    target = Target.of(way.out, recipe, way.name)
    sign = signing.wanted(asked=way.credentials)
    if not target.counts and {str(target.path().absolute().with_suffix(ending)) for ending in (target.suffix, ".safetensors")} & {item.path for item in recipe.inputs}:
        raise BadRequest(f"{target.path().name} is what this is made of, and it could not be made again without it; choose another name.")
    strange = list(dict.fromkeys(word for prompt in (recipe.prompt, *(cue.prompt for cue in recipe.cues)) for word in unknown_words(prompt, model)))
    for note in [*notes, *([f"{model.title} was never taught {', '.join(strange)}."] if strange else [])]:
        aside(note)
    latents = way.latents if way.latents is not None else any(item.path.endswith(".safetensors") for item in recipe.inputs)
    takes, began = [], way.began
    with bar(f"opening {model.title}") as shown:
        for number in range(way.variations or 1):
            one = dataclasses.replace(recipe, seed=(recipe.seed + number) % 2**63)
            place = target.numbered(number + 1) if way.variations else target
            with place.workshop() as folder:
                made = make_shown(one, folder, shown, words=f"film {number + 1} of {way.variations}, " if way.variations else "")
                if sign is not None:
                    sign.take(made.film, made.recipe, title=place.path().name)
                kept = place.keep(made.film, made.latents if latents else None)
            takes.append({"path": str(kept), "latents": str(kept.with_suffix(".safetensors")) if latents else None,
                          "seconds_spent": round(time.monotonic() - began, 3), **_facts(made), **NOT_MEASURED, **figures_of(dataclasses.replace(made, film=kept)),
                          "notes": list(notes), "unknown_words": strange})
            began = time.monotonic()
    takes.sort(key=rank)
    answer(takes if way.variations else takes[0], "\n".join(map(_sentence, takes)), way.as_json)


def _facts(made: Made) -> dict:
    return {"width": made.width, "height": made.height, "pictures": made.pictures, "fps": made.rate,
            "seconds": round(made.pictures / made.rate, 4), "seed": made.recipe.seed, "recipe": json.loads(made.recipe.to_json())}


def _sentence(take: dict) -> str:
    """A take in words."""
    film = f", {take['pictures']} pictures at {take['fps']} a second" if take["pictures"] > 1 else ""
    seam = f", seam {take['seam']:.2f}" if take["seam"] is not None else ""
    seam += f", follows its words {100 * take['follows']:.0f} %" if take["follows"] is not None else ""
    return f"{take['path']}: {take['width']}x{take['height']}{film}, seed {take['seed']}{seam}, made in {take['seconds_spent']:.1f} s"


def moment(text: str, sentence: str, otherwise: float | None = None) -> tuple[str, float]:
    """`boat.png@1.5` is something and its time in seconds. Raises BadRequest, with `sentence`, for a time that is none.

    otherwise   the time of what comes without one; None where it must have one
    >>> moment("boat.png@1.5", "", 0.0)
    ('boat.png', 1.5)
    """
    name, at, seconds = text.rpartition("@")
    if otherwise is not None and (not at or Path(text).exists()):       # an @ in a file's own name
        return text, otherwise
    try:
        time = float(seconds) if at else -1.0
    except ValueError:
        time = -1.0
    if not 0 <= time < 1e6:
        raise BadRequest(f"{sentence}; {text!r:.80} was given.")
    return name, time


def make_shown(recipe: Recipe, folder: Path, shown: Bar, inputs: Mapping[str, Path] | None = None, words: str = "") -> Made:
    """Run the recipe into `folder`, showing how far it is after `words`. `inputs`: where what it is given lies, by hash, if not where it says."""
    from engine.denoisers.catalog import open_backend
    from engine.events import Decoded, Finished, Noted, Started, Stepped
    from engine.make import make

    for event in make(recipe, open_backend(recipe.backend), folder, inputs=inputs):
        if isinstance(event, Started):
            shown.show(f"{words}step 1 of {event.steps}", 0, event.steps)
        elif isinstance(event, Stepped):
            shown.show(f"{words}step {min(event.index + 2, event.count)} of {event.count}", event.index + 1, event.count)
        elif isinstance(event, Noted):
            shown.aside(event.words)
        elif isinstance(event, Decoded):
            shown.show(f"{words}picture {event.done} of {event.total}", event.done, event.total)
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
    def of(cls, out: Path | None, recipe: Recipe, name: str = "") -> Target:
        """Check what can be checked before anything is made. Raises BadRequest for a wrong ending, CannotWrite."""
        suffix, kind = (".png", "picture") if recipe.pictures == 1 else (".mp4", "film")
        try:
            if out is None or out.is_dir():
                target = cls(out or Path(), name or slug(recipe.prompt), suffix, True)
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

    def numbered(self, number: int) -> Target:
        """For one of several takes: boat-1.mp4, boat-2.mp4; a name that was not asked for counts by itself."""
        return self if self.counts else dataclasses.replace(self, stem=f"{self.stem}-{number}")

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
