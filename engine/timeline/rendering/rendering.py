"""Rendering: a cut as a film, frame by frame, from the takes that it shows.

    for event in render(cut, places, "boat.mp4", Wanted(kind="h264")):        Progress ... Progress, Rendered

Everything is pulled: the encoder asks for a picture, the picture for the frames of its clips, each clip for the next one of its
file. So memory does not grow with length. Whoever stops listening stops the work, and then there is no file.
Knows the order of things. How pictures are laid over one another is `frames`, how sound is mixed `sound`, rates `rates`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.errors import BadRequest, CannotWrite
from engine.library.importing import Progress
from engine.timeline.checks import SIDE
from engine.timeline.cut import Cut
from engine.timeline.edl import timecode
from engine.timeline.rendering import carrying, frames, kinds, rates, sound
from engine.timeline.rendering.lettering import Letterer
from engine.timeline.rendering.places import Places, checked
from engine.timeline.rendering.writing import FilmOut, FolderOut, Out, StillOut

FEWEST, MOST = Fraction(1, 10), Fraction(240)       # frames per second
OFTEN = 8               # pictures from one Progress to the next


@dataclass(frozen=True)
class Wanted:
    """How a cut is to be rendered."""

    kind: str = ""                      # one of kinds.KINDS; "" is what the file's ending says
    size: tuple[int, int] | None = None     # pixels; None is the cut's own
    rate: Fraction | None = None        # frames per second; None is the cut's own
    quality: str = "good"               # draft, good, best, or the encoder's own number
    fit: str = "letterbox"              # or crop: how a picture of another shape comes into the frame
    between: str = "exact"              # or flow: how frames at another rate come about
    start: int = 0                      # frames of the cut, [start, stop); None is its end
    stop: int | None = None
    sound: bool | None = None           # None is as there is any


@dataclass(frozen=True)
class Rendered:
    """A finished file, or folder, and what is in it."""

    path: Path
    kind: str
    width: int
    height: int
    pictures: int
    rate: Fraction
    seconds: float
    sound: bool
    notes: tuple[str, ...]              # sentences that a person should read

    def to_json(self) -> dict:
        """A plain dictionary."""
        return asdict(self) | {"path": str(self.path), "rate": str(self.rate), "notes": list(self.notes)}


def render(cut: Cut, places: Places, path: str | Path, wanted: Wanted = Wanted()) -> Iterator[Progress | Rendered]:
    """Render a cut to a file; a still is its frame `start`. Yields Progress, and at last Rendered.

    Raises BadRequest for what cannot be asked, BadMedia with the clip and its place for media that is missing, was changed or
    cannot be read, CannotWrite for a folder that is not ours or a full disk. Then, and when it is closed, nothing is left.
    """
    path = Path(path)
    kind = kinds.kind_of(wanted.kind, path.suffix)
    quality, notes = kinds.number(kind, wanted.quality), {}
    if not cut.length:
        raise BadRequest("This cut is empty; lay a take into it first.")
    start, stop = wanted.start, wanted.start + 1 if kind.name == "still" else cut.length if wanted.stop is None else wanted.stop
    size = _size(kind, cut, wanted, notes)
    rate = _rate(cut, wanted)
    if wanted.fit not in frames.FITS:
        raise BadRequest(f"A picture comes into the frame by {' or '.join(frames.FITS)}; {wanted.fit!r:.40} was asked.")
    if wanted.between not in rates.WAYS:
        raise BadRequest(f"Frames at another rate are {' or '.join(rates.WAYS)}; {wanted.between!r:.40} was asked.")
    if not path.absolute().parent.is_dir():
        raise CannotWrite(f"{path} cannot be written: the folder is not there.")
    yield from checked(cut, places, start, stop)
    loud = (sound.heard(cut) if wanted.sound is None else wanted.sound) and kind.name != "still"
    if loud and not (kind.sound or kind.name == "png"):
        notes[f"{kind.words.partition(':')[0]}: the sound of the cut is not in it."] = None
        loud = False
    moments = rates.moments(start, stop - start, cut.rate, rate)
    if wanted.quality != "good" and quality is None:
        notes[f"{kind.name} has one quality; {wanted.quality!r} changes nothing."] = None
    if kind.codec == "gif" and 100 % rate:
        notes[f"A GIF counts in hundredths of a second: at {float(rate):g} per second its pictures stay for {int(100 / rate)} or {int(100 / rate) + 1} of them."] = None
    carried = carrying.said(cut, places, start, stop, carrying.SMALL if kind.container == "mov" or not kind.container else carrying.MOST)
    limiter, pictures = sound.Limiter(), _pictures(cut, places, moments, size, wanted, rate, notes, kind.deep)
    blocks = sound.mixed(cut, places, start, stop) if loud else iter(())
    try:
        with _out(path, kind, size, rate, quality, loud, carried, carrying.source(cut, places), len(moments)) as out:
            there, total = 0, len(moments)
            for number, picture in enumerate(pictures):
                if number % OFTEN == 0:
                    yield Progress(f"rendering {timecode(moments[number].__floor__(), cut.rate)}, picture", number, total)
                while loud and there <= Fraction(number + 1) * sound.RATE / rate:      # sound lies beside its pictures in the file
                    block = next(blocks, None)
                    if block is None:
                        break
                    there += len(block)
                    out.sound(limiter.take(block))
                out.picture(frames.finished(picture, kind.deep))
            if loud:
                for block in blocks:
                    out.sound(limiter.take(block))
                out.sound(limiter.rest())
            yield Progress("writing the file", total, total)
    finally:
        pictures.close()
        if loud:
            blocks.close()
    if note := limiter.note(cut, start):
        notes[note] = None
    yield Rendered(path, kind.name, *size, out.pictures, rate, float(Fraction(out.pictures) / rate), loud, tuple(notes))


def _pictures(cut: Cut, places: Places, moments: list[Fraction] | range, size: tuple[int, int], wanted: Wanted, rate: Fraction, notes: dict[str, None],
              deep: bool) -> Iterator[np.ndarray]:
    """The finished pictures at these moments: film, brought to its rate, and titles over it."""
    letterer = Letterer(cut, size)
    if wanted.between == "flow" and rate != cut.rate:
        cuts = rates.hard_cuts(cut)
        film = frames.frames(cut, places, rates.needed(moments, cuts), size, wanted.fit, notes, deep)
        shown = rates.between(film, moments, cuts)
    else:
        film = shown = frames.frames(cut, places, rates.exact(moments), size, wanted.fit, notes, deep)
    try:
        for moment, picture in zip(moments, shown):
            yield letterer.over(picture, moment.__floor__())
    finally:
        film.close()


def _size(kind: kinds.Kind, cut: Cut, wanted: Wanted, notes: dict[str, None]) -> tuple[int, int]:
    width, height = wanted.size or (cut.width, cut.height)
    if not (1 <= width <= SIDE and 1 <= height <= SIDE):
        raise BadRequest(f"A film is 1 to {SIDE} pixels wide and high; {width}x{height} was asked.")
    fits = kinds.sized(kind, width, height)
    if fits != (width, height):
        what = f"{kind.words.partition(':')[0]} has {'an even width and height' if kind.even[1] == 2 else 'an even width'}"
        if wanted.size:
            raise BadRequest(f"{what}; {width}x{height} was asked, {fits[0]}x{fits[1]} would do.")
        notes[f"{what}: the cut's {width}x{height} became {fits[0]}x{fits[1]}."] = None
    return fits


def _rate(cut: Cut, wanted: Wanted) -> Fraction:
    rate = cut.rate if wanted.rate is None else Fraction(wanted.rate)
    if not FEWEST <= rate <= MOST or rate.denominator > 100_000:
        raise BadRequest(f"A film has {float(FEWEST):g} to {MOST} frames per second; {float(rate):g} was asked.")
    return rate


def _out(path: Path, kind: kinds.Kind, size: tuple[int, int], rate: Fraction, quality: int | None, loud: bool, carried: str, source: str, total: int) -> Out:
    if kind.name == "png":
        return FolderOut(path, loud, carried, source)
    if kind.name == "still":
        return StillOut(path, carried, source)
    return FilmOut(path, kind, size, rate, quality, loud, carried, source, total)
