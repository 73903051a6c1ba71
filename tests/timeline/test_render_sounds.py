"""Sound brought into a project: a take's own sound in sync with its film, files of every kind, waveforms; and heard in a render."""

from __future__ import annotations

import hashlib
import wave
from fractions import Fraction

import av
import numpy as np
import pytest
from burnt import burnt, finish, read

from engine.errors import BadMedia, BadRequest
from engine.library import Library
from engine.library import finish as done
from engine.media import read_film
from engine.timeline import edits, laying, sounds
from engine.timeline.cut import Clip, Cut, Track
from engine.timeline.rendering import Places
from engine.timeline.rendering.sound import mixed

RATE = Fraction(25)


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "project")


def click(count: int, at: int) -> np.ndarray:
    """Silence with a burst of 400 samples."""
    left = np.zeros(count)
    left[at : at + 400] = 0.8 * np.sin(np.arange(400) / 3)[: max(count - at, 0)]
    return np.stack([left, left], 1)


def talkie(path, offset=0):
    """A film of 50 pictures at 25, which says its numbers, with a click where picture 30 begins. Its pictures begin late."""
    with av.open(str(path), "w") as file:
        film, heard = file.add_stream("libx264", rate=25, options={"bf": "2", "g": "10", "crf": "8"}), file.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(burnt(number), format="rgb24")
            frame.pts, frame.time_base = number + offset, Fraction(1, 25)
            file.mux(film.encode(frame))
        file.mux(film.encode(None))
        samples = np.round(click(3 * 44_100, (30 + offset) * 1764) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 44_100, 0, Fraction(1, 44_100)
        file.mux(heard.encode(frame))
        file.mux(heard.encode(None))
    return path


def wav(path, samples, rate=48_000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return path


def begins(heard: np.ndarray) -> int:
    """The first sample that is loud."""
    return int(np.flatnonzero(np.abs(heard[:, 0]) > 0.1)[0])


@pytest.mark.parametrize("offset", [0, 8])
def test_the_sound_of_a_take_stays_with_its_pictures_through_edits_and_into_the_file(library, tmp_path, offset):
    take = done(library.import_file(talkie(tmp_path / "talkie.mov", offset)))
    laid = sounds.parts(take, "one", RATE, "v", "s")
    assert [part.track for part in laid] == ["v", "s"] and laid[0].item.link == laid[1].item.link != ""
    cut = edits.Append("e1", laid).apply(Cut("c", "C", RATE, 64, 48, (Track("v", "film"), Track("s", "sound"))))
    for edit in (edits.RippleTrim("e2", "one", "head", 7), edits.Split("e3", "one", 11), edits.OpenGap("e4", "v", 11, 5)):
        cut = edit.apply(cut)
    made = finish(cut, Places(library), tmp_path / "out.mov")
    shown = [read(one) for one in read_film(made.path)]
    at = shown.index(30)
    assert at == 30 - 7 + 5                 # trimmed by 7, moved by 5
    with av.open(str(made.path)) as file:
        heard = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in file.decode(audio=0)]) / 2.0**31
    assert abs(begins(heard) - at * 48_000 / 25) < 24           # within half a millisecond: its edges are soft


def test_takes_laid_together_keep_each_its_own_sound_in_sync(library, tmp_path):
    """The first has no sound, and the second's ends before its pictures do: the third's begins with its own pictures."""
    from engine.media import write_film

    write_film(tmp_path / "silent.mp4", [np.stack([burnt(number) for number in range(9)])], 64, 48, 25)
    takes = [done(library.import_file(path)) for path in (tmp_path / "silent.mp4", talkie(tmp_path / "a.mov", 60), talkie(tmp_path / "b.mov"))]
    cut = laying.begin("c", "C", takes)
    film, sound = (list(track.placed()) for track in cut.tracks if track.kind != "titles")
    assert [(one.start, one.stop) for one in film] == [(0, 9), (9, 59), (59, 109)]
    assert [(one.start, one.stop) for one in sound if isinstance(one.item, Clip)] == [(9, 24), (59, 109)]     # 60 of its 75 frames lie before its pictures
    assert [one.item.link for one in sound if isinstance(one.item, Clip)] == [one.item.link for one in film[1:]]
    assert not any(one.item.media.kind == "sound" for one in laying.lay(cut, "e", takes, sound=False).parts)
    with pytest.raises(BadRequest, match="one behind the other"):
        edits.Append("e", (edits.Part("film", film[0].item, -1),)).apply(cut)


def test_a_silent_take_and_a_picture_have_no_sound(library, tmp_path):
    from engine.media import write_film, write_picture

    write_film(tmp_path / "silent.mp4", [np.stack([burnt(number) for number in range(9)])], 64, 48, 16)
    write_film(tmp_path / "silent.gif", [np.stack([burnt(number) for number in range(9)])], 64, 48, 10)
    write_picture(tmp_path / "still.png", burnt(1))
    for name in ("silent.mp4", "silent.gif", "still.png"):
        take = done(library.import_file(tmp_path / name))
        assert sounds.sound_of(take) is None and len(sounds.parts(take, "one", RATE, "v", "s")) == 1


def test_a_file_is_copied_in_once_and_heard(library, tmp_path):
    path = wav(tmp_path / "My song: one.wav", click(96_000, 12_345))
    first, again = done(sounds.bring(library, path)), done(sounds.bring(library, path))
    assert first == again and first.hash == hashlib.sha256(path.read_bytes()).hexdigest() and (first.frames, first.rate) == (96_000, 48_000)
    assert [one.name for one in (library.folder / "sounds").iterdir()] == [f"{first.hash[:32]}.wav"]
    cut = edits.Append("e", (edits.Part("s", sounds.clip(first, "song", RATE, "My song")),)).apply(Cut("c", "C", RATE, 64, 48, (Track("s", "sound"),)))
    assert cut.length == 50 and begins(np.concatenate(list(mixed(cut, Places(library), 0, 50)))) == pytest.approx(12_345, abs=2)


@pytest.mark.parametrize("name, codec", [("a.flac", "flac"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.m4a", "aac"), ("a.aiff", "pcm_s16be")])
def test_files_of_every_kind_lie_where_they_should(library, tmp_path, name, codec):
    with av.open(str(tmp_path / name), "w") as file:
        stream = file.add_stream(codec, rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.round(click(96_000, 40_000) * 32767).astype(np.int16).reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    media = done(sounds.bring(library, tmp_path / name))
    assert abs(media.frames - 96_000) < 3000 and media.file.endswith(name[1:])
    clip = sounds.clip(media, "song", RATE)
    cut = Cut("c", "C", RATE, 64, 48, (Track("s", "sound", (clip,)),))
    lossy = 1200 if name == "a.mp3" else 30         # MP3 without its note on what the encoder put in front begins late
    assert begins(np.concatenate(list(mixed(cut, Places(library), 0, cut.length)))) == pytest.approx(40_000, abs=lossy)


def test_what_is_no_sound_is_a_sentence_and_leaves_nothing(library, tmp_path):
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(BadMedia, match="a.wav is text: no sound that can be read"):
        done(sounds.bring(library, tmp_path / "a.wav"))
    wav(tmp_path / "b.wav", click(96_000, 0))
    events = sounds.bring(library, tmp_path / "b.wav")
    next(events)
    events.close()
    assert not list((library.folder / "sounds").iterdir())
    media = done(sounds.bring(library, wav(tmp_path / "c.wav", click(1000, 0))))
    with pytest.raises(BadRequest, match="shorter than one frame"):
        sounds.clip(media, "x", RATE)


def test_a_waveform_has_the_lowest_and_the_highest_of_every_stretch(tmp_path):
    samples = np.stack([np.sin(np.arange(100_000) / 7) * np.linspace(0, 1, 100_000), np.zeros(100_000)], 1) * 0.9
    path = wav(tmp_path / "a.wav", samples)
    found = sounds.peaks(path, 100_000, 37)
    edges = np.arange(38) * 100_000 // 37
    truth = np.array([[samples[a:b].min(), samples[a:b].max()] for a, b in zip(edges, edges[1:])]) * 127
    assert found.shape == (37, 2) and np.abs(found - truth).max() <= 1.1 and (found[:, 0] <= truth[:, 0] + 0.1).all()
    assert sounds.peaks(path, 10, 20).shape == (20, 2)
    with pytest.raises(BadRequest, match="stretches"):
        sounds.peaks(path, 100_000, 0)


def test_sounds_travel_with_the_project_in_its_zip_and_its_copy(library, tmp_path):
    from engine.library.copying import copy

    done(library.import_file(talkie(tmp_path / "a.mov")))
    media = done(sounds.bring(library, wav(tmp_path / "song.wav", click(9000, 100))))
    (library.folder / "sounds/notes.txt").write_text("not ours")
    path = done(library.export(tmp_path / "films.zip"))
    other = Library(tmp_path / "other")
    done(other.open_zip(path))
    again = done(copy(library, tmp_path, "again"))
    for folder in (other.folder, again):
        assert (folder / media.file).read_bytes() == (library.folder / media.file).read_bytes() and not (folder / "sounds/notes.txt").exists()
    (library.folder / media.file).write_bytes(b"RIFF....WAVE no sound")
    with pytest.raises(BadMedia, match="which is not what its name says"):
        done(Library(tmp_path / "third").open_zip(done(library.export(tmp_path / "films.zip"))))
