"""The timeline by hand in a real browser: several clips at once, copies, the storyboard; each taken back by one step."""

from __future__ import annotations

import base64

import pytest
from shelving import shelved
from talking import song, talkie
from cutting import PANEL, after, box, drag, ready, scale

from engine.library import finish


@pytest.fixture
def three(tabs, cuts, library):
    """A page with a cut of three clips of 17 frames: red, green, blue."""
    takes = [shelved(library, f"{name}hand", f"{name} boat", pictures=17, colour=colour).id for name, colour in (("red", (150, 40, 30)), ("green", (40, 120, 60)), ("blue", (40, 60, 150)))]
    cuts.client.post("studio/cuts", json={"name": "Walk", "takes": takes})
    page = tabs().page
    ready(page, 3)
    page.wait_for_timeout(100)
    return page


def back(page, cuts, began) -> None:
    """One step takes it back, to the same cut."""
    page.locator(PANEL).focus()
    after(page, lambda: page.keyboard.press("Control+z"))
    assert cuts.now()["cut"] == began
    page.wait_for_timeout(100)


def chosen(page) -> list[str]:
    return page.evaluate(f"[...document.querySelectorAll('{PANEL} .clip.chosen .name')].map(one => one.textContent.split(' ')[0])")


def order(cuts) -> list[str]:
    return [name for name, _ in cuts.row()]


def middle(place: dict) -> tuple[float, float]:
    return place["x"] + place["width"] / 2, place["y"] + 20


def test_a_frame_round_several_clips_chooses_them_and_they_move_together(three, cuts):
    page, began = three, cuts.now()["cut"]
    first, second, third = (box(page, at) for at in range(3))
    lane = page.locator(f"{PANEL} .row[data-kind=titles] .lane").bounding_box()
    page.mouse.move(first["x"] + 30, lane["y"] + 8)             # from the empty row above, down into the second clip
    page.mouse.down()
    page.mouse.move(*middle(second), steps=4)
    page.wait_for_selector(f"{PANEL} .marquee:not([hidden])")
    assert chosen(page) == ["red", "green"]
    page.mouse.up()
    page.wait_for_selector(f"{PANEL} .marquee", state="hidden")
    assert chosen(page) == ["red", "green"]
    after(page, lambda: drag(page, *middle(first), third["x"] + third["width"] - 4))
    assert order(cuts) == ["blue", "red", "green"] and chosen(page) == ["red", "green"]
    back(page, cuts, began)

    # with Shift they come to lie where they are let go, over what lies there, and leave a gap
    page.keyboard.press("n")
    after(page, lambda: drag(page, *middle(first), middle(first)[0] + 20 * scale(page), key="Shift"))
    assert cuts.row() == [("", 20), ("red", 17), ("green", 17)]
    back(page, cuts, began)

    # a frame that is drawn with Ctrl chooses more; Escape takes back what is being dragged
    page.locator(f"{PANEL} .clip").nth(2).click()
    drag(page, first["x"] + 10, lane["y"] + 8, *middle(first), key="Control")
    assert chosen(page) == ["red", "blue"]
    page.mouse.move(*middle(third))
    page.mouse.down()
    page.mouse.move(first["x"] + 5, first["y"] + 20, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert cuts.now()["cut"] == began


def test_with_alt_a_clip_is_copied_with_its_sound(tabs, cuts, library, tmp_path):
    voice = finish(library.import_file(talkie(tmp_path / "voice.mp4", 2, (0.5, 1)))).id
    answer = cuts.client.post("studio/cuts", json={"name": "Talk", "takes": [voice, shelved(library, "greenhand", "green boat", pictures=17).id]}).json()
    title = {"is": "title", "id": "words", "words": "Words", "length": 8}
    cuts.client.post(f"studio/cuts/{answer['cut']['id']}/edits", json={"revision": 0, "edit": {"is": "overwrite", "at": 4, "parts": [{"track": "titles", "item": title}]}})
    page = tabs().page
    ready(page, 4)
    page.wait_for_timeout(100)
    began = cuts.now()["cut"]

    def lies(track: str) -> list[tuple]:
        """What lies on a track: where, how long, by which link."""
        at, found = 0, []
        for item in next(one for one in cuts.now()["cut"]["tracks"] if one["id"] == track)["items"]:
            if item["is"] != "gap":
                found.append((at, item["length"], item.get("link", "")))
            at += item["length"]
        return found

    film, green = box(page, 0), box(page, 1)
    frame = (film["width"] + 1) / 32
    page.mouse.move(*middle(film))
    page.keyboard.down("Alt")
    page.mouse.down()
    page.mouse.move(green["x"] + green["width"] - 4, green["y"] + 20, steps=4)
    page.wait_for_selector(f"{PANEL}.copying .clip.moved")
    assert page.locator(f"{PANEL} .row[data-kind=film] .clip").count() == 3          # the one that stays, and the one that comes
    after(page, page.mouse.up)
    page.keyboard.up("Alt")
    (_, _, link), _, (at, length, copied) = lies("film")
    assert (at, length) == (32 + 17, 32) and copied not in ("", link)
    assert [(one[0], one[2]) for one in lies("sound")] == [(0, link), (49, copied)]  # its sound came along, in sync
    assert page.locator(f"{PANEL} .row[data-kind=film] .clip.chosen").count() == 1
    back(page, cuts, began)

    words = page.locator(f"{PANEL} .row[data-kind=titles] .clip").bounding_box()
    page.keyboard.press("n")
    after(page, lambda: drag(page, *(words["x"] + words["width"] / 2, words["y"] + 10), words["x"] + words["width"] / 2 + 12 * frame, key="Alt"))
    assert [one[0] for one in lies("titles")] == [4, 16]
    back(page, cuts, began)

    page.locator(f"{PANEL} .row[data-kind=film] .clip").nth(0).click()               # and by keys
    after(page, lambda: page.keyboard.press("Control+d"))
    assert [one[:2] for one in lies("film")] == [(0, 32), (32, 32), (64, 17)] and [one[0] for one in lies("sound")] == [0, 32]
    back(page, cuts, began)


def test_cards_of_the_storyboard_are_put_elsewhere(three, cuts):
    page, began = three, cuts.now()["cut"]
    page.locator(f"{PANEL} .look .tool").last.click()
    cards = page.locator(f"{PANEL} .card .open")
    assert cards.count() == 3
    wide = cards.nth(0).bounding_box()["width"]
    after(page, lambda: cards.nth(0).drag_to(cards.nth(2), target_position={"x": wide - 12, "y": 30}))
    assert order(cuts) == ["green", "blue", "red"]
    assert page.evaluate(f"[...document.querySelectorAll('{PANEL} .card .name')].map(one => one.textContent.split(' ')[0])") == ["green", "blue", "red"]
    back(page, cuts, began)
    after(page, lambda: cards.nth(2).drag_to(cards.nth(1), target_position={"x": 12, "y": 30}))
    assert order(cuts) == ["red", "blue", "green"]
    back(page, cuts, began)
    cards.nth(1).drag_to(cards.nth(2), target_position={"x": 12, "y": 30})      # it lies there already
    cards.nth(1).focus()
    after(page, lambda: page.keyboard.press("Alt+ArrowLeft"))
    assert order(cuts) == ["green", "red", "blue"]
    back(page, cuts, began)
    assert cuts.now()["undo"] == ""                             # and there was no other step


def test_a_sound_lies_where_it_is_dropped(three, cuts, tmp_path):
    page, began = three, cuts.now()["cut"]
    first, lane = box(page, 0), page.locator(f"{PANEL} .row[data-kind=sound] .lane").bounding_box()
    after(page, lambda: page.evaluate("""([text, x, y]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([Uint8Array.from(atob(text), one => one.charCodeAt(0))], 'Rain.wav', { type: 'audio/wav' }));
        for (const kind of ['dragover', 'drop']) document.elementFromPoint(x, y).dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, clientX: x, clientY: y, dataTransfer: carried }));
    }""", [base64.b64encode(song(tmp_path / "Rain.wav", 4, (1, 2)).read_bytes()).decode(), first["x"] + 10 * scale(page), lane["y"] + 8]))
    track = next(one for one in cuts.now()["cut"]["tracks"] if one["kind"] == "sound")
    assert [(item["is"], item["length"], item.get("name", "")) for item in track["items"]] == [("gap", 10, ""), ("clip", 41, "Rain.wav")]      # as long as the film
    back(page, cuts, began)
