"""The project that comes with the studio: rows of data, and the making of them into projects/welcome.zip.

    python -m app.welcome                    makes it anew, a few minutes on a CPU: after new weights, or other rows
    python -m app.welcome --seeds 4          every row with so many seeds, side by side in build/welcome.png, to choose from

Knows what is worth showing first. What a take is, is asked and made the way the page and its worker do.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app import settings

SIZE = {"width": 256, "height": 144, "steps": 8}
# One row per take: a name that later rows know it by, the wishes as the public functions take them, and marks. A take
# named in "film" or "pictures" was made before. Chosen by looking; the newest is last and is played first.
ROWS = (
    ("lamp", {"task": "picture", "prompt": "a white lighthouse on the sea at night", "seed": 1, **SIZE}, {"tags": ["lighthouse"]}),
    ("beam", {"task": "animate", "prompt": "a white lighthouse on the sea at night", "pictures": [{"take": "lamp"}], "seconds": 2, "seed": 1, **SIZE},
     {"tags": ["lighthouse"], "notes": "The picture before it, set in motion."}),
    ("mill", {"task": "loop", "prompt": "a brown windmill stands still in a meadow by day", "seconds": 2, "seed": 1, **SIZE},
     {"tags": ["meadow"], "notes": "It ends where it begins."}),
    ("balloon", {"task": "text", "prompt": "a yellow balloon rises on the sea at dawn", "seconds": 2, "seed": 3, **SIZE}, {"tags": ["sea"]}),
    ("boat", {"task": "text", "prompt": "a red boat sails to the left on the sea at dusk", "seconds": 2, "seed": 2, **SIZE},
     {"tags": ["sea"], "rating": 4, "favourite": True}),
    ("night", {"task": "edit", "prompt": "a red boat sails to the left on the sea at night", "film": {"take": "boat"}, "strength": [0.8], "seed": 2, "steps": 8},
     {"tags": ["sea"], "notes": "The same film, made again with other words."}),
    ("away", {"task": "extend", "prompt": "a red boat sails to the left on the sea at dusk", "film": {"take": "boat"}, "after": 1.5, "seed": 2, "steps": 8},
     {"tags": ["sea"], "rating": 5, "favourite": True, "notes": "The boat's film, carried on by a second and a half."}),
)  # fmt: skip

SHOWN = ("away", "night", "balloon", "mill")       # in the short cut, in this order


def rows(seed: int | None = None) -> Iterator[tuple[str, dict, dict]]:
    """The rows; with a seed, all of them with that one."""
    for name, wishes, marks in ROWS:
        yield name, wishes if seed is None else wishes | {"seed": seed}, marks


def make(home: Path, seed: int | None = None, backend: str = "paper"):
    """Make every row in a project of its own under `home`. Yields each take as it is there."""
    from app import tasks
    from app.desk import Desk
    from engine.denoisers.catalog import describe, open_backend
    from engine.jobs.figures import figures_of
    from engine.make import make as walk

    desk = Desk(home, backend=backend, project="welcome")
    opened, ids, at = open_backend(backend), {}, 1_760_000_000.0      # a fixed time: the same rows give the same project
    library = desk.library
    for number, (name, wishes, marks) in enumerate(rows(seed)):
        recipe, _ = tasks.build(tasks.read(_named(wishes, ids)), desk.inputs, describe(backend))
        library.clock = lambda: at + 60 * number  # noqa: B023  used before the next turn
        *_, last = walk(recipe, opened, library.staging(name))
        ids[name] = library.add_take(last.made, f"welcome{name}", figures=figures_of(last.made)).id
        library.rate(ids[name], marks.get("rating", 0))
        library.tag(ids[name], marks.get("tags", ()))
        library.note(ids[name], marks.get("notes", ""))
        library.favourite(ids[name], marks.get("favourite", False))
        yield library.take(ids[name])
    # Latents are half of a project's size: those stay that a later row began from, so that it can be made again to the bit.
    used = {edge.parent for id in ids.values() for edge in library.parents(id)}
    for id in sorted(set(ids.values()) - used):
        library.take(id).file("latents").unlink()
        with library.store.writing() as db:
            db.conn.execute("update takes set latents = '' where id = ?", [id])
    _cut(library, ids, at + 60 * len(ROWS))


def _cut(library, ids: dict[str, str], now: float) -> None:
    """A short cut of the takes: one turns into the other, and there are words over it. Every id is fixed: it comes out the same again."""
    from fractions import Fraction

    from engine.timeline import edits
    from engine.timeline.cut import Style, Title, Transition
    from engine.timeline.history import History
    from engine.timeline.materials import empty, whole

    rate, fade = Fraction(16), 6
    cut = empty("shortcut", "A short cut", rate, SIZE["width"], SIZE["height"])
    asked: list[edits.Edit] = [edits.Append("e1", (*(edits.Part("film", whole(library.take(ids[name]), name, rate)) for name in SHOWN), edits.Part("titles", Title(
        "title", "A red boat", 28, Style("bottom", 12), fade_in=6, fade_out=8))))]
    for number, (name, after) in enumerate(zip(SHOWN, SHOWN[1:])):       # half of each cross-fade is a handle of the one, half of the other
        asked += [edits.RippleTrim(f"t{number}", name, "tail", -fade), edits.RippleTrim(f"h{number}", after, "head", fade),
                  edits.AddTransition(f"x{number}", name, Transition(f"fade{number}", fade, fade))]
    for edit in asked:
        cut = edit.apply(cut)
    History(library.store, clock=lambda: now).new(cut)


def pack(home: Path, zip: Path) -> Path:
    """The project under `home` as the file that the studio ships."""
    from engine.library import Library, finish

    return finish(Library.open(home, "welcome").export(zip))


def _named(wishes: dict, ids: dict) -> dict:
    """The wishes with the names of takes replaced by their ids."""
    return {key: {**value, "take": ids[value["take"]]} if isinstance(value, dict) and "take" in value
            else [_named(one, ids) if isinstance(one, dict) else one for one in value] if isinstance(value, list)
            else ids.get(value, value) if key == "take" else value for key, value in wishes.items()}


def main() -> None:
    """See the module's head."""
    parser = argparse.ArgumentParser(description="Make the project that comes with the studio.")
    parser.add_argument("--seeds", type=int, default=0, help="only a sheet to choose from, with so many seeds")
    parser.add_argument("--backend", default="paper")
    parser.add_argument("--into", type=Path, default=settings.WELCOME)
    asked = parser.parse_args()
    sheets = []
    for seed in range(1, asked.seeds + 1) or [None]:
        with tempfile.TemporaryDirectory() as home:
            strips = []
            for take in make(Path(home), seed, asked.backend):
                print(f"{take.id}  seed {take.seed}  {take.seconds:.2f} s  {take.prompt}", flush=True)
                strips.append(take.file("strip").read_bytes())
            sheets.append(strips)
            if seed is None:
                zip = pack(Path(home), asked.into)
                print(f"{zip}: {zip.stat().st_size / 1e6:.2f} MB")
    if asked.seeds:
        _sheet(sheets, Path("build/welcome.png"))


def _sheet(sheets: list[list[bytes]], path: Path) -> None:
    import io

    from PIL import Image

    wide, high = 480, 68
    sheet = Image.new("RGB", (len(sheets) * (wide + 4), len(sheets[0]) * (high + 4)))
    for across, strips in enumerate(sheets):
        for down, strip in enumerate(strips):
            sheet.paste(Image.open(io.BytesIO(strip)).resize((wide, high)), (across * (wide + 4), down * (high + 4)))
    path.parent.mkdir(exist_ok=True)
    sheet.save(path)
    print(path)


if __name__ == "__main__":
    main()
