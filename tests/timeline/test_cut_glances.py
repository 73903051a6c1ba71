"""Waveforms and strips of a project's files: right, made once, made anew for a file that changed, and of nothing else on the disk."""

from __future__ import annotations

import io

import numpy as np
import pytest
from burnt import FILMS, HEIGHT, LENGTH, WIDTH, burnt, number, project, read
from PIL import Image
from test_render_sounds import click, talkie, wav

from engine.errors import BadMedia
from engine.library import Library
from engine.media import Sheets, write_picture
from engine.timeline.glances import Glances


def wave(data: bytes) -> np.ndarray:
    """(N, 2), lowest and highest of each stretch."""
    return np.frombuffer(data, np.int8).reshape(-1, 2)


def loud(data: bytes) -> list[int]:
    """The stretches in which something is heard."""
    return np.flatnonzero(wave(data)[:, 1] > 40).tolist()


def said(data: bytes, count: int) -> list[int | None]:
    """What the pictures of a strip say, each made as small as it was: bars are whole pixels there."""
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    assert whole.size == (count * 144, 108)
    return [read(np.asarray(whole.crop((at * 144, 0, at * 144 + 144, 108)).resize((WIDTH, HEIGHT), Image.Resampling.BOX))) for at in range(count)]


def test_a_waveform_has_fifty_stretches_a_second_and_is_made_once(tmp_path):
    glances = Glances(tmp_path)
    path = wav(tmp_path / "song.wav", click(96_000, 48_000))
    assert wave(glances.peaks(path)).shape == (100, 2) and loud(glances.peaks(path)) == [50]
    kept, = (tmp_path / "glances").iterdir()
    kept.write_bytes(b"kept")
    assert Glances(tmp_path).peaks(path) == b"kept"             # not looked at again, whoever asks
    wav(path, click(144_000, 1000))
    assert wave(glances.peaks(path)).shape == (150, 2) and loud(glances.peaks(path)) == [1]


def test_the_sound_of_a_film_begins_with_its_pictures_and_a_silent_film_has_none(tmp_path):
    places = project(tmp_path)
    glances = Glances(tmp_path)
    assert loud(glances.peaks(talkie(tmp_path / "talkie.mov", 8))) == [60]              # at picture 30 of 25 a second
    assert glances.peaks(places.library.folder / "a.mp4") == b""
    write_picture(tmp_path / "still.png", burnt(7))
    assert glances.peaks(tmp_path / "still.png") == b""


@pytest.mark.parametrize("film", FILMS)
def test_a_strip_has_the_pictures_that_a_takes_strip_has(tmp_path, film):
    project(tmp_path)
    found = said(Glances(tmp_path).strip(tmp_path / f"{film}.{FILMS[film][2]}"), 8)
    assert found == [number(film, at) for at in Sheets(LENGTH).wanted]


def test_a_picture_is_its_own_strip(tmp_path):
    write_picture(tmp_path / "still.png", burnt(77))
    assert said(Glances(tmp_path).strip(tmp_path / "still.png"), 1) == [77]


def test_the_strip_of_a_very_wide_film_is_as_wide_as_a_jpeg_can_be(tmp_path):
    sheets = Sheets(8)
    sheets.look(np.zeros((8, 16, 2000, 3), np.uint8))
    sheets.write(tmp_path / "poster.jpg", tmp_path / "strip.jpg")
    assert Image.open(tmp_path / "strip.jpg").size == (65_000, 108)


def test_only_films_sounds_and_pictures_inside_the_project_are_looked_at(tmp_path):
    library = Library(tmp_path / "project")
    wav(tmp_path / "outside.wav", click(9000, 0))
    wav(library.folder / "inside.wav", click(9000, 0))
    (library.folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    (library.folder / "words.txt").write_text("words")
    glances = Glances(library.folder)
    assert glances.path("inside.wav") == library.folder / "inside.wav"
    for name in ("../outside.wav", str(tmp_path / "outside.wav"), "link.wav", "words.txt", "library.db", "nothing.wav", "", ".", "a/../inside.wav", "inside.wav\n"):
        with pytest.raises(BadMedia):
            glances.path(name)
    with pytest.raises(BadMedia):
        glances.peaks(library.folder / "link.wav")              # a take's film may be one
    (library.folder / "broken.wav").write_bytes(b"RIFF....WAVE no sound")
    with pytest.raises(BadMedia):
        glances.peaks(glances.path("broken.wav"))
    assert not (library.folder / "glances").exists()            # nothing is kept of what could not be read


def test_links_are_not_followed_to_what_was_kept_or_will_be(tmp_path):
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir(), outside.mkdir()
    path = wav(project / "song.wav", click(9000, 100))
    (project / "glances").symlink_to(outside)
    assert loud(Glances(project).peaks(path)) == [0] and not list(outside.iterdir())
    (project / "glances").unlink()
    (project / "glances").mkdir()
    (outside / "secret").write_bytes(b"secret")
    glances = Glances(project)
    (project / "glances" / f"{glances.key(path)}.peaks").symlink_to(outside / "secret")
    assert loud(glances.peaks(path)) == [0] and (outside / "secret").read_bytes() == b"secret"


def test_the_oldest_go_and_a_folder_that_may_not_be_written_is_no_obstacle(tmp_path):
    glances = Glances(tmp_path, kept=2)
    paths = [wav(tmp_path / f"{at}.wav", click(9000 + at, 100)) for at in range(3)]
    for path in paths:
        glances.peaks(path)
    assert {one.name for one in (tmp_path / "glances").iterdir()} == {f"{glances.key(path)}.peaks" for path in paths[1:]}
    (tmp_path / "glances" / "somebody's").mkdir()       # which is none of ours
    glances.peaks(wav(tmp_path / "3.wav", click(9003, 100)))
    assert sorted(one.name for one in (tmp_path / "glances").iterdir()) == sorted([*(f"{glances.key(path)}.peaks" for path in (paths[2], tmp_path / "3.wav")), "somebody's"])
    other = tmp_path / "other"
    other.mkdir()
    (other / "glances").write_text("a file where the folder would be")
    assert loud(Glances(other).peaks(wav(other / "a.wav", click(9000, 100)))) == [0]
