"""Places: where the media of a cut lies on the disk, and whether it is still what it was.

Knows the project's folder and takes. Decodes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadMedia, BadRequest
from engine.library.importing import Progress
from engine.timeline.checks import words
from engine.timeline.cut import Clip, Cut, Media
from engine.timeline.edl import timecode
from engine.timeline.materials import missing

if TYPE_CHECKING:
    from engine.library import Library

PART = 1 << 22          # bytes that are hashed at once


class Places:
    """The files of one project."""

    def __init__(self, library: Library):
        self.library = library

    def path(self, media: Media) -> Path:
        """The file of a media; it may be missing. Raises BadMedia for a take that is not there, or a file outside the project."""
        if media.take:
            take = self.library.take(media.take)
            if take is None:
                raise BadMedia(f"the project has no take {media.take!r} any more")
            return take.file("film")
        path = (self.library.folder / media.file).resolve()
        if not path.is_relative_to(self.library.folder):        # by a link
            raise BadMedia(f"{media.file} does not lie in the project's folder")
        return path

    def recipe(self, media: Media) -> dict:
        """What made a take, as JSON; {} where nobody knows."""
        take = self.library.take(media.take) if media.take else None
        return take.recipe if take else {}


def place(cut: Cut, clip: Clip) -> str:
    """How a sentence calls a clip and where it lies: The clip 'Boat' at 00:00:03:12."""
    return f"{words(clip)} at {timecode(cut.find(clip.id)[1].start, cut.rate)}"


def checked(cut: Cut, places: Places, start: int, stop: int) -> Iterator[Progress]:
    """Hold every media that is shown or heard in [start, stop) against the disk, before any work is done.

    Yields Progress while files are read to be compared with their hash. Raises BadMedia, which names the clip and its place,
    for one that is missing or was changed; BadRequest for a range without a frame.
    """
    if not cut.length:
        raise BadRequest("This cut is empty; lay a take into it first.")
    if not 0 <= start < stop <= cut.length:
        raise BadRequest(f"This cut has the frames 0 to {cut.length}; a stretch from {start} to {stop} was asked.")
    seen: set[Media] = set()
    lacking = missing(cut, places.library)
    for track in cut.tracks:
        if track.mute:
            continue
        for placed in track.placed():
            clip = placed.item
            if not isinstance(clip, Clip) or clip.mute or clip.media in seen or placed.stop <= start or placed.start >= stop:
                continue
            seen.add(clip.media)
            try:
                path = places.path(clip.media)
                if clip.id in lacking:
                    raise BadMedia(lacking[clip.id])
                if clip.media.hash:
                    digest = hashlib.sha256()
                    with path.open("rb") as file:
                        size, done = path.stat().st_size, 0
                        while part := file.read(PART):
                            digest.update(part)
                            done += len(part)
                            yield Progress("comparing media, MB", done >> 20, size >> 20)
                    if digest.hexdigest() != clip.media.hash:
                        raise BadMedia(f"{path.name} was changed since it was laid into the cut")
            except (BadMedia, OSError) as error:
                why = getattr(error, "strerror", None) or str(error)
                raise BadMedia(f"{place(cut, clip)} cannot be shown: {why.rstrip('.')}. Bring it back, put another take in its place, or mute the clip.") from error
