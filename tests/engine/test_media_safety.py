"""Files made to harm: nothing unfolds without end, no name or device is more than that, and each is a sentence."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import sharing
from PIL import Image
from pixels import RECIPE, film, scene, sentences

from engine import media
from engine.errors import BadMedia
from engine.media import kinds

# ---- what unfolds without end

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *chunks):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


def gif(width, height, frames, delay=2):
    """A GIF whose every picture is one pixel."""
    one = b"\x21\xf9\x04\x00" + struct.pack("<H", delay) + b"\x00\x00" + b"\x2c" + bytes(4) + struct.pack("<HH", 1, 1) + b"\x00\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + bytes(6) + one * frames + b";"


def webp(width, height):
    head = b"WEBPVP8X" + struct.pack("<IB3x", 10, 2) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(head) + 40) + head + b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF" + struct.pack("<I", 16) + bytes(16)


ROOM = zlib.compress(bytes(1_000_000))


@pytest.mark.parametrize("name, data, sentence", [
    ("wide.gif",   gif(65_535, 65_535, 3),                                                      "wide.gif does not say how large its pictures are"),
    ("wide.webp",  webp(1 << 24, 1 << 24),                                                      "16777216x16777216; films of up to|damaged|no film that can be read"),
    ("wide.apng",  png(60_000, 60_000, chunk(b"acTL", bytes(8)), chunk(b"IDAT", ROOM)),         "60000x60000; films of up to|no film that can be read"),
    ("many.apng",  png(64, 64, chunk(b"acTL", b"\xff" * 8), chunk(b"IDAT", b"\0")),             "no picture that can be read|damaged|no film"),
])
def test_films_that_say_they_are_enormous_are_refused_before_they_are_decoded(tmp_path, name, data, sentence):
    (tmp_path / name).write_bytes(data)
    for read in (media.probe, lambda path: list(media.read_film(path))):
        with pytest.raises(BadMedia, match=sentence):
            read(tmp_path / name)


def test_pictures_that_unfold_are_refused(tmp_path):
    bombs = {
        "text.png": png(8, 8, *[chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(30_000_000), 1))] * 4, chunk(b"IDAT", zlib.compress(bytes(8 * 25)))),
        "profile.png": png(8, 8, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(90_000_000), 1)), chunk(b"IDAT", zlib.compress(bytes(8 * 25)))),
        "wide.png": png(20_000, 20_000, chunk(b"IDAT", ROOM)),
        "wide.gif": gif(65_535, 65_535, 1),
    }
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
        try:
            assert media.read_picture(tmp_path / name).shape == (8, 8, 3), name      # the picture itself is small: the rest stays folded
        except BadMedia as error:
            assert str(error).endswith(".")
        try:
            assert media.carried(tmp_path / name) is None
        except BadMedia:
            pass
    for name in ("wide.png", "wide.gif"):
        with pytest.raises(BadMedia, match="120 million|far more pixels"):
            media.read_picture(tmp_path / name)


def test_pictures_without_end_are_read_up_to_a_limit(tmp_path):
    (tmp_path / "many.gif").write_bytes(gif(1, 1, 3_000))
    notes = []
    assert len(list(media.read_film(tmp_path / "many.gif", most=100, notes=notes))) == 100
    assert notes == ["Not read to its end: up to 100 pictures and 6 hours are."]
    assert media.probe(tmp_path / "many.gif").pictures == 3_000


def test_a_film_of_days_is_read_up_to_six_hours(tmp_path):
    (tmp_path / "long.gif").write_bytes(gif(1, 1, 60, delay=65_535))        # 60 pictures of 11 minutes each
    notes = []
    assert len(list(media.read_film(tmp_path / "long.gif", notes=notes))) == 6 * 3600 // 655 + 1
    assert "6 hours" in notes[0]
    notes.clear()
    assert len(list(media.read_film(tmp_path / "long.gif", rate=16, most=500, notes=notes))) == 500       # held pictures count too
    assert "up to 500 pictures" in notes[0]


def test_a_first_picture_of_many_costs_no_more_than_one(tmp_path):
    for kind in ("GIF", "PNG", "WEBP"):
        frames = [Image.new("RGB", (32, 32), (at, 0, 0)) for at in range(60)]
        frames[0].save(tmp_path / "a", kind, save_all=True, append_images=frames[1:], duration=20)
        assert media.read_picture(tmp_path / "a").shape == (32, 32, 3)


def test_a_film_larger_than_its_container_says_is_refused_when_its_picture_comes(tmp_path):
    """The container says 64x48, the film in it has 8,448 pixels."""
    sharing.ffmpeg("-f", "lavfi", "-i", "color=s=8448x64:d=0.2:r=10", "-c:v", "libx264", "-pix_fmt", "yuv420p", tmp_path / "a.mp4")
    data = bytearray((tmp_path / "a.mp4").read_bytes())
    for at in [at for at in range(len(data) - 2) if data[at:at + 4] == b"avc1"]:
        if data[at + 28:at + 32] == struct.pack(">HH", 8448, 64):
            data[at + 28:at + 32] = struct.pack(">HH", 64, 48)
    (tmp_path / "b.mp4").write_bytes(data)
    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(BadMedia, match="8448x64"):
            list(media.read_film(tmp_path / name))


def test_a_codec_that_is_not_among_the_known_is_a_sentence(tmp_path):
    sharing.ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2:r=10", "-c:v", "snow", "-strict", "-2", tmp_path / "a.avi")
    sharing.ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2:r=10", "-c:v", "flashsv", tmp_path / "b.mkv")
    for name in ("a.avi", "b.mkv"):
        with pytest.raises(BadMedia, match="not among the codecs|no moving pictures|no film"):
            list(media.read_film(tmp_path / name))
    sharing.ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48:d=0.2:r=10", "-c:v", "flv1", tmp_path / "c.flv")
    with pytest.raises(BadMedia, match="c.flv is something else: no film that can be read"):
        media.probe(tmp_path / "c.flv")


# ---- names

NAMES = ["a\nb", "-i", "--help", "file:a", "concat:a|b", "http:", "a:b", "%03d", "*?[a]", "' OR 1=1 --", '"; drop table takes;', "\u202egpj.exe", "\u200f",
         "a\tb\x7f", "…" * 83, "x" * 251, "🎈", "con", " ", ".", "$(id)", "`id`", "é", "é", "a\\b", "\udcff"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_only_a_name(tmp_path, monkeypatch, name):
    """Made, read and read again under names that mean something to a shell, a database, a reader or an eye."""
    monkeypatch.chdir(tmp_path)
    path = Path(f"{name}.mp4")
    try:
        path.touch()
        path.unlink()
    except OSError:
        pytest.skip("this file system does not take that name")
    for given in (path, tmp_path / path):
        film(given, recipe=RECIPE)
        assert media.probe(given).pictures == len(list(media.read_film(given))) == 6
        assert media.carried(given) == RECIPE
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    path.write_bytes(b"no film")
    for said in sentences(path):
        assert said.isprintable() and len(said) < 400
    still = Path(f"{name}.png")
    media.write_picture(still, scene(), RECIPE)
    assert np.array_equal(media.read_picture(still), scene()) and media.carried(still) == RECIPE


def test_a_name_too_long_is_said_before_the_work(tmp_path):
    from engine.errors import CannotWrite

    with pytest.raises(CannotWrite, match="the name is too long"), media.FilmWriter(tmp_path / ("x" * 300 + ".mp4"), 64, 48, 16):
        pytest.fail("it was opened")
    assert list(tmp_path.iterdir()) == []


def test_a_shown_name_is_one_plain_line():
    assert kinds.shown("a/b\n\x1b[31m\u202ec.mp4") == "b??[31m?c.mp4"
    assert len(kinds.shown("x" * 5000)) == 120


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "/proc/self/mem"])
def test_a_device_is_no_film(place):
    if not Path(place).exists():
        pytest.skip("not here")
    for said in sentences(place):
        assert "no ordinary file" in said or "is empty" in said


def test_a_pipe_does_not_keep_anybody_waiting(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    os.mkfifo(tmp_path / "a.mp4")
    for said in sentences(tmp_path / "a.mp4"):
        assert "no ordinary file" in said
