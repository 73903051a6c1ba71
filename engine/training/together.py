"""Together: a stage of training in several processes of one thread each, that learn one model.

On a CPU that is 1.7 times as fast as one process with as many threads: the operations of a small transformer do not split.
Knows processes and how they find one another. Knows nothing of what is trained; `engine.training.run.Peers` averages it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
from torch import multiprocessing

from engine.errors import CineloomError

MOST = 4        # each holds the latents, the model and what its optimiser remembers: 1.5 GB


def processes(device: str) -> int:
    """How many are best: one for each core of a CPU; an accelerator has one, and so has who is one of several already."""
    if device != "cpu" or not dist.is_available() or dist.is_initialized():
        return 1
    return max(1, min(MOST, os.cpu_count() or 1))


def together(count: int, work: Callable, *given, **named) -> None:
    """Call `work(*given, **named)` in `count` processes, all of which meet first; here, where it is one.

    work    a function of a module, and what it is given, must be things that can be sent; what it returns is lost
    Raises a CineloomError that one of them raised, ProcessRaisedException for what else failed; the others are ended.
    """
    if count == 1:
        work(*given, **named)
        return
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        errors = context.SimpleQueue()
        try:
            multiprocessing.spawn(_one, (count, str(Path(folder) / "meet"), errors, work, given, named), nprocs=count)
        except multiprocessing.ProcessRaisedException:
            if not errors.empty():
                raise errors.get() from None
            raise


def _one(rank: int, count: int, store: str, errors, work: Callable, given: tuple, named: dict) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", store=dist.FileStore(store, count), rank=rank, world_size=count)
    try:
        work(*given, **named)
    except CineloomError as error:
        errors.put(error)
        raise
    finally:
        dist.destroy_process_group()
