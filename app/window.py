"""The studio in a window of its own: pywebview, the extra `window`, shows the same page as a browser would.

Knows one window. What is in it is the page's.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from app import settings
from engine.errors import BadRequest


def show(host: str = settings.HOST, port: int = settings.PORT, home: Path | str | None = None, *, mcp: bool = False) -> None:
    """Open the studio and a window on it; both close together. Raises BadRequest where no window can be shown."""
    from app.server import serve

    kept = settings.home(home) / ".window"
    serve(host, port, home, mcp=mcp, show=lambda address: open_window(address, kept))


def open_window(address: str, kept: Path) -> None:
    """A window on an address, until it is closed. `kept` is where it remembers look and language."""
    webview = import_module("webview")      # an extra: nothing else of the studio needs it
    webview.settings["ALLOW_DOWNLOADS"] = True          # saved films and archives
    webview.create_window("Cineloom", address, width=1440, height=900, min_size=(390, 600), background_color="#0d0f12", text_select=True)
    try:
        webview.start(private_mode=False, storage_path=str(kept))
    except webview.errors.WebViewException as error:
        raise BadRequest(f"No window can be shown here ({error}); `cineloom studio` opens in the browser.") from error
