"""Scripting: a text becomes the shots of a storyboard, for a person to edit.

    A red fox trots through the snow at dusk. It stops by a house. Cut to: the sea. A boat sails.
    ─→  who = "a red fox"
        1 cut        {who} trots through the snow at dusk
        2 continue   {who} stops by a house in the snow at dusk
        3 cut        the sea at dusk ...

The built-in one knows sentences, connectives, pronouns, and what a text names of the paper world: who was seen last, where and when it
was, are said again in each shot until somebody or somewhere else is named. It adds no word of its own: what it repeats
is the script's, and a text of another world is split and else left as it is. A shot keeps what was written as `asked`.
A language model that is asked instead answers in JSON, see `engine.words.directing`.

Knows text and the storyboard's file. Knows no model and no torch.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import BadRequest
from engine.recipe.bounds import CUES, PROMPT
from engine.recipe.storyboard import Shot, Storyboard
from engine.training.paperworld import captions as said
from engine.words.language import Settings
from engine.words.naming import Named, mentions
from engine.words.sentences import Piece, pieces

SCRIPT = 20_000             # characters: a quarter of an hour of film
ROOM = 1_000                # characters of a prompt that are left for what is carried over
SHORT, LONG = 1.5, 8.0      # seconds of a shot, unless the script says how long
SPANS = (0.25, 60.0)        # what it may say
CARRIED = ("place", "time", "weather", "style")

_COUNTS = {name: number for number, name in enumerate("one two three four five six seven eight nine ten".split(), 1)}
_SPAN = re.compile(rf"\b(\d{{1,3}}(?:\.\d{{1,2}})?|{'|'.join(_COUNTS)}|half a)[ -](?:seconds?|secs?|s)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:it|he|she|they|him|them)\b|[它他她]们?", re.IGNORECASE)
_NOBODY = re.compile(r"it(?:['’]s| is| was| gets| becomes| grows| rains| snows)\b", re.IGNORECASE)      # weather, hours: nobody is meant
_DETERMINER = frozenset("a an the this that one two three four five my our his her their its another".split())
_NEVER = frozenset("of in on at by and or to with is are was from into over under near through behind past for as while".split())
_CAMERA = re.compile(r"(?:the |a )?(?:camera|shot|view|frame|close-up|wide shot|medium shot|close shot)\b|(?:pan|tilt|zoom)\w*\b", re.IGNORECASE)
_COAT = re.compile(r"\s+in an? (?:\w+ )?coat\b", re.IGNORECASE)
_LATER = re.compile(r"(?:the )?next (?:morning|day|evening|night)\b", re.IGNORECASE)
_SLOW = re.compile(r"\b(?:slow|slowly|calm|calmly|gently|for a while|long|waits|rests|sleeps)\b", re.IGNORECASE)
_QUICK = re.compile(r"\b(?:suddenly|quick|quickly|fast|flash|at once|instantly)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Script:
    """A storyboard that was made of a text, and a sentence for each thing that a person should know of it."""

    board: Storyboard
    notes: tuple[str, ...] = ()


def script(text: str, *, provider: str = "", seed: int = 0, where: Settings | None = None, stop: Callable[[], bool] = lambda: False) -> Script:
    """A text as shots: words, seconds, cut or goes on, who and where carried over.

    provider   who does it, see `engine.words.providing`; "" is the built-in one
    Raises BadRequest for a text that says nothing or too much, or somebody who is not ready; NoAnswer where a language model gave nothing
    that can be used, Cancelled where `stop` said so.
    """
    if len(text) > SCRIPT:
        raise BadRequest(f"The script has {len(text):,} characters; up to {SCRIPT:,} are read. Give it in parts.")
    if not re.search(r"\w", text):
        raise BadRequest("The script says nothing; write what is to be seen, one thing after another.")
    from engine.words import providing

    if provider not in ("", providing.BUILT_IN):
        from engine.words.directing import direct

        return direct(text, provider, seed, where, stop)
    found = pieces(text, longest=PROMPT - ROOM)
    fewer = pieces(text, CUES + 1, PROMPT - ROOM) if len(found) > CUES + 1 else found
    notes = (f"The script has {len(found):,} pieces and a storyboard up to {CUES + 1} shots: some share one.",) if len(fewer) < len(found) else ()
    return Script(_named(_shots(fewer)), notes)


# ---- who, where and when

@dataclass
class Carried:
    """What a shot takes over from those before it."""

    who: str = ""               # "a red fox"; "" where nobody was named, or somebody whom the paper world does not know
    they: str = ""              # two who were named together
    subject: str = ""           # "fox"
    phrase: dict[str, str] | None = None        # place, time, weather, style -> as it is said
    word: dict[str, str] | None = None          # the same -> as the world calls it

    def forget(self, *names: str) -> None:
        for name in names:
            self.phrase.pop(name, None)
            self.word.pop(name, None)


@dataclass(frozen=True)
class Told:
    """A shot on its way."""

    prompt: str
    piece: Piece
    join: str
    who: str                    # whoever was carried into it


def _shots(found: list[Piece]) -> list[Told]:
    state, shots = Carried(phrase={}, word={}), []
    for piece in found:
        shots.append(_shot(piece, state))
    return shots


def _shot(piece: Piece, state: Carried) -> Told:
    body = piece.body
    found = mentions(body)
    subjects = [one for one in found if one.attribute == "subject"]
    if piece.follows == "elsewhere":
        state.forget("place", "weather")
    if piece.follows == "later" or _LATER.match(body):
        state.forget("time", "weather")
    place = _last(found, "place")
    cut = piece.follows in ("cut", "elsewhere", "later") or bool(_LATER.match(body))
    moved = bool(place and state.word.get("place") not in (None, place.word))
    if moved:
        state.forget("weather")
    pronoun = _pronoun(body, found)
    before, inserts, who = state.who, [], ""
    if pronoun and not (subjects and subjects[0].start < pronoun.start()):
        who = state.they if pronoun.group().lower() in ("they", "them") and state.they else state.who
        inserts += [(*pronoun.span(), who)] if who else []
    elif subjects:
        theirs, known = _phrase(body, subjects[0]), state.subject
        again = bool(state.who) and subjects[0].word == known and theirs.text.lower().startswith(("the ", "this ", "that ")) and not theirs.described
        if again:
            who = state.who
            inserts.append((theirs.start, theirs.stop, who))
        else:
            state.who, state.subject = theirs.text, subjects[0].word
            cut |= bool(before) and subjects[0].word != known
        others = [_phrase(body, one).text for one in subjects[1:] if one.word != subjects[0].word]
        state.they = f"{state.who} and {others[0]}" if others else ""
    elif not _about_nobody(body, found):
        cut |= bool(state.who) or piece.follows != "then"
        state.who = state.subject = state.they = ""         # somebody else is meant, and a pronoun after this is theirs
    elif state.who and not cut and not moved:
        who = state.who
        inserts.append((len(body), len(body), f", {who}"))
    more = _more(state, found)
    for one in (one for one in map(lambda name: _last(found, name), CARRIED) if one):
        state.phrase[one.attribute], state.word[one.attribute] = _said(body, one), one.word
    prompt = body
    for start, stop, words in sorted(inserts, reverse=True):
        prompt = prompt[:start] + words + prompt[stop:]
    long = f"{prompt.rstrip('!?！？')}{more}" if more else prompt
    return Told(long if len(long) <= PROMPT else body, piece, "cut" if cut or moved else "continue", who)


def _last(found: list[Named], name: str) -> Named | None:
    return next((one for one in reversed(found) if one.attribute == name), None)


def _pronoun(body: str, found: list[Named]) -> re.Match | None:
    """The first pronoun that stands for somebody."""
    for match in _PRONOUN.finditer(body):
        inside = any(one.start <= match.start() < one.stop for one in found)       # "while it rains"
        if not inside and not _NOBODY.match(body, match.start()):
            return match
    return None


def _about_nobody(body: str, found: list[Named]) -> bool:
    """Whether a piece without a subject or pronoun is of the camera, the place, the hour or the weather, and so of whoever was there."""
    start = re.match(r"(?:(?:the|a|an|in|at|on|by|under|as|when|while|now|and|it|it's) )*", body, re.IGNORECASE).end()
    return bool(_CAMERA.match(body) or _NOBODY.match(body) or any(one.start <= start < one.stop and one.attribute != "colour" for one in found))


@dataclass(frozen=True)
class Phrase:
    """A subject with what is said of it beside it: "a small red boat"."""

    text: str
    start: int
    stop: int
    described: bool             # it says more than "the boat"


def _phrase(body: str, subject: Named) -> Phrase:
    """From its article on, or from the colours right before it; a coat behind it belongs to it."""
    near, edge = [], subject.start
    for word in list(re.finditer(r"[^\W_]+(?:-[^\W_]+)*", body[:subject.start]))[:-6:-1]:
        if body[word.end():edge].strip() or word.group().lower() in _NEVER:
            break
        near.append(word)
        edge = word.start()
        if word.group().lower() in _DETERMINER:
            break
    start = subject.start
    if near and near[-1].group().lower() in _DETERMINER:
        start = near[-1].start()
    else:
        for word in near:
            if not mentions(word.group()):
                break
            start = word.start()
    coat = _COAT.match(body, subject.stop)
    stop = coat.end() if coat else subject.stop
    first, *rest = body[start:stop].split(" ")
    text = " ".join([first.lower() if first.lower() in _DETERMINER else first, *rest])
    return Phrase(text, start, stop, bool(coat) or len(rest) > 1)


def _said(body: str, one: Named) -> str:
    """How a place, an hour, weather or style is said again: as it was written, where that can stand behind other words."""
    written = body[one.start:one.stop]
    if " " in written or not written.isascii():
        return written[:1].lower() + written[1:]
    if one.attribute == "style":
        return f"{said.LOOKS[one.word][0]} style"
    return {"place": said.WHERE, "time": said.WHEN, "weather": said.WEATHER}[one.attribute][one.word][0]


def _more(state: Carried, found: list[Named]) -> str:
    """What is carried into a shot that does not say it itself."""
    open_ = {name: state.phrase.get(name, "") for name in CARRIED if not _last(found, name)}
    style = open_.pop("style", "")
    return "".join(f" {phrase}" for phrase in open_.values() if phrase) + (f", {style}" if style else "")


# ---- the storyboard

def _named(shots: list[Told]) -> Storyboard:
    """The shots as a storyboard; whoever is carried into most of them is its `who`."""
    carried = Counter(shot.who for shot in shots if shot.who)
    who = carried.most_common(1)[0][0] if carried else ""
    rows = []
    for at, shot in enumerate(shots):
        kept = " ".join(shot.piece.text.split())
        prompt = shot.prompt.replace("{who}", "(who)")      # of a script that has braces of its own
        same = _letters(prompt) == _letters(kept)
        if who:
            prompt = re.sub(rf"(?<!\w){re.escape(who)}(?!\w)", "{who}", prompt, flags=re.IGNORECASE)
        rows.append(Shot(prompt, _seconds(shot.piece.text), shot.join if at else "cut", asked="" if same else kept.replace("{who}", "(who)")))
    return Storyboard(tuple(rows), who=who)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


def _seconds(text: str) -> float:
    """How long a shot is: as long as it says, else by how much happens in it; quarters of a second."""
    if found := _SPAN.search(text):
        asked = found[1].lower()
        seconds = 0.5 if asked == "half a" else _COUNTS.get(asked) or float(asked)
        return min(max(round(4 * seconds) / 4, SPANS[0]), SPANS[1])
    found = mentions(text)
    happens = sum(one.attribute == "motion" for one in found) + sum(one.attribute == "camera" and one.word != "still" for one in found)
    letters = len(re.findall(r"\w", text)) * (1 if text.isascii() else 1.5)
    seconds = 1.0 + letters / 32 + 0.5 * happens + (0.75 if _SLOW.search(text) else 0) - (0.5 if _QUICK.search(text) else 0)
    return min(max(round(4 * seconds) / 4, SHORT), LONG)


def toml(board: Storyboard) -> str:
    """A storyboard as the file that `cineloom storyboard` reads, without its cards. `Storyboard.parse` of it is the same storyboard."""
    lines = ["# A storyboard: `cineloom storyboard this.toml -o film.mp4`"]
    lines += [f"\n{name} = {_quoted(value)}" for name, value in (("who", board.who), ("style", board.style)) if value]
    for at, shot in enumerate(board.shot):
        lines += ["", "[[shot]]"]
        lines += [f"join = {_quoted(shot.join)}"] if at else []
        lines += [f"prompt = {_quoted(shot.prompt)}", f"seconds = {shot.seconds:g}"]
        lines += [f"asked = {_quoted(shot.asked)}"] if shot.asked else []
    return "\n".join(lines).strip() + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML: as JSON writes one, and the one control character that only TOML minds."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
