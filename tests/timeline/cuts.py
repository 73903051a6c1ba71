"""Cuts to try edits on, written as strips, and edits drawn at random."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from engine.timeline import edits
from engine.timeline.cut import Clip, Cut, Gap, Marker, Media, Style, Title, Track, Transition

RATE = Fraction(16)


def media(name: str, frames: int = 100, rate=RATE, kind: str = "film") -> Media:
    return Media(frames, Fraction(rate), take=name, kind=kind, width=0 if kind == "sound" else 64, height=0 if kind == "sound" else 48)


def clip(id: str, length: int, start=20, **more) -> Clip:
    """`length` frames from the middle of a take of 100 pictures."""
    return Clip(id, more.pop("media", media("take" + id)), Fraction(start), length, **more)


def sound(name: str, length: int, start=20, link: str = "") -> Clip:
    """The sound of the same stretch."""
    return Clip(name, media("take" + name, 300_000, 48_000, "sound"), Fraction(start) * 3000, length, link=link)


def film(row: str, **more) -> Cut:
    """A cut of one film track from its strip: each letter is a clip, a dot a frame of a gap."""
    return rows(v1=row, **more)


def rows(rate=RATE, **strips: str) -> Cut:
    """A cut from strips: tracks v.. are film, t.. titles, s.. sound. A capital is the sound of the small letter, linked to it."""
    tracks = []
    for name, row in strips.items():
        kind = {"v": "film", "t": "titles", "s": "sound"}[name[0]]
        items, at = [], 0
        while at < len(row):
            letter, begin = row[at], at
            while at < len(row) and row[at] == letter:
                at += 1
            length = at - begin
            paired = any(letter.swapcase() in other for other in strips.values())
            link = f"link{letter.lower()}" if paired and letter != "." else ""
            if letter == ".":
                items.append(Gap(length))
            elif kind == "titles":
                items.append(Title(letter, f"words {letter}", length))
            elif kind == "sound":
                # In sync with its film, which begins at picture 20 wherever it lies.
                offset = begin - next((other.index(letter.lower()) for other in strips.values() if letter.lower() in other), begin)
                items.append(sound(f"{letter.lower()}s", length, 20 + offset, link))
            else:
                items.append(clip(letter, length, link=link))
        tracks.append(Track(name, kind, tuple(items)))
    return Cut("cut", "One", Fraction(rate), 64, 48, tuple(tracks))


def some_media(draw, kind: str) -> Media:
    if kind == "sound":
        return media(draw(st.sampled_from(["boat", "song"])), draw(st.integers(48_000, 900_000)), draw(st.sampled_from([48_000, 44_100])), "sound")
    if draw(st.integers(0, 5)) == 0:
        return Media(1, Fraction(1), file="inputs/still.png", kind="picture", width=64, height=48)
    return media(draw(st.sampled_from(["boat", "fox"])), draw(st.integers(5, 200)), draw(st.sampled_from([16, 24, 25, Fraction(30000, 1001)])))


def some_clip(draw, id: str, kind: str, rate: Fraction, link: str = "") -> Clip:
    """A clip that fits into its media."""
    there = some_media(draw, kind)
    whole = Clip(id, there, Fraction(0), 1, link=link)
    most = min(whole.most(rate), 60)
    length = draw(st.integers(1, max(most, 1)))
    head = 0 if there.kind == "picture" else draw(st.integers(0, max(whole.most(rate) - length, 0)))
    return Clip(id, there, whole.edge(head, rate), length, link=link)


def some_parts(draw, cut: Cut, id: str) -> tuple[edits.Part, ...]:
    """A clip, a title, or the film and the sound of one import."""
    of = {kind: [track.id for track in cut.tracks if track.kind == kind] for kind in ("film", "titles", "sound")}
    what = draw(st.sampled_from(["film", "both", "sound", "title"]))
    if what == "title" and of["titles"]:
        return (edits.Part(draw(st.sampled_from(of["titles"])), Title(id + "t", "words", draw(st.integers(1, 30)))),)
    if what == "both" and of["film"] and of["sound"]:
        start, length = draw(st.integers(0, 40)), draw(st.integers(1, 40))
        pictures, samples = media("pair", 100, 25), media("pair", 192_000, 48_000, "sound")
        length = min(length, int((100 - start) * cut.rate / 25))
        at = Fraction(start)
        return (edits.Part(of["film"][0], Clip(id + "v", pictures, at, length, link=id + "l")),
                edits.Part(of["sound"][0], Clip(id + "s", samples, at * 48_000 / 25, length, link=id + "l")))  # fmt: skip
    kind = "sound" if what == "sound" and of["sound"] else "film"
    if not of[kind]:
        return ()
    return (edits.Part(draw(st.sampled_from(of[kind])), some_clip(draw, id + "c", kind, cut.rate)),)


def some_place(draw, cut: Cut, one: str) -> tuple[str, int]:
    """A clip and a frame inside it, where it has one."""
    placed = next((placed for track in cut.tracks for placed in track.placed() if getattr(placed.item, "id", "") == one), None)
    return one, draw(st.integers(placed.start + 1, placed.stop - 1)) if placed and placed.stop - placed.start > 1 else 0


def meeting(draw, cut: Cut) -> str:
    """A clip that meets another at its end; "" where there is none."""
    found = [a.id for track in cut.tracks for a, b in zip(track.items, track.items[1:]) if isinstance(a, Clip) and isinstance(b, Clip)]
    return draw(st.sampled_from(found)) if found else ""


def some_edit(draw, cut: Cut, id: str) -> edits.Edit:
    """An edit of any kind that speaks of what is there, though it may be one that is refused."""
    there = [item.id for track in cut.tracks for item in track.items if not isinstance(item, Gap)] or ["none"]
    transitions = [item.id for track in cut.tracks for item in track.items if isinstance(item, Transition)] or ["none"]
    one = draw(st.sampled_from(there))
    by, at, small = draw(st.integers(-30, 30)), draw(st.integers(0, cut.length + 5)), draw(st.integers(0, 8))
    track = draw(st.sampled_from([track.id for track in cut.tracks])) if cut.tracks else "none"
    alone, end = draw(st.booleans()), draw(st.sampled_from(["head", "tail"]))
    mark = Marker(draw(st.sampled_from([f"{id}m", *(marker.id for marker in cut.markers)])), at, note="seed 7")
    kinds = {
        "insert": lambda: edits.Insert(id, at, some_parts(draw, cut, id)),
        "overwrite": lambda: edits.Overwrite(id, at, some_parts(draw, cut, id)),
        "append": lambda: edits.Append(id, some_parts(draw, cut, id)),
        "move": lambda: edits.Move(id, tuple(draw(st.lists(st.sampled_from(there), min_size=1, max_size=3))), by, track if small > 6 else "", alone),
        "reorder": lambda: edits.Reorder(id, one, draw(st.sampled_from(["", *there]))),
        "lift": lambda: edits.Lift(id, (one,), alone),
        "ripple delete": lambda: edits.RippleDelete(id, tuple(draw(st.lists(st.sampled_from(there), min_size=1, max_size=3)))),
        "open": lambda: edits.OpenGap(id, track, at, small),
        "close": lambda: edits.CloseGap(id, one),
        "trim": lambda: edits.Trim(id, one, end, by, alone),
        "ripple trim": lambda: edits.RippleTrim(id, one, end, by),
        "roll": lambda: edits.Roll(id, one, small - 4, alone),
        "slip": lambda: edits.Slip(id, one, by, alone),
        "slide": lambda: edits.Slide(id, one, small - 4),
        "split": lambda: edits.Split(id, *some_place(draw, cut, one)),
        "speed": lambda: edits.Speed(id, one, draw(st.sampled_from([Fraction(2), Fraction(1, 2), Fraction(-1), Fraction(3, 7), Fraction(0)])), alone),
        "transition": lambda: edits.AddTransition(id, meeting(draw, cut) or one, Transition(id + "x", small, draw(st.integers(0, 4)), draw(st.sampled_from(["cross-fade", "dip"])))),
        "transition set": lambda: edits.SetTransition(id, Transition(draw(st.sampled_from(transitions)), small, 1)),
        "transition off": lambda: edits.RemoveTransition(id, draw(st.sampled_from(transitions))),
        "title": lambda: edits.SetTitle(id, one, "other words", Style(size=12)),
        "level": lambda: edits.Level(id, one, -3),
        "fade": lambda: edits.Fade(id, one, small, small),
        "mute": lambda: edits.Mute(id, (one,)),
        "name": lambda: edits.Rename(id, one, "Anna läuft"),
        "link": lambda: edits.Link(id, (one,), draw(st.sampled_from(["", "linka"]))),
        "marker": lambda: edits.AddMarker(id, mark), "marker set": lambda: edits.SetMarker(id, mark), "marker off": lambda: edits.RemoveMarker(id, mark.id),
        "track": lambda: edits.AddTrack(id, Track(id + "k", draw(st.sampled_from(["film", "titles", "sound"]))), small),
        "track set": lambda: edits.SetTrack(id, track, "A track", locked=small > 7, sync=alone),
        "track off": lambda: edits.RemoveTrack(id, track),
        "cut": lambda: edits.SetCut(id, "Two", 128, 96),
        "extract": lambda: edits.Extract(id, at, max(small, 1)),
        "clear": lambda: edits.Clear(id, at, max(small, 1)),
        "room": lambda: edits.MakeRoom(id, at, small, some_parts(draw, cut, id) if alone or not small else ()),
        "replace": lambda: edits.Replace(id, one, some_media(draw, "film"), Fraction(small)),
        "accept": lambda: edits.Accept(id, edits.Candidate(id + "c", (one,), (some_clip(draw, draw(st.sampled_from([one, id + "n"])), "film", cut.rate),), small % 2)),
    }  # fmt: skip
    kinds["several"] = lambda: edits.Several(id, tuple(kinds[kind]() for kind in draw(st.lists(st.sampled_from(["trim", "roll", "lift", "split", "fade", "marker"]), min_size=1, max_size=3))))
    # Tracks go seldom, so that there is something to edit.
    often = [kind for kind in kinds if kind not in ("track off", "track set")]
    return kinds[draw(st.sampled_from([*often, *often, "insert", "append", "insert", "append", "track off", "track set"]))]()
