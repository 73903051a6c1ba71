"""The timeline in a real browser: takes become a cut by hand and by key, missing film is made and accepted, tabs agree."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from cutting import HEAVY, PANEL, after, box, drag, ready, revision, scale

from engine.timeline.cut import Clip, Media

HERE = Path(__file__).parent
def drop(page, id: str, x: float | None = None) -> None:
    target = page.locator(f"{PANEL} .row[data-kind=film] .lane") if x is not None else page.locator(PANEL)
    page.locator(f"#takes-panel [data-take='{id}'] .open").drag_to(target, **({"target_position": {"x": x, "y": 20}} if x is not None else {}))


def test_takes_are_dropped_reordered_trimmed_split_and_all_of_it_is_undone(tabs, cuts):
    red, green, blue = cuts.takes(("red left", 2), ("green up", 1), ("blue right", 3))
    page = tabs().page
    ready(page)
    assert page.locator(f"{PANEL} .says").first.inner_text().endswith("Drop takes here, or press + on a take")
    assert page.locator(PANEL).bounding_box()["height"] < 60            # it takes little room until there is a cut
    page.wait_for_selector(f"#takes-panel [data-take='{red}']")
    drop(page, red)
    ready(page, 1)
    page.locator(f"#takes-panel [data-take='{blue}'] .open").hover()
    page.locator("#takes-panel .acts button[aria-label='Add to the cut']").click()
    ready(page, 2)
    drop(page, green, box(page, 0)["width"] - 4)                        # between the two
    ready(page, 3)
    assert cuts.row() == [("red", 33), ("green", 17), ("blue", 49)]
    began = cuts.now()["cut"]

    page.wait_for_timeout(100)
    three = box(page, 2)
    after(page, lambda: drag(page, three["x"] + 40, three["y"] + 20, box(page, 0)["x"] + 5))
    assert cuts.row() == [("blue", 49), ("red", 33), ("green", 17)]
    page.wait_for_timeout(100)
    last, one = box(page, 2), scale(page)
    after(page, lambda: drag(page, last["x"] + last["width"] - 3, last["y"] + 20, last["x"] + last["width"] - 3 - 5 * one))
    assert cuts.row() == [("blue", 49), ("red", 33), ("green", 12)]
    first = box(page, 0)
    after(page, lambda: drag(page, first["x"] + first["width"] - 3, first["y"] + 20, first["x"] + first["width"] - 3 - 9 * one, key="Shift"))
    assert cuts.row() == [("blue", 40), ("red", 33), ("green", 12)]     # with Shift what comes after moves up
    page.wait_for_timeout(100)
    joint = page.locator(f"{PANEL} .joint").first.bounding_box()
    middle = joint["x"] + 8
    page.keyboard.press("n")                                            # without snapping
    after(page, lambda: drag(page, middle, joint["y"] + 8, middle + 4 * one))
    assert cuts.row() == [("blue", 44), ("red", 29), ("green", 12)]

    # by keys: to the second clip, ten pictures into it, split there, take the first half out
    page.locator(f"{PANEL} .clip").nth(0).click()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert page.get_attribute(PANEL, "data-frame") == "54"
    after(page, lambda: page.keyboard.press("s"))
    assert cuts.row() == [("blue", 44), ("red", 10), ("red", 19), ("green", 12)]
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("red left, from 0:00:02:12 to")
    after(page, lambda: page.keyboard.press("Delete"))
    assert cuts.row() == [("blue", 44), ("red", 19), ("green", 12)]
    assert page.evaluate("document.activeElement.matches('.clip.chosen')")       # the focus is not lost
    after(page, lambda: page.keyboard.press("Backspace"))
    assert cuts.row() == [("blue", 44), ("", 19), ("green", 12)]
    after(page, lambda: page.keyboard.press("Alt+ArrowLeft"))           # the green one goes first
    assert [name for name, _ in cuts.row() if name] == ["green", "blue"]
    after(page, lambda: page.keyboard.press("m"))
    assert page.locator(f"{PANEL} .marker").count() == 1
    made = cuts.now()["cut"]

    steps = 0
    while cuts.now()["cut"] != began:
        after(page, lambda: page.keyboard.press("Control+z"))
        steps += 1
        assert steps < 12
    assert cuts.row() == [("red", 33), ("green", 17), ("blue", 49)]
    for _ in range(steps):
        after(page, lambda: page.keyboard.press("Control+Shift+z"))
    assert cuts.now()["cut"] == made
    page.reload()
    ready(page, 2, cuts.now()["revision"])
    assert page.locator(f"{PANEL} .marker").count() == 1


def test_an_end_drawn_past_its_film_is_made_and_accepted_and_a_hard_cut_is_connected(tabs, cuts):
    red, blue = cuts.takes(("red left", 2), ("blue right", 2))
    cuts.client.post("studio/cuts", json={"name": "Walk", "takes": [red, blue]})
    page = tabs().page
    ready(page, 2)
    assert cuts.row() == [("red", 33), ("blue", 33)]
    last, one = box(page, 1), scale(page)
    page.mouse.move(last["x"] + last["width"] - 3, last["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] - 3 + 8 * one, last["y"] + 20, steps=4)
    page.wait_for_selector(f"{PANEL} .tobe[data-state=wished]")
    assert "to be made: 0:00:00:08" in page.locator(f"{PANEL} .tobe").inner_text()
    page.mouse.up()
    page.wait_for_selector(f"{PANEL} .try")
    page.wait_for_selector(f"{PANEL} .try[data-state=done]", timeout=HEAVY)
    assert cuts.row() == [("red", 33), ("blue", 33)]                    # a candidate is no part of the cut
    page.locator(f"{PANEL} .try .ab").click()                           # it plays in the cut
    page.wait_for_selector("#player-panel[data-lent] .cut-screen .frame[data-frame]")
    page.wait_for_function(f"+document.querySelector('{PANEL}').dataset.frame > 66")
    page.keyboard.press("k")
    after(page, lambda: page.locator(f"{PANEL} .try button[aria-label=Accept]").click())
    assert cuts.row() == [("red", 33), ("blue", 41)]
    assert page.locator(f"{PANEL} .try").count() == 0
    page.wait_for_selector(f"{PANEL} .clip .seam")                      # the join that was measured is on the clip
    after(page, lambda: page.keyboard.press("Control+z"))
    assert cuts.row() == [("red", 33), ("blue", 33)]                    # one step
    after(page, lambda: page.keyboard.press("Control+Shift+z"))

    page.locator(f"{PANEL} .clip").nth(0).click()
    page.keyboard.press("c")
    page.fill("#make-length", "0.5")
    page.select_option("#make-times", "2")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{PANEL} .try[data-state=done]", timeout=HEAVY)
    page.wait_for_function(f"[...document.querySelectorAll('{PANEL} .try .count')].some(one => one.textContent.includes('of 2'))")
    page.wait_for_function("async () => (await (await fetch('studio/state')).json()).jobs.every(job => job.state === 'done')", timeout=HEAVY)
    rejected = page.get_attribute(f"{PANEL} .try", "data-candidate")
    page.locator(f"{PANEL} .try button[aria-label=Reject]").click()
    page.wait_for_selector(f"{PANEL} .try[data-state=done]:not([data-candidate='{rejected}'])", timeout=HEAVY)
    after(page, lambda: page.locator(f"{PANEL} .try button[aria-label=Accept]").click())
    row = cuts.row()
    assert [length for _, length in row if length] and sum(length for _, length in row) == 33 + 41 + 8
    assert len(row) == 3


def test_the_cut_plays_exactly_where_it_stands_and_over_the_joint_when_it_runs(tabs, cuts):
    red, blue = cuts.takes(("red left", 1), ("blue right", 2))
    answer = cuts.client.post("studio/cuts", json={"name": "Walk", "takes": [red, blue]}).json()
    second = answer["cut"]["tracks"][0]["items"][1]["id"]
    address = f"studio/cuts/{answer['cut']['id']}/edits"
    answer = cuts.client.post(address, json={"revision": answer["revision"], "edit": {"is": "speed", "item": second, "speed": "1/2"}}).json()
    cuts.client.post(address, json={"revision": answer["revision"], "edit": {"is": "overwrite", "at": 20, "parts": [{"track": "titles", "item": {"is": "title", "id": "words", "words": "Two <b>", "length": 8}}]}})
    page = tabs().page
    ready(page, 3)
    page.locator(f"{PANEL} .row[data-kind=film] .clip").nth(0).click()
    shown = "[...document.querySelectorAll('.cut-screen video')].filter(one => !one.hidden && !one.seeking && one.readyState > 1).map(one => one.src.split('/').at(-2) + ' ' + one.currentTime.toFixed(5)).join()"
    page.keyboard.press("Home")
    for frame, take, picture in ((1, red, 1), (2, red, 2), (17, blue, 0), (18, blue, 0), (19, blue, 1), (20, blue, 1), (21, blue, 2)):
        while int(page.get_attribute(PANEL, "data-frame")) < frame:
            page.keyboard.press("ArrowRight")
        page.wait_for_function(f"said => {shown} === said", arg=f"{take} {(picture + 0.5) / 16:.5f}")
    assert page.locator(".cut-screen .title").inner_text() == "Two <b>"
    page.keyboard.press("Home")
    page.keyboard.press("l")
    page.wait_for_function(f"take => {shown}.startsWith(take) && +document.querySelector('{PANEL}').dataset.frame > 22", arg=blue)
    page.keyboard.press("k")
    page.locator(f"#takes-panel [data-take='{red}'] .open").click()      # a take is played in its place again
    page.wait_for_selector(f"#player-panel[data-take='{red}']")
    assert page.locator(".cut-screen").count() == 0


def test_two_tabs_at_once_come_to_the_same(tabs, cuts):
    red, blue = cuts.takes(("red left", 2), ("blue right", 2))
    cuts.client.post("studio/cuts", json={"name": "Walk", "takes": [red, blue]})
    one, two = tabs().page, tabs().page
    for page in (one, two):
        ready(page, 2)
        page.locator(f"{PANEL} .clip").nth(0 if page is one else 1).click()
    one.keyboard.press("End")
    for _ in range(4):
        one.keyboard.press("ArrowLeft")
    one.keyboard.press("s")                     # both at once: the one splits the second clip,
    two.keyboard.press("m")                     # the other marks the beginning
    for page in (one, two):
        ready(page, 3)
        page.wait_for_selector(f"{PANEL} .marker")
    now = cuts.now()
    for page in (one, two):
        page.wait_for_selector(f"{PANEL}[data-revision='{now['revision']}']")
    after(two, lambda: two.keyboard.press("Delete"))
    one.wait_for_selector(f"{PANEL}[data-revision='{revision(two)}']")
    labels = f"[...document.querySelectorAll('{PANEL} .clip')].map(one => one.getAttribute('aria-label'))"
    assert one.evaluate(labels) == two.evaluate(labels)


@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"color_scheme": "light", "locale": "zh-CN"}], ids=["dark", "light-chinese"])
def test_axe_finds_nothing_in_any_state_of_it(tabs, cuts, look):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed: pip install axe-playwright-python").Axe()
    red, blue = cuts.takes(("red left", 2), ("blue right", 2))
    page = tabs(**look).page
    wrong = []

    def see(state: str) -> None:
        found = axe.run(page, context=PANEL).response
        assert found["passes"], f"{state}: axe looked at nothing"
        wrong.extend(f"{state}: {one['id']}: {node['target']} {(node.get('failureSummary') or '')[:300]}" for one in found["violations"] for node in one["nodes"])

    see("no cut")
    answer = cuts.client.post("studio/cuts", json={"name": "Walk", "takes": [red, blue, red]}).json()
    clips = [item["id"] for item in answer["cut"]["tracks"][0]["items"]]
    for edit in ({"is": "add-transition", "item": clips[1], "transition": {"id": "dip", "in_offset": 4, "out_offset": 4, "kind": "dip"}},
                 {"is": "overwrite", "at": 20, "parts": [{"track": "titles", "item": {"is": "title", "id": "words", "words": "Words", "length": 40}}]},
                 {"is": "fade", "item": clips[0], "fade_in": 8, "fade_out": 8}, {"is": "trim", "item": clips[0], "end": "tail", "by": -6},
                 {"is": "add-marker", "marker": {"id": "mark", "at": 30, "name": "Here"}}):
        answer = cuts.client.post(f"studio/cuts/{answer['cut']['id']}/edits", json={"revision": answer["revision"], "edit": edit}).json()
        assert "revision" in answer, answer
    cuts.client.post(f"studio/cuts/{answer['cut']['id']}/make", json={"revision": answer["revision"], "kind": "extend", "item": clips[2], "frames": 8})
    ready(page, 4, answer["revision"])
    page.wait_for_selector(f"{PANEL} .try[data-state=done]", timeout=HEAVY)
    page.locator(f"{PANEL} .clip[data-id='{clips[1]}']").click()
    see("a cut")
    for number, name in ((0, "cuts"), (1, "make"), (2, "clip")):
        page.locator(f"{PANEL} .bar [aria-haspopup=menu]").nth(number).click()
        see(name)
        page.keyboard.press("Escape")
    page.locator(f"{PANEL} .joint[data-kind=gap]").click()
    see("a joint")
    page.keyboard.press("Escape")
    page.locator(f"{PANEL} .clip[data-id='{clips[1]}']").click()
    page.keyboard.press("e")
    see("a sheet")
    page.keyboard.press("Escape")
    for key in ("Home", "i", "ArrowRight", "o"):
        page.keyboard.press(key)
    see("a stretch")
    page.keyboard.press("r")
    page.wait_for_selector(f"{PANEL} dialog.making")
    see("a sheet for it")
    page.keyboard.press("Escape")
    page.locator(f"{PANEL} .try .ab").click()
    page.wait_for_selector(f"{PANEL}[data-trying]")
    page.keyboard.press("k")
    see("a candidate")
    page.locator(f"{PANEL} .try .ab").click()
    page.locator(f"{PANEL} .look .tool").last.click()
    see("storyboard")
    page.locator(f"{PANEL} .look .tool").last.click()
    page.set_viewport_size({"width": 390, "height": 844})
    see("phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []


def test_two_hundred_clips_are_drawn_in_a_moment(tabs, cuts, record_property):
    [take] = cuts.takes(("red left", 9))
    cuts.client.post("studio/cuts", json={"name": "Long", "takes": [take] * 200})
    page = tabs().page
    ready(page, 200)
    drawn = page.evaluate(f"""async () => {{
        const panel = document.querySelector('{PANEL}'), scroll = panel.querySelector('.scroll'), wait = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        const times = {{}};
        const look = async (name, act) => {{ const all = []; for (let at = 0; at < 20; at++) {{ act(at); await wait(); all.push(+panel.dataset.paint); }} times[name] = all.sort((a, b) => a - b)[10]; }};
        await look('all of it', () => panel.querySelector('[aria-label^="All of it"]').click());
        times.nodes = panel.querySelectorAll('.clip').length;
        for (let at = 0; at < 6; at++) panel.querySelector('[aria-label^="Larger"]').click();
        await look('scrolled', (at) => {{ scroll.scrollLeft = at * 700; }});
        times.near = panel.querySelectorAll('.clip').length;
        const list = panel.querySelector('.row[data-kind=film] .pieces'), before = new Set(list.children), came = new Set();
        const watch = new MutationObserver(records => records.forEach(one => one.addedNodes.forEach(node => came.add(node))));
        watch.observe(list, {{ childList: true }});
        scroll.scrollLeft -= 300;
        await wait();
        scroll.dispatchEvent(new WheelEvent('wheel', {{ deltaY: -60, ctrlKey: true, clientX: innerWidth / 2, bubbles: true, cancelable: true }}));
        await wait();
        watch.disconnect();
        times.stayed = [...list.children].filter(one => before.has(one) && !came.has(one)).length;
        times.after = list.children.length;
        return times;
    }}""")
    record_property("milliseconds", drawn)
    print(drawn)
    assert drawn["nodes"] == 200 and 0 < drawn["near"] < 60             # only what is seen is drawn
    assert drawn["stayed"] >= drawn["after"] - 4, "a piece that stays in sight is not put into the page anew: then all of it would be styled and laid out again"


def test_the_browser_and_the_studio_show_the_same_pictures():
    """Which picture, and how far a clip reaches: the arithmetic of both, over clips of all rates and speeds."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here: the two were not compared")
    chance = random.Random(6)
    rates = [Fraction(16), Fraction(24), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(60)]
    asked, wanted = [], []
    for _ in range(300):
        rate = chance.choice(rates)
        media = Media(chance.randint(5, 90_000), chance.choice(rates), take="take", width=64, height=36)
        speed = chance.choice([Fraction(1), Fraction(1, 2), Fraction(2), Fraction(-1), Fraction(-3, 4), Fraction(0), Fraction(997, 1000)])
        clip = Clip("a", media, Fraction(chance.randint(0, media.frames * 6), 6), chance.randint(1, 50_000), speed)
        frames = [0, clip.length - 1, chance.randint(0, clip.length)]
        asked.append({"rate": str(rate), "frames": frames, "clip": {"is": "clip", "id": "a", "start": str(clip.start), "length": clip.length, "speed": str(speed),
                                                                   "media": {"take": "take", "frames": media.frames, "rate": str(media.rate)}}})
        ends = [None if end(rate) >= 1 << 40 else end(rate) for end in (clip.head, clip.tail)]
        wanted.append([*(min(max(clip.picture(frame, rate), 0), media.frames - 1) for frame in frames), *ends])
    code = f"""import {{ head, picture, tail }} from '{(HERE.parents[1] / "app/web/timeline/cut.js").as_uri()}';
        const asked = JSON.parse(await new Promise(done => {{ let all = ''; process.stdin.on('data', part => all += part).on('end', () => done(all)); }}));
        console.log(JSON.stringify(asked.map(({{ rate, frames, clip }}) => [...frames.map(at => picture(clip, at, rate)), head(clip, rate), tail(clip, rate)])));"""
    ran = subprocess.run([node, "--input-type=module", "-e", code], input=json.dumps(asked), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == wanted
