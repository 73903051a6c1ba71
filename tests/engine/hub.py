"""A model hub of our own on this machine, which speaks as much of the real one's protocol as its client asks; and can misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves one repository out of a folder. Set the fields to have it misbehave; `asked` is what it was asked for."""

    def __init__(self, folder: Path, repository: str):
        self.folder, self.repository = folder, repository
        self.asked: list[tuple[str, str]] = []      # (file, range)
        self.gated = False                          # it wants an account
        self.breaks: dict[str, int] = {}            # file: bytes after which the connection breaks, once
        self.lies: set[str] = set()                 # files of which it says another hash
        self.more: list[str] = []                   # names that it says beside its own
        self.waits: dict[str, threading.Event] = {} # files of which it sends half, and the rest when somebody says so
        hub = self

        class Answers(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.do_GET(head=True)

            def do_GET(self, head=False):
                path = self.path.partition("?")[0]
                if hub.gated:
                    return self._say(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to this model is restricted."})
                if path.startswith(f"/api/models/{hub.repository}"):
                    return self._say(200, json.dumps({"id": hub.repository, "modelId": hub.repository, "sha": COMMIT, "siblings": hub.siblings()}).encode())
                name = path.partition(f"/{hub.repository}/resolve/{COMMIT}/")[2]
                if not name or not (hub.folder / name).is_file():
                    return self._say(404, b"{}", {"X-Error-Code": "RepoNotFound" if not name else "EntryNotFound"})
                data = (hub.folder / name).read_bytes()
                asked = self.headers.get("Range", "")
                start = int(asked.removeprefix("bytes=").partition("-")[0] or 0) if asked else 0
                facts = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
                if asked:
                    facts["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
                if not head:
                    hub.asked.append((name, asked))
                self._say(206 if asked else 200, data[start:], facts, head, hub.breaks.pop(name, None) if not head else None, hub.waits.get(name))

            def _say(self, status, body, facts={}, head=False, breaks=None, waits=None):
                self.send_response(status)
                for key, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **facts}.items():
                    self.send_header(key, value)
                self.end_headers()
                if breaks is not None:
                    self.wfile.write(body[:breaks])
                    self.wfile.flush()
                    self.connection.close()
                elif not head:
                    half = len(body) // 2 if waits else 0
                    self.wfile.write(body[:half])
                    self.wfile.flush()
                    if waits:
                        waits.wait(60)
                    with suppress(ConnectionError):     # whoever asked may not have waited
                        self.wfile.write(body[half:])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def siblings(self) -> list[dict]:
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        told = []
        for path in files:
            name, size = path.relative_to(self.folder).as_posix(), path.stat().st_size
            one = {"rfilename": name, "size": size, "blobId": hashlib.sha1(b"blob %d\0" % size + path.read_bytes()).hexdigest()}
            if path.suffix == ".safetensors":
                digest = "0" * 64 if name in self.lies else hashlib.sha256(path.read_bytes()).hexdigest()
                one["lfs"] = {"sha256": digest, "size": size, "pointerSize": 130}
            told.append(one)
        return told + [{"rfilename": name, "size": 1} for name in self.more]


@contextmanager
def serving(folder: Path, repository: str):
    """A hub that is there."""
    hub = Hub(folder, repository)
    thread = threading.Thread(target=hub.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        hub.server.server_close()
