"""Files that name other files or addresses: neither is ever opened."""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path

import pytest
import sharing
from pixels import film, scene, sentences

from engine import media
from engine.errors import BadMedia

LOCAL = "file:" "//"


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
