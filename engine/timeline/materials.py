"""Materials: what a cut is made of: takes as media, whole clips of them, and a cut to begin with.

Knows takes as the library has them. Knows no pixels and no sound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from engine.errors import BadMedia, BadRequest
from engine.timeline import checks
from engine.timeline.cut import Clip, Cut, Media, Track

if TYPE_CHECKING:
    from engine.library import Library
    from engine.library.take import Take

STILL = 4                   # seconds that a picture is shown for, where nobody says


def exact(rate: float) -> Fraction:
    """The fraction that a rate means: 23.976, 23.98 and 23.976023976 are 24000/1001."""
    if not math.isfinite(rate) or rate <= 0:
        raise BadRequest(f"a rate of {rate} frames per second means nothing.")
    for whole in (24, 30, 48, 60, 120):
        if abs(rate - whole * 1000 / 1001) < 0.005:
            return Fraction(whole * 1000, 1001)
    return Fraction(rate).limit_denominator(1001)


def media_of(take: Take) -> Media:
    """A take as media. Raises BadMedia where its film is not there, or nobody knows how long it is."""
    if take.missing:
        raise BadMedia(f"The film of take {take.id} is not in the project any more; `cineloom library check` says what is missing.")
    if take.pictures < 1 or take.pictures > 1 and not take.rate > 0:
        raise BadMedia(f"Nobody knows how long take {take.id} is: it has {take.pictures} pictures at {take.rate:g} per second.")
    still = take.pictures == 1
    return Media(take.pictures, Fraction(1) if still else exact(take.rate), take=take.id, kind="picture" if still else "film", width=take.width, height=take.height)


def whole(take: Take, id: str, rate: Fraction, link: str = "") -> Clip:
    """All of a take as a clip of a cut of that rate; a picture stands for a while. Raises BadMedia, BadRequest."""
    media = media_of(take)
    clip = Clip(id, media, Fraction(0), 1, name=(take.prompt or take.caption)[: checks.NAME], link=link)
    length = round(STILL * rate) if media.kind == "picture" else clip.most(rate)
    if length < 1:
        raise BadRequest(f"Take {take.id} is shorter than one frame of this cut, which has {float(rate):g} per second.")
    return Clip(id, media, Fraction(0), length, name=clip.name, link=link)


def finder(library: Library) -> Callable[[str], Media | None]:
    """The take that a path names, wherever it lies: media/ID.mp4 of this project, or of the folder it was handed over in."""

    def find(path: str) -> Media | None:
        take = library.take(PurePosixPath(path.replace("\\", "/")).stem)
        return None if take is None or take.missing else media_of(take)

    return find


def empty(id: str, name: str, rate: Fraction, width: int, height: int) -> Cut:
    """A cut with a track for film, one for titles and one for sound. Raises BadRequest."""
    tracks = (Track("film", "film", name="Film"), Track("titles", "titles", name="Titles"), Track("sound", "sound", name="Sound"))
    return checks.check(Cut(id, name, Fraction(rate), width, height, tracks))


def missing(cut: Cut, library: Library) -> dict[str, str]:
    """Clips whose media cannot be shown as it was cut, by id, each with a sentence: its film is gone, or has become shorter.

    A state to show: such a clip keeps its place and every word about it.
    """
    found: dict[str, str] = {}
    known: dict[Media, str] = {}
    for track in cut.tracks:
        for item in track.items:
            if isinstance(item, Clip):
                if item.media not in known:
                    known[item.media] = _trouble(item.media, library)
                if known[item.media]:
                    found[item.id] = known[item.media]
    return found


def _trouble(media: Media, library: Library) -> str:
    if media.file:
        return "" if (library.folder / media.file).is_file() else f"{media.file} is not in the project any more."
    take = library.take(media.take)
    if take is None:
        return f"Take {media.take} was removed from the project."
    if take.missing:
        return f"The film of take {media.take} is not in the project any more."
    if media.kind == "film" and take.pictures < media.frames:
        return f"Take {media.take} has {take.pictures} pictures now; it had {media.frames} when it was cut."
    return ""
