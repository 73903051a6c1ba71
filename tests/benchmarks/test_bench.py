"""The bench measures what it says: operations are counted exactly, and a whole command is timed and watched."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from engine.bench import counting, large
from engine.bench.running import cost
from engine.bench.speed import Bench, Figure, measure
from engine.denoisers.paper import PaperDenoiser
from engine.errors import CineloomError
from engine.paper.transformer import PaperTransformer

ROOT = Path(__file__).resolve().parents[2]


def test_products_convolutions_and_attention_are_counted_by_hand():
    a, b = torch.randn(3, 5), torch.randn(5, 7)
    assert counting.operations(lambda: a @ b) == 2 * 3 * 5 * 7
    picture, kernel = torch.randn(1, 2, 9, 9), torch.randn(4, 2, 3, 3)
    assert counting.operations(lambda: F.conv2d(picture, kernel, padding=1)) == 2 * (9 * 9 * 4) * (2 * 3 * 3)
    for dtype in (torch.float32, torch.bfloat16):
        q, k = torch.randn(1, 2, 10, 64, dtype=dtype), torch.randn(1, 2, 6, 64, dtype=dtype)
        with torch.no_grad():
            assert counting.operations(lambda: F.scaled_dot_product_attention(q, k, k)) == 2 * 2 * (2 * 10 * 6 * 64)


def test_a_step_of_paper_is_counted_to_the_last_multiply_add():
    """One film of T x H x W tokens, one level: what the transformer's own formula says."""
    width, depth, heads, rank, text, words, channels = 64, 2, 2, 8, 128, 5, 4
    model = PaperTransformer(channels=channels, width=width, depth=depth, heads=heads, rank=rank, vocabulary=9, text_width=text,
                             text_depth=1).eval()
    frames, rows, columns = 3, 4, 6
    tokens = frames * rows * columns
    denoise = PaperDenoiser(model, torch.randn(1, words, text), torch.ones(1, 1, 1, words, dtype=torch.bool), None, None)
    x, level = torch.randn(1, channels, frames, 2 * rows, 2 * columns), torch.ones(1, 1, frames, 2 * rows, 2 * columns)

    per_block = (4 * tokens * width * width                     # queries, keys, values, out
                 + 2 * tokens * tokens * width                  # who looks at whom, and what they see
                 + 2 * tokens * width * width + 2 * words * text * width + 2 * tokens * words * width      # the same with words
                 + 2 * tokens * width * 4 * width               # to think
                 + width * rank + rank * 6 * width)             # how, at this level
    ends = tokens * (channels + 1) * 4 * width + tokens * width * channels * 4
    levels = (256 * width + width * width) * 2 + 3 * width + width * 6 * width + width * 2 * width
    assert counting.operations(lambda: denoise(x, level, level / 2)) == 2 * (depth * per_block + ends + levels)


def test_the_rate_of_matrix_products_is_that_of_a_machine():
    assert 1e8 < counting.matrix_rate(torch.float32, repeats=1) < 1e15


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not say what a process held")
def test_what_a_command_held_is_not_what_we_held():
    held = bytearray(b"x" * 300_000_000)
    spent = cost([sys.executable, "-c", "bytearray(b'x' * 50_000_000)"], ROOT)
    assert len(held) == 300_000_000 and 50e6 < spent.memory < 150e6 and 0 < spent.processor < spent.seconds + 1


def test_a_command_that_fails_says_why():
    with pytest.raises(CineloomError, match="ended with 3: it was asked"):
        cost([sys.executable, "-c", """import sys; print('{"error": "it was asked"}'); sys.exit(3)"""], ROOT)


def test_a_round_times_the_real_command_and_the_open_model():
    said = list(measure("drawn", [sys.executable, "-m", "app.cli"], ROOT, 1))
    bench = said[-1]
    assert isinstance(bench, Bench)
    assert any("round 1 of 1" in line for line in said[:-1])
    assert bench["warm"].median < bench["whole"].median         # starting a process and opening a model is not free
    assert bench["whole_pace"].median == pytest.approx(2.0 / bench["whole"].median)
    assert 0.1 < bench["memory"].median < 3
    assert json.loads(json.dumps(bench.to_json()))["figures"]["warm_pace"]["aim"] == 1.0
    assert bench.text().splitlines()[0].startswith("drawn 1: 33 pictures of 256x144 in 4 steps, 1 round, ")


def test_a_command_that_fails_is_not_timed():
    code = "print('{\"error\": \"There is no film today.\"}'); raise SystemExit(2)"
    with pytest.raises(CineloomError, match="There is no film today."):
        list(measure("drawn", [sys.executable, "-c", code], ROOT, 1))


def test_an_aim_can_be_one_to_stay_under():
    assert Figure("memory", "", "GB", 1.2, 1.0, 1.6, aim=1.5, below=True).reached is True
    assert Figure("memory", "", "GB", 1.6, 1.0, 1.6, aim=1.5, below=True).reached is False
    assert Figure("share", "", "", 0.6, 0.5, 0.7, aim=0.6).reached is True
    assert Figure("share", "", "", 0.59, 0.5, 0.7, aim=0.6).reached is False
    assert Figure("whole", "", "s", 3.0, 2.0, 4.0).reached is None


def test_full_size_is_measured_by_the_command():
    said = list(large.measure("drawn", [sys.executable, "-m", "app.cli"], ROOT, seconds=0.25, long=0, sizes=["384x216"]))
    bench = said[-1]
    assert [film.what for film in bench.films] == ["finish 384x216"] and bench.growth is None
    finished = bench["finish 384x216"]
    assert finished.seconds == 0.25 and finished.layout > 30 and finished.detail > 1 and 1e8 < finished.memory < 3e9
    assert json.loads(json.dumps(bench.to_json()))["films"][0]["what"] == "finish 384x216"
    assert bench.text().splitlines()[-1].startswith("finish 384x216")


def test_growth_is_what_a_second_more_costs():
    def took(seconds, processor, memory):
        return large.Film(f"take {seconds} s", seconds, 0.0, processor, memory, 2e9)

    steady = large.Large("m", {"cores": 2, "load": 0.1}, (took(0.25, 3.5, 5e8), took(6, 15.0, 5e8), took(60, 123.0, 5.5e8)))
    assert steady.growth == pytest.approx((1.1, 1.0)) and steady.well
    assert steady.text().splitlines()[-1].startswith("60 s against 6 s: 1.10 times the memory (at most 1.15), 1.00 times the work")
    assert not large.Large("m", {}, (took(0.25, 3.5, 5e8), took(6, 15.0, 5e8), took(60, 153.0, 5.5e8))).well
    assert not large.Large("m", {}, (took(0.25, 3.5, 5e8), took(6, 15.0, 5e8), took(60, 123.0, 5.8e8))).well
    assert not large.Film("finish", 6, 1.0, 1.0, 2.1e9, 2e9, 30.0, 2.0).well, "more memory than was foretold"
    assert not large.Film("finish", 6, 1.0, 1.0, 1e9, 2e9, 23.9, 2.0).well, "another film than the draft"
