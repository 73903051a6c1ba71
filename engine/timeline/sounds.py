"""Sounds: what is heard in a cut: the sound of a take, sound files that were brought into the project, and how they look.

    takes      a film's sound is media of its own, of the same take; sample 0 lies where its first picture does
    files      sounds/<the first half of its SHA-256>.wav in the project's folder: the same file twice is there once
    peaks      the lowest and the highest sample of every stretch, for a waveform

Knows files of sound, and clips. Knows no pixels; what sound is, and what is refused, is `engine.media.hearing`'s.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import memory
from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.library.importing import ROOM, Progress
from engine.media import hearing, kinds, writing
from engine.media.writing import part_of, sweep
from engine.timeline.checks import NAME
from engine.timeline.cut import Clip, Cut, Media
from engine.timeline.materials import whole
from engine.timeline.placing import Part

if TYPE_CHECKING:
    from engine.library import Library
    from engine.library.take import Take

FOLDER = "sounds"
ENDINGS = {"wav": ".wav", "aiff": ".aiff", "flac": ".flac", "ogg": ".ogg", "mp3": ".mp3", "mov": ".m4a", "matroska": ".mka", "avi": ".avi", "mpegts": ".ts"}
PART = 1 << 20          # bytes that are copied at once
MOST = 50 * int(hearing.SECONDS)     # stretches of a waveform: fifty a second of the longest sound


def sound_of(take: Take) -> Media | None:
    """The sound of a take's film as media; None where it has none. Raises BadMedia for a film that cannot be read."""
    if take.pictures < 2 or take.missing:
        return None
    path = take.file("film")
    if hearing.kind(kinds.head(path, kinds.FILM_FILE)) is None:     # a GIF, a moving WebP
        return None
    found = hearing.probe_sound(path)
    return Media(found.samples, Fraction(found.rate), take=take.id, kind="sound") if found else None


def parts(take: Take, id: str, rate: Fraction, film: str, sound: str) -> tuple[Part, ...]:
    """All of a take as clips to lay down: its film on one track and, where it has sound, that on another, linked to stay in sync.

    id      of the film's clip; the sound's begins with it
    film, sound     ids of the tracks; where `sound` is "", only the film
    """
    heard = sound_of(take) if sound else None
    if heard is None:
        return (Part(film, whole(take, id, rate)),)
    link = f"{id}l"
    picture = whole(take, id, rate, link)
    clip = Clip(f"{id}s", heard, Fraction(0), 1, name=picture.name, link=link)
    length = min(picture.length, clip.most(rate))
    if length < 1:          # less than a frame of sound
        return (Part(film, whole(take, id, rate)),)
    return Part(film, picture), Part(sound, Clip(clip.id, heard, Fraction(0), length, name=clip.name, link=link))


def bring(library: Library, path: str | Path) -> Iterator[Progress | Media]:
    """Copy a file of sound, or the sound of a film, into the project. Yields Progress, and at last the Media.

    On an error, or when the consumer stops, nothing is left. Raises BadMedia for what has no sound that can be read, CannotWrite.
    """
    path = Path(path)
    sweep(library.folder / FOLDER)
    first = kinds.head(path, kinds.FILM_FILE)
    found = hearing.probe_sound(path)
    if found is None:
        raise BadMedia(f"{kinds.shown(path)} has no sound in it.")
    size, free = path.stat().st_size, shutil.disk_usage(library.folder).free
    if size + ROOM > free:
        raise CannotWrite(f"{kinds.shown(path)} has {memory.words(size)}, and {memory.words(free)} are free on the project's disk; free some room first.")
    folder = library.folder / FOLDER
    part = part_of(folder / "sound")
    digest, done = hashlib.sha256(), 0
    try:
        with writing(folder):
            folder.mkdir(exist_ok=True)
        with path.open("rb") as given, writing(part), part.open("wb") as copy:
            while data := given.read(PART):
                digest.update(data)
                copy.write(data)
                done += len(data)
                yield Progress("copying, MB", done >> 20, size >> 20)
            copy.flush()
            os.fsync(copy.fileno())
        name = f"{FOLDER}/{digest.hexdigest()[:32]}{ENDINGS[hearing.kind(first)]}"
        with writing(library.folder / name):
            os.replace(part, library.folder / name)
    finally:
        part.unlink(missing_ok=True)
    yield Media(found.samples, Fraction(found.rate), file=name, hash=digest.hexdigest(), kind="sound")


def clip(media: Media, id: str, rate: Fraction, name: str = "", link: str = "") -> Clip:
    """All of a sound as a clip of a cut of that rate. Raises BadRequest for one shorter than a frame."""
    length = Clip(id, media, Fraction(0), 1).most(rate)
    if length < 1:
        raise BadRequest(f"This sound is shorter than one frame of the cut, which has {float(rate):g} per second.")
    return Clip(id, media, Fraction(0), length, name=name, link=link)


def under(cut: Cut, media: Media, id: str, at: int = 0, track: str = "", name: str = "", whole: bool = False) -> Part:
    """A sound as a part to lay under a cut from a frame on, as long as its film. Raises BadRequest.

    id      of the clip
    track   "" is the lowest for sound
    whole   all of it, also what is heard after the last picture; so it is where there are no pictures
    """
    track = track or next((one.id for one in cut.tracks if one.kind == "sound"), "")
    if not track:
        raise BadRequest(f"{cut.name!r:.60} has no track for sound; add one.")
    if cut.track(track).kind != "sound":
        raise BadRequest(f"The track {track!r:.40} is for {cut.track(track).kind}; sound lies on one for sound.")
    laid = clip(media, id, cut.rate, name[:NAME])
    film = max((one.length for one in cut.tracks if one.kind != "sound"), default=0)
    return Part(track, laid if whole or at >= film else replace(laid, length=min(laid.length, film - at)))


def peaks(path: str | Path, samples: int, count: int) -> np.ndarray:
    """A waveform: (count, 2) int8, the lowest and the highest sample of every stretch, of both sides; -127 to 127 is full scale.

    samples     how many the file has, all of which are looked at; memory stays flat
    Raises BadMedia, and BadRequest for more stretches than anybody sees.
    """
    if not 1 <= count <= MOST:
        raise BadRequest(f"A waveform has 1 to {MOST:,} stretches; {count:,} were asked.")
    edges = np.arange(count + 1, dtype=np.int64) * samples // count
    lows, highs = np.full(count, 127.0, np.float32), np.full(count, -127.0, np.float32)
    at = 0
    for block in hearing.read_sound(path, 0, samples):
        low, high = np.fmin(block[:, 0], block[:, 1]) * 127, np.fmax(block[:, 0], block[:, 1]) * 127     # a float that is no number is passed over
        first, stop = np.searchsorted(edges, at, "right") - 1, np.searchsorted(edges, at + len(block), "left")
        which = slice(first, stop)          # the stretches that it has a part of; the first may have begun before it
        starts = np.maximum(edges[which] - at, 0)
        lows[which] = np.fmin(lows[which], np.fmin.reduceat(low, starts))
        highs[which] = np.fmax(highs[which], np.fmax.reduceat(high, starts))
        at += len(block)
    empty = lows > highs        # of more stretches than samples
    lows[empty] = highs[empty] = 0
    return np.stack([np.clip(np.floor(lows), -127, 127), np.clip(np.ceil(highs), -127, 127)], 1).astype(np.int8)
