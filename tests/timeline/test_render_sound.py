"""The sound of a cut: samples where the frames are, fades and levels by their formulas, in sync after any edit."""

from __future__ import annotations

import wave
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from burnt import cut, finish
from burnt import clip as film
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadMedia
from engine.timeline.cut import Clip, Cut, Gap, Media, Track, Transition
from engine.timeline.rendering import Places
from engine.timeline.rendering.sound import BLOCK, CEILING, RATE, Limiter, mixed, sample

LONG = 4                # seconds of every sound


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Sounds that say where one is: their samples rise as a line, or are a tone, or one click."""
    from burnt import project

    places = project(tmp_path_factory.mktemp("project"))
    for name, rate in (("line", 48_000), ("line44", 44_100)):
        write(places.library.folder / f"{name}.wav", rate, np.linspace(-0.5, 0.5, LONG * rate))
    write(places.library.folder / "loud.wav", 48_000, np.full(LONG * 48_000, 0.9))
    for rate in (48_000, 44_100):
        write(places.library.folder / f"tone{rate}.wav", rate, 0.5 * np.sin(2 * np.pi * 1000 * np.arange(LONG * rate) / rate))
    return places


def write(path, rate, left):
    """A WAV of 16 bits, its right side the left one turned over."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(np.round(np.stack([left, -left], 1) * 32767).astype("<i2").tobytes())


def samples(places, name) -> np.ndarray:
    """What is in a file, by Python's own reader."""
    with wave.open(str(places.library.folder / name)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(np.float32) / 32768


def sound(name: str, length: int, start=0, rate=48_000, **more) -> Clip:
    return Clip(more.pop("id", name), Media(LONG * rate, Fraction(rate), file=f"{name}.wav", kind="sound"), Fraction(start), length, **more)


def heard(cut: Cut, places: Places, start: int = 0, stop: int | None = None) -> np.ndarray:
    return np.concatenate(list(mixed(cut, places, start, cut.length if stop is None else stop)))


def track(*items, **more) -> Cut:
    return Cut("c", "C", Fraction(more.pop("rate", 16)), 64, 48, (Track("s", "sound", items, **more),))


def test_what_plays_as_it_came_is_copied_sample_by_sample(places):
    there = samples(places, "line.wav")
    made = heard(track(Gap(2), sound("line", 20, 3000), Gap(1), sound("line", 5, 90_000, id="z")), places)
    assert len(made) == 28 * 3000 > BLOCK
    assert not made[:6000].any() and np.array_equal(made[6000:66_000], there[3000:63_000])
    assert not made[66_000:69_000].any() and np.array_equal(made[69_000:], there[90_000:105_000])


def test_backwards_is_the_same_samples_in_reverse(places):
    made = heard(track(sound("line", 20, 100_000, speed=Fraction(-1))), places)
    assert np.array_equal(made, samples(places, "line.wav")[40_000:100_000][::-1])


@pytest.mark.parametrize("rate", [Fraction(16), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001)])
def test_frames_begin_at_the_sample_that_the_fraction_says_for_hours(rate):
    hours = round(5 * 3600 * rate)
    assert abs(Fraction(sample(hours, rate)) - Fraction(hours) * RATE / rate) <= Fraction(1, 2)
    assert sample(hours + 1, rate) - sample(hours, rate) in (int(RATE / rate), int(RATE / rate) + 1)


@pytest.mark.parametrize("of, speed", [(44_100, 1), (48_000, 2), (48_000, Fraction(1, 2)), (48_000, Fraction(3, 7)), (44_100, Fraction(-3, 2)), (48_000, -2)])
def test_another_rate_or_speed_lies_where_the_formula_says(places, of, speed):
    """A line stays a line: its value is the place in the media. And a tone stays clean."""
    speed = Fraction(speed)
    begin = LONG * of - 1000 if speed < 0 else 1000
    name = "line" if of == 48_000 else "line44"
    made = heard(track(Gap(1), sound(name, 8, begin, of, speed=speed)), places)[3000:, 0]
    at = begin + (np.arange(len(made)) + 0.5) * float(speed * of / RATE) - 0.5
    expected = (np.round(np.interp(at, np.arange(LONG * of), np.linspace(-0.5, 0.5, LONG * of)) * 32767)) / 32768
    assert np.abs(made - expected)[50:-50].max() < 6e-5
    if abs(speed) == 1:
        tone = heard(track(sound(f"tone{of}", 8, 0, of)), places)[200:-200, 0]
        truth = 0.5 * np.sin(2 * np.pi * 1000 * ((np.arange(len(tone)) + 200.5) / RATE - 0.5 / of))
        assert np.abs(tone - truth).max() < 2e-4


def test_levels_mutes_and_fades_follow_their_formulas(places):
    there = samples(places, "line.wav")
    quiet = heard(track(sound("line", 10, 0, level=-6.0), level=-6.0), places)
    assert np.allclose(quiet, there[:30_000] * 10 ** (-12 / 20), atol=1e-6)
    assert not heard(track(sound("line", 10, 0, mute=True)), places).any() and not heard(track(sound("line", 10, 0), mute=True), places).any()
    faded = heard(track(sound("loud", 10, 0, fade_in=4, fade_out=2)), places)[:, 0] / samples(places, "loud.wav")[0, 0]
    assert faded[0] < 1e-4 and faded[6000] == pytest.approx(0.5, abs=1e-3) and faded[15_000] == pytest.approx(1) and faded[27_000] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(faded[:12_000]) > 0).all() and faded[-1] < 1e-4


def test_a_cross_fade_keeps_the_power_and_a_dip_is_silent_at_the_cut(places):
    a, b = sound("line", 10, 0), sound("tone48000", 10, 30_000, id="z")
    made = heard(track(a, Transition("x", 2, 3), b), places)
    line, tone = samples(places, "line.wav"), samples(places, "tone48000.wav")
    at = np.arange(8 * 3000, 13 * 3000)
    share = (at + 0.5 - 24_000) / 15_000
    expected = line[at] * np.cos(share * np.pi / 2)[:, None] + tone[at] * np.sin(share * np.pi / 2)[:, None]
    assert np.allclose(made[at], expected, atol=1e-5)
    assert np.array_equal(made[:24_000], line[:24_000]) and np.array_equal(made[39_000:], tone[39_000:60_000])
    dipped = heard(track(a, Transition("x", 2, 3, "dip"), b), places)
    assert np.abs(dipped[29_990:30_010]).max() < 1e-3 and np.array_equal(dipped[:24_000], line[:24_000])


def test_tracks_are_added_and_a_stretch_is_the_same_as_in_the_whole(places):
    both = Cut("c", "C", Fraction(30000, 1001), 64, 48, (Track("s", "sound", (sound("line", 90, 100),)), Track("r", "sound", (Gap(7), sound("tone44100", 60, 9, 44_100)))))
    alone = [heard(replace(both, tracks=(one,)), places, 0, 90) for one in both.tracks]
    whole = heard(both, places)
    short = np.zeros_like(whole)
    short[: len(alone[1])] = alone[1][: len(whole)]
    assert np.allclose(whole, alone[0] + short, atol=1e-6)
    part = heard(both, places, 20, 50)
    assert np.allclose(part, whole[sample(20, both.rate) : sample(50, both.rate)], atol=1e-6)


def test_what_is_too_loud_is_turned_down_and_said(places):
    limiter = Limiter()
    calm, loud = np.full((4000, 2), 0.5, np.float32), np.full((3000, 2), 1.8, np.float32)
    given_in = np.concatenate([calm, loud, np.full((60_000, 2), 0.5, np.float32)])
    out = np.concatenate([limiter.take(part) for part in np.array_split(given_in, 13)] + [limiter.rest()])
    assert len(out) == len(given_in) and np.abs(out).max() <= CEILING + 1e-6
    assert np.array_equal(out[:3600], given_in[:3600]) and np.array_equal(out[-5000:], given_in[-5000:])
    assert np.abs(np.diff(out[:, 0])).max() < 0.9          # it has no click of its own beside the step that was there
    made = track(sound("line", 16))
    assert limiter.note(made, 0) == "The sound is 5.1 dB louder than a file holds, from 00:00:00:01 on; it was turned down there."
    assert not Limiter().note(made, 0)
    calm_one = Limiter()
    assert np.array_equal(np.concatenate([calm_one.take(calm), calm_one.rest()]), calm) and not calm_one.note(made, 0)


@pytest.mark.parametrize("name, codec, exact", [("o.mp4", "aac", False), ("o.mov", "pcm_s24le", True), ("o.webm", "opus", False), ("folder", "", True)])
def test_sound_is_in_the_file_and_in_sync(places, tmp_path, name, codec, exact):
    """A cut of film with a tone over its second half: it begins in the file where it begins on the cut."""
    made = finish(cut(film("a", 32), tracks=(Track("s", "sound", (Gap(16), sound("tone48000", 16, 0))),)), places, tmp_path / name)
    assert made.sound
    path = made.path / "sound.wav" if name == "folder" else made.path
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        assert stream.codec_context.sample_rate == RATE and stream.codec_context.channels == 2 and (not codec or stream.codec_context.name == codec)
        resampler = av.AudioResampler("flt", "stereo", RATE)
        frames = list(file.decode(audio=0))
        first = round(float(frames[0].pts * frames[0].time_base) * RATE)
        there = np.concatenate([one.to_ndarray().reshape(-1, 2) for frame in frames for one in resampler.resample(frame)])
    there = np.concatenate([np.zeros((max(first, 0), 2), np.float32), there[max(-first, 0) :]])[:96_000]
    truth = np.concatenate([np.zeros((48_000, 2), np.float32), samples(places, "tone48000.wav")[:48_000]])
    if exact:
        assert np.abs(there - truth).max() < 4e-5 and len(there) == 96_000
    else:
        assert np.abs(there[:47_000]).max() < 0.02
        lag = np.argmax([float((there[60_000 + by : 70_000 + by, 0] * truth[60_000:70_000, 0]).sum()) for by in range(-20, 21)]) - 20
        assert lag == 0 and np.abs(there[55_000:90_000] - truth[55_000:90_000]).max() < 0.05


def test_sound_is_there_when_asked_and_not_when_not(places, tmp_path):
    silent, loud = cut(film("a", 4)), cut(film("a", 4), tracks=(Track("s", "sound", (sound("loud", 4),)),))
    for made, asked, tracks in ((silent, None, 1), (silent, True, 2), (loud, None, 2), (loud, False, 1)):
        path = finish(made, places, tmp_path / "o.mp4", sound=asked).path
        with av.open(str(path)) as file:
            assert len(file.streams) == tracks
    twice = replace(loud, tracks=(*loud.tracks, replace(loud.tracks[1], id="s2", items=(sound("loud", 4, id="y"),))))
    assert "5.1 dB louder than a file holds, from 00:00:00:00 on" in finish(twice, places, tmp_path / "o.mp4").notes[0]
    assert finish(loud, places, tmp_path / "o.gif").notes[0] == "GIF: the sound of the cut is not in it."


def test_sound_that_is_missing_is_a_sentence_with_its_place(places, tmp_path):
    gone = replace(sound("line", 4, id="g"), name="Song", media=Media(9000, Fraction(48_000), file="a.mp4", kind="sound"))
    with pytest.raises(BadMedia, match="The clip 'Song' at 00:00:00:02 cannot be heard: a.mp4 has no sound in it"):
        finish(cut(film("a", 4), tracks=(Track("s", "sound", (Gap(2), gone)),)), places, tmp_path / "o.mp4")
    assert not list(tmp_path.iterdir())


@settings(max_examples=15)
@given(st.data())
def test_any_row_of_clips_is_what_its_clips_are(places, data):
    """Random rows at random rates; every clip that plays as it came is found in the mix, sample by sample."""
    rate = data.draw(st.sampled_from([Fraction(16), Fraction(24), Fraction(30000, 1001)]))
    there, items, at, expected = samples(places, "line.wav"), [], 0, []
    for index in range(data.draw(st.integers(1, 6))):
        if data.draw(st.booleans()) and items and not isinstance(items[-1], Gap):
            items.append(Gap(gap := data.draw(st.integers(1, 9))))
            at += gap
        length, start = data.draw(st.integers(1, 12)), data.draw(st.integers(0, 90_000))
        items.append(sound("line", length, start, id=f"c{index}"))
        expected.append((at, length, start))
        at += length
    made = heard(track(*items, rate=rate), places)
    silence = np.ones(len(made), bool)
    for at, length, start in expected:
        low, high = sample(at, rate), sample(at + length, rate)
        # The clip begins at a fraction of a sample; the nearest is taken, once for the whole clip.
        offset = round(start - at * RATE / rate)
        assert np.array_equal(made[low:high], there[low + offset : high + offset])
        silence[low:high] = False
    assert not made[silence].any()
