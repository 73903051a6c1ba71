"""A stretch of a cut made anew: by a real worker, beside what was there, and of all else not a picture."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from idle import A, B

from engine.errors import BadRequest
from engine.jobs.worker import Worker
from engine.media import read_film
from engine.timeline import edits
from engine.timeline.cut import Clip, Cut, Media, Track, Transition
from engine.timeline.history import History
from engine.timeline.rendering import Places
from engine.timeline.rendering.frames import frames


@pytest.fixture
def home(stocked):
    return stocked


def row(answer):
    return [(item["media"]["take"], item["length"]) for item in answer["cut"]["tracks"][0]["items"]]


def item(answer, number=0):
    return answer["cut"]["tracks"][0]["items"][number]["id"]


def seen(desk, id) -> list[np.ndarray]:
    """Every frame of the cut as it is."""
    cut = desk.cutting.history.open(id).cut
    return [picture.copy() for picture in frames(cut, Places(desk.library), range(cut.length), (cut.width, cut.height))]


def made(desk, studio, id) -> list[dict]:
    """Its candidates, when all is made."""
    Worker(desk.home).run()
    return studio.get(f"/studio/cuts/{id}").json()["candidates"]


def near(one, other) -> bool:
    """The same picture, compressed once more."""
    return np.abs(one.astype(int) - other).mean() < 4


def test_a_stretch_of_one_clip_is_made_anew_and_its_ends_are_kept(studio, send, desk, two):
    id, before = two["cut"]["id"], seen(desk, two["cut"]["id"])
    now = send(f"/{id}/make", revision=0, kind="retake", item=item(two), span=[6, 11], prompt="green right", strength=0.9, times=2)
    assert [(one["kind"], one["over"], one["items"], one["frames"]) for one in now["candidates"]] == [("retake", [item(two)], [], 5)] * 2 and now["revision"] == 0
    one, other = made(desk, studio, id)
    assert [(part["media"]["take"], part["length"]) for part in one["items"]] == [(A, 5), (one["job"], 7), (A, 5)]       # whole latent frames
    take = desk.library.take(one["job"])
    assert take.recipe["strength"] == [0, 0, 0.9, 0.6, 0] and [join["picture"] for join in take.figures["joins"]] == [5, 12] and one["score"] == take.figures["seam"] > 0

    now = send(f"/{id}/candidates/{one['id']}/accept", revision=0)
    assert row(now) == [(A, 5), (one["job"], 7), (A, 5), (B, 17)] and now["undo"] == "accept" and now["candidates"] == []
    after = seen(desk, id)
    same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same == [True] * 5 + [False] * 7 + [True] * 22
    anew = list(read_film(take.file("film")))
    assert all(near(a, b) for a, b in zip(anew[:5] + anew[12:], before[:5] + before[12:17])) and not near(anew[8], before[8])       # kept in the take too
    back = send(f"/{id}/undo", revision=1)
    assert row(back) == [(A, 17), (B, 17)] and [one["id"] for one in back["candidates"]] == [one["id"], other["id"]]


def test_one_more_try_is_of_the_same_stretch_words_and_part_of_the_picture(studio, send, desk, two):
    id = two["cut"]["id"]
    wished = {"span": [6, 11], "prompt": "green right", "strength": 0.7, "area": [16, 16, 32, 32]}
    now = send(f"/{id}/make", revision=0, kind="retake", item=item(two), **wished)
    first = now["candidates"][0]
    assert (first["start"], first["frames"]) == ("6", 5)            # where it is made is known before it is there
    studio.post(f"/studio/jobs/{first['job']}/cancel")
    send(f"/{id}/candidates/{first['id']}/again")                   # of one that never came to be, too
    send(f"/{id}/candidates/{first['id']}/again", times=2)
    _, *more = made(desk, studio, id)
    takes = [desk.library.take(one["job"]) for one in more]
    assert len({take.seed for take in takes}) == 3 and [one["start"] for one in more] == ["6"] * 3
    assert {(take.prompt, take.recipe["operation"], tuple(take.recipe["strength"]), tuple(take.recipe["area"])) for take in takes} == {
        ("green right", "inpaint", (0, 0, 0.7, 0.6, 0), tuple(takes[0].recipe["area"]))}
    assert [[part["length"] for part in one["items"]] for one in more] == [[5, 7, 5]] * 3
    send(f"/{id}/candidates/{more[0]['id']}/accept", revision=0)
    for gone, times, sentence in ((more[0]["id"], 1, "not here any more"), ("nobody", 1, "not here any more")):
        reply = studio.post(f"/studio/cuts/{id}/candidates/{gone}/again", json={"times": times})
        assert reply.status_code == 400 and sentence in reply.json()["error"]


@pytest.mark.parametrize("kind, wished", [("extend", {"frames": 8, "prompt": "green"}), ("connect", {"frames": 8}), ("loop", {"frames": 8}), ("edit", {"prompt": "green", "strength": 0.5}), ("variation", {})])
def test_one_more_try_of_anything_has_the_same_recipe_and_another_seed(studio, send, desk, two, kind, wished):
    id = two["cut"]["id"]
    now = send(f"/{id}/make", revision=0, kind=kind, item=item(two), **wished)
    now = send(f"/{id}/candidates/{now['candidates'][0]['id']}/again")
    one, other = (desk.queue.job(candidate["job"]).recipe for candidate in now["candidates"])
    assert {**one, "seed": 0} == {**other, "seed": 0} and one["seed"] != other["seed"]
    again = studio.post(f"/studio/cuts/{id}/candidates/{now['candidates'][0]['id']}/again", json={"times": 9})
    assert again.status_code == 400 and "1 to 8 candidates" in again.json()["error"]


def test_a_stretch_across_a_cut_leaves_the_cut_where_it_is(studio, send, desk, two):
    id, before = two["cut"]["id"], seen(desk, two["cut"]["id"])
    send(f"/{id}/make", revision=0, kind="retake", item=item(two), span=[11, 22], prompt="green", strength=0.8)
    one, = made(desk, studio, id)
    take = desk.library.take(one["job"])
    assert one["over"] == [item(two, 0), item(two, 1)] and [held["role"] for held in take.recipe["inputs"]] == ["film", "film"] and len(take.figures["joins"]) == 2
    now = send(f"/{id}/candidates/{one['id']}/accept", revision=0)
    assert row(now) == [(A, 9), (one["job"], 8), (one["job"], 7), (B, 10)] and item(now, 2) == item(two, 1)
    same = [np.array_equal(a, b) for a, b in zip(before, seen(desk, id), strict=True)]
    assert same == [True] * 9 + [False] * 15 + [True] * 10
    again = desk.making.restore(one["job"])         # all of it can be asked for again: another seed of the same
    assert again["notes"] == [] and again["wishes"]["second"]["take"] == B


@pytest.mark.parametrize("wishes, task", [({}, "inpaint"), ({"area": [16, 16, 32, 32]}, "inpaint"), ({"area": [0, 0, 48, 64], "prompt": "green left", "strength": 0.7}, "inpaint")])
def test_a_stretch_is_a_hole_without_other_words_or_in_a_part_of_the_picture(studio, send, desk, two, wishes, task):
    id, before = two["cut"]["id"], seen(desk, two["cut"]["id"])
    send(f"/{id}/make", revision=0, kind="retake", item=item(two), span=[5, 9], **wishes)
    one, = made(desk, studio, id)
    take = desk.library.take(one["job"])
    assert take.recipe["operation"] == task and take.prompt == wishes.get("prompt", "red right")
    assert [part["length"] for part in one["items"]] == [5, 7, 5] and desk.making.restore(one["job"])["notes"] == []
    if wishes:
        left, top, width, height = wishes["area"]
        anew = list(read_film(take.file("film")))
        outside = np.ones((64, 96), bool)
        outside[top - 8 if top else 0 : top + height + 8, left - 8 if left else 0 : left + width + 8] = False
        assert all(np.abs(anew[at].astype(int) - before[at])[outside].mean() < 4 for at in range(5, 9))


@pytest.mark.parametrize("span, lengths", [([0, 4], [4, 13]), ([13, 17], [13, 4]), ([0, 17], [17]), ([16, 17], [13, 4])])
def test_a_stretch_at_an_end_of_its_clip_or_all_of_it(studio, send, desk, two, span, lengths):
    id = two["cut"]["id"]
    send(f"/{id}/make", revision=0, kind="retake", item=item(two), span=span, prompt="green", strength=0.9)
    one, = made(desk, studio, id)
    assert [part["length"] for part in one["items"]] == lengths and one["items"][0]["id"] == item(two)
    now = send(f"/{id}/candidates/{one['id']}/accept", revision=0)
    assert [length for _, length in row(now)] == [*lengths, 17] and now["candidates"] == []


def test_what_was_trimmed_since_is_fitted_or_made_again(studio, send, desk, two):
    id = two["cut"]["id"]
    send(f"/{id}/make", revision=0, kind="retake", item=item(two), span=[6, 9], prompt="green", strength=0.9, times=2)
    send(f"/{id}/edits", revision=0, edit={"is": "ripple-trim", "id": "e1", "item": item(two), "end": "head", "by": 3})
    one, _ = made(desk, studio, id)         # made of the take, which is where it was
    assert [part["length"] for part in one["items"]] == [3, 3, 8]
    send(f"/{id}/edits", revision=1, edit={"is": "ripple-trim", "id": "e2", "item": item(two), "end": "tail", "by": -2})
    assert studio.get(f"/studio/cuts/{id}").json()["candidates"] == []
    late = studio.post(f"/studio/cuts/{id}/candidates/{one['id']}/accept", json={"revision": 2})
    assert late.status_code == 400 and "not here any more" in late.json()["error"]
    assert len(send(f"/{id}/undo", revision=2)["candidates"]) == 2
    now = send(f"/{id}/candidates/{one['id']}/accept", revision=3)
    assert now["candidates"] == [] and sum(length for _, length in row(now)) == 31


WRONG = {
    "no stretch": ({}, "from one frame of the cut up to a later one"),
    "backwards": ({"span": [9, 6]}, "from one frame of the cut up to a later one"),
    "before its clip": ({"span": [3, 6], "second": True}, "cannot begin at 3"),
    "beyond the row": ({"span": [20, 40], "second": True}, "no clip meets it"),
    "too far": ({"span": [6, 99]}, "in two that meet"),
    "no such clip": ({"span": [3, 6], "item": "nobody"}, "There is no item"),
    "an area outside": ({"span": [3, 6], "area": [90, 60, 50, 50]}, "An area is left, top"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_stretch_that_cannot_be_is_a_sentence(studio, two, desk, case):
    asked, sentence = dict(WRONG[case][0]), WRONG[case][1]
    asked = {"revision": 0, "kind": "retake", "item": item(two, int(asked.pop("second", False))), **asked}
    reply = studio.post(f"/studio/cuts/{two['cut']['id']}/make", json=asked)
    assert reply.status_code == 400 and sentence in reply.json()["error"], reply.json()
    assert desk.queue.jobs() == []


def test_sound_that_belongs_to_a_clip_is_parted_with_it_and_stays_in_sync():
    """A clip whose sound is linked: the sound plays on as it was, in parts that go where their film goes."""
    film, heard = Media(100, Fraction(16), take="a", width=64, height=48), Media(300_000, Fraction(48_000), take="a", kind="sound")
    clip, sound = Clip("a", film, Fraction(20), 40, link="l"), Clip("s", heard, Fraction(60_000), 40, link="l")
    cut = Cut("cut", "One", Fraction(16), 64, 48, (Track("v", "film", (clip,)), Track("s1", "sound", (sound,))))
    new = Clip("c", Media(50, Fraction(16), take="new", width=64, height=48), Fraction(5), 10, link="lc")
    rest = Clip("d", film, Fraction(40), 20, link="ld")
    candidate = edits.Candidate("one", ("a",), (replace(clip, length=10), replace(new, length=10), rest), kind="retake", frames=10)
    made = edits.Accept("e", candidate).apply(cut)
    picture, heard_now = ([(item.length, item.link, item.media.take) for item in track.items] for track in made.tracks)
    assert picture == [(10, "l", "a"), (10, "lc", "new"), (20, "ld", "a")] and heard_now == [(10, "l", "a"), (10, "lc", "a"), (20, "ld", "a")]
    edges = [item.start for item in made.tracks[1].items]
    assert edges == [60_000, 90_000, 120_000]
    moved = edits.Move("m", ("d",), 5).apply(made)
    assert [placed.start for placed in moved.tracks[1].placed()][-1] == 25          # with its part of the sound
    with pytest.raises(BadRequest, match="made again"):
        edits.Accept("f", candidate).apply(edits.RippleTrim("t", "a", "tail", -3).apply(cut))


def test_transitions_at_the_ends_of_what_is_made_anew_stay(desk):
    media = Media(100, Fraction(16), take=A, width=96, height=64)
    a, b, c = (Clip(name, media, Fraction(20), 20) for name in "abc")
    cut = Cut("cut", "One", Fraction(16), 96, 64, (Track("v", "film", (a, Transition("x", 2, 2), b, Transition("y", 2, 2), c)),))
    new = Clip("n", Media(50, Fraction(16), take=B, width=96, height=64), Fraction(5), 8)
    candidate = edits.Candidate("one", ("b",), (replace(b, length=6), new, replace(b, id="r", start=Fraction(34), length=6)), kind="retake")
    made = edits.Accept("e", candidate).apply(cut)
    assert [getattr(one, "id", "") for one in made.tracks[0].items] == ["a", "x", "b", "n", "r", "y", "c"] and made.length == cut.length
    history = History(desk.library.store)
    history.new(cut)
    history.edit("cut", 0, edits.Accept("e", candidate))
    assert history.undo("cut", 1).cut.to_json() == cut.to_json()
