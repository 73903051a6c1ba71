"""Every edit, drawn: a letter is a frame of a clip, a capital the sound that is linked to it, a dot a frame of a gap."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from cuts import clip, film, media, rows, sound

from engine.errors import BadRequest
from engine.timeline import edits
from engine.timeline.cut import Clip, Cut, Gap, Marker, Media, Title, Track, Transition
from engine.timeline.edits import Candidate, Part


def drawn(cut: Cut) -> str:
    """The strip of every track, sound as capitals. Second halves have ids of their own, so their media says which they are."""
    def letter(item) -> str:
        name = item.media.take.removeprefix("take") if isinstance(item, Clip) else item.id
        return (name.upper() if isinstance(item, Clip) and item.media.kind == "sound" else name)[:1]

    return " | ".join("".join(("." if isinstance(item, Gap) else letter(item)) * item.length for item in track.items if not isinstance(item, Transition))
                      for track in cut.tracks)  # fmt: skip


def starts(cut: Cut, track: str = "v1") -> dict[str, int]:
    """The first picture of every clip of a track, counted from its usual beginning."""
    return {item.id: int(item.start) - 20 for item in cut.track(track).items if isinstance(item, Clip)}


X = Part("v1", clip("x", 2))
XT = (X, Part("s1", sound("xs", 2)))


@pytest.mark.parametrize("before, edit, after", [
    ("aaaa", edits.Insert("e", 2, (X,)), "aaxxaa"),
    ("aaaabb", edits.Insert("e", 4, (X,)), "aaaaxxbb"),
    ("aa..bb", edits.Insert("e", 3, (X,)), "aa.xx.bb"),
    ("aa", edits.Insert("e", 4, (X,)), "aa..xx"),
    ("aaaa", edits.Insert("e", 0, (X, Part("v1", clip("y", 1)))), "xxyaaaa"),
    ("aaaaaa", edits.Overwrite("e", 2, (X,)), "aaxxaa"),
    ("aabb", edits.Overwrite("e", 1, (X,)), "axxb"),
    ("abcc", edits.Overwrite("e", 0, (X,)), "xxcc"),
    ("aa..b", edits.Append("e", (X,)), "aa..bxx"),
    ("", edits.Append("e", (X,)), "xx"),
    ("aabbb", edits.Move("e", ("a",), 3), "..baa"),
    ("aabbb", edits.Move("e", ("b",), -1), "abbb"),
    ("aabbcc", edits.Move("e", ("a", "b"), 4), "....aabb"),
    ("aaabbc", edits.Reorder("e", "a", ""), "bbcaaa"),
    ("aaabbc", edits.Reorder("e", "c", "a"), "caaabb"),
    ("aaabbc", edits.Reorder("e", "a", "c"), "bbaaac"),
    ("aaabbc", edits.Reorder("e", "a", "a"), "aaabbc"),
    ("aabbcc", edits.Lift("e", ("b",)), "aa..cc"),
    ("aabbcc", edits.Lift("e", ("c",)), "aabb"),
    ("aabbcc", edits.RippleDelete("e", ("b",)), "aacc"),
    ("aabbccdd", edits.RippleDelete("e", ("a", "c")), "bbdd"),
    ("aa.bb", edits.RippleDelete("e", ("a",)), ".bb"),
    ("aabb", edits.OpenGap("e", "v1", 2, 3), "aa...bb"),
    ("aabb", edits.OpenGap("e", "v1", 1, 1), "a.abb"),
    ("aa...bb", edits.CloseGap("e", "b"), "aabb"),
    ("..aabb", edits.CloseGap("e", "a"), "aabb"),
    ("aaabb", edits.Trim("e", "a", "tail", -1), "aa.bb"),
    ("aaabb", edits.Trim("e", "a", "head", 2), "..abb"),
    ("aa..bb", edits.Trim("e", "b", "head", -2), "aabbbb"),
    ("aaabb", edits.RippleTrim("e", "a", "tail", -1), "aabb"),
    ("aaabb", edits.RippleTrim("e", "a", "tail", 2), "aaaaabb"),
    ("aaabb", edits.RippleTrim("e", "a", "head", 1), "aabb"),
    ("aa.bbcc", edits.RippleTrim("e", "b", "head", -2), "aa.bbbbcc"),
    ("aaabbb", edits.Roll("e", "a", 2), "aaaaab"),
    ("aaabbb", edits.Roll("e", "a", -1), "aabbbb"),
    ("aaabbb", edits.Slip("e", "b", 2), "aaabbb"),
    ("aabbcc", edits.Slide("e", "b", 1), "aaabbc"),
    ("aabb..cc", edits.Slide("e", "b", 2), "aaaabbcc"),
    ("aabbcc", edits.Slide("e", "b", -1), "abbccc"),
    ("aaaabb", edits.Split("e", "a", 1), "aaaabb"),
    ("aaaabb", edits.Speed("e", "a", Fraction(2)), "aabb"),
    ("aabb", edits.Speed("e", "a", Fraction(1, 2)), "aaaabb"),
    ("aabb", edits.Speed("e", "a", Fraction(-1)), "aabb"),
    ("aaaabb", edits.Speed("e", "a", Fraction(2), ripple=False), "aa..bb"),
])  # fmt: skip
def test_an_edit_makes_of_a_strip(before, edit, after):
    assert drawn(edit.apply(film(before))) == after


@pytest.mark.parametrize("tracks, edit, after", [
    # Linked sound goes where its film goes.
    (dict(v1="aaabbb", s1="AAABBB"), edits.Insert("e", 2, XT), "aaxxabbb | AAXXABBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Insert("e", 2, (X,)), "aaxxabbb | AA..ABBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.RippleDelete("e", ("a",)), "bbb | BBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Move("e", ("b",), 2), "aaa..bbb | AAA..BBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Move("e", ("b",), 2, alone=True), "aaa..bbb | AAABBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.RippleTrim("e", "a", "tail", -1), "aabbb | AABBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.RippleTrim("e", "a", "head", -2), "aaaaabbb | AAAAABBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Trim("e", "as", "head", 1), ".aabbb | .AABBB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Roll("e", "a", 1), "aaaabb | AAAABB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Roll("e", "as", 1, alone=True), "aaabbb | AAAABB"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Reorder("e", "b", "a"), "bbbaaa | BBBAAA"),
    (dict(v1="aaabbb", s1="AAABBB"), edits.Lift("e", ("b",), alone=True), "aaa | AAABBB"),
    (dict(v1="aaaabb", s1="AAAABB"), edits.Speed("e", "a", Fraction(2)), "aabb | AABB"),
    # An L-cut and a J-cut stay what they are.
    (dict(v1="aaabbb", s1="AAAABB"), edits.Insert("e", 3, (X,)), "aaaxxbbb | AAAA..BB"),
    (dict(v1="aaabbb", s1="AABBBB"), edits.Insert("e", 3, (X,)), "aaaxxbbb | AA..BBBB"),
    (dict(v1="aaabbb", s1="AABBBB"), edits.RippleTrim("e", "a", "tail", -1), "aabbb | ABBBB"),
    (dict(v1="aaabbbccc", s1="AAABBBCCC"), edits.RippleDelete("e", ("b",)), "aaaccc | AAACCC"),
    (dict(v1="aaabbbccc", s1="AAABBCCCC"), edits.RippleDelete("e", ("b",)), "aaaccc | AACCCC"),
    # The lowest film track leads: titles and what is not linked move along; what lies across is not cut.
    (dict(v1="aaabbb", t1="....tt"), edits.Insert("e", 3, (X,)), "aaaxxbbb | ......tt"),
    (dict(v1="aaabbb", t1="..tttt"), edits.Insert("e", 3, (X,)), "aaaxxbbb | ..tttttt"),
    (dict(v1="aaabbb", s1="MMMMMM"), edits.Insert("e", 3, (X,)), "aaaxxbbb | MMMMMM"),
    (dict(v1="aaabbbccc", t1="...tt..uu"), edits.RippleDelete("e", ("b",)), "aaaccc | ....uu"),
    (dict(v1="aaabbbccc", t1=".tttt....u"), edits.RippleDelete("e", ("b",)), "aaaccc | .tt...u"),
    (dict(v1="aaabbbccc", t1="....tttt"), edits.RippleDelete("e", ("b",)), "aaaccc | ...tt"),
    (dict(v1="aaabbbccc", s1="MMMMMMMMM"), edits.RippleDelete("e", ("b",)), "aaaccc | MMMMMMMMM"),
    (dict(v1="aaabbb", t1=".t...u"), edits.Reorder("e", "a", ""), "bbbaaa | ..u.t"),
    # Elsewhere a ripple moves its own row alone.
    (dict(v1="aaaaaa", v2=".bbccc"), edits.RippleDelete("e", ("b",)), "aaaaaa | .ccc"),
    (dict(v1="aaaaaa", v2=".bbccc"), edits.RippleTrim("e", "b", "tail", 1), "aaaaaa | .bbbccc"),
    (dict(v1="aaaaaa", s1=".MM.NN"), edits.RippleDelete("e", ("ms",)), "aaaaaa | ..NN"),
    # To another track.
    (dict(v1="aabb", v2=""), edits.Move("e", ("a",), 2, "v2"), "..bb | ..aa"),
])  # fmt: skip
def test_several_tracks_keep_together(tracks, edit, after):
    assert drawn(edit.apply(rows(**tracks))) == after


def test_a_track_that_is_not_in_sync_or_locked_stays_where_it_is():
    cut = rows(v1="aaabbb", s1="....MM")
    for track in (dict(sync=False), dict(locked=True)):
        still = edits.SetTrack("e1", "s1", **track).apply(cut)
        assert drawn(edits.Insert("e2", 1, (X,)).apply(still)) == "axxaabbb | ....MM"


def test_trimming_shows_more_or_less_of_the_same_film():
    assert starts(edits.RippleTrim("e", "a", "head", 1).apply(film("aaabb"))) == {"a": 1, "b": 0}
    assert starts(edits.Roll("e", "a", 2).apply(film("aaabbb"))) == {"a": 0, "b": 2}
    assert starts(edits.Slip("e", "b", 2).apply(film("aaabbb"))) == {"a": 0, "b": 2}
    assert starts(edits.Slide("e", "b", 1).apply(film("aabbcc"))) == {"a": 0, "b": 0, "c": 1}
    assert list(starts(edits.Split("e", "a", 1).apply(film("aaaabb"))).values()) == [0, 1, 0]
    over = list(starts(edits.Overwrite("e", 2, (X,)).apply(film("aaaaaa"))).values())
    assert over == [0, 0, 4]


def shown(cut: Cut, track: str = "v1") -> list[tuple[str, int] | None]:
    """What each frame of a track shows."""
    found: list = []
    for item in cut.track(track).items:
        if not isinstance(item, Transition):
            found += [(item.media.take, item.picture(index, cut.rate)) if isinstance(item, Clip) else None for index in range(item.length)]
    return found


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(3, 7), Fraction(-5, 3), Fraction(-1), Fraction(0)])
@pytest.mark.parametrize("rate", [Fraction(16), Fraction(30000, 1001)])
def test_a_split_shows_what_was_shown_whatever_the_speed(speed, rate):
    cut = Cut("cut", "One", rate, 64, 48, (Track("v1", "film", (Clip("a", media("fox", 100, 24), Fraction(50), 17, speed),)),))
    for at in range(1, 17):
        halves = edits.Split("e", "a", at).apply(cut)
        assert shown(halves) == shown(cut) and len(halves.tracks[0].items) == 2
        back = edits.RippleTrim("e3", "a", "tail", 17 - at).apply(edits.RippleDelete("e2", (halves.tracks[0].items[1].id,)).apply(halves))
        assert shown(back) == shown(cut)


def test_second_halves_are_linked_to_each_other_and_keep_the_link_of_the_first():
    cut = edits.Split("e", "a", 2).apply(rows(v1="aaaa", s1="AAAA"))
    links = [[item.link for item in track.items] for track in cut.tracks]
    assert links[0] == links[1] and links[0][0] == "linka" and links[0][1] not in ("", "linka")
    assert drawn(edits.RippleDelete("e2", ("a",)).apply(cut)) == "aa | AA"


def test_a_speed_shows_the_same_stretch_of_film():
    cut = film("aaaaaabb")
    assert [picture for _, picture in shown(edits.Speed("e", "a", Fraction(-1)).apply(cut))[:6]] == [25, 24, 23, 22, 21, 20]
    assert [picture for _, picture in shown(edits.Speed("e", "a", Fraction(3)).apply(cut))[:2]] == [20, 23]
    assert [picture for _, picture in shown(edits.Speed("e", "a", Fraction(1, 2)).apply(cut))[:4]] == [20, 20, 21, 21]
    held = edits.Speed("e", "a", Fraction(0)).apply(cut)
    assert [picture for _, picture in shown(held)[:6]] == [20] * 6
    assert drawn(edits.RippleTrim("e2", "a", "tail", 500).apply(held)).count("a") == 506      # what is held has no end


def test_a_transition_lies_over_the_place_where_two_clips_meet():
    cut = edits.AddTransition("e", "a", Transition("x", 2, 3)).apply(film("aaaabbbb"))
    assert drawn(cut) == "aaaabbbb" and [type(item).__name__ for item in cut.tracks[0].items] == ["Clip", "Transition", "Clip"]
    _, placed = cut.find("x")
    assert (placed.start, placed.stop) == (2, 7)
    assert edits.RemoveTransition("e2", "x").apply(cut) == film("aaaabbbb")


@pytest.mark.parametrize("edit, left", [
    (edits.RippleTrim("e", "a", "tail", -1), (2, 3)), (edits.RippleTrim("e", "a", "tail", -3), (1, 3)), (edits.RippleTrim("e", "b", "tail", -3), (2, 1)),
    (edits.Trim("e", "a", "tail", -1), None), (edits.Split("e", "b", 6), (2, 2)), (edits.Insert("e", 4, (X,)), None), (edits.Roll("e", "a", 1), (2, 3)),
    (edits.Slip("e", "b", -19), (1, 3)), (edits.Slip("e", "b", -20), (0, 3)), (edits.Move("e", ("a", "b"), 5), (2, 3)), (edits.Lift("e", ("b",)), None),
])  # fmt: skip
def test_an_edit_beside_a_transition_leaves_as_much_of_it_as_its_clips_carry(edit, left):
    cut = edit.apply(edits.AddTransition("e0", "a", Transition("x", 2, 3)).apply(film("aaaabbbb")))
    found = [item for item in cut.tracks[0].items if isinstance(item, Transition)]
    assert [(item.in_offset, item.out_offset) for item in found] == ([left] if left else [])


@pytest.mark.parametrize("cut, edit, said", [
    (film("aaabb"), edits.Trim("e", "a", "tail", -3), "at least one must stay"),
    (film("aaabb"), edits.Trim("e", "a", "tail", 1), "0 frames are free between the clip 'a' and the clip 'b'"),
    (film("aaabb"), edits.RippleTrim("e", "b", "tail", 79), "1 frame past its end: its media has 100 frames"),
    (film("aaabb"), edits.RippleTrim("e", "a", "head", -21), "1 frame past its beginning"),
    (film("aaabb"), edits.RippleTrim("e", "a", "head", 3), "3 frames long; it cannot lose 3"),
    (film("aaabb"), edits.Roll("e", "b", 1), "meets no other clip"),
    (film("aa.bb"), edits.Roll("e", "a", 1), "meets no other clip"),
    (film("aaabb"), edits.Split("e", "a", 3), "from frame 0 to 3"),
    (film("aaabb"), edits.Split("e", "zz", 3), "no clip 'zz'"),
    (film("aaabb"), edits.Move("e", ("a",), -1), "cannot begin 1 earlier"),
    (film("aaabb"), edits.AddTransition("e", "a", Transition("x", 21, 1)), "3 frames long"),
    (film("a" * 30 + "b" * 30), edits.AddTransition("e", "a", Transition("x", 21, 1)), "needs 21 frames before the clip 'b', and its media has 20 there"),
    (film("aa.bb"), edits.AddTransition("e", "a", Transition("x", 1, 1)), "between two clips that meet"),
    (film("aaa"), edits.Insert("e", 0, ()), "nothing to lay down"),
    (film("aaa"), edits.Insert("e", 0, (Part("v1", clip("a", 2)),)), "there already"),
    (film("aaa"), edits.Insert("e", 0, (Part("v1", clip("x", 0)),)), "0 frames long"),
    (film("aaa"), edits.Insert("e", 0, (Part("v9", clip("x", 1)),)), "no track 'v9'"),
    (film("aaa"), edits.Replace("e", "a", media("new", 2)), "3 frames long, and this media has 2"),
    (film("aaa"), edits.Replace("e", "a", media("new", 2, 24)), "being 24 per second in a cut of 16"),
    (film("aaa"), edits.SetCut("e", "n", 64, 48, Fraction(25)), "16 frames per second"),
    (film("aaa"), edits.Speed("e", "a", Fraction(1, 1001)), "hundredth"),
    (film("aaa"), edits.RemoveMarker("e", "m"), "no marker"),
    (rows(v1="aaabbb", s1="AAABBB"), edits.RippleDelete("e", ("zz",)), "no clip 'zz'"),
    (rows(v1="aaabbb", s1="AAABBB", s2=".MM"), edits.Overwrite("e", 1, (Part("s2", clip("x", 1)),)), "is film, and cannot lie on a track for sound"),
    (rows(v1="aaabbb", t1="t"), edits.Move("e", ("a",), 0, "t1"), "cannot lie on a track for titles"),
    (edits.SetTrack("e0", "v1", locked=True).apply(film("aaa")), edits.Lift("e", ("a",)), "locked"),
    (edits.SetTrack("e0", "s1", locked=True).apply(rows(v1="aaabbb", s1="AAABBB")), edits.RippleDelete("e", ("a",)), "out of sync"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence_and_changes_nothing(cut, edit, said):
    before = cut.to_json()
    with pytest.raises(BadRequest, match=said) as caught:
        edit.apply(cut)
    assert str(caught.value).endswith(".") and cut.to_json() == before


def test_sound_that_ends_a_little_before_its_film_does_not_keep_it_from_being_trimmed():
    cut = rows(v1="aaabb", s1="AAABB")
    short = replace(cut.tracks[1].items[0], media=Media(75_500, Fraction(48_000), take="takea", kind="sound"))
    cut = replace(cut, tracks=(cut.tracks[0], replace(cut.tracks[1], items=(short, cut.tracks[1].items[1]))))
    assert drawn(edits.RippleTrim("e", "a", "tail", 4).apply(cut)) == "aaaaaaabb | AAAAA..BB"


def test_markers_move_with_the_film_under_them():
    cut = replace(film("aaabbb"), markers=(Marker("m", 1), Marker("n", 4)))
    assert [marker.at for marker in edits.Insert("e", 3, (X,)).apply(cut).markers] == [1, 6]
    assert [marker.at for marker in edits.RippleDelete("e", ("a",)).apply(cut).markers] == [0, 1]
    moved = edits.SetMarker("e", Marker("m", 5, note="later")).apply(cut)
    assert [marker.id for marker in moved.markers] == ["n", "m"] and moved.markers[1].note == "later"


def test_several_edits_are_one_step_or_none():
    both = edits.Several("e", (edits.Split("e1", "a", 1), edits.RippleDelete("e2", ("b",))))
    assert drawn(both.apply(film("aaabbc"))) == "aaac" and edits.read(edits.write(both)) == both
    with pytest.raises(BadRequest, match="no item 'zz'|no clip 'zz'"):
        edits.Several("e", (edits.Split("e1", "a", 1), edits.Lift("e2", ("zz",)))).apply(film("aaa"))
    with pytest.raises(BadRequest, match="1 to 1000 edits"):
        edits.Several("e", (both,)).apply(film("aaabb"))


@pytest.mark.parametrize("said, words", [
    ({"is": "several", "id": "e", "edits": 7}, "no list"), ({"is": "trim", "id": "../e", "item": "a", "end": "tail", "by": 1}, "small letters"), ({"is": []}, "none of"),
    ({"is": "trim", "id": "e", "item": "a", "end": "tail", "by": 1.5}, "no whole number"), ({"is": "speed", "id": "e", "item": "a", "speed": "1/0"}, "no fraction"),
    ({"is": "level", "id": "e", "item": "a", "level": float("nan")}, "no number"), ({"is": "lift", "id": "e", "items": ["a"], "force": True}, "does not know"), ([], "none of"),
])  # fmt: skip
def test_what_is_no_edit_is_refused_with_a_sentence(said, words):
    with pytest.raises(BadRequest, match=words) as caught:
        edits.read(said if isinstance(said, dict) else "[]")
    assert str(caught.value).endswith(".")


def test_an_edit_nested_without_end_is_refused():
    nested = {"is": "lift", "id": "e", "items": []}
    for _ in range(900):
        nested = {"is": "several", "id": "e", "edits": [nested]}
    with pytest.raises(BadRequest, match="nested|1 to 1000"):
        edits.read(nested).apply(film("a"))


def test_titles_say_other_words_and_fade():
    cut = edits.Append("e", (Part("t1", Title("t", "Beginning", 8)),)).apply(rows(v1="aaaa", t1=""))
    cut = edits.Fade("e3", "t", 2, 3).apply(edits.SetTitle("e2", "t", "The end").apply(cut))
    assert cut.find("t")[1].item == Title("t", "The end", 8, fade_in=2, fade_out=3)
    assert edits.RippleTrim("e4", "t", "tail", -5).apply(cut).find("t")[1].item.fade_out == 1


@pytest.mark.parametrize("over, items, lead, after", [
    (("a",), (clip("n", 5),), 0, "nnnnnbbb | AAA..BBB"),                   # carried on
    (("b",), (clip("n", 5),), 2, "aaannnnn | AAA..BBB"),                   # led up to: what belonged to b is 2 later
    (("a", "b"), (clip("a", 3), clip("n", 2), clip("b", 3)), 0, "aaannbbb | AAA..BBB"),      # connected over a hard cut
    (("a",), (clip("n", 3),), 0, "nnnbbb | AAABBB"),                       # done again
    (("a",), (clip("n", 2),), 0, "nnbbb | AABBB"),
])  # fmt: skip
def test_an_accepted_candidate_takes_its_place_and_what_is_linked_follows(over, items, lead, after):
    cut = rows(v1="aaabbb", s1="AAABBB")
    if lead:        # a made take keeps the id of what it stands for, so that its sound finds it
        items = (replace(items[0], id="b"),)
    made = edits.Accept("e", Candidate("c", over, items, lead)).apply(cut)
    assert drawn(made) == after


def test_a_candidate_for_what_has_changed_is_refused():
    cut = film("aaabbbccc")
    pending = Candidate("c", ("a", "b"), job="job1")
    with pytest.raises(BadRequest, match="still being made"):
        edits.Accept("e", pending).apply(cut)
    asked = edits.Accept("e", replace(pending, items=(clip("n", 4),)))
    assert drawn(asked.apply(cut)) == "nnnnccc"
    with pytest.raises(BadRequest, match="moved apart"):
        asked.apply(edits.Reorder("e2", "b", "").apply(cut))
