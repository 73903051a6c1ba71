"""Models on the page: one chosen for a film, the sheet of all, one brought from a hub of our own and given up again."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

sys.path.append(str(Path(__file__).parents[1] / "engine"))      # hub.py

WAN = "wan-2.1-1.3b"
HEAVY = 120_000         # milliseconds a take may need on a busy machine


def sheet(page):
    """Open the sheet; its dialog."""
    page.click("#other-models")
    page.wait_for_selector("dialog.all-models[data-ready]")
    return page.locator("dialog.all-models")


def test_what_the_catalog_says_of_its_models_is_in_the_page_s_table():
    from engine.denoisers.open.rows import KNOWN

    said = (Path(__file__).parents[2] / "app" / "web" / "models" / "saying.js").read_text(encoding="utf-8")
    assert [row.about for row in KNOWN if f"'{row.about}': t('{row.about}')" not in said] == []


def test_film_is_made_by_the_model_that_is_chosen_and_its_recipe_brings_it_back(page, studio):
    page.fill("#prompt", "a dragon on the sea")
    page.wait_for_function("document.querySelector('#unknown').textContent.startsWith('Drawn does not know')")
    page.focus("#model")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('#unknown').textContent.startsWith('Paper does not know: dragon')")
    assert page.evaluate("document.activeElement.id") == "model"            # the form was drawn anew around it
    assert page.input_value("#prompt") == "a dragon on the sea"
    assert page.locator(".choice.steps label").all_inner_texts() == ["4", "8", "16", "30"]
    page.fill("#prompt", "a red boat on the sea")
    page.locator("input[name=task][value=picture]").check(force=True)
    page.locator("input[name=steps][value='4']").check(force=True)
    with page.expect_response("**/studio/jobs") as sent:
        page.click("#make-panel .go")
    job = sent.value.json()["job"]
    assert job["recipe"]["backend"] == "paper"
    page.wait_for_selector(f"#player-panel[data-take='{job['id']}']", timeout=HEAVY)     # the worker went from one to the other
    page.reload()
    page.wait_for_selector("#make-panel[data-ready]")
    assert page.locator("#model option:checked").inner_text() == "Paper"    # as the form was left
    page.select_option("#model", label="Drawn")
    page.wait_for_function("document.querySelector('.choice.steps').textContent.includes('2')")
    page.wait_for_selector(f"#player-panel[data-take='{job['id']}']")
    page.locator("#player-panel").get_by_role("button", name="Again with this recipe").click()
    page.wait_for_function("document.querySelector('#model').value === 'paper'")
    assert page.input_value("#prompt") == "a red boat on the sea"


@pytest.mark.parametrize("look", ["dark", "light"])
def test_nothing_is_wrong_with_the_sheet(tabs, look):
    sync = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed: pip install axe-playwright-python")
    page = tabs(color_scheme=look).page
    dialog = sheet(page)
    dialog.locator(f"[data-model='{WAN}']").get_by_role("button", name="Bring it").click()
    dialog.locator("summary").click()
    found = sync.Axe().run(page, context="dialog.all-models").response
    assert found["passes"] and [f"{one['id']}: {node['target']} {(node.get('failureSummary') or '')[:300]}" for one in found["violations"] for node in one["nodes"]] == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "other-models"


@pytest.fixture
def wan(tmp_path):
    """A hub that has a Wan of few numbers, which is never opened, and a file in it that takes as long as the test wishes. Its client writes ten megabytes at a time."""
    from hub import serving

    from engine.denoisers.open import rows

    folder = tmp_path / "repository"
    index: dict = {"_class_name": "WanPipeline"}
    for part in ("transformer", "vae"):
        (folder / part).mkdir(parents=True)
        (folder / part / "config.json").write_text("{}")
        save_file({"one": np.zeros(8_000_000 if part == "vae" else 10, np.float32)}, folder / part / "diffusion_pytorch_model.safetensors")
        index[part] = ["diffusers", part]
    (folder / "model_index.json").write_text(json.dumps(index))
    with serving(folder, rows.known(WAN).hub) as hub:
        hub.waits["vae/diffusion_pytorch_model.safetensors"] = threading.Event()
        yield hub
        for waiting in hub.waits.values():
            waiting.set()


def test_a_model_is_brought_on_the_page_and_given_up(wan, open_tab, tmp_path):
    from running import Running

    studio = Running(tmp_path / "home", CINELOOM_MODELS=str(tmp_path / "models"), HF_ENDPOINT=wan.address)
    try:
        tab = open_tab(studio)
        page = tab.page
        dialog = sheet(page)
        row = dialog.locator(f"[data-model='{WAN}']")
        row.get_by_role("button", name="Bring it").click()
        assert "About 14.5 GB will come from Wan-AI/Wan2.1-T2V-1.3B-Diffusers" in row.inner_text()
        row.get_by_role("button", name="Not now").click()
        assert row.locator(".question").count() == 0
        row.get_by_role("button", name="Bring it").click()
        row.locator(".question .strong").click()
        page.wait_for_function("Number(document.querySelector('.all-models .progress')?.getAttribute('aria-valuenow')) >= 1")
        row.get_by_role("button", name="Pause").click()
        page.wait_for_selector(f"[data-model='{WAN}'][data-state=part]")
        row.get_by_role("button", name="Give it up").click()
        row.get_by_role("button", name="Keep it").click()                   # what came of it is not thrown away by one click
        assert row.get_attribute("data-state") == "part"
        wan.waits.clear()
        row.get_by_role("button", name="Go on").click()
        row.locator(".question .strong").click()
        page.wait_for_selector(f"ul[aria-labelledby=models-here] [data-model='{WAN}'][data-state=here]")
        row.get_by_role("button", name="Use it").click()
        page.wait_for_function(f"document.querySelector('#model')?.value === '{WAN}'")
        assert page.input_value("#seconds") == "5" and "832 × 480" in page.inner_text("#make-panel .choice.size")
        dialog = sheet(page)
        row = dialog.locator(f"[data-model='{WAN}']")
        row.get_by_role("button", name="Remove").first.click()
        row.get_by_role("button", name="Remove").last.click()
        page.wait_for_selector(f"ul[aria-labelledby=models-away] [data-model='{WAN}'][data-state=away]")
        dialog.locator("summary").click()
        page.fill("#model-folder", str(tmp_path / "nowhere"))
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.own .says').textContent.startsWith('There is no folder')")
        page.keyboard.press("Escape")
        page.wait_for_function("document.querySelector('#model').value === 'drawn'")       # what the form was set to is gone
        assert tab.wrong == []
    finally:
        studio.close()
