"""Expanding: a short prompt becomes a descriptive one, such as the built-in model was taught with.

    a boat at night
    a [brown ]boat[ comes closer] at night[ on the sea][ in clear weather][, paper-cut style][, the camera is still]

The person's words stay, every one in its place; what is added is drawn by a seed, suits what was said, and is marked, so
that a page can show it and a person take it out. What a prompt leaves open is filled, what it says is not touched.

Knows the grammar of the paper world's captions. Knows no model and no torch.
Source: prompts are lengthened to what captions look like (Betker et al. 2023, "Improving Image Generation with Better Captions").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.training.paperworld import captions as said
from engine.training.paperworld.scene import COLOURS, HOME, ROOTED, Scene, draw_scene
from engine.words.naming import Named, mentions

# After a subject these begin what is said of its place or time, so that what it does may be said before them.
AFTER = frozenset("in on at by under among during while and near over above behind left right".split())
GOING = frozenset(verb.split()[0] for verb in (*said.GAITS.values(), "moves", "goes", "travels"))
# Not drawn where they were not asked: neon, or fog, takes more from the subject than a prompt gains by saying it.
PLAIN = {"style": "paper-cut", "weather": "clear"}
_ENDING = re.compile(r"[\s.!?…]*$")


@dataclass(frozen=True)
class Expansion:
    """A longer prompt, and which of its characters were added."""

    prompt: str
    added: tuple[tuple[int, int], ...]      # [start, stop), in order
    note: str = ""                          # a sentence for the person, where there is something to know

    @property
    def kept(self) -> str:
        """The person's own words: what is left without what was added."""
        parts, at = [], 0
        for start, stop in self.added:
            parts.append(self.prompt[at:start])
            at = stop
        return "".join([*parts, self.prompt[at:]])


def expand(prompt: str, seed: int = 0) -> Expansion:
    """The prompt with all that it leaves open of the paper world filled in. Nothing is filled in that it speaks of in any way.

    A prompt that names no subject of that world gets a place in it and a look, and no subject: whatever it speaks of is meant.

    >>> expand("a boat at night", seed=3).kept
    'a boat at night'
    """
    prompt = " ".join(prompt.split())
    found = mentions(prompt)
    by = {name: [one for one in found if one.attribute == name] for name in {one.attribute for one in found}}
    one_of = {name: {one.word for one in ones} for name, ones in by.items()}
    asked = {name: next(iter(words)) for name, words in one_of.items() if len(words) == 1}
    scene = _draw(seed, asked)
    inserts: list[tuple[int, str]] = []
    if len(by.get("subject", ())) == 1 and len(one_of["subject"]) == 1:
        inserts += _about(prompt, by["subject"][0], scene, one_of)
    end = _ENDING.search(prompt).start()
    clause = _clause(prompt, by, end)
    inserts += [(clause, part) for part in _scenery(scene, one_of)] + [(end, part) for part in _looks(scene, one_of)]
    return _put(prompt, [(at, text) for at, text in inserts if text])


def _draw(seed: int, asked: dict[str, str]) -> Scene:
    """A scene that has what was asked, its subject at home unless a place was asked: a boat in the desert is nobody's first thought."""
    for more in range(40):
        scene = draw_scene(1_000 * seed + more, second=None, event="none", **(PLAIN | asked))
        if "place" in asked or "subject" not in asked or scene.place in HOME.get(scene.subject, (scene.place,)):
            break
    return scene


def _about(prompt: str, subject: Named, scene: Scene, known: dict) -> list[tuple[int, str]]:
    """What colour the subject has and what it does, where the prompt says neither and has room for it."""
    inserts = []
    before = prompt[:subject.start].lower().split()
    if "colour" not in known:
        article, colours = before[-1] if before else "", (scene.colour, *COLOURS)
        fitting = (colour for colour in colours if article not in ("a", "an") or (article == "an") == (colour[0] in "aeiou"))     # theirs stays as they wrote it
        inserts.append((subject.start, f"{next(fitting)} "))
    after = re.match(r"\s*([A-Za-z-]+)?", prompt[subject.stop:])
    word = (after[1] or "").lower()
    if "motion" not in known:
        if word in GOING and scene.subject not in ROOTED:
            verb = subject.stop + after.end()
            side = scene.motion if scene.motion in ("left", "right") else ("left", "right")[scene.seed % 2]
            inserts.append((verb, f" to the {side}"))
        elif not word or word in AFTER:
            inserts.append((subject.stop, f" {said.act(scene)}"))
    return inserts


def _clause(prompt: str, by: dict[str, list[Named]], end: int) -> int:
    """Where the first sentence about the subject ends: what is said of the place stands there."""
    last = max((one.stop for one in by.get("subject", ())), default=0)
    comma = prompt.find(",", last)
    return comma if 0 <= comma < end else end


def _scenery(scene: Scene, known: dict) -> list[str]:
    parts = [said.WHERE[scene.place][0] if "place" not in known else "", said.WHEN[scene.time][0] if "time" not in known else "",
             said.WEATHER[scene.weather][0] if "weather" not in known else ""]
    return [f" {part}" for part in parts if part]


def _looks(scene: Scene, known: dict) -> list[str]:
    parts = [f"{said.LOOKS[scene.style][0]} style" if "style" not in known else "", said.CAMERA[scene.camera][0] if "camera" not in known else ""]
    return [f", {part}" for part in parts if part]


def _put(prompt: str, inserts: list[tuple[int, str]]) -> Expansion:
    text, added, at = "", [], 0
    for place, more in sorted(inserts, key=lambda insert: insert[0]):       # stable: of two at one place the first comes first
        text += prompt[at:place]
        added.append((len(text), len(text) + len(more)))
        text, at = text + more, place
    return Expansion(text + prompt[at:], tuple(added))
