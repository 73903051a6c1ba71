"""Mischief: what readers do with thousands of files that are broken, each in a way of its own.

    clips -> break (`mutations`) -> probe, read, look for a recipe -> whole, part, refused with a sentence; or a hang, a crash

Knows the readers only by their contract: every file is read or refused with a sentence, in bounded time, and nothing
breaks but the process that may.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.bench.mutations import MUTATIONS
from engine.errors import BadMedia
from engine.media import carriers_of, write_film, write_picture
from engine.media.apart import ask
from engine.media.kinds import film_kind

LIMIT = 10.0            # seconds for one picture: more is a hang
MOST = 12               # pictures that are read of each
LARGEST = 2_500_000     # bytes of a clip that is broken: larger ones take longer and break no other way
KINDS = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".ts", ".gif", ".png", ".jpg", ".jpeg", ".webp", ".avif", ".tiff", ".bmp")
OUTCOMES = ("whole", "part", "refused", "hang", "crash", "no sentence")


@dataclass
class Mischief:
    """What came of it: `outcomes` counts by kind of mutation and outcome."""

    seed: int
    outcomes: dict[str, Counter] = field(default_factory=dict)
    sentences: Counter = field(default_factory=Counter)     # without the names of files
    seconds: list[float] = field(default_factory=list)      # for each file, all its readings together
    peak: int = 0                                           # bytes, of the process that decodes
    bad: list[str] = field(default_factory=list)            # what must not be, with the number of its file

    def count(self, outcome: str) -> int:
        """How many files came out so."""
        return sum(counts[outcome] for counts in self.outcomes.values())

    @property
    def well(self) -> bool:
        """Every file was read or refused with a sentence; a decoder that broke or hung was ended, and said so."""
        return not self.bad

    def to_json(self) -> dict:
        """All figures as a plain dictionary."""
        times = sorted(self.seconds) or [0.0]
        return {
            "files": len(self.seconds), "seed": self.seed, "well": self.well,
            **{name.replace(" ", "_"): self.count(name) for name in OUTCOMES},
            "by_mutation": {kind: dict(counts) for kind, counts in sorted(self.outcomes.items())},
            "median_seconds": round(times[len(times) // 2], 4), "p99_seconds": round(times[int(len(times) * 0.99)], 4),
            "slowest_seconds": round(times[-1], 4), "peak_bytes": self.peak,
            "sentences": dict(self.sentences.most_common(30)), "bad": self.bad,
        }

    def text(self) -> str:
        """The same in words."""
        facts = self.to_json()
        rows = [f"{'mutation':<14}" + "".join(f"{name:>13}" for name in OUTCOMES)]
        for kind, counts in sorted(self.outcomes.items()):
            rows.append(f"{kind:<14}" + "".join(f"{counts[name]:>13,}" for name in OUTCOMES))
        rows.append(f"{'all':<14}" + "".join(f"{self.count(name):>13,}" for name in OUTCOMES))
        rows.append(f"seconds a file: median {facts['median_seconds']:.2f}, 99th percentile {facts['p99_seconds']:.2f}, "
                    f"slowest {facts['slowest_seconds']:.2f}")
        rows.append(f"peak memory of the process that decodes: {self.peak / 1e6:,.0f} MB")
        rows += [f"{count:>6,}  {sentence}" for sentence, count in self.sentences.most_common(12)]
        return "\n".join([*rows, *(self.bad or ["Nothing broke, nothing hung, every refusal was a sentence."])])


def run(count: int, seed: int, clips: Sequence[Path] = (), limit: float = LIMIT) -> Iterator[str | Mischief]:
    """Break `count` files and read them; yields how far it is, and the figures at the end.

    clips    films and pictures to break; to them come some that are rendered here, one of each container that we write
    Raises CannotWrite.
    """
    told = Mischief(seed)
    with tempfile.TemporaryDirectory(prefix="cineloom-") as folder:
        given = [path for path in clips if path.suffix.lower() in KINDS and path.stat().st_size <= LARGEST]
        whole = [(path.name, path.read_bytes()) for path in [*given, *rendered(Path(folder))]]
        for number in range(count):
            chance = random.Random(f"{seed}:{number}")
            name, data = chance.choice(whole)
            kind, mutate = chance.choice(list(MUTATIONS.items()))
            path = Path(folder, f"broken-{number}{Path(name).suffix}")
            path.write_bytes(mutate(data, chance, lambda: chance.choice(whole)[1]))
            began = time.monotonic()
            outcome = _read(path, told, f"file {number} ({kind} of {name})", limit)
            told.seconds.append(time.monotonic() - began)
            told.outcomes.setdefault(kind, Counter())[outcome] += 1
            path.unlink()
            if number % 10 == 9:
                yield f"file {number + 1} of {count}"
    yield told


def rendered(folder: Path) -> list[Path]:
    """One small film or picture of each kind that we write, with a recipe in it."""
    y, x = np.mgrid[:96, :128]
    film = np.stack([np.stack([(x * 2 + 9 * at) % 256, y * 2, (x + y + 5 * at) % 256], -1) for at in range(12)])
    film = film.astype(np.uint8)
    recipe = '{"operation": "text", "prompt": "waves", "pictures": 13, "width": 128, "height": 96, "seed": 7}'
    made = [folder / f"film{suffix}" for suffix in (".mp4", ".mov", ".webm", ".gif")]
    for path in made:
        write_film(path, [film], 128, 96, 16, recipe)
    for suffix in (".png", ".jpg"):
        write_picture(folder / f"picture{suffix}", film[0], recipe)
        made.append(folder / f"picture{suffix}")
    return made


def _read(path: Path, told: Mischief, what: str, limit: float) -> str:
    """Every reader on one file: the worst that came of it."""
    worst = "whole"

    def attempt(read: Callable[[], str]) -> None:
        nonlocal worst
        began = time.monotonic()
        try:
            outcome = read()
        except BadMedia as error:
            sentence = str(error)
            ended = {"kept the decoder busy": "hang", "broke the decoder": "crash"}
            outcome = next((name for words, name in ended.items() if words in sentence), "refused")
            told.sentences[sentence.replace(path.name, "FILE")] += 1
            if not sentence.endswith(".") or len(sentence) > 500 or not sentence.isprintable():
                told.bad.append(f"{what}: no sentence: {sentence[:200]!r}")
        except Exception as error:      # whatever it is, a person would have seen it
            outcome = "no sentence"
            told.bad.append(f"{what}: {type(error).__name__}: {str(error)[:200]}")
        if time.monotonic() - began > 4 * limit:
            told.bad.append(f"{what}: took {time.monotonic() - began:.0f} s")
        worst = max(worst, outcome, key=OUTCOMES.index)

    def look() -> str:
        carriers_of(path)
        return "whole"

    def ask_for(job: str) -> str:
        facts: dict = {}
        said = [words for words, _ in ask(job, path, limit, facts, **({"most": MOST} if job == "film" else {}))]
        told.peak = max(told.peak, facts.get("peak", 0))
        notes = " ".join(words.get("note", "") for words in said)
        return "part" if "Damaged" in notes or "cannot be read" in notes else "whole"

    with path.open("rb") as file:
        moving = film_kind(file.read(4096)) is not None
    attempt(look)
    for job in ("probe", "film") if moving else ("size", "picture"):
        attempt(lambda: ask_for(job))
    return worst
