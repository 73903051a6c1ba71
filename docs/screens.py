"""The pictures of the studio in the README, taken from one that really runs, on the project that comes with it.

    python docs/screens.py         needs Chromium and playwright, as the tests of the page do
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

from engine.bench.page import FLAGS, driver_of_pages, find_chromium, opened, studio  # noqa: E402

# A name, the window, how the page looks, and what is done before the picture is taken.
SCREENS = (
    ("studio", (1440, 900), {"color_scheme": "dark"}, ()),
    ("edit", (1440, 900), {"color_scheme": "light"}, ("#make-panel input[name=task][value=edit]",)),
    ("phone", (390, 844), {"color_scheme": "dark", "has_touch": True, "device_scale_factor": 2}, ()),
)


def main() -> None:
    """Take them all."""
    command = [sys.executable, "-m", "app.cli", "studio", "--no-open"]
    with tempfile.TemporaryDirectory() as folder, driver_of_pages()() as driver, studio(command, ROOT, Path(folder) / "home") as (_, address):
        chromium = driver.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for name, (width, height), look, clicks in SCREENS:
            page = chromium.new_context(viewport={"width": width, "height": height}, **look).new_page()
            opened(page, address)
            page.wait_for_selector("#player-panel[data-take]")
            page.wait_for_function("document.querySelector('#top-panel .status').textContent.endsWith('is ready')", timeout=120_000)
            for selector in clicks:
                page.locator(selector).check(force=True)
            page.wait_for_timeout(1500)
            path = ROOT / "docs" / f"{name}.webp"
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, quality=90, method=6)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
        chromium.close()


if __name__ == "__main__":
    main()
