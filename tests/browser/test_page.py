"""The page in a real browser: make a take, see it form, keep it, find it again. The weightless model makes the film."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

HEAVY = 120_000         # milliseconds a take may need on a busy machine
LONG = {"seconds": "4", "size": "L", "steps": "8"}     # enough work to look at it while it goes on
LONGER = LONG | {"seconds": "8"}                        # and to come back to it
ENDLESS = LONGER | {"size": "XXL"}                      # not to be finished before somebody in another tab has cancelled it


def ask(page, prompt: str, *, seconds: str = "", size: str = "", steps: str = "", seed: str = "") -> None:
    """Fill the form and press Make."""
    page.fill("#prompt", prompt)
    if seconds:
        page.locator("#seconds").fill(seconds)
    for name, value in (("size", size), ("steps", steps)):
        if value:
            page.locator(f"input[name={name}][value='{value}']").check()
    if seed:
        page.fill("#seed", seed)
    page.get_by_role("button", name="Make").click()


def played(page) -> str:
    """Wait until a take's film really plays; its id."""
    page.wait_for_selector("#player-panel[data-take]", timeout=HEAVY)
    page.wait_for_function("document.querySelector('video').readyState >= 2 && document.querySelector('video').currentTime > 0")
    return page.get_attribute("#player-panel", "data-take")


def quick(page, prompt="red left", **more) -> str:
    """Make a small take and wait until it plays; its id."""
    before = page.locator("#takes-panel .card").count()
    ask(page, prompt, seconds="0.5", steps="2", **more)
    page.wait_for_function("n => document.querySelectorAll('#takes-panel .card').length > n", arg=before, timeout=HEAVY)
    page.wait_for_selector(f"#player-panel[data-take='{page.locator('#takes-panel .card').first.get_attribute('data-take')}']")
    return played(page)


def test_from_a_sentence_to_a_take_that_plays(page):
    ask(page, "orange right", seed="77", **LONG)
    page.wait_for_selector("#queue-panel li[data-state=running]", timeout=HEAVY)
    page.wait_for_selector("#player-panel canvas[data-step]", timeout=HEAVY)        # the moving preview
    step = int(page.get_attribute("#player-panel canvas", "data-step"))
    assert 1 <= step <= 8
    colour = page.evaluate(
        "() => { const c = document.querySelector('#player-panel canvas');"
        "return [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data] }"
    )
    assert colour[3] == 255 and sum(colour[:3]) > 0, "nothing was drawn"
    bar = page.get_by_role("progressbar", name="orange right")
    assert re.search(r"step \d+ of 8|drawing|picture \d+ of 65", bar.get_attribute("aria-valuetext"))
    id = played(page)
    assert page.locator("#takes-panel .card").count() == 1
    assert page.locator("#player-panel .title").inner_text() == "orange right"
    assert "4 s · 512 × 288 · 8 steps · seed 77" in page.locator("#player-panel .line").inner_text()
    assert page.evaluate("document.querySelector('video').videoWidth") == 512
    assert page.evaluate("document.querySelector('video').loop")
    assert page.get_attribute("#takes-panel .card", "data-take") == id
    page.wait_for_selector("#queue-panel[data-jobs='0']", state="attached")
    page.wait_for_selector("#make-panel .price:has-text('on this machine')")        # it has learnt what a film costs


def test_a_reload_in_the_middle_loses_nothing(tabs):
    tab = tabs()
    ask(tab.page, "blue down", **LONGER)
    tab.page.wait_for_selector("#queue-panel li[data-state=running]", timeout=HEAVY)
    page = tab.open()
    page.wait_for_selector("#queue-panel li[data-state=running]")                   # the job is shown again
    assert page.locator("#queue-panel .name").inner_text() == "blue down"
    assert page.input_value("#prompt") == "blue down"                               # and so is what was written
    played(page)
    page = tab.open()
    assert page.locator("#player-panel .title").inner_text() in ("", "blue down")
    played(page)
    assert page.locator("#takes-panel .card").count() == 1


def test_two_tabs_show_the_same_and_either_may_cancel(tabs):
    first, second = tabs().page, tabs().page
    ask(first, "green up", **ENDLESS)
    second.wait_for_selector("#queue-panel li[data-state=running]", timeout=HEAVY)
    second.get_by_role("button", name="Cancel: green up").click()
    first.wait_for_selector("#queue-panel[data-jobs='0']", state="attached", timeout=HEAVY)
    assert first.locator("#takes-panel .card").count() == 0
    id = quick(first, "pink left")
    second.wait_for_selector(f"#takes-panel .card[data-take='{id}']")


def test_words_that_the_model_does_not_know_are_marked(page):
    page.fill("#prompt", "a red 🦊 dragon right, Castle")
    page.wait_for_selector("#make-panel mark")
    assert page.locator("#make-panel mark").all_inner_texts() == ["dragon", "Castle"]
    assert page.locator("#unknown").inner_text().split() == "Drawn does not know: dragon castle".split()
    # The mark lies under its word, also far down and after wrapping.
    long = "red left " * 60 + "dragon"
    page.fill("#prompt", long)
    page.wait_for_function("document.querySelectorAll('#make-panel mark').length === 1")
    page.evaluate("() => { const t = document.querySelector('#prompt'); t.scrollTop = t.scrollHeight }")
    page.wait_for_timeout(100)
    assert page.evaluate(
        "() => { const t = document.querySelector('#prompt'), u = document.querySelector('#make-panel .underlay');"
        "return Math.abs(t.scrollTop - u.scrollTop) <= 1 && t.clientWidth === u.clientWidth }"
    )
    page.fill("#prompt", "red left")
    page.wait_for_function("document.querySelectorAll('#make-panel mark').length === 0")
    assert page.locator("#unknown").inner_text() == ""


def test_an_example_works_with_two_clicks(page):
    page.locator("#player-panel .tries button").first.click()
    assert page.input_value("#prompt") == "red left"
    page.get_by_role("button", name="Make").click()
    played(page)


def test_again_with_this_recipe_fills_the_form(page):
    page.locator("input[name=shape][value='1:1']").check()
    id = quick(page, "purple up", seed="123456789012345678")
    page.fill("#prompt", "something else")
    page.fill("#seed", "")
    page.locator("input[name=shape][value='16:9']").check()
    page.get_by_role("button", name="Again with this recipe").first.click()
    page.wait_for_function("document.querySelector('#prompt').value === 'purple up'")
    assert page.input_value("#seed") == "123456789012345678"        # not rounded on its way through JavaScript
    assert page.locator("input[name=shape][value='1:1']").is_checked()
    assert page.locator("input[name=steps][value='2']").is_checked()
    page.get_by_role("button", name="Make").click()
    page.wait_for_function("id => (document.querySelector('#player-panel').dataset.take ?? id) !== id", arg=id, timeout=HEAVY)
    page.wait_for_function("document.querySelectorAll('#takes-panel .card').length === 2")


def test_takes_are_loved_thrown_away_found_and_put_back(page):
    red, blue = quick(page, "red left"), quick(page, "blue right")
    card = page.locator(f".card[data-take='{red}']")
    card.hover()
    card.get_by_role("button", name="Favourite").click()
    page.wait_for_selector(f".card[data-take='{red}'] [aria-pressed=true]", state="attached")
    page.get_by_role("button", name="Favourites only").click()
    page.wait_for_selector("#takes-panel[data-count='1']")
    assert page.locator(".card").get_attribute("data-take") == red
    page.get_by_role("button", name="Favourites only").click()
    page.wait_for_selector("#takes-panel[data-count='2']")
    page.keyboard.press("Escape")
    page.locator("body").press("/")
    page.keyboard.type("blu")
    page.wait_for_selector("#takes-panel[data-count='1']")
    assert page.locator(".card").get_attribute("data-take") == blue
    page.locator(".search").fill("")
    page.wait_for_selector("#takes-panel[data-count='2']")
    card.hover()
    card.get_by_role("button", name="Put in the trash").click()
    page.wait_for_selector("#takes-panel[data-count='1']")
    page.get_by_role("button", name="The trash", exact=True).click()
    page.wait_for_selector(f".card[data-take='{red}']")
    page.locator(".card").hover()
    page.get_by_role("button", name="Put back").click()
    page.wait_for_selector("#takes-panel[data-count='0']")
    page.get_by_role("button", name="The trash", exact=True).click()
    page.wait_for_selector("#takes-panel[data-count='2']")


def test_the_pointer_scrubs_through_a_poster(page):
    id = quick(page)
    open_ = page.locator(f".card[data-take='{id}'] .open")
    box = open_.bounding_box()
    for part, place in ((0.05, "0%"), (0.5, "57.14"), (0.95, "100%")):      # the first, fifth and last of eight pictures
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 30)
        page.wait_for_function("place => document.querySelector('.scrub i').style.backgroundPosition.startsWith(place)", arg=place)
    assert open_.locator(".scrub").is_visible()
    page.mouse.move(0, 0)
    open_.locator(".scrub").wait_for(state="hidden")


def test_a_film_can_begin_with_a_picture(page):
    data = io.BytesIO()
    Image.new("RGB", (90, 160), (20, 160, 60)).save(data, "JPEG")
    page.locator("input[name=task][value=animate]").check()
    page.set_input_files("#make-panel input[type=file]", {"name": "a <b>.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()})
    page.wait_for_selector("#make-panel .drop img")
    assert page.locator("input[name=shape][value='9:16']").is_checked()     # the picture's shape
    quick(page, "red still")
    assert "from a picture" in page.locator("#player-panel .line").inner_text()
    page.get_by_role("button", name="Begin without the picture").click()
    assert page.locator("#make-panel .drop img").count() == 0


def test_a_still_picture(page):
    page.locator("input[name=task][value=picture]").check()
    ask(page, "yellow")
    page.wait_for_selector("#player-panel[data-take]", timeout=HEAVY)
    page.wait_for_function("document.querySelector('#player-panel .stage > img').naturalWidth === 256")
    assert page.locator("video").is_hidden() and "still" in page.locator("#player-panel .line").inner_text()


def test_the_player_obeys_keys(page):
    quick(page, "red right")
    page.locator("body").click(position={"x": 700, "y": 20})
    page.keyboard.press("Space")
    assert page.evaluate("document.querySelector('video').paused")
    page.evaluate("document.querySelector('video').currentTime = 0.5 / 16")
    for key, picture in ((".", 1), (".", 2), (",", 1), (",", 0), (",", 8)):     # 9 pictures, in a circle
        page.keyboard.press(key)
        page.wait_for_function("!document.querySelector('video').seeking")
        assert page.evaluate("Math.floor(document.querySelector('video').currentTime * 16)") == picture
    page.keyboard.press("Space")
    page.wait_for_function("!document.querySelector('video').paused")
    page.keyboard.press("r")
    assert not page.evaluate("document.querySelector('video').loop")


def test_from_words_to_film_without_a_mouse(page):
    page.keyboard.press("p")
    page.keyboard.type("blue left")
    page.keyboard.press("Control+Enter")
    id = played(page)
    page.locator(".search").focus()
    while page.evaluate("!document.activeElement.closest('.card')"):
        assert page.evaluate("document.activeElement.closest('#takes-panel')") is not None, "no card on the way of the Tab key"
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.card')?.dataset.take") == id
    page.keyboard.press("Delete")
    page.wait_for_selector("#takes-panel[data-count='0']")


def test_mischief_stays_text(page):
    mischief = "red ${window.__bad = 1} <img src=x onerror='window.__bad = 2'> {{7*7}}"
    quick(page, mischief)
    assert page.locator("#player-panel .title").inner_text() == mischief
    assert page.locator(".card .prompt").inner_text() == mischief
    assert page.evaluate("window.__bad") is None


def test_a_refusal_is_a_sentence(tabs):
    tab = tabs()
    page = tab.page
    page.get_by_role("button", name="Make").click()
    page.wait_for_selector(".toast.bad")
    assert "what the film shows" in page.locator(".toast.bad").inner_text()
    ask(page, "red", seed="9" * 19)         # past 2**63
    page.wait_for_selector(".toast.bad:has-text('A seed is a whole number')")
    assert page.locator("#queue-panel li").count() == 0
    refused = [wrong for wrong in tab.wrong if "400 (Bad Request)" in wrong]
    assert len(refused) == 1                # the browser's own note of our answer, and no other complaint
    tab.wrong.remove(refused[0])


def test_a_take_is_saved_under_its_words(page):
    quick(page, "red left")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Save the film").click()
    assert re.fullmatch(r"red-left-[a-z0-9]{10}\.mp4", waiting.value.suggested_filename)


@pytest.mark.parametrize("width, height", [(390, 844), (768, 1024), (1440, 900), (1920, 1080)])
def test_nothing_sticks_out(tabs, width, height):
    page = tabs(width=width, height=height).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    make, player, takes = (page.locator(f"#{name}-panel").bounding_box() for name in ("make", "player", "takes"))
    if width > 860:
        assert max(box["y"] + box["height"] for box in (make, player, takes)) <= height
        assert make["x"] < player["x"] < takes["x"]
        assert page.get_by_role("button", name="Make").bounding_box()["y"] < height - 40
    else:
        assert player["y"] < takes["y"] and make["y"] >= height      # the form waits in a drawer below the edge


def test_controls_have_names(page):
    unnamed = page.evaluate(
        "() => [...document.querySelectorAll('.panel button, .panel input, .panel textarea, .panel a')]"
        ".filter(n => !(n.getAttribute('aria-label') || n.labels?.length || n.textContent.trim())).map(n => n.outerHTML)"
    )
    assert unnamed == []
    assert page.locator("h1").count() == 1
