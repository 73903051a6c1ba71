"""Operating: film that is there, and what a person wants of it, as a recipe.

    extend     | given |######        loop      | given |####^        connect   | a |#####| b |
    edit       | 666666 |             inpaint   a hole in it          outpaint  a picture around it       finish  larger

Each is a few lines that say where film stands and what is changed of it; all else is `compose`. What a file is, as
something to make film of, is `source`'s.

Each takes `more`: seed, steps, guidance, solver, negative, loras, cache, guider, asked, free; see `compose`. Each raises what `compose` raises, BadMedia
for a file that cannot be read as film, and BadRequest for what cannot be with it.
Knows lengths, places and sizes. Knows neither torch nor canvases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.denoisers.catalog import Model, describe
from engine.errors import BadRequest
from engine.recipe.asking import compose, sides
from engine.recipe.bounds import SIDES, number, whole
from engine.recipe.shapes import aspect, nearest
from engine.recipe.source import Source, mask_of, same_shape
from engine.recipe.value import Cue, Input, Recipe
from engine.recipe.within import Within, edges, parts, strengths

Asked = tuple[Recipe, list[str]]
STRENGTH = 0.6          # of an edit, unless it is said: the look changes, what is where stays
FINISH = 0.4            # of a draft's finish: nothing moves, detail comes
CLOSING = 1.0           # seconds that lead film back to its beginning
ROUND = 3.0             # seconds of a loop from words alone


def extend(film: str | Path, prompt: str | None = None, *, model: Model | str, after: float = 0.0, before: float = 0.0,
           size: Sequence[int] | str | None = None, start: float = 0.0, stop: float | None = None, **more) -> Asked:
    """Carry film on by `after` seconds, and lead up to it by `before` seconds.    ..####, ####..

    start, stop   seconds of the film that are used; None is its end
    """
    model, notes = _model(model), []
    late, early = (_stretch(seconds, name, model, notes) for seconds, name in ((after, "after"), (before, "before")))
    if not late and not early:
        raise BadRequest("Extend makes film after or before what there is; 0 seconds of both was asked.")
    source = Source.of(film, model, notes)
    first, last = source.part(start, stop, model, notes, keep_end=not early)
    size = source.size(size, model, notes)
    words = source.words(prompt, first, last, early, model)
    return _asked("extend", words, early + last - first + late, size, [source.given(early, first, last)], model, notes, more)


def loop(film: str | Path | None = None, prompt: str | None = None, *, model: Model | str, seconds: float | None = None,
         size: Sequence[int] | str | None = None, start: float = 0.0, stop: float | None = None, **more) -> Asked:
    """Lead the end of film back to its beginning in `seconds`; without a film, a loop of `seconds` from words alone.    ..##^

    seconds   None is CLOSING for film, ROUND for words
    """
    model, notes = _model(model), []
    if film is None:
        if prompt is None:
            raise BadRequest("A loop is made of a film or of words; neither was given.")
        return compose(prompt, model=model, operation="loop", seconds=ROUND if seconds is None else seconds, size=size or model.sizes[0][1:], **more)
    gap = _stretch(CLOSING if seconds is None else seconds, "seconds", model, notes)
    if not gap:
        raise BadRequest("A loop needs some film that leads back; 0 seconds was asked.")
    source = Source.of(film, model, notes)
    first, last = source.part(start, stop, model, notes)
    pictures = last - first - 1 + gap       # its first picture is the last of those that lead back to it
    words = source.words(prompt, first, last, -1, model)
    if words[-1].prompt != words[0].prompt:
        words.append(Cue(last - first - 1 + gap // 2, words[0].prompt, asked=words[0].asked))
    size = source.size(size, model, notes)
    return _asked("loop", words, pictures, size, [source.given(pictures - 1, first, last)], model, notes, more)


def connect(a: str | Path, b: str | Path, prompt: str | None = None, *, model: Model | str, seconds: float = 1.5, overlap: float = 0.0,
            size: Sequence[int] | str | None = None, start: float = 0.0, stop: float | None = None, begin: float = 0.0, end: float | None = None,
            **more) -> Asked:
    """Lead from one film to another in `seconds`; or lay them over each other by `overlap` seconds.    ..##.., ..39..

    stop     seconds at which the first is left; None is its end; `begin` is where the part of it that is used begins
    start    seconds at which the second is entered; `end` is where the part of it that is used ends, None is its end
    """
    model, notes = _model(model), []
    over, gap = (_stretch(length, name, model, notes) for length, name in ((overlap, "overlap"), (0.0 if overlap else seconds, "seconds")))
    if not over and not gap:
        raise BadRequest("Connect makes film between two films; 0 seconds was asked. A hard cut needs no making.")
    one, two = Source.of(a, model, notes), Source.of(b, model, notes)
    if not size and not same_shape((one.width, one.height), (two.width, two.height)):
        raise BadRequest(f"{one.name} is {one.width}x{one.height} and {two.name} is {two.width}x{two.height}; to connect "
                         "films of different shapes, say the size that both are to have.")
    parts = [one.part(begin, stop, model, notes, keep_end=True), two.part(start, end, model, notes)]
    counts = [last - first for first, last in parts]
    if over + 1 >= min(counts):
        raise BadRequest(f"Films of {' and '.join(f'{(count - 1) / model.grid.rate:.3g} s' for count in counts)} cannot lie over each other "
                         f"for {overlap:g} s; that takes longer ones, or less of it.")
    if over:
        at, middle, turning = counts[0] - over - 1, counts[0] - over // 2 - 1, over + 1
    else:           # the second film's first picture is the last of a latent frame
        at, middle, turning = counts[0] + gap - 1, counts[0] + gap // 2, gap - 1
    words = [cue for cue in one.words(prompt, *parts[0], 0, model) if cue.at < middle]
    leads, *later = two.words(prompt, *parts[1], at, model)
    if leads.prompt != words[-1].prompt:
        words.append(Cue(middle, leads.prompt, max(model.grid.time, turning), asked=leads.asked))
    words += [cue for cue in later if cue.at > middle]
    size = one.size(size, model, notes)
    if two.path != one.path:
        two.size(size, model, notes)
    inputs = [source.given(place, *part) for source, place, part in zip((one, two), (0, at), parts)]
    return _asked("connect", words, at + counts[1], size, inputs, model, notes, more)


def edit(film: str | Path, prompt: str, *, model: Model | str, strength: float | Sequence[float] = STRENGTH, mask: str | Path | None = None,
         area: Sequence[int] = (), faithful: bool = False, was: str | None = None, within: Within | None = None,
         size: Sequence[int] | str | None = None, start: float = 0.0, stop: float | None = None, **more) -> Asked:
    """Show something else in the same film: noised as far as `strength`, made again by other words (SDEdit).    666666

    strength   0..1, or a curve along the film
    mask       a picture or film in grey: white is changed as far as `strength` says, black is untouched
    area       left, top, width, height in the film's own pixels: all else is untouched
    faithful   change only what differs between the words and what the film `was` (FlowEdit); None: the words that made it
    within     seconds that are changed; all else is kept, and the joins are measured
    """
    return _changed("edit", film, prompt, model, strength, mask, area, size, start, stop, more, within, was if was is not None else "" if faithful else None)


def inpaint(film: str | Path, prompt: str | None = None, *, model: Model | str, mask: str | Path | None = None, area: Sequence[int] = (),
            strength: float | Sequence[float] = 1.0, within: Within | None = None, size: Sequence[int] | str | None = None, start: float = 0.0,
            stop: float | None = None, **more) -> Asked:
    """Make a part of it anew: an `area` (see `edit`), what is white in a `mask`, seconds `within` it. All else is untouched."""
    return _changed("inpaint", film, prompt, model, strength, mask, area, size, start, stop, more, within)


def outpaint(film: str | Path, prompt: str | None = None, *, model: Model | str, to: str = "9:16", size: Sequence[int] | str | None = None,
             start: float = 0.0, stop: float | None = None, **more) -> Asked:
    """Give film another shape by inventing what lies around it; it stands in the middle, as large as it can.

    to      a shape, such as 9:16 or 21:9; `size` says it in pixels instead
    """
    model, notes = _model(model), []
    source = Source.of(film, model, notes)
    first, last = source.part(start, stop, model, notes)
    own, (across, down) = source.own_size(model), aspect(to)
    width, height = sides(size) if size else nearest(across, down, own[0] * own[1], model.grid.step, SIDES[1])
    box = _inside(source, width, height, model.grid.space)
    if box[2:] == (width, height):
        raise BadRequest(f"{source.name} has that shape already ({source.width}x{source.height}); there is nothing around it to be invented.")
    if box[2:] != (source.width, source.height):
        notes.append(f"{source.name} is {source.width}x{source.height}; it stands in the picture at {box[2]}x{box[3]}.")
    words = source.words(prompt, first, last, 0, model)
    return _asked("outpaint", words, last - first, (width, height), [source.given(0, first, last, box)], model, notes, more)


def finish(film: str | Path, prompt: str | None = None, *, model: Model | str, size: Sequence[int] | str, strength: float | Sequence[float] = FINISH,
           start: float = 0.0, stop: float | None = None, **more) -> Asked:
    """Make a draft again at full size: the same film, the same seed, with the detail that its size has room for.    444444"""
    model, notes = _model(model), []
    source = Source.of(film, model, notes)
    first, last = source.part(start, stop, model, notes)
    width, height = sides(size)
    if width * height < source.width * source.height or not same_shape((width, height), (source.width, source.height)):
        raise BadRequest(f"Finish makes a draft larger and leaves its shape; {source.name} is {source.width}x{source.height}, and {width}x{height} "
                         "was asked. Outpaint gives it another shape.")
    if more.get("seed") is None and source.recipe:
        more["seed"] = source.recipe.seed
    if more.get("steps") is None:       # a part of the way; more steps were measured and show nothing more
        more["steps"] = -(-model.default_steps // 2)
    words = source.words(prompt, first, last, 0, model)
    return _asked("finish", words, last - first, (width, height), [source.given(0, first, last)], model, notes, more, strength=_strength(strength))


def joins(recipe: Recipe) -> tuple[int, ...]:
    """Pictures before which given film meets made film, or other given film, in order.

        . . . . # # # #    4                . . # # # .^    2 and 5: a loop goes round; one of words alone closes at 0
        . . 6 6 6 6 . .    2 and 6: film that is changed for a while, see `within`
    """
    if recipe.strength:
        return edges(recipe, describe(recipe.backend).grid.time)
    films = [item for item in recipe.inputs if item.role == "film"]
    places = {place for item in films for place in (item.at, item.at + item.pictures)}
    if recipe.loops:
        return tuple(sorted({place % recipe.pictures for place in places})) or (0,)
    return tuple(sorted(place for place in places if 0 < place < recipe.pictures))


def _changed(operation: str, film: str | Path, prompt: str | None, model: Model | str, strength: float | Sequence[float], mask: str | Path | None,
             area: Sequence[int], size: Sequence[int] | str | None, start: float, stop: float | None, more: dict, within: Within | None = None,
             was: str | None = None) -> Asked:
    """Film of which something is changed. `was`: what it showed; "" asks the film, None asks nobody."""
    model, notes = _model(model), []
    strength = _strength(strength)
    source = Source.of(film, model, notes)
    laid = parts(source, within, start, stop, model, notes)
    strength = strengths(strength, within, laid, model)
    size = source.size(size, model, notes)
    pictures = laid[-1].at + laid[-1].last - laid[-1].first
    inputs = [*(part.source.given(part.at, part.first, part.last) for part in laid), *mask_of(mask, source, pictures, model, notes)]
    if was == "" and source.recipe is None:
        raise BadRequest(f"{source.name} was not made here, so nobody said what it shows; an edit that changes only what differs from that needs to "
                         "know. Say what it was.")
    shows = "" if was is None else source.words(was or None, laid[0].first, laid[0].last, 0, model)[0].prompt
    words = []
    for part in laid:
        leads, *later = part.source.words(prompt, part.first, part.last, part.at, model)
        words += [replace(leads, cut=part.at > 0), *later]         # a cut stays one
    return _asked(operation, words, pictures, size, inputs, model, notes, more, strength=strength, area=_area(area, source, size, model), was=shows)


def _asked(operation: str, words: Sequence[Cue], pictures: int, size: Sequence[int], inputs: Sequence[Input], model: Model, notes: list[str],
           more: dict, **changes) -> Asked:
    """The recipe: what is to be seen from the beginning, and the words after it at their times."""
    written = more.pop("asked", "")         # of words that were asked; of a film's own words the film knows it
    words = [replace(cue, asked=written if written and cue.prompt == words[0].prompt else cue.asked) for cue in words]
    early, cues = [cue for cue in words if cue.at <= 0] or words[:1], [cue for cue in words if cue.at > 0 and cue is not words[0]]
    recipe, said = compose(early[-1].prompt, model=model, operation=operation, pictures=pictures, size=size, inputs=inputs, cues=cues,
                           asked=early[-1].asked, **changes, **more)
    return recipe, [*dict.fromkeys(notes), *said]


def _model(model: Model | str) -> Model:
    return describe(model) if isinstance(model, str) else model


def _stretch(seconds: float, name: str, model: Model, notes: list[str]) -> int:
    """Pictures in so many seconds, a multiple of a latent frame's; 0 for none. Raises BadRequest."""
    seconds, grid = number(seconds, name), model.grid
    if not 0 <= seconds < 1e9:
        raise BadRequest(f"Seconds are 0 or more; {seconds:g} was asked ({name}).")
    if not seconds:
        return 0
    pictures = grid.time * max(1, round(seconds * grid.rate / grid.time))
    if abs(pictures / grid.rate - seconds) > 1e-6:
        notes.append(f"{seconds:g} s was asked; {pictures / grid.rate:,.10g} s is the nearest length on {model.title}'s grid.")
    return pictures


def _strength(strength: float | Sequence[float]) -> list[float]:
    """A curve. Raises BadRequest for one of no numbers, and for one that changes nothing anywhere."""
    curve = [number(level, "strength") for level in (strength if isinstance(strength, Sequence) and not isinstance(strength, str) else [strength])]
    if not curve:
        raise BadRequest("A strength is a number from 0 (kept) to 1 (made anew), or a curve of them; none was given.")
    if not any(curve):
        raise BadRequest("A strength of 0 changes nothing; up to 1 is made anew.")
    return curve


def _area(area: Sequence[int], source: Source, size: tuple[int, int], model: Model) -> list[int]:
    """An area of the film's own picture, in the pixels of the film that is made, on the grid. Raises BadRequest."""
    if not area:
        return []
    area = [whole(side, "area") for side in area]
    left, top, width, height = area if len(area) == 4 else (-1, 0, 0, 0)
    if min(left, top) < 0 or min(width, height) < 1 or left + width > source.width or top + height > source.height:
        raise BadRequest(f"An area is left, top, width and height within {source.name}'s {source.width}x{source.height} pixels; {area} was asked.")
    wide, high = (model.grid.snap_side(side) for side in size)
    scale = max(wide / source.width, high / source.height)      # as it is fitted: what is too much is cut off on both sides
    inside = []
    for begin, length, own, made in ((left, width, source.width, wide), (top, height, source.height, high)):
        first, last = (round((edge - own / 2) * scale + made / 2) for edge in (begin, begin + length))
        first, last = max(0, min(first, made - 1)), min(made, max(last, first + 1, 1))
        inside.append((first, last - first))
    return [inside[0][0], inside[1][0], inside[0][1], inside[1][1]]


def _inside(source: Source, width: int, height: int, space: int) -> tuple[int, int, int, int]:
    """The largest place for it in the middle of a picture, on the grid of cells."""
    scale = min(width / source.width, height / source.height)
    wide, high = (min(most, max(space, round(side * scale / space) * space)) for most, side in ((width, source.width), (height, source.height)))
    return (width - wide) // 2 // space * space, (height - high) // 2 // space * space, wide, high
