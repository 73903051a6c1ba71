"""A process that is kept between questions: asked on while it is about the same, and gone when it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.words.held import Ended, Held

ROOT = str(Path(__file__).resolve().parents[2])
# Answers each line with its own id and the line; "die" ends it, "wait" has no answer.
ECHO = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked == "die": sys.exit(3)
    if asked == "wait": time.sleep(600)
    print(json.dumps([os.getpid(), asked]), flush=True)
"""


def start() -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture
def held():
    one = Held(start)
    yield one
    one.end()


def ask(held: Held, about: str, asked, room=lambda: None, waits=lambda: None) -> int:
    """The id of the process that answered."""
    pid, same = json.loads(held.ask(about, json.dumps(asked).encode(), room, waits))
    assert same == asked
    return pid


def gone(pid: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_the_same_process_is_asked_on_and_room_is_looked_for_once(held):
    looked = []
    first = ask(held, "a", "one", room=lambda: looked.append(1))
    assert ask(held, "a", "two" * 100_000, room=lambda: looked.append(2)) == first == ask(held, "a", "三")
    assert looked == [1]


def test_about_something_else_another_begins_and_the_first_is_gone_before(held):
    first = ask(held, "a", "one")
    second = ask(held, "b", "one", room=lambda: gone(first, 0.1) or pytest.fail("its memory is not free yet"))
    assert second != first and ask(held, "b", "two") == second


def test_one_that_ended_meanwhile_is_begun_anew(held):
    first = ask(held, "a", "one")
    held.child.kill()
    assert ask(held, "a", "two") != first


def test_one_that_ends_on_a_question_is_said_with_its_code_and_the_next_question_is_answered(held):
    for _ in range(2):
        with pytest.raises(Ended) as told:
            held.ask("a", b'"die"', lambda: None, lambda: None)
        assert told.value.args == (3,) and held.child is None
    assert ask(held, "a", "one")


def test_who_waits_no_longer_ends_it_at_once(held):
    first = ask(held, "a", "one")
    until = time.monotonic() + 0.3

    def waits():
        if time.monotonic() > until:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        held.ask("a", b'"wait"', lambda: None, waits)
    assert time.monotonic() < until + 5 and held.child is None and gone(first, 0.5)
    assert ask(held, "a", "one") != first


def test_where_there_is_no_room_nothing_begins(held):
    def room():
        raise MemoryError

    with pytest.raises(MemoryError):
        ask(held, "a", "one", room=room)
    assert held.child is None


def test_of_several_who_ask_at_once_each_gets_their_own_answer(held):
    found = {}
    threads = [threading.Thread(target=lambda number=number: found.update({number: ask(held, "a", number)})) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(found) == list(range(6)) and len(set(found.values())) == 1


def test_who_waits_for_their_turn_may_stop_and_the_other_is_left_alone(held):
    def stopped():
        raise InterruptedError

    first = ask(held, "a", "one")
    with held.lock:         # somebody is being answered
        with pytest.raises(InterruptedError):
            ask(held, "b", "two", waits=stopped)
    assert ask(held, "a", "three") == first


def test_it_ends_with_the_process_that_asked():
    code = ("import os, sys; sys.path[:0] = sys.argv[1:]; from test_held import start, ask; from engine.words.held import Held; "
            "print(ask(Held(start), 'a', 1), flush=True); os._exit(1)")
    said = subprocess.run([sys.executable, "-c", code, ROOT, os.path.dirname(__file__)], capture_output=True, text=True)
    assert gone(int(said.stdout)), said.stderr
