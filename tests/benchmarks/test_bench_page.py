"""The page's figures: what they say, and what is said where there is nothing to measure with. The measuring itself is `cineloom bench page`."""

from __future__ import annotations

from engine.bench.page import Page


def test_every_figure_stands_beside_what_it_should_be():
    figures = Page("Linux", 2, 0.1, 10_000, usable=2.9, again=0.4, answer=0.02, answers=20, idle=0.006, alone=0.005, poster=0.8, task=0.05,
                   repaints={"scrolled": 0.006}, slow={"scrolled": 0.011})
    assert figures.well and "MORE" not in figures.text() and "2.90 s   at most 3 s" in figures.text()
    assert "a repaint, median" in figures.text() and "6.0 ms   at most 16 ms" in figures.text()
    figures.slow["scrolled"] = 0.02
    assert not figures.well and figures.text().count("MORE") == 1
    figures.slow["scrolled"], figures.poster = 0.011, 1.2
    assert not figures.well and figures.text().count("MORE") == 1 and figures.to_json()["well"] is False


def test_a_figure_that_could_not_be_taken_is_not_called_good():
    assert not Page("elsewhere", 2, 0.0, 100, idle=float("nan")).well
