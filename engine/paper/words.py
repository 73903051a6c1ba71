"""Paper's words: a closed vocabulary, the words people use instead, and letters for the rest.

    一只红色的小船在夜里  ->  a small red boat at night  ->  numbers          a prompt is told in English, and stays what it is

Knows how a prompt becomes numbers, and which of its words the model was never taught. Knows no torch: the page asks it
while somebody types.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.words import chinese

PIECES = 2048       # buckets for the letter groups of words outside the vocabulary
LIMIT = 64          # words of a prompt that the model reads; the longest caption it was taught has fewer
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


@dataclass(frozen=True)
class Word:
    """One word of a prompt: where it stands, and what the model reads there."""

    start: int
    stop: int
    number: int                 # in the vocabulary from 1; 0 when it is not there
    pieces: tuple[int, ...]     # buckets of its letter groups, 0 .. PIECES - 1; () for a word of the vocabulary


def pieces(word: str) -> tuple[int, ...]:
    """Buckets of a word's groups of three letters, its ends marked: `fox` gives `<fo`, `fox`, `ox>`."""
    marked = f"<{word}>"
    groups = [marked[i:i + 3] for i in range(max(1, len(marked) - 2))]
    return tuple(zlib.crc32(group.encode()) % PIECES for group in groups)


@dataclass(frozen=True)
class Words:
    """The vocabulary in the order of its numbers, and what else people say for its words (`ship` for `boat`)."""

    vocabulary: tuple[str, ...]
    synonyms: dict[str, str]

    @cached_property
    def numbers(self) -> dict[str, int]:
        table = {word: i + 1 for i, word in enumerate(self.vocabulary)}
        return table | {said: table[meant] for said, meant in self.synonyms.items() if meant in table and said not in table}

    def number(self, word: str) -> int:
        """Its number, also for a plural or a hyphenated word whose parts are known; 0 when there is none."""
        word = word.lower().replace("’", "'")
        for form in (word, word.removesuffix("'s"), word.removesuffix("s"), word.removesuffix("es")):
            if form in self.numbers:
                return self.numbers[form]
        return 0

    def told(self, prompt: str) -> str:
        """A prompt as the model is told it: with its Chinese in English, as far as `engine.words.chinese` has it."""
        return chinese.read(prompt).text if chinese.has_any(prompt) else prompt

    def read(self, prompt: str) -> list[Word]:
        """Every word of a prompt as the model is told it, in order; they stand where they stand in that, see `told`."""
        return self._spelled(self.told(prompt))

    def _spelled(self, prompt: str) -> list[Word]:
        """The words of a text as they are written. Parts of a hyphenated word stand alone when the whole is not known."""
        words = []
        for match in _WORD.finditer(prompt):
            spans = [match.span()]
            if "-" in match.group() and not self.number(match.group()):
                spans = [(match.start() + m.start(), match.start() + m.end()) for m in re.finditer(r"[^-]+", match.group())]
            for start, stop in spans:
                text = prompt[start:stop].lower()
                number = self.number(text)
                words.append(Word(start, stop, number, () if number else pieces(text)))
        return words

    def unknown(self, prompt: str) -> list[tuple[int, int]]:
        """`[start, stop)` of each word that the model was never taught, where the person wrote it. Numbers and single letters pass.

        Of Chinese, what is not in the dictionary, and what is there called by a word that the model was never taught.
        """
        strange = [(w.start, w.stop) for w in self._spelled(chinese.without(prompt))
                   if not w.number and w.stop - w.start > 1 and not prompt[w.start:w.stop].isdigit()]
        if chinese.has_any(prompt):
            strange += [(word.start, word.stop) for word in chinese.read(prompt).words if word.kind == "?" or self.unknown(word.english)]
        return sorted(strange)

    @classmethod
    def load(cls, path: Path) -> Words:
        data = json.loads(path.read_text())
        return cls(tuple(data["vocabulary"]), data["synonyms"])

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"vocabulary": self.vocabulary, "synonyms": self.synonyms}, indent=0) + "\n")
