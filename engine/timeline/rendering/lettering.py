"""Lettering: titles drawn over pictures.

The letters are DejaVu Sans, which comes with matplotlib; what it lacks, Chinese for one, is taken from a font of the system
that has it. Lines that are wider than the frame are broken. Knows titles and pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from engine.timeline.cut import Cut, Title
from engine.timeline.rendering.frames import Picture, faded

WIDE = 0.9              # of the frame's width that words may fill
EDGE = 0.06             # of the frame's height between words and edge
LINE = 1.25             # from one line to the next, in heights of a line
SHADOW = 0.55           # of black behind letters that have no ground
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
OTHERS = ("NotoSansCJK", "NotoSansSC", "NotoSans", "wqy", "PingFang", "Hiragino", "msyh", "malgun", "meiryo", "Arial Unicode", "DroidSansFallback", "FreeSans")


class Letterer:
    """Draws the titles of one cut over its frames, at one size."""

    def __init__(self, cut: Cut, size: tuple[int, int]):
        self.size = size
        self.placed = [placed for track in cut.tracks if track.kind == "titles" and not track.mute for placed in track.placed() if isinstance(placed.item, Title)]
        self.drawn: dict[str, tuple[np.ndarray, int, int] | None] = {}      # of the titles that are shown now

    def over(self, picture: Picture, frame: int) -> Picture:
        """The picture with the titles of that frame of the cut: the same one where there are none."""
        shown = [placed for placed in self.placed if placed.start <= frame < placed.stop]
        self.drawn = {placed.item.id: self.drawn.get(placed.item.id) or drawn(placed.item, self.size) for placed in shown}
        for placed in shown:
            title = placed.item
            share = faded(title, frame - placed.start)
            letters, x, y = self.drawn[title.id]
            height, width = letters.shape[:2]
            if not height or not width:
                continue
            picture = picture.astype(np.float32)
            inside = picture[y : y + height, x : x + width]
            weight = letters[..., 3:].astype(np.float32) * (share / 255)
            inside += (letters[..., :3] - inside) * weight
        return picture


def drawn(title: Title, size: tuple[int, int]) -> tuple[np.ndarray, int, int]:
    """A title as pixels with their cover, (h, w, 4) uint8, and where its corner lies in a frame of that size."""
    width, height = size
    style = title.style
    letter = max(4, round(height * style.size / 100))
    lines = list(_broken(title.words, letter, width * WIDE))
    step = round(letter * LINE)
    soft = 0 if style.ground else max(1, letter // 10)
    pad = round(letter * 0.35) + 3 * soft
    wide = max((round(_length(line, letter)) for line in lines), default=0)
    box = wide + 2 * pad, step * len(lines) + 2 * pad
    image = Image.new("RGBA", box, style.ground + "ff" if style.ground else style.colour + "00")
    if soft:
        shade = Image.new("L", box, 0)
        _write(ImageDraw.Draw(shade), lines, letter, box[0], pad + soft, step, 255)
        alpha = shade.filter(ImageFilter.GaussianBlur(soft)).point(lambda value: round(value * SHADOW))
        image = Image.merge("RGBA", (*Image.new("RGB", box, "black").split(), alpha))
    face = Image.new("L", box, 0)
    _write(ImageDraw.Draw(face), lines, letter, box[0], pad, step, 255)
    image.alpha_composite(Image.merge("RGBA", (*Image.new("RGB", box, style.colour).split(), face)))
    x = (width - box[0]) // 2
    y = {"top": round(height * EDGE), "middle": (height - box[1]) // 2, "bottom": height - box[1] - round(height * EDGE)}[style.place]
    inside = max(-x, 0), max(-y, 0), min(box[0], width - x), min(box[1], height - y)
    return np.asarray(image.crop(inside)), max(x, 0), max(y, 0)


def _write(draw: ImageDraw.ImageDraw, lines: list[str], letter: int, width: int, top: int, step: int, fill: int) -> None:
    for number, line in enumerate(lines):
        x = (width - _length(line, letter)) / 2
        for part, font in _parts(line, letter):
            # By its baseline: parts in several fonts stand on one.
            draw.text((x, top + number * step + letter), part, fill=fill, font=font, anchor="ls")
            x += font.getlength(part)


def _broken(words: str, letter: int, most: float) -> Iterator[str]:
    for line in words.split("\n"):
        built = ""
        for word in line.split(" "):
            longer = f"{built} {word}" if built else word
            if not built or _length(longer, letter) <= most:
                built = longer
            else:
                yield built
                built = word
            while _length(built, letter) > most and len(built) > 1:         # a word wider than the frame, or no spaces at all
                cut = next(count for count in range(len(built) - 1, 0, -1) if count == 1 or _length(built[:count], letter) <= most)
                yield built[:cut]
                built = built[cut:]
        yield built


def _length(line: str, letter: int) -> float:
    return sum(font.getlength(part) for part, font in _parts(line, letter))


def _parts(line: str, letter: int) -> Iterator[tuple[str, ImageFont.FreeTypeFont]]:
    """The line in pieces of one font each."""
    start, path = 0, None
    for at, char in enumerate(line):
        found = _font_of(char)
        if path is not None and found != path:
            yield line[start:at], _font(path, letter)
            start = at
        path = found
    if path is not None:
        yield line[start:], _font(path, letter)


@cache
def _font(path: str, letter: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, letter)


@cache
def _font_of(char: str) -> str:
    ours = _ours()
    if not char.isprintable() or _has(ours, char):
        return ours
    return next((path for path in _system() if _has(path, char)), ours)


@cache
def _ours() -> str:
    # Found without importing matplotlib, which takes a second.
    return str(Path(next(iter(find_spec("matplotlib").submodule_search_locations))) / "mpl-data/fonts/ttf/DejaVuSans.ttf")


@cache
def _system() -> tuple[str, ...]:
    found = [path for folder in FOLDERS for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in (".ttf", ".otf", ".ttc")]
    return tuple(str(path) for name in OTHERS for path in found if path.name.startswith(name))


@cache
def _has(path: str, char: str) -> bool:
    """Whether a font has a letter: what it lacks it draws as one and the same box."""
    try:
        font = ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return False
    there, box = (font.getmask(one) for one in (char, "\U0010fffe"))
    return (there.size, bytes(there)) != (box.size, bytes(box))
