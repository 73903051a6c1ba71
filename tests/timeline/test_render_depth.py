"""Film of ten bits that is rendered to ten bits keeps them: a ramp of grey has as many steps as it had, and eight bits stay as they were."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from burnt import clip, cut, finish, project
from burnt import media as film_of

from engine.library import Library
from engine.media import read_film, write_picture
from engine.media.reaching import Film
from engine.timeline.cut import Clip, Media, Style, Title, Track, Transition
from engine.timeline.rendering import Places
from engine.timeline.rendering.frames import frames

WIDTH, HEIGHT, COUNT = 512, 64, 6
LOW, HIGH = 400, 480            # of 10 bits' 64 to 940: a dark, slow ramp, in which banding is seen


def ramp(path, codec: str, pixels: str = "yuv422p10le", **options) -> None:
    """A film of a grey ramp, 80 values of ten bits over 512 pixels: eight bits have 20 of them."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=16, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        codec = stream.codec_context
        codec.color_primaries = codec.color_trc = codec.colorspace = 1
        codec.color_range = 1
        values = np.linspace(LOW, HIGH, WIDTH, endpoint=False).astype("<u2")
        for index in range(COUNT):
            frame = av.VideoFrame(WIDTH, HEIGHT, pixels)
            for number, plane in enumerate(frame.planes):
                lines = np.full((plane.height, plane.line_size // 2), 512, "<u2")
                if number == 0:
                    lines[:, :WIDTH] = values
                plane.update(lines.tobytes())
            frame.pts, frame.time_base = index, Fraction(1, 16)
            frame.color_range = 1
            frame.colorspace = 1
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def steps(path, picture: int = 2) -> int:
    """How many values of grey a picture of a ten-bit film has in its middle row."""
    with av.open(str(path)) as file:
        for index, frame in enumerate(file.decode(video=0)):
            if index == picture:
                assert frame.format.name == "yuv422p10le"
                plane = frame.planes[0]
                lines = np.frombuffer(plane, "<u2").reshape(plane.height, plane.line_size // 2)
                return len(np.unique(lines[HEIGHT // 2, :WIDTH]))
    raise AssertionError("no such picture")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deep") / "project"
    library = Library(folder)
    ramp(folder / "deep.mov", "prores_ks", profile="hq")
    ramp(folder / "twelve.mkv", "ffv1")
    return Places(library)


def of(name: str, id: str = "a", **more) -> Clip:
    return Clip(id, Media(COUNT, Fraction(16), file=name, width=WIDTH, height=HEIGHT), Fraction(0), more.pop("length", COUNT), **more)


def test_a_ramp_of_ten_bits_has_all_its_steps_again(places, tmp_path):
    there = steps(places.library.folder / "deep.mov")
    assert there > 70
    made = finish(cut(of("deep.mov"), width=WIDTH, height=HEIGHT), places, tmp_path / "out.mov")
    assert steps(made.path) > 0.9 * there           # of eight bits 20 are left, each four pixels' worth of band
    eight = list(read_film(places.library.folder / "deep.mov"))[2]
    assert len(np.unique(eight[HEIGHT // 2, :, 0])) < 30


@pytest.mark.parametrize("what", ["a title over it", "a fade", "a larger frame", "a cross-fade", "another rate"])
def test_whatever_is_done_to_it_keeps_them(places, tmp_path, what):
    wanted, tracks, size, items = {}, (), (WIDTH, HEIGHT), (of("deep.mov"),)
    if what == "a title over it":
        tracks = (Track("t", "titles", (Title("w", "x", COUNT),)),)
    elif what == "a fade":
        items = (of("deep.mov", fade_in=2),)
    elif what == "a larger frame":
        size = WIDTH, HEIGHT + 32
    elif what == "a cross-fade":
        items = (of("deep.mov", length=4), Transition("x", 0, 2), of("twelve.mkv", "b", length=4))
    else:
        wanted = {"rate": Fraction(24), "between": "flow"}
    made = finish(cut(*items, tracks=tracks, width=size[0], height=size[1]), places, tmp_path / "out.mov", **wanted)
    with av.open(str(made.path)) as file:
        frame = list(file.decode(video=0))[4]
        plane = frame.planes[0]
        line = np.frombuffer(plane, "<u2").reshape(plane.height, plane.line_size // 2)[size[1] // 4 if what == "a title over it" else size[1] // 2, :WIDTH]
    assert len(np.unique(line)) > 60


def test_what_was_mixed_is_as_bright_as_what_was_not(tmp_path):
    """White, grey and black in ten bits, with a title over them somewhere else and without one: to the same codes."""
    library = Library(tmp_path / "project")
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, WIDTH // 3 :], picture[:, 2 * WIDTH // 3 :] = 128, 255
    write_picture(library.folder / "bars.png", picture, "")
    still = Clip("a", Media(1, Fraction(1), file="bars.png", kind="picture", width=WIDTH, height=HEIGHT), Fraction(0), 4)
    words = Track("t", "titles", (Title("w", "x", 2, Style("bottom", 8)),))
    made = finish(cut(still, tracks=(words,), width=WIDTH, height=HEIGHT), Places(library), tmp_path / "out.mov")
    with av.open(str(made.path)) as file:
        mixed, plain = (np.frombuffer(frame.planes[0], "<u2").reshape(HEIGHT, -1)[4, :WIDTH].astype(int) for index, frame in enumerate(file.decode(video=0)) if index in (0, 3))
    assert [abs(int(plain[at]) - code) <= 1 for at, code in ((80, 64), (256, 504), (430, 940))] == [True] * 3 and np.abs(mixed - plain).max() <= 1


def test_other_exports_and_eight_bit_film_are_as_they_were(places, tmp_path):
    deep, flat = (next(frames(cut(of("deep.mov"), width=WIDTH, height=HEIGHT), places, [2], (WIDTH, HEIGHT), deep=deep)) for deep in (True, False))
    assert (deep.dtype, flat.dtype) == (np.float32, np.uint8) and np.abs(deep - flat).max() <= 0.51
    shallow = project(tmp_path / "burnt")
    one, other = (next(frames(cut(clip("a", 5)), shallow, [3], (64, 48), deep=deep)) for deep in (True, False))
    assert one.dtype == other.dtype == np.uint8 and np.array_equal(one, other)         # nothing is widened that has nothing to gain
    path = shallow.library.folder / film_of("a").file
    assert [picture.dtype for picture in Film(path, deep=True).pictures([1, 2])] == [np.uint8] * 2
