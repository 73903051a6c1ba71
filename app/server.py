"""The server: one FastAPI parent with the guard around it, our routes, and the gradio page mounted at "/", as soon as it is there.

Knows ports, start and stop. The process that runs it never imports torch; the worker is another process.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app import settings
from app.guard import Guard, is_loopback
from engine.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from app.desk import Desk

HASHED = b"private, max-age=31536000, immutable"        # gradio's scripts have what is in them in their names


def make_app(desk: Desk, host: str = settings.HOST, port: int = settings.PORT, token: str = "", mcp: bool = False) -> FastAPI:
    """The whole studio as one ASGI app around an open desk. Gradio is imported, in a thread, once it is served."""
    stay_local(desk.home)

    from fastapi import FastAPI
    from starlette.staticfiles import StaticFiles

    from app import room
    from app.head import Head
    from app.later import Later
    from app.routes import add_routes
    from app.small import SmallFiles

    gradio = Later(lambda: gradio_app(desk, host, port, mcp))
    app = FastAPI(title="Cineloom", docs_url=None, redoc_url=None, openapi_url=None, lifespan=gradio.lifespan)
    add_routes(app, desk)
    app.mount("/web", SmallFiles(directory=room.WEB))
    app.mount("/assets", Cached(StaticFiles(directory=room.gradios("assets")), HASHED))
    app.mount("/static", Cached(StaticFiles(directory=room.gradios("static")), b"private, max-age=86400"))
    app.mount("/", gradio)
    app.add_middleware(Head)
    app.add_middleware(Guard, host=host, token=token)
    return app


def gradio_app(desk: Desk, host: str, port: int, mcp: bool) -> FastAPI:
    """Gradio's page and the public functions as an app of their own. Imports gradio: a second."""
    from fastapi import FastAPI

    from app import room
    from app.stubless import gradio as gr
    from app.studio import build, theme

    page = build(desk)
    rest(page)
    # Gradio asks whether a file in a request was really uploaded only of a page that was "launched", and never of a mounted
    # one (6.31): without this anybody at the door could have any file of this machine copied to where it is served.
    page.has_launched = True
    return gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page,
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=mcp,
        pwa=False,
        show_error=True,
        max_file_size=settings.UPLOAD_BYTES,
        theme=theme(),
        css_paths=[room.WEB / "css" / f"{name}.css" for name in room.STYLES],
        favicon_path=room.WEB / "favicon.svg",
    )


def rest(page) -> None:
    """Let gradio's queue look for work 20 times a second, as it does on Windows, and not 1,000 times.

    Our functions do not go through it, and the looking alone cost 6.5 % of a core (gradio 6.31, measured).
    """
    queue = getattr(page, "_queue", None)
    if hasattr(queue, "sleep_when_free"):
        queue.sleep_when_free = 0.05
        queue.progress_update_sleep_when_free = 0.1


class Cached:
    """Static files, and for how long a browser may keep them."""

    def __init__(self, app, keep: bytes):
        """Wrap the app that has the files; `keep` is the header's value."""
        self.app, self.keep = app, keep

    async def __call__(self, scope, receive, send):
        """Pass on, with the header added."""

        async def sending(message):
            if message["type"] == "http.response.start" and message["status"] < 400:
                message["headers"] = [*message["headers"], (b"cache-control", self.keep)]
            await send(message)

        await self.app(scope, receive, sending)


def stay_local(home: Path) -> None:
    """Tell gradio and its friends to ask nobody and to keep their files with ours. Must come before gradio's import."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(home / ".gradio")


def free_socket(host: str, port: int) -> socket.socket:
    """A bound socket on `port`, or on the next free one. Raises BadRequest when none of a hundred is free.

    Bound here and handed to the server: looking first and binding later would leave a gap for somebody else.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(port, port + settings.PORTS) if port else [0]:
        # Said to be TCP, or asyncio would leave Nagle's algorithm on: every small answer then waited 40 ms for the ACK of its own head.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, number))
            sock.listen(128)
            return sock
        except OSError as error:
            sock.close()
            if error.errno not in IN_USE:
                raise BadRequest(f"The studio cannot listen on {host}:{number} ({error.strerror}).") from error
    raise BadRequest(f"Ports {port} to {port + settings.PORTS - 1} are all taken; choose another with --port.")


def _in_use() -> set[int]:
    import errno

    return {errno.EADDRINUSE, errno.EACCES} if sys.platform == "win32" else {errno.EADDRINUSE}


IN_USE = _in_use()


def serve(
    host: str = settings.HOST,
    port: int = settings.PORT,
    home: Path | str | None = None,
    open_browser: bool = False,
    token: str | None = None,
    backend: str = "",
    mcp: bool = False,
    show: Callable[[str], None] | None = None,
) -> None:
    """Open the studio and stay until Ctrl-C.

    host          what to listen on; anything but loopback needs a token
    port          the first to try; the address that was found is printed
    home          folder of projects, see app.settings
    mcp           the public functions for the Model Context Protocol too; needs the extra of that name
    show          called with the address, in this thread; when it returns the studio closes. A window, see app.window
    token         asked of every visitor; by default what CINELOOM_TOKEN says
    Raises BadRequest for an open door without a token, CannotWrite for a home that cannot be used.
    """
    token = settings.token() if token is None else token
    if not is_loopback(host) and not token:
        raise BadRequest(
            f"Listening on {host} would open the studio to the network without a lock; "
            "set CINELOOM_TOKEN to a long secret first, or leave out --host."
        )
    import threading

    from app.desk import Desk
    from app.desk.projects import welcome

    # The first start of all unpacks the welcome project, which is mostly waiting for other processes; the imports are not.
    greeting = threading.Thread(target=welcome, args=(home,), name="welcome")
    greeting.start()
    stay_local(settings.home(home))
    import uvicorn

    greeting.join()
    desk = Desk(home, backend=backend)
    sock = free_socket(host, port)
    found = sock.getsockname()[1]
    try:
        page = make_app(desk, host, found, token, mcp)
        if port and found != port:
            print(f"Port {port} is taken; this studio listens on {found}.", flush=True)
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{found}/" + (f"?{urlencode({'token': token})}" if token else "")
        config = uvicorn.Config(
            page,
            log_level="warning",
            timeout_graceful_shutdown=2,    # an open event stream would hold Ctrl-C for ever (measured: 12 s and more)
            access_log=False,
            ws="none",
        )
        server = uvicorn.Server(config)
        server.config.load()
        desk.start()
        print(f"Cineloom is open at {address}   (Ctrl-C closes it)\nYour films are in {desk.home}", flush=True)
        if open_browser:
            import webbrowser

            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()     # the door is open; who comes early waits
        if show is None:
            server.run(sockets=[sock])
        else:
            _run_beside(server, sock, lambda: show(address))
    except KeyboardInterrupt:
        pass
    finally:
        desk.close()
        sock.close()


def _run_beside(server, sock: socket.socket, show: Callable[[], None]) -> None:
    """The server in a thread, because windows insist on the main one; it ends when `show` does."""
    import threading

    serving = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="server")
    serving.start()
    try:
        show()
    finally:
        server.should_exit = True
        serving.join()
