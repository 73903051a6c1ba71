"""Film and sound that is loud where a test says, to be brought into the studio's project."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE, SAMPLES = 16, 48_000


def samples(seconds: float, loud: tuple[float, float]) -> np.ndarray:
    """(N,) int16: a tone from one second to another, and silence."""
    found = np.zeros(round(seconds * SAMPLES))
    first, last = (round(at * SAMPLES) for at in loud)
    found[first:last] = np.sin(np.arange(last - first) / 12)
    return np.round(found * 25_000).astype(np.int16)


def song(path: Path, seconds: float, loud: tuple[float, float]) -> Path:
    """A WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(SAMPLES)
        file.writeframes(samples(seconds, loud).astype("<i2").tobytes())
    return path


def talkie(path: Path, seconds: float, loud: tuple[float, float]) -> Path:
    """A film that grows lighter, with sound."""
    with av.open(str(path), "w") as file:
        film, heard = file.add_stream("libx264", rate=RATE), file.add_stream("aac", rate=SAMPLES, layout="mono")
        film.width, film.height, film.pix_fmt = 128, 64, "yuv420p"
        for number in range(round(seconds * RATE)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 128, 3), min(250, 40 + 3 * number), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            file.mux(film.encode(frame))
        file.mux(film.encode(None))
        frame = av.AudioFrame.from_ndarray(samples(seconds, loud).reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLES, 0, Fraction(1, SAMPLES)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLES, frame_size=1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(heard.encode(part))
        file.mux(heard.encode(None))
    return path
