"""Films whose every picture says its number, in bars of black and white that no encoder blurs away; and projects of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engine.library import Library
from engine.timeline.cut import Clip, Cut, Media, Track
from engine.timeline.rendering import Places, Wanted, render
from engine.timeline.rendering.frames import frames

WIDTH, HEIGHT, BITS = 64, 48, 10
FILMS = {"a": (Fraction(16), 0, "mp4"), "b": (Fraction(24), 5, "mp4"), "c": (Fraction(25), 3, "mkv"), "d": (Fraction(30000, 1001), 0, "mov")}
LENGTH = 50             # pictures of each
STRIP = WIDTH // (BITS + 2)


def burnt(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture that says a number, between a white bar and a black one; 1023 is the most."""
    bars = [1, *(number >> bit & 1 for bit in range(BITS)), 0]
    row = np.repeat(np.array(bars, np.uint8) * 200 + 28, width // (BITS + 2))
    row = np.concatenate([row, np.full(width - len(row), 28, np.uint8)])
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def read(picture: np.ndarray) -> int | None:
    """The number that a picture says; None where it is black, or says none."""
    height, width = picture.shape[:2]
    strip = width // (BITS + 2)
    levels = [picture[height // 4 : -height // 4, at * strip + strip // 4 : (at + 1) * strip - strip // 4].mean() for at in range(BITS + 2)]
    if levels[0] < 128 or levels[-1] > 128:
        return None
    return sum((level > 128) << bit for bit, level in enumerate(levels[1:-1]))


def number(film: str, picture: int) -> int:
    """What picture `picture` of a film says."""
    return 100 + list(FILMS).index(film) * 100 + picture


def project(folder: Path) -> Places:
    """A project with the films in its folder."""
    library = Library(folder)
    for name, (rate, offset, ending) in FILMS.items():
        with av.open(str(folder / f"{name}.{ending}"), "w") as file:
            stream = file.add_stream("libx264", rate=rate, options={"bf": "3", "g": "12", "crf": "8"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for index in range(LENGTH):
                frame = av.VideoFrame.from_ndarray(burnt(number(name, index)), format="rgb24")
                frame.pts, frame.time_base = index + offset, 1 / rate
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    return Places(library)


def media(film: str) -> Media:
    """A film of the project."""
    rate, _, ending = FILMS[film]
    return Media(LENGTH, rate, file=f"{film}.{ending}", width=WIDTH, height=HEIGHT)


def clip(film: str, length: int, start=0, **more) -> Clip:
    """A stretch of one."""
    return Clip(more.pop("id", film), media(film), Fraction(start), length, **more)


def cut(*items, rate=16, tracks=(), width=WIDTH, height=HEIGHT) -> Cut:
    """A cut of one film track, and others over it."""
    return Cut("cut", "A cut", Fraction(rate), width, height, (Track("v1", "film", tuple(items)), *tracks))


def seen(cut: Cut, places: Places, wanted=None, **more) -> list[int | None]:
    """What the frames of a cut say."""
    size = more.pop("size", (cut.width, cut.height))
    return [read(picture) for picture in frames(cut, places, range(cut.length) if wanted is None else wanted, size, **more)]


def finish(cut: Cut, places: Places, path, **wanted):
    """Render to the end; what came of it."""
    *_, last = render(cut, places, path, Wanted(**wanted))
    return last
