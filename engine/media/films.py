"""Films: moving pictures in and out of files, one part after another, so that memory does not grow with their length.

A film is a stream of numpy arrays (N, H, W, 3) uint8, sRGB. Written as H.264 in MP4, the one format that every browser
and every editor plays: 4:2:0, BT.709 said aloud, its index in front so that it plays while it loads. MOV is the same for
editors, WebM is VP9 for the web, GIF has a palette for each picture. Read from whatever `kinds` lists, in a process apart.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange

from engine.errors import BadRequest, CannotWrite
from engine.media import carriers
from engine.media.apart import LIMIT, ask
from engine.media.kinds import FILM_FILE, FILM_PICTURES, head
from engine.media.writing import part_of, writing

QUALITY = 16                # x264's constant rate factor: above 45 dB on renders, where 23 is the usual
EIGHT = 128                 # x264's look-ahead tree goes through blocks of 16 pixels in eights, beyond its memory where a row
                            # is no multiple of eight: the same film came out in other pixels nearly every time (measured for
                            # widths from 96 to 1280; never at a multiple of 128, nor without it)
BT709 = 1                   # its number in H.264 for primaries, transfer and matrix alike (ITU-T H.273)
VOICE = 192_000             # bits for a second of sound
BREATH = 1024               # samples that are encoded at once: AAC's own measure
COMMENT = 60_000            # bytes: QuickTime's own comment has 16 bits for its length, and a longer one breaks the file


@dataclass(frozen=True)
class Form:
    """One way to write a film."""

    container: str
    codec: str
    pixels: str
    options: dict           # of the container
    quality: dict           # of the codec


_X264 = {"crf": str(QUALITY), "preset": "medium"}
FORMS = {
    ".mp4": Form("mp4", "libx264", "yuv420p", {"movflags": "+faststart"}, _X264),
    ".mov": Form("mov", "libx264", "yuv420p", {"movflags": "+faststart"}, _X264),
    # Bit-exact: without it every file gets a random number of its own. 24 is near x264's 16 on our films.
    ".webm": Form("webm", "libvpx-vp9", "yuv420p", {"fflags": "+bitexact"},
                  {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
    ".gif": Form("gif", "gif", "pal8", {}, {}),
}


@dataclass(frozen=True)
class Probe:
    """What a film file is, as it will be read."""

    width: int              # pixels, upright and square
    height: int
    pictures: int
    rate: float             # pictures per second, on average
    duration: float         # seconds
    container: str = field(default="", compare=False)       # "mov", "matroska", "gif", ...
    codec: str = field(default="", compare=False)           # "h264", "vp9", ...


class FilmWriter:
    """Writes a film as its parts arrive. On an error, and until it is done, there is no file at `path`.

        with FilmWriter("take.mp4", 256, 144, 16, recipe=json) as film:
            for part in decoded: film.add(part)

    path     its ending says how: .mp4, .mov, .webm or .gif; MP4 for any other
    rate     pictures per second. A GIF counts in hundredths of a second: at 16 its pictures stay for 6 or 7 of them
    recipe   JSON that the file carries, see `carriers`
    sound    samples (N, 2) in -1..1, left and right, and how many make a second; a GIF has none
    Raises BadRequest for odd sizes (a GIF may have them), CannotWrite for a folder that is not writable or a full disk.
    """

    def __init__(self, path: str | Path, width: int, height: int, rate: int, recipe: str = "", sound: tuple[np.ndarray, int] | None = None):
        self.path = Path(path)
        self.form = FORMS.get(self.path.suffix.lower(), FORMS[".mp4"])
        if self.form.pixels == "yuv420p" and (width % 2 or height % 2):
            raise BadRequest(f"A film in {'VP9' if self.form.container == 'webm' else 'H.264'} has an even width and height; "
                             f"{width}x{height} was asked.")
        self.part = part_of(self.path)
        self.width, self.height, self.rate, self.recipe = width, height, rate, recipe
        self.pictures, self.container, self.palette = 0, None, Palette(width, height)
        self.voice = None if sound is None or self.form.codec == "gif" else Voice(*sound, "libopus" if self.form.container == "webm" else "aac")
        self.colours = Colours(width, height, self.form.pixels)

    def __enter__(self) -> FilmWriter:
        with writing(self.path):
            try:
                self._open()
            except BaseException:
                if self.container is not None:
                    _close_quietly(self.container)
                self.part.unlink(missing_ok=True)
                raise
        return self

    def _open(self) -> None:
        try:
            if stat.S_ISDIR(os.stat(self.path).st_mode):
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
        except FileNotFoundError:       # and a name that is too long says so now, not after an hour of work
            pass
        self.part.touch()           # says in the system's own words why not
        options = dict(self.form.options)
        if self.form.container == "gif":
            options["final_delay"] = str(round(100 / self.rate))        # else the last picture is gone after 1/100 s
        self.container = av.open(str(self.part), "w", format=self.form.container, options=options)
        if self.form.container != "mov" or len(self.recipe.encode()) < COMMENT:
            self.container.metadata["comment"] = self.recipe
        options = dict(self.form.quality)
        if self.form.codec != "gif":
            options["g"] = str(self.rate)       # a whole picture every second: scrubbing in a browser lands there
        if self.form.codec == "libx264" and self.width % EIGHT:
            options["mbtree"] = "0"
        # GIF counts in hundredths: the encoder is told so, and the times are rounded in `add`.
        self.ticks = 100 if self.form.codec == "gif" else self.rate
        self.stream = self.container.add_stream(self.form.codec, rate=self.ticks, options=options)
        self.stream.width, self.stream.height, self.stream.pix_fmt = self.width, self.height, self.form.pixels
        if self.form.pixels == "yuv420p":
            codec = self.stream.codec_context
            codec.color_primaries = codec.color_trc = codec.colorspace = BT709
            codec.color_range = ColorRange.MPEG
        if self.voice:
            self.voice.open(self.container)

    def add(self, pictures: np.ndarray) -> None:
        """The next pictures of the film, (N, H, W, 3) uint8."""
        if pictures.shape[1:] != (self.height, self.width, 3) or pictures.dtype != np.uint8:
            raise BadRequest(f"A film of {self.width}x{self.height} takes pictures of that size in uint8; "
                             f"{pictures.shape} in {pictures.dtype} was given.")
        with writing(self.path):
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                if self.form.pixels == "yuv420p":
                    frame = self.colours.of(frame, self.pictures)
                else:
                    frame = self.palette.of(frame, self.pictures)
                frame.pts, frame.time_base = round(self.pictures * self.ticks / self.rate), Fraction(1, self.ticks)
                self.container.mux(self.stream.encode(frame))
                self.pictures += 1
            if self.voice:
                self.voice.until(self.container, self.pictures / self.rate)

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
            if self.voice:
                self.voice.finish(self.container)
            self.container.close()
        except BaseException:
            _close_quietly(self.container)
            raise
        if self.recipe:
            carriers.add_to_film(self.part, self.recipe, self.form.container)
        # A disk that filled up while the index was moved to the front can leave a file that says nothing of it.
        if counted(self.part) != self.pictures:
            raise CannotWrite(f"{self.path} cannot be written: what came to the disk is not the whole film. Is it full?")
        os.replace(self.part, self.path)


class Voice:
    """The sound of a film, written as its pictures come, so that a player finds both near each other."""

    def __init__(self, samples: np.ndarray, rate: int, codec: str):
        self.samples, self.rate, self.codec, self.at = np.clip(samples, -1, 1).astype(np.float32), rate, codec, 0

    def open(self, container: av.container.OutputContainer) -> None:
        """A stream of its own."""
        self.stream = container.add_stream(self.codec, rate=self.rate, layout="stereo")
        self.stream.bit_rate = VOICE

    def until(self, container: av.container.OutputContainer, seconds: float) -> None:
        """All that is heard before a time."""
        stop = min(len(self.samples), round(seconds * self.rate))
        for start in range(self.at, stop, BREATH):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(self.samples[start:min(stop, start + BREATH)].T), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = self.rate, start, Fraction(1, self.rate)
            container.mux(self.stream.encode(frame))
        self.at = max(self.at, stop)

    def finish(self, container: av.container.OutputContainer) -> None:
        """What is left."""
        self.until(container, len(self.samples) / self.rate)
        container.mux(self.stream.encode(None))


class Colours:
    """Frames in the colours of a film: BT.709, limited range, each sample of colour where decoders look for it.

    VideoFrame.reformat puts it between two pixels of a row, and every reader takes it to be on the left one (H.264's default):
    half a pixel of shift with every reading and writing, and with it another mean.
    """

    def __init__(self, width: int, height: int, pixels: str):
        self.width, self.height, self.pixels, self.graphs = width, height, pixels, {}

    def of(self, frame: av.VideoFrame, number: int) -> av.VideoFrame:
        """The frame, in RGB of 8 or 16 bits."""
        graph = self.graphs.get(frame.format.name)
        if graph is None:
            graph = self.graphs[frame.format.name] = av.filter.Graph()
            source = graph.add_buffer(width=self.width, height=self.height, format=frame.format, time_base=Fraction(1, 100))
            scale = graph.add("scale", "in_range=pc:out_color_matrix=bt709:out_range=tv:out_chroma_loc=left:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp")
            graph.link_nodes(source, scale, graph.add("format", f"pix_fmts={self.pixels}"), graph.add("buffersink"))
            graph.configure()
        frame.pts, frame.time_base = number, Fraction(1, 100)
        graph.vpush(frame)
        made = graph.vpull()
        made.color_primaries = made.color_trc = made.colorspace = BT709
        made.color_range = ColorRange.MPEG
        return made


class Palette:
    """Frames of a GIF, each in 256 colours of its own: one palette for all would need the whole film in memory."""

    def __init__(self, width: int, height: int):
        self.width, self.height, self.graph = width, height, None

    def of(self, frame: av.VideoFrame, number: int) -> av.VideoFrame:
        """The frame, in rgb24, as pal8."""
        if self.graph is None:
            self.graph = av.filter.Graph()
            add = self.graph.add
            source = self.graph.add_buffer(width=self.width, height=self.height, format=frame.format,
                                           time_base=Fraction(1, 100))
            split, make = add("split"), add("palettegen", "stats_mode=single")
            use = add("paletteuse", "new=1:dither=sierra2_4a")
            source.link_to(split)
            split.link_to(make, 0, 0)
            split.link_to(use, 1, 0)
            make.link_to(use, 0, 1)
            use.link_to(add("buffersink"))
            self.graph.configure()
        frame.pts, frame.time_base = number, Fraction(1, 100)
        self.graph.vpush(frame)
        return self.graph.vpull()


def write_film(path: str | Path, parts: Iterable[np.ndarray], width: int, height: int, rate: int, recipe: str = "") -> None:
    """A whole film from its parts, (N, H, W, 3) uint8 each. See `FilmWriter`."""
    with FilmWriter(path, width, height, rate, recipe) as film:
        for part in parts:
            film.add(part)


def read_film(path: str | Path, rate: float | None = None, *, notes: list[str] | None = None, most: int = FILM_PICTURES,
              limit: float = LIMIT) -> Iterator[np.ndarray]:
    """The pictures of a film, one (H, W, 3) uint8 after another, as they are to be seen: see `light`.

    rate     pictures per second to resample to, each the one on screen at its moment, so that variable rates keep their
             time: s seconds have s * rate pictures. None gives every picture that is stored
    notes    gets a sentence for each thing that was done to the film, or that it lacks: "Damaged or cut short: ..."
    most     pictures that are read; a note says when there are more
    limit    seconds that the decoder may work on one picture

    Decoded apart, see `apart`. What can be read of a damaged film is read. Raises BadMedia where that is nothing, for a
    kind or codec that is not in `kinds`, for a size beyond its limits, and for a decoder that hangs or breaks; BadRequest
    for a rate that is none.
    """
    if rate is not None and not 0 < rate <= 1000:
        raise BadRequest(f"A film is read at up to 1,000 pictures a second; {rate:g} was asked.")
    head(path, FILM_FILE)
    for said, picture in ask("film", path, limit, rate=None if rate is None else float(rate), most=most):
        if picture is not None:
            yield picture
        elif notes is not None:
            notes.append(said["note"])


def probe(path: str | Path, limit: float = LIMIT) -> Probe:
    """Size, length and rate of a film: from its index where it has one, else counted. Its first picture is decoded.

    Raises BadMedia like `read_film`.
    """
    head(path, FILM_FILE)
    return Probe(**next(ask("probe", path, limit))[0])


def _close_quietly(container) -> None:
    """Closing writes the rest of the file; where that is what failed, it fails again."""
    try:
        container.close()
    except (av.FFmpegError, OSError):
        pass


def counted(path: Path) -> int:
    """Pictures in a film of our own making, so that nothing needs to stand between it and us; -1 where it is broken."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            return stream.frames or sum(packet.size > 0 for packet in container.demux(stream))
    except (av.FFmpegError, OSError, ValueError, IndexError):
        return -1
