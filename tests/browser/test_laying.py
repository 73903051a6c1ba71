"""LoRAs on the form: chosen, weighed, taken off, made with, and back again with a take's recipe. In a studio of its own, for its folder of them."""

from __future__ import annotations

import pytest

HEAVY = 120_000         # milliseconds a take may need on a busy machine


@pytest.fixture
def laid(browser, tmp_path):
    """A studio that has two LoRAs, one of them distilled."""
    from fakes import tinting
    from running import Running
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "loras"
    warm = tinting(folder / "warm.safetensors")
    save_file({name: -value for name, value in load_file(warm).items()}, folder / "quick.safetensors")
    (folder / "quick.json").write_text('{"grid": "fasthunyuan"}')
    running = Running(tmp_path / "home", CINELOOM_LORAS=str(folder))
    yield running
    running.close()


def test_they_are_chosen_weighed_made_with_and_come_back(laid, open_tab):
    from axe_playwright_python.sync_playwright import Axe

    tab = open_tab(laid)
    page, panel = tab.page, tab.page.locator("#make-panel")
    page.fill("#prompt", "red left")
    page.get_by_text("More", exact=True).click()
    page.focus("#lora-add")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lora-0:focus")
    assert page.input_value("#lora-0") == "quick" and panel.get_by_text("Made for 6 steps.").is_visible()
    assert page.locator("input[name=steps]:checked").get_attribute("value") == "6" and page.input_value("#guidance") == "6", "what it was taught is the form's"
    page.select_option("#lora-0", "warm")
    page.wait_for_selector("#make-panel .loras :text('Called by “warm”.')")
    page.wait_for_selector("#make-panel .plan:has-text('which the prompt does not say')")
    page.fill("#prompt", "warm red")
    page.get_by_role("spinbutton", name="How strong warm is").fill("0.5")
    page.locator("#lora-add").click()
    assert page.locator("#lora-1 option").all_text_contents() == ["quick"], "one is laid on once"
    assert page.locator("#lora-add").is_disabled()
    page.get_by_role("button", name="Take quick off").click()
    page.wait_for_selector("#lora-0:focus")
    broken = Axe().run(page).response["violations"]
    assert [one["id"] for one in broken] == []
    page.locator("input[name=steps][value='2']").check(force=True)
    with page.expect_response("**/studio/jobs") as sent:
        panel.locator(".go").click()
    recipe = sent.value.json()["job"]["recipe"]
    assert [(lora["name"], lora["weight"]) for lora in recipe["loras"]] == [("warm", 0.5)]
    page.wait_for_selector(f"#player-panel[data-take='{sent.value.json()['job']['id']}']", timeout=HEAVY)

    page.get_by_role("button", name="Take warm off").click()
    page.wait_for_selector("#lora-add:focus")
    page.get_by_role("button", name="Again with this recipe").click()
    page.wait_for_selector("#lora-0")
    assert page.input_value("#lora-0") == "warm" and page.get_by_role("spinbutton", name="How strong warm is").input_value() == "0.5"
    assert tab.wrong == []
