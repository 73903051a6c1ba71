"""Cell: the process that decodes one file of a stranger, and its walls.

Knows what a cell may do, and how it speaks to whoever asked: a line of JSON with its length before it, pixels behind it.
What the jobs do is in `seeing` (films) and `pictures`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator

import av
import numpy as np
from PIL import (  # noqa: F401  a cell cannot import: everything that Pillow would load later
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin,
    WebPImagePlugin)

from engine.errors import CineloomError
from engine.media import hearing, light, pictures, reaching, seeing
from engine.media.apart import MEMORY

IDLE = 60.0         # seconds without a file after which the nursery ends: it holds some 60 MB

# Each is a generator over (file, name for sentences, options): yields (what it says, a picture or None); None asks for time.
JOBS = {"probe": seeing.probe, "film": seeing.film, "picture": pictures.seen, "size": pictures.measured, "times": reaching.times, "reach": reaching.reach,
        "sound": hearing.sound, "hear": hearing.hear}


def nurse(number: str) -> None:
    """Wait at socket `number` for files, fork a cell for each; end when whoever asked is gone or nothing comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # Ctrl-C is for whoever asked
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)       # the system buries cells
    av.logging.set_level(None)
    _warm_up()
    control = socket.socket(fileno=int(number))
    control.settimeout(IDLE)
    while True:
        try:
            asked, files, _, _ = socket.recv_fds(control, 1 << 20, 2)
        except (TimeoutError, OSError):
            return
        if not asked or len(files) != 2:
            return
        if os.fork() == 0:
            try:
                control.close()
                _confined(json.loads(asked[4:]), socket.socket(fileno=files[0]), files[1])
            finally:
                os._exit(0)
        for file in files:
            os.close(file)
        control.send(b"!")


def _confined(asked: dict, out: socket.socket, file: int) -> None:
    with open(file, "rb") as opened:
        _wall_in()
        try:
            job = JOBS[asked["job"]](opened, asked["name"], **asked["options"])
            _work(job, out, asked["limit"], asked["total"], asked["name"])
        except CineloomError as error:
            _say(out, {"error": str(error), "peak": _peak()})
        except MemoryError:
            _say(out, {"error": f"{asked['name']} wants more memory than a file gets ({MEMORY >> 30} GB): it is damaged, or "
                                "too large. Make it smaller first."})
        except (BrokenPipeError, ConnectionError):      # nobody reads any more
            pass
        except Exception as error:      # decoders raise a dozen kinds, and whatever it was, the file is why
            _say(out, {"error": f"{asked['name']} is damaged or cut short: it cannot be read ({type(error).__name__})."})


def _work(job: Iterator, out: socket.socket, limit: float, total: float, name: str) -> None:
    """Let a job work, at most `limit` seconds from one thing it says to the next; waiting for the reader is free."""
    spent, ended = 0.0, object()
    while True:
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, limit)     # nobody handles its signal: the system ends the process
        said = next(job, ended)
        signal.setitimer(signal.ITIMER_REAL, 0)
        spent += time.monotonic() - began
        if said is ended:
            return _say(out, {"end": True, "peak": _peak()})
        if spent > total:
            return _say(out, {"error": f"{name} takes more than {total / 60:.0f} minutes to decode. Convert it with another "
                                       "program first."})
        if said is not None:
            _say(out, *said)


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _say(out: socket.socket, words: dict, picture: np.ndarray | None = None) -> None:
    if picture is not None:
        words = {**words, "shape": picture.shape, **({"deep": True} if picture.dtype == np.uint16 else {})}
    line = json.dumps(words).encode()
    out.sendall(struct.pack(">I", len(line)) + line)
    if picture is not None:
        out.sendall(memoryview(np.ascontiguousarray(picture)).cast("B"))


def _wall_in() -> None:
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MEMORY,) * 2)
    except (OSError, ValueError):       # macOS does not know it
        pass
    free = os.dup(0)                    # the lowest number free: no file or socket can be opened from here on
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))


def _address_space() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 30


def _warm_up() -> None:
    """Do once what Python and the libraries do only when first asked, such as importing a module."""
    import importlib
    import io
    import pkgutil
    import wave

    from PIL import Image, ImageCms, ImageOps  # noqa: F401

    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"):
        made = io.BytesIO()
        Image.new("RGB", (16, 16)).save(made, kind)
        for job in (pictures.seen, pictures.measured):
            list(job(io.BytesIO(made.getvalue()), "warm"))
    for module in pkgutil.walk_packages(av.__path__, "av."):       # PyAV imports what a stream needs when it meets one
        if not module.name.endswith(("__main__", "datasets")):
            importlib.import_module(module.name)
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=16)
        stream.width = stream.height = 16
        stream.pix_fmt = "bgra"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    for data in (made.getvalue(), made.getvalue()[:200], b"no film"):
        for job in (seeing.probe, seeing.film, reaching.times, hearing.sound):
            try:
                list(job(io.BytesIO(data), "warm"))
            except CineloomError:
                pass
    heard = io.BytesIO()
    with wave.open(heard, "wb") as made:
        made.setnchannels(2), made.setsampwidth(2), made.setframerate(48_000)
        made.writeframes(bytes(4096))
    list(hearing.hear(heard, "warm", 0, 512))
    light.tone_mapped(np.zeros((2, 2, 3), np.uint16), True)
    light.tone_mapped(np.zeros((2, 2, 3), np.uint16), False)
