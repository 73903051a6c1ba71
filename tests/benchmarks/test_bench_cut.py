"""The figures of a long cut: edits are made and counted, and what they say. The measuring itself is `cineloom bench cut`."""

from __future__ import annotations

from dataclasses import replace

from engine.bench.cutting import long_cut, measure


def test_a_small_cut_is_edited_and_its_figures_say_so(tmp_path):
    *said, figures = measure(tmp_path, 12, 8, seed=3)
    assert said[-1] == "edit 8 of 8" or len(said) > 8
    assert figures.clips == 12 and figures.edits == 8 and figures.step > 0 and figures.edit[1] >= figures.edit[0] > 0
    slow = replace(figures, edit=(40.0, 60.0))
    assert not slow.well and "MORE" in slow.text() and slow.to_json()["well"] is False


def test_the_long_cut_is_thirty_minutes_of_as_many_clips():
    cut = long_cut(200)
    assert cut.length == 200 * (30 * 60 * 16 // 200) and len(cut.tracks[0].items) == 200
