"""How soon a long cut stands drawn again in the browser: all of it in sight, scrolled, zoomed, and under the playhead.

    draw(home, films)           a project of short films with sound, as cameras bring them
    measure(page, address)      a cut of 200 clips of them, half an hour long, and what a repaint of it costs

A repaint is everything of a frame that the page's one thread does: the timeline's own drawing, style, layout and paint. It is
taken from the first callback of the frame to the first message after it, and what was drawn before the frame counts too.
What does not fit into a frame is drawn in those after it: the longest of them counts.
Knows the timeline's marks on the page. Knows no cut's insides.
"""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path

from engine.bench.rendering import find_ffmpeg
from engine.errors import CineloomError
from engine.library import Library

CLIPS, FILMS, SECONDS = 200, 20, 9      # half an hour
ACTS = ("all", "zoomed while all is in sight", "scrolled", "zoomed")        # in this order: each begins where the one before left the rows
PANEL = "#timeline-panel"
PAINTED = """([panel, act, times]) => (async () => {
  const root = document.querySelector(panel), scroll = root.querySelector('.scroll'), spent = [];
  const press = (name) => root.querySelector(`[aria-label^="${name}"]`).click();
  const turn = (by) => scroll.dispatchEvent(new WheelEvent('wheel', { deltaY: by, ctrlKey: true, clientX: innerWidth / 2, bubbles: true, cancelable: true }));
  const acts = {
    all: () => press('All of it'),
    'zoomed while all is in sight': (at) => turn(at % 2 ? 60 : -60),
    scrolled: () => { scroll.scrollLeft += 120; },       // a notch of a wheel
    zoomed: (at) => turn(at % 2 ? 60 : -60),
  };
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const after = () => new Promise(done => { const way = new MessageChannel(); way.port1.onmessage = done; way.port2.postMessage(0); });
  if (act === 'scrolled') { press('All of it'); for (let at = 0; at < 6; at++) press('Larger'); }
  for (let at = -3; at < times; at++) {
    await new Promise(done => setTimeout(done, 60));
    await frame();
    await after();
    const begun = performance.now();
    acts[act](at);
    const before = performance.now() - begun;
    let most = 0;
    for (let next = 0; next < 5; next++) {
      await frame();
      const framed = performance.now();
      await after();
      most = Math.max(most, (next ? 0 : before) + performance.now() - framed);
    }
    if (at >= 0) spent.push(most);
  }
  return spent;
})()"""


def draw(home: Path, count: int = FILMS) -> None:
    """A project in the folder `home` with `count` films of nine seconds, each of its own colour and tone.

    Raises BadRequest where ffmpeg is not there.
    """
    ffmpeg, library = find_ffmpeg(), Library.open(home)
    for number in range(count):
        film = home / f"Shot {number}.mp4"
        subprocess.run([ffmpeg, "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=256x144:r=16:d={SECONDS},hue=h={360 * number // count}",
                        "-f", "lavfi", "-i", f"sine=f={110 + 20 * number}:d={SECONDS}", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
                        "-c:a", "aac", "-shortest", str(film)], check=True)  # fmt: skip
        for _ in library.import_file(film):
            pass
        film.unlink()


def measure(page, address: str, clips: int = CLIPS, times: int = 40) -> dict[str, tuple[float, float]]:
    """Lay a cut of `clips` clips through the studio at `address`, and draw it again and again in the open `page`.

    Returns for each of ACTS the milliseconds of a repaint: median and 95th percentile.
    Raises CineloomError where the studio does not lay the cut.
    """
    address = address.rstrip("/")
    takes = [take["id"] for take in page.request.get(f"{address}/studio/takes").json()["takes"]]
    laid = page.request.post(f"{address}/studio/cuts", data={"name": "Long", "takes": (takes * clips)[:clips]})
    if not laid.ok:
        raise CineloomError(f"The studio laid no cut of {clips} clips; it said: {laid.text()[:500]}")
    id = laid.json()["cut"]["id"]
    page.goto(address)
    page.wait_for_selector(f"{PANEL}[data-ready][data-cut='{id}']")
    page.wait_for_timeout(3000)         # thumbnails and waves come
    page.evaluate("document.querySelectorAll('video').forEach(one => one.pause())")        # what a film costs that plays beside it is another question
    return {act: _spread(page.evaluate(PAINTED, [PANEL, act, times])) for act in ACTS}


def _spread(spent: list[float]) -> tuple[float, float]:
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
