"""Sentences: a script cut into the pieces that happen one after another, every letter kept.

    "A fox trots in the snow, then it stops. Meanwhile a boat sails."
    | A fox trots in the snow, | then it stops. | Meanwhile a boat sails. |

Knows punctuation, and the words that say how one thing follows another, in English and Chinese. Knows no world and no model.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# A full stop after one of these ends nothing, nor does one after a single letter.
_SHORT = frozenset("mr mrs ms dr st prof vs etc e.g i.e int ext no approx jr sr".split())
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|;(?=\s|$)|[。！？；]+[”’」）]*")
_LAST = re.compile(r"[^\s(\[\"'“‘]+$")
_ORDER = r"(?:then|meanwhile|afterwards|after that|cut to)\b"
# "..., then", "and then", but neither "now and then" nor "since then".
_WITHIN = re.compile(rf"(?<!\bnow)(?<!\band)(?<!\bbut)(?<!\bsince)(?<!\bby)(?<!\buntil)(?<!\bback)(?<!\beven)(?<!\bjust),?\s+(?=(?:and |but )?{_ORDER})|(?<=，)(?=然后|接着|随后|与此同时|镜头切)", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*•–—]|\d{1,3}[.)])\s+")
_OPENING = re.compile(
    r"(?:(?:and|but)\s+)?(?:(?P<then>then|afterwards|after that|(?:next|finally)(?=[,:]))|(?P<elsewhere>meanwhile|elsewhere(?=[,:]))|(?P<later>later(?=[,:]))"
    r"|(?P<cut>(?:smash |hard )?cut to|the (?:film|camera) cuts to))(?:\b|(?<=[,:]))[,:]?\s*|(?:(?P<zh_then>然后|接着|随后)|(?P<zh_elsewhere>与此同时)|(?P<zh_cut>镜头切到|镜头切至|切到))[，：]?\s*",
    re.IGNORECASE)
_HEADING = re.compile(r"(?:(?:INT|EXT|I/E|INT\./EXT)[. /]|SCENE\b|SHOT\b).*", re.IGNORECASE)
_LETTER = re.compile(r"\w")


@dataclass(frozen=True)
class Piece:
    """What happens at one time, as it was written."""

    text: str               # on one line
    opens: int = 0          # letters at its beginning that only say how it follows: "Then ", "2. Cut to: "
    follows: str = ""       # what they say: "then", "cut", "elsewhere", "later", or nothing
    paragraph: bool = False # it begins one

    @property
    def body(self) -> str:
        """What it shows, without what only says how it follows, and without its full stop."""
        return self.text[self.opens:].rstrip(" .,;:。，；：").lstrip(" ,;:，") or self.text[self.opens:]


def pieces(text: str, most: int = 10**9, longest: int = 10**9) -> list[Piece]:
    """A script in its order, in pieces that each say something. Joined by spaces they are the text, but for its spaces and control characters.

    most, longest   at most so many, of so many letters: neighbours are then put together, and what is too long is cut between words
    """
    plain = "".join(char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") else " " for char in text.replace("\r", "\n"))
    found: list[Piece] = []
    for block in re.split(r"\n\s*\n", plain):
        first = True
        for line in _lines(block):
            for part in _parts(line):
                for bit in _bits(part, longest):
                    found.append(_piece(bit, first))
                    first = False
    found = _spoken(found, longest)
    return _fewer(found, most, longest) if len(found) > most else found


def _lines(block: str) -> list[str]:
    """Lines that begin something: items of a list, and headings, which go with what follows them. Others are one text."""
    lines: list[str] = []
    heading = ""
    for line in filter(str.strip, block.split("\n")):
        if _HEADING.fullmatch(line.strip()) and line.strip().isupper():
            heading = f"{heading} {line.strip()}".strip()
        elif heading or not lines or _ITEM.match(line):
            lines.append(f"{heading} {line.strip()}".strip())
            heading = ""
        else:
            lines[-1] += f" {line.strip()}"
    return [*lines, heading] if heading else lines


def _parts(line: str) -> list[str]:
    """Sentences, and what "then" begins within them."""
    sentences, at = [], 0
    item = _ITEM.match(line)
    for end in _END.finditer(line, item.end() if item else 0):
        word = _LAST.search(line, max(at, end.start() - 12), end.start())
        if end.group() == "." and word and (word.group().lower() in _SHORT or len(word.group()) == 1 and word.group().isupper()):
            continue
        if end.group()[-1] not in ".!?;。！？；" or end.group().startswith(("...", "…")):        # 'He says "Stop!" and goes.'
            if line[end.end():end.end() + 2].strip()[:1].islower():
                continue
        sentences.append(line[at:end.end()])
        at = end.end()
    sentences.append(line[at:])
    return [part for sentence in sentences for part in _cut(sentence)]


def _cut(sentence: str) -> list[str]:
    item = _ITEM.match(sentence)
    places = [0, *(match.end() for match in _WITHIN.finditer(sentence, item.end() if item else 0)), len(sentence)]
    return [" ".join(sentence[a:b].split()) for a, b in zip(places, places[1:]) if sentence[a:b].strip()]


def _bits(part: str, longest: int) -> list[str]:
    """A part in bits of at most so many letters, cut between words where there are any."""
    bits = []
    while len(part) > longest:
        at = part.rfind(" ", longest // 2, longest + 1)
        at = at if at > 0 else longest
        bits.append(part[:at].strip())
        part = part[at:].strip()
    return [*bits, part] if part else bits


def _piece(text: str, paragraph: bool) -> Piece:
    item = _ITEM.match(text)
    begins = item.end() if item else 0
    opening = _OPENING.match(text, begins)
    if not opening or not _LETTER.search(text, opening.end()):
        return Piece(text, begins, "cut" if _HEADING.match(text) else "", paragraph)
    return Piece(text, opening.end(), opening.lastgroup.removeprefix("zh_"), paragraph)


def _spoken(found: list[Piece], longest: int) -> list[Piece]:
    """Pieces that have no letter go to the one before them, or after them where there is none; and nowhere where that would be too long."""
    out: list[Piece] = []
    before = ""
    for piece in found:
        near = out[-1].text if out else before
        if _LETTER.search(piece.text):
            out.append(_piece(f"{before} {piece.text}", piece.paragraph) if before and len(before) + len(piece.text) < longest else piece)
            before = ""
        elif len(near) + len(piece.text) >= longest:
            continue
        elif out:
            last = out[-1]
            out[-1] = Piece(f"{last.text} {piece.text}", last.opens, last.follows, last.paragraph)
        else:
            before = f"{before} {piece.text}".strip()
    return out


def _fewer(found: list[Piece], most: int, longest: int) -> list[Piece]:
    """Neighbours put together until there are `most` at most, each of about as many letters."""
    share, out = sum(len(piece.text) + 1 for piece in found) / most, []
    size = 0
    for piece in found:
        if out and size < share and len(out[-1].text) + len(piece.text) < longest:
            last = out[-1]
            out[-1] = Piece(f"{last.text} {piece.text}", last.opens, last.follows, last.paragraph)
        else:
            out.append(piece)
            size = 0
        size += len(piece.text) + 1
    while len(out) > most:      # a last one that is left over
        last = out.pop()
        out[-1] = Piece(f"{out[-1].text} {last.text}", out[-1].opens, out[-1].follows, out[-1].paragraph)
    return out
