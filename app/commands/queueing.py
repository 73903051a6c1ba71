"""`cineloom queue`: what the studio has in line, seen and changed from the command line, whether a studio is open or not.

Knows the queue of one home. Makes nothing itself: the studio that is open, or is opened next, does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import settings
from app.commands.saying import AsJson, answer
from engine.errors import BadRequest

if TYPE_CHECKING:
    from engine.jobs import Job, Queue

Home = Annotated[Path | None, typer.Option(help="Folder of your projects.", show_default="where the studio keeps them")]
Which = Annotated[str, typer.Argument(metavar="JOB", help="Its id, or as much of the beginning as no other has.")]
Whichever = Annotated[str, typer.Argument(metavar="[JOB]", help="Its id; without one, the whole line.", show_default=False)]
SHORT = 48          # characters of a prompt in the list


def register(app: typer.Typer) -> None:
    """Add the commands."""
    queue = typer.Typer(help="See and change what the studio has in line.")
    queue.callback(invoke_without_command=True)(_queue)
    queue.command("list")(list_jobs)
    for command in (pause, resume, cancel, enough, retry, move, edit):
        queue.command()(command)
    app.add_typer(queue, name="queue")


def _queue(context: typer.Context, home: Home = None, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_jobs(home=home, as_json=as_json)


def list_jobs(recent: Annotated[int, typer.Option(min=0, max=1000, help="How many that are over, too.")] = 5, home: Home = None,
              as_json: AsJson = False) -> None:
    """List what is being made, what waits, and what is over."""
    queue = _open(home)
    jobs, place = queue.jobs(recent=recent), 0
    lines = []
    for job in jobs:
        place += job.state == "waiting"
        lines.append(f"{place if job.state == 'waiting' else '':>3}  {_line(job)}")
    facts = {"paused": queue.paused, "working": queue.worker() is not None, "jobs": [job.to_json() for job in jobs]}
    head = ["The line is paused; `cineloom queue resume` lets it go on."] if queue.paused else []
    answer(facts, "\n".join(head + lines) or "Nothing is in line.", as_json)


def pause(job: Whichever = "", home: Home = None, as_json: AsJson = False) -> None:
    """Hold a job, or the whole line.

    What is being made stops at its next step, keeps what it has, and goes on from there.
    """
    _act(home, job, as_json, lambda queue, id: queue.pause(id), "The line is paused.")


def resume(job: Whichever = "", home: Home = None, as_json: AsJson = False) -> None:
    """Let a job, or the whole line, go on."""
    _act(home, job, as_json, lambda queue, id: queue.resume(id), "The line goes on.")


def cancel(job: Which, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a job: at once while it waits, at its next step while it is made."""
    _act(home, job, as_json, lambda queue, id: queue.cancel(id))


def enough(job: Which, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a job at its next step and keep what there is of it as a take."""
    _act(home, job, as_json, lambda queue, id: queue.enough(id))


def retry(job: Which, home: Home = None, as_json: AsJson = False) -> None:
    """Put a job that failed or was cancelled in line again."""
    _act(home, job, as_json, lambda queue, id: queue.retry(id))


def move(job: Which, to: Annotated[str, typer.Argument(help="up, down, top, bottom, or a place from 1.")], home: Home = None,
         as_json: AsJson = False) -> None:
    """Give a waiting job another place in line."""
    _act(home, job, as_json, lambda queue, id: queue.move(id, to))


def edit(
    job: Which,
    prompt: Annotated[str | None, typer.Option(help="What is to be seen.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the film.")] = None,
    size: Annotated[str | None, typer.Option(help="Width x height in pixels.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another film of the same words.")] = None,
    steps: Annotated[int | None, typer.Option(help="More steps take longer.")] = None,
    lora: Annotated[list[str] | None, typer.Option(metavar="NAME[:WEIGHT]", help="Lay these LoRAs over the model, and no others.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Change a waiting job; it is checked again. What is not named stays as it is."""
    from engine.denoisers.open.choosing import asked
    from engine.jobs.editing import edited

    width, height = _size(size)

    def change(queue: Queue, id: str) -> Job:
        was = queue.job(id).asked
        loras = [asked(text, was.backend) for text in lora] if lora else None
        recipe, said = edited(was, prompt=prompt, seconds=seconds, width=width, height=height, seed=seed, steps=steps, loras=loras)
        return queue.edit(id, recipe, said)

    _act(home, job, as_json, change)


def _act(home: Path | None, which: str, as_json: bool, do, words: str = "") -> None:
    """Find the job, do it, say what came of it."""
    queue = _open(home)
    job = do(queue, _find(queue, which) if which else None)
    if job is None:
        answer({"paused": queue.paused}, words, as_json)
        return
    waits = job.state == "waiting" and not job.held and queue.worker() is None
    notes = [*job.said, *(["It is made when a studio is open."] if waits else [])]
    answer({"job": job.to_json()}, "\n".join([_line(job), *notes]), as_json)


def _open(home: Path | None) -> Queue:
    """The queue of a home that is there: looking at one makes none. Raises BadRequest."""
    from engine.jobs import Queue

    folder = settings.home(home)
    if not (folder / "queue.db").is_file():
        raise BadRequest(f"There is no queue in {folder}; open the studio once, or name its folder with --home.")
    return Queue(folder)


def _find(queue: Queue, which: str) -> str:
    """The id that begins so. Raises BadRequest when there is none, or more than one."""
    if queue.job(which) is not None:
        return which
    found = [job.id for job in queue.jobs(recent=1000) if job.id.startswith(which)]
    if len(found) != 1:
        there = f"{len(found)} jobs begin with {which[:40]!r}; name one in full" if found else f"There is no job {which[:40]!r} here"
        raise BadRequest(f"{there}. `cineloom queue list` shows what there is.")
    return found[0]


def _size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(text) < 12):
        raise BadRequest(f"A size is a width and a height in pixels, such as 256x144; {text!r:.60} was asked.")
    return int(width), int(height)


def _line(job: Job) -> str:
    """A job as one line of a list."""
    how = job.message if job.state == "running" else "paused" if job.held else job.state
    if job.state == "running" or job.kept:
        how += f", {job.progress:.0%}"
    if job.left:
        how += f", about {max(1, round(job.left))} s left"
    prompt = job.recipe["prompt"]
    words = prompt if len(prompt) <= SHORT else prompt[: SHORT - 1] + "…"
    size = f"{job.recipe['width']}x{job.recipe['height']}"
    return f"{job.id}  {how:<24}  {words}  ({size}, {job.recipe['pictures']} pictures, seed {job.recipe['seed']})" + (
        f"\n     {job.error}" if job.error else "")
