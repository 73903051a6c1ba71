"""The make panel in a real browser: every task from the page to a take that plays. The weightless model makes the film."""

from __future__ import annotations

import io
import json
import urllib.request

import pytest
from PIL import Image

HEAVY = 120_000         # milliseconds a take may need on a busy machine


class Panel:
    """The make panel of one page, as somebody uses it."""

    def __init__(self, page, studio):
        self.page, self.studio = page, studio

    def turn(self, task: str) -> None:
        """Choose a task."""
        self.page.locator(f"input[name=task][value={task}]").check()
        self.page.wait_for_selector(f"#make-panel[data-task={task}]")

    def film(self, slot: str = "film") -> None:
        """Take the film that plays: the first slot has it already when a task is turned to."""
        if slot == "film":
            self.page.wait_for_selector("[data-film=film] .strip")
            return
        self.page.locator(f"[data-film={slot}]").get_by_role("button", name="The one that plays").click()
        self.page.wait_for_selector(f"[data-film={slot}] .strip")

    def make(self) -> dict:
        """Press the button; the take that comes of it, once the player shows it."""
        page = self.page
        before = page.get_attribute("#player-panel", "data-take") or ""
        page.wait_for_selector("#make-panel .plan[data-ready=yes]")
        with page.expect_response("**/studio/jobs") as sent:
            page.locator("#make-panel .go").click()
        job = sent.value.json()["job"]
        page.wait_for_selector(f"#player-panel[data-take='{job['id']}']", timeout=HEAVY)
        assert job["id"] != before
        return self.take(job["id"])

    def take(self, id: str) -> dict:
        """What the studio says of a take."""
        with urllib.request.urlopen(f"{self.studio.address}studio/takes/{id}") as answer:
            return json.load(answer)["take"]

    def plays(self) -> None:
        """Wait until film really plays."""
        self.page.wait_for_function("document.querySelector('video').readyState >= 2 && document.querySelector('video').currentTime > 0")

    def quickly(self) -> None:
        """As few steps as there are."""
        self.page.locator("input[name=steps]").first.check()

    def first(self, prompt: str = "red right", seconds: str = "1") -> dict:
        """A take to begin with."""
        self.page.fill("#prompt", prompt)
        self.page.fill("#seconds", seconds)
        self.quickly()
        take = self.make()
        self.plays()
        return take


@pytest.fixture
def panel(page, studio):
    """The panel of one tab."""
    return Panel(page, studio)


def parents(take: dict) -> list[str]:
    """The files that a take was made of, without their folders."""
    return [item["path"].replace("\\", "/").rsplit("/", 1)[-1] for item in take["recipe"]["inputs"]]


def test_new_film_of_film_from_the_page_to_a_take_that_plays(panel):
    page = panel.page
    boat = panel.first()
    panel.turn("extend")
    panel.film()
    page.fill("#after", "0.5")
    panel.quickly()
    longer = panel.make()
    panel.plays()
    assert longer["operation"] == "extend" and longer["pictures"] == boat["pictures"] + 8
    assert parents(longer) == [f"{boat['id']}.safetensors"] and longer["prompt"] == "red right"

    panel.turn("connect")               # the new film comes along, and the one that plays is what it leads to
    panel.film()
    page.locator(f".card[data-take='{boat['id']}'] .open").click()
    page.wait_for_selector(f"#player-panel[data-take='{boat['id']}']")
    panel.film("second")
    page.fill("#seconds", "0.5")
    panel.quickly()
    joined = panel.make()
    assert parents(joined) == [f"{longer['id']}.safetensors", f"{boat['id']}.safetensors"]

    panel.turn("loop")
    page.get_by_role("button", name="The one that plays").click()
    panel.film()
    page.fill("#seconds", "0.5")
    panel.quickly()
    assert panel.make()["operation"] == "loop"

    panel.turn("edit")
    panel.film()
    page.fill("#prompt", "blue right")
    page.get_by_role("button", name="Curve").click()
    box = page.locator(".curve").bounding_box()
    page.locator(".curve").scroll_into_view_if_needed()
    box = page.locator(".curve").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)     # the middle point is dragged to the top
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 40, steps=4)
    page.mouse.up()
    panel.quickly()
    edited = panel.make()
    panel.plays()
    assert edited["recipe"]["strength"] == [0.6, 0.6, 1, 0.6, 0.6]

    panel.turn("outpaint")
    panel.film()
    page.locator("input[name=to][value='1:1']").check()
    panel.quickly()
    wide = panel.make()
    assert wide["width"] == wide["height"]

    panel.turn("finish")
    panel.film()
    larger = wide["width"] * 3 // 2     # of the film that was made last
    page.locator(f"input[name=scale][value='{larger}x{larger}']").check()
    panel.quickly()
    assert panel.make()["width"] == larger
    page.wait_for_function("wide => document.querySelector('video').videoWidth === wide", arg=larger)


def test_a_mask_is_painted_used_and_found_again(panel):
    page = panel.page
    panel.first()
    panel.turn("inpaint")
    panel.film()
    assert page.locator("#make-panel .plan").inner_text() != ""
    page.get_by_role("button", name="Paint", exact=True).click()
    canvas = page.locator(".painting canvas")
    page.wait_for_function("document.querySelector('.painting img').naturalWidth === 256")     # a picture of the film lies under it
    box = canvas.bounding_box()
    share = lambda: float(canvas.get_attribute("data-painted"))
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.8, steps=8)
    page.mouse.up()
    stroke = share()
    assert stroke > 0.05
    page.get_by_role("radio", name="Erase").check(force=True)
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.up()
    assert share() < stroke
    page.get_by_role("button", name="Undo").click()
    assert share() == stroke
    page.get_by_role("button", name="Invert").click()
    assert share() > 0.7
    page.get_by_role("button", name="Clear").click()
    assert share() == 0
    page.get_by_role("radio", name="Rectangle").check(force=True)       # the right half, at half the level
    page.locator(".painting").get_by_role("slider", name="Level").fill("0.5")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] - 1, steps=3)
    page.mouse.up()
    assert share() == pytest.approx(0.5, abs=0.02)
    page.get_by_role("button", name="Use this mask").click()
    page.wait_for_selector("#make-panel .masked")
    page.fill("#prompt", "yellow")
    panel.quickly()
    take = panel.make()
    panel.plays()
    mask = next(item for item in take["recipe"]["inputs"] if item["role"] == "mask")
    with urllib.request.urlopen(f"{panel.studio.address}media/input/{parents({'recipe': {'inputs': [mask]}})[0]}") as answer:
        kept = Image.open(io.BytesIO(answer.read())).convert("L")
    assert kept.size == (256, 144) and kept.getpixel((40, 70)) == 0 and kept.getpixel((200, 70)) == pytest.approx(128, abs=2)
    page.get_by_role("button", name="Paint on").click()                 # it is there again, to be painted on
    page.wait_for_function("Math.abs(document.querySelector('.painting canvas').dataset.painted - 0.5) < 0.03")
    page.keyboard.press("Escape")
    page.wait_for_selector(".painting", state="detached")


def test_pictures_shots_and_words_that_change(panel):
    page = panel.page

    def colour(rgb):
        out = io.BytesIO()
        Image.new("RGB", (256, 144), rgb).save(out, "PNG")
        return {"name": "x.png", "mimeType": "image/png", "buffer": out.getvalue()}

    panel.turn("picture")
    page.fill("#prompt", "green")
    panel.quickly()
    assert panel.make()["pictures"] == 1

    panel.turn("animate")
    assert page.input_value("#prompt") == "green"                       # the words come along
    page.get_by_role("button", name="What the player shows").click()
    page.wait_for_selector("#make-panel .drop img")
    page.fill("#seconds", "0.5")
    panel.quickly()
    moving = panel.make()
    panel.plays()
    assert parents(moving)[0].endswith(".png") and moving["recipe"]["operation"] == "animate"

    panel.turn("keyframes")
    page.set_input_files("#make-panel input[type=file]", [colour((200, 0, 0)), colour((0, 0, 200))])
    page.wait_for_function("document.querySelectorAll('#make-panel .pictures li').length === 2")
    page.fill("#seconds", "1")
    panel.quickly()
    assert [item["at"] for item in panel.make()["recipe"]["inputs"]] == [0, 16]

    panel.turn("storyboard")
    page.get_by_role("button", name="Try a storyboard of 3 shots").click()
    page.wait_for_selector("#make-panel .plan:has-text('2.5 s · 41 pictures')")
    assert page.locator(".shot").count() == 3
    for _ in range(2):
        page.get_by_role("button", name="Shot 2: take it out").click()
    page.fill("#words-who", "red")
    page.fill("#shot-0", "{who} left")
    page.get_by_role("button", name="Another shot").click()
    page.fill("#shot-1", "blue")
    page.get_by_role("spinbutton", name="Seconds of shot 2").fill("0.5")
    page.get_by_role("button", name="Shot 2: once more").click()
    page.fill("#shot-2", "{who} up")
    page.locator("#shot-2").press("Alt+ArrowUp")                        # the third shot comes second
    assert page.input_value("#shot-1") == "{who} up"
    assert page.evaluate("document.activeElement.id") == "shot-1"
    page.get_by_role("radiogroup", name="How shot 2 begins").get_by_role("radio", name="Goes on").check(force=True)
    page.locator("[data-shot='2'] input[type=file]").set_input_files(colour((0, 200, 0)))
    page.wait_for_selector("[data-shot='2'] img")
    panel.quickly()
    film = panel.make()
    panel.plays()
    recipe = film["recipe"]
    assert [recipe["prompt"], *[cue["prompt"] for cue in recipe["cues"]]] == ["red left", "red up", "blue"]
    assert [cue["cut"] for cue in recipe["cues"]] == [False, True] and recipe["inputs"][0]["at"] == recipe["cues"][1]["at"]

    panel.turn("text")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Other words").click()
    page.fill("#cue-0", "blue dragon")
    page.wait_for_selector(".cues mark:has-text('dragon')")             # marked while typing, here too
    page.fill("#cue-0", "blue left")
    page.fill("#prompt", "red left")
    panel.quickly()
    page.get_by_role("spinbutton", name="Variations").fill("2")
    page.wait_for_selector("#make-panel .plan:has-text('2 times 2 s')")
    with page.expect_response("**/studio/jobs") as sent:
        page.locator("#make-panel .go").click()
    ids = [job["id"] for job in sent.value.json()["jobs"]]
    page.wait_for_selector(f"#player-panel[data-take='{ids[1]}']", timeout=HEAVY)
    first, second = (panel.take(id)["recipe"] for id in ids)
    assert first["cues"] == [{"at": 16, "prompt": "blue left", "over": 8, "cut": False, "asked": ""}] and int(second["seed"]) == int(first["seed"]) + 1


def test_an_edit_without_a_mouse_and_its_recipe_again(tabs, studio):
    tab = tabs()
    page, panel = tab.page, Panel(tab.page, studio)
    panel.first()
    page.locator("input[name=task]:checked").focus()
    for _ in range(7):                                                  # from Film to Edit
        page.keyboard.press("ArrowRight")
    page.wait_for_selector("#make-panel[data-task=edit]")
    page.wait_for_selector("[data-film=film] .strip")                   # the film that plays is in it
    page.get_by_role("button", name="Another film").press("Enter")
    page.get_by_role("button", name="The one that plays").press("Enter")
    page.wait_for_selector("[data-film=film] .strip")
    page.get_by_role("slider", name="Used up to").press("ArrowLeft")
    page.locator("#prompt").focus()
    page.keyboard.type("green up")
    page.get_by_role("button", name="Curve").press("Enter")
    page.get_by_role("slider", name="Strength at 0 % of the film").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    assert page.evaluate("document.activeElement.getAttribute('aria-valuenow')") == "0.8"
    page.locator("#steps, input[name=steps]:checked").first.press("ArrowLeft")
    page.locator("details.more > summary").press("Enter")
    page.get_by_text("An area by its numbers").press("Enter")
    for name, value in (("Left", "16"), ("Top", "8"), ("Width", "100"), ("Height", "80")):
        page.get_by_role("group", name="Area in pixels").get_by_role("spinbutton", name=name).fill(value)
    page.fill("#seed", "123456789012345678")
    page.wait_for_selector("#make-panel .plan[data-ready=yes]")
    with page.expect_response("**/studio/jobs") as sent:
        page.keyboard.press("Control+Enter")
    id = sent.value.json()["job"]["id"]
    page.wait_for_selector(f"#player-panel[data-take='{id}']", timeout=HEAVY)
    panel.plays()
    recipe = panel.take(id)["recipe"]
    assert recipe["strength"] == [0, 0.8, 0.6, 0.6, 0.6] and recipe["area"] == [16, 8, 100, 80] and recipe["inputs"][0]["stop"] == 13

    tab.open()                                                          # what was written is there after a reload
    assert page.input_value("#prompt") == "green up" and page.locator("#make-panel[data-task=edit] .strip").count() == 1
    panel.turn("text")
    page.wait_for_selector(f"#player-panel[data-take='{id}']")
    page.get_by_role("button", name="Again with this recipe").first.click()
    page.wait_for_selector("#make-panel[data-task=edit]")
    assert page.input_value("#prompt") == "green up" and page.input_value("#seed") == "123456789012345678"
    assert page.locator("#make-panel .knob").count() == 5
    again = panel.make()
    films = [urllib.request.urlopen(f"{studio.address}media/take/{one}/film").read() for one in (id, again["id"])]
    assert films[0] == films[1] and again["id"] != id


def test_takes_and_films_of_ones_own_are_dropped_on_the_panel(panel, tmp_path):
    page = panel.page
    boat = panel.first()
    panel.turn("extend")
    panel.film()
    page.get_by_role("button", name="Another film").click()
    page.evaluate(
        """id => { const data = new DataTransfer(); data.setData('application/x-cineloom-take', id);
        for (const kind of ['dragover', 'drop']) document.querySelector('[data-film=film]').dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data })); }""",
        boat["id"],
    )
    page.wait_for_selector("[data-film=film] .strip")
    assert page.locator("#make-panel.over, #make-panel .over").count() == 0
    panel.turn("text")
    page.evaluate(                      # on the panel itself: a task that has use for it
        """id => { const data = new DataTransfer(); data.setData('application/x-cineloom-take', id);
        for (const kind of ['dragover', 'drop']) document.querySelector('#make-panel .go').dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data })); }""",
        boat["id"],
    )
    page.wait_for_selector("#make-panel[data-task=extend] [data-film=film] .strip")
    page.get_by_role("button", name="Another film").click()
    film = urllib.request.urlopen(f"{panel.studio.address}media/take/{boat['id']}/film").read()
    page.locator("[data-film=film] input[type=file]").set_input_files({"name": "<b>mine</b>.mp4", "mimeType": "video/mp4", "buffer": film})
    page.wait_for_selector("[data-film=film] .strip")
    page.wait_for_function("document.querySelectorAll('#takes-panel .card').length === 2")
    panel.quickly()
    assert panel.make()["operation"] == "extend"


def test_what_is_missing_is_said_before_anything_is_asked(panel):
    page = panel.page
    for task, sentence in (("extend", "Choose a film first."), ("animate", "Choose a picture first."), ("connect", "Choose the film that it leads from."),
                           ("text", "Say first what the film shows."), ("storyboard", "Say what each shot shows.")):
        panel.turn(task)
        page.locator("#make-panel .go").click()
        page.wait_for_selector(f".toast.bad:has-text('{sentence}')")
    assert page.locator("#queue-panel li").count() == 0


def test_presets_and_sizes_set_the_controls(panel):
    page = panel.page
    panel.turn("text")
    page.get_by_role("button", name="Tall").click()
    assert page.locator("input[name=shape][value='9:16']").is_checked()
    page.wait_for_selector("#make-panel .plan:has-text('144 × 256')")
    page.get_by_role("button", name="Half a minute").click()
    assert page.input_value("#seconds") == "30"
    page.wait_for_selector("#make-panel .plan:has-text('30 s · 481 pictures')")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("spinbutton", name="Width in pixels").fill("200")
    page.get_by_role("spinbutton", name="Width in pixels").press("Tab")
    page.wait_for_selector("#make-panel .plan:has-text('200 × 256')")
    assert page.locator("input[name=size]:checked").count() == 0
