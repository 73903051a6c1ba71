"""Our loop beside a pipeline's own, once and small: the figures are there, and both made the same film."""

from engine import bench


def test_two_loops_make_the_same_film_and_both_are_measured():
    *said, opened = bench.beside(sizes=((64, 64, 5),), rounds=1, steps=2)
    (pair,) = opened.pairs
    assert pair.apart < 1e-4 and min(pair.seconds) > 0 and min(pair.memory) > 1e8
    assert said[-1] == "64x64, 5 pictures, round 1 of 1: theirs" and "64x64, 5 pictures" in opened.text() and opened.to_json()["pairs"][0]["time"] == pair.time
