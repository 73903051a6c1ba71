"""Changing: edit, inpaint, outpaint and finish, tried on takes, each beside the naive way.

    edit      a word of the prompt is exchanged: how sure the judge becomes of the new one, against outlines kept
    inpaint   a box is made anew: all else must be untouched, and its border unseen; outpaint the same the other way round
    finish    a draft is made again at a multiple of its size: the same film, with more in it

Knows the workshop, the measures and the naive ways. Knows no model and no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine.evaluation import naive
from engine.evaluation.beside import Figures, Point, Wanted
from engine.evaluation.joins import border_seam, detail_gain, layout_psnr, outside, structure
from engine.evaluation.judge import Judge
from engine.evaluation.prompts import Prompt
from engine.evaluation.report import Shown
from engine.evaluation.trying import Film, Workshop, shortened, signed
from engine.media import fit_picture
from engine.recipe import operating

EXCHANGED = ("time", "colour", "place")     # attributes whose word is exchanged, in turn
DRAFT = 17          # pictures that are finished, and edited: a second
LAYOUT = 24.0       # dB
BORDER = 1.3        # a gradient across a border, over those beside it

WANTED: dict[str, Wanted] = {
    "edit.gained": Wanted("edit at its usual strength: the asked word gained", "share", note="chance that the judge gives it, less what it was before"),
    "edit.outlines": Wanted("edit at its usual strength: outlines kept", "share", note="F1 of edges"),
    "edit.both": Wanted("edit, over all strengths: gain and outlines together, at best", "share", note="harmonic mean of both, at the best strength of each film"),
    "faithful.both": Wanted("faithful edit, over all strengths: gain and outlines together, at best", "share"),
    "inpaint.outside": Wanted("inpaint: outside the box", "dB", 99.0, every=True, note="before compression"),
    "inpaint.border": Wanted("inpaint: gradient across the border, over those beside it", aim=BORDER, most=True),
    "outpaint.outside": Wanted("outpaint to 9:16: the film in the middle", "dB", 99.0, every=True, note="before compression"),
    "outpaint.border": Wanted("outpaint to 9:16: gradient across the border", aim=BORDER, most=True),
    "finish.layout": Wanted("finish: against its draft, made as small", "dB", LAYOUT),
    "finish.detail": Wanted("finish: fine detail, over the resized draft's", note="1 is nothing gained"),
}


@dataclass(frozen=True)
class Exchange:
    """A prompt in which one word was exchanged."""

    text: str
    attribute: str      # "time"
    word: str           # "night"


def exchanged(prompt: Prompt, number: int) -> Exchange:
    """The same caption of the same scene with another time, colour or place. The same number exchanges the same."""
    from engine.training import paperworld as world
    from engine.training.paperworld.captions import caption

    words = {"time": world.TIMES, "colour": world.COLOURS, "place": world.PLACES}
    name = EXCHANGED[number % len(EXCHANGED)]
    others = [word for word in words[name] if word != prompt.truth[name] and word != "block world"]
    word = others[(prompt.scene.seed + number) % len(others)]
    at = next((k for k in range(40) if caption(prompt.scene, prompt.scene.seed + k) == prompt.text), 0)
    return Exchange(caption(replace(prompt.scene, **{name: word}), prompt.scene.seed + at), name, word)


def edit(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown | Point]:
    """The curve: every strength, by SDEdit and faithfully; and a film made anew from the new words with the same noise."""
    if judge is None:
        return
    points: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for i, prompt in enumerate(shop.prompts[:shop.plan.edits]):
        asked, source = exchanged(prompt, i), shop.text(prompt.text, shop.seed + i, min(DRAFT, shop.plan.pictures))
        before, best, shown = judge.of_film(source.film).chance(asked.attribute, asked.word), {}, []

        def look(way: str, strength: float, film: Film) -> None:
            gained, same = judge.of_film(film.film).chance(asked.attribute, asked.word) - before, structure(film.film, source.film)
            points.setdefault((way, strength), []).append((gained, same))
            best[way] = max(best.get(way, 0.0), together(gained, same))
            if way == "edit" and strength == nearest:
                figures.add("edit.gained", gained)
                figures.add("edit.outlines", same)
            if way == "made anew":
                figures.add("edit.gained", gained, way)
                figures.add("edit.outlines", same, way)

        nearest = min(shop.plan.strengths, key=lambda strength: abs(strength - operating.STRENGTH))
        for way, faithful in (("edit", False), ("faithful", True)):
            for strength in shop.plan.strengths:
                yield f"{way}: film {i + 1} of {shop.plan.edits}, strength {strength:g}"
                made = shop.make(operating.edit(source.path, asked.text, model=shop.model, strength=strength, faithful=faithful, size=shop.size, seed=shop.seed + 500 + i))
                look(way, strength, made)
                if strength in (nearest, shop.plan.strengths[-1]):
                    shown.append(Shown(f"{way}, strength {strength:g}: {asked.attribute} {asked.word}", made.pictures))
        anew = shop.text(asked.text, shop.seed + i, len(source.pictures))
        look("made anew", 1.0, anew)
        for way in ("edit", "faithful"):
            figures.add(f"{way}.both", best[way])
            figures.add(f"{way}.both", best["made anew"], "made anew")
        if i == 0:
            yield from [Shown(f"edited: {source.prompt}", source.pictures), *shown, Shown("naive: made anew from the new words, the same seed", anew.pictures)]
    for (way, strength), found in points.items():
        yield Point(way, strength, *(float(np.mean(values)) for values in zip(*found)))


def together(gained: float, kept: float) -> float:
    """One number for an edit: the harmonic mean of what it gained and what it kept, 0 where nothing was gained."""
    return 2 * gained * kept / (gained + kept) if min(gained, kept) > 0 else 0.0


def inpaint(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """A box in the middle of every take made anew, and every take in a taller picture."""
    for i, film in enumerate(shop.takes):
        yield f"inpaint: film {i + 1} of {len(shop.takes)}"
        area = box(*shop.size, shop.backend.grid.step)
        left, top, width, height = area
        made = shop.make(operating.inpaint(film.path, film.prompt, model=shop.model, area=area, size=shop.size, seed=shop.seed + 600 + i))
        patch = shop.text(film.prompt, shop.seed + 600 + i, size=(width, height))
        pasted = naive.pasted(film.pictures, patch.pictures[:, :height, :width], left, top)
        hole = torch.zeros(shop.plan.height, shop.plan.width, dtype=torch.bool)
        hole[top:top + height, left:left + width] = True
        _borders(figures, "inpaint", hole, film.film, made.pictures, pasted, "pasted")
        figures.add("inpaint.border", border_seam(film.film, hole), "usual")
        if i == 0:
            yield Shown(f"inpaint, a box in the middle: {film.prompt}", made.pictures)
            yield Shown("naive: a generated box, pasted", pasted)
    for i, film in enumerate(shop.takes):
        yield f"outpaint: film {i + 1} of {len(shop.takes)}"
        made = shop.make(operating.outpaint(film.path, film.prompt, model=shop.model, to="9:16", seed=shop.seed + 700 + i))
        left, top, width, height = made.recipe.inputs[0].box
        small = np.stack([fit_picture(picture, width, height) for picture in film.pictures])
        around = shop.text(film.prompt, shop.seed + 700 + i, size=(made.recipe.width, made.recipe.height))
        pasted = naive.pasted(around.pictures, small, left, top)
        made_there = torch.ones(made.recipe.height, made.recipe.width, dtype=torch.bool)
        made_there[top:top + height, left:left + width] = False
        _borders(figures, "outpaint", made_there, signed(naive.pasted(made.pictures, small, left, top)), made.pictures, pasted, "pasted")
        if i == 0:
            yield Shown(f"outpaint to 9:16: {film.prompt}", made.pictures)
            yield Shown("naive: the film pasted on a generated one", pasted)


def box(width: int, height: int, step: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of a box near the middle, about half as high as the picture, on the grid."""
    side = max(64, height // 2 // step * step)
    return (width - side) // 2 // step * step, (height - side) // 2 // step * step, min(side, width), min(side, height)


def _borders(figures: Figures, key: str, hole: torch.Tensor, source: torch.Tensor, made: np.ndarray, pasted: np.ndarray, way: str) -> None:
    for name, film in (("", signed(made)), (way, signed(pasted))):
        figures.add(f"{key}.outside", outside(film, source, hole), name)
        figures.add(f"{key}.border", border_seam(film, hole), name)


def finish(shop: Workshop, figures: Figures, judge: Judge | None) -> Iterator[str | Shown]:
    """Drafts made again at a multiple of their size."""
    size = shop.plan.width * shop.plan.larger, shop.plan.height * shop.plan.larger
    for i, prompt in enumerate(shop.prompts[:shop.plan.finishes]):
        yield f"finish: film {i + 1} of {shop.plan.finishes}, {size[0]}x{size[1]}"
        draft = shop.text(prompt.text, shop.seed + i, min(DRAFT, shop.plan.pictures))
        made = shop.make(operating.finish(draft.path, draft.prompt, model=shop.model, size=size))
        for way, pictures in (("", made.pictures), ("resized", naive.resized(draft.pictures, size))):
            figures.add("finish.layout", layout_psnr(signed(pictures), draft.film), way)
            figures.add("finish.detail", detail_gain(signed(pictures), draft.film), way)
            if i == 0:
                yield Shown(f"naive: {way}" if way else f"finish, {size[0]}x{size[1]}: {draft.prompt}", shortened(Film(draft.path, pictures, ""), 4, 5).pictures)
