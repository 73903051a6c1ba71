"""Seeing: a stranger's film, opened and decoded. Runs inside a cell (`apart`), so its mistakes and hangs harm nobody.

The file is given open: FFmpeg never learns its name, so no name can be taken for a protocol or a pattern, and whatever
it wants to open besides (external references, playlists, segments) is refused.
Knows containers, streams and times. What a frame looks like is `light`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np

from engine.errors import BadMedia
from engine.media import kinds
from engine.media.light import UNSITED, Eye, display_matrix, square

PATIENCE = 200          # packets in a row that cannot be decoded, after which nothing more is expected
DAMAGED = "Damaged or cut short: what can be read was read."
TICK = 500              # packets that are counted before more time is asked for
OPTIONS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,avi,mpegts,apng", "protocol_whitelist": "",
           "codec_whitelist": ",".join(sorted(kinds.CODECS)), "max_streams": "64",
           "enable_drefs": "0", "use_absolute_path": "0"}      # MOV's references to other files


def probe(file, name: str) -> Iterator[tuple[dict, None] | None]:
    """Says one dictionary: what the film is, see `films.Probe`. The first picture is decoded, the rest counted."""
    kind = _kind(file, name)
    if kind == "webp":
        yield _probe_webp(file, name), None
        return
    with _opened(file, name, kind) as container:
        stream = _stream(container, name)
        rate = stream.average_rate or stream.guessed_rate
        first, stamps, pictures, end, start = None, 0, 0, None, None
        decoder = _decoder(stream)
        for packet in _packets(container, stream):
            if first is None:
                first = next(iter(_decoded(decoder, packet)), None)
            if not packet.size:
                continue
            pictures += 1
            if packet.pts is not None:
                begin = float(packet.pts * packet.time_base)
                start = begin if start is None else min(start, begin)
                last = begin + float((packet.duration or 0) * packet.time_base)
                end = last if end is None else max(end, last)
            if first is not None and stream.frames and stream.duration:      # an index says the rest
                pictures = stream.frames
                break
            stamps += 1
            if stamps % TICK == 0:
                yield None
        if first is None:
            first = next(iter(_decoded(decoder, None)), None)
        if first is None or pictures == 0:
            raise BadMedia(f"{name} holds no picture that can be read.")
        if stream.duration:
            seconds = float(stream.duration * stream.time_base)
        elif end is not None and end > start:
            seconds = end - start
        else:
            seconds = container.duration / av.time_base if container.duration else pictures / float(rate or 16)
        if kind == "gif":       # its rate is a guess from the first delays
            rate = None
        width, height = square(first.width, first.height, stream.sample_aspect_ratio)
        turn = display_matrix(first)
        if turn is not None and turn[0] == 0:
            width, height = height, width
        yield {"width": width, "height": height, "pictures": pictures, "rate": float(rate or pictures / max(seconds, 1e-6)),
               "duration": seconds, "container": kind, "codec": stream.codec_context.name}, None


def film(file, name: str, rate: float | None = None, most: int = kinds.FILM_PICTURES,
         deep: bool = False) -> Iterator[tuple[dict, np.ndarray | None] | None]:
    """Says {"time": seconds} with each picture, and {"note": sentence} for what a person should know.

    rate     pictures per second to resample to, each the one that is on screen at its moment; None: as they are stored
    deep     pictures of more than 8 bits as uint16
    What can be read of a damaged film is read; a sentence is raised only where that is nothing.
    """
    kind = _kind(file, name)
    state = {"eye": Eye(deep=deep), "note": ""}
    frames = _webp_frames(file, name) if kind == "webp" else _frames(file, name, kind, state)
    count = 0
    try:
        for said in _resampled(frames, rate) if rate else frames:
            if said is None:
                yield None
                continue
            time, picture = said[:2]
            count += 1
            if count > most or time > kinds.FILM_SECONDS:
                state["note"] = f"Not read to its end: up to {most:,} pictures and {kinds.FILM_SECONDS / 3600:g} hours are."
                break
            yield {"time": time}, picture
    except BadMedia as error:
        if count == 0:
            raise BadMedia(str(error) if name in str(error) else f"{name} cannot be read. {error}") from error
        state["note"] = f"It cannot be read to its end: {count:,} pictures could be. {error}"
    if count == 0:
        raise BadMedia(f"{name} holds no picture that can be read" + (": it is damaged or cut short." if state["note"] else "."))
    for note in [*state["eye"].notes, *filter(None, [state["note"]])]:
        yield {"note": note}, None


def _kind(file, name: str) -> str:
    file.seek(0)
    first = file.read(kinds.HEAD)
    file.seek(0)
    kind = kinds.film_kind(first)
    if kind is None:
        raise BadMedia(f"{name} is {kinds.what_instead(first)}: no film that can be read ({kinds.FILM_WORDS}).")
    return kind


def _refuse(url: str, flags: int, options: dict):
    raise PermissionError("a film may open no other file")


class _opened:
    """The container of a film, within the lists; whatever the library says against it becomes BadMedia."""

    def __init__(self, file, name: str, kind: str, options: dict | None = None):
        self.name = name
        try:
            self.container = av.open(file, format=kind, io_open=_refuse, metadata_errors="replace", options=options or OPTIONS)
        except (av.FFmpegError, OSError, ValueError, EOFError) as error:
            raise BadMedia(f"{name} is no film that can be read, or it is cut short.") from error

    def __enter__(self):
        return self.container

    def __exit__(self, kind, error, trace) -> None:
        self.container.close()
        if isinstance(error, (av.FFmpegError, ValueError, ArithmeticError, OSError)):     # damaged files raise all of them
            raise BadMedia(f"{self.name} is damaged or cut short: it cannot be read to its end.") from error


def _stream(container, name: str):
    """The film among the streams: no cover picture, of a known codec, the one marked as default before others."""
    videos = list(container.streams.video)
    if not videos:
        raise BadMedia(f"{name} has no moving pictures in it.")
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    moving = [stream for stream in videos if not stream.disposition & still]
    if not moving:
        raise BadMedia(f"{name} has a cover picture but no moving pictures in it.")
    known = [stream for stream in moving if stream.codec_context is not None and stream.codec_context.name in kinds.CODECS]
    if not known:
        codec = moving[0].codec_context
        why = "." if codec is None else f": {codec.name} is not among the codecs that are. Convert it to H.264 first."
        raise BadMedia(f"{name} has no moving pictures in it that are read here{why}")
    stream = next((one for one in known if one.disposition & av.stream.Disposition.default), known[0])
    _within(stream.width, stream.height, name)
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    return stream


def _within(width: int, height: int, name: str) -> None:
    if width <= 0 or height <= 0:       # FFmpeg says so of sizes beyond its own limits too
        raise BadMedia(f"{name} does not say how large its pictures are, or says something that no picture is.")
    if not (0 < width <= kinds.SIDE and 0 < height <= kinds.SIDE) or width * height > kinds.FILM_PIXELS:
        raise BadMedia(f"{name} is {width}x{height}; films of up to {kinds.SIDE} pixels a side and "
                       f"{kinds.FILM_PIXELS // 10**6} million in all are read.")


def _decoder(stream):
    """The stream's decoder; for VP8 and VP9 with a second film of transparency, the one that reads both."""
    codec = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and codec.name in ("vp8", "vp9"):
        codec = av.CodecContext.create("libvpx" if codec.name == "vp8" else "libvpx-vp9", "r")
    codec.thread_count = 2
    codec.options = {"max_pixels": str(kinds.FILM_PIXELS)}
    return codec


def _packets(container, stream) -> Iterator:
    """Packets as far as the container can be read, the empty one at the end included."""
    demuxed = container.demux(stream)
    while True:
        try:
            yield next(demuxed)
        except StopIteration:
            return
        except (av.FFmpegError, OSError, ValueError):
            return


def _decoded(decoder, packet) -> list:
    try:
        return decoder.decode(packet)
    except (av.FFmpegError, ValueError, EOFError):
        return []


def _frames(file, name: str, kind: str, state: dict) -> Iterator:
    """(seconds from the beginning, picture, seconds on screen); None now and then, to ask for time."""
    with _opened(file, name, kind) as container:
        stream = _stream(container, name)
        decoder, eye = _decoder(stream), state["eye"]
        eye.aspect, eye.tick, eye.left = stream.sample_aspect_ratio, stream.time_base, decoder.name in UNSITED
        usual = 1 / float(stream.average_rate or stream.guessed_rate or 16)
        clock, lost, count = _Clock(usual), 0, 0
        for packet in _packets(container, stream):
            try:
                frames = decoder.decode(packet)         # the last one is empty: it asks for what is left
            except EOFError:            # there was an empty packet before
                frames = []
            except (av.FFmpegError, ValueError):
                state["note"], lost, frames = DAMAGED, lost + 1, []
                if lost > PATIENCE:
                    break
            for frame in frames:
                lost = 0
                for time, picture in eye.see(frame):
                    count += 1
                    yield clock.tell(time), picture, usual
            if not frames:
                yield None
        for time, picture in [*(seen for frame in _rest(decoder) for seen in eye.see(frame)), *eye.see(None)]:
            count += 1
            yield clock.tell(time), picture, usual
        if count + 2 < stream.frames:
            state["note"] = DAMAGED


class _Clock:
    """Times from the first picture on, which never go back; a picture without one comes when it usually would."""

    def __init__(self, usual: float):
        self.usual, self.first, self.last = usual, None, None

    def tell(self, time: float | None) -> float:
        if self.last is None:
            self.first, self.last = time or 0.0, 0.0
        else:
            self.last = max(self.last, self.last + self.usual if time is None else time - self.first)
        return self.last


def _resampled(frames: Iterator, rate: float) -> Iterator:
    """Pictures at an even rate, each the one that is on screen at its moment. A film of s seconds has s * rate of them.

        stored   0-----1--2-------3--|          rate   0  0  1  2  2  3  3
    """
    count, held, end = 0, None, 0.0
    for said in frames:
        if said is None:
            yield None
            continue
        time, picture, stays = said
        while held is not None and count / rate < time - 1e-6 and count <= kinds.FILM_PICTURES:
            yield count / rate, held
            count += 1
        held, end = picture, time + stays
    while held is not None and count < max(1, round(end * rate)) and count <= kinds.FILM_PICTURES:
        yield count / rate, held
        count += 1


def _rest(decoder) -> list:
    try:
        return decoder.decode(None)
    except (av.FFmpegError, ValueError, EOFError):
        return []


def _webp_frames(file, name: str) -> Iterator:
    """An animated WebP, which FFmpeg does not read: by Pillow, as a film is seen, on black."""
    from PIL import Image

    try:
        opened = Image.open(file, formats=("WEBP",))
    except (OSError, ValueError, SyntaxError) as error:
        raise BadMedia(f"{name} is no film that can be read, or it is cut short.") from error
    with opened as image:
        _within(*image.size, name)
        time = 0.0
        for at in range(min(getattr(image, "n_frames", 1), kinds.FILM_PICTURES + 1)):
            try:
                image.seek(at)
                clear = np.asarray(image.convert("RGBA")).astype(np.uint16)
            except (OSError, EOFError, ValueError) as error:
                raise BadMedia(f"{name} is damaged or cut short.") from error
            stays = max(image.info.get("duration", 0), 10) / 1000
            yield time, ((clear[..., :3] * clear[..., 3:] + 127) // 255).astype(np.uint8), stays
            time += stays


def _probe_webp(file, name: str) -> dict:
    count, end, picture = 0, 0.0, None
    try:
        for time, picture, stays in _webp_frames(file, name):
            count, end = count + 1, time + stays
    except BadMedia:
        if picture is None:
            raise
    height, width = picture.shape[:2]
    return {"width": width, "height": height, "pictures": count, "rate": count / end, "duration": end, "container": "webp",
            "codec": "webp"}
