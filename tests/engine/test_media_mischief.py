"""Broken files by the dozen: each is read or refused with a sentence, and it can be told when one is not."""

import random
from collections import Counter

import pytest

from engine.bench.mischief import OUTCOMES, Mischief, rendered, run
from engine.bench.mutations import MUTATIONS, structure


def test_broken_files_are_read_or_refused_with_a_sentence():
    """A fixed seed and clips that are drawn here; `cineloom bench media` does the same by the thousand."""
    *said, told = run(50, 7)
    assert told.bad == [] and told.well
    assert sum(told.count(name) for name in OUTCOMES) == len(told.seconds) == 50
    assert told.count("hang") == told.count("crash") == told.count("no sentence") == 0
    assert min(told.count("whole"), told.count("refused")) > 8       # some only looked broken, and some were
    assert 10**7 < told.peak < 10**9
    assert said[-1] == "file 50 of 50"
    facts = told.to_json()
    assert facts["files"] == 50 and all(f"{kind} " in told.text() for kind in told.outcomes)


def test_mutations_break_something_and_are_the_same_for_a_seed(tmp_path):
    for path in rendered(tmp_path):
        data = path.read_bytes()
        for name, mutate in MUTATIONS.items():
            made = [mutate(data, random.Random(at), lambda: data) for at in range(8)]
            assert made == [mutate(data, random.Random(at), lambda: data) for at in range(8)], name
            assert sum(one != data for one in made) >= 6 and all(made), (name, path.name)


@pytest.mark.parametrize("suffix, least", [(".mp4", 20), (".mov", 20), (".webm", 10), (".png", 4)])
def test_structure_is_found_where_a_file_has_one(tmp_path, suffix, least):
    data = next(path for path in rendered(tmp_path) if path.suffix == suffix).read_bytes()
    parts = structure(data)
    assert len(parts) >= least
    for at, size, width, start, stop, _, begin in parts:
        assert 0 <= begin <= at < start <= stop <= len(data)
        assert int.from_bytes(data[at:at + width], "big") & (1 << 7 * width) - 1 == size or suffix != ".webm"


def test_what_must_not_be_is_told():
    told = Mischief(1, {"flipped": Counter({"no sentence": 1})}, seconds=[0.1], bad=["file 3 (flipped of a.mp4): KeyError: 'x'"])
    assert not told.well and "file 3" in told.text() and told.to_json()["no_sentence"] == 1
