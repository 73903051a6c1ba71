"""The house of the page: projects, look, language, parts, the drawer on a phone, what makes it installable."""

from __future__ import annotations

import json

import httpx
import pytest

from engine.library import Library


def focused(page) -> str:
    """Where the focus is: the panel's id, and the element's name or id."""
    return page.evaluate("""() => { const at = document.activeElement; return (at.closest('.panel')?.id ?? '-') + ' ' + (at.id || at.getAttribute('aria-label') || at.textContent).trim() }""")


def expected(tab, words: str, count: int | None = None) -> None:
    """Chromium writes a line for every answer of 400 and every request that a test held back: these were meant."""
    meant = [wrong for wrong in tab.wrong if words in wrong]
    assert count is None or len(meant) == count, tab.wrong
    tab.wrong[:] = [wrong for wrong in tab.wrong if wrong not in meant]


@pytest.fixture
def one_project(fresh):
    """The studio as it was: what a test adds is gone afterwards, and the first project is open."""
    yield fresh
    import shutil

    httpx.post(f"{fresh.address}studio/projects/my-films/open")
    for one in httpx.get(f"{fresh.address}studio/projects").json()["projects"]:
        if one["name"] != "my-films":
            shutil.rmtree(fresh.home / one["name"])


def test_projects_from_the_keyboard_and_in_every_tab(one_project, tabs):
    tab, other = tabs(), tabs().page
    page = tab.page
    page.wait_for_selector("#top-panel[data-project='my-films']")
    page.focus("#top-panel .project")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "menuitemradio"
    page.keyboard.press("n")                                    # a letter goes to the item that begins with it
    assert page.evaluate("document.activeElement.textContent") == "New project…"
    page.keyboard.press("Escape")
    assert focused(page) == "top-panel Project: my-films"       # the focus is where it came from
    page.keyboard.press("ArrowDown")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    for name, sentence in (("", "Give it a name first."), ("../up", "cannot be called"), ("my-films", "already")):
        page.fill("dialog[open] input", name)
        page.keyboard.press("Enter")
        page.wait_for_function("s => document.querySelector('dialog[open] [role=alert]').textContent.includes(s)", arg=sentence)
    page.fill("dialog[open] input", "Sea <b>")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('dialog[open] [role=alert]').textContent.includes('<b>')")    # text, no markup
    page.fill("dialog[open] input", "Sea and snow")
    page.keyboard.press("Enter")
    for each in (page, other):                                  # both are drawn anew in the new project
        each.wait_for_selector("#top-panel[data-project='Sea and snow']")
        each.wait_for_selector("#takes-panel[data-ready]")
    page.wait_for_function("document.activeElement.matches('.project')")        # and the focus is not lost
    assert page.title() == "Sea and snow · Cineloom"
    assert sorted(path.parent.name for path in one_project.home.glob("*/library.db")) == ["Sea and snow", "my-films"]

    with page.expect_download() as download:
        page.click("#top-panel .project")
        page.get_by_role("menuitem", name="Save as one file").click()
    zip = download.value
    assert zip.suggested_filename == "Sea and snow.zip"
    page.set_input_files("#top-panel input[type=file]", {"name": "back.zip", "mimeType": "application/zip", "buffer": zip.path().read_bytes()})
    page.wait_for_selector("#top-panel[data-project='back']")
    page.set_input_files("#top-panel input[type=file]", {"name": "x.zip", "mimeType": "application/zip", "buffer": b"no zip"})
    page.wait_for_function("document.querySelector('.toast.bad')?.textContent.includes('no zip')")
    page.wait_for_selector("#top-panel[data-project='back']")
    expected(tab, "400 (Bad Request)", 4)


def test_mischief_in_a_project_s_name_stays_text(one_project, tabs):
    """A folder may be called anything that a file system takes; a project's name cannot hold markup, and is text all the same."""
    name = "img (onerror) 7.7 -- alert(1)"
    Library.open(one_project.home, name)
    page = tabs().page
    page.click("#top-panel .project")
    page.get_by_role("menuitemradio", name=name).click()
    page.wait_for_selector(f"#top-panel[data-project='{name}']")
    assert page.locator("#top-panel .project .name").inner_text() == name


def test_dark_light_and_the_system_s_choice(tabs):
    tab = tabs(color_scheme="light")
    page = tab.page
    ground = "getComputedStyle(document.body).backgroundColor"
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "light" and page.evaluate(ground) == "rgb(233, 231, 226)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{theme} == 'dark'")                # it follows while one looks
    page.click("#top-panel .menu-holder .tool")
    page.get_by_role("menuitemradio", name="Light").click()
    assert page.evaluate(theme) == "light" and focused(page) == "top-panel Look and language"
    # Before any module has run: the scripts of the page are held back, and what is painted is light already.
    page.route("**/*.js", lambda route: route.continue_() if route.request.url.endswith("/web/first.js") else route.abort())
    page.reload(wait_until="domcontentloaded")
    page.wait_for_selector("body")
    assert page.evaluate(theme) == "light" and page.evaluate(ground) == "rgb(233, 231, 226)"
    expected(tab, "ERR_FAILED")


def test_the_language_is_the_browser_s_until_one_is_chosen(tabs):
    page = tabs(locale="zh-CN").page
    page.wait_for_function("document.documentElement.lang == 'zh-Hans'")
    label = page.get_attribute("#takes-panel", "aria-label")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in label)
    page.click("#top-panel .menu-holder .tool")
    page.get_by_role("menuitemradio", name="English").click()
    english = "document.documentElement.lang == 'en' && document.querySelector('#top-panel[data-ready] h1 ~ .status')"
    page.wait_for_function(english)
    page.wait_for_function("document.querySelector('#takes-panel input')?.getAttribute('aria-label') == 'Search takes'")
    page.reload()
    page.wait_for_function(english)                             # chosen once


def test_every_part_can_be_reached_without_a_mouse(page):
    page.wait_for_selector("#top-panel[data-ready]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert focused(page) == "top-panel Skip to the player"
    page.keyboard.press("Enter")
    assert focused(page).startswith("player-panel ")
    seen = []
    for _ in range(5):
        page.keyboard.press("F6")
        seen.append(focused(page).split()[0])
    assert seen[-1] == "player-panel" and set(seen) >= {"takes-panel", "timeline-panel", "top-panel", "make-panel"}
    page.focus("#prompt")
    page.keyboard.press("F6")
    page.keyboard.press("Shift+F6")
    assert focused(page) == "make-panel prompt"                 # back to where one was in it


def test_on_a_phone_the_form_is_a_drawer(tabs):
    page = tabs(width=390, height=844).page
    page.wait_for_selector("#top-panel[data-ready]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tops = page.evaluate("['player', 'takes'].map(name => document.getElementById(name + '-panel').getBoundingClientRect().top)")
    assert tops[0] < tops[1] < 844 and not page.locator("#prompt").is_visible()
    handle = page.locator("#top-panel .handle")
    handle.click()
    page.wait_for_function("document.activeElement.id == 'prompt'")
    assert handle.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('#prompt').checkVisibility({visibilityProperty: true})")
    assert page.evaluate("document.activeElement.classList.contains('handle')")


def test_on_a_phone_a_take_goes_on_into_the_form(tabs, fresh):
    """What one watches is one tap from being made into something else."""
    from shelving import shelved

    shelved(Library.open(fresh.home), "boat", "a red boat")
    page = tabs(width=390, height=844, has_touch=True).page
    page.wait_for_selector("#player-panel[data-take=boat]")
    page.locator("#player-panel .tasks").get_by_role("button", name="Finish").tap()         # the last of the row: it comes into sight
    page.wait_for_function("document.querySelector('#make-panel').dataset.task === 'finish'")
    page.wait_for_function("document.querySelector('#make-panel .go').checkVisibility({visibilityProperty: true})")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert "a red boat" in page.locator("#make-panel .slot").first.inner_text()


def test_the_sheet_tells_every_key_that_a_module_listens_for(page):
    """The table of keys is one; a panel that listens for another letter has to tell it there."""
    import re
    from pathlib import Path

    page.wait_for_selector("#top-panel[data-ready]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    told = {part for text in page.locator("dialog.keys kbd").all_inner_texts() for part in text.lower().split()}
    web = Path(__file__).parents[2] / "app" / "web"
    letters = {(one or other, path.name) for path in web.rglob("*.js") for one, other in re.findall(
        r"event\.key(?:\.toLowerCase\(\))? === '([^'])'|(?<![\w.])'?([a-z,.<>])'?: \(\) => (?:\(|this|reel|run)", path.read_text())}
    assert len(letters) > 15 and not {one for one in letters if one[0] != " " and one[0] not in told}


def test_the_page_can_be_installed(page, studio):
    address = page.evaluate("document.querySelector('link[rel=manifest]').href")
    manifest = httpx.get(address).json()
    assert manifest["display"] == "standalone" and manifest["start_url"]
    sizes = {}
    for icon in manifest["icons"]:
        answer = httpx.get(httpx.URL(address).join(icon["src"]))
        assert answer.status_code == 200 and answer.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            width = int.from_bytes(answer.content[16:20], "big")
            assert icon["sizes"] == f"{width}x{width}"
            sizes[width] = icon["purpose"]
    assert {192, 512} <= set(sizes)
    client = page.context.new_cdp_session(page)
    errors = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == [], json.dumps(errors)


MISCHIEF = "${window.caught = 1} {{window.caught = 2}} <img src=x onerror=\"window.caught = 3\"> <script>window.caught = 4</script> `${window.caught = 5}` javascript:1"


def test_words_and_names_full_of_mischief_stay_text_on_the_real_page(tabs, fresh, tmp_path):
    """Prompts, tags, notes and file names come from other people's files. Gradio runs what a template renders to; nothing of ours is one."""
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
    from reels import film, recipe

    from engine.library import finish

    library = Library.open(fresh.home)
    named = tmp_path / "<img src=x onerror=window.caught=6> ${window.caught=7} {{7*7}}.mp4"
    elsewhere = finish(library.import_file(film(named)))                            # its name goes into the notes
    here = finish(library.import_file(film(tmp_path / "a.mp4", recipe(MISCHIEF))))  # it carries its recipe, and so its prompt
    for take in (elsewhere, here):
        library.note(take.id, f"{take.notes} {MISCHIEF}")
        library.tag(take.id, [MISCHIEF[:60]])
    page = tabs().page
    page.fill("#prompt", MISCHIEF)
    for id in (elsewhere.id, here.id):
        page.locator(f"#takes-panel [data-take='{id}'] .open").click()
        page.wait_for_selector(f"#player-panel[data-take='{id}']")
    page.keyboard.press("d")                                                        # all about it: notes, tags, where it comes from
    page.wait_for_timeout(300)
    assert MISCHIEF in page.locator("#player-panel").inner_text()
    assert page.locator(f"#takes-panel [data-take='{here.id}']").inner_text().count("<img src=x") == 1
    httpx.post(f"{fresh.address}studio/jobs", json={"prompt": MISCHIEF, "seconds": 8, "width": 512, "height": 288, "steps": 8})
    page.wait_for_selector("#queue-panel li")
    assert MISCHIEF in page.locator("#queue-panel li").first.inner_text()
    assert page.evaluate("window.caught") is None
    made = "[...document.querySelectorAll('img, script')].filter(one => one.getAttribute('src') === 'x' || one.textContent.includes('window.caught')).length"
    assert page.evaluate(made) == 0
