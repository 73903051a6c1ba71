"""A small server that speaks OpenAI's protocol over a real socket, well or badly, as a test asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from engine.words.language import Settings


class Handler(BaseHTTPRequestHandler):
    """What a test's function says; what was asked is kept."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body) if body else None})
        self.close_connection = True
        try:
            self.server.says(self)
        except OSError:         # whoever asked is gone
            self.server.gone.set()

    do_GET = do_POST

    def head(self, status: int = 200, kind: str = "text/event-stream", **more: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("connection", "close")
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, text: str, status: int = 200, kind: str = "application/json", **more: str) -> None:
        self.head(status, kind, content_length=str(len(text.encode())), **more)
        self.wfile.write(text.encode())

    def event(self, said: dict | str) -> None:
        self.wfile.write(f"data: {said if isinstance(said, str) else json.dumps(said)}\n\n".encode())
        self.wfile.flush()

    def words(self, *parts: str, done: bool = True) -> None:
        """A well-behaved stream, word by word."""
        self.head()
        self.event({"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
        for part in parts:
            self.event({"choices": [{"delta": {"content": part}, "finish_reason": None}]})
        if done:
            self.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
            self.event("[DONE]")

    def log_message(self, *_):
        pass


@contextmanager
def talking(says: Callable[[Handler], None]) -> Iterator[ThreadingHTTPServer]:
    """A server at work; `asked` is what it was asked, `gone` is set when somebody left in the middle."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.says, server.asked, server.gone = True, says, [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def waiting(monkeypatch, words: str = "") -> Iterator[ThreadingHTTPServer]:
    """The language model of every studio that is opened meanwhile: answers `words`, with `status`, once `let` is set."""
    def says(handler: Handler) -> None:
        handler.server.let.wait(60)
        handler.whole(json.dumps({"choices": [{"message": {"content": handler.server.words}}]}), handler.server.status)

    with talking(says) as server:
        server.let, server.words, server.status = threading.Event(), words, 200
        monkeypatch.setenv("CINELOOM_WORDS_URL", server.url)
        monkeypatch.setenv("CINELOOM_WORDS_MODEL", "small")
        try:
            yield server
        finally:
            server.let.set()


def at(server: ThreadingHTTPServer, **more) -> Settings:
    """Settings that lead to a server."""
    return Settings(**{"url": server.url, "model": "small", "seconds": 30.0} | more)
