"""Writing: pictures and sound into a file of one kind, so that nothing half-written stays.

    with FilmOut(path, kind, ...) as out:           .3f9a.part   beside `path`, hidden, moved there when it is whole
        out.sound(block); out.picture(picture)

Knows encoders, colour and files. Knows no cuts.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange
from PIL import Image

from engine.errors import CannotWrite
from engine.media import carriers, write_picture
from engine.media.films import BT709, COMMENT, EIGHT, Colours, Palette, counted
from engine.media.haste import no_haste
from engine.media.writing import part_of, sweep, write_bytes, writing
from engine.timeline.rendering.kinds import Kind
from engine.timeline.rendering.sound import RATE

SHORT = 8               # pictures: of fewer than it looks ahead for, x265 gives times that nobody set
DIGITS = 6              # of the numbers of pictures in a folder


class Out:
    """Where a rendered cut goes. On an error, and until it is done, there is nothing at `path`."""

    def __init__(self, path: Path):
        self.path = path.absolute()
        self.part = part_of(self.path)
        self.pictures = 0

    def __enter__(self):
        sweep(self.path.parent)
        with writing(self.path):
            try:
                self._begin()
            except BaseException:
                self._drop()
                raise
        return self

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                with writing(self.path):
                    self._finish()
        finally:
            self._drop()

    def _begin(self) -> None: ...

    def _finish(self) -> None: ...

    def _drop(self) -> None: ...

    def picture(self, picture: np.ndarray) -> None:
        """The next picture, (H, W, 3) uint8; uint16 where the kind is deep."""

    def sound(self, block: np.ndarray) -> None:
        """The next samples, (N, 2) float32."""


class FilmOut(Out):
    """A film with or without sound, in any kind that has a container."""

    def __init__(self, path: Path, kind: Kind, size: tuple[int, int], rate: Fraction, quality: int | None, sound: bool, carried: str = "", source: str = carriers.SOURCE,
                 total: int = 0):
        """
        quality     the encoder's own number; None where it has one quality
        total       pictures that will come; 0 where nobody knows
        """
        super().__init__(path)
        self.total = total
        self.kind, self.size, self.rate, self.quality, self.heard, self.carried, self.source = kind, size, rate, quality, sound and bool(kind.sound), carried, source
        self.container, self.samples = None, 0
        self.colours = Palette(*size) if kind.pixels == "pal8" else Colours(*size, kind.pixels)

    def _begin(self) -> None:
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        self.part.touch()           # says in the system's own words why not
        os.chmod(self.part, _mode(self.path))
        options = dict(self.kind.file)
        if self.kind.codec == "gif":
            options["final_delay"] = str(max(1, round(100 / self.rate)))        # else the last picture is gone after 1/100 s
        self.container = av.open(str(self.part), "w", format=self.kind.container, options=options)
        if self.kind.container != "mov" or len(self.carried) < COMMENT:
            self.container.metadata["comment"] = self.carried
        os.environ.setdefault("SVT_LOG", "1")       # the AV1 encoder tells stderr its settings otherwise
        options = dict(self.kind.options)
        if self.quality is not None:
            options["crf"] = str(self.quality)
        if self.kind.codec not in ("gif", "prores_ks"):
            options["g"] = str(max(1, round(self.rate)))        # a whole picture every second: an editor lands there
        if self.kind.codec == "libx265" and 0 < self.total < SHORT:
            options["x265-params"] += ":bframes=0"
        if self.kind.codec == "libx264" and self.size[0] % EIGHT:
            options["mbtree"] = "0"
        # GIF counts in hundredths: the encoder is told so, and the times are rounded in `picture`.
        self.ticks = Fraction(100) if self.kind.codec == "gif" else self.rate
        self.film = self.container.add_stream(self.kind.codec, rate=self.ticks, options=options)
        self.film.width, self.film.height, self.film.pix_fmt = *self.size, self.kind.pixels
        codec = self.film.codec_context
        # PyAV's own choice is slices of one picture after another: x264 then waits for each, and its film is a twentieth larger.
        codec.thread_type = "AUTO"
        if self.kind.tag:
            codec.codec_tag = self.kind.tag
        if self.kind.pixels != "pal8":
            codec.color_primaries = codec.color_trc = codec.colorspace = BT709
            codec.color_range = ColorRange.MPEG
        if self.kind.codec == "libsvtav1":
            with no_haste():
                codec.open()
        if self.heard:
            self.track = self.container.add_stream(self.kind.sound, rate=RATE, layout="stereo", **({"bit_rate": self.kind.bits} if self.kind.bits else {}))

    def picture(self, picture: np.ndarray) -> None:
        with writing(self.path):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24" if picture.dtype == np.uint8 else "rgb48le")
            # Straight from RGB, so that ten bits hold what eight bits of YUV would round away.
            frame = self.colours.of(frame, self.pictures)
            frame.pts, frame.time_base = round(self.pictures * self.ticks / self.rate), 1 / self.ticks
            self.container.mux(self.film.encode(frame))
            self.pictures += 1

    def sound(self, block: np.ndarray) -> None:
        if not self.heard or not len(block):
            return
        with writing(self.path):
            if self.kind.sound.startswith("pcm"):
                whole = np.clip(np.round(block.astype(np.float64) * 2147483392), -2147483648, 2147483392).astype(np.int32)
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole).reshape(1, -1), "s32", "stereo")
            else:
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block, np.float32).reshape(1, -1), "flt", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self.samples, Fraction(1, RATE)
            self.container.mux(self.track.encode(frame))
            self.samples += len(block)

    def _finish(self) -> None:
        self.container.mux(self.film.encode())
        if self.heard:
            self.container.mux(self.track.encode())
        self.container.close()
        self.container = None
        if self.carried:
            carriers.add_to_film(self.part, self.carried, self.kind.container, self.source)
        # A disk that filled up while the index was moved to the front can leave a file that says nothing of it.
        if counted(self.part) != self.pictures:
            raise CannotWrite(f"{self.path} cannot be written: what came to the disk is not the whole film. Is it full?")
        with self.part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(self.part, self.path)

    def _drop(self) -> None:
        if self.container is not None:
            try:
                self.container.close()
            except (av.FFmpegError, OSError):       # closing writes the rest; where that is what failed, it fails again
                pass
        self.part.unlink(missing_ok=True)


class FolderOut(Out):
    """A folder of numbered pictures, with the sound as WAV and the cut as JSON beside them."""

    def __init__(self, path: Path, sound: bool, carried: str = "", source: str = carriers.SOURCE):
        super().__init__(path)
        self.heard, self.carried, self.source, self.wave = sound, carried, source, None

    def _begin(self) -> None:
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise FileExistsError(errno.EEXIST, "there is something already, and a folder of pictures wants an empty one or none")
        self.part.mkdir()
        if self.heard:
            self.wave = wave.open(str(self.part / "sound.wav"), "wb")
            self.wave.setnchannels(2)
            self.wave.setsampwidth(2)
            self.wave.setframerate(RATE)

    def picture(self, picture: np.ndarray) -> None:
        path = self.part / f"frame_{self.pictures:0{DIGITS}}.png"
        if self.pictures == 0:      # the first one says what all of them are; in each it would be the most of a small picture
            write_picture(path, picture, self.carried, source=self.source)
        else:
            with writing(self.path):
                Image.fromarray(picture).save(path, "PNG", compress_level=3)
        self.pictures += 1

    def sound(self, block: np.ndarray) -> None:
        if self.wave is not None and len(block):
            with writing(self.path):
                self.wave.writeframesraw(np.clip(np.round(block * 32767), -32768, 32767).astype("<i2").tobytes())

    def _finish(self) -> None:
        if self.wave is not None:
            self.wave.close()
            self.wave = None
        write_bytes(self.part / "cut.json", (self.carried + "\n").encode())
        if self.path.is_dir():
            self.path.rmdir()
        os.replace(self.part, self.path)

    def _drop(self) -> None:
        if self.wave is not None:
            try:
                self.wave.close()
            except OSError:
                pass
        shutil.rmtree(self.part, ignore_errors=True)


class StillOut(Out):
    """One picture."""

    def __init__(self, path: Path, carried: str = "", source: str = carriers.SOURCE):
        super().__init__(path)
        self.part = part_of(self.path, path.suffix.lower())
        self.carried, self.source = carried, source

    def _begin(self) -> None:
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        self.part.touch()

    def picture(self, picture: np.ndarray) -> None:
        write_picture(self.part, picture, self.carried, source=self.source)
        self.pictures += 1

    def _finish(self) -> None:
        os.replace(self.part, self.path)

    def _drop(self) -> None:
        self.part.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
