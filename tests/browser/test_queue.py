"""The line in a real browser: put in order, changed, held, tried again; and a server that dies under an open page."""

from __future__ import annotations

import pytest
from running import Running
from shelving import drop, shelved

from engine.jobs import Queue
from engine.library import Library
from engine.recipe import Input, Recipe, compose

HEAVY = 120_000


@pytest.fixture
def queue(fresh):
    """The queue of the studio, its line paused: what is put in it stays there."""
    queue = Queue(fresh.home)
    queue.pause()
    yield queue
    for job in queue.jobs():
        queue.cancel(job.id)
    queue.resume()


def submit(queue, *prompts, **more) -> list[str]:
    return [queue.submit(compose(prompt, model="drawn", **dict(seconds=1, size=(64, 64), steps=2, seed=1) | more)[0]) for prompt in prompts]


def order(page, *prompts) -> None:
    page.wait_for_function("all => [...document.querySelectorAll('#queue-panel .name')].map((one) => one.textContent).join() === all", arg=",".join(prompts))


def test_a_line_is_put_in_order_changed_and_held_from_any_tab(tabs, queue):
    page, other = tabs().page, tabs().page
    submit(queue, "red", "blue", "green", "pink", "gray")
    page.wait_for_selector("#queue-panel[data-waiting='5']", state="attached")
    order(page, "red", "blue")                              # the rest is a number
    page.get_by_role("button", name="Show 3 more").click()
    order(page, "red", "blue", "green", "pink", "gray")
    assert "The line is paused; 5 wait" in page.locator("#queue-panel .head").inner_text()

    name = page.locator("#queue-panel .name")
    name.nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    order(page, "red", "green", "blue", "pink", "gray")
    assert page.evaluate("document.activeElement.textContent") == "green"
    page.keyboard.press("Alt+End")
    order(page, "red", "blue", "pink", "gray", "green")
    page.locator("#queue-panel li").nth(2).hover()
    page.get_by_role("button", name="First in line: pink").click()
    order(page, "pink", "red", "blue", "gray", "green")
    page.locator("#queue-panel li").nth(0).drag_to(page.locator("#queue-panel li").nth(2), target_position={"x": 60, "y": 26})
    order(page, "red", "blue", "pink", "gray", "green")
    assert [job.recipe["prompt"] for job in queue.jobs()[:5]] == ["red", "blue", "pink", "gray", "green"]

    page.locator("#queue-panel li").nth(0).hover()
    page.get_by_role("button", name="Change it: red").click()
    form = page.locator("#queue-panel .editing")
    form.get_by_label("Prompt").fill("orange down")
    form.get_by_label("Seed").fill("9223372036854775807")
    form.get_by_label("Width").fill("130")
    form.get_by_role("button", name="Save").click()
    order(page, "orange down", "blue", "pink", "gray", "green")
    job = queue.jobs()[0]
    assert (job.recipe["seed"], job.recipe["width"]) == (2**63 - 1, 128) and page.locator("#queue-panel .editing").count() == 0
    other.wait_for_function("document.querySelector('#queue-panel .name').textContent === 'orange down'")

    other.locator("#queue-panel li").nth(1).hover()
    other.get_by_role("button", name="Pause: blue").click()
    page.wait_for_selector("#queue-panel li:has-text('blue') .says:has-text('paused')")
    other.get_by_role("button", name="Let the line go on").click()
    page.wait_for_selector("#queue-panel[data-waiting='1']", state="attached", timeout=HEAVY)       # all but the one that is held
    page.wait_for_selector("#takes-panel[data-count='4']", timeout=HEAVY)
    page.locator("#queue-panel li").hover()
    page.get_by_role("button", name="Go on: blue").click()
    page.wait_for_selector("#takes-panel[data-count='5']", timeout=HEAVY)
    page.wait_for_selector("#queue-panel[data-jobs='0']", state="attached")


def test_what_failed_says_why_and_is_tried_again(tabs, queue, tmp_path):
    given = shelved(Library.open(queue.home), "given", pictures=1).file("film")
    away = given.with_name("away.png")
    item = Input.of(given)
    given.rename(away)
    id = queue.submit(Recipe("animate", "red still", 17, 64, 64, 1, steps=2, backend="drawn", inputs=(item,)))
    queue.resume()
    tab = tabs()
    tab.meant = ("404",)        # its poster is asked for while it is away
    page = tab.page
    page.wait_for_selector("#queue-panel li[data-state=failed]", timeout=HEAVY)
    assert "given.png" in page.locator("#queue-panel .says").last.inner_text()
    away.rename(given)
    page.get_by_role("button", name="Try again: red still").click()
    page.wait_for_selector(f".card[data-take='{id}']", timeout=HEAVY)
    page.wait_for_selector("#queue-panel[data-jobs='0']", state="attached")


def test_a_server_that_dies_under_an_open_page_is_missed_and_found_again(open_tab, tmp_path):
    home = tmp_path / "studio" / "home"
    shelved(Library.open(home), "there", "red left")
    studio = Running(home)
    tab = open_tab(studio)
    page = tab.page
    port = int(studio.address.rstrip("/").rsplit(":", 1)[1])
    try:
        page.wait_for_selector("#takes-panel[data-count='1']")
        page.evaluate("window.same = true")                 # gone after a reload
        page.fill("#prompt", "blue up")
        studio.kill()
        page.wait_for_function("document.querySelector('#top-panel').textContent.includes('does not answer')")
        drop(page, "#takes-panel", ("x.mp4", b"nobody is there to have it"))
        page.wait_for_selector("#takes-panel .arriving [data-state=failed]:has-text('does not answer')")
        page.get_by_role("button", name="Dismiss").click()
        studio = Running(home, port=port)
        page.wait_for_function("!document.querySelector('#top-panel').textContent.includes('does not answer')")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#takes-panel[data-count='2']", timeout=HEAVY)
        page.wait_for_selector("#player-panel[data-take]")
        assert page.evaluate("window.same") and page.locator("#player-panel .title").inner_text() in ("blue up", "red left")
        assert [wrong for wrong in tab.wrong if "ERR_CONNECTION" not in wrong and "ERR_EMPTY" not in wrong] == []
    finally:
        studio.close()
