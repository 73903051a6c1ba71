"""`cineloom cut make`, `again`, `candidates`, `accept`, `reject`: film that is missing in a cut, made by the studio's own queue.

    make ─→ jobs in line ─→ takes ─→ candidates beside the cut ─→ accept: one undo step

Knows options and what is printed. What is made of a clip is engine.timeline.generating's, the line is the desk's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.cuts import Which, say, which
from app.commands.library import FIRST_PROJECT, Home, Project, open_project
from app.commands.mannering import wished, with_manners
from app.commands.operating import Area, numbers
from app.commands.saying import AsJson, Backend, answer, bar
from engine.errors import BadRequest

if TYPE_CHECKING:
    from app.desk import Desk

LOOK = 0.2              # seconds between looks at the line
One = Annotated[str, typer.Argument(metavar="CANDIDATE", help="Its id, as `candidates` says it.")]
Times = Annotated[int, typer.Option(min=1, max=8, help="How many candidates.")]
Later = Annotated[bool, typer.Option("--later", help="Only put it in line: a studio that is open makes it, or the next one.")]


def register(cut: typer.Typer) -> None:
    """Add the commands to those of a cut."""
    cut.command("make")(with_manners(make))
    for command in (again, candidates, accept, reject):
        cut.command(command.__name__)(command)


def make(
    cut: Which,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="extend, precede, connect, loop, edit, variation or retake.")],
    item: Annotated[str, typer.Argument(metavar="CLIP", help="The clip, by its id in the cut; of a retake the one that the stretch begins in.")],
    prompt: Annotated[str, typer.Argument(metavar="[PROMPT]", help="What is to be seen.", show_default="the words that made the film")] = "",
    frames: Annotated[int, typer.Option(min=0, help="How much is made, in frames of the cut.", show_default="the gap there is")] = 0,
    start: Annotated[int | None, typer.Option("--from", min=0, help="Of a retake: the first frame of the cut that is made anew.")] = None,
    stop: Annotated[int | None, typer.Option("--to", min=1, help="And the one to stop before.")] = None,
    strength: Annotated[float | None, typer.Option(min=0, max=1, help="How far film is changed: 0 keeps it, 1 makes it anew.", show_default="what usually does")] = None,
    area: Area = None,
    times: Times = 1,
    later: Later = False,
    backend: Backend = "",
    home: Home = None,
    project: Project = FIRST_PROJECT,
    as_json: AsJson = False,
) -> None:
    """Have film made for a clip: each is a candidate beside the cut, until it is accepted."""
    desk, id, revision = _opened(home, project, cut, backend)
    if (start is None) != (stop is None):
        raise BadRequest("A stretch is said by --from and --to, both in frames of the cut.")
    manner = wished(desk.backend, desk.inputs.keep_file)
    _made(desk, id, later, as_json, lambda: desk.cutting.make(id, revision, kind, item, frames=frames, prompt=prompt, strength=strength, times=times,
                                                              area=numbers(area, "area"), span=() if start is None else (start, stop), manner=manner))  # fmt: skip


def again(cut: Which, candidate: One, times: Times = 1, later: Later = False, backend: Backend = "", home: Home = None, project: Project = FIRST_PROJECT,
          as_json: AsJson = False) -> None:
    """Have more made of what a candidate was made of: the same words, stretch and strength, and other chance."""
    desk, id, _ = _opened(home, project, cut, backend)
    _made(desk, id, later, as_json, lambda: desk.cutting.again(id, candidate, times))


def candidates(cut: Which, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """List what could come into a cut as it is now."""
    desk, id, _ = _opened(home, project, cut)
    _say(desk.cutting.open(id), as_json)


def accept(cut: Which, candidate: One, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Put a candidate into its place; `undo` takes that back."""
    desk, id, revision = _opened(home, project, cut)
    desk.cutting.accept(id, revision, candidate)
    say(desk.cutting.history.open(id), as_json)


def reject(cut: Which, candidate: One, home: Home = None, project: Project = FIRST_PROJECT, as_json: AsJson = False) -> None:
    """Put a candidate away; its take stays among the takes."""
    desk, id, _ = _opened(home, project, cut)
    _say(desk.cutting.reject(id, candidate), as_json)


# ---- helpers

def _opened(home: Path | None, project: str, cut: str, backend: str = "") -> tuple[Desk, str, int]:
    """A desk over a project that is there, the cut's id, and its revision. Nobody makes anything yet."""
    from app.desk import Desk

    folder = open_project(home, project).folder
    desk = Desk(folder.parent, backend=backend, project=folder.name)
    version = which(desk.cutting.history, cut)
    return desk, version.cut.id, version.revision


def _made(desk: Desk, id: str, later: bool, as_json: bool, ask: Callable[[], dict]) -> None:
    """Ask for candidates, have them made unless that is for later, and say which came."""
    before = {one["id"] for one in desk.cutting.open(id)["candidates"]}
    new = [one["id"] for one in ask()["candidates"] if one["id"] not in before]
    if not later:
        _wait(desk, new)
    _say(desk.cutting.open(id), as_json, new)


def _wait(desk: Desk, jobs: list[str]) -> None:
    """Wait until these jobs are over. Whoever is at work on this home makes them, or a worker of our own."""
    try:
        desk.start()
        with bar("making film") as shown:
            while waiting := [job for job in map(desk.line.job, jobs) if not job.over]:
                one = next((job for job in waiting if job.state == "running"), waiting[0])
                shown.show(one.message or "in line", one.progress, 1)
                time.sleep(LOOK)
    finally:
        desk.close()
    for job in map(desk.line.job, jobs):
        if job.state != "done":
            raise BadRequest(job.error or f"The job {job.id} was {job.state}.")


def _say(said: dict, as_json: bool, only: list[str] | None = None) -> None:
    found = [one for one in said["candidates"] if only is None or one["id"] in only]
    words = [f"{one['id']:<11} {one['kind']:<10} {one['state']:<8} {f'''seam {one['score']:.2f}''' if one['score'] else '':<10} for {', '.join(one['over'])}"
             + (f"  {one['why']}" if one["why"] else "") for one in found]  # fmt: skip
    answer({"cut": said["cut"]["id"], "revision": said["revision"], "candidates": found}, "\n".join(words) or "Nothing was made for this cut that could come into it now.", as_json)
