"""The figures of rendering: two short cuts are rendered by the command line and by ffmpeg, and what their figures say."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import av

from engine.bench.rendering import laid, measure

ROOT = Path(__file__).parents[2]


def test_short_cuts_are_rendered_and_their_figures_say_so(tmp_path):
    *said, figures = measure([sys.executable, "-m", "app.cli"], ROOT, tmp_path, clips=10, minutes=0.05, size=(64, 48), rounds=1)
    assert said[-1] == "all of it" and figures.clips == 10 and figures.clock > 0 and figures.plain_clock > 0 and 0.5 < figures.growth < 2
    with av.open(str(tmp_path / "plain.mp4")) as file:          # ffmpeg stops by the order of decoding: a picture or two late
        assert 4 <= file.streams.video[0].frames <= 6
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert file.streams.video[0].frames == 40
    good = replace(figures, clock=3.0, plain_clock=2.0, memory=100e6, long_memory=105e6)
    assert good.well and good.to_json()["pace"] == 1.5 and "MORE" not in good.text()
    slow, fat = replace(good, clock=5.0), replace(good, long_memory=150e6)
    assert not slow.well and not fat.well and "MORE" in slow.text() and "1.50 x" in fat.text()


def test_the_cut_is_as_long_as_was_asked():
    cut = laid("x", 200, 144, (64, 48))
    assert cut.length == 200 * 144 == 30 * 60 * 16 and len(cut.tracks[0].items) == 200
