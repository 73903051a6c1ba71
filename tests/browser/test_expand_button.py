"""A prompt made longer on the page: marked, taken out, edited, put otherwise and back, and both texts kept with the take."""

from __future__ import annotations

import pytest
from answering import waiting
from running import Running

HEAVY = 120_000         # milliseconds a take may need on a busy machine
SHORT = "a boat at night"


def marked(page) -> list[str]:
    """What the field marks as added."""
    return page.locator("#make-panel .prompt").first.locator(".added").all_inner_texts()


def added(page) -> list[str]:
    """What can be taken out."""
    return page.locator("#make-panel .additions .chip").all_inner_texts()


def expand(page) -> str:
    """Press the button; the words that are in the field then."""
    before = page.input_value("#prompt")
    page.click("#expand")
    page.wait_for_function("before => document.querySelector('#prompt').value !== before", arg=before)
    return page.input_value("#prompt")


def test_a_prompt_is_expanded_edited_made_found_and_brought_back(tabs, studio, library):
    page = tabs().page
    page.fill("#prompt", SHORT)
    assert page.locator("#expand").inner_text() == "Expand" and not page.locator(".wrote").is_visible()
    first = expand(page)
    assert page.evaluate("document.activeElement.id") == "expand", "the focus stays, for another wording"
    assert page.locator(".wrote q").inner_text() == SHORT and len(added(page)) > 3
    assert "".join("".join(marked(page)).split()) == "".join("".join(added(page)).split()), "letter by letter: words that the model does not know are marked as well"
    other = expand(page)
    assert other != first and page.locator(".wrote q").inner_text() == SHORT and page.locator("#expand").inner_text() == "Another wording"

    chips = page.locator(".additions .chip")                            # one is taken out by keyboard, the next has the focus
    gone, left = added(page)[0], added(page)[1:]
    chips.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("left => document.querySelectorAll('.additions .chip').length === left", arg=len(left))
    assert added(page) == left and gone not in page.input_value("#prompt")
    assert page.evaluate("document.activeElement.innerText") == left[0]

    page.locator("#prompt").press("End")                                # what is typed beside it is theirs, at once
    page.locator("#prompt").press("Control+End")
    page.keyboard.type(" with a lamp")
    assert page.locator(".wrote q").inner_text() == f"{SHORT} with a lamp" and added(page) == left
    text = page.input_value("#prompt")

    page.reload()                                                       # a draft is kept, with its marks
    page.wait_for_selector("#make-panel[data-ready]", state="attached")
    page.wait_for_selector(".additions .chip")
    assert (page.input_value("#prompt"), added(page)) == (text, left)

    page.fill("#seconds", "0.5")
    page.locator("input[name=steps]").first.check()
    page.wait_for_selector("#make-panel .plan[data-ready=yes]")
    with page.expect_response("**/studio/jobs") as sent:
        page.locator("#make-panel .go").click()
    id = sent.value.json()["job"]["id"]
    page.wait_for_selector(f"#player-panel[data-take='{id}']", timeout=HEAVY)
    assert (library.take(id).prompt, library.take(id).recipe["asked"]) == (text, f"{SHORT} with a lamp")

    page.get_by_role("button", name="Back to my words").click()
    assert page.input_value("#prompt") == f"{SHORT} with a lamp" and added(page) == [] and not page.locator(".wrote").is_visible()
    assert page.evaluate("document.activeElement.id") == "expand"
    page.locator("#player-panel").get_by_role("button", name="Again with this recipe", exact=True).click()        # the take brings both back, and what was added is known again
    page.wait_for_selector(".additions .chip")
    assert (page.input_value("#prompt"), page.locator(".wrote q").inner_text()) == (text, f"{SHORT} with a lamp")
    assert " ".join(added(page)) == " ".join(left), "of two texts nobody can tell where one addition ends and the next begins"

    page.fill(".search", "lamp boat")
    page.wait_for_selector(f".card[data-take='{id}']")
    page.get_by_role("button", name="Details (D)", exact=True).click()
    page.get_by_text(f"Written: {SHORT} with a lamp").wait_for()

    page.fill("#prompt", "something else")                              # all of it is theirs
    assert added(page) == [] and not page.locator(".wrote").is_visible()


def test_words_in_another_language_stand_beside_what_was_made_of_them(page):
    page.fill("#prompt", "海上的一只红色小船")
    expand(page)
    theirs = page.locator(".wrote q")
    assert theirs.inner_text() == "海上的一只红色小船" and "red boat" in page.input_value("#prompt")
    while added(page):
        count = len(added(page))
        page.locator(".additions .chip").first.click()
        page.wait_for_function("count => document.querySelectorAll('.additions .chip').length < count", arg=count)
        assert theirs.inner_text() == "海上的一只红色小船"
    page.get_by_role("button", name="Back to my words").click()
    assert page.input_value("#prompt") == "海上的一只红色小船" and not page.locator(".wrote").is_visible()


def test_a_shot_is_expanded_for_itself(page):
    page.locator("input[name=task][value=storyboard]").check(force=True)
    page.fill("#shot-0", "a fox in the snow")
    page.get_by_role("button", name="Another shot").click()
    page.fill("#shot-1", "a boat")
    page.get_by_role("button", name="Expand: shot 1").click()
    page.wait_for_selector(".shot .additions .chip")
    assert page.input_value("#shot-1") == "a boat" and len(page.input_value("#shot-0")) > 30
    page.wait_for_selector("#make-panel .plan[data-ready=yes]")
    with page.expect_response("**/studio/jobs") as sent:
        page.locator("#make-panel .go").click()
    recipe = sent.value.json()["job"]["recipe"]
    assert (recipe["asked"], recipe["cues"][0]["asked"]) == ("a fox in the snow", "")
    page.get_by_role("button", name="Cancel", exact=False).first.click()


def test_words_for_later_are_expanded_for_themselves_and_come_back(page):
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Other words").click()
    page.fill("#prompt", "red left")
    page.fill("#cue-0", "a boat")
    page.get_by_role("button", name="Expand: other words, number 1").click()
    page.wait_for_selector(".cues .additions .chip")
    long = page.input_value("#cue-0")
    assert page.input_value("#prompt") == "red left" and len(long) > 30 and page.locator(".cues .wrote q").inner_text() == "a boat"
    page.wait_for_selector("#make-panel .plan[data-ready=yes]")
    with page.expect_response("**/studio/jobs") as sent:
        page.locator("#make-panel .go").click()
    job = sent.value.json()["job"]
    assert [(cue["prompt"], cue["asked"]) for cue in job["recipe"]["cues"]] == [(long, "a boat")] and job["recipe"]["asked"] == ""
    page.reload()                                                       # a draft is kept, with its marks
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Back to my words").click()
    assert page.input_value("#cue-0") == "a boat"
    page.wait_for_selector(f"#player-panel[data-take='{job['id']}']", timeout=HEAVY)
    page.get_by_role("button", name="Again with this recipe").click()
    page.wait_for_function("long => document.querySelector('#cue-0').value === long", arg=long)
    assert page.locator(".cues .wrote q").inner_text() == "a boat" and page.locator(".cues .additions .chip").count()


@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"color_scheme": "light", "locale": "zh-CN", "width": 390, "height": 844}], ids=["dark", "light-chinese-phone"])
def test_it_is_for_everybody(tabs, look):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed: pip install axe-playwright-python").Axe()
    page = tabs(**look).page
    if "width" in look:
        page.locator("#top-panel .handle").click()
    page.fill("#prompt", SHORT)
    expand(page)
    page.wait_for_selector(".additions .chip")
    found = axe.run(page, context="#make-panel").response
    assert found["passes"] and [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == []
    box = page.locator(".additions").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]


@pytest.fixture
def served(monkeypatch):
    """A language model's address, see `answering.waiting`."""
    with waiting(monkeypatch, "a small boat drifts at night, <b>the sea is calm</b>") as server:
        yield server


def test_a_language_model_is_offered_waited_for_and_stopped(open_tab, served, tmp_path):
    studio = Running(tmp_path / "home")
    try:
        tab = open_tab(studio)
        page = tab.page
        page.fill("#prompt", SHORT)
        page.select_option(".who", "served")
        assert page.get_by_text("and nothing else is").is_visible(), "where the words go is said before they do"
        page.click("#expand")
        page.get_by_text("Asking small at", exact=False).wait_for()
        page.locator("input[name=task][value=picture]").check(force=True)       # the form is drawn anew, and still waits
        page.locator("input[name=task][value=text]").check(force=True)
        assert page.locator("#expand").inner_text() == "Stop"
        page.click("#expand")
        assert page.locator("#expand").inner_text() == "Expand" and page.input_value("#prompt") == SHORT

        page.click("#expand")
        page.get_by_text("Asking small at", exact=False).wait_for()
        served.let.set()
        page.wait_for_selector(".additions .chip")
        assert added(page) == ["small", "drifts", "the sea is calm"] and page.locator("#make-panel b:has-text('calm')").count() == 0

        served.status = 500
        page.click("#expand")
        page.locator(".told p").first.wait_for()
        assert page.locator(".told").inner_text().endswith(".") and added(page) == ["small", "drifts", "the sea is calm"]
        assert [wrong for wrong in tab.wrong] == []
    finally:
        studio.close()
