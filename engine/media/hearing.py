"""Hearing: the sound of a file as samples, any stretch of it, decoded in a cell (`apart`).

A sound is float32 (N, 2), left and right, at the file's own rate. Sample 0 lies where the first picture of the film is shown,
so that a film and its sound are in sync by their numbers alone; of a file without pictures it is the first one there is.
What the file begins later with is silence, what it begins earlier with is left out.
The first half of this file runs in the process that asks, the rest in a cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.errors import BadMedia
from engine.media import kinds
from engine.media.apart import LIMIT, ask

CODECS = frozenset({"aac", "mp3", "mp3float", "mp2", "opus", "libopus", "vorbis", "libvorbis", "flac", "alac", "ac3", "eac3", "pcm_s16le", "pcm_s16be",
                    "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw"})  # fmt: skip
WORDS = "WAV, FLAC, MP3, Ogg, AIFF, or the sound of an MP4, MOV, WebM, Matroska, AVI or MPEG-TS"
RATES = 4_000, 384_000      # samples per second
PREROLL = Fraction(1, 2)    # seconds that are decoded before what is wanted: decoders overlap their blocks
SECONDS = kinds.FILM_SECONDS


@dataclass(frozen=True)
class Sound:
    """What the sound in a file is."""

    rate: int               # samples per second
    samples: int            # from sample 0, see above, to its end
    channels: int
    codec: str


def probe_sound(path: str | Path, limit: float = LIMIT) -> Sound | None:
    """What the sound of a file is; None for a film without. Every packet is counted, none decoded.

    Raises BadMedia for what is neither film nor sound.
    """
    kinds.head(path, kinds.FILM_FILE)
    said = next(ask("sound", path, limit))[0]
    return Sound(**said) if said else None


def read_sound(path: str | Path, start: int, stop: int, limit: float = LIMIT) -> Iterator[np.ndarray]:
    """Samples [start, stop) of a file's sound, (N, 2) float32, in parts. Beyond its ends there is silence.

    Raises BadMedia for a file without sound that can be read.
    """
    at = start
    if stop <= start:
        return
    cell = ask("hear", path, limit, start=start, stop=stop)
    try:
        for said, data in cell:
            part = np.frombuffer(data.tobytes(), np.float32).reshape(-1, 2)
            first = said["at"]
            if first > at:
                yield np.zeros((min(first, stop) - at, 2), np.float32)
                at = min(first, stop)
            part = part[max(at - first, 0) : max(stop - first, 0)]
            if len(part):
                yield part
                at += len(part)
    finally:
        cell.close()
    if at < stop:
        yield np.zeros((stop - at, 2), np.float32)


# ---- in the cell

def kind(first: bytes) -> str | None:
    """Which container of sound begins like this, by FFmpeg's name for it; None for none."""
    if first[:4] in (b"RIFF", b"RF64") and first[8:12] == b"WAVE":
        return "wav"
    if first[:4] == b"FORM" and first[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if first[:4] == b"fLaC":
        return "flac"
    if first[:4] == b"OggS":
        return "ogg"
    if first[:3] == b"ID3" or len(first) > 1 and first[0] == 0xFF and first[1] & 0xE6 in (0xE2, 0xE4):      # MPEG audio, layer 3 or 2
        return "mp3"
    film = kinds.film_kind(first)
    return film if film in ("mov", "matroska", "avi", "mpegts") else None


def sound(file, name: str) -> Iterator[tuple[dict, None] | None]:
    """Says what the sound is, as `Sound`; an empty dictionary where there is none."""
    with _opened(file, name) as container:
        stream = _stream(container, name)
        if stream is None:
            yield {}, None
            return
        rate, origin, end = stream.codec_context.sample_rate, _origin(container), None
        for count, packet in enumerate(_packets(container, stream)):
            if packet.size and packet.pts is not None:
                last = (packet.pts + (packet.duration or 0)) * stream.time_base
                end = last if end is None else max(end, last)
            if count % 500 == 0:
                yield None
        if end is None and stream.duration:
            end = (stream.start_time or 0) * stream.time_base + stream.duration * stream.time_base
        samples = round((min(end, origin + Fraction(SECONDS)) - origin) * rate) if end is not None else 0
        if samples < 1:
            raise BadMedia(f"{name} has a track for sound, and nothing in it.")
        yield {"rate": rate, "samples": samples, "channels": stream.codec_context.channels, "codec": stream.codec_context.name}, None


def hear(file, name: str, start: int, stop: int) -> Iterator[tuple[dict, np.ndarray | None] | None]:
    """Says {"at": first sample} with float32 samples, left and right, as bytes (N, 8, 1)."""
    import av

    with _opened(file, name) as container:
        stream = _stream(container, name)
        if stream is None:
            raise BadMedia(f"{name} has no sound in it.")
        rate, origin = stream.codec_context.sample_rate, _origin(container)
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=rate)
        wanted = origin + Fraction(start, rate) - PREROLL
        exact = stream.time_base == Fraction(1, rate)       # times that are rounded cannot be started from in the middle
        if exact and wanted > (stream.start_time or 0) * stream.time_base:
            container.seek(int(wanted / stream.time_base), stream=stream, backward=True)
        at = None
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError, EOFError):
                frames = []
            for frame in frames:
                if at is None or exact and frame.pts is not None:
                    begin = Fraction(frame.pts or 0) * (frame.time_base or stream.time_base) - origin
                    at = round(begin * rate)
                if at + frame.samples > start:
                    data = b"".join(bytes(one.planes[0])[: one.samples * 8] for one in resampler.resample(frame))
                    yield {"at": at}, np.frombuffer(data, np.uint8).reshape(-1, 8, 1)
                at += frame.samples
            if at is not None and at >= stop:
                return
            if not frames:
                yield None


def _opened(file, name: str):
    from engine.media import seeing

    file.seek(0)
    first = file.read(kinds.HEAD)
    file.seek(0)
    found = kind(first)
    if found is None:
        raise BadMedia(f"{name} is {kinds.what_instead(first)}: no sound that can be read ({WORDS}).")
    options = seeing.OPTIONS | {"format_whitelist": seeing.OPTIONS["format_whitelist"] + ",wav,aiff,flac,ogg,mp3",
                                "codec_whitelist": ",".join(sorted(CODECS | kinds.CODECS))}  # fmt: skip
    return seeing._opened(file, name, found, options)


def _stream(container, name: str):
    found = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not found:
        if not list(container.streams.video):
            raise BadMedia(f"{name} has no sound in it that can be read.")
        return None
    known = [stream for stream in found if stream.codec_context.name in CODECS]
    if not known:
        raise BadMedia(f"{name} has sound in {found[0].codec_context.name}, which is not read here. Convert it to AAC first.")
    import av

    stream = next((one for one in known if one.disposition & av.stream.Disposition.default), known[0])
    if not RATES[0] <= stream.codec_context.sample_rate <= RATES[1]:
        raise BadMedia(f"{name} has sound of {stream.codec_context.sample_rate:,} samples a second; {RATES[0]:,} to {RATES[1]:,} are read.")
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    return stream


def _origin(container) -> Fraction:
    """When the first picture is shown; where there is none, when the sound begins."""
    import av

    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    for stream in [*moving, *container.streams.audio]:
        if stream.start_time is not None:
            return stream.start_time * stream.time_base
    return Fraction(0)


def _packets(container, stream) -> Iterator:
    from engine.media import seeing

    yield from seeing._packets(container, stream)
