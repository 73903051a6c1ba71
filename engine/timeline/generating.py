"""Generating: film that is missing in a cut, as a wish to the studio; and the candidate that comes of the finished take.

    a clip whose end is pulled past its media   extend     its take goes on; the clip goes on in it
    ... its beginning                           precede
    two clips, a gap or a hard cut between      connect    from the last seconds of one to the first of the other, which it holds exactly
    a clip                                      loop, edit, variation
    a stretch of one, or of two that meet       retake     see `retaking`

What is wished is a task of the page as data (`app.tasks`), in seconds of takes. Knows cuts and lengths. Knows no queue and no models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.errors import BadRequest
from engine.library.take import Take
from engine.timeline import checks, retaking
from engine.timeline.cut import Clip, Cut, Gap, Item, Transition
from engine.timeline.materials import media_of
from engine.timeline.replacing import Candidate
from engine.timeline.retaking import GRID

KINDS = ("extend", "precede", "connect", "loop", "edit", "variation", "retake")
SIDE = Fraction(2)          # seconds of each clip that a connection sees, and holds
BETWEEN = Fraction(3, 2)    # seconds over a hard cut, unless somebody says
LONGEST = 600               # seconds that are made at once


@dataclass(frozen=True)
class Wish:
    """What is asked of the studio, and which clips it would take the place of."""

    asked: dict             # fields of app.tasks.Wishes; of a "variation" only `take`, whose own recipe is made again
    over: tuple[str, ...]
    frames: int             # of the cut that are to be made
    start: Fraction = Fraction(0)       # of a retake: see Candidate


def wish(cut: Cut, kind: str, item: str, frames: int = 0, prompt: str = "", strength: float | None = None, span: Sequence[int] = (),
         area: Sequence[int] = (), mask: str = "") -> Wish:
    """What has to be made for a clip. Raises BadRequest for what cannot be.

    frames      of the cut, beyond the clip's media or between two clips; 0 is the gap there is, or BETWEEN
    span, area, mask        of a retake: which frames of the cut, and which part of the picture, see `retaking`
    """
    if kind not in KINDS:
        raise BadRequest(f"What can be made of a clip is {', '.join(KINDS)}; {kind!r:.40} was asked.")
    if isinstance(frames, bool) or not isinstance(frames, int) or not 0 <= frames <= LONGEST * cut.rate:
        raise BadRequest(f"Up to {LONGEST} s of film are made at once; {frames!r:.20} frames were asked.")
    if kind == "retake":
        asked, over = retaking.asked(cut, item, span, prompt, strength, area, mask)
        placed = cut.find(item)[1]
        return Wish(asked, over, span[1] - span[0], _film(placed.item).edge(span[0] - placed.start, cut.rate))
    track, placed = cut.find(item)
    clip = _film(placed.item)
    words = {"prompt": prompt} if prompt else {}
    if kind in ("extend", "precede"):
        if clip.speed != 1:
            raise BadRequest(f"{checks.words(clip)} plays at another speed; film is made on for clips that play as they were made.")
        if not frames:
            raise BadRequest("Nothing was asked to be made: 0 frames.")
        return Wish({"task": "extend", "film": {"take": clip.media.take}, "after" if kind == "extend" else "before": _seconds(clip, frames, cut.rate), **words}, (item,), frames)
    if kind == "connect":
        return _connection(cut, track.items, placed.index, frames, words)
    if kind == "variation":
        return Wish({"take": clip.media.take}, (item,), 0)
    low, high = clip.source(cut.rate)
    part = _part(clip, low, high)
    if kind == "loop":
        return Wish({"task": "loop", "film": part, **({"seconds": float(frames / cut.rate)} if frames else {}), **words}, (item,), frames)
    if not prompt:
        raise BadRequest("An edit needs the words that the film is to follow.")
    there = math.ceil(high - low)
    part = _part(clip, low, min(Fraction(clip.media.frames), low + there + -(there - 1) % GRID))       # 1 + 4 k pictures, and enough of them
    return Wish({"task": "edit", "film": part, **words, **({"strength": [strength]} if strength is not None else {})}, (item,), 0)


def filled(cut: Cut, candidate: Candidate, take: Take) -> Candidate:
    """The candidate with the film that was made for it. Raises BadRequest where the clips are no longer there, BadMedia without the film."""
    score = float(take.figures.get("seam") or 0.0)
    if candidate.kind == "retake":
        return replace(candidate, items=retaking.filled(cut, candidate, take), score=score)
    make = {"extend": _longer, "precede": _longer, "connect": _connected, "loop": _whole}.get(candidate.kind, _same)
    items, lead = make(cut, candidate, take)
    return replace(candidate, items=items, lead=lead, score=score)


# ---- what is asked

def _film(item: Item) -> Clip:
    if not isinstance(item, Clip) or item.media.kind != "film" or not item.media.take:
        raise BadRequest("Film is made of clips that show a take; import a file as a take first.")
    return item


def _part(clip: Clip, low: Fraction, high: Fraction) -> dict:
    """A stretch of a clip's take, edges in its own frames, as a task says it: its first and its last picture, in seconds."""
    return {"take": clip.media.take, "start": float(math.floor(low) / clip.media.rate), "stop": float((math.ceil(high) - 1) / clip.media.rate)}


def _seconds(clip: Clip, frames: int, rate: Fraction) -> float:
    """So many that they are enough after models have rounded them to their own grid: the next multiple of four pictures up."""
    pictures = math.ceil(frames * clip.media.rate / rate)
    return float(Fraction(-(-pictures // GRID) * GRID) / clip.media.rate)


def _connection(cut: Cut, row: tuple[Item, ...], index: int, frames: int, words: dict) -> Wish:
    first, gap = row[index], 0
    behind = index + 1
    if behind < len(row) and isinstance(row[behind], Transition):
        raise BadRequest("A transition lies over this joint; take it away, and film can lead from one clip to the other.")
    if behind < len(row) and isinstance(row[behind], Gap):
        gap, behind = row[behind].length, behind + 1
    if behind >= len(row):
        raise BadRequest(f"No clip comes after {checks.words(first)}; there is nothing to lead to.")
    second = _film(row[behind])
    for clip in (first, second):
        if clip.speed != 1:
            raise BadRequest(f"{checks.words(clip)} plays at another speed; clips are connected that play as they were made.")
    frames = frames or gap or round(BETWEEN * cut.rate)
    # Between two films whole fours of pictures are made, less one. What is over takes the place of pictures at the ends: a gap is filled exactly.
    rate, other = first.media.rate, second.media.rate
    wanted = math.ceil(frames * rate / cut.rate)
    between = -(-(wanted + 1) // GRID) * GRID
    over = between - 1 - wanted
    (low, stop), (start, high) = first.source(cut.rate), second.source(cut.rate)
    stop, start = stop - (over - over // 2), start + Fraction(over // 2) * other / rate
    begin, end = max(low, stop - SIDE * rate), min(high, start + SIDE * other)
    if stop - begin < GRID + 1 or (end - start) * rate / other < GRID + 1:
        raise BadRequest(f"To lead from one clip to another takes {GRID + 1} pictures or more of each; {checks.words(first, small=True)} or {checks.words(second, small=True)} is shorter.")
    tail, head = _part(first, begin, stop), _part(second, start, end)
    return Wish({"task": "connect", "film": tail, "second": head, "seconds": float(between / rate), **words}, (first.id, second.id), frames)


# ---- what comes of it

def _clip(cut: Cut, id: str) -> Clip:
    return _film(cut.find(id)[1].item)


def _longer(cut: Cut, candidate: Candidate, take: Take) -> tuple[tuple[Clip, ...], int]:
    """The same clip in a longer take, which begins `ahead` pictures earlier where it leads up to it."""
    clip, media = _clip(cut, candidate.over[0]), media_of(take)
    scale = media.rate / clip.media.rate            # footage comes back at the model's own rate
    if candidate.kind == "extend":
        new = replace(clip, media=media, start=clip.start * scale)
        return (replace(new, length=min(clip.length + clip.tail(cut.rate) + candidate.frames, clip.length + new.tail(cut.rate))),), 0
    ahead = media.frames - clip.media.frames * scale
    new = replace(clip, media=media, start=clip.start * scale + ahead)
    lead = min(clip.head(cut.rate) + candidate.frames, new.head(cut.rate))
    return (replace(new, start=new.start - lead * new.step(cut.rate), length=clip.length + lead),), lead


def _connected(cut: Cut, candidate: Candidate, take: Take) -> tuple[tuple[Clip, ...], int]:
    """What is left of the one, all that was made, what is left of the other."""
    first, second = (_clip(cut, id) for id in candidate.over)
    media = media_of(take)
    between = Clip(f"{candidate.id[:39]}c", media, Fraction(0), 1, name=take.prompt[:checks.NAME])
    held = [one for one in take.recipe.get("inputs", []) if one["role"] == "film"]
    if len(held) != 2:
        raise BadRequest(f"Take {take.id} does not say which film it connects.")
    left = (Fraction(held[0]["start"]) / media.rate - first.source(cut.rate)[0] / first.media.rate) * cut.rate
    right = Fraction(held[1]["stop"]) / media.rate * second.media.rate
    gone = (right - second.start) / second.step(cut.rate)
    left, gone = max(0, round(left)), min(max(0, round(gone)), second.length)
    parts = [replace(first, length=min(left, first.length), fade_out=0), replace(between, length=between.most(cut.rate)),
             replace(second, start=second.edge(gone, cut.rate), length=second.length - gone, fade_in=0)]
    return tuple(part for part in parts if part.length), 0


def _whole(cut: Cut, candidate: Candidate, take: Take) -> tuple[tuple[Clip, ...], int]:
    clip = replace(_clip(cut, candidate.over[0]), media=media_of(take), start=Fraction(0), speed=Fraction(1))
    return (replace(clip, length=clip.most(cut.rate)),), 0


def _same(cut: Cut, candidate: Candidate, take: Take) -> tuple[tuple[Clip, ...], int]:
    """The same place and length: all that an edit made, or the same stretch of another take of the same words."""
    clip, media = _clip(cut, candidate.over[0]), media_of(take)
    start = clip.start * media.rate / clip.media.rate
    if candidate.kind != "variation":
        # A picture p of the take is picture p - offset of the film it was made of, at the model's rate; the clip may have been trimmed since.
        offset = next((one["at"] - one["start"] for one in take.recipe.get("inputs", []) if one["role"] == "film"), -start)
        start += offset
        if not -1 < start < media.frames + 1:
            raise BadRequest(f"What was made anew does not lie in {checks.words(clip, small=True)} any more; have it made again.")
        start = min(max(start, Fraction(0)), Fraction(media.frames))        # at other rates it begins a part of a picture later
    new = replace(clip, media=media, start=start)
    return (replace(new, length=min(clip.length, new.length + new.tail(cut.rate))),), 0
