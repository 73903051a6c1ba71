"""axe-core over every state of the page, dark and light, English and Chinese: no violation."""

from __future__ import annotations

import pytest

HEAVY = 120_000         # milliseconds a take may need on a busy machine


@pytest.fixture(scope="module")
def axe():
    """A function that looks at a page, or at a part of it."""
    sync = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed: pip install axe-playwright-python")
    program = sync.Axe()

    def look(page, state: str, part: str | None = None) -> list[str]:
        found = program.run(page, context=part).response
        assert found["passes"], f"{state}: axe looked at nothing"
        return [f"{state}: {one['id']}: {node['target']} {(node.get('failureSummary') or '')[:300]}" for one in found["violations"] for node in one["nodes"]]

    return look


def make_two(page) -> None:
    """A film and a still, so that there is something to look at."""
    for prompt, task in (("red left", "text"), ("blue up", "picture")):
        page.locator(f"#make-panel input[name=task][value={task}]").check(force=True)
        page.fill("#prompt", prompt)
        before = page.locator("#takes-panel [data-take]").count()
        page.get_by_role("button", name="Make", exact=False).locator("visible=true").last.click()
        page.wait_for_function("n => document.querySelectorAll('#takes-panel [data-take]').length > n", arg=before, timeout=HEAVY)


@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"color_scheme": "light", "locale": "zh-CN"}], ids=["dark", "light-chinese"])
def test_every_state_of_the_page(tabs, axe, look):
    first = tabs().page                                         # in English, to begin with
    wrong = axe(first, "empty")
    make_two(first)
    first.close()

    tab = tabs(**look)
    page = tab.page
    assert page.evaluate("document.documentElement.dataset.theme") == look["color_scheme"]
    page.wait_for_selector("#player-panel[data-take]")
    wrong += axe(page, "playing")
    tasks = page.locator("#make-panel input[name=task]").all()
    for task in tasks if look["color_scheme"] == "dark" else tasks[-2:]:         # the same boxes in other colours
        task.check(force=True)
        page.wait_for_timeout(100)
        page.evaluate("document.querySelectorAll('#make-panel details').forEach(one => { one.open = true })")
        wrong += axe(page, task.get_attribute("value"), "#make-panel")

    page.click("#top-panel .project")
    wrong += axe(page, "projects", "#top-panel")
    page.locator("#top-panel [role=menuitem]").nth(0).click()
    page.wait_for_selector("dialog[open]")
    page.locator("dialog[open] button[type=submit]").click()    # without a name: the dialog says so
    wrong += axe(page, "name of a project", "dialog[open]")
    page.keyboard.press("Escape")
    page.click("#top-panel .menu-holder .tool")
    wrong += axe(page, "look and language", "#top-panel")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("dialog.keys[open]")
    wrong += axe(page, "keys", "dialog.keys")
    page.keyboard.press("Escape")

    page.set_viewport_size({"width": 390, "height": 844})
    wrong += axe(page, "phone")
    page.click("#top-panel .handle")
    wrong += axe(page, "phone, the form open")
    assert wrong == []


def test_axe_would_find_something(page, axe):
    """The look itself: a picture without words and a button without a name are found where they are put."""
    page.evaluate("""() => { const box = document.getElementById('takes-panel'); const image = document.createElement('img');
        image.src = 'web/favicon.svg'; box.append(image, document.createElement('button')); }""")
    found = " ".join(axe(page, "spoilt", "#takes-panel"))
    assert "image-alt" in found and "button-name" in found
