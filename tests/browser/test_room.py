"""The room before gradio: it can be used while gradio's page is still on its way, and nobody notices when that takes it up."""

from __future__ import annotations

import pytest
from shelving import shelved
from test_axe import axe  # noqa: F401

from engine.library import Library

# Where everything is that can be seen, and what it looks like there; what is only read aloud stands wherever it is out of the way.
LOOK = """() => [...document.querySelectorAll('section.panel, section.panel *')].filter(one => !one.matches('.aloud, .skip, .toasts *') && one.checkVisibility()).map(one => {
  const at = one.getBoundingClientRect(), style = getComputedStyle(one);
  return [one.localName, one.className.baseVal ?? one.className, ...[at.x, at.y, at.width, at.height].map(Math.round),
    style.fontFamily, style.fontSize, style.fontWeight, style.lineHeight, style.backgroundColor, style.opacity, style.cursor, style.paddingLeft, style.borderTopWidth].join(' ');
})"""
GRADIO = "html[data-page=gradio]"


@pytest.fixture
def held(windows, fresh):
    """A page that has not got gradio's yet, and a function that lets it come."""
    library = Library.open(fresh.home)
    for number in range(30):
        shelved(library, f"boat{number:02}", f"boat number {number}", pictures=33, colour=(number * 8, 60, 90))

    def open_held(**more):
        page, waiting, wrong = windows.lend({"viewport": {"width": 1440, "height": 900}} | more, fresh.address).new_page(), [], []
        page.on("pageerror", lambda error: wrong.append(f"{error}"))
        page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
        page.route("**/?gradio=alone", lambda route: waiting.append(route))
        page.goto(fresh.address)
        for panel in ("top", "make", "player", "queue", "takes"):
            page.wait_for_selector(f"#{panel}-panel[data-ready]", state="attached")

        def come():
            while not waiting:
                page.wait_for_timeout(20)
            for route in waiting:
                route.continue_()
            page.wait_for_selector(GRADIO, state="attached")
            page.wait_for_timeout(300)
            assert wrong == []

        return page, come

    return open_held


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def test_gradio_takes_the_panels_up_as_they_are(held, axe, viewport):  # noqa: F811
    page, come = held(viewport=viewport)
    page.wait_for_selector("#player-panel[data-take]")
    page.wait_for_function("document.querySelector('#top-panel .status').textContent.endsWith('is ready')", timeout=120_000)
    page.evaluate("() => { const film = document.querySelector('video'); film.pause(); film.currentTime = 0.5; }")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    assert axe(page, "the room") == []
    before = page.evaluate(LOOK)
    come()
    after = page.evaluate(LOOK)
    assert len(before) > 200 and after == before
    assert page.locator("main").count() == 1 and page.locator("#studio").count() == 1


def test_what_one_does_goes_on(held, fresh):
    page, come = held()
    page.wait_for_selector("#player-panel[data-take]")
    page.wait_for_function("document.querySelector('video').currentTime > 0")
    page.locator("#make-panel input[name=task][value=picture]").check(force=True)
    page.get_by_role("button", name="Make").click()                     # the room works: it says what is missing
    page.wait_for_selector(".toast.bad")
    page.mouse.move(1250, 500)
    page.mouse.wheel(0, 700)
    page.wait_for_function("document.querySelector('#takes-panel .scroll').scrollTop > 300")
    scrolled = page.evaluate("document.querySelector('#takes-panel .scroll').scrollTop")
    page.focus("#prompt")
    page.keyboard.type("green u")
    page.evaluate("() => { window.film = document.querySelector('video'); window.stopped = 0; film.addEventListener('pause', () => { window.stopped += 1; }); }")
    come()
    page.keyboard.type("p")                                             # and the hand never left the keys
    assert page.input_value("#prompt") == "green up"
    assert page.evaluate("document.querySelector('#takes-panel .scroll').scrollTop") == scrolled
    assert page.evaluate("film === document.querySelector('video') && !film.paused && window.stopped === 0")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("document.querySelector('#takes-panel').dataset.count === '31'", timeout=120_000)


def test_under_somebody_s_hand_nothing_moves(held):
    page, come = held()
    slider = page.locator("#make-panel input[type=range]").first
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + box["height"] / 2, steps=4)
    near = float(slider.input_value())
    with pytest.raises(Exception, match="Timeout"):
        page.set_default_timeout(3000)
        come()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2, steps=4)
    far = slider.input_value()
    page.mouse.up()
    page.wait_for_selector(GRADIO, state="attached")
    assert slider.input_value() == far and float(far) > near > 0.25


@pytest.mark.parametrize("address, before", [("?gradio=alone", ""), ("", "delete Element.prototype.moveBefore")], ids=["alone", "an older browser"])
def test_gradio_s_page_brings_the_panels_to_life_itself(windows, fresh, address, before):
    page = windows.lend({}, fresh.address).pages[0]
    page.add_init_script(before)
    page.goto(fresh.address + address)
    for panel in ("top", "make", "player", "queue", "takes", "timeline"):
        page.wait_for_selector(f"gradio-app #{panel}-panel[data-ready]", state="attached")
    page.fill("#prompt", "red left")
    page.get_by_role("button", name="Make").click()
    page.wait_for_selector("#player-panel[data-take]", timeout=120_000)
    assert page.locator("section.panel").count() == 6
