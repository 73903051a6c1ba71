"""Our loop beside a pipeline's own, once and small: the figures are there, and both made the same film."""

from engine import bench
from engine.bench.opened import TURNS, Opened, Pair


def test_two_loops_make_the_same_film_and_both_are_measured():
    *said, opened = bench.beside(sizes=((64, 64, 5),), rounds=1, steps=2)
    (pair,) = opened.pairs
    assert len(pair.turns) == TURNS and min(pair.turns) <= pair.time <= max(pair.turns)
    assert pair.apart < 1e-4 and min(pair.seconds) > 0 and min(pair.memory) > 1e8
    assert said[-2:] == ["64x64, 5 pictures, round 1 of 1", "64x64, 5 pictures: memory"] and "64x64, 5 pictures" in opened.text() and opened.to_json()["pairs"][0]["time"] == pair.time


def test_every_row_says_whether_the_aim_is_met():
    rows = (Pair((64, 64, 9), 8, (0.5, 0.5), (1e9, 1.1e9), 0.0, (0.9, 1.0, 1.2)), Pair((128, 96, 17), 8, (0.502, 0.5), (1.2e9, 1.1e9), 1e-6, (0.99, 1.004, 1.01)))
    opened = Opened("small", "cpu", 5, rows)
    assert [row["reached"] for row in opened.to_json()["pairs"]] == [{"time": True, "room": True}, {"time": False, "room": False}]
    one, other = opened.text().splitlines()[-2:]
    assert one.split()[:6] == ["64x64,", "9", "pictures", "0.500", "0.500", "1.000"] and one.count("reached") == 2 and "0.900 to 1.200" in one
    assert other.count("missed") == 2 and "1.004" in other and "1.091" in other
