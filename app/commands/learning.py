"""`cineloom train` and `cineloom evaluate`: the built-in model made again, and measured; its operations measured."""

from __future__ import annotations

import json
import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from app import settings
from app.commands import evaluating
from app.commands.saying import AsJson, Backend, answer, bar
from engine.errors import BadRequest

RUNS = settings.ROOT / "runs"


class Trained(str, Enum):
    """What can be trained."""

    paper = "paper"     # the built-in model
    judge = "judge"     # the classifier that measures it
    captioner = "captioner"     # says what film of it shows


class Device(str, Enum):
    """Where it is trained."""

    cpu = "cpu"
    cuda = "cuda"


class _Models(typer.core.TyperGroup):
    """A group in which every name that is no command's is a model's."""

    def resolve_command(self, ctx, args):
        return super().resolve_command(ctx, args) if args and args[0] in self.commands else ("", self.commands["MODEL"], args)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    evaluates = typer.Typer(cls=_Models, help="Measure how well a model does what it is told; or how good its operations are. Both answer in words, or with --json in one line.")
    evaluates.command("MODEL")(evaluate)
    evaluates.command("operations")(operations)
    evaluating.register(evaluates)
    app.add_typer(evaluates, name="evaluate")


def train(
    what: Annotated[Trained, typer.Argument(help="paper, the built-in model; judge, the classifier that measures it; or captioner, which says what a film shows.")],
    minutes: Annotated[float, typer.Option(min=0.0, max=1e6, help="Time it may take in all.")] = 60.0,
    device: Annotated[Device, typer.Option(help="Where it is trained.")] = Device.cpu,
    stage: Annotated[str | None, typer.Option(help="Only this stage of paper, for all the minutes.", show_default="all, one after another")] = None,
    folder: Annotated[Path, typer.Option(help="Checkpoints and curves; a run that was stopped goes on from there.", show_default="runs/paper")] = RUNS / "paper",
    into: Annotated[Path | None, typer.Option(help="Folder of the finished weights; assets/paper ships them.", show_default="FOLDER/weights")] = None,
    begin: Annotated[Path | None, typer.Option("--start", help="Weights to begin with, such as assets/paper; of the captioner, assets/captioner.", show_default="none")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, films and noise.")] = 0,
    descriptive: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of paper's captions that describe all there is; the rest is short.")] = 0.91,
    as_json: AsJson = False,
) -> None:
    """Train the built-in model on its drawn world.

    Keeps within the time it is given, and goes on where an earlier run in the same folder stopped.
    """
    began = time.monotonic()
    into = into or folder / "weights"
    with bar(f"training {what.value}") as shown:
        try:
            for line in _training(what, folder, minutes, device.value, stage, into, begin, seed, descriptive):
                shown.aside(line)
        except FileNotFoundError as error:      # a stage whose predecessor was left out
            raise BadRequest(str(error)) from error
    facts = {"trained": what.value, "folder": str(folder), "weights": str(into), "minutes": minutes, "device": device.value,
             "stage": stage, "seed": seed, "descriptive": descriptive, "seconds_spent": round(time.monotonic() - began, 1)}
    answer(facts, f"{what.value} is trained; its checkpoints are in {folder}, finished weights in {into}.", as_json)


def _training(what: Trained, folder: Path, minutes: float, device: str, stage: str | None, into: Path, begin: Path | None, seed: int, descriptive: float):
    """The lines of whichever training was asked."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise BadRequest("Training on cuda was asked, but torch finds no such device here; --device cpu would work.")
    if what is Trained.judge:
        from engine.training.judge import train_judge
        from engine.training.run import Budget

        judge = train_judge(folder / "world", into, Budget(minutes=minutes), seed)
        yield f"The judge is right in {json.dumps(judge.accuracy)} of films it never saw."
        return
    if what is Trained.captioner:
        from engine.training.captioner import train

        yield from train(folder, minutes=minutes, device=device, seed=seed, into=into, start=begin)
        return
    from engine.training.paper import STAGES, train

    if stage is not None and stage not in STAGES:
        raise BadRequest(f"There is no stage {stage!r:.40}; there are {', '.join(STAGES)}.")
    yield from train(folder, minutes=minutes, device=device, stage=stage, seed=seed, assets=into, start=begin, descriptive=descriptive)


def evaluate(
    model: Annotated[str, typer.Argument(help="Name of the model: paper.")],
    quick: Annotated[bool, typer.Option("--quick", help="Few prompts: rough figures in a few minutes.")] = False,
    prompts: Annotated[int | None, typer.Option(min=2, help="How many held-out prompts.", show_default="what --quick says")] = None,
    size: Annotated[str, typer.Option(help="Width x height of the films in pixels.")] = "256x144",
    pictures: Annotated[int, typer.Option(help="Length of the films; 9 at least, to see motion.")] = 33,
    seed: Annotated[int, typer.Option(min=0, help="Of prompts and noise: the same figures come out again.")] = 0,
    real: Annotated[Path | None, typer.Option(help="Folder of photographs and footage.", show_default="../shared/real, or none")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the figures as JSON.", show_default="runs/evaluation/MODEL-VERSION.json")] = None,
    card: Annotated[Path | None, typer.Option(help="Folder to write the model's card into, such as assets/paper.")] = None,
    run: Annotated[Path, typer.Option(help="Folder of the training that the card tells of.", show_default="runs/paper")] = RUNS / "paper",
    as_json: AsJson = False,
) -> None:
    """Measure how well a model does what it is told.

    On prompts that were held out from its training; the figures are printed and stored.
    """
    from engine.denoisers.catalog import open_backend
    from engine.media.writing import writing
    from engine.recipe import compose

    films_like, _ = compose("films of the size that is asked", model=model, size=size, pictures=pictures)     # snapped, or refused
    with bar(f"opening {model}") as shown:
        backend = open_backend(model)
        from engine.evaluation.report import Progress, Shown, Size, evaluate
        from engine.evaluation.table import Report

        report, films = None, []
        asked = Size(films_like.width, films_like.height, films_like.pictures)
        for event in evaluate(backend, real=settings.footage(real), count=prompts, seed=seed, quick=quick, size=asked):
            if isinstance(event, Progress):
                shown.show(event.part, event.done, event.total)
            elif isinstance(event, Shown):
                films.append(event)
            elif isinstance(event, Report):
                report = event
    out = out or RUNS / "evaluation" / f"{report.model}-{report.version}.json"
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        report.save(out)
        if card is not None:
            from engine.evaluation.card import read_runs, write_card

            write_card(card, report, films, *read_runs(run))
    answer({"path": str(out), **json.loads(report.to_json())}, f"{report.text()}\nStored in {out}", as_json)


def operations(
    quick: Annotated[bool, typer.Option("--quick", help="Few films: rough figures in a quarter of an hour.")] = False,
    only: Annotated[str, typer.Option(help="Parts, with commas: extend, loop, connect, edit, inpaint, finish, long.", show_default="all")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of prompts and noise: the same figures come out again.")] = 0,
    real: Annotated[Path | None, typer.Option(help="Folder of footage.", show_default="../shared/real, or none")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File for the figures as JSON.", show_default="runs/evaluation/MODEL-VERSION-operations.json")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder to write a page with films and curve into, such as assets/paper.")] = None,
    backend: Backend = "paper",
    as_json: AsJson = False,
) -> None:
    """Measure operations beside naive ways of them.

    Extend, loop, connect, edit, inpaint, finish and long film, on takes of prompts that were held out from training, and on footage.
    """
    import tempfile

    from engine.denoisers.catalog import open_backend
    from engine.media.writing import write_bytes

    films: dict[str, list] = {}
    with bar(f"opening {backend}") as shown, tempfile.TemporaryDirectory(prefix="cineloom-") as place:
        opened = open_backend(backend)
        from engine.evaluation.operations import Tried, evaluate_operations

        for event in evaluate_operations(opened, Path(place), only=[name.strip() for name in only.split(",") if name.strip()], quick=quick,
                                         real=settings.footage(real), seed=seed):
            if isinstance(event, str):
                shown.show(event)
            elif isinstance(event, Tried):
                films.setdefault(event.part, []).append(event.shown)
    table = event
    out = out or RUNS / "evaluation" / f"{table.model}-{table.version}-operations.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    facts = table.to_json()
    write_bytes(out, (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())
    if store is not None:
        from engine.evaluation.page import write_page

        write_page(store, table, films)
    answer({"path": str(out), **facts}, f"{table.text()}\nStored in {out}", as_json)
