"""The walled process that decodes: it can do nothing else, and whatever happens to it harms nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pixels import film

from engine import media
from engine.errors import BadMedia
from engine.media import apart

ROOT = Path(__file__).resolve().parents[2]
walled = pytest.mark.skipif(not apart.WALLS, reason="this system has no fork")


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
