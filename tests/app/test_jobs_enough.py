"""A job that somebody has seen enough of becomes a take as it is; and what is measured of a take is kept with it."""

from __future__ import annotations

import pytest
from fakes import recipe

from engine.denoisers.drawn import DrawnBackend
from engine.errors import BadRequest
from engine.jobs.figures import figures_of
from engine.jobs.process import identity
from engine.jobs.worker import Worker
from engine.library import Library, finish
from engine.make import make
from engine.recipe.operating import extend


class Asks:
    """A maker that does what the real one does, and asks the queue for the take after so many steps."""

    def __init__(self, queue, steps):
        self.queue, self.steps, self.id = queue, steps, ""

    def __call__(self, asked, folder, **more):
        from engine.events import Stepped

        for event in make(asked, DrawnBackend(), folder, **more):
            yield event
            if isinstance(event, Stepped) and event.index + 1 == self.steps:
                self.queue.enough(self.id)


def test_what_there_is_becomes_a_take(queue, home, library):
    maker = Asks(queue, 2)
    id = maker.id = queue.submit(recipe(steps=8))
    Worker(home, maker).run()
    job, take = queue.job(id), library.take(id)
    assert (job.state, job.error) == ("done", None)
    assert take.pictures == 17 and take.figures == {"part": 3 / 8} and take.file("film").stat().st_size
    assert take.recipe["steps"] == 8 and take.to_json()["figures"] == {"part": 0.375}
    assert list((library.folder / "making").iterdir()) == []


def test_a_paused_job_goes_a_step_further_for_it(queue, home, library):
    id = queue.submit(recipe(steps=8))

    class Pauses(Asks):
        def __call__(self, asked, folder, **more):
            from engine.events import Stepped

            for event in make(asked, DrawnBackend(), folder, **more):
                yield event
                if isinstance(event, Stepped) and event.index == 3:
                    self.queue.pause(id)

    Worker(home, Pauses(queue, 0)).run()
    assert (queue.job(id).state, queue.job(id).held) == ("waiting", True) and queue.job(id).kept >= 4
    kept = queue.job(id).kept
    assert queue.enough(id).held is False
    Worker(home).run()
    assert queue.job(id).state == "done" and library.take(id).figures == {"part": (kept + 1) / 8}


def test_what_has_not_begun_or_is_over_is_refused_in_a_sentence(queue):
    id = queue.submit(recipe())
    with pytest.raises(BadRequest, match="nothing of it is made yet"):
        queue.enough(id)
    queue.take_up(identity(), "here")
    assert queue.enough(id).enough and queue.job(id).message == "keeping what there is"
    queue.cancel(id)
    queue.stopped(id, identity())
    with pytest.raises(BadRequest, match="it was cancelled"):
        queue.enough(id)
    assert queue.retry(id).enough is False


# ---- figures


def test_the_joins_of_a_take_are_measured_and_kept_and_travel_in_a_zip(queue, home, library, tmp_path):
    queue.submit(recipe(steps=4))
    Worker(home).run()
    first = library.takes()[0]
    asked, _ = extend(first.file("film"), model="drawn", after=0.5, steps=4)
    id = queue.submit(asked)
    Worker(home).run()
    figures = library.take(id).figures
    assert [join["picture"] for join in figures["joins"]] == [17] and 0 < figures["seam"] < 20
    assert figures["joins"][0]["difference"] == figures["seam"] and set(figures) == {"joins", "seam"}
    zip = finish(library.export(tmp_path / "project.zip"))
    other = Library.open(home, "other")
    finish(other.open_zip(zip))
    assert other.take(id).figures == figures and other.take(first.id).figures == {}


def test_a_take_is_not_lost_over_a_measure_that_fails(queue, home, library, tmp_path):
    queue.submit(recipe(steps=2))
    Worker(home).run()
    asked, _ = extend(library.takes()[0].file("film"), model="drawn", after=0.5, steps=2)
    *_, last = make(asked, DrawnBackend(), tmp_path)
    assert "seam" in figures_of(last.made)
    last.made.film.write_bytes(b"no film")
    assert figures_of(last.made) == {}


@pytest.mark.parametrize("said", [[], {"joins": 3}, {"part": "<b>"}, {"seam": float("nan")}, {"joins": [{"picture": True}]}, {"seam": -1},
                                  {"named": []}, {"named": {"subject": "fox"}}, {"named": {"subject": ["<b>", 0.5]}}, {"named": {"subject": ["fox", "much"]}}, {"follows": "yes"}])
def test_figures_are_numbers(library, said):
    from engine.library import tidying

    with pytest.raises(BadRequest):
        tidying.figures(said)


def test_names_that_are_not_known_are_left_out():
    from engine.library import tidying

    assert tidying.figures({"part": 0.5, "evil": "x", "joins": [{"picture": 3, "who": 1, "velocity": None}]}) == {"part": 0.5, "joins": [{"picture": 3}]}
    assert tidying.figures({"follows": 0.5, "named": {"subject": ["fox", 0.5], "owner": ["fox", 1]}}) == {"follows": 0.5, "named": {"subject": ["fox", 0.5]}}


def test_the_command_line_says_it_too(queue, home, capsys):
    import json

    from app import cli

    id = queue.submit(recipe())
    assert cli.main(["queue", "enough", id, "--home", str(home), "--json"]) == 2
    assert "nothing of it is made yet" in json.loads(capsys.readouterr().out)["error"]
    queue.take_up(identity(), "here")
    assert cli.main(["queue", "enough", id, "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["job"]["enough"] is True
