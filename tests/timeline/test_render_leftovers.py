"""What a render leaves that is killed: it is swept by the next one into the same folder, a day later, and nothing else is."""

from __future__ import annotations

import os
import shutil
import signal
import time
import wave

import pytest
from burnt import clip, cut, finish, project
from dying import needs_fork

from engine.library import Library
from engine.library import finish as finished
from engine.media.writing import INSIDE, LEFT, PART, sweep
from engine.timeline import sounds
from engine.timeline.rendering import Wanted, render


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return project(tmp_path_factory.mktemp("project"))


def aged(*paths, seconds=LEFT + 60) -> None:
    for path in paths:
        os.utime(path, (time.time() - seconds,) * 2, follow_symlinks=False)


def hidden(folder) -> list:
    return sorted(path for path in folder.iterdir() if path.name.startswith("."))


@needs_fork
@pytest.mark.parametrize("name", ["out.mov", "pictures", "out.gif"])
def test_what_a_killed_render_left_goes_with_the_next_one_a_day_later(places, tmp_path, name):
    child = os.fork()
    if child == 0:          # dies while it writes: with SIGKILL nothing is tidied up
        for number, _ in enumerate(render(cut(clip("a", 40)), places, tmp_path / name, Wanted())):
            if number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    left, = hidden(tmp_path)
    assert PART.fullmatch(left.name) and not (tmp_path / name).exists() and (left.is_file() or all(INSIDE.fullmatch(one.name) for one in left.iterdir()))
    finish(cut(clip("a", 2)), places, tmp_path / "next.png", start=1)
    assert hidden(tmp_path) == [left]               # somebody may be at work on it
    aged(left)
    finish(cut(clip("a", 2)), places, tmp_path / "next.png", start=1)
    assert hidden(tmp_path) == [] and (tmp_path / "next.png").exists()


@needs_fork
def test_what_a_killed_copy_of_a_sound_left_goes_with_the_next_one_a_day_later(tmp_path):
    library = Library(tmp_path / "project")
    tune = tmp_path / "tune.wav"
    with wave.open(str(tune), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(bytes(3 << 20))
    child = os.fork()
    if child == 0:          # dies while it copies
        copying = sounds.bring(library, tune)
        next(copying)
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    left, = hidden(library.folder / "sounds")
    finished(sounds.bring(library, tune))
    assert hidden(library.folder / "sounds") == [left]              # somebody may be at work on it
    aged(left)
    media = finished(sounds.bring(library, tune))
    assert [one.name for one in (library.folder / "sounds").iterdir()] == [media.file.removeprefix("sounds/")]


def test_nothing_else_is_swept(tmp_path):
    ours, other = ".0123456789ab.part", ".fedcba987654.part"
    names = [".0123456789a.part", ".0123456789abc.part", ".0123456789AB.part", "0123456789ab.part", ".0123456789ab.part.mp4", ".0123456789ab.parts", "x.0123456789ab.part", ".making-x3f", "film.mp4"]
    for name in names:
        (tmp_path / name).write_text("somebody's")
    (tmp_path / "kept").write_text("somebody's")
    (tmp_path / ours).symlink_to(tmp_path / "kept")
    folder = tmp_path / other
    folder.mkdir()
    (folder / "frame_000000.png").write_text("ours")
    (folder / "notes.txt").write_text("somebody's")         # a folder that holds anything else is nobody's to remove
    deep = tmp_path / ".0000000000aa.part"
    (deep / "frame_000000.png").mkdir(parents=True)
    aged(*tmp_path.iterdir(), folder / "frame_000000.png")
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "kept", ours, other, deep.name]) and len(list(folder.iterdir())) == 2
    young = tmp_path / ".aaaaaaaaaaaa.part"
    young.write_text("being written")
    sweep(tmp_path)
    assert young.exists()
    sweep(tmp_path, time.time() + LEFT + 60)
    assert not young.exists()
    shutil.rmtree(deep)
    sweep(tmp_path / "nowhere")             # nothing to say against it
