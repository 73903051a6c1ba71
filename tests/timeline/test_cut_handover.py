"""EDL and FCPXML: read by others, compared clip by clip with the cut; what they cannot say is said."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from cuts import clip, film, media, rows, some_edit
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadRequest
from engine.timeline import edits, edl, fcpxml
from engine.timeline.cut import Clip, Gap, Marker, Media, Style, Title, Transition
from engine.timeline.edl import About, timecode

RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60))


def about(media: Media) -> About:
    return About(f"media/{media.take or 'x'}.mp4", "a red boat, at sea", 7)


def plain(rate, **strips):
    """A cut whose media has the cut's own rate, so that a list can say its frames."""
    cut = rows(rate, **strips)
    tracks = []
    for track in cut.tracks:
        items = [Clip(item.id, media(item.media.take, 100, rate), item.start, item.length, name=f"clip {item.id}") if isinstance(item, Clip) and track.kind == "film" else item
                 for item in track.items]
        tracks.append(type(track)(track.id, track.kind, tuple(items)))
    return type(cut)(cut.id, cut.name, cut.rate, cut.width, cut.height, tuple(tracks))


def clips(cut, kind="film", number=0):
    """Name, first picture, length and place of every clip of a track."""
    track = [track for track in cut.tracks if track.kind == kind][number]
    return [(placed.item.name, int(placed.item.start), placed.item.length, placed.start) for placed in track.placed() if isinstance(placed.item, Clip)]


# ---- timecode

@pytest.mark.parametrize("frame, rate, said", [
    (0, 24, "00:00:00:00"), (86_400, 24, "01:00:00:00"), (89_999, 25, "00:59:59:24"), (24, Fraction(24000, 1001), "00:00:01:00"),
    (1799, Fraction(30000, 1001), "00:00:59;29"), (1800, Fraction(30000, 1001), "00:01:00;02"), (17_982, Fraction(30000, 1001), "00:10:00;00"),
    (107_892, Fraction(30000, 1001), "01:00:00;00"), (3600, Fraction(60000, 1001), "00:01:00;04"),
])
def test_timecode_counts_as_clocks_do(frame, rate, said):
    assert timecode(frame, Fraction(rate)) == said


@given(st.integers(0, 3_000_000), st.sampled_from(RATES))
def test_timecode_is_what_opentimelineio_says(frame, rate):
    otio = pytest.importorskip("opentimelineio")
    assert timecode(frame, rate) == otio.opentime.to_timecode(otio.opentime.RationalTime(frame, float(rate)), float(rate))


# ---- EDL

def listed(text, rate):
    otio = pytest.importorskip("opentimelineio")
    return otio, otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))


@pytest.mark.parametrize("rate", RATES)
def test_a_list_is_read_back_clip_by_clip(rate):
    cut = plain(rate, v1="aaaabbbb..cccccc", s1="AAAABBBB")
    lists = edl.write(cut, about)
    otio, read = listed(lists[0].text, rate)
    assert [one.name for one in lists] == ["V1"] and lists[0].notes == []
    video = next(track for track in read.tracks if track.name == "V")
    found = [(one.name, one.source_range.start_time.to_frames(), one.source_range.duration.to_frames(), round(one.range_in_parent().start_time.value))
             for one in video.find_clips()]
    assert found == clips(cut)
    assert sum(track.kind == "Audio" for track in read.tracks) == 1
    for line in ("* COMMENT: PROMPT a red boat, at sea", "* COMMENT: SEED 7 TAKE takea", "* SOURCE FILE: media/takea.mp4"):
        assert line in lists[0].text


def test_a_dissolve_begins_before_the_cut_in_the_handle_of_the_next():
    cut = edits.AddTransition("e", "a", Transition("x", 2, 3)).apply(plain(Fraction(24), v1="aaaaaaaabbbbbbbb"))
    text = edl.write(cut, about)[0].text
    otio, read = listed(text, 24)
    over, = (one for track in read.tracks for one in track if isinstance(one, otio.schema.Transition))
    assert over.in_offset.value + over.out_offset.value == 5
    a, b = clips(cut)
    assert f"TAKEA    V     C        {timecode(a[1], 24)} {timecode(a[1] + 6, 24)} 01:00:00:00 01:00:00:06" in text
    assert f"TAKEB    V     D    005 {timecode(b[1] - 2, 24)} {timecode(b[1] + 8, 24)} 01:00:00:06 01:00:00:16" in text


def test_a_dip_goes_through_black():
    cut = edits.AddTransition("e", "a", Transition("x", 2, 3, "dip")).apply(plain(Fraction(24), v1="aaaaaaaabbbbbbbb"))
    made, = edl.write(cut, about)
    assert "BL       V     D    002" in made.text and "TAKEB    V     D    003" in made.text and made.notes == []
    coloured, = edl.write(edits.SetTransition("e2", Transition("x", 2, 3, "dip", "#ff0000")).apply(cut), about)
    assert "other colours" in coloured.notes[0]


@pytest.mark.parametrize("speed, said", [(Fraction(2), "048.0"), (Fraction(1, 2), "012.0"), (Fraction(-1), "-24.0")])
def test_speed_is_said_in_frames_a_second(speed, said):
    cut = edits.Speed("e", "a", speed).apply(plain(Fraction(24), v1="aaaaaaaabbbb"))
    text = edl.write(cut, about)[0].text
    assert f"M2   TAKEA    {said}" in text
    otio, read = listed(text, 24)
    first = next(iter(read.find_clips()))
    assert first.duration().value == clips(cut)[0][2]


def test_what_a_list_cannot_say_is_said():
    cut = rows(Fraction(24), v1="aaaa", v2="bbbb", t1="tttt", s1="AAAA")
    first, second = edl.write(cut, about)
    assert (first.name, second.name) == ("V1", "V2")
    assert any("16 frames a second and the list counts 24" in note for note in first.notes) and any("titles" in note for note in first.notes)
    with pytest.raises(BadRequest, match="16 frames a second have none; there are .* OpenTimelineIO and FCPXML take any rate"):
        edl.write(rows(16, v1="aaaa"), about)
    with pytest.raises(BadRequest, match="no clip lies in it"):
        edl.write(film("", rate=Fraction(24)), about)


def test_reels_differ_and_no_name_breaks_a_line():
    there = [clip(id, 4, media=Media(100, Fraction(24), file=f"in/{file}.mp4", width=64, height=48), name=name) for id, file, name in
             (("a", "holiday part one", "x"), ("b", "holiday part two", "x"), ("c", "纸船", "纸船"), ("d", "d", "x\n002  EVIL V C 00:00:00:00\r\n"), ("e", "AX", ""))]
    text = edl.write(edits.Append("e", tuple(edits.Part("v1", one) for one in there)).apply(film("", rate=Fraction(24))), about)[0].text
    reels = [line.split()[1] for line in text.splitlines() if line[:3].isdecimal()]
    assert len(set(reels)) == 5 and all(reel.isalnum() and len(reel) <= 8 and reel != "AX" for reel in reels), reels
    assert "EVIL" not in "".join(reels) and len(listed(text, 24)[1].tracks[0]) == 5


# ---- FCPXML

def time(said: str) -> Fraction:
    return Fraction(said.removesuffix("s"))


def places(text: str):
    """Every clip of a file: name, lane, when it begins, how long it is, when in its media; by FCPXML's own rule of nested times."""
    root = ElementTree.fromstring(text.encode())
    found = []

    def walk(node, began, start, lane):
        for one in node:
            if one.tag in ("asset-clip", "clip", "gap", "title"):
                at = began + time(one.get("offset")) - start
                inner = one.get("lane", lane)
                if one.tag != "gap":
                    found.append((one.get("name"), inner, at, time(one.get("duration")), time(one.get("start"))))
                walk(one, at, time(one.get("start")), inner)
            elif one.tag == "spine":
                walk(one, began + time(one.get("offset", "0s")) - start if one.get("lane") else Fraction(0), Fraction(0), one.get("lane", lane))

    walk(root.find(".//sequence"), Fraction(0), Fraction(0), "0")
    return found


def expected(cut):
    """The same, from the cut."""
    films = [track for track in cut.tracks if track.kind == "film"]
    over = [track for track in cut.tracks if track.kind == "titles"]
    filled = [track for track in (*films[1:], *over) if any(not isinstance(item, Gap) for item in track.items)]
    heard = [track for track in cut.tracks if track.kind == "sound" and track.items]
    lanes = {films[0].id: "0"} | {track.id: str(number) for number, track in enumerate(filled, 1)} | {track.id: str(-number) for number, track in enumerate(heard, 1)}
    for track in cut.tracks:
        for placed in track.placed():
            item = placed.item
            if isinstance(item, Clip | Title):
                start = item.start / item.media.rate if isinstance(item, Clip) and item.media.kind != "picture" and item.speed == 1 else None
                yield lanes[track.id], cut.seconds(placed.start), cut.seconds(item.length), start


@pytest.mark.parametrize("rate", [Fraction(16), *RATES])
def test_clips_lie_where_the_cut_has_them(rate):
    cut = rows(rate, v1="aaaaaabbbb..cccccc", v2="....dddd", t1="..tttt", s1="AAAAAABBBB")
    for edit in (edits.AddTransition("e1", "a", Transition("x", 2, 2)), edits.AddMarker("e2", Marker("m", 11, 2, "check", "seed 7")), edits.Speed("e3", "c", Fraction(-1, 2)),
                 edits.Level("e4", "as", -6), edits.Mute("e5", ("b",)), edits.SetTitle("e6", "t", "Two\nlines <&>", Style("top", 12, "#ffcc00"))):
        cut = edit.apply(cut)
    text, notes = fcpxml.write(cut, about)
    found = places(text)
    assert sorted((lane, at, long) for _, lane, at, long, _ in found) == sorted((lane, at, long) for lane, at, long, _ in expected(cut))
    for lane, at, long, start in expected(cut):
        assert start is None or (lane, at, long, start) in {row[1:] for row in found}
    root = ElementTree.fromstring(text.encode())
    assert root.find(".//sequence").get("format") == root.find("resources/format").get("id")
    assert root.find("resources/format").get("frameDuration") == f"{(1 / rate).numerator}/{(1 / rate).denominator}s"
    over = root.find(".//transition")
    assert (time(over.get("offset")), time(over.get("duration"))) == (4 / rate, 4 / rate)
    assets = root.findall("resources/asset")
    assert all(one.get("src").startswith("./media/") for one in assets) and {time(one.get("duration")) for one in assets} == {Fraction(100, 16), Fraction(300_000, 48_000)}
    marks = root.findall(".//marker")
    assert {"check", "a red boat, at sea"} == {one.get("value") for one in marks} and any(one.get("note") == "a red boat, at sea, seed 7, take takea" for one in marks)
    assert root.find(".//text-style").text == "Two\nlines <&>" and root.find(".//adjust-volume").get("amount") == "-6dB"
    assert [one.get("name") for one in root.findall(".//asset-clip[@enabled='0']")] == ["takeb"]


def test_opentimelineio_reads_the_same_film():
    otio = pytest.importorskip("opentimelineio")
    cut = plain(Fraction(25), v1="aaaabbbb..cccccc", v2="..dd")
    read = otio.adapters.read_from_string(fcpxml.write(cut, about)[0], "fcpx_xml")[0]
    for number, track in enumerate(one for one in read.tracks if one.kind == "Video"):
        assert [(one.name, round(one.source_range.start_time.value), round(one.source_range.duration.value), round(one.range_in_parent().start_time.value))
                for one in track.find_clips()] == clips(cut, number=number)
        assert all(one.media_reference.available_range.duration.value == 100 for one in track.find_clips())


@given(st.data())
def test_any_cut_is_handed_over_with_every_clip_in_its_place(data):
    cut = rows(data.draw(st.sampled_from([Fraction(16), Fraction(24000, 1001)])), v1="aaaaaabbbb..cccccc", v2="..ddd", t1="..tttt", s1="AAAAAABBBB")
    for number in range(data.draw(st.integers(0, 8))):
        try:
            cut = some_edit(data.draw, cut, f"e{number}").apply(cut)
        except BadRequest:
            continue
    if not any(isinstance(item, Clip | Title) for track in cut.tracks for item in track.items) or not any(track.kind == "film" for track in cut.tracks):
        return
    text, _ = fcpxml.write(cut, about)
    assert sorted((lane, at, long) for _, lane, at, long, _ in places(text)) == sorted((lane, at, long) for lane, at, long, _ in expected(cut))
    if cut.rate in edl.RATES and any(isinstance(item, Clip) for track in cut.tracks for item in track.items):
        for one in edl.write(cut, about):
            events = [line for line in one.text.splitlines() if line[:3].isdecimal()]
            assert events and all(len(line.split()[-1]) == 11 for line in events)
