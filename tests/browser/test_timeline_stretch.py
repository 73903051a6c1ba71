"""A stretch of the cut in a real browser: marked by key and by hand, taken out, made room for, made anew; and what may be done to a cut
while a candidate is played in it."""

from __future__ import annotations

import pytest
from PIL import Image
from shelving import shelved
from cutting import HEAVY, PANEL, after, box, drag, ready, revision, scale


@pytest.fixture
def two(tabs, cuts, library):
    """A page with a cut of two clips of 17 frames, red and green, and words over both."""
    takes = [shelved(library, f"{name}mark", f"{name} boat", pictures=17, colour=colour).id for name, colour in (("red", (150, 40, 30)), ("green", (40, 120, 60)))]
    answer = cuts.client.post("studio/cuts", json={"name": "Walk", "takes": takes}).json()
    title = {"is": "title", "id": "words", "words": "Words", "length": 20}
    cuts.client.post(f"studio/cuts/{answer['cut']['id']}/edits", json={"revision": 0, "edit": {"is": "overwrite", "at": 8, "parts": [{"track": "titles", "item": title}]}})
    page = tabs().page
    ready(page, 3, 1)
    page.locator(PANEL).focus()
    return page


def marked(page) -> str | None:
    return page.get_attribute(PANEL, "data-stretch")


def mark(page, start: int, stop: int) -> None:
    """By the keys: I at its first frame, O at its last."""
    page.locator(PANEL).focus()
    for frame, key in ((start, "i"), (stop - 1, "o")):
        page.get_by_label("Place in the cut").fill(str(frame))
        page.get_by_label("Place in the cut").press("Enter")
        page.locator(PANEL).focus()
        page.keyboard.press(key)
    assert marked(page) == f"{start} {stop}"


def titles(cuts) -> list[tuple[str, int]]:
    return [(item["is"], item["length"]) for item in next(track for track in cuts.now()["cut"]["tracks"] if track["kind"] == "titles").get("items", [])]


def test_a_stretch_is_marked_and_goes_out_of_all_rows_or_makes_room_in_them(two, cuts):
    page, began = two, cuts.now()["cut"]
    mark(page, 10, 20)
    edge = page.locator(f"{PANEL} .edge[data-edge=stop]")
    assert edge.get_attribute("role") == "slider" and edge.get_attribute("aria-valuetext") == "0:00:01:04"
    edge.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    assert marked(page) == "10 34"                          # a second further, and no further than the cut
    page.keyboard.press("Shift+ArrowLeft")
    assert marked(page) == "10 18"
    page.keyboard.press("n")                                # without snapping, by hand
    one, place = (box(page, 0)["width"] + 1) / 17, edge.bounding_box()
    drag(page, place["x"] + 6, place["y"] + 8, place["x"] + 6 + 4 * one)
    assert marked(page) == "10 22"
    ruler = page.locator(f"{PANEL} .ruler").bounding_box()
    drag(page, ruler["x"] + 24 * one, ruler["y"] + 8, ruler["x"] + 12 * one, key="Shift")
    assert marked(page) == "12 24"
    page.keyboard.press("x")
    assert marked(page) is None and page.locator(f"{PANEL} .marked").is_hidden()
    page.locator(f"{PANEL} .clip").nth(1).click()           # a clip that is chosen goes first, then the stretch
    page.keyboard.press("i")
    page.locator(f"{PANEL} .row[data-kind=film] .clip").nth(0).click()
    page.keyboard.press("Escape")
    assert page.locator(f"{PANEL} .clip.chosen").count() == 0 and marked(page)
    page.keyboard.press("Escape")
    assert marked(page) is None

    acts = page.get_by_role("group", name="The stretch that is marked")
    for act, film, words in (
        (lambda: acts.get_by_role("button", name="Close up").click(), [("red", 10), ("green", 12)], [("gap", 8), ("title", 8)]),
        (lambda: page.keyboard.press("Delete"), [("red", 10), ("green", 12)], [("gap", 8), ("title", 8)]),
        (lambda: acts.get_by_role("button", name="Leave a gap").click(), [("red", 10), ("", 12), ("green", 12)], [("gap", 8), ("title", 2), ("gap", 12), ("title", 6)]),
        (lambda: page.keyboard.press("Backspace"), [("red", 10), ("", 12), ("green", 12)], [("gap", 8), ("title", 2), ("gap", 12), ("title", 6)]),
        (lambda: acts.get_by_role("button", name="Make room").click(), [("red", 10), ("", 12), ("red", 7), ("green", 17)], [("gap", 8), ("title", 2), ("gap", 12), ("title", 18)]),
        (lambda: page.keyboard.press("g"), [("red", 10), ("", 12), ("red", 7), ("green", 17)], [("gap", 8), ("title", 2), ("gap", 12), ("title", 18)]),
    ):
        mark(page, 10, 22)
        after(page, act)
        assert cuts.row() == film and titles(cuts) == words
        page.locator(PANEL).focus()
        after(page, lambda: page.keyboard.press("Control+z"))
        assert cuts.now()["cut"] == began                   # one step each
    mark(page, 10, 22)                                      # a film of it alone
    page.get_by_role("button", name="Cut: Walk").click()
    page.get_by_role("menuitem", name="Export…").click()
    sheet = page.get_by_role("dialog", name="Export Walk")
    sheet.get_by_label("Only the stretch that is marked").check()
    assert "0:00:00:10 to 0:00:01:06" in sheet.inner_text()
    sheet.get_by_role("radio", name="GIF").check()
    sheet.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download(timeout=HEAVY) as saved:
        sheet.get_by_role("listitem").filter(has_text="Walk.gif").get_by_role("link", name="Save").click(timeout=HEAVY)
    assert Image.open(saved.value.path()).n_frames == 12
    sheet.get_by_role("listitem").filter(has_text="Walk.gif").get_by_role("button", name="Put it away").click()
    page.keyboard.press("Escape")
    page.locator(PANEL).focus()
    page.keyboard.press("x")
    for key in ("r", "g"):
        page.keyboard.press(key)
        assert "Mark a stretch first" in page.locator(f"{PANEL} .hint").inner_text()


def test_a_stretch_is_made_anew_tried_and_accepted(tabs, cuts):
    red, blue = cuts.takes(("red left", 2), ("blue right", 1))
    cuts.client.post("studio/cuts", json={"name": "Walk", "takes": [red, blue]})
    tab = tabs()
    page = tab.page
    tab.meant = ("400 (Bad Request)",)
    ready(page, 2)
    began = cuts.now()["cut"]
    mark(page, 12, 19)
    page.locator(f"{PANEL} .makes").click()
    page.get_by_role("menuitem", name="Retake this stretch…").click()
    sheet = page.get_by_role("dialog", name="Retake this stretch")
    assert "red left · 0:00:00:12 to 0:00:01:03, 0:00:00:07 long" in sheet.inner_text()
    sheet.get_by_label("Words").fill("green left")
    sheet.get_by_label("Width").fill("64")
    sheet.get_by_role("button", name="Make", exact=True).click()
    assert "four numbers" in sheet.get_by_role("alert").inner_text()
    for side, number in (("Left", 300), ("Top", 0), ("Height", 32)):
        sheet.get_by_label(side).fill(str(number))
    sheet.get_by_role("button", name="Make", exact=True).click()
    page.wait_for_function("document.querySelector('dialog.making [role=alert]').textContent.includes('An area')")       # the studio's own sentence; nothing that was written is lost
    sheet.get_by_role("button", name="Paint it…").click()
    painting = page.get_by_role("dialog", name="Paint what is made anew")
    painting.get_by_role("button", name="Fill").click()
    painting.get_by_role("button", name="Use this mask").click()
    sheet.get_by_text("a part is painted", exact=True).wait_for()         # and not "unless a part is painted"
    page.evaluate(f"window.said = new Set(); new MutationObserver(() => document.querySelectorAll('{PANEL} .try .says').forEach(one => said.add(one.textContent))).observe(document.querySelector('{PANEL}'), {{ subtree: true, childList: true, characterData: true }})")
    sheet.get_by_role("button", name="Make", exact=True).click()
    page.wait_for_selector(f"{PANEL} .try")
    one = scale(page)
    # Where it is being made; asked in one go, since the zone is drawn anew whenever its job goes on.
    page.wait_for_function(f"""one => {{
        const zone = document.querySelector('{PANEL} .tobe')?.getBoundingClientRect(), clip = document.querySelector('{PANEL} .row[data-kind=film] .clip').getBoundingClientRect();
        return zone && Math.abs(zone.x - clip.x - 12 * one) < 2 && Math.abs(zone.width - 7 * one) < 2;
    }}""", arg=one)
    page.wait_for_selector(f"{PANEL} .try[data-state=done]", timeout=HEAVY)
    assert any(" · " in words and "waiting" not in words for words in page.evaluate("[...said]"))         # how far it was
    page.locator(f"{PANEL} .try button[aria-label='Try another']").click()
    page.wait_for_function(f"document.querySelector('{PANEL} .try .count').textContent.endsWith('of 2')")
    page.get_by_role("button", name="The next candidate").click()
    page.wait_for_function(f"([...document.querySelectorAll('{PANEL} .try[data-state=done] .count')][0]?.textContent ?? '').startsWith('2')", timeout=HEAVY)
    first, second = cuts.now()["candidates"]
    assert [len(one["items"]) for one in (first, second)] == [3, 3]
    recipes = [cuts.client.get(f"studio/takes/{one['job']}").json()["take"] for one in (first, second)]
    assert recipes[0]["seed"] != recipes[1]["seed"] and {**recipes[0]["recipe"], "seed": 0} == {**recipes[1]["recipe"], "seed": 0}
    assert {one["role"] for one in recipes[0]["recipe"]["inputs"]} == {"film", "mask"} and recipes[0]["prompt"] == "green left"

    # while it is played nothing is edited, and it is said why; what is seen is the cut as it would be
    page.locator(f"{PANEL} .try .ab").click()
    page.wait_for_selector(f"{PANEL}[data-trying]")
    page.wait_for_function(f"document.querySelectorAll('{PANEL} .row[data-kind=film] .clip').length === 4")
    page.keyboard.press("k")
    was = revision(page)
    tried = page.locator(f"{PANEL} .row[data-kind=film] .clip").nth(3).bounding_box()
    for act in (lambda: page.keyboard.press("s"), lambda: page.keyboard.press("g"), lambda: drag(page, tried["x"] + 30, tried["y"] + 20, tried["x"] - 60),
                lambda: page.locator(f"{PANEL} .bar .tool[aria-label^=Marker]").click()):
        page.evaluate(f"document.querySelector('{PANEL} .hint').textContent = ''")
        page.get_by_label("Place in the cut").fill("14")
        page.get_by_label("Place in the cut").press("Enter")
        page.locator(PANEL).focus()
        act()
        page.wait_for_function(f"document.querySelector('{PANEL} .hint').textContent.startsWith('You see a candidate')")
    assert revision(page) == was and cuts.now()["cut"] == began and page.locator(f"{PANEL}[data-trying]").count() == 1
    page.locator(PANEL).focus()
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{PANEL}:not([data-trying])")
    page.wait_for_function(f"document.querySelectorAll('{PANEL} .row[data-kind=film] .clip').length === 2")

    after(page, lambda: page.locator(f"{PANEL} .try button[aria-label=Accept]").click())
    lengths = [length for _, length in cuts.row()]
    assert len(lengths) == 4 and sum(lengths) == 50 and lengths[0] <= 12 and sum(lengths[:2]) >= 19
    page.locator(PANEL).focus()
    after(page, lambda: page.keyboard.press("Control+z"))
    assert cuts.now()["cut"] == began and page.locator(f"{PANEL} .try").count() == 1
