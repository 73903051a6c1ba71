"""Any picture of a film by its number, any stretch of its sound by its samples: the same as reading it all from the beginning."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from engine.errors import BadMedia
from engine.media import read_film
from engine.media.hearing import probe_sound, read_sound
from engine.media.reaching import Film

PICTURES = 40


def film(path, rate, offset=0, codec="libx264", sound=0, **options):
    """40 pictures, each of its own grey, in groups of 12 with pictures between that need later ones."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, options={"bf": "3", "g": "12", **options} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        heard = file.add_stream("pcm_s16le" if path.suffix != ".mp4" else "aac", rate=sound, layout="stereo") if sound else None
        for number in range(PICTURES):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 6 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + offset, 1 / Fraction(rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if heard:
            frame = av.AudioFrame.from_ndarray((wave(sound * 2, sound) * 32767).astype(np.int16).reshape(1, -1), "s16", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = sound, 0, Fraction(1, sound)
            file.mux(heard.encode(frame))
            file.mux(heard.encode(None))
    return path


def wave(count, rate):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(count) / rate)
    return np.stack([tone, -tone], 1).astype(np.float32)


@pytest.mark.parametrize("name, rate, offset, codec", [
    ("a.mp4", 16, 0, "libx264"), ("b.mp4", Fraction(30000, 1001), 7, "libx264"), ("c.mkv", 25, 3, "libx264"), ("d.avi", 24, 0, "mpeg4"), ("e.ts", 25, 5, "libx264"),
])  # fmt: skip
def test_a_picture_by_its_number_is_the_one_that_reading_it_all_gives(tmp_path, name, rate, offset, codec):
    path = film(tmp_path / name, rate, offset, codec)
    every = list(read_film(path))
    reached = Film(path)
    assert len(every) == PICTURES
    for numbers in ([30], [5, 6, 7], [12, 13, 24, 25, 36], range(0, 40, 3), [39, 38, 37, 20, 5, 0], range(39, -1, -1)):
        found = list(reached.pictures(numbers))
        assert [int(np.flatnonzero([np.array_equal(one, there) for there in every])[0]) for one in found] == list(numbers)


def test_what_lies_behind_the_last_picture_that_can_be_read_is_that_picture(tmp_path):
    path = film(tmp_path / "a.mkv", 16)
    whole = list(read_film(path))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.7)])
    left = list(read_film(path))
    assert 12 < len(left) < PICTURES
    found = list(Film(path).pictures(range(PICTURES)))
    assert len(found) == PICTURES and np.array_equal(found[-1], left[-1])
    before = len(left) - 4          # those just before the break lack the ones they were made from
    assert all(np.array_equal(one, whole[at]) for at, one in enumerate(found[:before]))


@pytest.mark.parametrize("name, rate", [("a.mov", 48_000), ("b.mkv", 44_100), ("c.mp4", 44_100)])
def test_a_stretch_of_sound_is_the_same_samples_as_in_the_whole(tmp_path, name, rate):
    path = film(tmp_path / name, 16, sound=rate)
    said = probe_sound(path)
    assert said.rate == rate and abs(said.samples - 2 * rate) < 0.03 * rate
    whole = np.concatenate(list(read_sound(path, 0, 2 * rate)))
    part = np.concatenate(list(read_sound(path, 50_000, 60_123)))
    assert np.allclose(part, whole[50_000:60_123], atol=1e-4 if name.endswith("mp4") else 0)      # AAC fills in noise of its own
    assert np.abs(whole[1000:-2000] - wave(2 * rate, rate)[1000:-2000]).max() < (0.05 if name.endswith("mp4") else 1e-3)


def test_sound_begins_where_the_pictures_do(tmp_path):
    """The pictures come 8 frames late, half a second: what is heard before is left out."""
    path = film(tmp_path / "a.mov", 16, 8, sound=48_000)
    heard = np.concatenate(list(read_sound(path, 0, 1000)))
    assert np.abs(heard - wave(48_000, 48_000)[24_000:25_000]).max() < 1e-3
    assert np.concatenate(list(read_sound(path, 71_000, 73_000)))[1000:].max() == 0      # behind its end there is silence


def test_no_sound_is_said(tmp_path):
    silent = film(tmp_path / "a.mp4", 16)
    assert probe_sound(silent) is None
    with pytest.raises(BadMedia, match="a.mp4 has no sound in it"):
        list(read_sound(silent, 0, 10))
    (tmp_path / "b.wav").write_text("no sound at all")
    with pytest.raises(BadMedia, match="b.wav is text: no sound that can be read"):
        probe_sound(tmp_path / "b.wav")


def test_a_film_that_was_replaced_is_looked_at_anew(tmp_path):
    """Where its pictures lie is remembered for as long as it is the same file."""
    path = film(tmp_path / "a.mp4", 16)
    assert [round(picture.mean() / 6) for picture in Film(path).pictures([5, 30])] == [5, 30]
    film(tmp_path / "b.mkv", 25, offset=9).replace(path)
    assert [round(picture.mean() / 6) for picture in Film(path).pictures([5, 30])] == [5, 30]
    path.unlink()
    with pytest.raises(BadMedia):
        next(Film(path).pictures([5]))
