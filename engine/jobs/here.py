"""Here: the runner that makes films in its own process, with the last model it used kept open.

Knows the contract and engine.make; torch comes in with the first model. Knows no queue.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from engine import memory
from engine.events import Event, Finished, Stop
from engine.jobs.contract import Order, Result, Said, resolve
from engine.recipe import from_json

Maker = Callable[..., Iterator[Event]]     # engine.make.make without the backend: (recipe, folder, *, cancelled, every, since, windows, inputs)


class Here:
    """See `engine.jobs.contract.Runner`."""

    def __init__(self, maker: Maker | None = None):
        """`maker` is what makes the film; by default the catalog's models through engine.make."""
        self.maker = maker or self._make
        self._open: dict[str, object] = {}

    def warm(self, backend: str) -> None:
        """Open that model."""
        if self.maker == self._make:
            self._backend(backend)

    def start(self, order: Order, bench: Path) -> HereRun:
        """Begin; the work is done while the run is iterated."""
        return HereRun(self.maker, order, bench)

    def _make(self, recipe, folder: Path, **more) -> Iterator[Event]:
        from engine.make import make

        return make(recipe, self._backend(recipe.backend), folder, **more)

    def _backend(self, name: str):
        from engine.denoisers.catalog import open_backend

        if name not in self._open:
            self._free()            # two models at once may not fit; the old one goes before the new one comes
            self._open[name] = open_backend(name)
        return self._open[name]

    def _free(self) -> None:
        """Give up the model that is open, its memory on an accelerator too. Hooks and caches hold each other: only the collector finds them."""
        if self._open:
            for backend in self._open.values():
                if getattr(backend, "leader", None) is not None:        # of other processes, which hold the model too
                    backend.leader.close()
            self._open.clear()
            gc.collect()
            torch = sys.modules.get("torch")
            if torch is not None and torch.cuda.is_initialized():
                torch.cuda.empty_cache()


class HereRun:
    """See `engine.jobs.contract.Run`."""

    def __init__(self, maker: Maker, order: Order, bench: Path):
        self._asked: Stop | None = None
        self._said = self._events(maker, order, bench)

    def __iter__(self) -> Iterator[Said]:
        return self._said

    def stop(self, how: Stop) -> None:
        """See `Run`: the maker asks between two of its events."""
        self._asked = how

    def close(self) -> None:
        """See `Run`."""
        self._said.close()

    def _events(self, maker: Maker, order: Order, bench: Path) -> Iterator[Said]:
        inputs, windows = resolve(order.inputs, bench / "inputs"), resolve(order.windows, bench / "windows")
        try:
            for event in maker(from_json(order.recipe), bench, cancelled=lambda: self._asked or False, every=order.every,
                               since=order.state, windows=[windows[file.sha256] for file in order.windows], inputs=inputs):
                yield Result.of(event.made) if isinstance(event, Finished) else event
        finally:
            memory.give_back()      # a worker that waits for its next job holds its model and no more
