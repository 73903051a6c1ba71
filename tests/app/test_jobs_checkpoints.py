"""Jobs go on where they were: real walks of the weightless backend, killed and stopped, against twins that nobody disturbed."""

from __future__ import annotations

import os
import signal

import pytest
import torch
from fakes import recipe, steady

from engine.denoisers.drawn import DrawnBackend
from engine.jobs.process import identity
from engine.jobs.worker import STATE, Worker
from engine.make import load_latents, make

ME = identity()
posix = pytest.mark.skipif(os.name == "nt", reason="signals are a POSIX thing")
LONG = dict(steps=80, solver="multistep")       # two seconds, in no hurry


@pytest.fixture
def process(worker_process):
    """Start a worker process that keeps its walk ten times a second, whatever makes the films in it."""

    def start(maker: str = "gently", every: str = "0.1"):       # engine.make, with a pause after every event
        return worker_process(maker, "--every", every)

    return start


def twin(asked, folder):
    """The latents that the recipe comes to when nothing disturbs it."""
    *_, last = make(asked, DrawnBackend(), folder)
    return load_latents(last.made.latents)


def state(library, id):
    return library.folder / "making" / id / STATE


# ---- killed, stopped, and the same to the bit


@posix
def test_a_killed_workers_job_goes_on_and_is_the_same_to_the_bit(queue, home, library, process, until, tmp_path):
    asked = recipe(**LONG)
    id = queue.submit(asked)
    for _ in range(2):
        kept = queue.job(id).kept
        child = process(every="0.05")
        until(lambda: queue.job(id).kept > kept, "another step in a checkpoint")
        child.send_signal(signal.SIGKILL)
        child.wait()
        before = queue.job(id)
        assert state(library, id).is_file() and before.state == "running"
        queue.recover()
        job = queue.job(id)
        assert (job.state, job.step, job.tries, job.taken) == ("waiting", before.kept, 1, before.taken)
        assert job.again < 5
    assert process().wait(90) == 0
    job = queue.job(id)
    assert job.state == "done" and job.resumed >= before.kept and job.taken == 3
    assert torch.equal(load_latents(library.take(id).file("latents")), twin(asked, tmp_path / "twin"))
    assert list((library.folder / "making").iterdir()) == []       # what was kept is waste now


@posix
def test_a_worker_told_to_stop_loses_no_step(queue, home, library, process, until, tmp_path):
    asked = recipe(**LONG)
    id = queue.submit(asked)
    child = process(every="3600")                       # nothing is kept before it is told
    until(lambda: queue.job(id).step >= 10, "ten steps")
    child.terminate()
    assert child.wait(60) == 0
    job = queue.job(id)
    assert job.state == "waiting" and job.tries == 0 and job.kept == job.step >= 10
    Worker(home).run()
    assert queue.job(id).resumed == job.kept and queue.job(id).again == 0
    assert torch.equal(load_latents(library.take(id).file("latents")), twin(asked, tmp_path / "twin"))


@posix
def test_a_worker_killed_while_it_writes_the_film_walks_no_step_again(queue, home, library, process, until):
    asked = recipe(pictures=257, steps=2)
    id = queue.submit(asked)
    child = process(every="0")
    until(lambda: queue.job(id).message.startswith("picture"), "the first pictures")
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert queue.job(id).kept == 2
    queue.recover()
    assert process().wait(90) == 0
    job = queue.job(id)
    assert (job.state, job.resumed, job.kept, library.take(id).pictures) == ("done", 2, 2, 257)


# ---- what is not used


@pytest.mark.parametrize("spoil", ["other recipe", "damaged", "gone"])
def test_a_state_that_does_not_belong_costs_time_and_nothing_else(queue, home, library, spoil, tmp_path):
    from engine.events import Kept, Stop

    asked = recipe(steps=6)
    other = recipe("other", steps=6) if spoil == "other recipe" else asked
    run = make(other, DrawnBackend(), tmp_path / "other", cancelled=lambda: Stop.KEEP)
    kept = next(event for event in run if isinstance(event, Kept)).state
    run.close()
    id = queue.submit(asked)
    queue.take_up("1@gone")
    library.staging(id)
    state(library, id).write_bytes(kept[:-9] if spoil == "damaged" else kept)
    if spoil == "gone":
        state(library, id).unlink()
    queue.keep(id, "1@gone", 1)
    queue.recover()
    Worker(home).run()
    job = queue.job(id)
    assert (job.state, job.resumed) == ("done", 0)
    assert torch.equal(load_latents(library.take(id).file("latents")), twin(asked, tmp_path / "twin"))


def test_what_a_kill_left_beside_the_state_is_cleared_away(queue, home, library):
    id = queue.submit(recipe())
    folder = library.staging(id)
    (folder / ".making-x3f").mkdir()
    (folder / ".making-x3f" / "take.mp4").write_bytes(b"half")
    (folder / f"{STATE}.new").write_bytes(b"half a state")
    (folder / STATE).write_bytes(b"3")
    assert library.staging(id, keep=STATE) == folder
    assert [path.name for path in folder.iterdir()] == [STATE]


def test_the_sweep_spares_jobs_in_line_and_takes_all_else(queue, home, library):
    waits, held, over = queue.submit(recipe("waits"), device="elsewhere"), queue.submit(recipe("held")), queue.submit(recipe("over"))
    queue.pause(held)
    queue.cancel(over)
    for id in (waits, held, over, "nobody"):
        library.staging(id)
        state(library, id).write_bytes(b"1")
    Worker(home, steady).run()
    assert sorted(path.name for path in (library.folder / "making").iterdir()) == sorted([waits, held])


def test_staging_of_a_job_taken_up_during_the_sweep_is_spared(queue, library):
    """The folders are listed first, the jobs asked for after: a job that comes between is in neither or in both."""
    late = []

    def wanted():
        late.append(queue.submit(recipe("late")))
        library.staging(late[0])
        return queue.open_ids()

    library.staging("waste")
    library.clear_staging(wanted)
    assert [path.name for path in (library.folder / "making").iterdir()] == late


# ---- who dies over it


@posix
def test_a_job_that_gets_on_is_not_given_up_and_one_that_does_not_is(queue, process):
    """Two workers die over each. One job got a step further every time; the other stays where it was."""
    moves, stays = queue.submit(recipe("moves")), queue.submit(recipe("stays"))
    for _ in range(4):
        process("lethal").wait(90)
        queue.recover()
    job = queue.job(moves)
    assert (job.state, job.taken, job.resumed) == ("done", 3, 2)
    job = queue.job(stays)
    assert (job.state, job.taken, job.kept) == ("failed", 2, 1)
    assert "The worker died 2 times over this, at step" in job.error
    assert queue.retry(stays).tries == 0
