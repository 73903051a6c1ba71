"""OpenTimelineIO there and back: ours exactly, what others changed, what others wrote, and what is broken."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

otio = pytest.importorskip("opentimelineio")        # no build for the newest Python

from cuts import clip, film, media, rows, some_edit  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from engine.errors import BadMedia, BadRequest  # noqa: E402
from engine.timeline import edits  # noqa: E402
from engine.timeline.cut import Clip, Gap, Marker, Media, Style, Title, Transition  # noqa: E402
from engine.timeline.materials import exact  # noqa: E402
from engine.timeline.otio import read, timeline, write  # noqa: E402

NTSC = Fraction(24000, 1001)


def rich(rate=NTSC):
    """A cut with something of everything."""
    cut = rows(rate, v1="aaaaaabbbb..cccccc", v2="", t1="..tttt", s1="AAAAAABBBB")
    for edit in (
        edits.AddTransition("e1", "a", Transition("x", 2, 3)), edits.AddTransition("e2", "as", Transition("y", 1, 1)), edits.Speed("e3", "c", Fraction(-3, 7)),
        edits.Append("e4", (edits.Part("v1", clip("h", 9, speed=Fraction(0), name="Held")), edits.Part("v1", clip("p", 5, 0, media=Media(1, Fraction(1), file="inputs/ä b.png", kind="picture"))))),
        edits.AddTransition("e5", "h", Transition("z", 3, 2, "dip", "#ff0000")), edits.SetTitle("e6", "t", "Two\nlines", Style("top", 12, "#ffcc00")), edits.Fade("e7", "t", 1, 2),
        edits.Slip("e12", "b", 1), edits.Level("e8", "bs", -4.5), edits.Mute("e9", ("bs",)), edits.AddMarker("e10", Marker("m", 4, 3, "note", "a red boat, seed 7", "red")),
        edits.SetTrack("e11", "s1", "Dialogue", level=-2.0, locked=True, sync=False),
    ):  # fmt: skip
        cut = edit.apply(cut)
    return cut


@pytest.mark.parametrize("rate", [16, 24, NTSC, 25, Fraction(30000, 1001), Fraction(60000, 1001)])
def test_a_cut_comes_back_to_the_same_bytes(rate):
    cut = rich(rate)
    back, notes = read(write(cut))
    assert back.to_json() == cut.to_json() and notes == ()


@given(st.data())
def test_any_cut_comes_back_to_the_same_bytes(data):
    cut = rows(data.draw(st.sampled_from([Fraction(16), NTSC])), v1="aaaaaabbbb..cccccc", t1="..tttt", s1="AAAAAABBBB")
    for number in range(data.draw(st.integers(1, 8))):
        try:
            cut = some_edit(data.draw, cut, f"e{number}").apply(cut)
        except BadRequest:
            continue
    back, notes = read(write(cut).encode())
    assert back.to_json() == cut.to_json() and notes == ()


def test_others_read_the_same_places_lengths_and_handles_clip_by_clip():
    """With OpenTimelineIO's own arithmetic, from the text alone."""
    cut = rich()
    there = otio.adapters.read_from_string(write(cut), "otio_json")
    assert [track.kind for track in there.tracks] == ["Video", "Video", "Video", "Audio"]
    for track, row in zip(cut.tracks, there.tracks):
        for placed, child in zip(track.placed(), row):
            if isinstance(placed.item, Transition):
                assert (child.in_offset.value, child.out_offset.value) == (placed.item.in_offset, placed.item.out_offset)
                continue
            span = child.trimmed_range_in_parent() if not isinstance(placed.item, Gap) else child.range_in_parent()
            assert span.start_time.to_seconds() == pytest.approx(float(cut.seconds(placed.start)))
            assert span.duration.to_seconds() == pytest.approx(float(cut.seconds(placed.stop - placed.start)))
            if isinstance(placed.item, Clip) and placed.item.media.kind == "film":
                whole, used = child.media_reference.available_range, child.source_range
                assert (whole.start_time.value, whole.duration.value, whole.duration.rate) == (0, placed.item.media.frames, float(placed.item.media.rate))
                assert used.start_time.value == pytest.approx(float(placed.item.source(cut.rate)[0]))
    clips = list(there.find_clips())
    assert {one.media_reference.target_url for one in clips if one.name == "takea"} == {"media/takea.mp4"}
    assert next(one for one in clips if one.name == "p" or "b" in one.name and one.name.startswith("ä")).media_reference.target_url == "inputs/%C3%A4%20b.png"
    warp = next(one for one in clips if one.metadata["cineloom"]["id"] == "c").effects[0]
    assert isinstance(warp, otio.schema.LinearTimeWarp) and warp.time_scalar == pytest.approx(-3 / 7)
    marker = there.tracks.markers[0]
    assert (marker.color, marker.marked_range.start_time.value, marker.marked_range.duration.value) == ("RED", 4, 3)


def test_what_another_program_did_to_our_file_counts():
    cut = film("aaaabbbb")
    there = timeline(cut)
    first, second = there.tracks[0]
    first.source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(22, 16), otio.opentime.RationalTime(3, 16))
    there.tracks[0].append(second.deepcopy())
    second.name = "moved"
    second.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    there.tracks[0].insert(0, otio.schema.Gap(source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(1, 8))))
    back, _ = read(otio.adapters.write_to_string(there, "otio_json"))
    gap, a, b, again = back.tracks[0].items
    assert (gap, a.start, a.length, a.id) == (Gap(2), 22, 3, "a")
    assert (b.id, b.speed, b.length, b.media) == ("b", 2, 4, cut.tracks[0].items[1].media)
    assert again.id != "b" and again.media == b.media       # the same clip twice has two ids


def foreign(*children, rate=23.976, kind="Video") -> str:
    made = otio.schema.Timeline("Theirs")
    row = otio.schema.Track("V1", kind=kind)
    row.extend(children)
    made.tracks.append(row)
    return otio.adapters.write_to_string(made, "otio_json")


def theirs(name: str, start: float, length: float, url: str = "", whole: float = 0, rate=23.976, **more):
    span = otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(length, rate))
    reference = otio.schema.ExternalReference(url, otio.opentime.TimeRange(otio.opentime.RationalTime(86400, rate), otio.opentime.RationalTime(whole, rate)) if whole else None)
    return otio.schema.Clip(name, reference if url else otio.schema.MissingReference(), span, **more)


def test_a_cut_of_another_program_comes_in():
    text = foreign(theirs("one", 86410, 48, "file:" + "///Volumes/Disk/A001%20one.mov", 200), otio.schema.Transition(transition_type="SMPTE_Dissolve", in_offset=otio.opentime.RationalTime(6, 23.976), out_offset=otio.opentime.RationalTime(6, 23.976)),
                   theirs("two", 86420, 24, "/Volumes/Disk/two.mov", 100), otio.schema.Gap(source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(10, 23.976))),
                   theirs("three", 0, 12))  # fmt: skip
    cut, notes = read(text)
    assert cut.rate == NTSC and (cut.width, cut.height) == (1920, 1080)
    one, crossing, two, gap, three = cut.tracks[0].items
    assert (one.start, one.length, one.media.frames, one.media.timecode, one.media.file) == (10, 48, 200, 86400, "missing/A001 one.mov")
    assert (crossing.in_offset, crossing.out_offset, two.start, gap.length, three.length) == (6, 6, 20, 10, 12)
    assert len(notes) == 3 and all("not in this project" in note for note in notes)
    known = Media(200, NTSC, take="boat", width=640, height=480, timecode=86400)
    cut, notes = read(text, find=lambda path: known if path.endswith("A001 one.mov") else None)
    assert cut.tracks[0].items[0].media == known and (cut.width, cut.height) == (640, 480) and len(notes) == 2
    assert read(write(cut)) == (cut, ())


def test_lengths_at_another_rate_add_up():
    """Thirteen clips of 10 frames at 30 are 5.33 frames at 16 each: their ends are rounded, so the row is as long as it was."""
    text = foreign(theirs("first", 0, 16, rate=16), *(theirs(f"c{number}", 0, 10, rate=30) for number in range(13)))
    cut, _ = read(text)
    assert cut.rate == 16 and cut.length == 16 + round(130 * 16 / 30)
    assert {item.length for item in cut.tracks[0].items[1:]} == {5, 6}


def test_what_a_cut_has_no_place_for_is_said():
    effect = otio.schema.Effect(effect_name="Blur")
    text = foreign(otio.schema.Transition(transition_type="SMPTE_Dissolve", in_offset=otio.opentime.RationalTime(0, 24), out_offset=otio.opentime.RationalTime(4, 24)),
                   theirs("one", 0, 24, rate=24, effects=[effect]), otio.schema.Stack("nested", children=[theirs("inner", 0, 12, rate=24)]),
                   theirs("two", 0, 24, "two.mov", 24, rate=24))  # fmt: skip
    text = text.replace("86400", "0")
    cut, notes = read(text)
    first, gap, last = cut.tracks[0].items
    assert first.fade_in == 4 and gap == Gap(12) and last.length == 24          # a transition from nothing is a fade
    assert any("effects" in note for note in notes) and any("Stack" in note for note in notes)


@pytest.mark.parametrize("text, said", [
    ("", "no OpenTimelineIO"), ("{}", "no OpenTimelineIO|no timeline"), ('{"OTIO_SCHEMA": "Gap.1"}', "no timeline|no OpenT"), ("[" * 100_000, "no OpenTimelineIO"), ('{"OTIO_SCHEMA": "Timeline.1", "tracks": 7}', "no OpenTimelineIO"),
    ('{"OTIO_SCHEMA": "Clip.2", "name": "x"}', "no OpenTimelineIO"), ("\0\1\2", "no OpenTimelineIO"), (foreign(theirs("one", 0, 0)), "at least one"),
    (foreign(theirs("one", 0, -5)), "at least one"), (foreign(theirs("one", 86500, 200, "a.mov", 200)), "past its end"),
    (foreign(theirs("one", float("nan"), float("inf"))), "."), (write(film("aaaa"))[:400], "no OpenTimelineIO"),
])  # fmt: skip
def test_a_broken_file_is_refused_with_a_sentence(text, said):
    with pytest.raises(BadMedia, match=said) as caught:
        read(text, what="cut.otio")
    assert str(caught.value).startswith("cut.otio") and str(caught.value).endswith((".", ").")) and "\n" not in str(caught.value)


@given(st.data())
def test_whatever_is_broken_in_a_file_a_sentence_or_a_cut_comes_of_it(data):
    text = json.loads(write(rich()))

    def places(node, way=()):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield (*way, key)
            if isinstance(value, dict | list):
                yield from places(value, (*way, key))

    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from(list(places(text))))
        node = text
        for key in way[:-1]:
            node = node[key]
        node[way[-1]] = data.draw(st.sampled_from([None, -1, 0, 10**9, 1e300, "", "x", [], {}, True, "film", 0.5]))
    try:
        cut, notes = read(json.dumps(text))
        assert read(write(cut))[0] == cut
    except BadMedia as error:
        assert str(error).endswith((".", ")."))


def test_rates_are_the_fractions_that_they_mean():
    assert [exact(rate) for rate in (23.976, 23.98, 24000 / 1001, 29.97, 59.94)] == [NTSC, NTSC, NTSC, Fraction(30000, 1001), Fraction(60000, 1001)]
    assert [exact(rate) for rate in (24, 25.0, 12.5)] == [24, 25, Fraction(25, 2)]


def test_titles_of_ours_are_generators_that_others_can_read():
    cut = edits.Append("e", (edits.Part("t1", Title("t", "The end", 5)),)).apply(rows(v1="aaa", t1=""))
    there = timeline(cut)
    words = there.tracks[1][0]
    assert words.media_reference.parameters["text"] == "The end"
    words.media_reference.parameters["text"] = "Fin"
    back, _ = read(otio.adapters.write_to_string(there, "otio_json"))
    assert back.tracks[1].items[0] == replace(cut.tracks[1].items[0], words="Fin")
    assert media("x").take == "x"
