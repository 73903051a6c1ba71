"""Pictures of who or what is to be in a film, given on the page: offered where the model can be shown them, made, and found again with the recipe."""

from __future__ import annotations

import io
import json
import sys
import urllib.request
from pathlib import Path

import pytest
from PIL import Image
from running import Running
from test_axe import axe  # noqa: F401

sys.path.append(str(Path(__file__).parents[1] / "engine"))      # tiny_vace.py

HEAVY = 120_000         # milliseconds a take may need on a busy machine
HELD = "#make-panel .references .pictures li"


@pytest.fixture(scope="module")
def vaced(browser, model_here, tmp_path_factory):
    """A studio on whose machine a tiny Wan VACE lies beside the weightless model."""
    from tiny_vace import vace

    model_here("tiny-vace", vace)
    studio = Running(tmp_path_factory.mktemp("vaced") / "home")
    yield studio
    studio.close()


def picture(colour, name="x.png"):
    out = io.BytesIO()
    Image.new("RGB", (64, 40), colour).save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


def unfold(page):
    page.evaluate("document.querySelectorAll('#make-panel details').forEach(one => { one.open = true })")


def test_a_film_is_shown_who_is_in_it_and_its_recipe_brings_them_back(vaced, open_tab, axe):  # noqa: F811
    tab = open_tab(vaced)
    page = tab.page
    assert page.locator("#make-panel .references").count() == 0
    unfold(page)
    assert page.get_by_text("Drawn cannot be shown by a picture who or what is in a film; Wan VACE can.").is_visible()
    page.select_option("#model", value="tiny-vace")
    page.wait_for_selector("#make-panel .references")
    unfold(page)
    assert page.get_by_text("cannot be shown by a picture").count() == 0
    wrong = axe(page, "none yet", "#make-panel")
    chooser = "#make-panel .references input[type=file]"
    page.set_input_files(chooser, [picture((200, 0, 0)), picture((0, 0, 200))])
    page.wait_for_function(f"document.querySelectorAll('{HELD}').length === 2")
    page.wait_for_function(f"[...document.querySelectorAll('{HELD} img')].every(one => one.naturalWidth === 64)")
    page.set_input_files(chooser, [picture((0, 200, 0)), picture((90, 90, 90)), picture((9, 9, 9))])      # one more than there is room for
    page.wait_for_function(f"document.querySelectorAll('{HELD}').length === 4")
    assert page.locator(chooser).count() == 1 and page.locator("#make-panel .references .ways").count() == 0
    wrong += axe(page, "four", "#make-panel")
    for left in (3, 2):
        page.locator(HELD).last.get_by_role("button", name="Take this picture out").press("Enter")
        page.wait_for_function(f"document.querySelectorAll('{HELD}').length === {left}")
    assert page.evaluate("document.activeElement.closest('.references') !== null")
    unfold(page)
    page.fill("#prompt", "a red boat")
    page.fill("#seconds", "0.5")
    page.locator("input[name=steps]").first.check(force=True)
    for side, size in (("Width", "64 × 480"), ("Height", "64 × 64")):
        page.get_by_role("spinbutton", name=f"{side} in pixels").fill("64")
        page.get_by_role("spinbutton", name=f"{side} in pixels").press("Tab")
        page.wait_for_selector(f"#make-panel .plan[data-ready=yes]:has-text('{size}')")
    with page.expect_response("**/studio/jobs") as sent:
        page.locator("#make-panel .go").click()
    id = sent.value.json()["job"]["id"]
    page.wait_for_selector(f"#player-panel[data-take='{id}']", timeout=HEAVY)
    with urllib.request.urlopen(f"{vaced.address}studio/takes/{id}") as answer:
        recipe = json.load(answer)["take"]["recipe"]
    files = [Path(item["path"]) for item in recipe["inputs"]]
    assert [item["role"] for item in recipe["inputs"]] == ["reference"] * 2 and recipe["backend"] == "tiny-vace"
    assert [Image.open(path).getpixel((0, 0)) for path in files] == [(200, 0, 0), (0, 0, 200)]

    page.get_by_role("button", name="Take this picture out").first.click()
    page.select_option("#model", value="drawn")         # what was chosen stays, and is said to be of no use
    page.wait_for_selector("#make-panel .references p.help:has-text('Drawn cannot be shown')")
    page.wait_for_selector("#make-panel .plan:has-text('cannot be shown who is in a film')")
    assert page.locator(HELD).count() == 1 and page.locator("#make-panel .references .ways").count() == 0
    wrong += axe(page, "of no use", "#make-panel")
    page.get_by_role("button", name="Take this picture out").click()
    page.wait_for_selector("#make-panel .references", state="detached")
    assert page.evaluate("document.activeElement.id") == "prompt"
    page.locator("#player-panel").get_by_role("button", name="Again with this recipe").click()
    page.wait_for_function(f"document.querySelector('#model').value === 'tiny-vace' && document.querySelectorAll('{HELD}').length === 2")
    page.wait_for_selector("#make-panel .plan[data-ready=yes]")
    assert [Path(one.get_attribute("src")).name for one in page.locator(f"{HELD} img").all()] == [path.name for path in files]
    assert wrong == [] and tab.wrong == []


def test_in_chinese_and_light_nothing_is_wrong_with_them(vaced, open_tab, axe):  # noqa: F811
    page = open_tab(vaced, width=390, height=844, color_scheme="light", locale="zh-CN").page
    page.click("#top-panel .handle")
    page.select_option("#model", value="tiny-vace")
    slot = page.get_by_role("group", name="画面中的人或物")
    slot.wait_for()
    assert "最多 4 张图片" in slot.inner_text()
    page.set_input_files("#make-panel .references input[type=file]", picture((200, 0, 0)))
    page.wait_for_selector(HELD)
    assert axe(page, "chinese", "#make-panel") == []
