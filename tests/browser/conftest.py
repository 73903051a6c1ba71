"""A real Chromium and a real studio. Without Chromium these tests are skipped, in a sentence."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))      # running.py, the studio as a process

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]


def find_chromium() -> str:
    """Debian's Chromium, or what CINELOOM_CHROMIUM names; empty when there is none."""
    for name in (os.environ.get("CINELOOM_CHROMIUM"), "/usr/bin/chromium", shutil.which("chromium"), shutil.which("google-chrome")):
        if name and Path(name).exists():
            return name
    return ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where a test of the page fails, its report says what the page showed."""
    report = yield
    if call.when == "call" and report.failed:
        for number, tab in enumerate(Tab.of_test):
            try:
                report.sections.append((f"page {number + 1}", tab.seen()))
            except Exception as error:      # a page that fell over shows nothing
                report.sections.append((f"page {number + 1}", str(error)))
    if call.when == "teardown":
        Tab.of_test.clear()
    return report


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the session."""
    program = find_chromium()
    if not program:
        pytest.skip("no Chromium here: install Debian's package chromium, or name one in CINELOOM_CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def studio(browser, tmp_path_factory):
    """One studio for the session."""
    from running import Running

    running = Running(tmp_path_factory.mktemp("studio") / "home")
    yield running
    running.close()


@pytest.fixture
def fresh(studio):
    """The studio with no takes and no jobs: each test begins at the same place."""
    from engine.jobs import Queue
    from engine.library import Library

    queue, library = Queue(studio.home), Library.open(studio.home)
    for job in queue.jobs(recent=100):
        queue.cancel(job.id)
    end = time.monotonic() + 60
    while any(not job.over for job in queue.jobs()):
        assert time.monotonic() < end, f"a cancelled job goes on: {queue.jobs()}; the studio said: {studio.output[-3000:]}"
        time.sleep(0.05)
    for job in queue.jobs(recent=100):
        queue.dismiss(job.id)
    for take in library.takes(limit=500):
        library.trash(take.id)
    library.empty_trash()
    return studio


class Tab:
    """One page of the studio, which remembers all that went wrong in it, and what it asked."""

    of_test: list[Tab] = []         # those that the running test opened: what they show is told where it fails

    def __init__(self, context, studio):
        Tab.of_test.append(self)
        self.studio = studio
        self.asked: list = []       # the last requests to the studio, its own looks at the state aside
        self.wrong: list[str] = []
        self.meant: tuple[str, ...] = ()        # parts of complaints that belong to the test, whenever the browser gets round to them
        self.page = context.pages[0] if context.pages else context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.wrong.append(f"console: {said.text}"))
        self.page.on("request", self._asked)
        self.open()

    def open(self):
        """Go to the page and wait until its panels stand."""
        self.page.goto(self.studio.address)
        for panel in ("make", "player", "queue", "takes", "timeline"):
            self.page.wait_for_selector(f"#{panel}-panel[data-ready]", state="attached")
        return self.page

    def seen(self) -> str:
        """What the page shows and waits for, for whoever was not there."""
        said = self.page.evaluate(
            """() => [`focus on ${document.activeElement.outerHTML.slice(0, 160)}`, ...[...document.querySelectorAll('dialog[open], .toast, [role=alert]')].map((one) => `${one.className}: ${one.innerText}`),
                ...[...document.querySelectorAll('[id$=-panel]')].map((one) => `${one.id} ${JSON.stringify(one.dataset)} ${one.innerText.slice(0, 300)}`)].map((one) => one.replace(/\\s+/g, ' '))"""
        )
        answered = [f"{request.method} {request.url}: {request.timing['responseEnd']:.0f} ms" + (f", {request.failure}" if request.failure else "") for request in self.asked]
        return "\n".join([*said, *answered, *self.wrong])

    def _asked(self, request):
        if not request.url.endswith("/studio/state"):
            self.asked = [*self.asked[-11:], request]
        if not request.url.startswith((self.studio.address, "data:", "blob:")):
            self.wrong.append(f"asked somebody else: {request.url}")


class Windows:
    """Chromium's windows by how they look, lent to one test after another and left with nothing in them.

    What a page is made of is fetched and compiled once in a window, and a visit is half the work. None is closed before
    the browser is: Chromium has been seen never to answer that, and Playwright waits for it without a bound.
    """

    def __init__(self, browser):
        self.browser = browser
        self.kept: dict[str, list] = {}
        self.lent: list[tuple[str, object]] = []

    def lend(self, look: dict, address: str):
        """A window with one page, empty, and with nothing that an earlier page of this address had stored."""
        name = repr(sorted(look.items()))
        kept = self.kept.setdefault(name, [])
        context = kept.pop() if kept else None
        if context is None or not self._emptied(context, address):
            context = self.browser.new_context(**look)
            context.new_page()
        self.lent.append((name, context))
        return context

    def give_back(self):
        """All that are lent; one that was closed or fell over in a test is not lent again."""
        for name, context in self.lent:
            try:
                for page in context.pages:
                    page.close()
                self.kept[name].append(context)
            except Exception:
                continue
        self.lent = []

    def _emptied(self, context, address: str) -> bool:
        """With a page, which is what such things are asked of, and nothing stored; False where that could not be."""
        try:
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "local_storage,indexeddb,cookies"})
            session.detach()
        except Exception:
            return False
        return True


@pytest.fixture(scope="session")
def all_windows(browser):
    """The session's windows."""
    return Windows(browser)


@pytest.fixture
def windows(all_windows):
    """Windows, given back after the test."""
    yield all_windows
    all_windows.give_back()


@pytest.fixture
def open_tab(windows):
    """Open a tab of any studio; whoever does looks at its `wrong` at the end."""

    def open_(studio, width=1440, height=900, **more) -> Tab:
        return Tab(windows.lend({"viewport": {"width": width, "height": height}} | more, studio.address), studio)

    return open_


@pytest.fixture
def tabs(open_tab, fresh):
    """Open tabs of the fresh studio; at the end none of them may have complained."""
    opened = []

    def open_one(**look) -> Tab:
        opened.append(open_tab(fresh, **look))
        return opened[-1]

    yield open_one
    assert [wrong for tab in opened for wrong in tab.wrong if not any(part in wrong for part in tab.meant)] == []


@pytest.fixture
def page(tabs):
    """One tab's page."""
    return tabs().page


@pytest.fixture
def cuts(fresh):
    """The fresh studio with no cuts in it, and with none afterwards."""
    from cutting import Cuts

    found = Cuts(fresh.address)
    found.clear()
    yield found
    found.clear()
    found.client.close()


@pytest.fixture
def library(fresh):
    """The fresh studio's first project."""
    from engine.library import Library

    return Library.open(fresh.home)
