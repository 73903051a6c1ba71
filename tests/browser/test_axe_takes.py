"""axe-core over what the player, the takes and the line can look like: no violation, dark and light."""

from __future__ import annotations

import pytest
from shelving import drop, shelved
from test_axe import axe  # noqa: F401

from engine.jobs import Queue
from engine.library import Edge, Library
from engine.recipe import compose


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_takes_player_and_line(tabs, fresh, axe, scheme):  # noqa: F811
    library, queue = Library.open(fresh.home), Queue(fresh.home)
    shelved(library, "boat", "a red boat", figures={"part": 0.5, "joins": [{"picture": 8, "difference": 2.1}, {"picture": 20, "difference": 1.0}]})
    shelved(library, "fox", "a fox", parents=[Edge("fox", "boat", 0, 9, "film"), Edge("fox", "gone", 0, 1, "picture")])
    shelved(library, "lost").file("film").unlink()
    library.rate("fox", 3), library.favourite("fox"), library.tag("fox", ["sea"])
    tab = tabs(color_scheme=scheme)
    tab.meant = ("404", "preload assets", "400", "ERR_FAILED")       # the film that is missing, what was no film
    page, wrong = tab.page, []
    page.wait_for_selector("#takes-panel[data-count='3']")
    page.keyboard.press("d")
    page.locator(".card[data-take=fox] .open").click()
    page.wait_for_selector("#takes-panel .family .nobody")
    wrong += axe(page, "details")
    page.locator(".card[data-take=boat] .open").click()
    page.wait_for_selector("#player-panel .score")
    page.locator("#player-panel summary").click()
    wrong += axe(page, "joins and downloads", "#player-panel")
    page.locator("#takes-panel summary[aria-label=Filter]").click()
    page.get_by_role("button", name="2 stars or more").click()
    page.wait_for_selector("#takes-panel[data-count='1']")
    wrong += axe(page, "filters", "#takes-panel")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Without the filter").click()
    page.wait_for_selector("#takes-panel[data-count='3']")
    for id in ("boat", "fox"):
        page.locator(f".card[data-take={id}] .open").click(modifiers=["Control"])
    wrong += axe(page, "chosen", "#takes-panel")
    page.keyboard.press("c")
    page.wait_for_selector("#player-panel[data-compare]")
    wrong += axe(page, "wipe")
    page.keyboard.press("Escape")
    try:
        queue.pause()
        for seed in range(5):
            queue.submit(compose("red left", model="drawn", seconds=1, size=(64, 64), steps=2, seed=seed)[0])
        page.wait_for_selector("#queue-panel[data-waiting='5']", state="attached")
        page.locator("#queue-panel li").first.hover()
        page.get_by_role("button", name="Change it: red left").first.click()
        wrong += axe(page, "line", "#queue-panel")
    finally:
        for job in queue.jobs():
            queue.cancel(job.id)
        queue.resume()
    held = []
    page.route("**/studio/arrivals?name=slow*", lambda route: held.append(route))
    made_here = library.take("boat").file("film").read_bytes()
    for name, state in (("from a friend.mp4", "[data-state=offered]"), ("notes.txt", "[data-state=failed]"), ("slow.mp4", ":not([data-state])")):
        drop(page, "#takes-panel .scroll", (name, b"words" if name == "notes.txt" else made_here))
        page.wait_for_selector(f"#takes-panel .arriving li{state} .name[title='{name}']")
    wrong += axe(page, "files under way", "#takes-panel")
    held[0].abort()
    page.locator(".card[data-take=lost] .open").click()
    page.wait_for_selector("#player-panel .gone:not([hidden])")
    if scheme == "light":       # axe waits ten seconds for a film that is not there
        wrong += axe(page, "missing", "#player-panel")
    assert wrong == []
