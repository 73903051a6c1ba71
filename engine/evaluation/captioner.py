"""Captioner: how often the sentences of the built-in captioner are true.

    renders      held-out scenes, drawn: what the caption says against what was drawn
    takes        the built-in model's films of held-out prompts: against the prompt, and against what the judge sees, who knows no latents
    around       caption of a render, the model's film of that caption, caption of that film: how much of it comes back
    elsewhere    real footage and photographs, of which nothing should be said; and renders, of which something should

Knows a backend, the captioner, the judge and the world's renderer. What it yields on the way is a sentence; at last it yields the report.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from engine.captioner.captioner import BuiltIn
from engine.captioner.seeing import seen
from engine.denoisers.base import Backend
from engine.errors import BadMedia
from engine.evaluation.judge import Judge
from engine.evaluation.measures import as_bytes
from engine.evaluation.prompts import JUDGED, Prompt, chance, held_out_prompts
from engine.evaluation.report import Size, make_film, rendered
from engine.evaluation.table import Measure, Report
from engine.evaluation.tally import Tally
from engine.words.naming import named

FULL, QUICK = (96, 24, 12), (40, 10, 5)      # renders, takes, and captions that go around
SIZE = Size(256, 144, 33)
CARD = """# The built-in captioner

Says in a sentence what a film of the paper world shows: `cineloom caption FILM`. It knows {words} words, those of that world's
captions, and nothing else. Film of another world it is meant to refuse: where it answers with its word for that, or where the mean
log-probability of its sentence is below {least}, it says nothing.

It reads latents of the built-in model's autoencoder, and what the first two blocks of that model's transformer make of them; both
are the shipped ones, and not taught again; by others it is not opened, while another decoder is all one to it. Its own 3.3 MB of weights (float16) are two layers that see and two that tell.

## How it was made

{made}

The clips are of the paper world: pictures and films of 9 to 33 pictures, 128x80 to 256x144, with their plain captions; half of them with up to 0.35
of noise added. Some are of no world at all (dead leaves, noise, the world in pieces), to be answered with one word for it.
Combinations of subject, colour and place that are held out were never shown. `cineloom train captioner` makes it again, with
`--start assets/captioner` on weights that are there.

## What was measured

{table}
{skipped}

`cineloom evaluate captioner` measures it again. *The judge* is the classifier that measures the built-in model; it sees pixels, and
was taught apart. Motion and camera are read from two seconds of film. A caption is asked for eight attributes; what it leaves out counts
as wrong.
"""


def evaluate_captioner(captioner: BuiltIn, backend: Backend | None, *, counts: tuple[int, int, int] = FULL, seed: int = 0, real: Path | None = None,
                       judge: Judge | None = None, size: Size = SIZE) -> Iterator[str | Report]:
    """Measure the captioner; yields sentences, and at last the Report.

    backend   the model whose takes it is shown; None leaves takes and what goes around out
    counts    renders, takes, captions that go around
    seed      of scenes and noise: the same figures come out again
    real      folder of footage and photographs; None leaves that part out
    """
    start, tally, skipped = time.monotonic(), Tally(), []
    prompts = held_out_prompts(counts[0], seed + 11)        # other scenes than those that the model and the judge are measured with
    around: list[str] = []
    for i, prompt in enumerate(prompts):
        yield f"render {i + 1} of {len(prompts)}"
        film = rendered(prompt.scene, size)
        said = _tells(captioner, film, tally, "renders")
        _add(tally, "renders", said, prompt.truth)
        short = named(captioner.describe(as_bytes(film), short=True).text)
        for name in ("subject", "place", "time"):
            tally.add(f"short.{name}", short.get(name) == prompt.truth[name])
        if len(around) < counts[2]:
            around.append(said)
    if backend is None:
        skipped.append("No takes were made: no model was given.")
    else:
        yield from _takes(captioner, backend, judge or Judge.open(), counts[1], seed, size, tally)
        for i, said in enumerate(around):
            yield f"around {i + 1} of {len(around)}"
            back = named(_tells(captioner, make_film(backend, said, size, seed + i, backend.default_steps), tally, "made"))
            for name, word in named(said).items():
                tally.add(f"around.{name}", back.get(name) == word)
    if real is None:
        skipped.append("Nothing real was shown: there is no folder of footage.")
    else:
        for path in sorted(real.iterdir()):
            try:
                pictures = seen(path)
            except BadMedia:            # prompts and notes lie there too
                continue
            yield f"looking at {path.name}"
            tally.add("real.refused", not captioner.describe(pictures).text)
    yield Report("captioner", str(captioner.facts["trained"]["steps"]), {"renders": counts[0], "takes": counts[1], "around": counts[2], "seed": seed,
                 "width": size.width, "height": size.height, "pictures": size.pictures}, tuple(_rows(tally, prompts)), tuple(skipped), round(time.monotonic() - start, 1))


def _takes(captioner: BuiltIn, backend: Backend, judge: Judge, count: int, seed: int, size: Size, tally: Tally) -> Iterator[str]:
    for i, prompt in enumerate(held_out_prompts(count, seed + 12)):
        yield f"take {i + 1} of {count}"
        film = make_film(backend, prompt.text, size, seed + i, backend.default_steps)
        said = _tells(captioner, film, tally, "made")
        _add(tally, "takes", said, prompt.truth)
        verdict = judge.of_film(film)
        _add(tally, "judged", said, {name: verdict.word(name) for name in JUDGED})
        tally.verdict("judge", verdict, prompt)


def _tells(captioner: BuiltIn, film: Tensor, tally: Tally, kind: str) -> str:
    """The sentence about a film (3, N, H, W) in -1..1; how often there is one, and how sure it is, are counted."""
    said = captioner.describe(as_bytes(film))
    tally.add(f"{kind}.said", bool(said.text))
    tally.add(f"{kind}.certainty", said.certainty)
    return said.text


def _add(tally: Tally, key: str, said: str, truth: dict[str, str]) -> None:
    """Whether a caption names what is true, attribute by attribute; what is not named is not right."""
    says = named(said)
    for name in JUDGED:
        tally.add(f"{key}.{name}", says.get(name) == truth[name])


def _rows(tally: Tally, prompts: list[Prompt]) -> Iterator[Measure]:
    def row(key: str, title: str, note: str = "", least: float | None = None) -> Iterator[Measure]:
        if (value := tally.mean(key)) is not None:
            yield Measure(key, title, "share", value, tally.count(key), chance=least, note=note)

    for key, title in (("renders", "is as it was drawn"), ("takes", "is as a take's prompt says"), ("judged", "is as the judge sees a take"),
                       ("judge", "of a take is as its prompt says, the judge's word"), ("around", "comes back: caption, film, caption")):
        if (value := tally.together(key, JUDGED)) is not None:
            yield Measure(f"{key}.mean", f"all of it {title}", "share", value, tally.count(f"{key}.subject"))
        for name in JUDGED:
            yield from row(f"{key}.{name}", f"{name} {title}", least=chance(prompts, name) if key == "renders" else None)
    for name in ("subject", "place", "time"):
        yield from row(f"short.{name}", f"{name} in a short caption is as it was drawn")
    yield from row("renders.said", "renders of which it speaks")
    yield from row("made.said", "takes of which it speaks")
    yield from row("real.refused", "real films and photographs of which it says nothing")
    for key, title in (("renders.certainty", "how sure it is of renders"), ("made.certainty", "how sure it is of takes")):
        if (value := tally.mean(key)) is not None:
            yield Measure(key, title, "mean log-probability", value, tally.count(key))


def write_card(folder: Path, report: Report, facts: dict) -> None:
    """README.md and measures.json of the captioner, into its folder."""
    report.save(folder / "measures.json")
    (folder / "README.md").write_text(CARD.format(
        made=_made(facts["trained"]),
        least=facts.get("least", "none"), words=len(facts["vocabulary"]), table=report.markdown(), skipped="\n".join(report.skipped)).rstrip() + "\n")


def _made(trained: dict) -> str:
    """How it was trained, the first round first, a line for each."""
    rounds = [trained]
    while "started from" in rounds[-1]:
        rounds.append(rounds[-1]["started from"])
    return "\n".join(f"- {one['steps']:,} steps in {one['minutes']:g} minutes of training on `{one['device']}`, seed {one['seed']}, beside other work on two cores, "
                     f"on latents of {one['clips']:,} clips.{' ' + one['note'] if one.get('note') else ''}" for one in reversed(rounds))
