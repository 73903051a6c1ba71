"""The public functions. One place for plain HTTP, gradio_client, the API page and, with the extra `mcp`, for MCP.

    tasks   submit   status   cancel        what to make, and what becomes of it
    takes   take     recipe   export        what was made
    bring                                   film and pictures from elsewhere
    projects   open_project                 where it lies

Knows names, types and docstrings, which are the documentation. What they do is the desk's.
Errors come back as gradio errors with our sentence.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from app import tasks as rows
from app.desk import Desk
from app.routes.media import file_name
from app.stubless import gradio as gr
from engine.errors import BadRequest, CineloomError
from engine.library import Take, finish

Task = Literal["text", "picture", "animate", "keyframes", "extend", "loop", "connect", "edit", "inpaint", "outpaint", "finish", "storyboard"]
State = Literal["", "favourites", "trash", "missing"]


def register(desk: Desk) -> None:
    """Register the public functions on the Blocks that is being built."""

    def tasks() -> list[dict[str, Any]]:
        """What can be asked for: every task with what it needs, its controls, their defaults and bounds."""
        return desk.model()["tasks"]

    def submit(
        prompt: str = "",
        task: Task = "text",
        seconds: float = 0,
        width: int = 0,
        height: int = 0,
        seed: str = "",
        steps: int = 0,
        film: str = "",
        second: str = "",
        variations: int = 1,
        model: str = "",
        wishes: dict[str, Any] = {},  # noqa: B006  gradio reads it as the default, nobody changes it
    ) -> dict[str, Any]:
        """Put a take in line and return its job: ask `status` with the job's id; the take will have the same id.

        Args:
            prompt: What the film shows. Empty where the film that is given says it.
            task: What to do, one of what `tasks` lists.
            seconds: Length of what is made; 0 is the task's own.
            width: Pixels, snapped to the model's grid; 0 is the task's own.
            height: Pixels, snapped to the model's grid; 0 is the task's own.
            seed: A whole number as text; empty means any.
            steps: Steps of the sampler; 0 is the model's own choice.
            film: Id of the take that the task works on: extend, loop, connect, edit, inpaint, outpaint, finish. For animate, a picture's.
            second: Id of the take that connect leads to.
            variations: How many, with seeds one after another; `jobs` of the answer has the ids of all.
            model: Name of the model that makes it, of those that are here; empty is the studio's own.
            wishes: Everything else that `tasks` lists, by its name, such as {"strength": 0.6} or {"after": 2, "before": 1}; or what
                `recipe` returned. What is said above comes before it.
        """
        given = {"prompt": prompt, "seconds": seconds, "width": width, "height": height, "seed": seed, "steps": steps,
                 "model": model, "second": second and {"take": second}, "variations": variations if variations != 1 else 0,
                 "task": task if task != "text" or not wishes.get("task") else ""}  # fmt: skip
        if film:
            given |= {"pictures": [{"take": film}]} if task == "animate" else {"film": {"take": film}}
        if task == "extend" and seconds:
            given |= {"after": seconds, "seconds": 0}
        asked = wishes | {name: value for name, value in given.items() if value}
        jobs = said(lambda: desk.making.make(rows.read(asked)))
        return plain(jobs[0].to_json()) | {"jobs": [job.id for job in jobs]}

    def status(job: str) -> dict[str, Any]:
        """How far a job is: its state (waiting, running, done, failed, cancelled), step, progress, seconds left, error.

        Args:
            job: The id that `submit` returned.
        """
        return plain(said(lambda: desk.line.job(job).to_json()))

    def cancel(job: str, keep: bool = False) -> dict[str, Any]:
        """Stop a job: at once while it waits, at its next step while it runs.

        Args:
            job: The id that `submit` returned.
            keep: Make a take of what there is of it by then.
        """
        return plain(said(lambda: (desk.line.enough if keep else desk.line.cancel)(job).to_json()))

    def takes(query: str = "", before: int = 0, limit: int = 60, only: State = "") -> list[dict[str, Any]]:
        """A page of takes of the open project, newest first, each with the addresses of its files.

        Args:
            query: Words that all stand in prompt, caption, notes or tags.
            before: The number of the last take of the page before; 0 for the first page.
            limit: How many, at most 200.
            only: Only favourites, what is in the trash, or takes whose film is missing.
        """
        page = said(lambda: desk.shelf.takes(query[:500], only=only, before=max(0, before) or None, limit=max(1, min(limit, 200))))
        return [described(entry) for entry in page]

    def take(id: str) -> dict[str, Any]:
        """One take: its recipe, sizes, and the addresses of its film, poster, strip and latents.

        Args:
            id: The take's id, which is its job's.
        """
        return described(said(lambda: desk.shelf.take(id)))

    def recipe(take: str) -> dict[str, Any]:
        """The wishes that ask for a take again: give them to `submit` as `wishes`, with another seed or other words.

        Args:
            take: The take's id.
        """
        return said(lambda: desk.making.restore(take))["wishes"]

    def export(take: str) -> dict[str, Any]:
        """Where to fetch a take's film, under a name that a person can read. The film carries its recipe.

        Args:
            take: The take's id.
        """
        one = said(lambda: desk.shelf.take(take))
        return {"address": f"/media/take/{one.id}/film?download=true", "name": file_name(one, Path(one.film).suffix), "bytes": one.bytes}

    def bring(file: gr.FileData) -> dict[str, Any]:
        """Bring a film or picture from elsewhere into the open project, as a take that others can be made of.

        Args:
            file: The file; gradio_client's `handle_file` sends one.
        """
        return described(said(lambda: finish(desk.library.import_file(sent(file)))))

    def projects() -> list[dict[str, Any]]:
        """Every project: its name, how many takes it has, whether it is open."""
        return said(desk.projects.list)

    def open_project(name: str, new: bool = False) -> list[dict[str, Any]]:
        """Open a project, for every page and program that looks at this studio. Returns what `projects` does.

        Args:
            name: Its name.
            new: Begin an empty one of that name.
        """
        said(lambda: (desk.projects.new if new else desk.projects.open)(name))
        return said(desk.projects.list)

    for function in (tasks, submit, status, cancel, takes, take, recipe, export, bring, projects, open_project):
        gr.api(function, api_name=function.__name__, queue=False)


def described(take: Take) -> dict[str, Any]:
    """A take with the addresses of its files, relative to the studio's own."""
    files = {what: f"/media/take/{take.id}/{what}" for what in ("film", "poster", "strip", "latents")}
    return plain(take.to_json()) | {"files": files}


def plain(value: Any) -> Any:
    """The same without paths of this machine: of a recipe's inputs only the name stays.

    gradio_client takes every object with a "path" for a file that it may fetch, and fails where it may not.
    """
    if isinstance(value, dict):
        return {"name" if name == "path" else name: Path(one).name if name == "path" and isinstance(one, str) else plain(one)
                for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def sent(file: dict) -> Path:
    """The file that was sent, where gradio put it. The path is the caller's word: one that leads elsewhere is refused."""
    path = file.get("path") if isinstance(file, dict) else getattr(file, "path", None)
    place = Path(os.environ["GRADIO_TEMP_DIR"]).resolve()
    if not isinstance(path, str) or not Path(path).resolve().is_relative_to(place) or not Path(path).is_file():
        raise BadRequest("The file did not come with the request; send it first, as gradio_client's handle_file does.")
    return Path(path)


def said(do):
    """Run it; one of our errors becomes gradio's, so that the caller reads the sentence."""
    try:
        return do()
    except CineloomError as error:
        raise gr.Error(str(error), print_exception=False) from error
