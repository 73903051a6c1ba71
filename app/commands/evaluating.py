"""`cineloom evaluate captions` and `captioner`: what descriptive captions are worth, in training and in use, and how true are those that are told.

Knows options and where figures are stored. What is measured is the engine's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from app.commands.saying import AsJson, answer, bar

RUNS = settings.ROOT / "runs"


def register(evaluates: typer.Typer) -> None:
    """Add the commands to those of `evaluate`."""
    for command in (captions, captioner):
        evaluates.command()(command)


def captions(
    minutes: Annotated[float, typer.Option(min=0.0, max=1e5, help="Of training for each of the three small models; they are taught side by side.")] = 10.0,
    scenes: Annotated[int, typer.Option(min=2, max=10_000, help="How many held-out scenes.")] = 96,
    takes: Annotated[int, typer.Option(min=1, max=100, help="Takes of each prompt by the small models.")] = 3,
    seen: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many pictures the small models are taught on.")] = 4096,
    expansion: Annotated[bool, typer.Option("--expansion/--no-expansion", help="The built-in model on short, expanded and descriptive prompts too, one take of four times as many scenes.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, pictures, prompts and noise.")] = 0,
    folder: Annotated[Path, typer.Option(help="Pictures, checkpoint and curve; what was stopped goes on from there.", show_default="runs/captions")] = RUNS / "captions",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the figures as JSON.", show_default="FOLDER/captions.json")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder to write a page with a plot into, such as assets/paper.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what descriptive captions are worth.

    One small model is taught three times on the same pictures, with 0, 65 and 95 % of their captions descriptive and the
    rest short, and asked for held-out scenes in short and in descriptive prompts; the judge says what is to be seen.
    Then the built-in model is asked for them in short prompts, in expanded and in descriptive ones.
    """
    from engine.denoisers.catalog import open_backend
    from engine.media.writing import write_bytes

    with bar("opening paper") as shown:
        paper = open_backend("paper")
        from engine.evaluation.captions import WIDER, evaluate_captions, evaluate_expansion, write_page
        from engine.evaluation.adherence import Adherence
        from engine.training.blends import Scale

        tables = []
        parts = [evaluate_captions(folder, paper, minutes=minutes, count=scenes, takes=takes, seed=seed, scale=Scale(clips=seen))]
        parts += [evaluate_expansion(paper, count=WIDER * scenes, seed=seed)] if expansion else []
        for part in parts:
            for event in part:
                if isinstance(event, Adherence):
                    tables.append(event)
                else:
                    shown.show(event)
    facts = {"training": tables[0].to_json(), "use": tables[1].to_json() if expansion else None}
    out = out or folder / "captions.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, (json.dumps(facts, indent=1) + "\n").encode())
    if store is not None:
        write_page(store, facts, tables)
    answer({"path": str(out), **facts}, "\n\n".join([*(table.text() for table in tables), f"Stored in {out}"]), as_json)


def captioner(
    quick: Annotated[bool, typer.Option("--quick", help="Few films: rough figures in a few minutes.")] = False,
    takes: Annotated[bool, typer.Option("--takes/--no-takes", help="Takes of the built-in model too, which have to be made.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Of scenes and noise: the same figures come out again.")] = 0,
    weights: Annotated[Path | None, typer.Option(help="Folder of the captioner.", show_default="assets/captioner")] = None,
    real: Annotated[Path | None, typer.Option(help="Folder of photographs and footage.", show_default="../shared/real, or none")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the figures as JSON.", show_default="runs/evaluation/captioner.json")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder to write the captioner's card into, such as assets/captioner.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how true the built-in captioner's sentences are.

    On held-out scenes as they are drawn, on takes of the built-in model, from a caption to a film and back to a caption, and on
    real footage, of which it should say nothing.
    """
    from engine.denoisers.catalog import open_backend
    from engine.media.writing import writing

    with bar("opening the captioner") as shown:
        backend = open_backend("paper") if takes else None
        from engine.captioner.captioner import BuiltIn
        from engine.evaluation.captioner import FULL, QUICK, evaluate_captioner, write_card

        speaker = BuiltIn.open(weights)
        for event in evaluate_captioner(speaker, backend, counts=QUICK if quick else FULL, seed=seed, real=settings.footage(real)):
            if isinstance(event, str):
                shown.show(event)
    out = out or RUNS / "evaluation" / "captioner.json"
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        event.save(out)
        if store is not None:
            write_card(store, event, speaker.facts)
    answer({"path": str(out), **json.loads(event.to_json())}, f"{event.text()}\nStored in {out}", as_json)
