"""The queue and its worker, with real processes that are really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fakes import broken, forgetting, quick, recipe, refusing, slow

from engine.errors import BadRequest
from engine.jobs import Queue
from engine.jobs.estimate import Estimate
from engine.jobs.keeper import Keeper
from engine.jobs.process import alive, identity
from engine.jobs.queue import WAITING
from engine.jobs.worker import Worker

FAKES = Path(__file__).parent / "fakes.py"
posix = pytest.mark.skipif(os.name == "nt", reason="signals are a POSIX thing")


@pytest.fixture
def keeper(queue):
    """A keeper whose workers use one of the fake makers."""
    made = []

    def keep(maker: str | list[str]) -> Keeper:
        command = [sys.executable, str(FAKES), maker] if isinstance(maker, str) else maker
        made.append(Keeper(queue, command=command).start())
        return made[-1]

    yield keep
    for one in made:
        one.close()


def nothing_half_made(home) -> bool:
    """Whether no file of an unfinished take is left."""
    return list(home.rglob("half.*")) == []


# ---- one job


def test_a_job_becomes_a_take_with_its_id(queue, home, library):
    id = queue.submit(recipe("blue right"), said=["254x144 was asked; 256x144 is the nearest size."])
    assert queue.job(id).state == "waiting"
    assert Worker(home, quick).run() is True
    job, take = queue.job(id), library.take(id)
    assert (job.state, job.progress, job.step, job.left) == ("done", 1.0, 4, None)
    assert job.said == ("254x144 was asked; 256x144 is the nearest size.",)
    assert (take.prompt, take.seed, take.version) == ("blue right", 7, "0")
    assert queue.preview(id) is None            # the film stands: the preview has gone
    assert nothing_half_made(home) and queue.worker() is None


def test_what_happens_on_the_way_is_said_of_the_job_once(queue, home, library):
    id, other = queue.submit(recipe("one"), said=["254x144 was asked; 256x144 is the nearest size."]), queue.submit(recipe("two"))
    queue.pause(other)
    Worker(home, forgetting).run()
    assert queue.job(id).said == ("254x144 was asked; 256x144 is the nearest size.", "Memory ran out; it goes on with less.")
    queue.remark(id, "somebody else", "This is not true.")
    assert len(queue.job(id).said) == 2 and queue.job(other).said == ()


def test_first_come_first_made(queue, home, library):
    ids = [queue.submit(recipe(str(n))) for n in range(3)]
    Worker(home, quick).run()
    assert [take.id for take in library.takes()] == ids[::-1]


@pytest.mark.parametrize(
    "maker, sentence",
    [
        (refusing, "This cannot be made; ask for something else."),
        (broken, "Something broke inside the studio (ZeroDivisionError: division by zero); the worker's log tells where."),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_the_queue_goes_on(queue, home, library, maker, sentence):
    ids = [queue.submit(recipe("one")), queue.submit(recipe("two"))]
    Worker(home, maker).run()
    assert [(queue.job(id).state, queue.job(id).error) for id in ids] == [("failed", sentence)] * 2
    assert library.count() == 0 and nothing_half_made(home)


def test_a_waiting_job_is_cancelled_at_once(queue, home, library):
    id = queue.submit(recipe())
    assert queue.cancel(id).state == "cancelled"
    Worker(home, quick).run()
    assert queue.job(id).state == "cancelled" and library.count() == 0


def test_a_running_job_is_cancelled_at_its_next_step(queue, home, library, until):
    id = queue.submit(recipe(steps=100))
    worker = threading.Thread(target=Worker(home, slow).run)
    worker.start()
    until(lambda: queue.job(id).step >= 2, "the second step")
    queue.cancel(id)
    worker.join(60)
    job = queue.job(id)
    assert job.state == "cancelled" and 2 <= job.step < 20
    assert library.count() == 0 and nothing_half_made(home)


def test_the_preview_is_a_sheet_of_frames(queue, home, until):
    import io

    from PIL import Image

    id = queue.submit(recipe(steps=60))
    worker = threading.Thread(target=Worker(home, slow).run)
    worker.start()
    until(lambda: queue.job(id).previewed >= 2, "a preview")
    shown = queue.preview(id)
    queue.cancel(id)
    worker.join(60)
    assert (shown["frames"], shown["width"], shown["height"]) == (5, 8, 8)
    assert Image.open(io.BytesIO(shown["jpeg"])).size == (40, 8)
    assert shown["step"] >= 2


def test_a_dismissed_job_is_not_listed(queue, home):
    id = queue.submit(recipe())
    queue.dismiss(id)
    assert [job.id for job in queue.jobs()] == [id]        # it waits: nothing to dismiss yet
    Worker(home, refusing).run()
    queue.dismiss(id)
    assert queue.jobs() == []


def test_the_line_has_an_end(queue):
    for _ in range(WAITING):
        queue.submit(recipe())
    with pytest.raises(BadRequest, match="waiting already"):
        queue.submit(recipe())


# ---- whose job it is


def test_every_job_is_taken_up_once(queue, home):
    """Eight threads grab at twenty jobs."""
    ids = {queue.submit(recipe()) for _ in range(20)}
    taken, who = [], identity()

    def grab():
        mine = Queue(home)
        while (job := mine.take_up(who)) is not None:
            taken.append(job.id)

    threads = [threading.Thread(target=grab) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_a_worker_that_was_given_up_cannot_speak_into_the_job(queue):
    id = queue.submit(recipe())
    queue.take_up("1@gone")
    queue.recover()
    queue.take_up(identity())
    for speak in (
        lambda: queue.report(id, "1@gone", step=3, steps=4, progress=0.9, message="lies"),
        lambda: queue.show(id, "1@gone", 3, 1, 8, 8, b"lies"),
        lambda: queue.finish(id, "1@gone"),
        lambda: queue.fail(id, "1@gone", "lies"),
    ):
        speak()
    job = queue.job(id)
    assert (job.state, job.step, job.previewed, job.error) == ("running", 0, 0, None)
    assert queue.preview(id) is None


def test_a_process_is_known_by_number_and_start():
    me = identity()
    assert alive(me)
    assert not alive(me + "1")                  # the number was given out again
    assert not alive(None) and not alive("") and not alive("no number")
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    who = identity(child.pid)
    assert alive(who)
    child.kill()
    if os.name != "nt":
        time.sleep(0.2)
        assert not alive(who)                   # a zombie, not waited for yet, does no work
    child.wait()
    assert not alive(who)


def test_one_worker_per_home(queue, home, worker_process, until):
    first = worker_process("quick", "--kept")
    until(lambda: (queue.worker() or {}).get("doing") == "ready", "the worker")
    second = worker_process("quick", "--kept")
    assert second.wait(90) == 3
    assert first.poll() is None
    assert Worker(home, quick).run() is False


def test_a_stale_lock_is_taken_over(queue, home):
    """Its process is gone, or its number belongs to another process now."""
    for stale in (f"{os.getpid()}@1", "999999999@5"):
        queue.store.db["workers"].upsert({"device": "here", "who": stale, "doing": "ready"}, pk="device")
        assert queue.worker() is None
        id = queue.submit(recipe())
        assert Worker(home, quick).run() is True
        assert queue.job(id).state == "done"


# ---- being killed


@posix
def test_a_killed_worker_loses_no_job(queue, home, library, worker_process, until):
    ids = [queue.submit(recipe(str(n), steps=12)) for n in range(2)]
    child = worker_process("slow")
    until(lambda: queue.job(ids[0]).step >= 3, "the third step")
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert queue.job(ids[0]).state == "running"         # nobody has looked yet
    assert queue.recover() == [ids[0]]
    job = queue.job(ids[0])
    assert (job.state, job.tries, job.step, job.previewed) == ("waiting", 1, 0, 0)
    assert not nothing_half_made(home)                  # what the dead worker left ...
    Worker(home, quick).run()
    assert nothing_half_made(home)                      # ... the next one sweeps
    assert [queue.job(id).state for id in ids] == ["done", "done"]
    assert sorted(take.prompt for take in library.takes()) == ["0", "1"]


def test_a_job_killed_between_take_and_tick_is_done(queue, home, library):
    from fakes import made

    id = queue.submit(recipe())
    queue.take_up("1@gone")
    library.add_take(made(library.staging(id), recipe()), id)
    queue.recover()
    assert queue.job(id).state == "done" and library.count() == 1


def test_a_cancel_that_its_worker_did_not_live_to_see_holds(queue):
    id = queue.submit(recipe())
    queue.take_up("1@gone")
    queue.cancel(id)
    queue.recover()
    assert queue.job(id).state == "cancelled"


def test_a_job_that_kills_its_workers_is_called_failed(queue, keeper, until):
    deadly = queue.submit(recipe("deadly"))
    keeper("deadly")
    job = until(lambda: (job := queue.job(deadly)).over and job, "the end of it")
    assert job.state == "failed" and job.tries == 2
    assert "died 2 times" in job.error


@posix
def test_the_keeper_starts_another_worker(queue, keeper, library, until):
    id = queue.submit(recipe(steps=20))
    kept = keeper("slow")
    until(lambda: queue.job(id).step >= 2, "the second step")
    kept.child.send_signal(signal.SIGKILL)
    until(lambda: queue.job(id).state == "done", "the take of a second worker")
    assert queue.job(id).tries == 2 and library.take(id) is not None


def test_a_worker_that_cannot_start_is_said_so(queue, keeper, until):
    id = queue.submit(recipe())
    keeper([sys.executable, "-c", "raise SystemExit('no torch in this house')"])
    job = until(lambda: (job := queue.job(id)).over and job, "the sentence")
    assert job.state == "failed" and "The worker does not start." in job.error and "no torch in this house" in job.error


@posix
def test_a_worker_told_to_stop_puts_its_job_back(queue, worker_process, until):
    id = queue.submit(recipe(steps=200))
    child = worker_process("slow", "--kept")
    until(lambda: queue.job(id).step >= 2, "the second step")
    child.terminate()
    assert child.wait(60) == 0
    job = queue.job(id)
    assert (job.state, job.tries) == ("waiting", 0)     # it is not the job's fault


def test_a_worker_whose_keeper_is_gone_finishes_its_job_and_ends(queue, worker_process, until):
    first, second = queue.submit(recipe(steps=10)), queue.submit(recipe())
    child = worker_process("slow", "--kept")
    until(lambda: queue.job(first).step >= 2, "the second step")
    child.stdin.close()                                 # what the death of the keeper does to the pipe
    assert child.wait(90) == 0
    assert [queue.job(id).state for id in (first, second)] == ["done", "waiting"]


def test_closing_the_keeper_ends_the_worker(queue, keeper, until):
    id = queue.submit(recipe(steps=200))
    kept = keeper("slow")
    until(lambda: queue.job(id).step >= 2, "the second step")
    child = kept.child
    kept.close()
    assert child.poll() is not None
    assert queue.job(id).state == "waiting" and queue.worker() is None


def test_an_idle_worker_gives_its_memory_back(queue, worker_process):
    assert worker_process("quick", "--kept", "--idle", "0.1").wait(90) == 0


# ---- how long it takes


def test_the_estimate_is_exact_when_every_step_takes_the_same():
    told = Estimate(steps=4, cells=100, pixels=1000, pace={"step": 0.01, "decode": 0.002})
    assert told.left == pytest.approx(4 * 1 + 2) and told.progress == 0
    told.spent_steps += [1.0, 1.0]
    assert told.left == pytest.approx(2 + 2) and told.progress == pytest.approx(2 / 6)
    told.spent_steps += [1.0, 1.0]
    told.decoded, told.spent_decode = 0.5, 1.0
    assert told.left == pytest.approx(1) and told.progress == pytest.approx(5 / 6)
    assert told.measured() == pytest.approx({"step": 0.01, "decode": 0.002})


def test_nobody_knows_before_the_first_step_of_the_first_job():
    told = Estimate(steps=4, cells=100, pixels=1000)
    assert told.left is None and told.progress == 0 and told.measured() == {}
    told.spent_steps.append(2.0)
    assert told.left > 6 and 0 < told.progress < 1
