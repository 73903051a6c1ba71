"""Providing: who lengthens a prompt. One question, several who can answer it, and each says whether it is ready.

    built-in    knows the paper world; for a model of any words it adds nothing

Knows who there is, and which model a prompt is for. Knows no torch: the page asks it as often as it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.recipe.bounds import PROMPT
from engine.words.expanding import Expansion
from engine.words.expanding import expand as filled_in

BUILT_IN = "built-in"


@dataclass(frozen=True)
class Offer:
    """One who can lengthen prompts."""

    name: str           # "built-in"
    title: str          # "Built in"
    ready: bool
    why: str = ""       # a sentence: what would make it ready, or what it is


def providers() -> list[Offer]:
    """Everyone there is, the built-in one first; the others are ready once they are told of."""
    return [Offer(BUILT_IN, "Built in", True, "It knows the world that the built-in model was taught, and nothing leaves this machine.")]


def expand(prompt: str, *, seed: int = 0, model: str = "paper", provider: str = "", stop: Callable[[], bool] = lambda: False) -> Expansion:
    """A short prompt made longer for `model`, by `provider` ("" is the built-in one): the person's words kept, what was added marked.

    seed    the same fills in the same
    stop    asked now and then while somebody else's answer is waited for; True raises Cancelled
    Raises BadRequest for a prompt that is empty or too long, a model or provider that is not here, or an answer that cannot be used.
    """
    prompt = " ".join(prompt.split())
    if not prompt:
        raise BadRequest("The prompt is empty; say what the film should show.")
    if len(prompt) > PROMPT:
        raise BadRequest(f"The prompt has {len(prompt):,} characters; up to {PROMPT:,} are read. Say it shorter.")
    row = describe(model)
    _offered(provider or BUILT_IN)
    if row.words is None:       # the world that is filled in from is the built-in model's: another would be told of what nobody asked for
        return Expansion(prompt, (), f"{row.title} takes any words, and what they leave open is its own to fill: nothing was added.")
    return filled_in(prompt, seed)


def _offered(name: str) -> Offer:
    offers = {offer.name: offer for offer in providers()}
    if name not in offers:
        raise BadRequest(f"Nobody called {name!r:.40} lengthens prompts; there is {', '.join(offers)}.")
    if not offers[name].ready:
        raise BadRequest(offers[name].why)
    return offers[name]
