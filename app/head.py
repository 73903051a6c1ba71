"""The page's addresses: "/" is the room; with `?gradio=alone` it is gradio's own page, which the room asks for and takes up,
and which works alone too.

Puts our lines at the beginning of gradio's head, and takes gradio's out: its manifest, and pictures that lie on other
people's servers. Knows two HTML pages.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import room

LINES = room.LINES + '\t\t<link rel="stylesheet" href="web/css/studio.css" />\n'
THEIRS = re.compile(r"""[ \t]*<meta\s[^>]*(?:og:|twitter:)[^>]*/>\n?|[ \t]*<link rel="manifest"[^>]*/>\n?""", re.DOTALL)


class Head:
    """Wraps an ASGI app; answers GET "/", or changes its answer, and touches nothing else."""

    def __init__(self, app: ASGIApp):
        """Wrap the app that has gradio's page."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; gradio's page is held until it is whole."""
        if scope["type"] != "http" or scope["path"] not in ("", "/") or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        if parse_qs(scope.get("query_string", b"").decode("latin-1")).get("gradio") != ["alone"]:
            await HTMLResponse(room.page(), headers={"cache-control": "no-cache"})(scope, receive, send)
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
                body = with_head(body.decode()).encode()
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(body))
                headers["cache-control"] = "no-cache"
            await send(start)
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

        await self.app({**scope, "headers": plain}, receive, sending)


def with_head(page: str, lines: str = LINES) -> str:
    """The page with our lines at the beginning of its head, after its base, and without gradio's."""
    head, end, rest = page.partition("</head>")
    head = THEIRS.sub("", head)
    base = re.search(r"<base [^>]*>", head)
    at = base.end() if base else head.find("<head>") + len("<head>")
    return head[:at] + lines + head[at:] + end + rest
