"""Providing: who lengthens a prompt. One question, several who can answer it, and each says whether it is ready.

    built-in    knows the paper world; for a model of any words it adds nothing
    served      a language model behind an address that speaks OpenAI's protocol; a prompt goes there and nothing else
    local       a language model in a folder of this machine, in a process of its own

Knows who there is, and which model a prompt is for. Knows no torch: the page asks it as often as it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.recipe.bounds import PROMPT
from engine.words import chinese, guides, local, replies, served
from engine.words.expanding import Expansion
from engine.words.expanding import expand as filled_in
from engine.words.language import Messages, Settings, Stop, settings

BUILT_IN, SERVED, LOCAL = "built-in", "served", "local"
Ask = Callable[[Settings, Messages, int, Stop], str]        # settings, messages, seed, stop -> an answer's text


@dataclass(frozen=True)
class Offer:
    """One who can lengthen prompts."""

    name: str           # "built-in"
    title: str          # "Built in"
    ready: bool
    why: str = ""       # a sentence: what would make it ready, or what it is


def providers(where: Settings | None = None) -> list[Offer]:
    """Everyone there is, the built-in one first; the others are ready once they are told of. Nothing is asked of any network."""
    where = where or settings()
    return [Offer(BUILT_IN, "Built in", True, "It knows the world that the built-in model was taught, and nothing leaves this machine."),
            _served(where), _local(where)]


def expand(prompt: str, *, seed: int = 0, model: str = "paper", provider: str = "", where: Settings | None = None, stop: Stop = lambda: False) -> Expansion:
    """A short prompt made longer for `model`, by `provider` ("" is the built-in one): the person's words kept, what was added marked.

    Chinese for the built-in model is put into English first: `kept` is that, and the note says how it was read.

    seed    the same fills in the same, with most language models too
    where   the language models; else what the environment says
    stop    asked now and then while an answer is waited for; True raises Cancelled
    Raises BadRequest for a prompt that is empty or too long, a model or provider that is not here; NoAnswer, a sentence, for an
    answer that did not come or cannot be used; NotEnoughMemory. Holds no torch, but may take minutes: not for an event loop.
    """
    prompt = " ".join(prompt.split())
    if not prompt:
        raise BadRequest("The prompt is empty; say what the film should show.")
    if len(prompt) > PROMPT:
        raise BadRequest(f"The prompt has {len(prompt):,} characters; up to {PROMPT:,} are read. Say it shorter.")
    row, where, name = describe(model), where or settings(), provider or BUILT_IN
    ask = speaker(name, where)
    note = ""
    if row.words is not None and chinese.has_any(prompt):      # other models were taught with Chinese, or a language model translates it
        reading = chinese.read(prompt)
        prompt, note = reading.text, reading.note
    if ask is not None:
        long = _spoken(prompt, seed, model, row.words is not None, ask, where, stop)
        return replace(long, note=" ".join(filter(None, (note, long.note))))
    if row.words is None:       # the world that is filled in from is the built-in model's: another would be told of what nobody asked for
        return Expansion(prompt, (), f"{row.title} takes any words, and what they leave open is its own to fill: nothing was added.")
    return replace(filled_in(prompt, seed), note=note)


def speaker(name: str, where: Settings) -> Ask | None:
    """How a provider's language model is asked; None for the built-in one, which is none. Raises BadRequest for who is not here, or not ready."""
    offers = {offer.name: offer for offer in providers(where)}
    if name not in offers:
        raise BadRequest(f"Nobody called {name!r:.40} can be asked for words; there is {', '.join(offers)}.")
    if not offers[name].ready:
        raise BadRequest(offers[name].why)
    return {BUILT_IN: None, SERVED: served.ask, LOCAL: local.ask}[name]


def _spoken(prompt: str, seed: int, model: str, paper: bool, ask: Ask, where: Settings, stop: Stop) -> Expansion:
    guide = guides.guide(model)
    translated = guides.foreign(prompt, guide)
    reply = ask(where, guides.messages(prompt, guide), seed, stop)
    long = replies.read(reply, prompt, words=guide.most, paper=paper, translated=translated)
    return long if long.added or long.note else replace(long, note="Nothing was added.")


def _served(where: Settings) -> Offer:
    if not where.url:
        return Offer(SERVED, "Served", False, "No language model is served: CINELOOM_WORDS_URL and CINELOOM_WORDS_MODEL say where one is, such as http://127.0.0.1:11434/v1.")
    try:
        host = served.address(where).partition("://")[2].partition("/")[0]
    except BadRequest as error:
        return Offer(SERVED, "Served", False, str(error))
    return Offer(SERVED, f"{where.model:.60} at {host:.60}", True, f"The prompt is sent to {host:.80}, and nothing else is.")


def _local(where: Settings) -> Offer:
    if not where.folder:
        return Offer(LOCAL, "Local", False, "No language model lies here: CINELOOM_WORDS_FOLDER names a folder of one, as transformers keeps it.")
    try:
        local.look(where.folder)
    except BadRequest as error:
        return Offer(LOCAL, "Local", False, str(error))
    return Offer(LOCAL, where.folder.rstrip("/").rpartition("/")[2][:60], True, "It is asked on this machine, in a process of its own.")
