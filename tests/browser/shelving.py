"""Takes put on a studio's shelf without a model: real films of a few pictures, so that a page has something to play."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np

from engine.events import Made
from engine.library import Library, Take
from engine.media import write_film, write_picture
from engine.recipe import Recipe


def pixels(pictures: int, size: tuple[int, int], colour: tuple[int, int, int]) -> np.ndarray:
    """A bar that wanders over a wall of that colour, (N, H, W, 3)."""
    width, height = size
    film = np.full((pictures, height, width, 3), colour, np.uint8)
    for index in range(pictures):
        at = (width - 8) * index // max(1, pictures - 1)
        film[index, :, at:at + 8] = 255
    return film


def shelved(library: Library, id: str, prompt: str = "a red boat", *, pictures: int = 33, size: tuple[int, int] = (64, 64), colour=(150, 40, 30),
            figures: dict | None = None, parents=(), **more) -> Take:
    """One take with a film that plays, or with a picture."""
    staging, (width, height) = library.staging(id), size
    asked = Recipe(**{"operation": "text", "prompt": prompt, "pictures": pictures, "width": width, "height": height, "seed": 7, "backend": "drawn",
                      "version": "1", **more})  # fmt: skip
    seen = pixels(pictures, size, colour)
    film = staging / ("take.mp4" if pictures > 1 else "take.png")
    if pictures > 1:
        write_film(film, [seen], width, height, 16, asked.to_json())
    else:
        write_picture(film, seen[0], asked.to_json())
    write_picture(staging / "poster.jpg", seen[pictures // 2])
    write_picture(staging / "strip.jpg", np.concatenate(list(seen[:: max(1, pictures // 8)][:8]), 1))
    head = b'{"__metadata__":{}}'
    (staging / "latents.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    files = (staging / name for name in (film.name, "poster.jpg", "strip.jpg", "latents.safetensors"))
    return library.add_take(Made(asked, *files, width=width, height=height, pictures=pictures, rate=16, seconds=0.1), id, parents, figures)


def drop(page, where: str, *files: tuple[str, bytes]) -> None:
    """Drop files on a part of the page, as a person would from the desktop."""
    said = [[name, base64.b64encode(data).decode()] for name, data in files]
    page.evaluate(
        """([where, files]) => {
            const bag = new DataTransfer();
            for (const [name, data] of files) bag.items.add(new File([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))], name));
            for (const kind of ['dragenter', 'dragover', 'drop'])
                document.querySelector(where).dispatchEvent(new DragEvent(kind, { dataTransfer: bag, bubbles: true, cancelable: true }));
        }""",
        [where, said],
    )


def film_with_sound(path: Path) -> Path:
    """Two seconds of film and a tone."""
    import av

    with av.open(str(path), "w") as out:
        picture, sound = out.add_stream("libx264", rate=16), out.add_stream("aac", rate=44100)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound.layout = "mono"
        for seen in pixels(32, (64, 64), (20, 90, 40)):
            out.mux(picture.encode(av.VideoFrame.from_ndarray(seen, format="rgb24")))
        out.mux(picture.encode(None))
        tone = (0.2 * np.sin(np.arange(2 * 44100) * 2 * np.pi * 440 / 44100)).astype(np.float32)
        for at in range(0, len(tone) - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(tone[None, at:at + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, at
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path
