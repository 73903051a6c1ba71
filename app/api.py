"""The public functions: submit, status, cancel, takes, take. One place for plain HTTP, gradio_client and the API page.

Knows names, types and docstrings, which are the documentation. What they do is the desk's.
Errors come back as gradio errors with our sentence.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.desk import Desk
from engine.errors import CineloomError
from engine.library import Take


def register(desk: Desk) -> None:
    """Register the public functions on the Blocks that is being built."""

    def submit(
        prompt: str,
        seconds: float = 2.0,
        width: int = 256,
        height: int = 144,
        seed: str = "",
        steps: int = 0,
    ) -> dict[str, Any]:
        """Put a take in line and return its job: ask `status` with the job's id; the take will have the same id.

        Args:
            prompt: What the film shows.
            seconds: Length of the film; 0 is a still picture.
            width: Pixels, snapped to the model's grid.
            height: Pixels, snapped to the model's grid.
            seed: A whole number as text; empty means any.
            steps: Steps of the sampler; 0 is the model's own choice.
        """
        from app.routes.making import read_seed

        return asked(
            lambda: desk.making.submit(
                prompt, seconds=seconds, width=width, height=height, seed=read_seed(seed), steps=steps or None
            ).to_json()
        )

    def status(job: str) -> dict[str, Any]:
        """How far a job is: its state (waiting, running, done, failed, cancelled), step, progress, seconds left, error.

        Args:
            job: The id that `submit` returned.
        """
        return asked(lambda: desk.line.job(job).to_json())

    def cancel(job: str) -> dict[str, Any]:
        """Stop a job: at once while it waits, at its next step while it runs.

        Args:
            job: The id that `submit` returned.
        """
        return asked(lambda: desk.line.cancel(job).to_json())

    def takes(query: str = "", before: int = 0, limit: int = 60) -> list[dict[str, Any]]:
        """A page of takes, newest first, each with the addresses of its files.

        Args:
            query: Words that all stand in the prompt.
            before: The number of the last take of the page before; 0 for the first page.
            limit: How many, at most 200.
        """
        page = asked(lambda: desk.shelf.takes(query, before=before or None, limit=max(1, min(limit, 200))))
        return [described(entry) for entry in page]

    def take(id: str) -> dict[str, Any]:
        """One take: its recipe, sizes, and the addresses of its film, poster, strip and latents.

        Args:
            id: The take's id, which is its job's.
        """
        return described(asked(lambda: desk.shelf.take(id)))

    for function in (submit, status, cancel, takes, take):
        gr.api(function, api_name=function.__name__, queue=False)


def described(take: Take) -> dict[str, Any]:
    """A take with the addresses of its files, relative to the studio's own."""
    files = {what: f"/media/take/{take.id}/{what}" for what in ("film", "poster", "strip", "latents")}
    return take.to_json() | {"files": files}


def asked(do):
    """Run it; one of our errors becomes gradio's, so that the caller reads the sentence."""
    try:
        return do()
    except CineloomError as error:
        raise gr.Error(str(error)) from error
