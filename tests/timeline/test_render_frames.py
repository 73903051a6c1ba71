"""Every frame of a rendered cut shows the picture that the cut says: each picture of the films says its number."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from burnt import HEIGHT, WIDTH, burnt, clip, cut, finish, number, project, read, seen
from cuts import some_edit
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import BadRequest
from engine.media import read_film
from engine.timeline.cut import Clip, Gap, Media, Style, Title, Track, Transition
from engine.timeline.rendering.frames import _Row, frames, spans


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return project(tmp_path_factory.mktemp("project"))


def said(one: Clip, rate) -> list[int]:
    """What a clip's frames must say, by the model alone."""
    return [number(one.media.file[0], one.picture(index, Fraction(rate))) for index in range(one.length)]


@pytest.mark.parametrize("made, rate", [
    (clip("a", 12, 7), 16), (clip("b", 12, 7), 24), (clip("c", 30), 25), (clip("d", 40, 5), Fraction(30000, 1001)),
    (clip("b", 20, 3), 16), (clip("a", 30), Fraction(30000, 1001)),
    (clip("a", 20, 3, speed=Fraction(2)), 16), (clip("a", 20, 3, speed=Fraction(1, 2)), 16), (clip("b", 9, Fraction(31, 2), speed=Fraction(3, 7)), 24),
    (clip("a", 30, 45, speed=Fraction(-1)), 16), (clip("c", 20, 50, speed=Fraction(-3, 2)), 25), (clip("d", 7, 20, speed=Fraction(0)), 24),
])  # fmt: skip
def test_a_frame_shows_the_picture_that_the_clip_says(places, made, rate):
    assert seen(cut(made, rate=rate), places) == said(made, rate)


def test_pictures_that_nothing_is_done_to_are_the_decoded_ones_bit_for_bit(places):
    decoded = list(read_film(places.library.folder / "a.mp4"))
    shown = list(frames(cut(clip("a", 10, 20), Gap(2), clip("a", 5, 45, id="z")), places, range(17), (WIDTH, HEIGHT)))
    assert all(np.array_equal(one, there) for one, there in zip(shown, decoded[20:30] + [np.zeros_like(decoded[0])] * 2 + decoded[45:50]))


def test_gaps_show_what_lies_beneath_and_then_black(places):
    above = Track("v2", "film", (Gap(2), clip("b", 2, 8, id="y"), Gap(2), clip("c", 1, 9, id="x")))
    low = cut(clip("a", 5), rate=16, tracks=(above,))
    expected = said(clip("a", 5), 16)[:2] + said(clip("b", 2, 8), 16) + said(clip("a", 5), 16)[4:] + [None] + said(clip("c", 1, 9), 16)
    assert seen(low, places) == expected
    assert seen(replace(low, tracks=(low.tracks[0], replace(above, mute=True))), places) == said(clip("a", 5), 16) + [None] * 2
    muted = replace(above, items=(Gap(2), replace(above.items[1], mute=True)))
    assert seen(replace(low, tracks=(low.tracks[0], muted)), places) == said(clip("a", 5), 16)


def test_a_cross_fade_shows_the_handles_of_both_and_a_dip_shows_none(places):
    a, b = clip("a", 10, 5), clip("b", 10, 10, id="z")
    crossing = cut(a, Transition("x", 2, 4), b)
    low, high = (list(read_film(places.library.folder / name)) for name in ("a.mp4", "b.mp4"))
    shown = list(frames(crossing, places, range(20), (WIDTH, HEIGHT)))
    for frame in range(20):
        share = min(max((frame - 8 + 0.5) / 6, 0), 1) if 8 <= frame < 14 else float(frame >= 10)
        expected = low[a.picture(frame, Fraction(16))] * (1 - share) + high[b.picture(frame - 10, Fraction(16))].astype(float) * share
        assert np.abs(shown[frame] - expected).max() < 1e-3, frame
    dipped = list(frames(cut(a, Transition("x", 2, 4, "dip", "#ff8000"), b), places, range(20), (WIDTH, HEIGHT)))
    orange = np.array([255, 128, 0])
    for frame, share in ((7, 0), (8, 0.25), (9, 0.75), (10, 0.875), (13, 0.125), (14, 0)):
        picture = low[5 + frame] if frame < 10 else high[b.picture(frame - 10, Fraction(16))]
        assert np.abs(dipped[frame] - (picture * (1 - share) + orange * share)).max() < 1e-3, frame


def test_fades_come_from_what_lies_beneath(places):
    above = Track("v2", "film", (clip("b", 6, 8, id="y", fade_in=2, fade_out=1),))
    shown = list(frames(cut(clip("a", 6), tracks=(above,)), places, range(6), (WIDTH, HEIGHT)))
    low, high = (list(read_film(places.library.folder / name)) for name in ("a.mp4", "b.mp4"))
    for frame, share in enumerate((0.25, 0.75, 1, 1, 1, 0.5)):
        expected = low[frame] * (1 - share) + high[above.items[0].picture(frame, Fraction(16))] * share
        assert np.abs(shown[frame] - expected).max() < 1e-3, frame


@pytest.mark.parametrize("fit, size, rows, columns", [
    ("letterbox", (64, 96), (24, 72), (0, 64)), ("letterbox", (128, 48), (0, 48), (32, 96)), ("crop", (64, 96), (0, 96), (0, 64)),
])  # fmt: skip
def test_pictures_of_another_shape_are_fitted(places, fit, size, rows, columns):
    shown = next(frames(cut(clip("a", 1)), places, [0], size, fit))
    there = shown.max(-1) > 20
    assert shown.shape == (size[1], size[0], 3)
    assert (np.flatnonzero(there.any(1))[[0, -1]] + (0, 1)).tolist() == list(rows)
    assert (np.flatnonzero(there.any(0))[[0, -1]] + (0, 1)).tolist() == list(columns)


def test_stills_stand_and_bars_show_what_lies_beneath(places):
    Image.fromarray(burnt(77, 64, 24)).save(places.library.folder / "still.png")
    still = Clip("s", Media(1, Fraction(1), file="still.png", kind="picture", width=64, height=24), Fraction(0), 3)
    shown = list(frames(cut(clip("a", 3), tracks=(Track("v2", "film", (still,)),)), places, range(3), (WIDTH, HEIGHT)))
    assert [read(one[12:36]) for one in shown] == [77] * 3
    assert [read(np.concatenate([one[:12], one[36:]])) for one in shown] == said(clip("a", 3), 16)


def test_titles_lie_over_the_film_where_they_stand(places, tmp_path):
    titles = Track("t", "titles", (Gap(1), Title("t1", "Il", 2, Style("top", 20, "#00ff00")), Title("t2", "第", 1, Style("bottom", 25, "#0000ff", "#ff0000"))))
    finish(cut(clip("a", 4), tracks=(titles,)), places, tmp_path / "out")
    shown = [np.asarray(Image.open(tmp_path / f"out/frame_{at:06}.png")).astype(int) for at in range(4)]
    green, red = ([(one[..., 1] - one[..., 0] > 100) for one in shown], [(one[..., 0] - one[..., 1] > 100) for one in shown])
    assert [bool(one[:24].any()) for one in green] == [False, True, True, False] and not any(one[24:].any() for one in green)
    assert [bool(one[24:].any()) for one in red] == [False, False, False, True]


def test_a_cut_of_many_clips_opens_few_files_at_once(places):
    many = cut(*(clip("abcd"[at % 4], 2, at % 20, id=f"c{at}") for at in range(40)))
    row = _Row(many, many.tracks[0], places, (WIDTH, HEIGHT), "letterbox", {})
    most = 0
    for frame in range(many.length):
        row.over(None, frame)
        most = max(most, len(row.open))
    row.close()
    assert most == 1


@settings(max_examples=12)
@given(st.data())
def test_after_any_edits_every_rendered_frame_shows_the_picture_that_the_cut_says(places, data):
    """Random edits of a cut with two film tracks; each frame is asked of the model alone, and read from the picture."""
    rate = data.draw(st.sampled_from([Fraction(16), Fraction(24), Fraction(30000, 1001)]))
    made = cut(clip("a", 12, 10), clip("b", 9, 20), Gap(3), clip("c", 10, 15), rate=rate, tracks=(Track("v2", "film", (Gap(14), clip("d", 8, 20))),))
    for step in range(data.draw(st.integers(1, 6))):
        try:
            after = some_edit(data.draw, made, f"e{step}").apply(made)
        except BadRequest:
            continue
        if all(item.media.file[1:2] == "." for track in after.tracks for item in track.items if isinstance(item, Clip)):
            made = after        # edits that bring film of their own bring film that is not there
    if not made.length:
        return
    shown = seen(made, places, size=(WIDTH, HEIGHT))
    for frame, there in enumerate(shown):
        expected = None
        for track in (one for one in made.tracks if one.kind == "film" and not one.mute):
            for span in spans(track):
                if span.start <= frame < span.stop and not span.clip.mute:
                    index = frame - span.begin
                    mixing = span.by is not None or index < span.clip.fade_in or span.clip.length - 1 - index < span.clip.fade_out
                    expected = "mixed" if mixing else number(span.clip.media.file[0], span.clip.picture(index, rate))
        assert expected == "mixed" or there == expected, (frame, made.to_json())
