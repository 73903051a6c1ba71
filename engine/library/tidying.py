"""Words that people type, made fit for a row: tags, notes, captions, names. Knows letters; knows no tables."""

from __future__ import annotations

import math
import re
import unicodedata

from engine.errors import BadRequest

TAG = 64            # characters
TAGS = 64           # of one take
NOTE = 20_000       # characters of a note or caption
CAPTIONER = 80      # of a captioner's name
PARTS = 32          # words of a search that count
JOINS = 1000        # of one take
JOIN = ("picture", "difference", "gradient", "flow", "velocity", "boundary", "colour")
NAMED = ("subject", "colour", "place", "time", "weather", "style", "motion", "camera")
WORD = re.compile(r"[a-z][a-z -]{0,30}")       # of the paper world
ID = re.compile(r"[a-z0-9]{1,40}")                  # of a take: also a file's name on every system
NAME = re.compile(r"[\w][\w .()-]{0,63}")           # a project's folder: no separators, no leading dot
TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)      # devices, on Windows


def project_name(name: str) -> str:
    """The name itself. Raises BadRequest for one that is no plain folder name on every system."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith((".", " ")) or TAKEN.fullmatch(name):
        raise BadRequest(
            f"A project cannot be called {str(name)[:80]!r}; letters, digits, spaces, dots and dashes work, up to 64 of them."
        )
    return name


def text(words: str, what: str) -> str:
    """A note or caption: line breaks stay, other control characters and halves of letters go. Raises BadRequest."""
    if not isinstance(words, str):
        raise BadRequest(f"A {what} is text; {words!r:.60} was given.")
    if len(words) > NOTE:
        raise BadRequest(f"A {what} has up to {NOTE:,} characters; {len(words):,} were given.")
    kept = (char for char in words.replace("\r\n", "\n") if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def tag(words: str) -> str:
    """A tag: one line, lower case, so that Sea and sea are one. Raises BadRequest for one that is empty or too long."""
    if not isinstance(words, str):
        raise BadRequest(f"A tag is text; {words!r:.60} was given.")
    # A comma would end it on the command line, and in every file that lists tags.
    clean = " ".join(text(words[: NOTE], "tag").replace(",", " ").split()).lower()
    clean = unicodedata.normalize("NFC", clean)         # lower case may come apart: İ becomes two signs
    if not 0 < len(clean) <= TAG:
        raise BadRequest(f"A tag has 1 to {TAG} characters; {words[:80]!r} was given.")
    return clean


def tags(words) -> tuple[str, ...]:
    """Several tags, each once, in order. Raises BadRequest for more than a take can have."""
    clean = tuple(dict.fromkeys(map(tag, words)))
    if len(clean) > TAGS:
        raise BadRequest(f"A take has up to {TAGS} tags; {len(clean)} were given.")
    return clean


def rating(value: int) -> int:
    """1 to 5, or 0 for none. Raises BadRequest."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 5:
        raise BadRequest(f"A rating goes from 1 to 5, and 0 is none; {value!r:.40} was given.")
    return value


def figures(said: dict) -> dict:
    """What was measured of a take: nothing in it but numbers, under names that are known, and plain words.

        {"part": 0.5}       how much of its walk was done when somebody had seen enough
        {"seam": 1.1, "joins": [{"picture": 17, "difference": 1.1, "velocity": 0.9, ...}]}      see engine.evaluation.joined
        {"follows": 0.71, "named": {"subject": ["fox", 0.62], ...}}                             see engine.evaluation.following

    Raises BadRequest for anything else.
    """
    if not isinstance(said, dict) or not isinstance(said.get("joins", []), list) or len(said.get("joins", [])) > JOINS:
        raise BadRequest(f"Figures are part, seam and up to {JOINS} joins; {said!r:.60} was given.")
    joins = [{name: _figure(join[name]) for name in JOIN if join.get(name) is not None} for join in said.get("joins", []) if isinstance(join, dict)]
    clean: dict = {name: _figure(said[name]) for name in ("part", "seam", "follows") if said.get(name) is not None}
    named = _named(said.get("named", {}))
    return clean | ({"joins": joins} if joins else {}) | ({"named": named} if named else {})


def _named(said: object) -> dict[str, list]:
    """What a prompt named, and how sure the judge was to see it."""
    if not isinstance(said, dict):
        raise BadRequest(f"What words name is a table; {said!r:.60} was given.")
    pairs = {name: said[name] for name in NAMED if name in said}
    if wrong := [pair for pair in pairs.values() if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) and WORD.fullmatch(pair[0]))]:
        raise BadRequest(f"What words name is a word and a number; {wrong[0]!r:.60} was given.")
    return {name: [word, _figure(chance)] for name, (word, chance) in pairs.items()}


def _figure(value: object) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value < 1e9:
        raise BadRequest(f"A figure is a number from 0 up; {value!r:.40} was given.")
    return value


def match(query: str, tags: tuple[str, ...] = ()) -> str | None:
    """What is typed into a search box, in FTS5's own words: every part must stand there, the last may be half typed.

        fox SNO  ->  "fox" "SNO"*          a sign is never an operator          None: no letter in all of it

    tags    narrow the search: takes that have none of their words cannot have them
    """
    query = "".join(char if unicodedata.category(char) not in ("Cc", "Cs") else " " for char in query[:1000])
    parts = [part.replace('"', '""') for part in query.split() if _spoken(part)][:PARTS]
    if query.strip() and not parts:
        return None
    found = [f'"{part}"' for part in parts]
    if found and not query.endswith(" "):       # a space says that the word is whole
        found[-1] += "*"
    found += ['tags : "{}"'.format(tag.replace('"', '""')) for tag in tags if _spoken(tag)]
    return " ".join(found)


def _spoken(part: str) -> bool:
    """Whether the index has anything to hold on to. Its idea of a letter is older than Python's (Unicode 6.1)."""
    return any(char.isalnum() for char in part)
