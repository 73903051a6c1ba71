"""Sound: the sound tracks of a cut mixed into one, 48,000 samples a second, left and right.

Frame f of the cut begins at sample round(f * 48000 / rate), by fractions, so that no drift adds up over hours. Where a clip has
that rate and plays at its own speed its samples are copied; else each is computed where it lies, by a windowed sinc: speed and
another rate are the same thing, and no chunk knows of the one before it. Faster is higher, as with a tape.

    level       of clip and track, decibels           fades        straight lines
    cross-fade  equal power: cos and sin              dip          down to silence at the cut, and up again

All is added as float32. What is louder than a file holds is turned down, around the place where it is, and said.
Knows cuts and samples. Knows no pictures, and no files that are written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from engine.errors import BadMedia
from engine.media.hearing import read_sound
from engine.timeline.cut import Clip, Cut
from engine.timeline.edl import timecode
from engine.timeline.rendering.frames import Span, spans
from engine.timeline.rendering.places import Places, place

RATE = 48_000
BLOCK = 16_384          # samples that are mixed at once
CROSSINGS = 16          # of the sinc, on either side
WIDEST = 16             # times that the sinc is stretched at most: beyond that speed it is noise anyway
BEHIND = 1 << 19        # samples that are read at once where a clip runs backwards
CEILING = 0.985         # of full scale: what a lossy codec adds to a peak still fits
STEP = 240              # samples that one gain holds for, 5 ms
RELEASE = 0.04          # of what was turned down, that comes back with every step: half of it in 85 ms


def heard(cut: Cut) -> bool:
    """Whether there is anything to be heard in a cut."""
    return any(isinstance(item, Clip) and not item.mute for track in cut.tracks if track.kind == "sound" and not track.mute for item in track.items)


def sample(frame: int, rate: Fraction) -> int:
    """The sample that a frame of the cut begins with."""
    return round(Fraction(frame) * RATE / rate)


def mixed(cut: Cut, places: Places, start: int, stop: int) -> Iterator[np.ndarray]:
    """The sound of frames [start, stop), in blocks (N, 2) float32. Not limited: see `Limiter`. Raises BadMedia, which names the clip."""
    rows = [[_Voice(cut, span, other, places) for span in spans(track) if span.stop > start and span.start < stop for other in (False, True)[: 1 + (span.into is not None)]]
            for track in cut.tracks if track.kind == "sound" and not track.mute]  # fmt: skip
    rows = [voice for row in rows for voice in row if not voice.clip.mute]
    rows.sort(key=lambda voice: voice.start)
    at, end, speaking, next_one = sample(start, cut.rate), sample(stop, cut.rate), [], 0
    levels = {item.id: 10 ** ((item.level + track.level) / 20) for track in cut.tracks if track.kind == "sound" for item in track.items if isinstance(item, Clip)}
    readers: dict[str, _Reader] = {}
    try:
        while at < end:
            upto = min(at + BLOCK, end)
            block = np.zeros((upto - at, 2), np.float32)
            while next_one < len(rows) and rows[next_one].start < upto:
                speaking.append(rows[next_one])
                next_one += 1
            for voice in speaking:
                low, high = max(at, voice.start), min(upto, voice.stop)
                if low < high:
                    reader = readers.get(voice.clip.id)
                    if reader is None:
                        reader = readers[voice.clip.id] = _Reader(cut, voice.clip, places)
                    block[low - at : high - at] += reader.take(low, high) * (voice.gain(low, high) * levels[voice.clip.id])[:, None]
            speaking = [voice for voice in speaking if voice.stop > upto]
            still = {voice.clip.id for voice in speaking} | ({rows[next_one].clip.id} if next_one < len(rows) else set())
            for id in [id for id in readers if id not in still]:
                readers.pop(id).close()
            yield block
            at = upto
    finally:
        for reader in readers.values():
            reader.close()


class _Voice:
    """A clip over one stretch of its track, with how loud it is there."""

    def __init__(self, cut: Cut, span: Span, other: bool, places: Places):
        self.rate, self.span, self.other = cut.rate, span, other
        self.clip = span.into if other else span.clip
        begin = span.into_begin if other else span.begin
        self.start, self.stop = sample(span.start, cut.rate), sample(span.stop, cut.rate)
        self.begin, self.end = sample(begin, cut.rate), sample(begin + self.clip.length, cut.rate)
        if span.by is not None and span.by.kind == "dip":
            middle = sample(span.into_begin, cut.rate)
            self.start, self.stop = (middle, self.stop) if other else (self.start, middle)

    def gain(self, low: int, high: int) -> np.ndarray:
        """Its fades and its transition, for samples [low, high) of the cut."""
        at = np.arange(low, high, dtype=np.float64) + 0.5
        gain = np.ones(high - low)
        for frames, way in ((self.clip.fade_in, at - self.begin), (self.clip.fade_out, self.end - at)):
            if frames:
                gain *= np.clip(way / float(frames * RATE / self.rate), 0, 1)
        if self.span.by is not None:
            share = (at - self.start) / (self.stop - self.start)
            if self.span.by.kind == "dip":
                gain *= share if self.other else 1 - share
            else:
                gain *= np.sin(share * math.pi / 2) if self.other else np.cos(share * math.pi / 2)
        return gain.astype(np.float32)


class _Reader:
    """The samples of one clip where they lie on the cut."""

    def __init__(self, cut: Cut, clip: Clip, places: Places):
        self.cut, self.clip = cut, clip
        self.path = places.path(clip.media)
        begin = cut.find(clip.id)[1].start
        self.step = clip.speed * clip.media.rate / RATE         # samples of the media per sample of the cut
        self.first = clip.start - clip.speed * clip.media.rate * begin / cut.rate
        self.copied = abs(self.step) == 1
        if self.copied:
            self.first = Fraction(round(self.first))
        self.scale = 1.0 if abs(self.step) <= 1 else max(1 / float(abs(self.step)), 1 / WIDEST)
        self.half = math.ceil(CROSSINGS / self.scale)
        self.window = _Window(self.path, clip.media.frames, self.step < 0)

    def take(self, low: int, high: int) -> np.ndarray:
        """Samples [low, high) of the cut, (N, 2) float32."""
        try:
            return self._take(low, high)
        except (BadMedia, OSError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BadMedia(f"{place(self.cut, self.clip)} cannot be heard: {why.rstrip('.')}.") from error

    def _take(self, low: int, high: int) -> np.ndarray:
        # Sample k covers [k, k + 1): its middle lies at k + 1/2, on the cut and in the media.
        first = self.first + (low + Fraction(1, 2)) * self.step - Fraction(1, 2)
        last = first + (high - low - 1) * self.step
        if self.copied:
            a, b = sorted((int(first), int(last)))
            there = self.window.take(a, b + 1)
            return there if self.step > 0 else there[::-1]
        lowest = math.floor(min(first, last)) - self.half + 1
        there = self.window.take(lowest, math.floor(max(first, last)) + self.half + 1)
        places = float(first - lowest) + np.arange(high - low) * float(self.step)
        base = np.floor(places).astype(np.int64)
        phases, which = np.unique(np.round(places - base, 9), return_inverse=True)
        taps = np.arange(-self.half + 1, self.half + 1)
        away = (phases[:, None] - taps[None]) * self.scale
        weights = np.sinc(away) * np.cos(np.clip(away / CROSSINGS, -1, 1) * (math.pi / 2)) ** 2
        weights = (weights / weights.sum(1, keepdims=True)).astype(np.float32)[which]
        out = np.empty((high - low, 2), np.float32)
        for side in (0, 1):
            rows = np.lib.stride_tricks.sliding_window_view(there[:, side], 2 * self.half)
            np.einsum("nk,nk->n", rows[base - self.half + 1], weights, out=out[:, side])
        return out

    def close(self) -> None:
        self.window.close()


class _Window:
    """The stretch of a file's sound that is needed now; it moves on forwards, or backwards."""

    def __init__(self, path, samples: int, backwards: bool):
        self.path, self.samples, self.backwards = path, samples, backwards
        self.begin: int | None = None
        self.held = np.zeros((0, 2), np.float32)
        self.stream: Iterator[np.ndarray] | None = None

    def take(self, low: int, high: int) -> np.ndarray:
        """Samples [low, high); silence where the file has none."""
        if self.begin is None:
            self.begin = high if self.backwards else low
            if not self.backwards:
                self.stream = self._read(low, self.samples + 2 * RATE)
        if self.backwards:
            while self.begin > low:
                start = min(low, self.begin - BEHIND)
                self.held = np.concatenate([*self._read(start, self.begin), self.held])
                self.begin = start
            self.held = self.held[: high - self.begin]
        else:
            self.held, self.begin = self.held[max(low - self.begin, 0) :], max(low, self.begin)
            parts, there = [self.held], self.begin + len(self.held)
            while there < high:
                part = next(self.stream, None)
                if part is None:
                    part = np.zeros((high - there, 2), np.float32)
                parts.append(part)
                there += len(part)
            self.held = np.concatenate(parts)
        return self.held[low - self.begin : high - self.begin]

    def _read(self, start: int, stop: int) -> Iterator[np.ndarray]:
        if start < 0:
            yield np.zeros((min(stop, 0) - start, 2), np.float32)
        if stop > 0:
            yield from read_sound(self.path, max(start, 0), stop)

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()


class Limiter:
    """Turns down what is louder than a file holds: at once, before it comes, and slowly up again after it.

    Samples that need nothing pass as they are, bit for bit.
    """

    def __init__(self) -> None:
        self.waiting = np.zeros((0, 2), np.float32)
        self.gain = 1.0
        self.at = 0
        self.first: int | None = None       # the first sample that was turned down
        self.most = 1.0                     # how loud it was, of full scale

    def take(self, block: np.ndarray) -> np.ndarray:
        """The next samples; some are held back until it is known what follows."""
        self.waiting = np.concatenate([self.waiting, block])
        return self._pass(len(self.waiting) // STEP - 1)

    def rest(self) -> np.ndarray:
        """What was held back."""
        short = -len(self.waiting) % STEP
        count = len(self.waiting)
        self.waiting = np.concatenate([self.waiting, np.zeros((short + STEP, 2), np.float32)])
        return self._pass(len(self.waiting) // STEP - 1)[:count]

    def _pass(self, steps: int) -> np.ndarray:
        if steps < 1:
            return np.zeros((0, 2), np.float32)
        peaks = np.abs(self.waiting[: (steps + 1) * STEP]).reshape(steps + 1, -1).max(1)
        out = self.waiting[: steps * STEP]
        if peaks.max() > CEILING or self.gain < 1:
            out = out.copy()
            allowed = np.minimum(1, CEILING / np.maximum(peaks, 1e-9))
            for step in range(steps):
                here = out[step * STEP : (step + 1) * STEP]
                to = min(self.gain + (1 - self.gain) * RELEASE if self.gain < 0.999 else 1.0, allowed[step], allowed[step + 1])
                if allowed[step] < 1 and self.first is None:
                    self.first = self.at + step * STEP
                if to < 1 or self.gain < 1:
                    here *= np.minimum(np.linspace(self.gain, to, STEP, dtype=np.float32), np.float32(allowed[step]))[:, None]
                self.gain = to
            self.most = max(self.most, float(peaks.max()))
        self.waiting, self.at = self.waiting[steps * STEP :], self.at + steps * STEP
        return out

    def note(self, cut: Cut, start: int) -> str:
        """What a person should know of it; "" where nothing was done."""
        if self.first is None:
            return ""
        frame = start + math.floor(Fraction(self.first, RATE) * cut.rate)
        return f"The sound is {20 * math.log10(self.most):.1f} dB louder than a file holds, from {timecode(frame, cut.rate)} on; it was turned down there."
