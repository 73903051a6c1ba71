"""`cineloom cut render`, as somebody types it, on takes of a project."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest
from burnt import burnt, read
from PIL import Image

from engine.library import Library, finish
from engine.media import carried, probe, read_film, write_film


@pytest.fixture
def cut(run, tmp_path):
    """The id of a cut of two takes that say their numbers, 17 frames and 9."""
    library, ids = Library.open(tmp_path / "home"), []
    for first, count in ((100, 17), (300, 9)):
        write_film(tmp_path / "take.mp4", [np.stack([burnt(first + at) for at in range(count)])], 64, 48, 16)
        ids.append(finish(library.import_file(tmp_path / "take.mp4")).id)
    return run("new", "Opening", *ids)[1]["id"]


def test_a_cut_of_takes_is_rendered_and_carries_their_names(run, cut, tmp_path):
    code, said = run("render", cut, "-o", tmp_path / "out.mp4")
    assert code == 0 and (said["kind"], said["width"], said["pictures"], said["rate"], said["sound"], said["notes"]) == ("h264", 64, 26, "16", False, [])
    assert [read(one) for one in read_film(tmp_path / "out.mp4")] == [*range(100, 117), *range(300, 309)]
    facts = json.loads(carried(tmp_path / "out.mp4"))
    assert len(facts["takes"]) == 2 and facts["id"] == cut and probe(tmp_path / "out.mp4").rate == 16


def test_a_stretch_at_another_size_rate_and_kind_and_one_frame(run, cut, tmp_path):
    code, said = run("render", "Opening", "-o", tmp_path / "out.webm", "--size", "128x96", "--rate", "23.976", "--from", 10, "--to", 20, "--quality", "draft", "--flow")
    assert code == 0 and (said["kind"], said["width"], said["rate"], said["pictures"]) == ("vp9", 128, "24000/1001", 15)
    assert run("render", cut, "-o", tmp_path / "one.png", "--from", 20)[0] == 0
    assert read(np.asarray(Image.open(tmp_path / "one.png"))) == 303


def test_what_cannot_be_is_a_sentence(run, cut, tmp_path):
    for asked, said in ((("--size", "big"), "such as 256x144"), (("--rate", "x"), "such as 24, 23.976"), (("--kind", "vhs"), "h264, h265"), (("--to", 99), "from 0 to 99 was asked")):
        code, facts = run("render", cut, "-o", tmp_path / "out.mp4", *asked)
        assert code == 2 and said in facts["error"]
    film = next((tmp_path / "home/my-films/media").glob("*.mp4"))
    film.unlink()
    code, facts = run("render", cut, "-o", tmp_path / "out.mp4")
    assert code == 2 and "cannot be shown" in facts["error"] and "at 00:00:0" in facts["error"] and not (tmp_path / "out.mp4").exists()


def test_a_song_is_laid_under_the_film_and_heard_in_it(run, cut, tmp_path):
    with wave.open(str(tmp_path / "song.wav"), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(44_100)
        file.writeframes((np.sin(np.arange(44_100 * 4) / 20) * 9000).astype("<i2").tobytes())
    code, said = run("sound", cut, tmp_path / "song.wav", "--at", 10)
    assert code == 0 and (said["frames"], said["track"]) == (16, "sound") and said["file"].startswith("sounds/")
    assert run("sound", cut, tmp_path / "song.wav", "--at", 10, "--whole")[1]["frames"] == 64
    assert run("undo", cut)[0] == 0
    code, said = run("render", cut, "-o", tmp_path / "out.mp4")
    assert code == 0 and said["sound"] and said["pictures"] == 26
    (tmp_path / "no.wav").write_text("nothing")
    for asked, words in (((tmp_path / "no.wav",), "no sound that can be read"), ((tmp_path / "song.wav", "--track", "film"), "sound lies on one for sound")):
        code, facts = run("sound", cut, *asked)
        assert code == 2 and words in facts["error"]
