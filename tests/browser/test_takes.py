"""The takes in a real browser: ten thousand of them, marked, found, compared, thrown away, dropped in, traced back."""

from __future__ import annotations

import os
import re

from reels import film, recipe
from running import Running
from shelving import drop, shelved

from engine.bench.library import fill
from engine.library import Edge, Library


def focused(page) -> str | None:
    return page.evaluate("document.activeElement.closest('.card')?.dataset.take ?? null")


def at(page, id: str) -> None:
    page.wait_for_function("id => document.activeElement.closest('.card')?.dataset.take === id", arg=id)


def count(page, number: int) -> None:
    page.wait_for_selector(f"#takes-panel[data-count='{number}']")


def test_ten_thousand_takes_are_a_few_nodes(open_tab, tmp_path):
    home = tmp_path / "many" / "home"
    library = Library.open(home)
    model = shelved(library, "first")
    fill(library, 10_000)
    for row in library.store.rows("select film, poster, strip from takes where id != 'first' and (number < 200 or number > 9800)"):
        for what in ("film", "poster", "strip"):
            os.link(model.file(what), library.folder / row[what])       # enough for every place that is looked at
    found = library.count()
    studio = Running(home)
    try:
        tab = open_tab(studio)
        page = tab.page
        count(page, found)
        page.wait_for_function("[...document.querySelectorAll('.card img')].some((one) => one.naturalWidth)")
        most = "document.querySelectorAll('#takes-panel *').length"
        assert page.evaluate(most) < 700
        newest, oldest = (library.store.rows(f"select id from takes where trashed is null order by number {way} limit 1")[0]["id"] for way in ("desc", "asc"))
        page.locator(f".card[data-take='{newest}'] .open").focus()
        page.keyboard.press("End")
        at(page, oldest)
        assert page.evaluate(most) < 700
        page.keyboard.press("ArrowUp")
        page.wait_for_function("id => document.activeElement.closest('.card') && document.activeElement.closest('.card').dataset.take !== id", arg=oldest)
        page.keyboard.press("Home")
        at(page, newest)
        # From the middle: where nothing was before, takes appear, and in their order.
        page.evaluate("document.querySelector('#takes-panel .scroll').scrollTop = 400")
        page.wait_for_function("""() => { const places = [...document.querySelectorAll('.card')].map((one) => Number(one.getAttribute('aria-posinset')));
            return places.length > 4 && places.every((place, at) => !at || place > places[at - 1]) }""")
        page.fill(".search", "red boat")
        page.wait_for_function("all => Number(document.querySelector('#takes-panel').dataset.count) < all", arg=found)
        assert int(page.get_attribute("#takes-panel", "data-count")) == library.found("red boat")
        assert [wrong for wrong in tab.wrong if "404" not in wrong] == []
    finally:
        studio.close()


def test_what_comes_in_front_waits_until_one_is_there(page, library):
    """Somebody looks further down: nothing moves under the eyes, the new ones are said, and are there on the way up."""
    for number in range(90):
        shelved(library, f"old{number:02}", f"number {number}", pictures=1)
    page.wait_for_selector("#takes-panel[data-count='90']")
    page.evaluate("document.querySelector('#takes-panel .scroll').scrollTop = 2000")
    seen = """() => [...document.querySelectorAll('#takes-panel .card')].map(one => [one.dataset.take, ...Object.values(one.getBoundingClientRect().toJSON()).map(Math.round)].join(' '))
        .filter(one => Number(one.split(' ')[2]) > 0)"""
    page.wait_for_function(f"({seen})().length > 6 && !document.querySelector('.card[data-take=old89]')")
    before = page.evaluate(seen)
    for number in range(3):
        shelved(library, f"new{number}", f"a new one {number}", pictures=1)
        page.wait_for_selector(f"#takes-panel[data-count='{91 + number}']")
        page.wait_for_function("n => document.querySelector('#takes-panel .fresh').textContent.startsWith(n)", arg=f"{number + 1} new")
        assert page.evaluate(seen) == before
    page.mouse.move(1250, 500)
    page.mouse.wheel(0, 300)                                            # and further down it is the same list
    page.wait_for_function("document.querySelector('#takes-panel .scroll').scrollTop > 2100")
    page.mouse.wheel(0, -300)
    page.wait_for_function("document.querySelector('#takes-panel .scroll').scrollTop === 2000")
    page.wait_for_timeout(200)
    assert page.evaluate(seen) == before
    page.locator("#takes-panel .fresh").click()
    page.wait_for_selector(".card[data-take=new2][aria-posinset='1']")
    assert page.evaluate("document.activeElement.closest('.card').dataset.take") == "new2"
    assert page.locator("#takes-panel .fresh").is_hidden()
    assert [page.locator(f".card[aria-posinset='{place}']").get_attribute("data-take") for place in (1, 2, 3, 4)] == ["new2", "new1", "new0", "old89"]


def test_stars_tags_notes_and_filters_are_kept(tabs, library):
    for id, words in (("boat", "a red boat"), ("fox", "a fox <b>in</b> snow"), ("tree", "a tree")):
        shelved(library, id, words)
    tab = tabs()
    page = tab.page
    count(page, 3)
    page.locator(".card[data-take=fox] .open").click()
    page.keyboard.press("d")
    details = page.locator("#takes-panel .details")
    details.get_by_role("radio", name="4 of 5 stars").click()
    page.wait_for_selector(".card[data-take=fox] .marks:has-text('★★★★')")
    evil = "<img src=x onerror=window.__bad=1>"
    for words in ("client a", evil):
        details.get_by_label("Add a tag").fill(words)
        page.keyboard.press("Enter")
        details.get_by_role("button", name=f"Take the tag {words} off").wait_for()
    details.get_by_label("Notes").fill("ask ${1} about it\nsecond line")
    page.locator(".search").focus()                 # leaving the field sends it
    page.wait_for_function("fetch('studio/takes/fox').then((a) => a.json()).then(({ take }) => take.notes.includes('second line'))")
    page.locator(".card[data-take=boat] .open").focus()
    page.keyboard.press("2")
    page.wait_for_selector(".card[data-take=boat] .marks:has-text('★★')")
    page.keyboard.press("h")
    page.wait_for_selector(".card[data-take=boat] .marks:has-text('♥')")

    page = tab.open()                               # and all of it is there again
    count(page, 3)
    other = tabs().page
    count(other, 3)
    page.locator("#takes-panel summary[aria-label=Filter]").click()
    page.get_by_role("button", name="3 stars or more").click()
    count(page, 1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Without the filter")).click()
    count(page, 3)
    page.locator("#takes-panel summary[aria-label=Filter]").click()
    page.locator("#takes-panel .filters").get_by_role("button", name="#client a").click()
    count(page, 1)
    assert page.locator(".card").get_attribute("data-take") == "fox"
    page.locator("#takes-panel .filters").get_by_label("Made by").select_option("text")
    count(page, 1)
    page.locator("#takes-panel .filters").get_by_role("button", name="Show all").click()
    count(page, 3)
    page.keyboard.press("Escape")
    page.fill(".search", "second")                  # notes are found
    count(page, 1)
    page.locator(".card[data-take=fox] .open").click()
    assert page.locator("#takes-panel .details textarea").input_value().startswith("ask ${1}")
    page.evaluate("fetch('studio/takes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids: ['tree'], rating: 5 }) })")
    other.wait_for_selector(".card[data-take=tree] .marks:has-text('★★★★★')")
    assert page.evaluate("window.__bad") is None and other.evaluate("window.__bad") is None


def test_several_are_chosen_tagged_thrown_away_and_gone_for_good(page, library):
    takes = [shelved(library, id, words) for id, words in (("a", "red left"), ("b", "blue up"), ("c", "green"), ("d", "pink"))]
    count(page, 4)
    page.locator(".card[data-take=d] .open").click(modifiers=["Control"])
    page.locator(".card[data-take=b] .open").click(modifiers=["Shift"])
    assert page.locator(".card.chosen").count() == 3 and page.locator("#takes-panel .choosing .says").inner_text() == "3 chosen"
    assert page.get_by_role("button", name="Compare the two").is_disabled()
    page.get_by_label("Tag them").fill("Rough Cut")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#takes-panel .choosing .tag').value === ''")
    assert [library.take(id).tags for id in "abcd"] == [(), ("rough cut",), ("rough cut",), ("rough cut",)]
    page.get_by_role("button", name="Put them in the trash").click()
    count(page, 1)
    assert page.locator("#takes-panel .choosing").is_hidden()
    page.get_by_role("button", name="The trash", exact=True).click()
    count(page, 3)
    page.locator(".card[data-take=c] .open").focus()
    page.keyboard.press("Delete")                   # there it puts back
    count(page, 2)
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_role("dialog").get_by_role("button", name="No").click()
    assert library.count(trashed=True) == 2
    page.get_by_role("button", name="Empty the trash").click()
    assert "2 takes would be gone for good" in page.get_by_role("dialog").inner_text()
    page.get_by_role("dialog").get_by_role("button", name="Empty the trash").click()
    count(page, 0)
    assert library.count() == 2 and not takes[1].file("film").exists()


def test_what_was_made_here_brings_its_settings_back(page, library, tmp_path):
    shelved(library, "other")
    asked = recipe("a blue wave up", seed=123456789012345678, operation="text", pictures=17, width=128, height=72)
    sent = film(tmp_path / "x.mp4", asked).read_bytes()
    count(page, 1)
    drop(page, "#takes-panel .scroll", ("from a friend.mp4", sent))
    page.wait_for_function("document.querySelector('#prompt').value === 'a blue wave up'")
    assert page.evaluate("[...document.querySelectorAll('#make-panel input')].some((one) => one.value === '123456789012345678')")
    assert library.count() == 1                     # offered, and not kept yet
    page.get_by_role("button", name="Keep it as a take too").click()
    count(page, 2)
    assert library.takes()[0].prompt == "a blue wave up" and library.takes()[0].notes == "Imported from from a friend.mp4"
    drop(page, "#top-panel", ("again.mp4", sent))   # anywhere on the page
    page.get_by_role("button", name="No", exact=True).click()
    page.wait_for_function("!document.querySelector('#takes-panel .arriving li')")
    assert library.count() == 2


def test_what_was_not_made_here_becomes_a_take(page, library, tmp_path):
    page.wait_for_selector("#takes-panel[data-count='0']")
    foreign = film(tmp_path / "x.mp4").read_bytes()
    drop(page, "#player-panel .stage", ("${window.__bad=1} <b>.mp4", foreign))
    count(page, 1)
    take = library.takes()[0]
    page.wait_for_selector(f"#player-panel[data-take='{take.id}']")
    assert take.operation == "import" and page.evaluate("window.__bad") is None
    drop(page, "#takes-panel", ("broken.mp4", foreign[: len(foreign) // 3]), ("notes.txt", b"hello"))
    page.wait_for_function("document.querySelectorAll('#takes-panel .arriving [data-state=failed]').length === 2")
    assert "notes.txt" in page.locator("#takes-panel .arriving .says").nth(1).inner_text()
    for _ in range(2):
        page.get_by_role("button", name="Dismiss").first.click()
    assert page.locator("#takes-panel .arriving li").count() == 0 and library.count() == 1


def test_where_a_take_comes_from_is_a_graph_one_can_walk(page, library):
    shelved(library, "boat", "a red boat on the sea")
    shelved(library, "longer", "a red boat on the sea", pictures=49, operation="extend", parents=[Edge("longer", "boat", 8, 33, "film")])
    shelved(library, "night", "a blue boat on the sea", pictures=49, seed=9, parents=[Edge("night", "longer", 0, 49, "film"), Edge("night", "vanished", 0, 1, "picture")])
    count(page, 3)
    page.locator(".card[data-take=longer] .open").click()
    page.keyboard.press("d")
    family = page.locator("#takes-panel .family")
    family.wait_for()
    assert [one.get_attribute("data-kin") for one in family.locator(".kin").all()] == ["boat", "longer", "night"]
    assert family.locator("[data-kin=boat] .use").inner_text() == "film 9–33" and family.locator("path").count() == 2
    assert "length\n2 s 3 s" in family.locator(".differs").inner_text()
    family.locator("button[data-kin=night]").click()
    page.wait_for_selector("#player-panel[data-take=night]")
    page.wait_for_selector("#takes-panel .family .here[data-kin=night]")
    assert page.locator("#takes-panel .nobody").count() == 1        # one of its parents is no longer here
    assert "words\nred blue" in family.locator(".differs").inner_text() and "seed\n7 9" in family.locator(".differs").inner_text()


def test_takes_and_player_without_a_mouse(page, library):
    for number in range(8):
        shelved(library, f"take{number}", f"number {number}")
    count(page, 8)
    page.locator("body").press("/")
    while focused(page) is None:
        page.keyboard.press("Tab")
    at(page, "take7")
    page.keyboard.press("ArrowRight")
    at(page, "take6")
    page.keyboard.press("ArrowDown")
    at(page, "take4")
    page.keyboard.press("Enter")
    page.wait_for_selector("#player-panel[data-take=take4]")
    page.keyboard.press("5")
    page.wait_for_selector(".card[data-take=take4] .marks:has-text('★★★★★')")
    at(page, "take4")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Favourite"
    page.keyboard.press("Enter")
    page.wait_for_selector(".card[data-take=take4] .marks:has-text('♥')")
    page.keyboard.press("Shift+Tab")
    at(page, "take4")
    page.keyboard.press("Shift+ArrowRight")
    at(page, "take3")
    assert page.locator(".card.chosen").count() == 2
    page.keyboard.press("Delete")
    count(page, 6)
    page.wait_for_function("document.activeElement.closest('.card')")       # the focus stays among the takes
    page.keyboard.press("End")
    at(page, "take0")
