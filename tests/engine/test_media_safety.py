"""Files made to harm: nothing else is opened, nothing hangs, nothing unfolds without end, and each is a sentence."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import sharing
from PIL import Image
from pixels import RECIPE, scene

from engine import media
from engine.errors import BadMedia
from engine.media import apart, kinds

LOCAL = "file:" "//"
ROOT = Path(__file__).resolve().parents[2]
walled = pytest.mark.skipif(not apart.WALLS, reason="this system has no fork")


def film(path, pictures=6, size=(48, 64), recipe=""):
    media.write_film(path, (scene(*size, shift=4 * at)[None] for at in range(pictures)), size[1], size[0], 16, recipe)
    return path


def sentences(path):
    """What every reader says of a file that none may read."""
    for read in (media.probe, lambda path: list(media.read_film(path)), media.read_picture, media.picture_size):
        with pytest.raises(BadMedia) as caught:
            read(path)
        assert str(caught.value).endswith(".") and len(str(caught.value)) < 400, caught.value
        yield str(caught.value)


# ---- no other file, no socket

class Canary:
    """A film and a port that nobody may touch."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.film, self.picture, self.words = film(folder / "canary.mp4"), folder / "canary001.png", folder / "canary.srt"
        media.write_picture(self.picture, scene())
        self.words.write_text("1\n00:00:00,000 --> 00:00:01,000\nsecret\n")
        self.port = socket.socket()
        self.port.bind(("127.0.0.1", 0))
        self.port.listen()
        self.port.settimeout(0)
        self.address = f"127.0.0.1:{self.port.getsockname()[1]}"

    def watch(self) -> None:
        for path in (self.film, self.picture, self.words):
            os.utime(path, (1_000_000_000, 1_500_000_000))      # read long before it was written: the next reading is noted

    def touched(self) -> list[str]:
        found = [path.name for path in (self.film, self.picture, self.words) if path.stat().st_atime != 1_000_000_000]
        try:
            self.port.accept()
            found.append("port")
        except BlockingIOError:
            pass
        return found


@pytest.fixture
def canary(tmp_path):
    bird = Canary(tmp_path / "cage")
    yield bird
    bird.port.close()


def external(canary, kind: bytes) -> bytes:
    """A MOV whose pixels lie in another file, by an alias or an address."""
    data = bytearray(canary.film.read_bytes())
    at = data.index(b"dref")
    place = LOCAL.encode() + str(canary.film).encode() if kind == b"url " else b"http://" + canary.address.encode() + b"/a.mp4"
    if kind == b"alis":     # FFmpeg reads a path from the alias record's tags 2 (absolute) and 18
        name = str(canary.film).encode()
        tags = b"".join(struct.pack(">hh", tag, len(name)) + name + b"\0" * (len(name) & 1) for tag in (2, 18)) + struct.pack(">hh", -1, 0)
        place = bytes(150) + tags
    entry = struct.pack(">I4sI", 12 + len(place), kind, 0) + place
    new = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    old = struct.unpack(">I", data[at - 4:at])[0]
    data[at - 4:at - 4 + old] = new
    grown = len(new) - old
    for outer in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = data.index(outer) - 4
        data[place:place + 4] = struct.pack(">I", struct.unpack(">I", data[place:place + 4])[0] + grown)
    return bytes(data)


def traps(canary) -> dict[str, bytes]:
    """Texts and files that make other readers open a second file or an address."""
    here, there = str(canary.film), f"http://{canary.address}/a.mp4"
    return {
        "hls":        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{here}\n#EXT-X-ENDLIST\n".encode(),
        "hls-net":    f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{there}\n#EXT-X-ENDLIST\n".encode(),
        "hls-key":    f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{there}"\n#EXTINF:1,\n{here}\n#EXT-X-ENDLIST\n'.encode(),
        "hls-concat": f"#EXTM3U\n#EXTINF:1,\nconcat:{there}|{LOCAL}{here}\n#EXT-X-ENDLIST\n".encode(),
        "concat":     f"ffconcat version 1.0\nfile '{here}'\n".encode(),
        "sdp":        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video {canary.address.split(':')[1]} RTP/AVP 96\na=rtpmap:96 H264/90000\n".encode(),
        "dash":       f'<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>{there}</BaseURL></Representation></AdaptationSet></Period></MPD>'.encode(),
        "smooth":     f'<?xml version="1.0"?><smil><body><video src="{there}"/></body></smil>'.encode(),
        "svg":        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{LOCAL}{canary.picture}"/></svg>'.encode(),
        "asx":        f'<asx version="3.0"><entry><ref href="{there}"/></entry></asx>'.encode(),
        "rtsp":       f"rtsptext\nrtsp://{canary.address}/x\n".encode(),
        "subtitles":  f"1\n00:00:00,000 --> 00:00:01,000\n{here}\n".encode(),
        "ass":        f"[Script Info]\nVideo File: {here}\n[Events]\n".encode(),
        "vobsub":     b"# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n",
        "ffmetadata": f";FFMETADATA1\ncomment={here}\n".encode(),
        "mov-alis":   external(canary, b"alis"),
        "mov-file":   external(canary, b"url "),
        "mov-net":    external(canary, b"urn "),
        "mov-rmra":   struct.pack(">I4s", 0, b"moov").replace(b"\0\0\0\0", struct.pack(">I", 8 + 8 + 8 + 20 + len(there)), 1)
                      + struct.pack(">I4sI4s", 8 + 8 + 20 + len(there), b"rmra", 8 + 20 + len(there), b"rmda")
                      + struct.pack(">I4sI4sI", 20 + len(there), b"rdrf", 0, b"url ", len(there)) + there.encode(),
    }


TRAPS = ("hls", "hls-net", "hls-key", "hls-concat", "concat", "sdp", "dash", "smooth", "svg", "asx", "rtsp", "subtitles", "ass", "vobsub",
         "ffmetadata", "mov-alis", "mov-file", "mov-net", "mov-rmra")


@pytest.mark.parametrize("trap", TRAPS)
def test_no_file_makes_the_reader_open_another_or_an_address(canary, tmp_path, trap):
    data = traps(canary)[trap]
    canary.watch()
    for name in ("trap.mp4", f"trap.{'m3u8' if 'hls' in trap else trap}", "trap.png"):
        (tmp_path / name).write_bytes(data)
        if trap.startswith("mov-") and trap != "mov-rmra":      # the file has its own pixels too: where they count, they are read
            for read in (media.probe, lambda path: list(media.read_film(path)), media.read_picture):
                try:
                    read(tmp_path / name)
                except BadMedia as error:
                    assert str(error).endswith(".")
        else:
            list(sentences(tmp_path / name))
    assert canary.touched() == []


def test_the_canary_sings_when_it_is_touched(canary):
    """Without this the test above could not fail: whether reading is noted depends on how the disk is mounted."""
    canary.watch()
    with socket.create_connection(("127.0.0.1", canary.port.getsockname()[1])):
        pass
    time.sleep(0.05)
    canary.film.read_bytes()
    if "canary.mp4" not in (found := canary.touched()):
        pytest.skip("this disk does not note when a file is read")
    assert found == ["canary.mp4", "port"]


def test_other_readers_do_fall_into_the_traps(canary, tmp_path):
    """The program of the same library opens the other file by the playlist: the traps are real."""
    (tmp_path / "trap.txt").write_bytes(traps(canary)["concat"])
    sharing.ffmpeg("-safe", "0", "-f", "concat", "-i", tmp_path / "trap.txt", "-c", "copy", tmp_path / "stolen.mp4")
    assert media.probe(tmp_path / "stolen.mp4").pictures == 6


def test_a_name_is_no_pattern_and_no_protocol(canary, tmp_path, monkeypatch):
    monkeypatch.chdir(canary.picture.parent)
    canary.watch()
    for name in ("canary%03d.png", "*.png", "concat:canary.mp4", "file:canary.mp4", "pipe:0", f"http://{canary.address}/a.mp4", "-i", "subfile,,start,0,end,0,,:canary.mp4"):
        for read in (media.probe, lambda path: list(media.read_film(path)), media.read_picture, media.carried):
            with pytest.raises(BadMedia, match="no file at|cannot be read"):
                read(name)
    assert canary.touched() == []


# ---- the walls

@walled
def test_a_cell_can_open_write_connect_and_allocate_nothing():
    """The walls themselves, tried from inside by what an attacker would do first."""
    code = """
import json, os, socket, sys
from engine.media import cell
cell._warm_up(); cell._wall_in()
found = {}
for name, act in {"read": lambda: open("/etc/hostname"), "socket": socket.socket, "pair": socket.socketpair, "pipe": os.pipe, "dup": lambda: os.dup(1),
                  "memory": lambda: bytearray(6 << 30), "run": lambda: os.posix_spawn("/bin/true", ["true"], {}) and open("/bin/true")}.items():
    try: act(); found[name] = True
    except (OSError, MemoryError): found[name] = False
os.write(1, json.dumps(found).encode())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == dict.fromkeys(("read", "socket", "pair", "pipe", "dup", "memory", "run"), False)


@walled
@pytest.mark.parametrize("read", [lambda path: list(media.read_film(path, limit=0.0005)), lambda path: media.probe(path, limit=0.0005)])
def test_a_decoder_that_works_too_long_is_ended_by_the_clock(tmp_path, read):
    """What is interrupted here is C code: opening and decoding take far more than half a millisecond."""
    path = film(tmp_path / "a.mp4", 8, (480, 640))
    with pytest.raises(BadMedia, match="kept the decoder busy for more than 0.0005 s on one picture"):
        read(path)
    assert len(list(media.read_film(path))) == 8       # and the next is read as if nothing had been


@walled
def test_who_reads_slowly_is_not_taken_for_a_hang(tmp_path):
    """More pictures than the socket holds, a reader that pauses for longer than the decoder may work."""
    path, seen = film(tmp_path / "a.mp4", 12, (480, 640)), 0
    for _ in media.read_film(path, limit=3):
        seen += 1
        if seen == 2:
            time.sleep(3.3)
    assert seen == 12


def children(number: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == number and fields[0] != "Z":
            found.append(int(place.parent.name))
    return found


@walled
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the cell")
def test_a_decoder_that_crashes_takes_nothing_along(tmp_path):
    path = film(tmp_path / "a.mp4", 24, (480, 640))
    pictures = media.read_film(path)
    next(pictures)
    [cell] = children(apart._nursery.process.pid)
    os.kill(cell, signal.SIGSEGV)
    with pytest.raises(BadMedia, match="damaged in a way that broke the decoder; nothing else was harmed"):
        list(pictures)
    assert media.probe(path).pictures == 24


@walled
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the cell")
def test_who_stops_reading_leaves_no_cell_behind(tmp_path):
    path = film(tmp_path / "a.mp4", 24, (480, 640))
    for _ in range(3):
        next(media.read_film(path))
    end = time.monotonic() + 20
    while children(apart._nursery.process.pid):
        assert time.monotonic() < end, "cells are left"
        time.sleep(0.02)


@walled
def test_a_nursery_that_is_killed_is_made_anew(tmp_path):
    path = film(tmp_path / "a.mp4")
    for _ in range(2):
        assert media.probe(path).pictures == 6
        apart._nursery.process.kill()
        apart._nursery.process.wait()
    assert len(list(media.read_film(path))) == 6


@walled
def test_a_nursery_goes_when_its_process_is_killed(tmp_path):
    path = film(tmp_path / "a.mp4")
    code = ("import sys, time; from engine import media; from engine.media import apart; media.probe(sys.argv[1]);"
            "print(apart._nursery.process.pid, flush=True); time.sleep(100)")
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    nursery = int(process.stdout.readline())
    process.kill()
    process.wait()
    end = time.monotonic() + 30
    while Path(f"/proc/{nursery}").exists():
        assert time.monotonic() < end, "the nursery is left"
        time.sleep(0.05)


def test_what_a_cell_sees_is_what_this_process_would_see(tmp_path):
    """The same jobs without the walls, as they run where there is no fork."""
    from engine.media.cell import JOBS

    path = film(tmp_path / "a.mp4")
    with path.open("rb") as file:
        here = [picture for said in JOBS["film"](file, "a") if said for picture in said[1:] if picture is not None]
    assert np.array_equal(np.stack(here), np.stack(list(media.read_film(path))))


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
