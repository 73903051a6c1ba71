"""Telling: a caption as numbers, and numbers as a caption.

Knows the words that a captioner has, and the signs between them. Knows no network and no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

# How a telling begins: all of it, or thing, place and time alone. And what it may be instead: a film that shows nothing of the world it knows.
DESCRIPTIVE, SHORT, END, FOREIGN = "<descriptive>", "<short>", "<end>", "<foreign>"
_PART = re.compile(r"[a-z]+(?:-[a-z]+)*|[,.]")


@dataclass(frozen=True)
class Telling:
    """The words of a captioner, in the order of their numbers."""

    vocabulary: tuple[str, ...]

    @classmethod
    def of(cls, words) -> Telling:
        """All that captions of such words need, in a fixed order."""
        return cls((DESCRIPTIVE, SHORT, END, FOREIGN, ",", ".", *sorted(words)))

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.vocabulary)}

    def write(self, text: str) -> list[int]:
        """A caption as numbers. Raises KeyError for a word that it does not have."""
        return [self.numbers[part] for part in _PART.findall(text.lower())]

    def read(self, numbers) -> str:
        """The caption that the numbers stand for, up to its end."""
        text = ""
        for number in numbers:
            word = self.vocabulary[number]
            if word == END:
                break
            text += word if word in (",", ".") or not text else f" {word}"
        return text
