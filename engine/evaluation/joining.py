"""Joining: extend, loop and connect, tried on takes and on footage, each beside the naive way.

    ratio    the worst of difference, gradient and flow at the join, over the film's own median: 1 is seamless
    usual    the same at the latent boundaries of plain takes, where nothing was joined

Knows the workshop, the measures of joins and the naive ways. Knows no model and no table.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from engine.evaluation import naive
from engine.evaluation.beside import Figures, Wanted
from engine.evaluation.joins import drift, fade_distance, seam, unexplained
from engine.evaluation.judge import Judge
from engine.evaluation.measures import motion_strength
from engine.evaluation.report import Shown
from engine.evaluation.trying import Film, Workshop, signed
from engine.media import read_film
from engine.recipe import operating

SEAM, TURN, COLOUR = 1.3, 1.5, 2.3      # a ratio, a change of motion and a Lab distance that nobody sees
FADE = 0.5              # of the way from a 50/50 fade to film
MIXED = 0.2             # what a blend has of either end, at least, to be one
NO_FADE = 9.99          # where no picture lies between the ends
LOOP_FILE = "cradle_loop.gif"
TOLD = ("subject", "colour", "place", "time")


def _joined(part: str) -> dict[str, Wanted]:
    where, name = (" of footage", part.partition(".")[0]) if part.endswith(".footage") else ("", part)
    return {
        f"{part}.kept": Wanted(f"{name}{where}: pictures that were given come back bit for bit", "share", 1.0, every=True),
        f"{part}.ratio": Wanted(f"{name}{where}: step across the join, over the usual step", aim=SEAM, most=True, note="worst of difference, gradient, flow"),
        f"{part}.boundary": Wanted(f"{name}{where}: the same step, over that at the film's other latent boundaries", most=True, note="film that is decoded from latents steps a little there by nature"),
        f"{part}.jump": Wanted(f"{name}{where}: what motion cannot explain of that step, over the steps beside it", aim=SEAM, most=True),
        f"{part}.velocity": Wanted(f"{name}{where}: change of motion at the join, over the usual", aim=TURN, most=True),
        f"{part}.colour": Wanted(f"{name}{where}: colour shift across the join", "Lab", COLOUR, most=True, note="2.3 is just noticeable"),
        f"{part}.motion": Wanted(f"{name}{where}: motion of what was made, over what was given", aim=0.5 if part.startswith("loop") else None),
    }


WANTED: dict[str, Wanted] = {
    **_joined("extend"),
    "extend.drift.colour": Wanted("after 10 extensions: colour, first to last 15 %", "Lab", most=True),
    "extend.drift.sharpness": Wanted("after 10 extensions: sharpness, last over first"),
    "extend.drift.saturation": Wanted("after 10 extensions: saturation, last over first"),
    "extend.drift.motion": Wanted("after 10 extensions: motion, last over first"),
    "extend.drift.words": Wanted("after 10 extensions: the prompt's words seen, last less first", "share", note="mean chance of subject, colour, place and time"),
    **_joined("extend.footage"),
    **_joined("loop"),
    "loop.fade": Wanted("loop: distance of what was made from a cross-fade", aim=FADE, note="0 is a dissolve of both ends"),
    "loop.words.ratio": Wanted("loop from words: step at the turn, over the usual step", aim=SEAM, most=True),
    "loop.words.jump": Wanted("loop from words: what motion cannot explain of that step, over the steps beside it", aim=SEAM, most=True),
    "loop.words.velocity": Wanted("loop from words: change of motion at the turn, over the usual", aim=TURN, most=True),
    "loop.words.motion": Wanted("loop from words: motion, over a plain take's", aim=0.5),
    "loop.truth.jump": Wanted("a natural loop: what motion cannot explain of the turn, over the steps beside it", aim=SEAM, most=True,
                              note="balls on strings that hit each other at the turn: the measure itself, on film that is known to loop"),
    "loop.truth.velocity": Wanted("a natural loop: change of motion at the turn, over that at its other impact", aim=TURN, most=True),
    "loop.failure.jump": Wanted("a natural loop, cut off at two thirds: the same jump", aim=SEAM, note="known to jump: the measure must say so"),
    **_joined("loop.footage"),
    **{key: want for key, want in _joined("connect").items() if key != "connect.motion"},
    "connect.largest": Wanted("connect: largest step of all that was made, over the usual step", most=True),
    "connect.fade": Wanted("connect: distance from a cross-fade, nearest picture", aim=FADE, every=True, note="0 is a dissolve; under 0.5 nearer to one than to film"),
    **{key: want for key, want in _joined("connect.footage").items() if not key.endswith(".motion")},
    "connect.footage.fade": Wanted("connect of footage: distance from a cross-fade", aim=FADE, every=True),
}


def across(film: Tensor, places: Sequence[int], turns: bool = False) -> dict[str, float]:
    """The worst of a film's joins: ratio, boundary, jump, velocity, colour.

    places   pictures before which they lie
    turns    it is a loop, so that a join may lie between its last and its first picture
    """
    half, found = film.shape[1] // 2, []
    for at in places:
        seen, there = (film.roll(half - at, 1), half) if turns else (film, at)
        one = seam(seen, there)
        found.append({"ratio": one.worst, "boundary": float("nan") if turns else one.boundary, "jump": unexplained(seen, there),
                      "velocity": one.velocity, "colour": one.colour})
    return {name: max(one[name] for one in found) for name in found[0]}


def around(film: Film, time: int) -> tuple[int, ...]:
    """A film's joins; of one inside a latent frame also where that frame begins: pictures made to stand still would hide it there.

        pictures   0 | 1 2 3 4 | 5 6 7(8        a join before 8: also before 5
    """
    first = 0 if film.recipe and film.recipe.loops else 1
    return tuple(sorted({place for at in film.joins for place in (at, max(first, at - (at - first) % time))}))


def kept(made: np.ndarray, at: int, given: np.ndarray) -> float:
    """Share of the `given` pictures that stand bit for bit in a film, from its picture `at` on; on a loop they go round."""
    return float(np.mean([np.array_equal(made[(at + i) % len(made)], picture) for i, picture in enumerate(given)]))


def largest(film: Tensor, start: int, stop: int) -> float:
    """The largest step into one of the pictures [start, stop) or out of the last of them, over the median of all steps."""
    steps = (film[:, 1:] - film[:, :-1]).abs().mean((0, 2, 3))
    return float(steps[start - 1:stop].max() / steps.median().clamp_min(1e-6))


def extend(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """A second before and a second after, in one go; then a film that is extended again and again."""
    for key, films in (("extend", shop.takes), ("extend.footage", shop.footage)):
        for i, film in enumerate(films):
            yield f"{key}: film {i + 1} of {len(films)}"
            seconds, count = shop.plan.seconds, len(film.pictures)
            made = shop.make(operating.extend(film.path, film.prompt, model=shop.model, before=seconds, after=seconds, size=shop.size, seed=shop.seed + 100 + i))
            start, stop = made.joins
            given = film.pictures[:stop - start]
            figures.add(f"{key}.kept", kept(made.pictures, start, given))
            figures.add_all(key, across(made.film, around(made, shop.backend.grid.time)))
            figures.add(f"{key}.motion", (_moves(made.pictures[stop - 1:], given) + _moves(made.pictures[:start + 1], given)) / 2)
            coded, after = _file(film), shop.animated(film, len(made.pictures) - stop, shop.seed + 100 + i)
            joined = np.concatenate([coded, after])
            figures.add(f"{key}.kept", kept(joined, 0, film.pictures), "re-animated")
            figures.add_all(key, across(signed(joined), [count]), "re-animated")
            figures.add(f"{key}.motion", _moves(joined[count - 1:], film.pictures), "re-animated")
            if key == "extend":
                _usual(figures, key, film)
            if i == 0:
                yield Shown(f"{key}, 1 s before and 1 s after: {film.prompt}", made.pictures)
                yield Shown("the four pictures before and after the second join", made.pictures[stop - 4:stop + 4])
                yield Shown("naive: its last picture set in motion; around the join", joined[count - 4:count + 4])
    yield from _chains(shop, figures, judge)


def _chains(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    for i, film in enumerate(shop.takes[:shop.plan.chains]):
        made, pictures, path = film, _file(film), film
        for turn in range(shop.plan.extensions):
            yield f"extend: film {i + 1}, extension {turn + 1} of {shop.plan.extensions}"
            seed = shop.seed + 200 + turn
            made = shop.make(operating.extend(made.path, model=shop.model, after=shop.plan.seconds, seed=seed))
            path = shop.make(_animation(shop, path, seed))
            pictures = np.concatenate([pictures, path.pictures[1:]])
        for way, film_, prompt in (("", made.film, shop.prompts[i]), ("re-animated", signed(pictures), shop.prompts[i])):
            figures.add_all("extend.drift", vars(drift(film_)), way)
            if judge:
                figures.add("extend.drift.words", _seen(judge, film_[:, -_share(film_):], prompt.truth) - _seen(judge, film_[:, :_share(film_)], prompt.truth), way)
        if i == 0:
            yield Shown(f"extended {shop.plan.extensions} times: {film.prompt}", made.pictures)
            yield Shown(f"naive: the last picture set in motion, {shop.plan.extensions} times", pictures)


def _animation(shop: Workshop, film: Film, seed: int):
    from engine.recipe import compose

    count = round(shop.plan.seconds * shop.backend.grid.rate)
    return compose(film.prompt, model=shop.model, operation="animate", pictures=1 + count, size=shop.size, inputs=[shop.still(film, -1)], seed=seed)


def loop(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """Takes and footage that are closed, loops from words, and a natural loop as the known truth."""
    for key, films in (("loop", shop.takes), ("loop.footage", shop.footage)):
        for i, film in enumerate(films):
            yield f"{key}: film {i + 1} of {len(films)}"
            made = shop.make(operating.loop(film.path, film.prompt, model=shop.model, seconds=shop.plan.seconds, size=shop.size, seed=shop.seed + 300 + i))
            item, count = made.recipe.inputs[0], len(made.pictures)
            between = made.pictures[(item.at + item.pictures) % count:item.at]
            figures.add(f"{key}.kept", kept(made.pictures, item.at, film.pictures[item.start:item.stop]))
            figures.add_all(key, across(made.film, around(made, shop.backend.grid.time), turns=True))
            figures.add(f"{key}.motion", _moves(between, film.pictures))
            over = min(len(between), (len(film.pictures) - 1) // 2)
            faded = naive.closed(_file(film), over)
            figures.add(f"{key}.kept", kept(faded, over, film.pictures[over:len(faded)]), "cross-fade")
            figures.add_all(key, across(signed(faded), [0], turns=True), "cross-fade")
            figures.add_all(key, across(film.film, [0], turns=True), "left alone")
            figures.add(f"{key}.motion", _moves(faded[:len(between)], film.pictures), "cross-fade")
            if key == "loop":
                _usual(figures, key, film)
                ends = film.film[:, item.stop - 1], film.film[:, item.start]
                figures.add("loop.fade", fades(signed(between), *ends))
                figures.add("loop.fade", fades(signed(naive.fade(film.pictures[item.stop - 1], film.pictures[item.start], len(between))), *ends), "cross-fade")
            if i == 0:
                yield Shown(f"{key}, closed in 1 s, shown twice: {film.prompt}", np.concatenate([made.pictures, made.pictures]))
    for i, film in enumerate(shop.takes):
        yield f"loop from words: film {i + 1} of {len(shop.takes)}"
        made = shop.make(operating.loop(None, film.prompt, model=shop.model, seconds=(len(film.pictures) - 1) / shop.backend.grid.rate, size=shop.size, seed=shop.seed + i))
        figures.add_all("loop.words", {name: value for name, value in across(made.film, [0], turns=True).items() if name != "colour"})
        figures.add("loop.words.motion", _moves(made.pictures, film.pictures))
        faded = naive.closed(film.pictures, min(16, (len(film.pictures) - 1) // 2))
        figures.add_all("loop.words", {name: value for name, value in across(signed(faded), [0], turns=True).items() if name != "colour"}, "cross-fade")
        figures.add("loop.words.motion", _moves(faded, film.pictures), "cross-fade")
        if i == 0:
            yield Shown(f"loop from words, shown twice: {film.prompt}", np.concatenate([made.pictures, made.pictures]))
    if shop.real and (shop.real / LOOP_FILE).is_file():
        yield "loop: a natural one"
        truth = signed(np.stack(list(read_film(shop.real / LOOP_FILE))))
        turn, impact = (across(truth, [at], turns=True) for at in (0, truth.shape[1] // 2))
        figures.add("loop.truth.jump", turn["jump"])
        figures.add("loop.truth.velocity", turn["velocity"] / impact["velocity"])
        figures.add("loop.failure.jump", across(truth[:, :2 * truth.shape[1] // 3], [0], turns=True)["jump"])


def connect(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """Each film led over to the next."""
    for key, films in (("connect", shop.takes), ("connect.footage", shop.footage)):
        pairs = list(zip(films, films[1:] + films[:1])) if len(films) > 2 else list(zip(films, films[1:]))
        for i, (a, b) in enumerate(pairs):
            yield f"{key}: pair {i + 1} of {len(pairs)}"
            made = shop.make(operating.connect(a.path, b.path, model=shop.model, seconds=1.5 * shop.plan.seconds, size=shop.size, seed=shop.seed + 400 + i,
                                               **({} if key == "connect" else {"prompt": a.prompt})))
            first, second = made.recipe.inputs
            start, stop = first.at + first.pictures, second.at
            figures.add(f"{key}.kept", (kept(made.pictures, first.at, a.pictures[first.start:first.stop]) * first.pictures
                                        + kept(made.pictures, stop, b.pictures[second.start:second.stop]) * second.pictures) / (first.pictures + second.pictures))
            ways = {"": made.pictures[start:stop], "cross-fade": naive.fade(a.pictures[-1], b.pictures[0], stop - start),
                    "keyframes": shop.between(a, b, stop - start, shop.seed + 400 + i)}
            for way, between in ways.items():
                film = made.pictures if not way else np.concatenate([a.pictures, between, b.pictures])
                at = start if not way else len(a.pictures)
                places = [at, at + len(between)] if way else around(made, shop.backend.grid.time)
                figures.add_all(key, across(signed(film), places), way)
                figures.add(f"{key}.largest", largest(signed(film), at, at + len(between)), way)
                figures.add(f"{key}.fade", fades(signed(between), a.film[:, -1], b.film[:, 0]), way)
                if i == 0:
                    yield Shown(f"naive: {way}" if way else f"{key}, 1.5 s between: {a.prompt} | {b.prompt}", film[at - 4:at + len(between) + 4])


def _usual(figures: Figures, key: str, film: Film) -> None:
    """What the measures of a join say where there is none."""
    found = [across(film.film, [at]) for at in range(5, len(film.pictures) - 4, 4)]
    for name in ("ratio", "boundary", "jump", "velocity", "colour"):
        if found:
            figures.add(f"{key}.{name}", statistics.median(one[name] for one in found), "usual")


def fades(between: Tensor, before: Tensor, after: Tensor) -> float:
    """How far film between two pictures (3, H, W) stays from a cross-fade of them, where it is neither; NO_FADE where that is nowhere."""
    return min(fade_distance(between, before, after, MIXED), NO_FADE)


def _moves(made: np.ndarray, given: np.ndarray) -> float:
    """Motion of one film over another's."""
    usual = motion_strength(signed(given))[0]
    return motion_strength(signed(made))[0] / usual if usual > 1e-6 else float("nan")


def _file(film: Film) -> np.ndarray:
    """The pictures of its file, as a player shows them."""
    return np.stack(list(read_film(film.path)))


def _share(film: Tensor) -> int:
    return max(4, round(0.15 * film.shape[1]))


def _seen(judge: Judge, film: Tensor, truth: dict[str, str]) -> float:
    verdict = judge.of_pictures(film)
    return float(np.mean([verdict.chance(name, truth[name]) for name in TOLD]))
