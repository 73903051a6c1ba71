"""The guard: one ASGI middleware over everything, gradio's routes and ours alike.

Refuses what a foreign web page can make a browser send to this machine: another Host (DNS rebinding), another Origin
(cross-site posts; gradio's `component_server` and `upload` would run them, measured), and, off loopback, whoever does
not know the token. Adds the content policy, which also enforces that the page asks nobody but us.
Knows headers. Knows nothing of takes.
"""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# 'unsafe-eval' is forced by gr.HTML's templates; all else is as tight as gradio 6.31 ran with, no violation seen.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob: data:; "
    "worker-src 'self' blob:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'; object-src 'none'"
)
COOKIE = "cineloom"
JSON_BYTES = 4 << 20
READING = {"GET", "HEAD", "OPTIONS"}


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bare_host(value: str) -> str:
    """A Host header without its port, in lower case: "[::1]:7860" is "::1"."""
    value = value.strip().lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.rpartition(":")[0] if value.count(":") == 1 else value


class Guard:
    """Wraps an ASGI app. Off loopback a token is needed and any Host goes: a rebound name has no cookie of ours."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", token: str = ""):
        """
        host    what the server is bound to
        token   asked of everybody when not empty
        """
        self.app = app
        self.token = token
        self.hosts = None if token and not is_loopback(host) else {"localhost", "127.0.0.1", "::1", bare_host(host)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request; lifespan messages pass."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return              # we speak no websockets; uvicorn closes the connection
        answer = self._refusal(scope) or self._door(scope)
        if answer is not None:
            await answer(scope, receive, self._with_policy(send))
        else:
            await self.app(scope, receive, self._with_policy(send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self.hosts is not None and bare_host(host) not in self.hosts:
            return PlainTextResponse("This studio does not go by that name; open it as localhost.", 403)
        if scope["method"] in READING:
            return None
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return PlainTextResponse("Another site may not change anything here.", 403)
        if origin is None and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return PlainTextResponse("Another site may not change anything here.", 403)
        if headers.get("content-type", "").startswith("application/json") and not self._is_small(headers):
            return PlainTextResponse(f"A request in JSON has at most {JSON_BYTES >> 20} MB here, and says how long it is.", 413)
        return None

    @staticmethod
    def _is_small(headers: Headers) -> bool:
        """JSON is read whole into memory before anybody looks at it; files come by other ways, piece by piece."""
        length = headers.get("content-length", "")
        return length.isascii() and length.isdigit() and len(length) < 19 and int(length) <= JSON_BYTES

    def _door(self, scope: Scope) -> PlainTextResponse | RedirectResponse | None:
        """Off loopback: the token as Bearer, as cookie, or once in the address, which then sets the cookie."""
        if not self.token:
            return None
        headers = Headers(scope=scope)
        bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
        cookie = SimpleCookie()
        try:
            cookie.load(headers.get("cookie", ""))
        except Exception:       # a cookie of another program on this host that does not parse
            cookie = SimpleCookie()
        kept = cookie[COOKIE].value if COOKIE in cookie else ""
        if self._is_token(bearer) or self._is_token(kept):
            return None
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if scope["method"] == "GET" and self._is_token(query.pop("token", [""])[0]):
            path = "/" + scope["path"].lstrip("/")      # "//evil.example" would lead away
            rest = urlencode(query, doseq=True)
            answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="strict", max_age=30 * 86400)
            return answer
        return PlainTextResponse("This studio asks for its token: open the address that it printed when it started.", 401)

    def _is_token(self, value: str) -> bool:
        return bool(value) and hmac.compare_digest(value.encode(), self.token.encode())

    @staticmethod
    def _with_policy(send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = POLICY
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
                headers["cross-origin-opener-policy"] = "same-origin"
                headers["cross-origin-resource-policy"] = "same-origin"
            await send(message)

        return sending
