"""Laying: takes into a cut, whoever asks: a cut to begin with, and the edit that lays takes down.

Knows takes as the library has them, and that they may have sound. Knows no pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.library.library import new_id
from engine.library.take import Take
from engine.timeline import edits, sounds
from engine.timeline.cut import Cut
from engine.timeline.materials import empty, exact, media_of

RATE = Fraction(16)         # of a cut that begins with nothing
SIZE = (1920, 1080)


def begin(id: str, name: str, takes: Sequence[Take] = (), rate: Fraction | None = None, size: tuple[int, ...] = ()) -> Cut:
    """A cut with these takes one behind the other, or with nothing; its rate and its size are the first one's unless said.

    All of them or none: raises BadMedia, BadRequest.
    """
    first = next((media_of(take) for take in takes if take.pictures > 1), None) or (media_of(takes[0]) if takes else None)
    width, height = size or ((first.width, first.height) if first else SIZE)
    cut = empty(id, name, rate or (first.rate if first and first.kind == "film" else RATE), width, height)
    return lay(cut, new_id(), takes).apply(cut) if takes else cut


def lay(cut: Cut, id: str, takes: Sequence[Take], at: int | None = None, track: str = "", overwrite: bool = False, sound: bool = True) -> edits.Edit:
    """The edit that lays takes down one behind the other, at a frame or behind all there is. Raises BadMedia, BadRequest.

    track       "" is the lowest film track
    overwrite   over what lies there, instead of pushing it along
    sound       a take's own sound comes with it, linked, on the lowest track for sound
    """
    if not takes:
        raise BadRequest("No take was given to lay down.")
    track = track or next((one.id for one in cut.tracks if one.kind == "film"), "")
    if not track:
        raise BadRequest(f"{cut.name!r:.60} has no track for film; add one.")
    parts = _parts(cut, takes, track, next((one.id for one in cut.tracks if one.kind == "sound" and not one.locked), "") if sound else "")
    if at is None:
        if overwrite:
            raise BadRequest("What to overwrite is said by the frame to begin at.")
        return edits.Append(id, parts)
    return (edits.Overwrite if overwrite else edits.Insert)(id, at, parts)


def _parts(cut: Cut, takes: Sequence[Take], film: str, sound: str) -> tuple[edits.Part, ...]:
    """Film and sound of all takes; the sound of each begins where its film does, however long the one before it was."""
    parts: list[edits.Part] = []
    shown = heard = 0           # frames to where the last film, and the last sound, ended
    for take in takes:
        picture, *voice = sounds.parts(take, new_id(), cut.rate, film, sound)
        parts += [picture, *(replace(one, after=shown - heard) for one in voice)]
        heard = shown + voice[0].item.length if voice else heard
        shown += picture.item.length
    return tuple(parts)


def rate_of(words: str) -> Fraction:
    """"24", "23.976" or "24000/1001" as a rate. Raises BadRequest."""
    try:
        return Fraction(words) if "/" in words else exact(float(words))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise BadRequest(f"A rate is frames per second, such as 24, 23.976 or 24000/1001; {words[:40]!r} was asked.") from error
