"""`cineloom studio`: the page in the browser, or in a window of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from engine.errors import BadRequest


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(studio)


def studio(
    host: Annotated[str, typer.Option(help="Address to listen on; any but this machine's own needs CINELOOM_TOKEN.")] = settings.HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="First port to try; 0 takes any.")] = settings.PORT,
    home: Annotated[Path | None, typer.Option(help="Folder of your projects; CINELOOM_HOME says it too.")] = None,
    open_browser: Annotated[bool | None, typer.Option("--open/--no-open", help="Open the page in a browser.", show_default="where there is a screen")] = None,
    window: Annotated[bool, typer.Option("--window", help="In a window of its own instead of the browser; closing it closes the studio.")] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer the public functions to programs that speak the Model Context Protocol.")] = False,
) -> None:
    """Open the studio in the browser.

    Prints its address, and stays until Ctrl-C.
    """
    if window:
        _needs("webview", "A window of its own", "window")
    if mcp:
        _needs("mcp", "The Model Context Protocol", "mcp")
    from app.server import serve

    if not window:
        serve(host, port, home, _has_screen() if open_browser is None else open_browser, mcp=mcp)
        return
    from app.window import show

    show(host, port, home, mcp=mcp)


def _needs(module: str, what: str, extra: str) -> None:
    """Raises BadRequest, saying what to install, where an extra is not there."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise BadRequest(f"{what} needs one more package: pip install 'cineloom[{extra}]', or from a checkout pip install -e '.[{extra}]'.")


def _has_screen() -> bool:
    """A person sits in front of a desktop: on a server, a browser would start inside the terminal and take it over."""
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
