"""The page with the model that ships: one real take, from a sentence to a film that plays, and found again after a restart."""

from __future__ import annotations

import pytest
from running import Running
from test_page import ask, played


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def test_paper_makes_a_real_take_through_the_page(open_tab, home):
    studio = Running(home, backend="paper")
    try:
        tab = open_tab(studio)
        tab.page.fill("#prompt", "a red dragon on the sea at dusk")
        tab.page.wait_for_function("document.querySelector('#make-panel').innerText.includes('dragon')")    # marked: it never saw one
        ask(tab.page, "a red boat sails to the left on the sea at dusk", seconds="1", seed="7")
        tab.page.wait_for_selector("#player-panel canvas[data-step]", timeout=120_000)                      # the moving preview
        take = played(tab.page)
        assert tab.page.evaluate("document.querySelector('video').videoWidth") == 256
        spread = tab.page.evaluate("""() => {
            const c = new OffscreenCanvas(64, 36), pen = c.getContext('2d');
            pen.drawImage(document.querySelector('video'), 0, 0, 64, 36);
            const p = pen.getImageData(0, 0, 64, 36).data.filter((_, i) => i % 4 == 0);
            const mean = p.reduce((a, b) => a + b) / p.length;
            return Math.sqrt(p.reduce((a, b) => a + (b - mean) ** 2, 0) / p.length);
        }""")
        assert spread > 10, "a picture, not a plain colour"
        assert tab.wrong == []
    finally:
        studio.close()
    studio = Running(home, backend="paper")             # kept in a folder, not in the server's memory
    try:
        tab = open_tab(studio)
        assert tab.page.locator("#takes-panel .card").first.get_attribute("data-take") == take
        assert tab.wrong == []
    finally:
        studio.close()
