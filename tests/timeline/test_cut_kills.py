"""A process that dies in the middle of an edit, and the next one that opens the project.

Every few lines only, for each kill costs a process; CINELOOM_EVERY_LINE=1 takes them all.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest
from cuts import film

from engine.library import Library
from engine.timeline import edits
from engine.timeline.history import History

STEP = 1 if os.environ.get("CINELOOM_EVERY_LINE") else 14
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked and killed, which this system cannot")


def dies_after(lines: int, folder, said) -> bool:
    """Make edits in a process that is killed by SIGKILL after so many lines of the history; False when it came to its end.

    Each revision is written to the file `said` once it was answered.
    """
    child = os.fork()
    if child == 0:
        left = lines

        def count(frame, event, _):
            nonlocal left
            if not frame.f_code.co_filename.endswith(("timeline/history.py", "library/database.py")):
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return count

        try:
            history = History(Library(folder).store)
            version = history.open("cut")
            sys.settrace(count)
            for act in (lambda: history.edit("cut", version.revision, edits.Split(f"e{version.revision}", "a", 3)),
                        lambda: history.undo("cut", version.revision)):  # fmt: skip
                version = act()
                os.write(said, f"{version.revision}\n".encode())
            sys.settrace(None)
            os._exit(0)
        except BaseException:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL
    return status != 0


def test_what_was_answered_is_there_and_the_rest_wholly_or_not_at_all(tmp_path):
    folder = tmp_path / "project"
    library = Library(folder)
    start = film("aaaaaabbb")
    History(library.store).new(start)
    library.store.close()
    lines, died, states = 0, True, set()
    while died:
        with (tmp_path / "said").open("wb") as said:
            died = dies_after(lines, folder, said.fileno())
        answered = [int(line) for line in (tmp_path / "said").read_text().split()]
        library = Library(folder)
        history = History(library.store)
        version = history.open("cut")
        assert version.revision >= max(answered, default=0)
        assert len(version.cut.tracks[0].items) == (3 if version.undo else 2)
        assert version.cut == (start if not version.undo else edits.Split(history.steps("cut")[-1]["edit"]["id"], "a", 3).apply(start))
        states.add((len(answered), bool(version.undo)))
        if version.undo:
            assert history.undo("cut", version.revision).cut.to_json() == start.to_json()
        library.store.close()
        lines += STEP
    assert lines > 60 and len(states) > 2       # it died before an edit, after it and after it was answered
