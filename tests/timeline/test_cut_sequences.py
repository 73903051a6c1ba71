"""Random edits, one after another: whatever is drawn, what every cut holds to still holds, and a refusal changes nothing."""

from __future__ import annotations

import json
import math
import tempfile
from fractions import Fraction
from pathlib import Path

from cuts import rows, some_edit
from hypothesis import assume, event, given
from hypothesis import strategies as st

from engine.errors import BadRequest
from engine.library import Library
from engine.timeline import edits, plain
from engine.timeline.cut import Clip, Cut, Gap, Title, Transition
from engine.timeline.history import History
from engine.timeline.sync import in_sync


def holds(cut: Cut) -> None:
    """What every cut holds to, said once more in other words than `checks` has."""
    for track in cut.tracks:
        end = 0
        for placed in track.placed():
            assert placed.stop > placed.start
            if isinstance(placed.item, Transition):
                before, after = track.items[placed.index - 1], track.items[placed.index + 1]
                assert isinstance(before, Clip) and isinstance(after, Clip)
                assert end - before.length <= placed.start and placed.stop <= end + after.length
                continue
            assert placed.start == end          # neither hole nor overlap
            end = placed.stop
            if isinstance(placed.item, Clip):
                shown = [placed.item.picture(index, cut.rate) for index in range(placed.item.length)]
                assert 0 <= min(shown) and max(shown) < placed.item.media.frames
                low, high = placed.item.source(cut.rate)
                assert math.floor(low) <= min(shown) and max(shown) < high
                assert not placed.item.step(cut.rate) or high - low == abs(placed.item.step(cut.rate)) * placed.item.length
        assert end == track.length == sum(item.length for item in track.items if not isinstance(item, Transition))
        assert not track.items or not isinstance(track.items[-1], Gap)


def tried(cut: Cut, edit) -> Cut:
    """The cut after an edit, or as it was where that is refused."""
    text = cut.to_json()
    try:
        made = edit.apply(cut)
    except BadRequest as refusal:
        assert str(refusal).endswith(".") and len(str(refusal)) < 400
        made = cut
    assert cut.to_json() == text
    return made


@given(st.data(), st.sampled_from([Fraction(16), Fraction(24), Fraction(24000, 1001)]))
def test_whatever_is_edited_a_cut_stays_a_cut(data, rate):
    cut = rows(rate, v1="aaaaaabbbb..cccccc", v2="", t1="..tttt", s1="AAAAAABBBB") if data.draw(st.booleans()) else rows(rate, v1="", s1="", t1="")
    for number in range(data.draw(st.integers(1, 12))):
        edit = some_edit(data.draw, cut, f"e{number}")
        assert edits.read(edits.write(edit)) == edit and edits.write(edits.read(edits.write(edit))) == edits.write(edit)
        made = tried(cut, edit)
        holds(made)
        text = made.to_json()
        assert text == json.dumps(plain.plain(made), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert Cut.from_json(text) == made and Cut.from_json(text).to_json() == text
        assert tried(cut, edits.read(edits.write(edit))).to_json() == text          # made again: the same bytes
        if isinstance(edit, edits.Insert | edits.Reorder | edits.RippleDelete | edits.RippleTrim | edits.OpenGap | edits.CloseGap | edits.Split | edits.Extract
                      | edits.MakeRoom | edits.Clear):
            in_sync(cut, made)
        cut = made


def moments(cut: Cut) -> list[tuple[int, str, set]]:
    """For every frame of the cut and every link there: the seconds of the media that its clips play, which must be one."""
    heard: dict[tuple[int, str], set] = {}
    for track in cut.tracks:
        for placed in track.placed():
            if isinstance(placed.item, Clip) and placed.item.link:
                for index in range(placed.item.length):
                    heard.setdefault((placed.start + index, placed.item.link), set()).add(placed.item.edge(index, cut.rate) / placed.item.media.rate)
    return [(frame, link, seconds) for (frame, link), seconds in heard.items()]


@given(st.data())
def test_sound_of_an_import_stays_with_its_film_frame_by_frame(data):
    """Through every edit that moves or trims, unless it was asked to leave its partner: exactly, for nothing changes speed."""
    cut = rows(v1="aaaaaabbbb..cccccc", t1="..tttt....uu", s1="AAAAAAABBB..CCCCCC")      # with an L-cut
    kept, tries = 0, data.draw(st.integers(2, 10))
    for number in range(tries):
        edit = some_edit(data.draw, cut, f"e{number}")
        if getattr(edit, "alone", False) or isinstance(edit, edits.Link | edits.Speed | edits.Replace | edits.Accept | edits.Several):
            continue
        cut = tried(cut, edit)
        kept += 1
        for frame, link, seconds in moments(cut):
            assert max(seconds) - min(seconds) <= Fraction(1, 16) / 2, (frame, link, seconds)


def seen(cut: Cut) -> dict[str, list]:
    """Of every row that moves when film does: what lies at each frame, as the picture of a media, or as words; None where nothing does."""
    found = {}
    for track in cut.tracks:
        if track.sync and not track.locked:
            row = found[track.id] = [None] * cut.length
            for placed in track.placed():
                for frame in range(placed.start, placed.stop) if isinstance(placed.item, Clip | Title) else ():
                    item = placed.item
                    row[frame] = item.words if isinstance(item, Title) else (item.media, item.edge(frame - placed.start, cut.rate), item.mute, item.level)
    return found


def leads(cut: Cut, at: int, stop: int) -> bool:
    """Whether something that ends before a stretch is linked to something that begins behind it: it goes where that goes."""
    linked: dict[str, list] = {}
    for track in cut.tracks:
        for placed in track.placed():
            if isinstance(placed.item, Clip) and placed.item.link:
                linked.setdefault(placed.item.link, []).append(placed)
    return any(min(one.stop for one in group) <= at and stop <= max(one.start for one in group) for group in linked.values() if len(group) > 1)


@given(st.data())
def test_a_stretch_of_time_goes_out_and_comes_in_exactly(data):
    """Whatever was done before: rows lose just these frames, or get just so many of nothing, and are the same before and behind."""
    cut = rows(v1="aaaaaabbbb..cccccc", v2="...dddddddd", t1="..tttt....uu", s1="AAAAAAABBB..CCCCCC")
    for number in range(data.draw(st.integers(0, 5))):
        cut = tried(cut, some_edit(data.draw, cut, f"e{number}"))
    assume(cut.length)
    at, length = data.draw(st.integers(0, cut.length - 1)), data.draw(st.integers(1, 20))
    was = seen(cut)
    if not leads(cut, at, at + length):
        out = tried(cut, edits.Extract("out", at, length))
        event("taken out" if out is not cut else "refused")
        if out is not cut:
            holds(out)
            for id, row in seen(out).items():
                wanted = was[id][:at] + was[id][at + length :]
                assert row[: out.length] + [None] * (len(wanted) - out.length) == wanted
            for before, after in zip(sorted(cut.markers, key=lambda one: one.id), sorted(out.markers, key=lambda one: one.id)):
                assert after.at == (before.at if before.at < at else max(before.at - length, at))
    empty = tried(cut, edits.Clear("empty", at, length))
    if empty is not cut:
        holds(empty)
        for id, row in seen(empty).items():
            wanted = was[id][:at] + [None] * length + was[id][at + length :]
            assert row + [None] * (len(wanted) - empty.length) == wanted
        assert empty.markers == cut.markers
    if not leads(cut, at, at):
        room = tried(cut, edits.MakeRoom("room", at, length))
        if room is not cut:
            holds(room)
            assert room.length == cut.length + length or not any(any(row[at:]) for row in was.values())
            for id, row in seen(room).items():
                wanted = was[id][:at] + [None] * length + was[id][at:]
                assert row == wanted[: room.length]
            back = edits.Extract("back", at, length).apply(room)
            assert seen(back) == was and [marker.at for marker in back.markers] == [marker.at for marker in cut.markers]


@given(st.data())
def test_a_stretch_is_undone_to_the_same_bytes(data):
    """Through the history, as anything that is done is: out, in, and both taken back."""
    cut = rows(v1="aaaaaabbbb..cccccc", t1="..tttt....uu", s1="AAAAAAABBB..CCCCCC")
    at, length = data.draw(st.integers(0, 17)), data.draw(st.integers(1, 9))
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder) / "project")
        history = History(library.store)
        history.new(cut)
        revision = history.edit("cut", 0, edits.Extract("out", at, length)).revision
        out = history.open("cut").cut
        revision = history.edit("cut", revision, edits.MakeRoom("in", min(at, out.length), length)).revision
        revision = history.undo("cut", history.undo("cut", revision).revision).revision
        assert history.open("cut").cut.to_json() == cut.to_json()
        assert history.redo("cut", revision).cut.to_json() == out.to_json()
        library.store.close()
