"""An ASGI app that is made while others already answer: gradio takes a second to import, and whoever asks for it waits.

Knows one app, its lifespan and a thread. Knows nothing of what is in it.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

PATIENCE = 6.0      # seconds after which it is made though nobody has asked for it; the page does, once its panels stand
SHARE = 0.0005      # seconds between two turns of a thread meanwhile: with Python's own 5 ms every answer waits for several of them


class Later:
    """`make` is called in a thread when somebody asks, or a while after the start; the app that it returns answers from then on."""

    def __init__(self, make: Callable[[], Starlette], patience: float = PATIENCE):
        """Nothing is made yet. `patience` is how long nobody need ask, in seconds."""
        self.make, self.patience = make, patience
        self.app: Starlette | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, as soon as there is somebody."""
        self._asked.set()
        await self._there.wait()
        if self.app is None:
            await PlainTextResponse("This part of the studio did not start; what it printed says why.", 503)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """The lifespan of the app around it, which does not wait for this one."""
        self._asked, self._there, self._over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        living = asyncio.create_task(self._live())
        try:
            yield
        finally:
            self._over.set()
            self._asked.set()
            await living

    async def _live(self) -> None:
        asked = asyncio.create_task(self._asked.wait())
        await asyncio.wait({asked}, timeout=self.patience)
        asked.cancel()
        if self._over.is_set():
            return
        try:
            app = await asyncio.to_thread(self._make)
            async with app.router.lifespan_context(app):
                self.app = app
                self._there.set()
                await self._over.wait()
        except Exception:
            traceback.print_exc()
        self._there.set()

    def _make(self) -> Starlette:
        every = sys.getswitchinterval()
        sys.setswitchinterval(SHARE)
        try:
            return self.make()
        finally:
            sys.setswitchinterval(every)
