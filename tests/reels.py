"""Real films and pictures, tiny, for tests of the library: drawn once, in milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.events import Made
from engine.library import Library, Take
from engine.media import write_film, write_picture
from engine.recipe import Recipe

SIZE, PICTURES = 64, 9


def pixels(seed: int = 0) -> np.ndarray:
    """Pictures in which something moves, (N, H, W, 3)."""
    film = np.full((PICTURES, SIZE, SIZE, 3), 40 * (seed % 5), np.uint8)
    for index in range(PICTURES):
        film[index, 20:40, 4 * index : 4 * index + 20] = (200, 60 + seed % 100, 40)
    return film


def recipe(prompt: str = "a red boat", **changes) -> Recipe:
    """A recipe that such a film could have."""
    return Recipe(**{"operation": "text", "prompt": prompt, "pictures": PICTURES, "width": SIZE, "height": SIZE, "seed": 7, "backend": "drawn",
                     "version": "1", **changes})  # fmt: skip


def film(path: Path, asked: Recipe | None = None, seed: int = 0) -> Path:
    """A film file, with its recipe in it or with none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_film(path, [pixels(seed)], SIZE, SIZE, 16, asked.to_json() if asked else "")
    return path


def picture(path: Path, asked: Recipe | None = None) -> Path:
    """A picture file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, pixels()[0], asked.to_json() if asked else "")
    return path


def made(library: Library, id: str, prompt: str = "a red boat", seed: int = 0) -> Made:
    """What a worker hands over: files that are what they say, in the take's staging."""
    staging, asked = library.staging(id), recipe(prompt)
    film(staging / "take.mp4", asked, seed)
    picture(staging / "poster.jpg"), picture(staging / "strip.jpg")
    head = b'{"__metadata__":{}}'
    (staging / "latents.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    files = (staging / name for name in ("take.mp4", "poster.jpg", "strip.jpg", "latents.safetensors"))
    return Made(asked, *files, width=SIZE, height=SIZE, pictures=PICTURES, rate=16, seconds=0.1)


def take(library: Library, id: str, prompt: str = "a red boat", seed: int = 0, parents=()) -> Take:
    """A take of such files."""
    return library.add_take(made(library, id, prompt, seed), id, parents)


def lying(library: Library) -> set[str]:
    """Every file of a project but its database and what is being worked on."""
    return {path.relative_to(library.folder).as_posix() for path in library.folder.rglob("*") if path.is_file() and "library.db" not in path.name}
