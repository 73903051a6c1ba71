"""Kinds: what a cut can be rendered as, one row each.

Knows names and the options of encoders. Encodes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import BadRequest


@dataclass(frozen=True)
class Kind:
    """One way to write a cut."""

    name: str
    words: str                  # what a person is told
    ending: str                 # of its file; "" is a folder
    container: str = ""         # to FFmpeg; "" where none is used
    codec: str = ""
    pixels: str = "yuv420p"
    deep: bool = False          # ten bits: what was mixed keeps what lies between two of eight
    even: tuple[int, int] = (2, 2)      # what width and height are multiples of
    scale: Mapping[str, int] = field(default_factory=dict)      # quality -> the encoder's own number; {} where it has one quality
    most: int = 0               # of that number; less is better
    options: Mapping[str, str] = field(default_factory=dict)    # of the encoder
    file: Mapping[str, str] = field(default_factory=dict)       # of the container
    tag: str = ""
    sound: str = ""             # codec; "" where it has none
    bits: int = 0               # per second, of sound


FAST = {"movflags": "+faststart"}       # its index in front: it plays while it loads
KINDS = {kind.name: kind for kind in (
    Kind("h264", "H.264 in MP4: plays everywhere", ".mp4", "mp4", "libx264", scale={"draft": 28, "good": 18, "best": 12}, most=51,
         options={"preset": "medium"}, file=FAST, sound="aac", bits=256_000),
    # hvc1: Apple's players know H.265 by no other name.
    Kind("h265", "H.265 in MP4: half the size, newer machines", ".mp4", "mp4", "libx265", scale={"draft": 30, "good": 21, "best": 15}, most=51,
         options={"preset": "medium", "x265-params": "log-level=error"}, file=FAST, tag="hvc1", sound="aac", bits=256_000),
    Kind("prores", "ProRes 422 HQ in MOV, ten bits: for other editors", ".mov", "mov", "prores_ks", "yuv422p10le", deep=True, even=(2, 1),
         options={"profile": "hq", "vendor": "apl0"}, tag="apch", sound="pcm_s24le"),
    # Bit-exact: without it every file gets a random number of its own.
    Kind("vp9", "VP9 in WebM: for web pages", ".webm", "webm", "libvpx-vp9", scale={"draft": 38, "good": 28, "best": 18}, most=63,
         options={"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}, file={"fflags": "+bitexact"}, sound="libopus", bits=160_000),
    Kind("av1", "AV1 in WebM: smallest, slower to make", ".webm", "webm", "libsvtav1", scale={"draft": 42, "good": 30, "best": 20}, most=63,
         options={"preset": "8"}, file={"fflags": "+bitexact"}, sound="libopus", bits=160_000),
    Kind("gif", "GIF: 256 colours a picture, without sound", ".gif", "gif", "gif", "pal8", even=(1, 1)),
    Kind("png", "a folder of PNG pictures, with the sound as WAV", "", even=(1, 1)),
    Kind("still", "one picture, PNG or JPEG", ".png", even=(1, 1)),
)}  # fmt: skip
ENDINGS = {".mp4": "h264", ".m4v": "h264", ".mov": "prores", ".webm": "vp9", ".gif": "gif", ".png": "still", ".jpg": "still", ".jpeg": "still"}
QUALITIES = ("draft", "good", "best")


def kind_of(name: str, ending: str) -> Kind:
    """The kind of that name, or else what a file's ending says. Raises BadRequest."""
    name = name or ENDINGS.get(ending.lower(), "" if ending else "png")
    if name not in KINDS:
        raise BadRequest(f"A cut is rendered as {', '.join(KINDS)}; {name or ending!r:.40} was asked. Name a kind, or end the file in {', '.join(ENDINGS)}.")
    kind = KINDS[name]
    others = [own for own, of in ENDINGS.items() if KINDS[of].container == kind.container and of != "still"] if kind.container else list(ENDINGS)[-3:]
    if kind.name != "png" and ending.lower() not in others:
        raise BadRequest(f"{kind.words.partition(':')[0]} is written to a file that ends in {' or '.join(others)}; {ending or 'no ending'!r:.40} was asked.")
    return kind


def number(kind: Kind, quality: str) -> int | None:
    """The encoder's own number for a quality: one of QUALITIES, or that number itself. None where the kind has one quality.

    Raises BadRequest.
    """
    if quality in kind.scale:
        return kind.scale[quality]
    if quality in QUALITIES:
        return None
    if kind.scale and quality.isascii() and quality.isdigit() and int(quality) <= kind.most:
        return int(quality)
    numbers = f", or a number from 0, the best, to {kind.most}" if kind.scale else ""
    raise BadRequest(f"The quality of {kind.name} is {', '.join(QUALITIES)}{numbers}; {quality!r:.40} was asked.")


def sized(kind: Kind, width: int, height: int) -> tuple[int, int]:
    """The nearest size below that this kind can have."""
    return max(kind.even[0], width // kind.even[0] * kind.even[0]), max(kind.even[1], height // kind.even[1] * kind.even[1])
