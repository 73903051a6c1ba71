"""A cache beside the same time with fewer steps, once and small: the figures are there, and the cache is a different film from the whole one."""

import math

import pytest

from engine import bench
from engine.errors import BadRequest


def test_a_cache_is_set_beside_fewer_steps():
    *said, cached = bench.caches(size=(64, 64, 5), rounds=1, steps=4, caches=("mag 1",))
    (saved,) = cached.saved
    assert 0 < saved.seconds and 1 <= saved.fewer <= 4 and 0 < saved.fewer_seconds
    assert 0 < saved.near < math.inf, "nothing was taken over"
    assert said[1] == "measuring sizes for mag" and "mag 1" in cached.text() and cached.to_json()["saved"][0]["time"] == saved.seconds / cached.seconds


def test_what_cannot_be_measured_is_said():
    for more, sentence in (({"caches": ("second-block",)}, "A cache is one of"), ({"shape": "huge"}, "have the shape of one of")):
        with pytest.raises(BadRequest, match=sentence):
            next(bench.caches(**more))
