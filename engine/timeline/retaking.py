"""Retaking: a stretch of a cut made anew, inside one clip or across the cut between two, and nothing else of it.

    the cut       | a . . . [ . . . ] . . |              | a . . . [ . . | b . ] . . . |
    what is asked     . . . # # # # # . . .                  . . . # # # | # # # . . .        film that is kept on either side
    a candidate   | a . . | anew  | a . . |              | a . . | anew  | anew | b . . |     is in the take too: each join is measured

The stretch is made in whole latent frames, so that up to three pictures more of it may be new. A hard cut stays where it was.
Knows cuts, and takes whose recipe says what of them is new. Knows no queue and no models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.library.take import Take
from engine.timeline import checks
from engine.timeline.cut import Clip, Cut
from engine.timeline.materials import media_of
from engine.timeline.replacing import Candidate
from engine.timeline.rows import cropped

GRID = 4                # pictures in a latent frame, of most models; a task rounds to its own model's
BESIDE = Fraction(1)    # seconds that are kept on either side, where the take has them: what a join is measured beside


def asked(cut: Cut, item: str, span: Sequence[int], prompt: str, strength: float | None, area: Sequence[int], mask: str) -> tuple[dict, tuple[str, ...]]:
    """What is wished of the studio for a stretch, fields of app.tasks.Wishes; and the clips that it lies in. Raises BadRequest.

    item        the clip that the stretch begins in
    span        frames of the cut, [start, stop)
    strength    how far it is changed; None is made anew, or what an edit by other words usually does
    area, mask  a part of the picture, in the take's own pixels, or the name of a mask that was kept; all of it
    """
    if len(span) != 2 or any(isinstance(at, bool) or not isinstance(at, int) for at in span) or not 0 <= span[0] < span[1]:
        raise BadRequest(f"A stretch is made anew from one frame of the cut up to a later one; {list(span)!r:.60} was asked.")
    clips = _lies_in(cut, item, *span)
    (first, begin, _), (last, _, end) = clips[0], clips[-1]
    if len(clips) == 1:
        film, second = _part(cut, first, begin, end), None
    else:
        film, second = _part(cut, first, begin, first.length), _part(cut, last, 0, end)
        if first.media.width * last.media.height != last.media.width * first.media.height:
            raise BadRequest(f"{checks.words(first)} and {checks.words(last, small=True)} are of different shapes; have each made anew by itself.")
    within = [float(first.edge(begin, cut.rate) / first.media.rate), float(last.edge(end, cut.rate) / last.media.rate)]
    part = {"area": list(area)} if area else {"mask": mask} if mask else {}
    # Other words change what is there; without them, and where a part of the picture is named, it is a hole that is filled.
    task = "edit" if prompt and not part else "inpaint"
    wishes = {"task": task, "film": film, "within": within, **part}
    for name, said in (("second", second), ("prompt", prompt), ("strength", None if strength is None else [strength])):
        if said:
            wishes[name] = said
    return wishes, tuple(clip.id for clip, _, _ in clips)


def filled(cut: Cut, candidate: Candidate, take: Take) -> tuple[Clip, ...]:
    """The clips that the stretch lay in, with the new film where it is new. Raises BadRequest where it lies in them no longer, BadMedia."""
    held = [one for one in take.recipe.get("inputs", []) if one["role"] == "film"]
    strengths = take.recipe.get("strength", [])
    frames = [frame for frame, strength in enumerate(strengths) if strength]
    if len(held) != len(candidate.over) or not frames:
        raise BadRequest(f"Take {take.id} does not say what of it is new.")
    media = media_of(take)
    # Its pictures, [first, last): a first one, and as many in each frame as the model has. The last of a frame that kept film follows is kept.
    time = (take.pictures - 1) // max(1, len(strengths) - 1)
    new = max(0, 1 + (frames[0] - 1) * time), min(take.pictures, (frames[-1] + 1 == len(strengths)) + frames[-1] * time)
    linked = any(_clip(cut, id).link for id in candidate.over)
    items: list[Clip] = []
    for number, (id, one) in enumerate(zip(candidate.over, held)):
        clip = _clip(cut, id)
        # A picture p of the take is picture p - offset of the film it was made of, at the model's rate.
        offset = one["at"] - one["start"]
        stop = one["at"] + one["stop"] - one["start"]
        index = [(Fraction(edge - offset) / media.rate * clip.media.rate - clip.start) / clip.step(cut.rate) for edge in (max(new[0], one["at"]), min(new[1], stop))]
        begin = 0 if number else max(0, math.floor(index[0]))
        end = clip.length if number + 1 < len(held) else min(clip.length, math.ceil(index[1]))
        anew = Clip(clip.id, media, clip.edge(begin, cut.rate) / clip.media.rate * media.rate + offset, end - begin, name=take.prompt[: checks.NAME], mute=clip.mute,
                    level=clip.level)  # fmt: skip
        while anew.length > 0 and (anew.picture(anew.length - 1, cut.rate) >= stop or anew.source(cut.rate)[1] > media.frames):
            anew, end = replace(anew, length=anew.length - 1), end - 1      # at other rates a take ends a part of a frame before the clip does
        if not 0 <= begin < end <= clip.length or anew.start < 0:
            raise BadRequest(f"The stretch that was made anew does not lie in {checks.words(clip, small=True)} any more; have it made again.")
        pieces = [replace(cropped(clip, 0, begin, cut.rate), fade_out=0), _faded(anew, clip, begin, end), replace(cropped(clip, end, clip.length, cut.rate), fade_in=0)]
        pieces = [piece for piece in pieces if piece.length]
        for at, piece in enumerate(pieces[1:], 1):      # the first one goes by the clip's own id, and what is linked to that stays with it
            name = f"{candidate.id[:36]}{number}{at}"
            pieces[at] = replace(piece, id=f"{name}c", link=f"{name}l" if linked else "")
        items += pieces
    return tuple(items)


def _lies_in(cut: Cut, item: str, start: int, stop: int) -> list[tuple[Clip, int, int]]:
    """The one or two clips that a stretch lies in, each with its own frames [begin, end) of it. Raises BadRequest."""
    track, placed = cut.find(item)
    found = [(placed.item, placed.start)]
    if not placed.start <= start < placed.stop:
        raise BadRequest(f"{checks.words(placed.item)} lies from frame {placed.start} to {placed.stop}; a stretch of it cannot begin at {start}.")
    if stop > placed.stop:
        after = track.items[placed.index + 1] if placed.index + 1 < len(track.items) else None
        if not isinstance(after, Clip):
            raise BadRequest(f"{checks.words(placed.item)} ends at frame {placed.stop}, and no clip meets it there; a stretch up to {stop} is more than is there.")
        if stop > placed.stop + after.length:
            raise BadRequest(f"A stretch lies in one clip, or in two that meet; up to frame {stop} there are more of them.")
        found.append((after, placed.stop))
    for clip, _ in found:
        if not isinstance(clip, Clip) or clip.media.kind != "film" or not clip.media.take:
            raise BadRequest("Film is made of clips that show a take; import a file as a take first.")
        if clip.speed != 1:
            raise BadRequest(f"{checks.words(clip)} plays at another speed; film is made anew in clips that play as they were made.")
    return [(clip, max(0, start - at), min(clip.length, stop - at)) for clip, at in found]


def _part(cut: Cut, clip: Clip, begin: int, end: int) -> dict:
    """So much of a clip's take as a task sees: its frames [begin, end), and what is kept beside them."""
    rate = clip.media.rate
    low, high = clip.source(cut.rate)
    beside = -(-math.ceil(BESIDE * rate) // GRID) * GRID + 1
    # What is kept may lie beyond what the clip shows: a join near its end is led up to by film that is there.
    low = max(Fraction(0), clip.edge(begin, cut.rate) - beside) if begin else low
    high = min(Fraction(clip.media.frames), clip.edge(end, cut.rate) + beside) if end < clip.length else high
    if not begin and end == clip.length:        # all of it: enough for whole latent frames, where the take has it
        high = min(Fraction(clip.media.frames), high + -(math.ceil(high - low) - 1) % GRID)
    return {"take": clip.media.take, "start": float(math.floor(low) / rate), "stop": float((math.ceil(high) - 1) / rate)}


def _faded(anew: Clip, clip: Clip, begin: int, end: int) -> Clip:
    fade_in = min(0 if begin else clip.fade_in, anew.length)
    return replace(anew, fade_in=fade_in, fade_out=min(clip.fade_out if end == clip.length else 0, anew.length - fade_in))


def _clip(cut: Cut, id: str) -> Clip:
    item = cut.find(id)[1].item
    if not isinstance(item, Clip):
        raise BadRequest(f"{checks.words(item)} is no clip any more.")
    return item
