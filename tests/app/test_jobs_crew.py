"""One worker for each accelerator: how many there are and what each is shown, with real processes and counts that are said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fakes import recipe

from engine.errors import BadRequest
from engine.jobs.crew import Crew, Post, posts

FAKES = Path(__file__).parent / "fakes.py"
HERE = [sys.executable, str(FAKES)]


@pytest.mark.parametrize("there, said, found", [
    (0, {}, [("here", None)]),
    (1, {}, [("here", None)]),
    (1, {"CUDA_VISIBLE_DEVICES": "0"}, [("here", None)]),
    (3, {}, [("here", "0"), ("cuda:1", "1"), ("cuda:2", "2")]),
    (4, {"CINELOOM_PARALLEL": "2"}, [("here", "0,1"), ("cuda:1", "2,3")]),
    (5, {"CINELOOM_PARALLEL": "2"}, [("here", "0,1"), ("cuda:1", "2,3")]),
    (1, {"CINELOOM_PARALLEL": "2"}, [("here", None)]),
    (4, {"CINELOOM_WORKERS": "1"}, [("here", "0")]),
    (2, {"CINELOOM_WORKERS": "3"}, [("here", "0"), ("cuda:1", "1"), ("cuda:2", "0")]),
    (4, {"CUDA_VISIBLE_DEVICES": "3, 1"}, [("here", "3"), ("cuda:1", "1")]),
    (4, {"CUDA_VISIBLE_DEVICES": ""}, [("here", None)]),
    (4, {"CUDA_VISIBLE_DEVICES": "-1"}, [("here", None)]),
    (0, {"CINELOOM_WORKERS": "2"}, [("here", None), ("cuda:1", None)]),
])
def test_there_is_a_worker_for_each_accelerator(there, said, found):
    assert posts(there, said) == tuple(Post(*one) for one in found)


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5", "65"])
def test_a_count_that_is_none_is_said(said):
    with pytest.raises(BadRequest, match="CINELOOM_WORKERS is a whole number from 1 to 64"):
        posts(2, {"CINELOOM_WORKERS": said})


@pytest.fixture
def crew(queue):
    """Begin a crew of so many accelerators; its workers use a fake maker."""
    made = []

    def begin(there: int, maker: str | list[str] = "seeing") -> Crew:
        made.append(Crew(queue, command=[*HERE, maker] if isinstance(maker, str) else maker, count=lambda: there).start())
        return made[-1]

    yield begin
    for one in made:
        one.close()


def test_jobs_are_made_side_by_side_each_worker_on_its_own_accelerator(queue, library, crew, until):
    crew(2)
    ids = [queue.submit(recipe(name, steps=100)) for name in ("one", "two", "three")]
    until(lambda: sum(queue.job(id).step > 0 for id in ids) == 2, "two at once")
    running = [queue.job(id) for id in ids[:2]]
    assert [job.state for job in running] == ["running"] * 2 and running[0].worker != running[1].worker and queue.job(ids[2]).state == "waiting"
    queue.cancel(ids[2])
    until(lambda: all(queue.job(id).over for id in ids), "the end of all")
    assert sorted(library.take(id).version for id in ids[:2]) == ["0", "1"]


def test_one_job_begins_one_worker_and_one_that_asks_for_another_device_that_one(queue, library, crew, until):
    both = crew(2)
    id = queue.submit(recipe("one", steps=20))
    until(lambda: queue.job(id).over, "its end")
    assert library.take(id).version == "0" and both.keepers[1].child is None
    id = queue.submit(recipe("two", steps=2), device="cuda:1")
    until(lambda: queue.job(id).over, "its end")
    assert library.take(id).version == "1"


def test_a_worker_that_dies_over_its_job_is_seen_to_and_the_others_go_on(queue, library, crew, until):
    crew(2)
    ids = [queue.submit(recipe(name, steps=60)) for name in ("one", "two")]
    until(lambda: all(queue.job(id).step > 2 for id in ids), "both at work")
    second = next(queue.job(id) for id in ids if queue.job(id).worker == queue.worker("cuda:1")["who"])
    other = next(id for id in ids if id != second.id)
    os.kill(int(second.worker.partition("@")[0]), 9)
    until(lambda: all(queue.job(id).over for id in ids), "the end of both")
    assert [queue.job(id).state for id in ids] == ["done"] * 2 and queue.job(second.id).resumed > 0
    assert library.take(other) is not None


def test_an_accelerator_that_no_worker_can_be_had_on_leaves_the_work_to_the_others(queue, library, crew, until):
    broken = "import os, runpy, sys\nif os.environ.get('CUDA_VISIBLE_DEVICES') == '1': sys.exit(7)\nsys.argv[0] = {0!r}\nrunpy.run_path({0!r}, run_name='__main__')".format(str(FAKES))
    both = crew(2, [sys.executable, "-c", broken, "seeing"])
    ids = [queue.submit(recipe(str(at), steps=15)) for at in range(4)]
    until(lambda: all(queue.job(id).over for id in ids), "the end of all")
    assert [queue.job(id).state for id in ids] == ["done"] * 4 and {library.take(id).version for id in ids} == {"0"}
    assert both.keepers[1].log.name == "worker-1.log"


def test_when_the_studio_closes_every_workers_job_goes_back_in_line(queue, crew, until):
    both = crew(2)
    ids = [queue.submit(recipe(name, steps=200)) for name in ("one", "two")]
    until(lambda: all(queue.job(id).step > 2 for id in ids), "both at work")
    both.close()
    assert [queue.job(id).state for id in ids] == ["waiting"] * 2 and all(queue.job(id).kept > 0 for id in ids)
    assert queue.worker("here") is None and queue.worker("cuda:1") is None


def test_the_studios_own_workers_make_film_side_by_side(queue, library, until, monkeypatch):
    """Nothing faked but the number of workers: the package's own worker, the weightless model, no accelerator at all."""
    monkeypatch.setenv("CINELOOM_WORKERS", "2")
    crew = Crew(queue, count=lambda: 0).start()
    try:
        ids = [queue.submit(recipe(name)) for name in ("red left", "blue right")]
        until(lambda: all(queue.job(id).over for id in ids), "the end of both")
        assert [(queue.job(id).state, queue.job(id).error) for id in ids] == [("done", None)] * 2
        assert all(library.take(id).file("film").stat().st_size > 0 for id in ids) and crew.keepers[1].log.exists()
    finally:
        crew.close()
