"""Light: a decoded frame, whatever its kind, as a picture a person would see: (H, W, 3) uint8, sRGB, upright.

    interlaced   -> every other line filled in from its neighbours in space and time (bwdif)
    10 or 12 bit -> 8, or 16 where that is asked for, by the frame's own matrix and range; where a file names no matrix, BT.709 from 720 lines on, else BT.601
    PQ and HLG   -> tone-mapped: 203 nits is white paper (ITU-R BT.2408), what is brighter is rolled off above 3/4 of it
    transparent  -> laid on black, as editors and players do with film (single pictures are laid on white)
    anamorphic   -> pixels made square, by widening
    turned       -> as the camera was held, mirrored too, from the display matrix

Knows PyAV's frames and numpy. Knows no files.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from engine.errors import BadMedia
from engine.media.kinds import FILM_PIXELS, SIDE

PQ, HLG = 16, 18            # ITU-T H.273, transfer characteristics
UNSAID = 2                  # its "unspecified", and so for matrices
WHITE = 203.0               # nits
PEAK = 1000.0               # nits that are rolled off into white; brighter is white
WHOLE = 65280               # white in FFmpeg's 16 bits of RGB, which are 8 and 8 behind the point
KNEE = 0.75                 # of white, linear: below it nothing is changed
# Without these FFmpeg rounds down on its way to RGB: half a code darker with every reading, two from ten bits, nine after a film
# was read and written eight times. With them it is none, for 22 ms more a picture of Full HD.
EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
# Decoders that do not say where samples of colour lie. FFmpeg then puts them between two pixels of a row, and their encoders on the left
# one, as everybody else does: half a pixel of shift (0.50 measured, for ProRes, VP9 and AV1; 0.00 for H.264 and H.265, which say it).
UNSITED = frozenset({"prores", "dnxhd", "vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d", "ffv1", "utvideo", "huffyuv", "ffvhuff", "rawvideo"})
BT2020 = 9                  # primaries of film whose samples lie on the upper left: AV1 says so itself
TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)  # BT.2087


class Eye:
    """Sees the frames of one film, one after another. `notes` collects, once each, what was done to them."""

    def __init__(self, aspect: Fraction | None = None, deep: bool = False) -> None:
        self.notes: dict[str, None] = {}
        self.deep = deep            # whether what lies between two values of 8 bits is wanted
        self.aspect = aspect        # width of a pixel by its height
        self.tick: Fraction | None = None       # seconds in which a frame's time is counted, where it does not say
        self.left = False           # whether samples of colour lie on the left pixel though frames do not say so: see `UNSITED`
        self.formatter, self.graph, self.shape = VideoReformatter(), None, None
        self.sites: dict[tuple, av.filter.Graph] = {}
        self.size: tuple[int, int] | None = None        # (width, height) of the first picture; later ones are fitted to it

    def see(self, frame: av.VideoFrame | None) -> list[tuple[float | None, np.ndarray]]:
        """A frame in, pictures with their times in seconds out; None at the end, when the last may still come."""
        if frame is None:
            return [self._picture(late) for late in self._pull(None)] if self.graph else []
        if not (0 < frame.width <= SIDE and 0 < frame.height <= SIDE) or frame.width * frame.height > FILM_PIXELS:
            raise BadMedia(f"It has a picture of {frame.width}x{frame.height}; films of up to {SIDE} pixels a side and "
                           f"{FILM_PIXELS // 10**6} million in all are read.")
        if frame.interlaced_frame or self.graph:
            self.notes["Interlaced: the missing lines were filled in."] = None
            return [self._picture(whole) for whole in self._pull(frame)]
        return [self._picture(frame)]

    def _picture(self, frame: av.VideoFrame) -> tuple[float | None, np.ndarray]:
        width, height = square(frame.width, frame.height, self.aspect)
        bits = max(part.bits for part in frame.format.components)
        if frame.color_trc in (PQ, HLG) and bits > 8:
            self.notes["High dynamic range: tone-mapped to 8 bits."] = None
            deep = self._in(frame, width, height, "rgb48le")
            picture = tone_mapped(_pixels(deep, np.uint16), frame.color_trc == HLG)
        elif any(part.is_alpha for part in frame.format.components) or frame.format.name == "pal8":
            clear = _pixels(self._in(frame, width, height, "rgba"), np.uint8, 4)
            if clear[..., 3].min() < 255:
                self.notes["Transparent: laid on black."] = None
            weight = clear[..., 3:].astype(np.uint16)
            picture = ((clear[..., :3] * weight + 127) // 255).astype(np.uint8)
        elif self.deep and bits > 8:
            picture = _pixels(self._in(frame, width, height, "rgb48le"), np.uint16)
        else:
            picture = _pixels(self._in(frame, width, height, "rgb24"), np.uint8)
        if (width, height) != (frame.width, frame.height):
            self.notes["Its pixels are not square: widened to what is meant to be seen."] = None
        turned = upright(picture, display_matrix(frame))
        if turned is not picture:
            self.notes["Turned as the camera was held."] = None
        seen = turned.shape[1], turned.shape[0]
        self.size = self.size or seen
        if seen != self.size:
            from PIL import Image

            self.notes["Its pictures change size: all are scaled to the first."] = None
            if turned.dtype == np.uint16:       # Pillow knows no such colour
                turned = np.rint(turned / np.float32(256)).clip(0, 255).astype(np.uint8)
            turned = np.asarray(Image.fromarray(np.ascontiguousarray(turned)).resize(self.size))
        tick = frame.time_base or self.tick
        time = None if frame.pts is None or tick is None else float(frame.pts * tick)
        return time, np.ascontiguousarray(turned)

    def _in(self, frame: av.VideoFrame, width: int, height: int, pixels: str) -> av.VideoFrame:
        if self.left and frame.color_primaries != BT2020 and (frame.format.chroma_width(frame.width) or frame.width) < frame.width:
            frame = self._sited(frame)
        # One thread: a pool that the nursery once made would be waited for in vain by every cell forked from it.
        return self.formatter.reformat(frame, width, height, pixels, src_colorspace=_matrix(frame), interpolation=EXACT, threads=1)

    def _sited(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The same frame, saying where its samples of colour lie: nothing else lets it be said."""
        key = frame.width, frame.height, frame.format.name
        graph = self.sites.get(key)
        if graph is None:
            graph = av.filter.Graph()
            source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 1000))
            graph.link_nodes(source, graph.add("setparams", "chroma_location=left"), graph.add("buffersink"))
            graph.configure()
            self.sites = {key: graph}
        graph.vpush(frame)
        return graph.vpull()

    def _pull(self, frame: av.VideoFrame | None) -> list[av.VideoFrame]:
        out = []
        shape = None if frame is None else (frame.width, frame.height, frame.format.name)
        if self.graph and shape != self.shape:          # the film ends, or goes on in another shape
            self.graph.vpush(None)
            out += _all(self.graph)
            self.graph = None
        if frame is not None:
            if self.graph is None:
                self.graph, self.shape = av.filter.Graph(), shape
                source = self.graph.add_buffer(width=frame.width, height=frame.height, format=frame.format,
                                               time_base=frame.time_base)
                fill = self.graph.add("bwdif", "mode=send_frame:deint=interlaced")
                self.graph.link_nodes(source, fill, self.graph.add("buffersink"))
                self.graph.configure()
            self.graph.vpush(frame)
            out += _all(self.graph)
        return out


def square(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """(width, height) in square pixels; an aspect that no camera has is taken for damage."""
    if not aspect or aspect == 1 or not 0.1 < aspect < 10:
        return width, height
    return min(SIDE, max(1, round(width * aspect))), height


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int] | None:
    """Which way x and y of the stored picture go on the screen, (a, b, c, d) of 0 and ±1; None when as stored."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None or len(bytes(data)) < 36:
        return None
    values = struct.unpack("=9i", bytes(data)[:36])
    turn = tuple((value > 1 << 14) - (value < -(1 << 14)) for value in (values[0], values[1], values[3], values[4]))
    return turn if turn != (1, 0, 0, 1) and abs(turn[0] * turn[3] - turn[1] * turn[2]) == 1 else None


def upright(picture: np.ndarray, matrix: tuple[int, int, int, int] | None) -> np.ndarray:
    """A picture turned and mirrored by a display matrix; only right angles are known, others leave it as it is."""
    if matrix is None:
        return picture
    a, b, c, d = matrix             # x' = a x + c y, y' = b x + d y
    if a == d == 0:
        picture, a, d = picture.swapaxes(0, 1), c, b
    return picture[:: d or 1, :: a or 1]


def tone_mapped(codes: np.ndarray, hlg: bool) -> np.ndarray:
    """BT.2020 in PQ or HLG, (H, W, 3) uint16 whose white is `WHOLE`, as sRGB (H, W, 3) uint8.

    203 nits arrive at 240, 26 nits (a grey card) at 100; a thousand and more at 255.
    """
    light = _to_light(hlg)[codes]
    if hlg:         # the display's own gamma of 1.2, on luminance (BT.2100)
        luminance = light @ np.array([0.2627, 0.678, 0.0593], np.float32)
        light *= (PEAK / WHITE) * np.maximum(luminance, 1e-6)[..., None] ** 0.2
    light = np.maximum(light @ TO_709.T, 0)
    top = light.max(-1, keepdims=True)          # of the three, so that a bright colour keeps its hue
    over, most = (top - KNEE) / (1 - KNEE), (PEAK / WHITE - KNEE) / (1 - KNEE)
    rolled = KNEE + (1 - KNEE) * over * (1 + over / most**2) / (1 + over)
    light *= np.where(top > KNEE, rolled / np.maximum(top, 1e-6), 1)
    return _srgb()[np.minimum(light * 4095 + 0.5, 4095).astype(np.uint16)]


@cache
def _to_light(hlg: bool) -> np.ndarray:
    """65,536 codes to linear light: PQ in units of white paper, HLG as scene light of 0..1."""
    code = np.minimum(np.arange(65536) / WHOLE, 1)
    if hlg:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    else:
        root = code ** (1 / 78.84375)
        light = 10_000 / WHITE * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return light.astype(np.float32)


@cache
def _srgb() -> np.ndarray:
    light = np.linspace(0, 1, 4096)
    return np.round(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(np.uint8)


def _matrix(frame: av.VideoFrame):
    if frame.colorspace != UNSAID or frame.format.is_rgb:
        return None
    return Colorspace.ITU709 if frame.height >= 720 or frame.width >= 1280 else Colorspace.ITU601


def _pixels(frame: av.VideoFrame, kind: type, colours: int = 3) -> np.ndarray:
    """The only plane of a packed frame, (H, W, colours), without the room at the end of its lines."""
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8)[:plane.line_size * frame.height].reshape(frame.height, plane.line_size)
    used = lines[:, :frame.width * colours * np.dtype(kind).itemsize].copy()
    return used.view(kind).reshape(frame.height, frame.width, colours)


def _all(graph) -> list[av.VideoFrame]:
    out = []
    while True:
        try:
            out.append(graph.vpull())
        except (BlockingIOError, EOFError):
            return out
