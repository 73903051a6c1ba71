"""Making: what is asked on the page or through the public functions, as jobs in line. Knows recipes and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.denoisers.catalog import describe
from engine.jobs import Job
from engine.recipe import compose

if TYPE_CHECKING:
    from app.desk.desk import Desk


class Making:
    """Puts takes in line."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk

    def submit(self, prompt: str, **asked) -> Job:
        """One take: see `submit_variations`."""
        return self.submit_variations(prompt, 1, **asked)[0]

    def submit_variations(
        self,
        prompt: str,
        count: int,
        *,
        seconds: float = 2.0,
        width: int = 256,
        height: int = 144,
        seed: int | None = None,
        steps: int | None = None,
        picture: str = "",
    ) -> list[Job]:
        """Check and snap what is asked and put it in line `count` times, each with the next seed; all of them or none.

        seconds   of film; 0 is a still picture
        picture   a name that `keep` gave: the film begins with it
        Raises BadRequest with a sentence.
        """
        still = seconds == 0 and not picture
        recipe, said = compose(
            prompt,
            operation="animate" if picture else "image" if still else "text",
            seconds=seconds,
            size=(width, height),
            seed=seed,
            steps=steps,
            model=describe(self.desk.backend),
            inputs=[self.desk.inputs.picture(picture)] if picture else (),
        )
        ids = self.desk.queue.submit_variations(recipe, count, self.desk.project, said)
        self.desk.keeper.wake()
        return [self.desk.line.job(id) for id in ids]
