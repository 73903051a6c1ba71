"""Captions: what descriptive captions are worth, in training and in use.

    in training   one small model taught three times, on captions of which 0, 65 and 95 % are descriptive, the rest short
    in use        the built-in model asked the same scenes in short prompts, in those expanded, and in full descriptive ones

Knows held-out scenes, the judge, and who trains and who expands. Knows no command.
Source: Betker et al. 2023, "Improving Image Generation with Better Captions", of which this is a miniature.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine import operations
from engine.denoisers.paper import PaperBackend
from engine.evaluation.adherence import Adherence, Scores, difference, plot, row_of
from engine.evaluation.judge import Judge, Verdict
from engine.evaluation.prompts import JUDGED, MOVING, Prompt, held_out_prompts
from engine.evaluation.report import Size, machine, rendered, through
from engine.sampler import noise, sample
from engine.training.blends import RATIOS, Blends, Scale, Together, draw_pictures, train_blends
from engine.training.run import Budget
from engine.words.expanding import expand
from engine.words.naming import named

STEPS, GUIDANCE, SHIFT = 12, 3.0, 1.0       # of the miniatures' walk: their pictures are so small that levels were drawn without a lean
BATCH = 32
WIDER = 4                   # times as many scenes for the built-in model, a take of each: scenes differ more than takes of one


@dataclass(frozen=True)
class Asked:
    """One held-out scene in the words that are tried."""

    scene: Prompt
    texts: dict[str, str]           # "short", "expanded", "descriptive" -> prompt


def asked_scenes(count: int, seed: int) -> list[Asked]:
    """Held-out scenes, each as people type it, as that is expanded, and described in full."""
    from engine.training.paperworld import caption

    rows = []
    for at, scene in enumerate(held_out_prompts(count, seed)):
        short = caption(scene.scene, scene.scene.seed, kind="short")
        rows.append(Asked(scene, {"short": short, "expanded": expand(short, seed + at).prompt, "descriptive": scene.text}))
    return rows


def evaluate_captions(folder: Path, paper: PaperBackend, *, minutes: float = 10.0, count: int = 96, takes: int = 3, seed: int = 0,
                      ratios: Sequence[float] = RATIOS, scale: Scale = Scale(), judge: Judge | None = None) -> Iterator[str | Adherence]:
    """Train the small models, `minutes` each, and judge them on held-out scenes; says how far it is, the table at last.

    folder   where pictures, checkpoints and curve lie: what was begun there is gone on with
    paper    whose autoencoder packs the pictures
    takes    pictures of each prompt, from as many seeds; every model walks from the same noise
    """
    judge = judge or Judge.open()
    yield from draw_pictures(folder, paper.autoencoder, scale, seed)
    for stage in train_blends(folder, paper.words, Budget(minutes=minutes * len(ratios)), ratios=ratios, scale=scale, seed=seed):
        if isinstance(stage, str):
            yield stage
    yield from _judged(stage, paper, asked_scenes(count, seed), takes, seed, scale, judge)


def _judged(stage: Together, paper: PaperBackend, scenes: Sequence[Asked], takes: int, seed: int, scale: Scale, judge: Judge) -> Iterator[str | Adherence]:
    start, blends = time.monotonic(), stage.model
    seen: dict[tuple[float, str], list[Scores]] = {}
    size = Size(scale.width, scale.height, scale.pictures)
    rows, told = [], {}
    for ratio in blends.ratios:
        backend = _small(blends, ratio, paper)
        for kind in ("short", "descriptive"):
            yield f"{_name(ratio)}: {kind} prompts"
            verdicts = _look(backend, [one.texts[kind] for one in scenes], size, takes, seed, STEPS, judge)
            own = [_scores(found, one.texts[kind]) for one, found in zip(scenes, verdicts)]
            seen[ratio, kind] = [_scores(found, one.texts["short"]) for one, found in zip(scenes, verdicts)]
            rows.append(row_of(_name(ratio), kind, own, seen[ratio, kind]))
            told[ratio, kind] = own
    first, *others = blends.ratios
    differences = [difference(f"{kind} prompts, the short prompt's words: {_name(ratio)} against {_name(first)}", seen[ratio, kind], seen[first, kind])
                   for kind in ("short", "descriptive") for ratio in others]
    differences += [difference(f"descriptive prompts, all their words: {_name(ratio)} against {_name(first)}", told[ratio, "descriptive"], told[first, "descriptive"])
                    for ratio in others]
    differences += [difference(f"{_name(ratio)}: descriptive prompts against short ones, the short prompt's words", seen[ratio, "descriptive"], seen[ratio, "short"])
                    for ratio in blends.ratios]
    settings = {"scenes": len(scenes), "takes": takes, "seed": seed, "width": scale.width, "height": scale.height, "steps of the walk": STEPS, "guidance": GUIDANCE,
                "pictures seen": scale.clips, "steps of training": stage.step, "minutes of training, each": round(stage.seconds / 60 / len(blends.ratios), 1),
                "parameters of each": sum(p.numel() for p in blends.model(first).parameters())}
    yield Adherence("A small model taught on short and on descriptive captions", tuple(rows), tuple(differences), _bound(paper, scenes, size, judge), settings,
                  round(time.monotonic() - start, 1), machine())


def evaluate_expansion(paper: PaperBackend, *, count: int = WIDER * 96, seed: int = 0, size: Size = Size(128, 80, 17),
                       judge: Judge | None = None) -> Iterator[str | Adherence]:
    """Judge the built-in model on short, expanded and descriptive prompts of the same held-out scenes, a take of each; says how far it is, the table at last."""
    start, judge, scenes = time.monotonic(), judge or Judge.open(), asked_scenes(count, seed)
    seen, rows = {}, []
    for kind in ("short", "expanded", "descriptive"):
        yield f"{paper.name}: {kind} prompts"
        verdicts = _look(paper, [one.texts[kind] for one in scenes], size, 1, seed, paper.default_steps, judge, batch=8)
        own = [_scores(found, one.texts[kind]) for one, found in zip(scenes, verdicts)]
        seen[kind] = [_scores(found, one.texts["short"]) for one, found in zip(scenes, verdicts)]
        rows.append(row_of(paper.name, kind, own, seen[kind]))
    differences = [difference(f"the short prompt's words: {kind} prompts against short ones", seen[kind], seen["short"]) for kind in ("expanded", "descriptive")]
    settings = {"scenes": count, "takes": 1, "seed": seed, "width": size.width, "height": size.height, "pictures": size.pictures,
                "steps of the walk": paper.default_steps, "weights": paper.version}
    yield Adherence("The built-in model asked in short, expanded and descriptive prompts", tuple(rows), tuple(differences), _bound(paper, scenes, size, judge), settings,
                  round(time.monotonic() - start, 1), machine())


def _name(ratio: float) -> str:
    return f"{100 * ratio:.0f} % descriptive"


def model_ratios(ratios: Sequence[float] = RATIOS) -> dict[str, float]:
    """Names of the models in a table, and their ratios: what a plot needs."""
    return {_name(ratio): ratio for ratio in ratios}


def _small(blends: Blends, ratio: float, paper: PaperBackend) -> PaperBackend:
    """A small model behind the contract, with the shipped autoencoder."""
    model = blends.model(ratio).eval()
    model.forget_strides()
    return PaperBackend(model, paper.autoencoder, paper.words, {"fused": False, "guidance": GUIDANCE, "shift": SHIFT, "steps": STEPS, "version": ""}, "cpu")


def _look(backend: PaperBackend, texts: Sequence[str], size: Size, takes: int, seed: int, steps: int, judge: Judge, batch: int = BATCH) -> list[list[Verdict]]:
    """What the judge sees in `takes` films of every prompt; take k of prompt i begins from the same noise whoever walks."""
    jobs = [(i, k) for i in range(len(texts)) for k in range(takes)]
    found: list[list[Verdict]] = [[] for _ in texts]
    for first in range(0, len(jobs), batch):
        part = jobs[first:first + batch]
        shape = (len(part), *backend.grid.latent_shape(size.pictures, size.width, size.height)[1:])
        walk = sample(backend.denoiser([texts[i] for i, _ in part]), operations.text(shape), noise(shape, [seed + 1000 * k + i for i, k in part]), backend.sigmas(steps, shape))
        *_, last = walk
        for (i, _), film in zip(part, torch.cat(list(backend.decode(last.x)), 2).float().clamp(-1, 1)):
            found[i].append(judge.of_film(film))
    return found


def _scores(verdicts: Sequence[Verdict], text: str) -> Scores:
    """For all that a prompt names and the judge can see, whether it saw it, film by film."""
    asked = {name: word for name, word in named(text).items() if name in JUDGED and all(name in verdict.chances for verdict in verdicts)}
    return {name: [verdict.word(name) == word for verdict in verdicts] for name, word in asked.items()}


def _bound(paper: PaperBackend, scenes: Sequence[Asked], size: Size, judge: Judge) -> dict[str, float]:
    """What the judge sees in the renderer's own films, packed and unpacked."""
    verdicts = [judge.of_film(through(paper, rendered(one.scene.scene, size))) for one in scenes]
    names = [name for name in JUDGED if size.pictures > 2 or name not in MOVING]
    return {name: sum(verdict.word(name) == one.scene.truth[name] for verdict, one in zip(verdicts, scenes)) / len(scenes) for name in names}


def write_page(folder: Path, facts: dict, tables: Sequence[Adherence]) -> Path:
    """Write captions.md with its plot and captions.json into `folder`; returns the page's path.

    facts    what the JSON says
    tables   of the small models, and of the built-in one where it was asked too
    """
    from engine.media import write_bytes

    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "captions.json", (json.dumps(facts, indent=1) + "\n").encode())
    write_bytes(folder / "captions.png", plot(tables[0], model_ratios()))
    parts = ["# What descriptive captions are worth", ABOUT, tables[0].markdown(), "![what was heard, against the ratio](captions.png)", *(table.markdown() for table in tables[1:])]
    path = folder / "captions.md"
    write_bytes(path, ("\n\n".join(part.strip() for part in parts) + "\n").encode())
    return path


ABOUT = """DALL-E 3 was taught on captions that a model had written, descriptive ones blended with the short ones of the web, and is asked in
prompts that a model has lengthened. Here that is tried in miniature, on held-out scenes of the paper world: subjects, colours and places
that training never put together. *Short words heard* is one question to every kind of prompt: of what the scene's short prompt names, the share
that the judge sees in what was made. *All its words heard* asks for everything that the prompt itself names, which is more of a descriptive one.
`cineloom evaluate captions` makes both tables again."""
