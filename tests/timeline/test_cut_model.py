"""The cut as a value: which picture is shown when, handles, one text for one cut, and what no cut can be."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from engine.errors import BadRequest
from engine.timeline import plain
from engine.timeline.cut import ENDLESS, Clip, Cut, Gap, Marker, Media, Style, Title, Track, Transition

FILM = Media(33, Fraction(16), take="boat", width=256, height=144)
SOUND = Media(99_000, Fraction(48_000), take="boat", kind="sound")


def clip(start=0, length=10, speed=1, media=FILM, **more) -> Clip:
    return Clip(more.pop("id", "a"), media, Fraction(start), length, Fraction(speed), **more)


def cut(*items, kind="film", rate=16, **more) -> Cut:
    return Cut("cut", "One", Fraction(rate), 256, 144, (Track("v1", kind, items),), **more)


@pytest.mark.parametrize("made, rate, shown", [
    (clip(3, 4), 16, [3, 4, 5, 6]),
    (clip(0, 5), 24, [0, 0, 1, 2, 2]),
    (clip(0, 5, 2), 16, [0, 2, 4, 6, 8]),
    (clip(0, 6, Fraction(1, 2)), 16, [0, 0, 1, 1, 2, 2]),
    (clip(33, 4, -1), 16, [32, 31, 30, 29]),
    (clip(33, 5, Fraction(-1, 2)), 16, [32, 32, 31, 31, 30]),       # the mirror of forwards, picture by picture
    (clip(7, 3, 0), 16, [7, 7, 7]),
    (clip(0, 3, media=Media(1, Fraction(1), file="inputs/a.png", kind="picture")), 24, [0, 0, 0]),
])  # fmt: skip
def test_every_frame_shows_the_picture_that_lies_there_when_it_begins(made, rate, shown):
    assert [made.picture(index, Fraction(rate)) for index in range(made.length)] == shown


def test_backwards_shows_the_same_pictures_as_forwards_in_reverse():
    for rate in (16, 24, Fraction(24000, 1001)):
        forward = clip(5, 12, Fraction(2, 3))
        backward = replace(forward, start=forward.edge(12, Fraction(rate)), speed=-forward.speed)
        covered = [one.source(Fraction(rate)) for one in (forward, backward)]
        assert covered[0] == covered[1]


def test_handles_are_what_lies_beyond_its_ends_in_frames_of_the_cut():
    rate = Fraction(16)
    assert (clip(3, 10).head(rate), clip(3, 10).tail(rate), clip(3, 10).most(rate)) == (3, 20, 33)
    assert (clip(13, 10, -1).head(rate), clip(13, 10, -1).tail(rate)) == (20, 3)
    assert (clip(4, 10, 2).head(rate), clip(4, 10, 2).tail(rate)) == (2, 4)
    assert (clip(7, 3, 0).head(rate), clip(7, 3, 0).tail(rate)) == (ENDLESS, ENDLESS)
    assert clip(0, 10).most(Fraction(24)) == 49         # 33 pictures at 16 are 49 and a half frames at 24
    assert clip(0, 10, media=SOUND).tail(Fraction(24000, 1001)) == 39


def test_a_cut_has_one_text_and_comes_back_from_it():
    whole = cut(clip(), Gap(3), Title("t", "The end", 5, Style(size=12)), markers=(Marker("m", 4, note="seed 7"),), rate=Fraction(24000, 1001))
    text = plain.write(whole)
    assert plain.read(Cut, text) == whole and plain.write(plain.read(Cut, text)) == text
    assert '"rate":"24000/1001"' in text and '"speed"' not in text       # what stands at its default takes no room
    assert plain.write(replace(whole.tracks[0], level=3)) == plain.write(replace(whole.tracks[0], level=3.0))


@pytest.mark.parametrize("broken, said", [
    (cut(clip(length=0)), "'a' would be 0 frames long"),
    (cut(clip(length=34)), "1 frame past its end: its media has 33 frames"),
    (cut(clip(30, 4)), "1 frame past its end"),
    (cut(clip(-1, 4)), "1 frame past its beginning"),
    (cut(clip(speed=1000)), "hundredth"),
    (cut(clip(media=SOUND)), "is sound"),
    (cut(clip(), kind="sound"), "is film"),
    (cut(clip(), Gap(2)), "ends in a gap"),
    (cut(Gap(2), Gap(2), clip()), "one"),
    (cut(clip(), clip()), "the id 'a' is there already"),
    (cut(clip(), rate=0), "frames per second"),
    (cut(clip(fade_in=6, fade_out=5)), "do not fit"),
    (cut(clip(), Transition("x", 2, 2)), "between two clips"),
    (cut(clip(0, 10), Transition("x", 2, 2), clip(0, 10, id="b")), "needs 2 frames before the clip 'b', and its media has 0"),
    (cut(clip(0, 33), Transition("x", 2, 2), clip(5, 10, id="b")), "needs 2 frames after the clip 'a', and its media has 0"),
    (cut(clip(5, 3), Transition("x", 4, 0), clip(5, 10, id="b")), "3 frames long"),
    (cut(clip(media=replace(FILM, take="", file="../../etc/passwd"))), "inside the project's folder"),
    (cut(clip(media=replace(FILM, file="a.mp4"))), "one of the two"),
    (cut(Title("t", "  ", 4), kind="titles"), "1 to 5,000 characters"),
    (cut(clip(), markers=(Marker("m", 5), Marker("n", 3))), "order"),
    (cut(clip(id="../x")), "small letters"),
    (replace(cut(clip()), format=2), "newer"),
])  # fmt: skip
def test_what_no_cut_can_be_is_refused_with_a_sentence(broken, said):
    with pytest.raises(BadRequest, match="(?i)" + said.replace("(", r"\(")) as caught:
        Cut.from_json(broken.to_json())
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("text", [
    "", "[]", "{", '{"id":"c"}', "[" * 10_000, '{"id":"c","name":"n","rate":"1/0","width":1,"height":1}',
    '{"id":"c","name":"n","rate":"16","width":true,"height":1}', '{"id":"c","name":"n","rate":"16","width":1e999,"height":1}',
    '{"id":"c","name":"n","rate":"16","width":1,"height":1,"extra":1}', '{"id":"c","name":"n","rate":"16","width":1,"height":1,"tracks":[{"id":"t","kind":"film","items":[{"is":"cut"}]}]}',
])  # fmt: skip
def test_text_that_is_no_cut_is_refused_with_a_sentence(text):
    with pytest.raises(BadRequest, match="^The file") as caught:
        Cut.from_json(text, "The file")
    assert str(caught.value).endswith(".")


def test_seconds_become_the_nearest_frame_and_ties_go_to_the_even_one():
    half = Fraction(1, 32)
    assert [cut().frame(half * odd) for odd in (1, 3, 5, 7)] == [0, 2, 2, 4]
    assert cut(rate=Fraction(24000, 1001)).seconds(24000) == 1001
