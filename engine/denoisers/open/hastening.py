"""Hastening: what makes a walk quicker and leaves the film as it is, but for its last digits. Choices of whoever runs the machine:

    CINELOOM_COMPILE=on             the transformer's blocks are compiled when they are first asked: seconds to minutes, once a size
    CINELOOM_ATTENTION=flash        another way to compute attention, of those that diffusers knows and this machine has
    CINELOOM_GUIDANCE=at-once       both answers of guidance in one call, where memory allows it, instead of one after the other

Attention is chosen for each call and put back after it: set on a model, it stays for every other model of the process as well.
What would be fetched from a hub is none of them: nothing comes onto this machine unasked.
Knows diffusers' facilities. Knows no family.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from engine.errors import BadRequest

log = logging.getLogger("cineloom")
WAYS = {"CINELOOM_COMPILE": ("", "off", "on"), "CINELOOM_GUIDANCE": ("", "in-turns", "at-once")}


def ready(transformers: Iterable[Any]) -> None:
    """Look the choices over before a walk, and compile what is to be compiled. Raises BadRequest for a choice that there is not, or that this machine has not."""
    for name, ways in WAYS.items():
        if os.environ.get(name, "") not in ways:
            raise BadRequest(f"{name} is {' or '.join(ways[1:])}; {os.environ[name]!r:.40} was set.")
    asked = os.environ.get("CINELOOM_ATTENTION", "")
    if asked:
        from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

        there = [one.value for one in _AttentionBackendRegistry.list_backends() if not one.value.endswith("_hub")]
        if asked not in there:
            raise BadRequest(f"CINELOOM_ATTENTION is one of {', '.join(there)}; {asked!r:.40} was set.")
        try:
            with attention():
                pass
        except (RuntimeError, ImportError, ValueError) as error:
            raise BadRequest(f"CINELOOM_ATTENTION={AttentionBackendName(asked).value} cannot be had on this machine: {str(error)[:200]}") from error
    if os.environ.get("CINELOOM_COMPILE") == "on":
        for model in transformers:
            _compile(model)


def attention() -> AbstractContextManager:
    """The chosen attention, within this."""
    asked = os.environ.get("CINELOOM_ATTENTION", "")
    if not asked:
        return nullcontext()
    from diffusers.models.attention_dispatch import attention_backend

    return attention_backend(asked)


def at_once() -> bool:
    """Whether both answers of guidance are asked for in one call."""
    return os.environ.get("CINELOOM_GUIDANCE") == "at-once"


def both(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any] | None:
    """What two films are told, as what a batch of them is told; None where they are not told alike."""
    if one.keys() != two.keys():
        return None
    told = {}
    for name, first in one.items():
        second = two[name]
        if isinstance(first, Tensor) and isinstance(second, Tensor) and first.shape == second.shape:
            told[name] = torch.cat([first, second])
        elif first is None and second is None:
            told[name] = None
        else:
            return None
    return told


def _compile(model: Any) -> None:
    names = getattr(model, "_repeated_blocks", None) or ()
    blocks = [block for block in model.modules() if type(block).__name__ in names]
    if not blocks:
        log.info("The blocks of a %s are not compiled: diffusers does not say which they are.", type(model).__name__)
    for block in blocks:
        if block._compiled_call_impl is None:
            block.compile()         # not as one graph: caches and LoRAs have their say between
