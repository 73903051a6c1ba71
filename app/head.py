"""The page's head: what must stand before anything is painted, which gradio would only add once its own scripts ran.

Puts our lines at the head's beginning, and takes gradio's out: its manifest, and pictures that lie on other people's
servers. Knows one HTML page. Colours and the choice of dark or light are app/web's.
"""

from __future__ import annotations

import re
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINES = """
		<script src="web/first.js"></script>
		<link rel="stylesheet" href="web/css/studio.css" />
		<link rel="manifest" href="web/manifest.json" crossorigin="use-credentials" />
		<link rel="apple-touch-icon" href="web/icons/180.png" />
		<meta name="theme-color" content="#0d0f12" />
		<meta name="description" content="A local studio for making film." />
"""
WEB = Path(__file__).parent / "web"
THEIRS = re.compile(r"""[ \t]*<meta\s[^>]*(?:og:|twitter:)[^>]*/>\n?|[ \t]*<link rel="manifest"[^>]*/>\n?""", re.DOTALL)


class Head:
    """Wraps an ASGI app; changes the answer to GET "/" and nothing else."""

    def __init__(self, app: ASGIApp):
        """Wrap the app that has the page."""
        self.app = app
        self.lines = LINES + "".join(ahead())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the page is held until it is whole."""
        if scope["type"] != "http" or scope["path"] not in ("", "/") or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]   # a packed page could not be read
        start: Message | None = None
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if Headers(raw=start["headers"]).get("content-type", "").startswith("text/html"):
                body = with_head(body.decode(), self.lines).encode()
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(body))
                headers["cache-control"] = "no-cache"
            await send(start)
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

        await self.app({**scope, "headers": plain}, receive, sending)


def ahead() -> list[str]:
    """Lines that have a browser fetch the panels' modules while gradio's own scripts are still at work.

    Gradio mounts a panel a quarter of a second later; its modules, found one after another, took another fifth of one.
    """
    from app.panels import VERSION

    names = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js") if path.parent.name != "words" and path.name != "first.js")
    names = [f"{name}?v={VERSION}" if name.endswith("panel.js") else name for name in names]
    return [f'\t\t<link rel="modulepreload" href="web/{name}" />\n' for name in names]


def with_head(page: str, lines: str = LINES) -> str:
    """The page with our lines at the beginning of its head, after its base, and without gradio's."""
    head, end, rest = page.partition("</head>")
    head = THEIRS.sub("", head)
    base = re.search(r"<base [^>]*>", head)
    at = base.end() if base else head.find("<head>") + len("<head>")
    return head[:at] + lines + head[at:] + end + rest
