"""A cut becomes a file, from the sheet over the timeline to the bytes that are saved."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from cutting import HEAVY, PANEL, Cuts

from engine.media import read_film


@pytest.fixture
def cut(fresh) -> Iterator[dict]:
    """A cut of the newest takes that are there; gone afterwards, for the other panels' tests share the studio."""
    there = httpx.get(f"{fresh.address}studio/takes?limit=60").json()["takes"]
    films = [one["id"] for one in there if one["pictures"] > 1][:2] or Cuts(fresh.address).takes(("red right", 1), ("blue left", 1))
    made = httpx.post(f"{fresh.address}studio/cuts", json={"name": "Exported", "takes": films}).json()["cut"]
    yield made
    httpx.post(f"{fresh.address}studio/cuts/{made['id']}/trash", json={})


def test_a_cut_is_saved_as_film_and_for_other_editors(fresh, cut, page, tmp_path):
    page.goto(fresh.address)
    page.wait_for_selector(f"{PANEL}[data-cut='{cut['id']}']", timeout=HEAVY)
    page.get_by_role("button", name="Cut: Exported").click()
    page.get_by_role("menuitem", name="Export…").click()
    sheet = page.get_by_role("dialog", name="Export Exported")
    sheet.get_by_label("Quality").select_option("draft")
    sheet.get_by_label("Pictures a second").select_option("24")
    assert sheet.get_by_label("Make up pictures between pictures").is_visible()
    sheet.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download(timeout=HEAVY) as saved:
        sheet.locator("li", has_text="Exported").get_by_role("link", name="Save").click(timeout=HEAVY)         # the studio is shared: others exported too
    saved.value.save_as(tmp_path / "film.mp4")
    length = sum(item["length"] for item in next(track for track in cut["tracks"] if track["kind"] == "film")["items"])
    assert saved.value.suggested_filename == "Exported.mp4" and abs(len(list(read_film(tmp_path / "film.mp4"))) - length * 24 / 16) <= 1
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}).response["violations"]
    assert [one for one in found if any("dialog" in str(node["target"]) or "export" in str(node["target"]) for node in one["nodes"])] == []
    sheet.get_by_role("radio", name="For other editors OTIO").check()
    assert not sheet.get_by_label("Quality").is_visible()
    sheet.get_by_role("button", name="Export", exact=True).click()
    row = sheet.get_by_role("listitem").filter(has_text="Exported.zip")
    with page.expect_download(timeout=HEAVY) as saved:
        row.get_by_role("link", name="Save").click(timeout=HEAVY)
    saved.value.save_as(tmp_path / "cut.zip")
    assert any(name.endswith(".fcpxml") for name in zipfile.ZipFile(tmp_path / "cut.zip").namelist())
    row.get_by_role("button", name="Put it away").click()
    row.wait_for(state="detached")
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")
