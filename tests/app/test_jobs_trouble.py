"""What goes wrong around a queue: memory, a full disk, a locked database, leaks, two studios on one home."""

from __future__ import annotations

import os
import re
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import hungry, leaky, quick, recipe, steady

from engine import memory
from engine.denoisers.catalog import describe
from engine.errors import CannotWrite
from engine.jobs import Queue
from engine.jobs.fitting import out_of_memory
from engine.jobs.keeper import Keeper
from engine.jobs.process import identity
from engine.jobs.worker import Limits, Worker

ROOT = Path(__file__).parents[2]
FAKES = Path(__file__).parent / "fakes.py"
ME = identity()
posix = pytest.mark.skipif(os.name == "nt", reason="limits are a POSIX thing")


# ---- memory


@pytest.mark.parametrize("who", ["python", "torch"])
def test_a_worker_out_of_memory_says_what_would_fit_and_goes_on(queue, home, library, who):
    import torch  # noqa: F401        loaded by real workers too

    first = queue.submit(recipe(who, pictures=129, width=1024, height=576))
    Worker(home, hungry).run()
    second = queue.submit(recipe("small"))
    Worker(home, quick).run()
    job = queue.job(first)
    assert job.state == "failed" and job.tries == 1            # it would not fit the second time either
    assert job.error.startswith("There was not enough memory for this film. 8 s at 1024x576 needs about ")
    assert queue.job(second).state == "done"


def test_what_would_fit_is_said_in_numbers_and_would_fit():
    asked = recipe(pictures=129, width=1024, height=576)
    model = describe("drawn")
    for free in (None, 10**10, 10**9, model.memory_fixed * 3 // 2):      # the least in which something fits, about
        words = out_of_memory(asked, "No.", free)
        shorter, smaller = re.search(r"([\d.]+) s at this size", words), re.search(r"(\d+)x(\d+) at this length", words)
        assert shorter or smaller, words
        budget = model.memory(129, 1024, 576) if free is None else free
        if shorter:
            assert float(shorter[1]) < 8 and model.memory(round(float(shorter[1]) * 16) + 1, 1024, 576) < budget
        if smaller:
            assert model.memory(129, int(smaller[1]), int(smaller[2])) < budget
    assert "close other programs" in out_of_memory(asked, "No.", 10**6)


def test_a_worker_that_the_kernel_ended_for_want_of_memory_is_not_sent_again(home):
    """The kernel counts such ends. The count is injected: to run a machine out of memory would end other programs too."""
    kills = [5]
    queue = Queue(home, kills=lambda: kills[0])
    killed, other = queue.submit(recipe(pictures=129, width=1024, height=576)), queue.submit(recipe("other"))
    queue.take_up("1@gone")
    kills[0] = 6
    assert queue.recover() == [killed]
    job = queue.job(killed)
    assert job.state == "failed" and job.tries == 1
    assert job.error.startswith("The system ended the worker for want of memory. 8 s at 1024x576 needs about ")
    assert "would fit" in job.error
    assert queue.take_up(ME).id == other                        # the queue goes on


@pytest.fixture
def cell():
    """A group of processes that may hold 500 MB together: whoever takes more of them is ended by the kernel, and nobody else."""
    group = Path("/sys/fs/cgroup/memory") / f"cineloom-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text("500000000")
    except OSError:
        pytest.skip("only root on a machine with memory groups of version 1 can make one")
    yield group
    group.rmdir()


def test_a_worker_that_the_kernel_really_ended_is_told_from_a_killed_one(queue, home, cell):
    """No injection: the kernel runs one worker out of memory."""
    killed, other = queue.submit(recipe("too much", pictures=129, width=1024, height=576)), queue.submit(recipe("other"))
    program = f"echo $$ > {cell}/cgroup.procs && exec {sys.executable} {FAKES} glutton --home {home}"
    child = subprocess.run(["sh", "-c", program], env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=90)
    assert child.returncode == -9
    queue.recover()
    job = queue.job(killed)
    assert job.state == "failed" and job.tries == 1 and job.error.startswith("The system ended the worker for want of memory."), job
    Worker(home, quick).run()
    assert queue.job(other).state == "done"


def test_where_nobody_counts_hardly_any_memory_left_is_the_sign(home):
    queue = Queue(home, kills=lambda: None)
    low, plenty = queue.submit(recipe("low")), queue.submit(recipe("plenty"))
    for id, free in ((low, memory.total() // 100), (plenty, memory.total() // 3)):
        assert queue.take_up("1@gone").id == id
        queue.pulse("1@gone", free=free)
        queue.recover()
    assert "want of memory" in queue.job(low).error
    assert queue.job(plenty).state == "waiting"                 # killed, but not for that: it is tried again


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own count is a Linux thing")
def test_the_kernels_count_and_our_own_memory_are_known_here():
    assert memory.oom_kills() >= 0
    before = memory.resident()
    held = b"x" * 50_000_000
    assert 40_000_000 < memory.resident() - before < 200_000_000 and held


def test_a_worker_that_leaks_gives_way_to_a_fresh_one(queue, home):
    ids = [queue.submit(recipe()) for _ in range(8)]
    worker = Worker(home, leaky, limits=Limits(growth=50e6, settled=2))
    worker.orphan = False
    assert worker.run(kept=False) is True                       # nobody would start another: it makes them all
    assert [queue.job(id).state for id in ids] == ["done"] * 8
    ids = [queue.submit(recipe()) for _ in range(8)]
    _run_kept(Worker(home, leaky, limits=Limits(growth=50e6, settled=2)))
    done = sum(queue.job(id).state == "done" for id in ids)
    assert 3 <= done <= 5 and queue.waiting() == 8 - done and queue.worker() is None


def test_a_worker_gives_way_after_so_many_jobs(queue, home):
    ids = [queue.submit(recipe()) for _ in range(5)]
    _run_kept(Worker(home, quick, limits=Limits(jobs=2)))
    assert [queue.job(id).state for id in ids] == ["done"] * 2 + ["waiting"] * 3


def _run_kept(worker: Worker) -> None:
    """As a keeper's, with no pipe to listen to: standard input belongs to pytest."""
    worker._listen = lambda: None
    worker.run(kept=True)


# ---- a locked database


@contextmanager
def locked(path: Path, seconds: float):
    """Another process holds the write lock for so long."""
    code = ("import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('begin immediate'); "
            "print('held', flush=True); time.sleep(float(sys.argv[2])); c.execute('rollback')")
    child = subprocess.Popen([sys.executable, "-c", code, str(path), str(seconds)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_who_asks_of_a_locked_queue_waits_and_then_is_told(home):
    queue, hasty = Queue(home), Queue(home, patience=0.3)
    with locked(home / "queue.db", 3):
        with pytest.raises(CannotWrite, match=r"queue.db was busy for 0.3 s: another program holds it"):
            hasty.submit(recipe())
        assert hasty.jobs() == []                               # looking goes on
        id = queue.submit(recipe())                             # waits until it is free
    assert queue.job(id).state == "waiting"


@pytest.mark.parametrize("what", ["queue.db", "my-films/library.db"])
def test_a_worker_whose_database_is_locked_loses_nothing(home, queue, library, until, what):
    """For ten times as long as it is ready to wait: while it walks, and when the take is to come in."""
    ids = [queue.submit(recipe(str(n), steps=12)) for n in range(2)]
    worker = threading.Thread(target=Worker(home, steady, patience=0.2).run)
    worker.start()
    until(lambda: queue.job(ids[0]).step >= 3, "the third step")
    with locked(home / what, 60) as other:
        time.sleep(2)
        assert [take.id for take in library.takes()] == []      # reading is never locked out
        assert queue.job(ids[0]).state == "running"
        other.kill()
        other.wait()
    worker.join(60)
    assert [queue.job(id).state for id in ids] == ["done", "done"]
    assert sorted(take.prompt for take in library.takes()) == ["0", "1"]


def test_a_worker_does_not_give_up_its_post_to_a_lock(home, queue):
    id = queue.submit(recipe())
    with locked(home / "queue.db", 1.5):
        assert Worker(home, quick, patience=0.1).run() is True      # it waits for its post, and then works
    assert queue.job(id).state == "done"


# ---- a full disk


def on_a_small_disk(home, room: int) -> subprocess.Popen:
    """A worker for whom the system refuses every byte of a file beyond `room`."""
    code = (f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room})); from engine.jobs.worker import main; "
            "sys.exit(main(sys.argv[1:]))")
    return subprocess.Popen([sys.executable, "-c", code, "--home", str(home), "--every", "0", "--patience", "0.2"], cwd=ROOT, stderr=subprocess.PIPE)


@posix
def test_a_disk_that_fills_up_while_a_job_runs_is_said_and_the_queue_goes_on(queue, home, library):
    """Neither its checkpoint nor its latents find room; the film of the next one does."""
    big, small = queue.submit(recipe("big", pictures=33, width=512, height=288, steps=4)), queue.submit(recipe("small", steps=1))
    _make_room(queue)
    child = on_a_small_disk(home, 1_500_000)
    said = child.communicate(timeout=90)[1].decode()
    assert child.returncode == 0 and "state.safetensors cannot be written" in said
    job = queue.job(big)
    assert job.state == "failed" and "cannot be written" in job.error, job
    assert queue.job(small).state == "done" and library.count() == 1
    assert list((library.folder / "making").iterdir()) == []
    queue.retry(big)
    Worker(home, quick).run()
    assert queue.job(big).state == "done"       # with room again nothing stands in the way


@posix
def test_a_worker_without_room_for_a_single_row_waits_until_there_is_some(queue, home):
    id = queue.submit(recipe())
    _make_room(queue)
    child = on_a_small_disk(home, 2_000)
    assert b"Trying again." in next(line for line in child.stderr if b"worker:" in line)
    child.kill()
    child.wait()
    assert queue.job(id).state == "waiting"
    Worker(home, quick).run()
    assert queue.job(id).state == "done"


def _make_room(queue) -> None:
    """Fold the log into the database: what is limited below is the size of every file, the queue's own too."""
    queue.store.db.conn.execute("pragma wal_checkpoint(truncate)")


@posix
def test_a_full_disk_under_the_queue_itself_refuses_and_loses_nothing(home):
    """Every byte of queue.db-wal beyond a limit is refused: a submit is told so, and what was there stays."""
    queue = Queue(home)
    ids = [queue.submit(recipe(str(n))) for n in range(3)]
    _make_room(queue)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(CannotWrite):
            for n in range(200):
                queue.submit(recipe(f"{n} " + "x" * 4000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    there = [job.id for job in Queue(home).jobs()]
    assert there[:3] == ids and queue.submit(recipe()) in [job.id for job in Queue(home).jobs()]
    assert sqlite3.connect(home / "queue.db").execute("pragma integrity_check").fetchone() == ("ok",)


# ---- two studios on one home


@posix
def test_two_studios_share_one_queue_and_one_worker(home, library, until):
    """Either takes jobs in; one worker makes them; when the studio that has it closes, the other one starts its own."""
    first, second = Queue(home), Queue(home)
    keepers = [Keeper(queue, command=[sys.executable, str(FAKES), "steady"]).start() for queue in (first, second)]
    try:
        ids = [first.submit(recipe("long", steps=100)), second.submit(recipe("one")), first.submit(recipe("two"))]
        until(lambda: first.job(ids[0]).step >= 2, "the first steps")
        mine = next(keeper for keeper in keepers if keeper.child is not None and first.worker()["who"].startswith(f"{keeper.child.pid}@"))
        mine.close()
        assert first.job(ids[0]).state in ("waiting", "running")
        second.cancel(ids[0])
        until(lambda: all(second.job(id).over for id in ids), "the end of all")
        assert [second.job(id).state for id in ids] == ["cancelled", "done", "done"]
        assert sorted(take.prompt for take in library.takes()) == ["one", "two"]
    finally:
        for keeper in keepers:
            keeper.close()
    assert Queue(home).worker() is None
