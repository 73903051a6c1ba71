"""Films: moving pictures in and out of files, one part after another, so that memory does not grow with their length.

A film is a stream of numpy arrays (N, H, W, 3) uint8, sRGB. Written as H.264 in MP4, the one format that every browser
and every editor plays: 4:2:0, BT.709 said aloud, its index in front so that it plays while it loads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.media import carriers
from engine.media.writing import writing

SIDE = 8192                 # pixels of a film that is read
QUALITY = 16                # x264's constant rate factor: above 45 dB on renders, where 23 is the usual
NARROW = 128                # x264's look-ahead tree reads beyond its memory below 96 pixels of width: the same film came
                            # out in other bytes up to once in five times (measured; never from 96 on, nor without it)
BT709 = 1                   # its number in H.264 for primaries, transfer and matrix alike (ITU-T H.273)


@dataclass(frozen=True)
class Probe:
    """What a film file is, without decoding it."""

    width: int              # pixels
    height: int
    pictures: int
    rate: float             # pictures per second, on average
    duration: float         # seconds


class FilmWriter:
    """Writes a film as its parts arrive. On an error, and until it is done, there is no file at `path`.

        with FilmWriter("take.mp4", 256, 144, 16, recipe=json) as film:
            for part in decoded: film.add(part)

    recipe   JSON that the file carries, see `carriers`
    Raises BadRequest for odd sizes, CannotWrite for a folder that is not writable or a full disk.
    """

    def __init__(self, path: str | Path, width: int, height: int, rate: int, recipe: str = ""):
        if width % 2 or height % 2:
            raise BadRequest(f"A film in H.264 has an even width and height; {width}x{height} was asked.")
        self.path = Path(path)
        self.part = self.path.with_name(f".{self.path.name}.part")
        self.width, self.height, self.rate, self.recipe = width, height, rate, recipe
        self.pictures = 0

    def __enter__(self) -> FilmWriter:
        with writing(self.path):
            self.part.touch()       # says in the system's own words why not
            self.container = av.open(str(self.part), "w", format="mp4", options={"movflags": "+faststart"})
            self.container.metadata["comment"] = self.recipe
            # A whole picture every second: scrubbing in a browser lands there.
            options = {"crf": str(QUALITY), "preset": "medium", "g": str(self.rate)}
            if self.width < NARROW:
                options["mbtree"] = "0"
            self.stream = self.container.add_stream("libx264", rate=self.rate, options=options)
            self.stream.width, self.stream.height, self.stream.pix_fmt = self.width, self.height, "yuv420p"
            codec = self.stream.codec_context
            codec.color_primaries = codec.color_trc = codec.colorspace = BT709
            codec.color_range = ColorRange.MPEG
        return self

    def add(self, pictures: np.ndarray) -> None:
        """The next pictures of the film, (N, H, W, 3) uint8."""
        if pictures.shape[1:] != (self.height, self.width, 3) or pictures.dtype != np.uint8:
            raise BadRequest(f"A film of {self.width}x{self.height} takes pictures of that size in uint8; "
                             f"{pictures.shape} in {pictures.dtype} was given.")
        with writing(self.path):
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
                    format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
                frame.pts, frame.time_base = self.pictures, Fraction(1, self.rate)
                self.container.mux(self.stream.encode(frame))
                self.pictures += 1

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                with writing(self.path):
                    self._finish()
            else:
                _close_quietly(self.container)
        finally:
            self.part.unlink(missing_ok=True)

    def _finish(self) -> None:
        try:
            self.container.mux(self.stream.encode())
            self.container.close()
        except BaseException:
            _close_quietly(self.container)
            raise
        if self.recipe:
            with self.part.open("ab") as file:
                file.write(carriers.box(self.recipe))
        # A disk that filled up while the index was moved to the front can leave a file that says nothing of it.
        try:
            whole = probe(self.part).pictures == self.pictures
        except BadMedia:
            whole = False
        if not whole:
            raise CannotWrite(f"{self.path} cannot be written: what came to the disk is not the whole film. Is it full?")
        os.replace(self.part, self.path)


def write_film(path: str | Path, parts: Iterable[np.ndarray], width: int, height: int, rate: int, recipe: str = "") -> None:
    """A whole film from its parts, (N, H, W, 3) uint8 each. See `FilmWriter`."""
    with FilmWriter(path, width, height, rate, recipe) as film:
        for part in parts:
            film.add(part)


def read_film(path: str | Path) -> Iterator[np.ndarray]:
    """The pictures of a film, one (H, W, 3) uint8 after another, as they are stored. Raises BadMedia."""
    with _Opened(path) as container:
        count = 0
        for frame in container.decode(video=0):
            count += 1
            yield frame.to_ndarray(format="rgb24")
        if count == 0:
            raise BadMedia(f"{Path(path).name} holds no picture that can be read.")


def probe(path: str | Path) -> Probe:
    """Size, length and rate of a film, from its index where it has one. Raises BadMedia."""
    with _Opened(path) as container:
        stream = container.streams.video[0]
        pictures, rate = stream.frames, stream.average_rate or stream.guessed_rate
        last = None
        if not pictures:            # no index: count, without decoding
            for packet in container.demux(stream):
                if packet.size:
                    pictures += 1
                    if packet.pts is not None:
                        end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                        last = end if last is None else max(last, end)
        if stream.duration:
            last = float(stream.duration * stream.time_base)
        elif last is None and container.duration:
            last = container.duration / av.time_base
        if last is None:
            last = pictures / float(rate or 16)
        if pictures == 0:
            raise BadMedia(f"{Path(path).name} holds no picture that can be read.")
        return Probe(stream.width, stream.height, pictures, float(rate or pictures / max(last, 1e-6)), last)


def comment_of(path: Path) -> str | None:
    """The comment in a film's container. Raises BadMedia."""
    with _Opened(path) as container:
        return container.metadata.get("comment")


class _Opened:
    """A film file opened and within its limits; whatever the library says against it becomes BadMedia."""

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def __enter__(self):
        if not self.path.is_file():
            raise BadMedia(f"There is no film at {self.path}.")
        if self.path.stat().st_size == 0:
            raise BadMedia(f"{self.path.name} is empty.")
        try:
            self.container = av.open(str(self.path), metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            raise BadMedia(f"{self.path.name} is no film that can be read, or it is cut short.") from error
        stream = next(iter(self.container.streams.video), None)
        if stream is None or stream.codec_context is None:
            self.container.close()
            raise BadMedia(f"{self.path.name} has no moving pictures in it" +
                           ("." if stream is None else " that this computer can decode."))
        if not (0 < stream.width <= SIDE and 0 < stream.height <= SIDE):
            self.container.close()
            raise BadMedia(f"{self.path.name} is {stream.width}x{stream.height}; films of up to {SIDE}x{SIDE} are read.")
        return self.container

    def __exit__(self, kind, error, trace) -> None:
        self.container.close()
        if isinstance(error, (av.FFmpegError, ValueError, ArithmeticError)):    # all three come from damaged files
            raise BadMedia(f"{self.path.name} is damaged or cut short: it cannot be read to its end.") from error


def _close_quietly(container) -> None:
    """Closing writes the rest of the file; where that is what failed, it fails again."""
    try:
        container.close()
    except (av.FFmpegError, OSError):
        pass
