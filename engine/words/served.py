"""Served: a language model behind an address that speaks OpenAI's protocol, such as Ollama, llama.cpp or vLLM.

    POST <address>/chat/completions    {"model": ..., "messages": [...], "stream": true}
         <- data: {"choices": [{"delta": {"content": "a red"}}]}   ...   data: [DONE]

What comes back is data of a stranger's: bounded in bytes, letters and seconds, never followed elsewhere, never unpacked, and
nothing of it but the answer's text is read; an error says what happened in our words, since theirs may repeat the key.
The address that was named is asked and no other: no proxy, no redirect, no account from a file.
Knows HTTP. Knows nothing of prompts.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from engine.errors import BadRequest, Cancelled, NoAnswer
from engine.words.language import LETTERS, Messages, Settings, Stop

TOKENS = 2_000          # of an answer: some models think aloud before they speak
BYTES = 4 << 20         # of a whole answer: each word of a stream comes wrapped in some hundred
LOOK = 0.1              # seconds between two looks at whether somebody said stop
CONNECT = 10.0          # seconds until somebody is there


def address(settings: Settings) -> str:
    """Where to ask, made whole: `/v1` where only a machine is named.

    Raises BadRequest for what is no address, for a name or password in it, and for a key that would go unencrypted over the net.
    """
    try:
        parts = urlsplit(settings.url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https"):
        raise BadRequest("CINELOOM_WORDS_URL is no address; one looks like http://127.0.0.1:11434/v1.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadRequest("CINELOOM_WORDS_URL may have no name, password, ? or #; a key goes into CINELOOM_WORDS_KEY.")
    if not settings.model:
        raise BadRequest("CINELOOM_WORDS_URL is set and CINELOOM_WORDS_MODEL is not; it is the model's name there.")
    if settings.key and parts.scheme == "http" and not _near(host):
        raise BadRequest("CINELOOM_WORDS_KEY would go to another network unencrypted; name an address that begins with https.")
    if not settings.key.isascii() or not settings.key.isprintable():
        raise BadRequest("CINELOOM_WORDS_KEY has letters that no key has.")
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}{path}"


def _near(host: str) -> bool:
    """Whether a host is this machine or in the same house."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".lan", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def ask(settings: Settings, messages: Messages, seed: int = 0, stop: Stop = lambda: False) -> str:
    """The answer's text, as it came.

    Raises BadRequest for settings that cannot be, NoAnswer with a sentence for everything that can go wrong on the way, Cancelled after `stop`.
    """
    where = address(settings)
    asked = {"model": settings.model, "messages": messages, "stream": True, "temperature": settings.temperature, "seed": seed, "max_tokens": TOKENS}
    return _run(lambda stop: _patiently(_asked(f"{where}/chat/completions", settings, asked), urlsplit(where).netloc, settings.seconds, stop), stop)


def _run(work: Callable[[Stop], Coroutine[Any, Any, str]], stop: Stop) -> str:
    """What comes of it, in a thread of its own: where we are called, as in a notebook, a loop of events may run already."""
    left = threading.Event()            # Ctrl-C is heard in the caller's thread
    with ThreadPoolExecutor(1, "words") as thread:
        try:
            return thread.submit(lambda: asyncio.run(work(lambda: left.is_set() or stop()))).result()
        except BaseException:
            left.set()
            raise


def reach(settings: Settings, seconds: float = 2.0) -> str:
    """Whether somebody is there: "" or a sentence. Asks for nothing but the list of models, and sends no prompt."""
    try:
        where = address(settings)
        _run(lambda stop: _patiently(_asked(f"{where}/models", settings, None), urlsplit(where).netloc, seconds, stop), lambda: False)
    except (BadRequest, NoAnswer) as error:
        return str(error)
    return ""


async def _patiently(work, host: str, seconds: float, stop: Stop) -> str:
    """Wait for an answer, but neither for ever nor after a stop: the connection is closed at once then."""
    task, until = asyncio.ensure_future(work), time.monotonic() + seconds
    try:
        while not task.done():
            if stop():
                raise Cancelled("The prompt was left as it was: somebody said stop.")
            if time.monotonic() > until:
                raise NoAnswer(f"{host} has not answered in full after {seconds:g} s; the prompt was left as it was.")
            await asyncio.wait({task}, timeout=LOOK)
        return task.result()
    finally:
        task.cancel()


async def _asked(url: str, settings: Settings, body: dict | None) -> str:
    import httpx

    host = urlsplit(url).netloc
    headers = {"accept-encoding": "identity"} | ({"authorization": f"Bearer {settings.key}"} if settings.key else {})
    try:
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=httpx.Timeout(None, connect=CONNECT)) as web:
            async with web.stream("GET" if body is None else "POST", url, json=body, headers=headers) as reply:
                if reply.status_code != 200:
                    raise NoAnswer(_refused(reply.status_code, host, settings))
                if body is None:
                    return ""
                if reply.headers.get("content-encoding", "identity") != "identity":
                    raise NoAnswer(f"{host} answered packed, though it was asked not to; nothing was unpacked.")
                kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
                reader = _Streamed(host) if kind == "text/event-stream" else _Whole(host)
                count = 0
                async for data in reply.aiter_raw():
                    count += len(data)
                    if count > BYTES:
                        raise NoAnswer(f"{host} said more than {BYTES >> 20} MB and did not end; nothing of it was used.")
                    if reader.feed(data):
                        break
                return reader.text()
    except httpx.ConnectTimeout:
        raise NoAnswer(f"Nobody answers at {host}.") from None
    except httpx.ConnectError:
        raise NoAnswer(f"Nobody answers at {host}; is it running?") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise NoAnswer(f"The talk with {host} broke off ({type(error).__name__}).") from None


def _refused(status: int, host: str, settings: Settings) -> str:
    if 300 <= status < 400:
        return f"{host} sends elsewhere ({status}), and nobody is followed with a prompt; set CINELOOM_WORDS_URL to where it really is."
    if status in (401, 403):
        return f"{host} does not accept the key ({status}); CINELOOM_WORDS_KEY has it." if settings.key else f"{host} wants a key ({status}); CINELOOM_WORDS_KEY is not set."
    said = {
        404: f"{host} has no model called {settings.model!r:.80}, or nothing that answers at this address; it mostly ends in /v1.",
        429: f"{host} has too much to do (429); ask again in a while.",
    }
    return said.get(status) or f"{host} {'broke' if status >= 500 else 'did not accept what was asked'} ({status})."


class _Streamed:
    """An answer that comes word by word: server-sent events."""

    def __init__(self, host: str):
        self.host, self.rest, self.said, self.count, self.over = host, b"", [], 0, False

    def feed(self, data: bytes) -> bool:
        """Read on; True when the answer is over."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:") and not self.over:
                self._event(line[5:].strip())
        if len(self.rest) > LETTERS * 8:
            raise NoAnswer(f"{self.host} did not answer in the way that was asked for: a line does not end.")
        return self.over

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.over = True
            return
        choice = _choice(_json(data, self.host), self.host)
        if choice is None:      # an event that only counts tokens
            return
        part = choice.get("delta") if isinstance(choice.get("delta"), dict) else choice.get("message") if isinstance(choice.get("message"), dict) else {}
        self.said.append(part["content"] if isinstance(part.get("content"), str) else "")
        self.count += len(self.said[-1])
        if self.count > LETTERS:
            raise NoAnswer(f"{self.host} said more than {LETTERS:,} letters and did not end; nothing of it was used.")
        self.over = bool(choice.get("finish_reason"))

    def text(self) -> str:
        if not self.over:
            raise NoAnswer(f"{self.host} stopped in the middle of its answer; nothing of it was used.")
        return "".join(self.said)


class _Whole:
    """An answer that comes at once."""

    def __init__(self, host: str):
        self.host, self.data = host, bytearray()

    def feed(self, data: bytes) -> bool:
        self.data += data
        return False

    def text(self) -> str:
        choice = _choice(_json(bytes(self.data), self.host), self.host)
        message = choice.get("message") if choice else None
        text = message.get("content") if isinstance(message, dict) else None
        if not isinstance(text, str):
            raise NoAnswer(f"{self.host} answered, and no text is in it.")
        if len(text) > LETTERS:
            raise NoAnswer(f"{self.host} said more than {LETTERS:,} letters; nothing of it was used.")
        return text


def _json(data: bytes, host: str):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise NoAnswer(f"{host} did not answer in the way that was asked for: this is no JSON. Does CINELOOM_WORDS_URL end in /v1?") from None


def _choice(said, host: str) -> dict | None:
    """The first choice of an answer; None where there is none, as in an event that only counts tokens."""
    if not isinstance(said, dict) or "error" in said or not isinstance(said.get("choices"), list):
        raise NoAnswer(f"{host} did not answer in the way that was asked for.")
    if not said["choices"]:
        return None
    if not isinstance(said["choices"][0], dict):
        raise NoAnswer(f"{host} did not answer in the way that was asked for.")
    return said["choices"][0]
