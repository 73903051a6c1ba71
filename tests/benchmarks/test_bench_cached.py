"""A cache beside the same time with fewer steps, once and small: the figures are there, and the cache is a different film from the whole one."""

import contextlib
import io
import json
import math

import pytest
import torch

from engine import bench
from engine.bench import walking
from engine.bench.cached import Cached, Film, Saved
from engine.errors import BadRequest


def here(way, folder, size, steps, device, film, **more):
    """A walk in this process: that each has one of its own is shown by test_bench_opened."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        walking.main({"way": way, "folder": str(folder), "size": size, "steps": steps, "device": device, "film": str(film), **more})
    return json.loads(said.getvalue().splitlines()[-1])


def test_a_cache_is_set_beside_fewer_steps():
    *said, cached = bench.caches(sizes=((64, 64, 5),), rounds=1, steps=4, caches=("mag 1",), walk=here)
    ((saved,),) = (film.saved for film in cached.films)
    assert 0 < saved.seconds and 1 <= saved.fewer <= 4 and 0 < saved.fewer_seconds
    assert 0 < saved.near < math.inf, "nothing was taken over"
    assert said[1] == "64x64, 5 pictures, measuring sizes for mag" and "mag 1" in cached.text()


def test_every_size_that_is_asked_has_its_rows():
    """A walk of so many steps takes so many seconds, half of them with a cache, and is as far from the whole film."""
    def walk(way, folder, size, steps, device, film, cache="", sizes=None):
        seconds = steps * size[0] / (2 if cache else 1)
        torch.save(torch.linspace(0, 1, 50) + (0 if steps == 8 and not cache else 1 / seconds), film)
        return {"seconds": seconds, "processor": seconds}

    *said, cached = bench.caches(sizes=((64, 64, 5), (32, 64, 9)), rounds=3, steps=8, caches=("sea 0.25", "taylor 3"), walk=walk)
    assert [(film.size, film.seconds, [(one.cache, one.seconds, one.fewer, one.fewer_seconds) for one in film.saved]) for film in cached.films] == [
        ((64, 64, 5), 512, [("sea 0.25", 256, 4, 256), ("taylor 3", 256, 4, 256)]), ((32, 64, 9), 256, [("sea 0.25", 128, 4, 128), ("taylor 3", 128, 4, 128)])]
    assert [one.near for film in cached.films for one in film.saved] == pytest.approx([20 * math.log10(256)] * 2 + [20 * math.log10(128)] * 2, abs=1e-3)
    assert [line.split(",")[0].strip() for line in cached.text().splitlines()[2:]] == ["64x64", "64x64", "32x64", "32x64"]
    assert [one["time"] for film in cached.to_json()["films"] for one in film["saved"]] == [0.5] * 4


def test_a_cache_is_worth_having_where_fewer_steps_are_farther_off():
    said = Cached("small", "cpu", 30, 3, (Film((128, 96, 17), 2.0, (Saved("sea 0.25", 1.0, 30.0, 15, 1.0, 29.0), Saved("taylor 3", 1.0, 28.0, 15, 1.0, 29.0), Saved("mag 0.06", 2.1, 40.0, 30, 2.0, math.inf))),))
    assert [line.split()[-1] for line in said.text().splitlines()[2:]] == ["reached", "missed", "missed"]
    assert json.loads(json.dumps(said.to_json(), allow_nan=False))["films"][0]["saved"][2]["fewer_near"] is None, "the very same film is no number that JSON has"


def test_what_cannot_be_measured_is_said():
    for more, sentence in (({"caches": ("second-block",)}, "A cache is one of"), ({"shape": "huge"}, "have the shape of one of")):
        with pytest.raises(BadRequest, match=sentence):
            next(bench.caches(**more))
