"""The page in a real Chromium: how soon it can be used, how fast it answers, what it costs while nobody does anything, and
how a project of very many takes scrolls, and how soon a cut of half an hour stands drawn again.

    studio     a process of its own, with a home that is gone afterwards; opened once to warm the disk, then measured
    Chromium   without a window, from Debian's package or wherever CINELOOM_CHROMIUM says; driven through playwright

What a click costs is taken in the page: from the event to the second frame after it, which is when its answer is seen.
Knows processes, one browser and the page's own marks (data-ready, data-take). Knows no model.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

from engine.bench import repaint
from engine.errors import BadRequest, CineloomError
from engine.library import Library

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
PANELS = ("top", "make", "player", "queue", "takes")
USABLE, ANSWER, IDLE, POSTER, TASK, REPAINT = 3.0, 0.1, 0.05, 1.0, 0.2, 0.016       # what each should be at most: seconds, a share of a core
WATCHED = 10.0          # seconds for which an idle studio is watched
# A click, and when its answer stands on the screen: the second frame after it, as the first one only begins to draw it.
CLICK = """selector => new Promise(done => {
  const began = performance.now(), at = document.querySelector(selector);
  at.click();
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - began) / 1000)));
})"""
LONG = """() => { window.longest = 0; new PerformanceObserver(list => {
  for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration / 1000);
}).observe({ type: 'longtask' }); }"""


@dataclass
class Page:
    """What was measured, in seconds but for `idle`, which is a share of one core."""

    machine: str
    cores: int
    load: float                 # processes that wanted to run before it began
    takes: int
    usable: float = 0.0         # from the start of the program to a page one can use
    again: float = 0.0          # from a reload to the same
    answer: float = 0.0         # median from a click to what it shows
    answers: int = 0
    idle: float = 0.0           # with one page open
    alone: float = 0.0          # with none
    poster: float = 0.0         # from the opening of the page with `takes` takes, by a browser that was here before, to its first poster
    task: float = 0.0           # the longest that the page did not answer while it was scrolled from one end to the other
    clips: int = repaint.CLIPS
    repaints: dict[str, float] = field(default_factory=dict)       # of a cut of `clips` clips, by what was done: medians
    slow: dict[str, float] = field(default_factory=dict)           # and their 95th percentiles

    @property
    def well(self) -> bool:
        """Whether all of it is as it should be."""
        return all(value <= most for _, value, most in self._rows())

    def _rows(self) -> list[tuple[str, float, float]]:
        return [("from the start to a page to use", self.usable, USABLE), ("from a reload to the same", self.again, USABLE),
                (f"from a click to its answer, median of {self.answers}", self.answer, ANSWER), ("idle, one page open: share of a core", self.idle, IDLE),
                ("idle, no page open: share of a core", self.alone, IDLE), (f"{self.takes:,} takes: the first poster", self.poster, POSTER),
                (f"{self.takes:,} takes, scrolled: the longest task", self.task, TASK),
                *((f"a cut of {self.clips} clips, {name}: a repaint, median", value, REPAINT) for name, value in self.repaints.items()),
                *((f"a cut of {self.clips} clips, {name}: 95 of 100 under", value, REPAINT) for name, value in self.slow.items())]

    def text(self) -> str:
        """The figures beside what they should be."""
        lines = [f"The page in Chromium on {self.machine}, {self.cores} cores, {self.load:.1f} processes before it began"]
        for name, value, most in self._rows():
            share = "share" in name
            said, bound = (f"{value:.1%}", f"{most:.0%}") if share else (f"{value * 1000:.1f} ms", f"{most * 1000:g} ms") if most < 0.05 else (f"{value:.2f} s", f"{most:g} s")
            lines.append(f"  {name:<52} {said:>8}   at most {bound}{'' if value <= most else '   MORE'}")
        return "\n".join(lines)

    def to_json(self) -> dict:
        """All of it."""
        return asdict(self) | {"well": self.well}


def measure(command: Sequence[str], root: Path | str, takes: int = 10_000) -> Iterator[str | Page]:
    """Measure all of it. Says what it does on the way; the figures come last.

    command   opens a studio and prints its address; --home and --port are added
    root      the folder to start it in
    Raises BadRequest where Chromium or playwright is missing, CineloomError when the studio does not open.
    """
    program, play = find_chromium(), driver_of_pages()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    figures = Page(f"{platform.system()} {platform.machine()}", os.cpu_count() or 1, load, takes)
    with tempfile.TemporaryDirectory(prefix="cineloom-page-") as folder, play() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=FLAGS)
        home = Path(folder) / "home"
        yield "opening a studio, to warm the disk"
        with studio(command, root, home) as (_, address):
            opened(chromium.new_page(), address)
        yield "opening a studio"
        began = time.monotonic()
        with studio(command, root, home) as (process, address):
            page = chromium.new_page(viewport={"width": 1440, "height": 900})
            opened(page, address)
            figures.usable = time.monotonic() - began
            began = time.monotonic()
            opened(page, address)
            figures.again = time.monotonic() - began
            yield "clicking"
            page.wait_for_timeout(3000)         # a worker gets its model ready: not what is asked about
            seen = _clicks(page)
            figures.answer, figures.answers = statistics.median(seen), len(seen)
            yield "watching it idle"
            page.wait_for_timeout(5000)
            figures.idle = _share(process, lambda: page.wait_for_timeout(WATCHED * 1000))
            page.close()
            figures.alone = _share(process, lambda: time.sleep(WATCHED))
        yield f"drawing {takes:,} takes"
        many = Path(folder) / "many"
        _draw(many, takes)
        with studio(command, root, many) as (_, address):
            browser = chromium.new_context(viewport={"width": 1440, "height": 900})     # one that has gradio's scripts from before
            page = browser.new_page()
            opened(page, address)
            page.close()
            yield f"looking at {takes:,} takes"
            page = browser.new_page()
            page.add_init_script(f"({LONG})()")
            began = time.monotonic()
            page.goto(address)
            page.wait_for_function("[...document.querySelectorAll('#takes-panel img')].some(one => one.complete && one.naturalWidth)")
            figures.poster = time.monotonic() - began
            page.wait_for_timeout(2000)
            page.evaluate("window.longest = 0")
            _scroll(page)
            figures.task = page.evaluate("window.longest")
        yield f"laying {figures.clips} clips"
        cut = Path(folder) / "cut"
        repaint.draw(cut)
        with studio(command, root, cut) as (_, address):
            spent = repaint.measure(chromium.new_page(viewport={"width": 1440, "height": 900}), address, figures.clips)
            figures.repaints, figures.slow = ({name: spread[at] / 1000 for name, spread in spent.items()} for at in (0, 1))
        chromium.close()
    yield figures


def find_chromium() -> str:
    """Where it is. Raises BadRequest, saying what to install."""
    for name in (os.environ.get("CINELOOM_CHROMIUM"), "/usr/bin/chromium", shutil.which("chromium"), shutil.which("google-chrome")):
        if name and Path(name).exists():
            return name
    raise BadRequest("The page is measured in Chromium, which is not here: install Debian's package chromium, or name one in CINELOOM_CHROMIUM.")


def driver_of_pages():
    try:
        return import_module("playwright.sync_api").sync_playwright
    except ImportError as error:
        raise BadRequest("The page is driven through playwright, which is not here: pip install 'cineloom[test]'.") from error


@contextmanager
def studio(command: Sequence[str], root: Path | str, home: Path):
    """A studio that runs; its process and its address."""
    log = home.parent / f"{home.name}.log"
    with open(log, "wb") as out:
        process = subprocess.Popen([*command, "--home", str(home), "--port", "0"], cwd=root, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   env=os.environ | {"CINELOOM_TOKEN": ""})  # fmt: skip
    try:
        end, found = time.monotonic() + 120, None
        while not found and time.monotonic() < end and process.poll() is None:
            found = re.search(r"open at (http://\S+)", log.read_text(errors="replace"))
            time.sleep(0.01)
        if not found:
            raise CineloomError(f"The studio did not open; it said: {log.read_text(errors='replace')[-500:]}")
        yield process, found[1]
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()


def opened(page, address: str) -> None:
    """Go to the page and wait until its panels stand."""
    page.goto(address)
    for panel in PANELS:
        page.wait_for_selector(f"#{panel}-panel[data-ready]", state="attached")


def _clicks(page) -> list[float]:
    """Tasks, menus and takes, clicked in turn."""
    seen = []
    for _ in range(4):
        for selector in ("#make-panel input[name=task][value=extend]", "#make-panel input[name=task][value=text]", "#top-panel .project", "#top-panel .project",
                         "#takes-panel [data-take] .open"):  # fmt: skip
            seen.append(page.evaluate(CLICK, selector))
            page.wait_for_timeout(250)
    return seen


def _share(process: subprocess.Popen, wait) -> float:
    """Of one core, by the system's own account of the process."""
    before, began = _spent(process), time.monotonic()
    wait()
    return (_spent(process) - before) / (time.monotonic() - began)


def _spent(process: subprocess.Popen) -> float:
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")         # no /proc here: not measured
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _draw(home: Path, takes: int) -> None:
    """A project of so many takes, each with a poster and a film to be asked for: one small real one, under every name."""
    import numpy as np
    from PIL import Image

    from engine.bench.library import fill
    from engine.media import write_film

    library = Library.open(home)
    fill(library, takes)
    poster, film = home / "poster.jpg", home / "film.mp4"
    pixels = np.linspace(0, 255, 176 * 320 * 3).reshape(176, 320, 3).astype(np.uint8)
    Image.fromarray(pixels).save(poster, quality=85)
    write_film(film, [np.stack([pixels] * 9)], 320, 176, 16, "")
    for row in library.store.rows("select film, poster, strip from takes"):
        for name, source in ((row["film"], film), (row["poster"], poster), (row["strip"], poster)):
            if name:
                path = library.folder / name
                path.parent.mkdir(exist_ok=True)
                with suppress(FileExistsError):
                    os.link(source, path)


def _scroll(page) -> None:
    """From one end to the other and back, as a person who looks for something: in leaps, and with the wheel."""
    box = page.locator("#takes-panel .scroll, #takes-panel [data-scroll]").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(40):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(50)
    for part in (0.25, 0.5, 0.75, 1.0, 0.6, 0.0):
        page.evaluate("part => { const at = document.querySelector('#takes-panel .scroll, #takes-panel [data-scroll]'); at.scrollTop = part * at.scrollHeight }", part)
        page.wait_for_timeout(400)
