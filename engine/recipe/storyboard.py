"""Storyboard: shots in a text file, as one recipe of one film.

    [[shot]] ─→ | shot 1 | shot 2 | shot 3 |        every shot a whole number of latent frames
    cut            a new window that is shown the film's first frames, dimly: the same people, another place
    continue       the same window goes on, other words take over

Knows TOML, shots and cards. What the recipe comes to is the same as of any other.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from engine import memory
from engine.denoisers.catalog import Model, describe
from engine.errors import BadMedia, BadRequest
from engine.media.kinds import film_kind, head
from engine.recipe.asking import compose
from engine.recipe.bounds import CUES, number
from engine.recipe.source import Source
from engine.recipe.value import FILM, Cue, Input, Recipe

JOINS = ("cut", "continue")
FILE = 1_000_000        # bytes of a storyboard; more is a mistake
FADE = 0.5              # seconds over which words take over within a shot that goes on

EXAMPLE = '''\
# A storyboard: `cineloom storyboard this.toml -o film.mp4`

size = "256x144"                    # of the film; the model's own without it
seed = 7                            # the same seed makes the same film again; drawn without it
who = "a red boat"                  # put wherever a prompt says {who}: the same words, the same character
style = "watercolour style"         # added to every prompt
# steps = 8                         # more steps take longer

[[shot]]
prompt = "{who} sails on the sea at dusk"
seconds = 2

[[shot]]                            # a cut to another place; who was in the first shot is in this one
prompt = "a close shot of {who} in the desert at night"
seconds = 2

[[shot]]
join = "continue"                   # no cut: the film goes on, the words change
prompt = "{who} in the desert at night in the rain"
seconds = 1.5

# [[shot.card]]                     # something that is to be seen in the shot above, at a time in it
# file = "boat.png"                 # a picture, or a film; a path from here
# at = 0.5                          # seconds
'''


@dataclass(frozen=True)
class Card:
    """A picture or film that is to be seen in a shot."""

    file: str
    at: float = 0.0         # seconds from the shot's beginning
    start: float = 0.0      # of a film: seconds that are left out
    stop: float | None = None


@dataclass(frozen=True)
class Shot:
    """One shot."""

    prompt: str
    seconds: float = 2.0
    join: str = "cut"       # one of JOINS; the first shot has none
    card: tuple[Card, ...] = ()
    asked: str = ""         # what the person wrote, where the prompt was expanded from it


@dataclass(frozen=True)
class Storyboard:
    """Shots, and what they share."""

    shot: tuple[Shot, ...]
    size: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    negative: str = ""
    who: str = ""
    style: str = ""

    @classmethod
    def read(cls, path: str | Path) -> Storyboard:
        """From a TOML file such as EXAMPLE. Raises BadRequest naming what is wrong in it, BadMedia for a file that cannot be read."""
        path = Path(path)
        try:
            if path.stat().st_size > FILE:
                raise BadRequest(f"A storyboard is a text of some lines; {path.name} has {memory.words(path.stat().st_size)}.")
            text = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise BadMedia(f"The storyboard {path.name[:120]} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Storyboard:
        """From the text of a TOML file. Raises BadRequest."""
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise BadRequest(f"This storyboard is no TOML: {str(error) or 'it is nested too deeply'}. `cineloom storyboard --example` shows one.") from error
        shots = _tables(data.pop("shot", None), "shot")
        if not shots:
            raise BadRequest("A storyboard has one [[shot]] or more; there is none. `cineloom storyboard --example` shows one.")
        return _fill(cls, data, "A storyboard", shot=tuple(
            _fill(Shot, shot, f"Shot {at}", card=tuple(_fill(Card, card, f"A card of shot {at}") for card in _tables(shot.pop("card", []), "card")))
            for at, shot in enumerate(shots, 1)))


def storyboard(board: Storyboard, folder: str | Path = ".", *, model: Model | str, **more) -> tuple[Recipe, list[str]]:
    """The recipe of a storyboard, and a sentence for each thing that was changed.

    folder   where the paths of cards begin
    more     see `compose`; it wins over what the storyboard says
    Raises BadRequest, BadMedia for a card that cannot be read, and what `compose` raises.
    """
    model = describe(model) if isinstance(model, str) else model
    grid, notes, cues, inputs, begins = model.grid, [], [], [], 0
    for at, shot in enumerate(board.shot, 1):
        seconds = number(shot.seconds, f"length of shot {at}")
        if not 0 < seconds < 1e6:
            raise BadRequest(f"Shot {at} is to have {seconds:g} seconds; {grid.time / grid.rate:g} is the shortest.")
        if shot.join not in JOINS:
            raise BadRequest(f"A shot joins the one before it by {' or '.join(JOINS)}; shot {at} says {shot.join!r:.40}.")
        first = 1 if begins == 0 else 0         # a film's first picture has a latent frame to itself
        pictures = first + grid.time * max(1, round(seconds * grid.rate / grid.time))
        if abs(pictures - first - seconds * grid.rate) > 1e-6:
            notes.append(f"Shot {at} has {(pictures - first) / grid.rate:g} s; {seconds:g} s was asked.")
        words, asked = (_words(text, board, at) if text else "" for text in (shot.prompt or " ", shot.asked))
        if begins:
            cues.append(Cue(begins, words, 0 if shot.join == "cut" else round(FADE * grid.rate), shot.join == "cut", asked))
        else:
            prompt, written = words, asked
        inputs += [_card(card, begins, pictures, at, Path(folder), model, notes) for card in shot.card]
        begins += pictures
    if len(cues) > CUES:
        raise BadRequest(f"A storyboard has up to {CUES + 1} shots; this one has {len(board.shot):,}.")
    asked = {"size": board.size or model.sizes[0][1:], "seed": board.seed, "steps": board.steps, "guidance": board.guidance, "negative": board.negative}
    recipe, said = compose(prompt, model=model, operation="storyboard", pictures=begins, inputs=inputs, cues=cues, asked=written,
                           **asked | {name: value for name, value in more.items() if value is not None})
    return recipe, [*notes, *said]


def _words(text: str, board: Storyboard, at: int) -> str:
    words = text.replace("{who}", board.who)
    if "{who}" in text and not board.who:
        raise BadRequest(f"Shot {at} says {{who}}, and the storyboard does not say who that is; add a line such as who = \"a red boat\".")
    if not words.strip():
        raise BadRequest(f"Shot {at} has an empty prompt; say what it should show.")
    return f"{words}, {board.style}" if board.style else words


def _card(card: Card, begins: int, pictures: int, shot: int, folder: Path, model: Model, notes: list[str]) -> Input:
    """A card as an input: a picture at its moment, a film from there as far as it or the shot goes."""
    path, rate = folder / card.file, model.grid.rate
    at = round(number(card.at, "time of a card") * rate)
    if not 0 <= at < pictures:
        raise BadRequest(f"Shot {shot} has {pictures / rate:.4g} s; a card at {card.at:g} s does not lie in it.")
    if film_kind(head(path, FILM)) is None:
        return Input.of(path, begins + at)
    source = Source.of(path, model, notes)
    first, last = source.part(card.start, card.stop, model, notes)
    return Input.of(source.best, begins + at, "film", first, min(last, first + pictures - at))


def _tables(found: object, name: str) -> list[dict]:
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadRequest(f"In a storyboard each {name} begins with a line [[{name if name == 'shot' else 'shot.card'}]].")
    return found


def _fill(kind: type, data: Mapping[str, object], what: str, **known):
    """A dataclass from a table of TOML, every entry looked at. Raises BadRequest."""
    types = {field.name: field.type for field in fields(kind) if field.name not in known}
    unknown = sorted(set(data) - set(types))
    if unknown:
        raise BadRequest(f"{what} has no {', '.join(unknown):.100}; it has {', '.join([*types, *known])}.")
    for name, value in data.items():
        right = {"str": str, "int": int, "float": (int, float)}[str(types[name]).partition(" ")[0]]
        if not isinstance(value, right) or isinstance(value, bool):
            raise BadRequest(f"{what} has {name} = {value!r:.60}; it should be {'a text' if right is str else 'a number'}.")
    needed = [field.name for field in fields(kind) if field.name in types and field.default is MISSING]
    missing = [name for name in needed if name not in data]
    if missing:
        raise BadRequest(f"{what} lacks {', '.join(missing)}.")
    return kind(**data, **known)
