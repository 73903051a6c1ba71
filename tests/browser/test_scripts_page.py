"""A script on the page: a text becomes shots, which are edited before anything is made."""

from __future__ import annotations


def test_a_script_becomes_shots_behind_those_that_are_there(tabs):
    tab = tabs()
    page, tab.meant = tab.page, ("400 (Bad Request)",)         # an empty script is refused
    page.check("#make-panel input[name=task][value=storyboard]", force=True)
    page.click("#from-script")
    assert page.evaluate("document.activeElement.id") == "script-text"
    page.click(".sheet.making button[type=submit]")                                    # nothing was written
    page.wait_for_function("document.querySelector('.sheet.making [role=alert]').textContent.includes('says nothing')")
    page.fill("#script-text", "A red fox trots in the snow at dusk. It stops. Cut to: the sea.")
    page.click(".sheet.making button[type=submit]")
    page.wait_for_selector(".sheet.making", state="detached")
    shots = "[...document.querySelectorAll('#make-panel .shot textarea')].map(one => one.value)"
    assert page.evaluate(shots) == ["{who} trots in the snow at dusk", "{who} stops in the snow at dusk", "the sea at dusk"]
    assert page.evaluate("[...document.querySelectorAll('#make-panel .shot .join input:checked')].map(one => one.value)") == ["continue", "cut"]
    assert "a red fox" in page.evaluate("[...document.querySelectorAll('#make-panel textarea, #make-panel input')].map(one => one.value)")
    page.click("#from-script")
    page.fill("#script-text", "A blue boat sails on the sea. It stops.")
    page.keyboard.press("Control+Enter")
    if page.locator(".sheet.making").count():
        page.click(".sheet.making button[type=submit]")
    page.wait_for_selector(".sheet.making", state="detached")
    now = page.evaluate(shots)
    assert len(now) == 5 and now[:3] == ["{who} trots in the snow at dusk", "{who} stops in the snow at dusk", "the sea at dusk"]
    assert all(shot.startswith("a blue boat") for shot in now[3:]), "somebody else is meant by {who}"
    page.click("#from-script")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "from-script" and page.evaluate(shots) == now
