"""What a timeline shows of its media, in a real browser: waves where the sound is loud, pictures of files, time as it runs; and what an
audition moves."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from shelving import shelved
from talking import song, talkie
from cutting import HEAVY, PANEL, after, ready

from engine.library import finish
from engine.media import write_picture
from engine.provenance import read

# Where a wave is loud, in frames of a row's first clip, as it is drawn: [first, last); its columns are counted, not its numbers.
LOUD = """(kind) => {
    const row = document.querySelector(`#timeline-panel .row[data-kind=${kind}]`), clip = row?.querySelector('.clip');
    const line = (clip?.querySelector('.wave') ?? row?.querySelector('.lane > .wave'))?.lastChild;
    if (!line?.getAttribute('d')) return 'nothing is drawn';
    const frames = clip.view.place.item.length, box = clip.getBoundingClientRect(), shape = line.ownerSVGElement.getBoundingClientRect(), way = line.getScreenCTM().inverse();
    const loud = [];
    for (let x = Math.max(box.left, shape.left) + 0.5; x < Math.min(box.right, shape.right); x++) {
        if ([1 / 3, 2 / 3].every(y => line.isPointInFill(new DOMPoint(x, shape.top + y * shape.height).matrixTransform(way)))) loud.push(x - 0.5);
    }
    if (!loud.length) return 'it is silent';
    const frame = (x) => (x - box.left) / (box.width + 1) * frames;
    return [frame(loud[0]), frame(loud.at(-1) + 1)];
}"""


def edit(cuts, page, said: dict) -> None:
    """Make an edit past the page, and wait until the page shows it."""
    now = cuts.now()
    answer = cuts.client.post(f"studio/cuts/{now['cut']['id']}/edits", json={"revision": now["revision"], "edit": said}).json()
    assert "revision" in answer, answer
    if page is not None:
        ready(page, revision=answer["revision"])


def loud(page, first: float, last: float, kind: str = "sound") -> None:
    """The wave is loud from frame `first` of its clip to frame `last`, to within what a stretch and a column are wide."""
    near = f"([first, last]) => {{ const found = ({LOUD})('{kind}'); return Math.abs(found[0] - first) < 0.6 && Math.abs(found[1] - last) < 0.6; }}"
    try:
        page.wait_for_function(near, arg=[first, last], timeout=20_000)
    except Exception:
        pytest.fail(f"loud where frames {first} to {last} are was wanted; {page.evaluate(LOUD, kind)} was drawn")


def test_waves_are_loud_where_the_sound_is_whatever_is_done_to_the_clip(tabs, cuts, library, tmp_path):
    cuts.client.post("studio/cuts", json={"name": "Song", "takes": [shelved(library, "silentlook", "red boat", pictures=97).id]})
    page = tabs().page
    ready(page, 1)
    page.locator(f"{PANEL} input[type=file]").set_input_files(song(tmp_path / "song.wav", 5, (1, 2)))
    ready(page, 2)
    clip = next(track for track in cuts.now()["cut"]["tracks"] if track["kind"] == "sound")["items"][0]["id"]
    loud(page, 16, 32)
    assert page.evaluate(LOUD, "film") == "nothing is drawn"          # nothing is heard with the film
    edit(cuts, page, {"is": "trim", "item": clip, "end": "head", "by": 8})
    loud(page, 8, 24)
    edit(cuts, page, {"is": "slip", "item": clip, "by": -4})
    loud(page, 12, 28)
    edit(cuts, page, {"is": "speed", "item": clip, "speed": "2"})
    loud(page, 6, 14)
    edit(cuts, page, {"is": "speed", "item": clip, "speed": "-2"})
    length = next(item["length"] for track in cuts.now()["cut"]["tracks"] if track["kind"] == "sound" for item in track["items"] if item["is"] == "clip")
    loud(page, length - 14, length - 6)
    edit(cuts, page, {"is": "speed", "item": clip, "speed": "1"})
    page.locator(f"{PANEL} .row[data-kind=sound] .clip").click()
    page.keyboard.press("Home")
    for _ in range(6):
        page.keyboard.press("+")
    loud(page, 12, 28)
    seen = page.evaluate(f"[document.querySelector('{PANEL} .row[data-kind=sound] .wave').getBoundingClientRect().width, document.querySelector('{PANEL} .row[data-kind=sound] .clip').offsetWidth]")
    assert seen[0] < seen[1]                                    # only what is seen of it is drawn
    page.evaluate(f"document.querySelector('{PANEL} .scroll').scrollLeft = 900")
    loud(page, 400 / 24, 28)                                    # from there on it is drawn
    page.locator(f"{PANEL} .look .tool[aria-label^='All of it']").click()
    loud(page, 12, 28)


def test_waves_of_a_row_are_one_shape_but_for_clips_that_fade_or_are_framed(tabs, cuts, library, tmp_path):
    voice = finish(library.import_file(talkie(tmp_path / "voice.mp4", 2, (0.5, 1.5))))
    cuts.client.post("studio/cuts", json={"name": "Long", "takes": [voice.id] * 150})
    page = tabs().page
    ready(page, 300)
    heard = """([kind, number, share]) => {
        const row = document.querySelector(`#timeline-panel .row[data-kind=${kind}]`), line = row.querySelector('.lane > .wave').lastChild, clip = row.querySelectorAll('.clip')[number];
        const shape = line.ownerSVGElement.getBoundingClientRect(), box = clip.getBoundingClientRect(), way = line.getScreenCTM().inverse();
        return [1 / 3, 2 / 3].every(y => line.isPointInFill(new DOMPoint(box.left + share * box.width, shape.top + y * shape.height).matrixTransform(way)));
    }"""

    def drawn(kind, *numbers):
        for number in numbers:
            page.wait_for_function(heard, arg=[kind, number, 0.5])
            assert not page.evaluate(heard, [kind, number, 0.1]) and not page.evaluate(heard, [kind, number, 0.9])

    def apart(item, kind=""):
        page.wait_for_selector(f"{PANEL} .clip{kind}[data-id='{item['id']}'] .wave", state="attached")

    own = page.locator(f"{PANEL} .clip .wave")
    for kind in ("film", "sound"):
        drawn(kind, 0, 70, 149)
    assert own.count() == 0
    sounds = next(track for track in cuts.now()["cut"]["tracks"] if track["kind"] == "sound")["items"]
    edit(cuts, page, {"is": "mute", "items": [sounds[70]["id"]]})
    apart(sounds[70], ".silent")       # what is off has its own, which fades with it
    page.wait_for_function(f"arg => !({heard})(arg)", arg=["sound", 70, 0.5])
    drawn("sound", 69, 71)
    for _ in range(6):
        page.get_by_role("button", name="Larger (+)").click()
    for kind in ("film", "sound"):
        drawn(kind, 2, 4)
    assert own.count() == 0
    edit(cuts, page, {"is": "fade", "item": sounds[3]["id"], "fade_in": 4, "fade_out": 0})
    apart(sounds[3])
    drawn("sound", 2, 4)
    page.locator(f"{PANEL} .row[data-kind=sound] .clip").nth(4).click()         # the frame of what is chosen lies over its wave
    apart(sounds[4], ".chosen")
    page.wait_for_function(f"arg => !({heard})(arg)", arg=["sound", 4, 0.5])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="All of it (0)").click()
    page.wait_for_function(heard, arg=["film", 149, 0.5])


def test_film_with_sound_has_a_thin_wave_and_files_show_their_pictures_as_takes_do(tabs, cuts, library, tmp_path):
    voice = finish(library.import_file(talkie(tmp_path / "voice.mp4", 2, (0.5, 1.5))))
    shutil.copy(voice.file("film"), library.folder / "footage.mp4")
    cuts.client.post("studio/cuts", json={"name": "Talk", "takes": [voice.id]})
    write_picture(library.folder / "still.png", np.full((64, 128, 3), 90, np.uint8))
    film = {"file": "footage.mp4", "frames": 32, "rate": "16", "width": 128, "height": 64}
    still = {"file": "still.png", "frames": 1, "rate": "1", "kind": "picture", "width": 128, "height": 64}
    edit(cuts, None, {"is": "append", "parts": [{"track": "film", "item": {"is": "clip", "id": id, "start": "0", "length": 32, "media": media}} for id, media in (("still", still), ("footage", film))]})
    tab = tabs()
    page = tab.page
    ready(page, 4)
    tab.meant = ("ERR_FAILED",)             # a studio that is gone for a moment: what was asked of it then is asked again
    page.route("**/peaks*", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: "/peaks" in request.url):
        page.reload()
        ready(page, 4)
    page.unroute("**/peaks*")
    page.get_by_role("button", name="Larger (+)").click()
    page.get_by_role("button", name="All of it (0)").click()
    for kind in ("film", "sound"):
        loud(page, 8, 24, kind)
    thin, tall = (page.locator(f"{PANEL} .row[data-kind={kind}] .wave").first.bounding_box()["height"] for kind in ("film", "sound"))
    assert thin < 16 < tall
    for id, name in (("footage", "footage.mp4"), ("still", "still.png")):
        pictures = f"[...document.querySelectorAll('.clip[data-id={id}] .part')].map(one => getComputedStyle(one).backgroundImage)"
        page.wait_for_function(f"{pictures}.length && {pictures}.every(one => one.includes('media/file/') && one.includes('/strip?file={name}'))")
    page.locator(f"{PANEL} .clip[data-id=footage]").dblclick()      # and are played
    page.wait_for_function("[...document.querySelectorAll('.cut-screen video')].some(one => !one.hidden && one.src.includes('/film?file=footage.mp4') && one.readyState > 1 && !one.seeking)")
    page.locator(f"{PANEL} .clip[data-id=still]").dblclick()
    page.wait_for_function("[...document.querySelectorAll('.cut-screen img')].some(one => !one.hidden && one.src.includes('/film?file=still.png') && one.naturalWidth === 128)")
    page.locator(f"{PANEL} .look .tool").last.click()
    page.wait_for_function("getComputedStyle([...document.querySelectorAll('.card .picture')].at(-1)).backgroundImage.includes('file=footage.mp4')")


def test_what_an_audition_plays_is_what_accepting_gives_in_every_row(tabs, cuts):
    [red, blue] = cuts.takes(("red left", 1), ("blue right", 1))
    answer = cuts.client.post("studio/cuts", json={"name": "Walk", "takes": [red, blue]}).json()
    edit(cuts, None, {"is": "overwrite", "at": 20, "parts": [{"track": "titles", "item": {"is": "title", "id": "words", "words": "Words", "length": 8}}]})
    cuts.client.post(f"studio/cuts/{answer['cut']['id']}/make", json={"revision": 1, "kind": "extend", "item": answer["cut"]["tracks"][0]["items"][0]["id"], "frames": 8})
    page = tabs().page
    ready(page, 3)
    labels = f"[...document.querySelectorAll('{PANEL} .clip')].map(one => one.getAttribute('aria-label').split(', ').slice(1).join())"
    began = page.evaluate(labels)
    page.wait_for_selector(f"{PANEL} .try[data-state=done]", timeout=HEAVY)
    page.locator(f"{PANEL} .try .ab").click()
    page.wait_for_function(f"({labels})[0] === 'from 0:00:01:12 to 0:00:02:04,0:00:00:08 long'")        # the title was at 20 and is at 28
    page.keyboard.press("k")
    tried = page.evaluate(labels)
    page.locator(f"{PANEL} .try .ab").click()                       # B, and A again
    page.wait_for_function(f"began => JSON.stringify({labels}) === JSON.stringify(began)", arg=began)
    page.keyboard.press("k")
    after(page, lambda: page.locator(f"{PANEL} .try button[aria-label=Accept]").click())
    assert page.evaluate(labels) == tried


def test_time_at_29_97_leaves_numbers_out(tabs, cuts, library):
    take = shelved(library, "dropslook", "red boat", pictures=33)
    cuts.client.post("studio/cuts", json={"name": "NTSC", "takes": [take.id], "rate": "29.97"})
    page = tabs().page
    ready(page, 1)
    place = page.get_by_label("Place in the cut")
    assert place.input_value() == "0:00:00;00" and page.locator(f"{PANEL} .all").inner_text() == "/ 0:00:02;01"
    place.fill("0:00:01;00")
    place.press("Enter")
    assert page.get_attribute(PANEL, "data-frame") == "30"
    assert page.evaluate(f"[...document.querySelectorAll('{PANEL} .ruler .line')].every(one => /^0:00:[0-9]{{2}};[0-9]{{2}}$/.test(one.textContent))")


def test_an_export_is_signed_where_it_can_be_and_is_wished(tabs, cuts, library, tmp_path):
    pytest.importorskip("c2pa")
    cuts.client.post("studio/cuts", json={"name": "Signed", "takes": [shelved(library, "signedlook", "red boat", pictures=9).id]})
    page = tabs().page
    ready(page, 1)
    page.get_by_role("button", name="Cut: Signed").click()
    page.get_by_role("menuitem", name="Export…").click()
    sheet = page.get_by_role("dialog", name="Export Signed")
    wish = sheet.get_by_label("Content credentials")
    wish.wait_for()
    for kind, can in (("VP9", False), ("For other editors OTIO", False), ("ProRes", True), ("The picture at the playhead", True)):
        sheet.get_by_role("radio", name=kind).check()
        assert wish.is_visible() == can, kind
    wish.check()
    assert sheet.get_by_label("Only the stretch").is_hidden()         # of one picture there is none, and none is marked
    sheet.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download(timeout=HEAVY) as saved:
        sheet.get_by_role("listitem").filter(has_text="Signed.png").get_by_role("link", name="Save").click(timeout=HEAVY)
    saved.value.save_as(tmp_path / "still.png")
    assert read(tmp_path / "still.png").generator.startswith("Cineloom")
