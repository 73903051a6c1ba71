"""The player in a real browser: the stretch that is played, pictures one by one, joins, two takes with a wipe, enough of a job."""

from __future__ import annotations

from shelving import drop, film_with_sound, shelved


HEAVY = 120_000
JOINS = {"seam": 2.4, "joins": [{"picture": 8, "difference": 1.02, "velocity": 1.1}, {"picture": 20, "difference": 2.43, "velocity": 4.3}]}


def play(page, id: str) -> None:
    """Open a take and wait until its film can be seen."""
    page.locator(f".card[data-take='{id}'] .open").click()
    page.wait_for_selector(f"#player-panel[data-take='{id}']")
    page.wait_for_function("document.querySelector('#player-panel video').readyState >= 2")


def rest(page, picture: int) -> None:
    """Wait until the film stands at a picture, counted from 1."""
    page.wait_for_function(
        "n => { const v = document.querySelector('#player-panel .stage video:not([hidden])');"
        "return !v.seeking && Math.floor(v.currentTime * 16) + 1 === n && document.querySelector('#player-panel .count').textContent.startsWith(n + ' ') }", arg=picture)


def test_a_stretch_is_chosen_by_keys_and_goes_with_the_film(page, library):
    shelved(library, "boat", "red left", figures=JOINS)
    page.wait_for_selector(".card[data-take=boat]")
    play(page, "boat")
    page.keyboard.press("k")
    page.wait_for_function("document.querySelector('video').paused")
    page.evaluate("document.querySelector('video').currentTime = 8.5 / 16")
    rest(page, 9)
    page.keyboard.press("i")
    for _ in range(3):
        page.keyboard.press(".")
    rest(page, 12)
    page.keyboard.press("o")
    assert "From 0.50 s to 0.75 s" in page.locator("#player-panel .chosen").inner_text()
    page.keyboard.press(".")            # in a circle over what was chosen
    rest(page, 9)
    page.keyboard.press(",")
    rest(page, 12)
    page.keyboard.press(">")            # twice as fast, so that it comes round soon
    assert page.locator("#player-panel .speed").input_value() == "2"
    page.evaluate("""() => { window.seen = []; const v = document.querySelector('video');
        v.addEventListener('timeupdate', () => window.seen.push(v.currentTime)); window.turns = 0;
        v.addEventListener('seeking', () => window.turns++) }""")
    page.keyboard.press("l")
    page.wait_for_function("window.turns >= 3")
    page.keyboard.press("k")
    seen = page.evaluate("window.seen")
    assert min(seen) >= 0.49 and max(seen) <= 0.95, "it left the stretch"        # a little over: a tick late
    page.locator("#player-panel [data-task=extend]").click()
    page.wait_for_function("document.querySelector('#make-panel').textContent.includes('0.5 to 0.75')")
    page.keyboard.press("Escape")
    page.locator("#player-panel .stage").click()        # plays, and takes the focus out of the form
    page.keyboard.press("x")
    assert page.locator("#player-panel .chosen").is_hidden()
    page.keyboard.press("j")
    page.wait_for_function("document.querySelector('#player-panel .bar button').getAttribute('aria-label') === 'Pause'")
    page.keyboard.press("k")

    # The joins: a mark at each on the bar, a score under the film that leads there.
    scores = page.locator("#player-panel .score")
    assert scores.all_inner_texts() == ["join 1.02", "join 2.43"]
    assert [one.get_attribute("data-grade") for one in page.locator("#player-panel .mark").all()] == ["good", "bad"]
    scores.nth(1).click()
    rest(page, 21)
    assert "2.43 times the usual one, can be seen" in scores.nth(1).get_attribute("aria-label")


def test_two_takes_keep_the_same_time_and_a_wipe_goes_between(page, library):
    shelved(library, "long", "red left", pictures=49, size=(96, 64))
    shelved(library, "short", "blue up", pictures=17, size=(64, 96), colour=(20, 40, 160))
    page.wait_for_selector(".card[data-take=short]")
    play(page, "long")
    for id in ("short", "long"):
        page.locator(f".card[data-take={id}] .open").focus()
        page.keyboard.press("Space")
    page.keyboard.press("c")
    page.wait_for_selector("#player-panel[data-compare='short long']")
    page.wait_for_function("[...document.querySelectorAll('.view')].every((v) => v.readyState >= 2)")
    assert page.locator("#player-panel .side").all_inner_texts() == ["A · blue up", "B · red left"]
    page.keyboard.press("k")
    page.wait_for_function("[...document.querySelectorAll('.view')].every((v) => v.paused)")
    for _ in range(3):
        page.locator("#player-panel button[aria-label='One picture on']").click()
    same = "[...document.querySelectorAll('.view')].every((v) => !v.seeking) && Math.abs(document.querySelectorAll('.view')[0].currentTime - document.querySelectorAll('.view')[1].currentTime) < 0.5 / 16"
    page.wait_for_function(same)
    page.locator("#player-panel .seek").fill("40")          # the short one is over: it stands at its last picture
    page.wait_for_function("Math.abs(document.querySelectorAll('.view')[0].currentTime - 16.5 / 16) < 0.02 && document.querySelectorAll('.view')[1].currentTime > 2.4")
    page.locator("#player-panel .seek").fill("2")
    page.wait_for_function(same)

    edge = page.locator("#player-panel .edge")
    edge.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert edge.get_attribute("aria-valuenow") == "38"
    box = page.locator("#player-panel .stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 90)
    page.mouse.up()
    assert edge.get_attribute("aria-valuenow") == "80"
    assert "inset(0px 20" in page.evaluate("getComputedStyle(document.querySelectorAll('.view')[0]).clipPath")
    page.get_by_role("button", name="Swap the sides").click()
    assert page.locator("#player-panel .side").all_inner_texts() == ["A · red left", "B · blue up"]
    page.keyboard.press("Escape")
    page.wait_for_selector("#player-panel[data-take='long']")
    assert page.locator(".view").count() == 0 and page.locator("#player-panel .wipe").is_hidden()


def test_enough_of_a_job_is_a_take(page, library):
    page.evaluate("""async ([asked]) => fetch('studio/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: asked })""",
                  ['{"prompt": "green up", "seconds": 8, "width": 1024, "height": 576, "steps": 100}'])
    page.wait_for_selector("#player-panel canvas[data-step]", timeout=HEAVY)
    page.locator("#player-panel").get_by_role("button", name="Keep what there is").click()
    page.wait_for_selector("#player-panel[data-take]", timeout=HEAVY)
    assert "stopped at" in page.locator("#player-panel .score").inner_text()
    assert library.takes()[0].figures["part"] < 1


def test_a_film_that_is_gone_is_a_state_and_says_what_to_do(tabs, library):
    lost = shelved(library, "lost", "red left")
    shelved(library, "there", "blue up")
    lost.file("film").unlink()
    tab = tabs()
    tab.meant = ("404",)        # the browser's own note of the file that is gone
    tab.page.wait_for_selector(".card.missing[data-take=lost]")
    tab.page.locator(".card[data-take=lost] .open").click()
    tab.page.wait_for_selector("#player-panel .gone:not([hidden])")
    assert "lost.mp4" in tab.page.locator("#player-panel .why").inner_text()
    tab.page.get_by_role("button", name="Make it again").click()
    tab.page.wait_for_function("document.querySelector('#prompt').value === 'red left'")
    play(tab.page, "there")
    assert tab.page.locator("#player-panel .gone").is_hidden()


def test_a_film_with_sound_is_heard_when_somebody_wants_to(page, library, tmp_path):
    shelved(library, "silent")
    page.wait_for_selector(".card[data-take=silent]")
    drop(page, "#takes-panel", ("song.mp4", film_with_sound(tmp_path / "song.mp4").read_bytes()))
    page.wait_for_selector("#takes-panel[data-count='2']")
    sound = page.get_by_role("button", name="Sound")
    sound.wait_for()
    assert page.evaluate("document.querySelector('video').muted")
    sound.click()
    page.get_by_role("slider", name="Volume").fill("0.3")
    assert page.evaluate("[document.querySelector('video').muted, document.querySelector('video').volume]") == [False, 0.3]
    play(page, "silent")
    assert sound.is_hidden()


def test_files_of_a_take_are_downloaded(page, library):
    shelved(library, "boat", "red left")
    page.wait_for_selector(".card[data-take=boat]")
    play(page, "boat")
    for name, file in (("Recipe, as JSON", "red-left-boat.json"), ("Latents, to lead it on elsewhere", "red-left-boat.safetensors"), ("The film", "red-left-boat.mp4")):
        page.locator("#player-panel summary").click()
        with page.expect_download() as waiting:
            page.get_by_role("link", name=name, exact=True).click()
        assert waiting.value.suggested_filename == file


def test_a_film_that_browsers_do_not_know_says_so_and_a_moving_picture_moves(page, library, tmp_path):
    import av
    from PIL import Image
    from shelving import pixels

    from engine.library import finish

    with av.open(str(tmp_path / "old.avi"), "w") as out:
        stream = out.add_stream("mpeg4", rate=16)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for index, seen in enumerate(pixels(17, (64, 64), (90, 20, 90))):
            frame = av.VideoFrame.from_ndarray(seen, format="rgb24")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    first, *rest = (Image.fromarray(seen) for seen in pixels(5, (64, 64), (20, 90, 90)))
    first.save(tmp_path / "moving.gif", save_all=True, append_images=rest, duration=100, loop=0)
    old, moving = (finish(library.import_file(tmp_path / name)) for name in ("old.avi", "moving.gif"))
    page.wait_for_selector("#takes-panel[data-count='2']")
    page.locator(f".card[data-take='{old.id}'] .open").click()
    page.wait_for_selector("#player-panel .gone:not([hidden])")
    assert "cannot play AVI files" in page.locator("#player-panel .gone").inner_text()
    assert page.locator("#player-panel [data-task=extend]").is_enabled()        # the studio can
    page.locator(f".card[data-take='{moving.id}'] .open").click()
    page.wait_for_function("document.querySelector('#player-panel .stage > img').naturalWidth === 64")
    assert page.locator("#player-panel .gone").is_hidden() and moving.pictures == 5
