"""Building: wishes and the files that they name become a recipe. One short function per task; what can be is the engine's.

Knows tasks, wishes and the engine's operations. Where a take's or a picture's file lies is the finder's to know.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Protocol

from app.tasks.rows import OF_WORDS, TASKS, at_once
from app.tasks.wishes import Film, Still, Wishes
from engine.denoisers.catalog import Model
from engine.denoisers.open.choosing import chosen
from engine.errors import BadRequest, CineloomError
from engine.recipe import Cue, Recipe, check, compose, operating
from engine.recipe.asking import shown
from engine.recipe.storyboard import Card, Shot, Storyboard, storyboard
from engine.recipe.within import Within

Asked = tuple[Recipe, list[str]]


class Finder(Protocol):
    """Where things lie. Each raises BadRequest for what is not there."""

    def film(self, take: str) -> Path:
        """The film of a take."""

    def still(self, still: Still, film: bool = False) -> Path:
        """The file of a picture that was brought, or of a take; of one that moves only where a `film` will do as well."""

    def mask(self, name: str) -> Path:
        """The file of a mask."""


def build(wishes: Wishes, find: Finder, model: Model, free: int | None = None) -> Asked:
    """The recipe of a wish, and a sentence for each thing that was changed.

    free   bytes of memory to fit into; None asks the machine
    Raises BadRequest, BadMedia or NotEnoughMemory with a sentence, in which a take is "the film" and no file's name.
    """
    wishes = _named(wishes)
    names = _Names(find)
    more = {name: getattr(wishes, name) for name in ("seed", "steps", "guidance", "negative", "solver", "cache", "guider")} | {"model": model, "free": free}
    if wishes.prompt.strip() and not TASKS[wishes.task].shots:      # else the words are the film's own, or the shots'
        more["asked"] = wishes.asked
    try:
        more["loras"] = [chosen(lora.name, lora.weight, model.name) for lora in wishes.loras]
        recipe, notes = MAKERS[wishes.task](wishes, names, more)
        if wishes.references:
            recipe = shown(recipe, [names.still(one) for one in wishes.references])
            check(recipe, model)
    except CineloomError as error:
        raise type(error)(names.plain(str(error))) from error
    return recipe, [names.plain(note) for note in notes]


def _named(wishes: Wishes) -> Wishes:
    """With a task: one that comes without is guessed. Raises BadRequest for one that there is not."""
    if not wishes.task:
        task = "animate" if wishes.pictures else "picture" if wishes.seconds == 0 else "text"
        return dataclasses.replace(wishes, task=task)
    if wishes.task not in TASKS:
        raise BadRequest(f"There is no task {wishes.task!r:.40}; there is {', '.join(TASKS)}.")
    return wishes


def _text(wishes: Wishes, find: _Names, more: dict) -> Asked:
    return _compose("text", wishes, more)


def _picture(wishes: Wishes, find: _Names, more: dict) -> Asked:
    return _compose("image", wishes, more)


def _animate(wishes: Wishes, find: _Names, more: dict) -> Asked:
    if len(wishes.pictures) != 1:
        raise BadRequest("Animate sets one picture in motion; choose the picture that the film begins with.")
    return _compose("animate", wishes, more, [find.still(wishes.pictures[0])])


def _keyframes(wishes: Wishes, find: _Names, more: dict) -> Asked:
    if not wishes.pictures:
        raise BadRequest("Keyframes needs one picture or more; choose some, and when each is to be seen.")
    rate = more["model"].grid.rate
    return _compose("keyframes", wishes, more, [(find.still(still), _at(still.at, rate)) for still in wishes.pictures])


def _compose(operation: str, wishes: Wishes, more: dict, inputs=()) -> Asked:
    rate = more["model"].grid.rate
    cues = [Cue(_at(cue.at, rate), cue.prompt, asked=cue.asked) for cue in sorted(wishes.cues, key=lambda cue: cue.at)]
    size = wishes.size or more["model"].sizes[0][1:]
    seconds = at_once(more["model"]) if wishes.seconds is None else wishes.seconds
    return compose(wishes.prompt, operation=operation, seconds=seconds, size=size, inputs=inputs, cues=cues, **more)


def _extend(wishes: Wishes, find: _Names, more: dict) -> Asked:
    film = find.film(wishes.film)
    return operating.extend(film, _words(wishes), after=wishes.after, before=wishes.before, **_part(wishes.film), **_size(wishes), **more)


def _loop(wishes: Wishes, find: _Names, more: dict) -> Asked:
    if wishes.film is None:
        seconds = OF_WORDS if wishes.seconds is None else wishes.seconds
        return operating.loop(None, wishes.prompt, seconds=seconds, **_size(wishes), **more)
    return operating.loop(find.film(wishes.film), _words(wishes), seconds=wishes.seconds, **_part(wishes.film), **_size(wishes), **more)


def _connect(wishes: Wishes, find: _Names, more: dict) -> Asked:
    one, two = find.film(wishes.film, "the first film"), find.film(wishes.second, "the second film")
    seconds = 1.5 if wishes.seconds is None else wishes.seconds
    return operating.connect(one, two, _words(wishes), seconds=seconds, overlap=wishes.overlap, begin=wishes.film.start, stop=wishes.film.stop,
                             start=wishes.second.start, end=wishes.second.stop, **_size(wishes), **more)


def _edit(wishes: Wishes, find: _Names, more: dict) -> Asked:
    film = find.film(wishes.film)
    return operating.edit(film, wishes.prompt, strength=wishes.strength or operating.STRENGTH, mask=find.mask(wishes.mask), area=wishes.area,
                          faithful=wishes.faithful, was=(wishes.was.strip() or None) if wishes.faithful else None,
                          within=_within(wishes, find), **_part(wishes.film), **_size(wishes), **more)


def _inpaint(wishes: Wishes, find: _Names, more: dict) -> Asked:
    film = find.film(wishes.film)
    if not wishes.mask and not wishes.area and not wishes.within and 0 not in wishes.strength:
        raise BadRequest("Inpaint makes a part of the picture anew; paint over it, or say its area.")
    return operating.inpaint(film, _words(wishes), mask=find.mask(wishes.mask), area=wishes.area, strength=wishes.strength or 1.0,
                             within=_within(wishes, find), **_part(wishes.film), **_size(wishes), **more)


def _outpaint(wishes: Wishes, find: _Names, more: dict) -> Asked:
    return operating.outpaint(find.film(wishes.film), _words(wishes), to=wishes.to or "9:16", **_part(wishes.film), **_size(wishes), **more)


def _finish(wishes: Wishes, find: _Names, more: dict) -> Asked:
    film = find.film(wishes.film)
    if not wishes.size:
        raise BadRequest("Finish makes a draft larger; say the size that it is to have.")
    return operating.finish(film, _words(wishes), size=wishes.size, strength=wishes.strength or operating.FINISH, **_part(wishes.film), **more)


def _storyboard(wishes: Wishes, find: _Names, more: dict) -> Asked:
    shots = tuple(Shot(shot.prompt, shot.seconds, shot.join if at else "cut", tuple(_card(card, find) for card in shot.cards), shot.asked)
                  for at, shot in enumerate(wishes.shots))
    if not shots:
        raise BadRequest("A storyboard has one shot or more; add one and say what it shows.")
    return storyboard(Storyboard(shots, who=wishes.who, style=wishes.style), **_size(wishes), **more)


MAKERS = {"text": _text, "picture": _picture, "animate": _animate, "keyframes": _keyframes, "extend": _extend, "loop": _loop, "connect": _connect,
          "edit": _edit, "inpaint": _inpaint, "outpaint": _outpaint, "finish": _finish, "storyboard": _storyboard}


def _card(card: Still, find: _Names) -> Card:
    return Card(str(find.still(card, film=True)), card.at, card.start, card.stop)


def _words(wishes: Wishes) -> str | None:
    """None: the words that made the film."""
    return wishes.prompt if wishes.prompt.strip() else None


def _within(wishes: Wishes, find: _Names) -> Within | None:
    """The seconds that are changed; None is all of them. A second film without any is one whose curve of strength is whole."""
    if not wishes.within:
        return None
    if len(wishes.within) != 2:
        raise BadRequest(f"What is changed is said by the second it begins at and the one it ends at; {len(wishes.within)} numbers were given.")
    second = None if wishes.second is None else find.film(wishes.second, "the second film")
    return Within(*wishes.within, second, **({} if second is None else _part(wishes.second)))


def _part(film: Film) -> dict:
    return {"start": film.start, "stop": film.stop}


def _size(wishes: Wishes) -> dict:
    return {"size": wishes.size or None}


def _at(seconds: float, rate: int) -> int:
    """The picture at a time. Raises BadRequest for a time beyond all film."""
    if not 0 <= seconds < 1e6:
        raise BadRequest(f"A time in a film is 0 s or later; {seconds:g} s was asked.")
    return round(seconds * rate)


class _Names:
    """Asks the finder, and remembers what a person calls each file: those of takes are called by their ids."""

    def __init__(self, find: Finder):
        self.find, self.called = find, {}

    def film(self, film: Film | None, called: str = "the film") -> Path:
        """The file of a film. Raises BadRequest where none was chosen."""
        if film is None:
            raise BadRequest(f"Choose {called} first: a take, or a film of your own.")
        path = self.find.film(film.take)
        self.called.setdefault(path.name, called)
        return path

    def still(self, still: Still, film: bool = False) -> Path:
        """The file of a picture, or of a take as one; of one that moves only where a `film` will do as well."""
        path = self.find.still(still, film)
        self.called.setdefault(path.name, "the film" if path.suffix == ".mp4" else "the picture")
        return path

    def mask(self, name: str) -> Path | None:
        """The file of a mask, if there is one."""
        if not name:
            return None
        path = self.find.mask(name)
        self.called[f"The mask {path.name}"] = "the mask"
        return path

    def plain(self, sentence: str) -> str:
        """A sentence with files called as a person calls them, and no folder of ours in it."""
        for name, called in self.called.items():
            found = rf"(^|[.;:] +)?(?:(?<!\S)[^\s;:]*[\\/])?{re.escape(name)}"
            sentence = re.sub(found, lambda match, called=called: f"{match[1]}{called[:1].upper()}{called[1:]}" if match[1] is not None else called, sentence)
        return sentence
