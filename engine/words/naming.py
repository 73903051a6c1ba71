"""Naming: what a prompt names of the paper world, attribute by attribute, and where.

    "a red fox trots to the left at night" -> subject fox, colour red, motion left, time night

Knows the captions of that world. Knows no model and no torch: the page asks it while somebody types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from engine.training.paperworld import captions as said
from engine.training.paperworld import scene as world

ORDER = ("subject", "colour", "place", "time", "weather", "style", "motion", "camera")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True)
class Named:
    """One attribute, named in a prompt."""

    attribute: str
    word: str           # as the world calls it: "boat" for a ship
    start: int          # of the phrase in the prompt, characters
    stop: int


def mentions(prompt: str) -> list[Named]:
    """Everything that a prompt names, in the order in which it does; an attribute may be named twice."""
    words = [match.span() for match in _WORD.finditer(prompt.lower())]
    text, at = " ", {}                      # the words with one space around each; where each begins in it
    for number, (start, stop) in enumerate(words):
        at[len(text)] = number
        text += prompt[start:stop].lower() + " "
    found = []
    for phrase, answers in _phrases():
        place = text.find(f" {phrase} ")
        while place >= 0:
            first = at[place + 1]
            last = first + phrase.count(" ")
            found += [Named(name, word, words[first][0], words[last][1]) for name, word in answers]
            text = text[:place + 1] + "\0" * len(phrase) + text[place + 1 + len(phrase):]       # what was read is not read again as part of something else
            place = text.find(f" {phrase} ")
    return sorted(found, key=lambda one: (one.start, ORDER.index(one.attribute)))


def named(prompt: str) -> dict[str, str]:
    """What a prompt names of the paper world: attribute to word. An attribute that is named in two ways is left out.

    >>> named("a scarlet ship drifts to the left at sunset")
    {'subject': 'boat', 'colour': 'red', 'time': 'dusk', 'motion': 'left'}
    >>> named("a red fox left of a blue car")
    {}
    """
    found: dict[str, set[str]] = {}
    for one in mentions(prompt):
        found.setdefault(one.attribute, set()).add(one.word)
    return {name: next(iter(found[name])) for name in ORDER if len(found.get(name, ())) == 1}


@cache
def _phrases() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Phrases and what they name, the longest first; a phrase that names nothing that counts stands to be passed over."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, table in (("subject", said.NOUNS), ("place", said.WHERE), ("time", said.WHEN), ("weather", said.WEATHER), ("camera", said.CAMERA)):
        for word, options in table.items():
            found |= {option: ((name, word),) for option in options}
    for word, options in said.LOOKS.items():        # "blocks" alone is a thing as well
        found |= {form: (("style", word),) for option in options for form in (f"{option} style", f"a {option} film", f"an {option} film", f"in {option}", f"{option} film")}
    found |= {word: (("style", word),) for word in world.STYLES if word != "blocks"}
    found |= {"cut paper": (("style", "paper-cut"),), "papercut": (("style", "paper-cut"),)}
    found |= {word: (("colour", word),) for word in world.COLOURS}
    for side in ("left", "right"):
        found |= {f"to the {side}": (("motion", side),), f"{side} of": ()}
    found |= {"rises": (("motion", "rise"),), "falls": (("motion", "fall"),), "bounces": (("motion", "bounce"),), "spins": (("motion", "spin"),),
              "comes closer": (("motion", "approach"),), "stands still": (("motion", "still"),), "hovers": (("motion", "still"),), "floats on the spot": (("motion", "still"),)}
    found |= {word: () for word in (*said.RULES.values(), "falling snow", "in front of")}
    found["in falling snow"] = (("weather", "snowfall"),)
    words = {word: answers for word, answers in found.items() if " " not in word}
    for word, answers in {**{place: (("place", place),) for place in world.PLACES}, **{time: (("time", time),) for time in world.TIMES},
                          **{weather: (("weather", weather),) for weather in world.WEATHERS if weather != "clear"}}.items():
        words.setdefault(word, answers)
    for synonym, word in said.SYNONYMS.items():
        if answers := words.get(word):
            words.setdefault(synonym, answers)
    return tuple(sorted((words | found).items(), key=lambda row: -len(row[0])))
