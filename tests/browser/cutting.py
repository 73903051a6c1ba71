"""The timeline as tests take hold of it: cuts asked past the page, and hands on the page."""

from __future__ import annotations

import time

import httpx

PANEL = "#timeline-panel"
HEAVY = 120_000         # milliseconds a take may need on a busy machine


class Cuts:
    """The cuts of a studio, asked past the page."""

    def __init__(self, address: str):
        self.address = address
        self.client = httpx.Client(base_url=address, timeout=60)

    def all(self) -> list[dict]:
        return self.client.get("studio/cuts").json()["cuts"]

    def clear(self) -> None:
        for one in self.all():
            self.client.post(f"studio/cuts/{one['id']}/trash", json={})

    def now(self) -> dict:
        """The newest cut's answer."""
        return self.client.get(f"studio/cuts/{self.all()[0]['id']}").json()

    def row(self) -> list[tuple[str, int]]:
        """Its film: the first word of each clip and how long it is; gaps are ""."""
        film = next(track for track in self.now()["cut"]["tracks"] if track["kind"] == "film")
        return [(item.get("name", "").partition(" ")[0], item["length"]) for item in film.get("items", []) if item["is"] != "transition"]

    def takes(self, *wanted: tuple[str, float]) -> list[str]:
        """Make takes and wait for them."""
        ids = [self.client.post("studio/jobs", json={"prompt": words, "seconds": seconds, "width": 128, "height": 64, "steps": 2, "seed": 1}).json()["job"]["id"]
               for words, seconds in wanted]
        until = time.monotonic() + HEAVY / 1000
        while not all(self.client.get(f"studio/takes/{id}").status_code == 200 for id in ids):
            assert time.monotonic() < until, "the takes were not made"
            time.sleep(0.1)
        return ids


def ready(page, clips: int | None = None, revision: int | None = None):
    page.wait_for_selector(f"{PANEL}[data-ready]")
    if clips is not None:
        page.wait_for_selector(f"{PANEL}[data-clips='{clips}']")
    if revision is not None:
        page.wait_for_selector(f"{PANEL}[data-revision='{revision}']")


def revision(page) -> int:
    return int(page.get_attribute(PANEL, "data-revision"))


def after(page, act) -> None:
    """Do something and wait until the studio has answered with another revision."""
    was = revision(page)
    act()
    page.wait_for_function(f"was => +document.querySelector('{PANEL}').dataset.revision > was", arg=was)
    page.wait_for_function(f"!document.querySelector('{PANEL}').matches('.dragging')")


def box(page, number: int) -> dict:
    return page.locator(f"{PANEL} .row[data-kind=film] .clip").nth(number).bounding_box()


def drag(page, x: float, y: float, to_x: float, to_y: float | None = None, key: str = "") -> None:
    page.mouse.move(x, y)
    if key:
        page.keyboard.down(key)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, y, steps=3)
    page.mouse.move(to_x, to_y or y, steps=3)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def scale(page) -> float:
    """Pixels of a frame."""
    first = box(page, 0)
    return (first["width"] + 1) / next(iter(page.evaluate(f"[...document.querySelectorAll('{PANEL} .clip')].map(one => one.view.place.item.length)")))
