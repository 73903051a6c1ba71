"""The line: put in order, paused, edited, retried; whatever the clock says and whoever else has it open."""

from __future__ import annotations

import threading

import pytest
from fakes import broken, quick, recipe, steady

from engine.errors import BadRequest
from engine.jobs import Queue
from engine.jobs.editing import edited
from engine.jobs.process import identity
from engine.jobs.queue import WAITING
from engine.jobs.worker import STATE, Worker

ME = identity()


@pytest.fixture
def line(queue):
    """Four jobs in line, a b c d; a function that says their order."""
    ids = {queue.submit(recipe(letter)): letter for letter in "abcd"}
    by_letter = {letter: id for id, letter in ids.items()}

    def order() -> str:
        return "".join(ids[job.id] for job in queue.jobs() if job.state == "waiting")

    order.id = by_letter
    return order


@pytest.fixture
def working(home):
    """Start a worker in a thread; it is stopped in the end."""
    started = []

    def start(maker, **more) -> Worker:
        worker = Worker(home, maker, **more)
        started.append((worker, threading.Thread(target=worker.run)))
        started[-1][1].start()
        return worker

    yield start
    for worker, thread in started:
        worker.stop()
        thread.join(60)


# ---- order


@pytest.mark.parametrize("letter, to, order", [
    ("c", "up", "acbd"), ("b", "down", "acbd"), ("a", "up", "abcd"), ("d", "down", "abcd"), ("d", "top", "dabc"), ("a", "bottom", "bcda"),
    ("d", 2, "adbc"), ("a", 3, "bcad"), ("b", 99, "acdb"), ("b", "1", "bacd"),
])  # fmt: skip
def test_a_waiting_job_moves(line, queue, letter, to, order):
    queue.move(line.id[letter], to)
    assert line() == order


def test_jobs_are_made_in_the_order_of_the_line(line, queue, home, library):
    queue.move(line.id["d"], "top")
    queue.move(line.id["a"], "bottom")
    Worker(home, quick).run()
    assert [take.prompt for take in library.takes()] == list("dbca")[::-1]


def test_a_new_job_comes_last_wherever_the_others_went(line, queue):
    queue.move(line.id["a"], "bottom")
    id = queue.submit(recipe("e"))
    assert queue.jobs()[-1].id == id


@pytest.mark.parametrize("to", ["sideways", 0, -1, "", "1.5", True, None, "9" * 30])
def test_a_place_that_is_none_is_refused(line, queue, to):
    with pytest.raises(BadRequest, match="A job can be moved up, down, top, bottom or to a place from 1 on"):
        queue.move(line.id["a"], to)
    assert line() == "abcd"


# ---- variations


def test_variations_are_one_request_with_a_seed_each(queue, home, library):
    ids = queue.submit_variations(recipe(seed=2**63 - 2), 3)
    assert [int(queue.job(id).recipe["seed"]) for id in ids] == [2**63 - 2, 2**63 - 1, 0]
    assert {queue.job(id).batch for id in ids} == {ids[0]}
    Worker(home, quick).run()
    assert sorted(library.take(id).seed for id in ids) == [0, 2**63 - 2, 2**63 - 1]


def test_variations_are_all_in_line_or_none(queue):
    queue.submit_variations(recipe(), WAITING - 2)
    with pytest.raises(BadRequest, match="waiting already"):
        queue.submit_variations(recipe(), 3)
    assert len(queue.jobs()) == WAITING - 2
    for count in (0, -1, WAITING + 1):
        with pytest.raises(BadRequest, match="variations can be asked at once"):
            queue.submit_variations(recipe(), count)


# ---- pause and resume


def test_a_paused_job_is_passed_over_until_it_is_resumed(line, queue, home, library):
    assert queue.pause(line.id["a"]).held
    Worker(home, quick).run()
    job = queue.job(line.id["a"])
    assert (job.state, job.message, library.count()) == ("waiting", "paused", 3)
    assert not queue.resume(line.id["a"]).held
    Worker(home, quick).run()
    assert queue.job(line.id["a"]).state == "done"


def test_nothing_is_taken_up_while_the_line_is_paused(line, queue, home, library):
    queue.pause()
    assert queue.paused and Queue(home).paused and queue.waiting() == 0
    Worker(home, quick).run()
    assert library.count() == 0 and line() == "abcd"
    queue.resume()
    Worker(home, quick).run()
    assert library.count() == 4


@pytest.mark.parametrize("whole", [False, True], ids=["one job", "the line"])
def test_a_running_job_that_is_paused_goes_on_where_it_was(queue, home, library, working, until, whole):
    id = queue.submit(recipe(steps=30))
    worker = working(steady)
    until(lambda: queue.job(id).step >= 3, "the third step")
    queue.pause(None if whole else id)
    job = until(lambda: (job := queue.job(id)).state == "waiting" and job, "the pause")
    assert 3 <= job.kept == job.step < 30 and job.tries == 0 and job.held is not whole
    assert (library.folder / "making" / id / STATE).read_bytes() == str(job.kept).encode()
    assert job.previewed >= 1 and queue.preview(id) is not None      # what it has can still be seen
    worker.stop()
    queue.resume(None if whole else id)
    working(steady)
    now = until(lambda: (now := queue.job(id)).over and now, "the end")
    assert (now.state, now.resumed, now.again) == ("done", job.kept, 0)


def test_a_running_job_that_is_resumed_before_it_stopped_goes_on(queue, working, until):
    id = queue.submit(recipe(steps=12))
    working(steady)
    until(lambda: queue.job(id).step >= 1, "a step")
    queue.pause(id)
    queue.resume(id)
    assert until(lambda: (job := queue.job(id)).over and job, "the end").state == "done"


def test_others_are_made_while_one_is_paused(queue, library, working, until):
    first, second = queue.submit(recipe("first", steps=60)), queue.submit(recipe("second"))
    working(steady)
    until(lambda: queue.job(first).step >= 2, "the second step")
    queue.pause(first)
    until(lambda: queue.job(second).state == "done", "the other")
    assert queue.job(first).held and library.count() == 1


def test_a_paused_job_can_be_cancelled_and_its_state_goes(queue, home, library, working, until):
    id = queue.submit(recipe(steps=30))
    working(steady)
    until(lambda: queue.job(id).step >= 2, "the second step")
    queue.pause(id)
    until(lambda: queue.job(id).state == "waiting", "the pause")
    assert queue.cancel(id).state == "cancelled"
    Worker(home, quick).run()
    until(lambda: not (library.folder / "making" / id).exists(), "the sweep")
    assert queue.preview(id) is None


def test_a_worker_that_was_given_up_leaves_the_folder_to_the_next_one(queue, library, working, until):
    id = queue.submit(recipe(steps=60))
    working(steady)
    until(lambda: queue.job(id).kept >= 2, "something kept")
    with queue.store.writing() as db:       # another one, in a container that cannot be looked into, has it now
        db.conn.execute("update jobs set worker = '12@345.abcdef01.00000000' where id = ?", [id])
    other = queue.submit(recipe("other"))
    until(lambda: queue.job(other).state == "done", "the next job")
    assert queue.job(id).state == "running" and (library.folder / "making" / id / STATE).is_file()


# ---- edit


def test_a_waiting_job_is_edited_and_made_so(queue, home, library):
    id = queue.submit(recipe("red left"))
    new, said = edited(queue.job(id).asked, prompt="blue right", seconds=2, seed=11)
    queue.edit(id, new, said)
    Worker(home, quick).run()
    take = library.take(id)
    assert (take.prompt, take.seed, take.pictures) == ("blue right", 11, 33)


def test_an_edit_keeps_what_it_does_not_name_and_says_what_it_snapped():
    asked = recipe(solver="multistep", negative="black", guidance=2.0)
    new, said = edited(asked, width=250)
    assert new == recipe(solver="multistep", negative="black", guidance=2.0, width=256)
    assert said == ["250x64 was asked; 256x64 is the nearest size on Drawn's grid."]


def test_an_edit_keeps_what_was_written_with_the_words_that_came_of_it():
    assert edited(recipe(asked="red"), seed=8)[0].asked == "red"
    assert edited(recipe(asked="red"), prompt="blue left")[0].asked == ""


@pytest.mark.parametrize("changes, sentence", [
    ({"prompt": "  "}, "The prompt is empty"), ({"steps": 0}, "steps"), ({"seed": -1}, "A seed is"), ({"width": 5}, "Widths and heights"),
    ({}, "nothing was given"), ({"solver": "euler"}, "What can be edited"),
])  # fmt: skip
def test_an_edit_is_checked_again(changes, sentence):
    with pytest.raises(BadRequest, match=sentence):
        edited(recipe(), **changes)


def test_a_recipe_that_cannot_be_does_not_get_into_the_line_by_an_edit(queue):
    id = queue.submit(recipe())
    for wrong in (recipe(width=100), recipe(pictures=16), recipe(backend="none")):
        with pytest.raises(BadRequest):
            queue.edit(id, wrong)
    assert queue.job(id).asked == recipe()


def test_what_was_kept_of_the_old_recipe_is_forgotten(queue):
    id = queue.submit(recipe())
    queue.take_up(ME)
    queue.keep(id, ME, 3)
    queue.put_back(id, ME)
    assert queue.job(id).kept == 3
    assert queue.edit(id, recipe("other", steps=9)).kept == 0 and queue.job(id).steps == 9


# ---- retry


def test_a_failed_job_is_retried_under_its_own_id(queue, home, library):
    first, second = queue.submit(recipe("first")), queue.submit(recipe("second"))
    Worker(home, broken).run()
    queue.dismiss(first)
    job = queue.retry(first)
    assert (job.state, job.error, job.tries, job.finished) == ("waiting", None, 0, None)
    queue.retry(second)
    assert [job.id for job in queue.jobs()] == [first, second]
    Worker(home, quick).run()
    assert library.take(first) and library.take(second)


def test_a_cancelled_job_is_retried(queue, home):
    id = queue.submit(recipe())
    queue.cancel(id)
    queue.retry(id)
    Worker(home, quick).run()
    assert queue.job(id).state == "done"


# ---- what cannot be is said


@pytest.mark.parametrize("state", ["waiting", "running", "done", "failed", "cancelled"])
def test_what_a_state_does_not_allow_is_a_sentence_and_changes_nothing(queue, state):
    id = queue.submit(recipe())
    if state == "cancelled":
        queue.cancel(id)
    elif state != "waiting":
        queue.take_up(ME)
        {"running": lambda *_: None, "done": queue.finish, "failed": lambda *who: queue.fail(*who, "so")}[state](id, ME)
    refused = {
        "waiting": {"retry"}, "running": {"retry", "move", "edit"}, "done": {"retry", "move", "edit", "pause", "resume"},
        "failed": {"move", "edit", "pause", "resume"}, "cancelled": {"move", "edit", "pause", "resume"},
    }[state]  # fmt: skip
    acts = {"retry": queue.retry, "move": lambda id: queue.move(id, "up"), "edit": lambda id: queue.edit(id, recipe("other")),
            "pause": queue.pause, "resume": queue.resume}  # fmt: skip
    before = queue.job(id)
    for name in refused:
        with pytest.raises(BadRequest, match=f"Job {id} cannot be "):
            acts[name](id)
    assert queue.job(id) == before
    for act in acts.values():
        with pytest.raises(BadRequest, match="There is no job 'nobody' here"):
            act("nobody")


# ---- devices


def test_a_job_waits_for_the_device_it_asks_for(queue, home, library):
    there, any_ = queue.submit(recipe("there"), device="cuda:1"), queue.submit(recipe("any"))
    Worker(home, quick).run()
    assert (queue.job(there).state, queue.job(any_).state) == ("waiting", "done")
    assert (queue.waiting(), queue.waiting("cuda:1")) == (0, 1)
    Worker(home, quick, device="cuda:1").run()
    assert queue.job(there).state == "done"
    with pytest.raises(BadRequest, match="A device is called like"):
        queue.submit(recipe(), device="a b")


def test_every_device_has_one_worker(queue):
    assert queue.claim(ME, "here") and queue.claim(ME, "cuda:1")
    assert queue.worker("here")["who"] == queue.worker("cuda:1")["who"] == ME and queue.worker("cuda:2") is None


# ---- the clock


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_clock_set_back_changes_no_order_and_loses_nothing(home):
    clock = Clock()
    queue = Queue(home, clock=clock)
    ids = []
    for back in (0, 3600, 7200, 1):      # the second job is submitted an hour before the first, and so on
        clock.now -= back
        ids.append(queue.submit(recipe(str(len(ids)))))
    assert [job.id for job in queue.jobs()] == ids
    for id in ids:
        assert queue.take_up(ME).id == id
        clock.now -= 86400               # a day back while it runs
        queue.report(id, ME, step=1, steps=4, progress=0.2, message="step 2 of 4")
        queue.finish(id, ME)
        job = queue.job(id)
        assert job.finished >= job.started     # nobody is shown a job that ended before it began
    assert [job.id for job in queue.jobs(recent=2)] == ids[:1:-1]      # the last ones that ended, whatever the clock said


def test_a_worker_that_works_through_a_clock_set_back_is_not_given_up(home):
    clock = Clock()
    queue, other = Queue(home, clock=clock), Queue(home)
    id = queue.submit(recipe())
    assert queue.claim(ME)
    queue.take_up(ME)
    clock.now -= 10 * 365 * 86400
    queue.pulse(ME)
    assert other.worker()["who"] == ME and other.recover() == [] and other.job(id).state == "running"


def test_a_worker_in_another_container_lives_by_its_heartbeat(home):
    """Its number means nothing here. Whether its heart beats is seen by the value changing, forward or back."""
    ticks, clock = Clock(), Clock()
    queue, theirs = Queue(home, ticks=ticks), Queue(home, clock=clock)
    far = "12@345.abcdef01.00000000"
    id = theirs.submit(recipe())
    assert theirs.claim(far)
    theirs.take_up(far)
    assert not queue.claim(ME) and queue.recover() == []           # just seen for the first time
    for _ in range(5):
        ticks.now += 15
        clock.now -= 3600                                          # its clock goes back: still a beat
        theirs.pulse(far)
        assert queue.recover() == [] and queue.worker()["who"] == far
    ticks.now += 19
    assert queue.recover() == []
    ticks.now += 2
    assert queue.recover() == [id] and queue.worker() is None and queue.claim(ME)
    assert queue.job(id).state == "waiting"
    theirs.finish(id, far)                                         # it was only slow: nobody listens any more
    assert queue.job(id).state == "waiting"
