"""Replies: what a language model said, made into a longer prompt or refused. A reply is data: it can change a prompt and nothing else.

    prompt    a boat at night
    reply     **Prompt:** "A small boat drifts at night, the sea is calm."
    becomes   a[ small] boat[ drifts] at night[, the sea is calm.]         the person's letters, what was added marked

The person's words stay, in their order and their letters. A reply that has lost some is set behind them; one that shares
hardly a word with them, or says otherwise of what they named of the paper world, is refused.
Knows text. Knows no model and no address.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from engine.errors import NoAnswer
from engine.recipe.bounds import PROMPT
from engine.words.expanding import Expansion
from engine.words.naming import mentions, named

# A word, or one letter of a script that has no spaces between words.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+(?:['’\-][^\W_]+)*")
_SMALL = frozenset("a an the and or of in on at by to with is are it its this that".split()) | frozenset("的了着在是一")
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|$)", re.DOTALL | re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FENCE = re.compile(r"```[\w-]*")
_TAG = re.compile(r"<[^<>]{0,500}>")
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_ADDRESS = re.compile(r"(?:\b[a-z][a-z+.-]{1,10}://|\bwww\.)\S+", re.IGNORECASE)
_LABEL = re.compile(r"^(?:here(?:'s| is)[^:\n]{0,80}:|(?:sure|okay|of course|certainly)[^:\n]{0,80}[:!]|(?:the )?(?:\w+ ){0,2}(?:prompt|caption|description)\s*:|(?:扩展|改写)?(?:后的)?提示词\s*[:：])\s*", re.IGNORECASE)
_SORRY = re.compile(r"(?:i(?:'|’)?m (?:really |very )?sorry|sorry|i (?:can(?:'|’)?t|cannot|can not|won(?:'|’)?t|am (?:not able|unable|sorry))|i apologi[sz]e|as an ai\b|unfortunately,? i|很?抱歉|对不起|我(?:无法|不能))", re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’", "«": "»", "「": "」"}
SHARED = 0.5            # of the person's words that a reply must have in some order to be about the same


def read(reply: str, prompt: str, *, words: int, paper: bool = False, translated: bool = False) -> Expansion:
    """The longer prompt that a reply offers; `kept` of it is `prompt`, letter for letter.

    words       it may have at most; what is beyond is cut off, at the end of a sentence where there is one
    paper       whether it is for the built-in model: then nothing that the prompt names of its world may be named otherwise
    translated  whether the reply is in another language than the prompt: then it stands for the prompt as it is, since nobody here can compare
    Raises NoAnswer with a sentence.
    """
    said, theirs = clean(reply), _tokens(prompt)
    words = max(words, len(theirs) + words // 3)        # a long prompt is not cut short by its answer
    if not said:
        raise NoAnswer("The language model said nothing that could be a prompt; yours was left as it was. Ask again.")
    if _SORRY.match(said):
        raise NoAnswer("The language model would not write about this; your prompt was left as it was.")
    if translated:
        said = cut(said, words)[:PROMPT]
        return Expansion(said, ((0, len(said)),), "It was put into another language: look whether all is there that you said.")
    if not _about(theirs, _tokens(said)):
        raise NoAnswer("The language model spoke of something else than the prompt; yours was left as it was. Ask again.")
    said = cut(said, words)
    found = _places(theirs, _tokens(said))
    long = _woven(prompt, said, found) if found else _behind(prompt, said, words)
    if len(long.prompt) > PROMPT:
        raise NoAnswer(f"The longer prompt would have {len(long.prompt):,} characters, and {PROMPT:,} are read; yours was left as it was.")
    if paper:
        asked, says = named(prompt), named(long.prompt)
        other = [name for name, word in asked.items() if says.get(name) != word]
        if other or not {(one.attribute, one.word) for one in mentions(prompt)} <= {(one.attribute, one.word) for one in mentions(long.prompt)}:
            raise NoAnswer(f"The language model said otherwise of {' and '.join(other) or 'what you named'} than you did; your prompt was left as it was. Ask again.")
    return long


def spoken(reply: str) -> str:
    """What a model says, without what it thought aloud before."""
    return _THOUGHT.sub(" ", reply)


def clean(reply: str) -> str:
    """A reply as one line of plain words: no thoughts, no markup, no addresses, no control characters; "" where nothing is left, or where it is a page."""
    if re.match(r"\s*<(?:!doctype|html|\?xml)", reply, re.IGNORECASE):
        return ""
    text = _COLOURS.sub("", spoken(reply))
    text = _LINK.sub(r"\1", _FENCE.sub(" ", _SCRIPT.sub(" ", text)))
    for _ in range(3):          # a tag within a tag leaves one behind
        text = _TAG.sub(" ", text)
    text = re.sub(r"^\s*(?:#{1,6}|>|[-*•]|\d{1,2}[.)])\s+", "", text, flags=re.MULTILINE)
    text = _ADDRESS.sub(" ", re.sub(r"[*`~|\\{}<>]+|__+", "", text))
    # Controls, marks that turn the direction of writing, private and unassigned letters: nothing that a person would not see.
    text = "".join(" " if letter.isspace() else letter for letter in text if letter.isspace() or unicodedata.category(letter)[0] != "C")
    text = " ".join(text.split())
    for _ in range(3):
        text = _LABEL.sub("", text).strip()
        if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
            text = text[1:-1].strip()
    return text


def cut(text: str, words: int) -> str:
    """The first `words` words, at most; it ends with a sentence if one of the last third does."""
    places = [match.end() for match in _TOKEN.finditer(text)]
    if len(places) <= words:
        return text
    short = text[:places[words - 1]]
    ends = [match.end() for match in re.finditer(r"[.!?。！？](?=\s|$)|[。！？]", short)]
    return short[:ends[-1]] if ends and ends[-1] > len(short) * 2 // 3 else short


def _tokens(text: str) -> list[tuple[str, int, int]]:
    return [(match.group().casefold().replace("’", "'"), *match.span()) for match in _TOKEN.finditer(text)]


def _about(theirs: list, new: list) -> bool:
    """Whether a reply has enough of the person's words, wherever they stand. A plural is the same word."""
    there = {word.removesuffix("s") for word, *_ in new}
    asked = {word.removesuffix("s") for word, *_ in theirs if word not in _SMALL} or {word.removesuffix("s") for word, *_ in theirs}
    return not asked or len(asked & there) >= SHARED * len(asked)


def _places(theirs: list, new: list) -> list[tuple[int, int]]:
    """Where each of the person's words stands in a reply, in order and close together; [] where one does not."""
    wanted, here = [word for word, *_ in theirs], -1
    for word in wanted:
        here = next((place for place in range(here + 1, len(new)) if new[place][0] == word), len(new))
    if not wanted or here >= len(new):
        return []
    at = [here]
    for word in reversed(wanted[:-1]):      # from there back, so that "a boat" is one and not the "a" of something before it
        at.append(next(place for place in range(at[-1] - 1, -1, -1) if new[place][0] == word))
    return [new[place][1:] for place in reversed(at)]


def _woven(prompt: str, said: str, found: list[tuple[int, int]]) -> Expansion:
    """The reply with the person's own letters where it has their words, and what they had between those."""
    own = [match.span() for match in _TOKEN.finditer(prompt)]
    parts: list[tuple[str, bool]] = []          # text, and whether it was added
    around = [(0, 0), *own, (len(prompt), len(prompt))]
    there = [(0, 0), *found, (len(said), len(said))]
    for number, ((before, after), (left, right)) in enumerate(zip(pairwise(around), pairwise(there), strict=True)):
        gap, more = prompt[before[1]:after[0]], said[left[1]:right[0]]
        first, last = number == 0, number == len(own)
        if more.strip() == gap.strip():
            parts.append((gap, False))
        elif first or more.endswith(gap):       # a full stop of theirs that the reply has too is not said twice
            parts += [(more.removesuffix(gap), True), (gap, False)]
        elif last:
            parts += [(gap, False), (more.removeprefix(gap), True)]
        else:
            parts += [(more.rstrip(), True), (gap, False)]
        if not last:
            parts.append((prompt[after[0]:after[1]], False))
    return _joined(parts)


def _behind(prompt: str, said: str, words: int) -> Expansion:
    """The person's words, and the reply after them."""
    more = cut(said, max(words - len(_tokens(prompt)), words // 2))
    ends = prompt[-1] in ".!?…。！？,;:，；："
    return _joined([(prompt, False), (f"{'' if ends else '.'} {more}", True)])


def _joined(parts: list[tuple[str, bool]]) -> Expansion:
    text, added = "", []
    for part, new in parts:
        if new and part:
            if added and added[-1][1] == len(text):
                added[-1] = (added[-1][0], len(text) + len(part))
            else:
                added.append((len(text), len(text) + len(part)))
        text += part
    return Expansion(text, tuple(added))
