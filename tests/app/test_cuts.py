"""Cuts over HTTP: laid, edited, undone; film that is missing made by a real worker, set beside the cut, accepted; two windows."""

from __future__ import annotations

import io
import shutil
import wave

import numpy as np
import pytest
from idle import STILL, A, B
from PIL import Image

from engine.errors import BadRequest
from engine.jobs.worker import Worker


@pytest.fixture
def home(stocked):
    """The studio's home has takes in it."""
    return stocked


def row(answer, track="film"):
    """Names of media and lengths of a track's items."""
    items = next(one for one in answer["cut"]["tracks"] if one["id"] == track).get("items", [])
    return [(item.get("media", {}).get("take", item["is"]), item["length"]) for item in items]


def item(answer, number=0):
    return [one for one in answer["cut"]["tracks"][0]["items"] if one["is"] == "clip"][number]["id"]


def ready(desk):
    """Everything in line is made."""
    Worker(desk.home).run()


def test_a_cut_is_begun_with_takes_and_is_there_again(studio, send, two):
    assert row(two) == [(A, 17), (B, 17)] and two["cut"]["rate"] == "16" and (two["cut"]["width"], two["cut"]["height"]) == (96, 64)
    assert set(two["media"]) == {A, B} and two["media"][A]["prompt"] == "red right" and two["candidates"] == [] == list(two["missing"])
    id = two["cut"]["id"]
    assert studio.get(f"/studio/cuts/{id}").json() == two
    assert [(line["name"], line["frames"]) for line in studio.get("/studio/cuts").json()["cuts"]] == [("One", 34)]
    empty = send("", name="Nothing yet")
    assert (empty["cut"]["rate"], empty["cut"]["width"]) == ("16", 1920) and [track["kind"] for track in empty["cut"]["tracks"]] == ["film", "titles", "sound"]
    assert send("", name="At 24", takes=[STILL, A], rate="24", size=[640, 360])["cut"]["width"] == 640
    assert [line["name"] for line in send(f"/{id}/trash")["cuts"]] == ["At 24", "Nothing yet"]
    assert len(send(f"/{id}/trash", yes=False)["cuts"]) == 3


def test_edits_are_made_taken_back_and_made_again(send, two):
    id = two["cut"]["id"]
    now = send(f"/{id}/edits", revision=0, edit={"is": "trim", "id": "e1", "item": item(two), "end": "tail", "by": -5})
    assert row(now) == [(A, 12), ("gap", 5), (B, 17)] and (now["revision"], now["undo"], now["redo"]) == (1, "trim", "")
    now = send(f"/{id}/add", revision=1, takes=[STILL], at=12)
    assert row(now) == [(A, 12), (STILL, 64), ("gap", 5), (B, 17)]
    back = send(f"/{id}/undo", revision=2)
    assert row(back) == [(A, 12), ("gap", 5), (B, 17)] and back["redo"] == "insert"
    assert row(send(f"/{id}/redo", revision=3)) == row(now)


def test_a_window_that_comes_late_is_told_so_or_makes_room(studio, send, two):
    id = two["cut"]["id"]
    send(f"/{id}/edits", revision=0, edit={"is": "rename", "id": "e1", "item": item(two, 0), "name": "first"})
    other = send(f"/{id}/edits", revision=0, edit={"is": "rename", "id": "e2", "item": item(two, 1), "name": "second"})
    assert other["revision"] == 2 and [one["name"] for one in other["cut"]["tracks"][0]["items"]] == ["first", "second"]
    late = studio.post(f"/studio/cuts/{id}/edits", json={"revision": 0, "edit": {"is": "rename", "id": "e3", "item": item(two, 0), "name": "third"}})
    assert late.status_code == 409 and late.json()["revision"] == 2 and late.json()["error"].endswith("try again.")
    assert studio.post(f"/studio/cuts/{id}/undo", json={"revision": 1}).status_code == 409


def test_state_tells_every_window_that_something_changed(studio, send, desk, two):
    id = two["cut"]["id"]
    marks = [studio.get("/studio/state").json()["cuts"][id]]
    send(f"/{id}/edits", revision=0, edit={"is": "rename", "id": "e1", "item": item(two), "name": "x"})
    marks.append(studio.get("/studio/state").json()["cuts"][id])
    made = send(f"/{id}/make", revision=1, kind="extend", item=item(two), frames=8)
    marks.append(studio.get("/studio/state").json()["cuts"][id])
    send(f"/{id}/candidates/{made['candidates'][0]['id']}/reject")
    marks.append(studio.get("/studio/state").json()["cuts"][id])
    assert len(set(marks)) == 4


# ---- film that is made for a cut

def test_an_end_is_pulled_past_its_film_and_the_handle_accepted(studio, send, desk, two):
    id = two["cut"]["id"]
    now = send(f"/{id}/edits", revision=0, edit={"is": "ripple-trim", "id": "e1", "item": item(two), "end": "tail", "by": -3})
    now = send(f"/{id}/make", revision=1, kind="extend", item=item(two), frames=6)
    one, = now["candidates"]
    assert (one["state"], one["kind"], one["over"], one["items"]) == ("waiting", "extend", [item(two)], []) and now["revision"] == 1
    late = studio.post(f"/studio/cuts/{id}/candidates/{one['id']}/accept", json={"revision": 1})
    assert late.status_code == 400 and "still being made" in late.json()["error"]
    ready(desk)
    now = studio.get(f"/studio/cuts/{id}").json()
    one, = now["candidates"]
    assert one["state"] == "done" and one["score"] > 0 and one["items"][0]["media"]["frames"] >= 23
    assert one["items"][0]["length"] == 14 + 3 + 6 and one["items"][0]["id"] == item(two)          # to the end of its film, and six more
    now = send(f"/{id}/candidates/{one['id']}/accept", revision=1)
    assert row(now) == [(one["job"], 23), (B, 17)] and now["candidates"] == [] and now["undo"] == "accept"
    back = send(f"/{id}/undo", revision=2)
    assert row(back) == [(A, 14), (B, 17)] and [one["state"] for one in back["candidates"]] == ["done"]
    kept, longer = (desk.library.take(one).pictures for one in (A, one["job"]))
    assert longer >= kept + 6


def test_a_candidate_is_tried_as_it_would_be_accepted_in_every_row(studio, send, desk, two):
    id = two["cut"]["id"]
    now = send(f"/{id}/edits", revision=0, edit={"is": "overwrite", "id": "e1", "at": 19, "parts": [{"track": "titles", "item": {"is": "title", "id": "words", "words": "Behind", "length": 8}}]})
    one, = send(f"/{id}/make", revision=1, kind="extend", item=item(two), frames=6)["candidates"]
    early = studio.get(f"/studio/cuts/{id}/candidates/{one['id']}")
    assert early.status_code == 400 and "still being made" in early.json()["error"]
    ready(desk)
    tried = studio.get(f"/studio/cuts/{id}/candidates/{one['id']}").json()
    assert tried["revision"] == 1 and studio.get(f"/studio/cuts/{id}").json()["cut"] == now["cut"]          # it was only tried
    assert row(tried) == [(one["job"], 23), (B, 17)] and row(tried, "titles") == [("gap", 25), ("title", 8)]     # what lies behind moves in every row
    assert send(f"/{id}/candidates/{one['id']}/accept", revision=1)["cut"] == tried["cut"]
    for gone in (one["id"], "nobody"):
        assert studio.get(f"/studio/cuts/{id}/candidates/{gone}").status_code == 400


def test_film_before_a_clip_moves_all_behind_it(studio, send, desk, two):
    id = two["cut"]["id"]
    send(f"/{id}/make", revision=0, kind="precede", item=item(two, 1), frames=5)
    ready(desk)
    one, = studio.get(f"/studio/cuts/{id}").json()["candidates"]
    assert one["lead"] == 5 and one["items"][0]["length"] == 22
    media = one["items"][0]["media"]
    assert int(one["items"][0].get("start", "0")) == media["frames"] - 17 - 5          # what was given still ends where it ended
    now = send(f"/{id}/candidates/{one['id']}/accept", revision=0)
    assert row(now) == [(A, 17), (one["job"], 22)]


@pytest.mark.parametrize("gap", [0, 8])
def test_two_clips_are_connected_over_a_cut_and_over_a_gap(studio, send, desk, two, gap):
    id, revision = two["cut"]["id"], 0
    if gap:
        send(f"/{id}/edits", revision=0, edit={"is": "open-gap", "id": "e1", "track": "film", "at": 17, "length": gap})
        revision = 1
    send(f"/{id}/make", revision=revision, kind="connect", item=item(two), frames=0 if gap else 12)
    ready(desk)
    one, = studio.get(f"/studio/cuts/{id}").json()["candidates"]
    assert one["over"] == [item(two, 0), item(two, 1)] and one["state"] == "done"
    now = send(f"/{id}/candidates/{one['id']}/accept", revision=revision)
    assert sum(length for _, length in row(now)) == 34 + (gap or 12) and one["job"] in dict(row(now))


def test_a_clip_is_made_again_with_other_words_and_other_seeds(studio, send, desk, two):
    id = two["cut"]["id"]
    now = send(f"/{id}/make", revision=0, kind="edit", item=item(two), prompt="green right", strength=0.7)
    now = send(f"/{id}/make", revision=0, kind="variation", item=item(two, 1), times=2)
    assert [one["kind"] for one in now["candidates"]] == ["edit", "variation", "variation"]
    ready(desk)
    there = studio.get(f"/studio/cuts/{id}").json()["candidates"]
    assert [one["items"][0]["length"] for one in there] == [17, 17, 17] and len({one["job"] for one in there}) == 3
    now = send(f"/{id}/candidates/{there[0]['id']}/accept", revision=0)
    now = send(f"/{id}/candidates/{there[2]['id']}/accept", revision=1)
    assert row(now) == [(there[0]["job"], 17), (there[2]["job"], 17)]
    assert desk.library.take(there[1]["job"]).seed != desk.library.take(there[2]["job"]).seed


@pytest.mark.parametrize("speed, start", [("1", "3"), ("-1", "14")])
def test_other_words_show_the_same_stretch_also_of_a_clip_that_was_trimmed_meanwhile(studio, send, desk, two, speed, start):
    id = two["cut"]["id"]
    send(f"/{id}/edits", revision=0, edit={"is": "speed", "id": "e0", "item": item(two), "speed": speed})
    send(f"/{id}/make", revision=1, kind="edit", item=item(two), prompt="green right", strength=0.7)
    send(f"/{id}/edits", revision=1, edit={"is": "ripple-trim", "id": "e1", "item": item(two), "end": "head", "by": 3})
    ready(desk)
    one, = studio.get(f"/studio/cuts/{id}").json()["candidates"]
    assert [(part["start"], part["length"]) for part in one["items"]] == [(start, 14)]


def test_a_loop_is_as_long_as_it_is(studio, send, desk, two):
    id = two["cut"]["id"]
    send(f"/{id}/make", revision=0, kind="loop", item=item(two), frames=8)
    ready(desk)
    one, = studio.get(f"/studio/cuts/{id}").json()["candidates"]
    assert one["items"][0]["length"] == desk.library.take(one["job"]).pictures > 17


def test_what_a_failed_or_cancelled_job_leaves_is_said(studio, send, desk, two):
    id = two["cut"]["id"]
    now = send(f"/{id}/make", revision=0, kind="extend", item=item(two), frames=8)
    studio.post(f"/studio/jobs/{now['candidates'][0]['job']}/cancel")
    one, = studio.get(f"/studio/cuts/{id}").json()["candidates"]
    assert one["state"] == "cancelled" and one["items"] == []
    assert send(f"/{id}/candidates/{one['id']}/reject")["candidates"] == []


def test_a_take_that_is_gone_is_said_and_keeps_its_place(studio, send, desk, two):
    desk.library.take(A).file("film").unlink()
    now = studio.get(f"/studio/cuts/{two['cut']['id']}").json()
    assert "not in the project any more" in now["missing"][item(two)] and row(now) == row(two)


# ---- files that are no takes

def song() -> bytes:
    """Three seconds of WAV, the second of which is loud."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(np.repeat(np.array([0, 20_000, 0], "<i2"), 8000).tobytes())
    return out.getvalue()


def test_a_sound_that_is_sent_lies_under_the_cut_as_long_as_its_film(studio, two, desk):
    sounds = f"/studio/cuts/{two['cut']['id']}/sounds"
    now = studio.post(sounds, params={"name": "../My song.wav", "revision": 0, "at": 10}, content=song()).json()
    assert row(now, "sound") == [("gap", 10), ("clip", 24)] and now["undo"] == "overwrite"
    clip = next(track for track in now["cut"]["tracks"] if track["id"] == "sound")["items"][1]
    assert clip["name"] == "My song.wav" and clip["media"]["frames"] == 24_000 and (desk.library.folder / clip["media"]["file"]).read_bytes() == song()
    for params, body, status in (({"revision": 1}, b"words", 400), ({"revision": 1, "track": "film"}, song(), 400), ({"revision": 1, "at": -1}, song(), 400), ({}, song(), 400)):
        reply = studio.post(sounds, params=params, content=body)
        assert reply.status_code == status and reply.json()["error"].endswith("."), params
    assert studio.post("/studio/cuts/nobody/sounds", params={"revision": 0}, content=song()).status_code == 400
    assert not list((desk.library.folder / "arriving").iterdir()) and len(list((desk.library.folder / "sounds").iterdir())) == 1
    assert studio.get(f"/studio/cuts/{two['cut']['id']}").json()["cut"] == now["cut"]


def test_files_of_the_project_are_seen_and_heard_on_the_page(studio, send, two, desk):
    folder = desk.library.folder
    shutil.copy(desk.library.take(A).file("film"), folder / "footage.mp4")
    (folder / "song.wav").write_bytes(song())
    parts = [{"track": "film", "item": {"is": "clip", "id": "footage", "length": 9, "start": "0", "media": {"file": "footage.mp4", "frames": 17, "rate": "16", "width": 96, "height": 64}}},
             {"track": "sound", "item": {"is": "clip", "id": "song", "length": 48, "start": "0", "media": {"file": "song.wav", "frames": 24_000, "rate": "8000", "kind": "sound"}}}]
    now = send(f"/{two['cut']['id']}/edits", revision=0, edit={"is": "overwrite", "id": "e1", "at": 0, "parts": parts})
    film, tune = (now["files"][name] for name in ("footage.mp4", "song.wav"))
    assert (film["pictures"], film["missing"], tune["pictures"], tune["kind"]) == (17, False, 0, "wav")

    def ask(one, what, key=""):
        return studio.get(f"/media/file/{key or one['id']}/{what}", params={"file": one["file"]})

    strip = np.asarray(Image.open(io.BytesIO(ask(film, "strip").content)).convert("RGB")).astype(int)
    own = np.asarray(Image.open(desk.library.take(A).file("strip")).convert("RGB")).astype(int)
    assert strip.shape == own.shape and np.abs(strip - own).mean() < 8 and "immutable" in ask(film, "strip").headers["cache-control"]
    heard = np.frombuffer(ask(tune, "peaks").content, np.int8).reshape(-1, 2)
    assert heard.shape == (150, 2) and set(np.flatnonzero(heard[:, 1] > 40)) == set(range(50, 100)) and "immutable" in ask(tune, "peaks").headers["cache-control"]
    assert ask(tune, "film").content == (folder / "song.wav").read_bytes() and ask(tune, "film").headers["content-type"] == "audio/wav"
    assert studio.get(f"/media/take/{A}/peaks").content == b"" and studio.get("/media/take/nobody/peaks").status_code == 404
    assert [ask(film, "strip", "0" * 32).status_code, ask(film, "recipe").status_code] == [404, 404]
    for name in ("../my-films/song.wav", "library.db", "nobody.wav", "song.wav\0"):
        assert studio.get(f"/media/file/{tune['id']}/film", params={"file": name}).status_code == 400
    (folder / "song.wav").rename(desk.home / "song.wav")
    (folder / "song.wav").symlink_to(desk.home / "song.wav")
    assert studio.get(f"/studio/cuts/{two['cut']['id']}").json()["files"]["song.wav"]["missing"] and ask(tune, "film").status_code == 400      # a link leads nowhere
    (folder / "song.wav").unlink()
    gone = studio.get(f"/studio/cuts/{two['cut']['id']}").json()
    assert gone["files"]["song.wav"]["missing"] and "not in the project any more" in gone["missing"]["song"]


# ---- what cannot be

WRONG = {
    "a kind that is none": ({"kind": "explode"}, "What can be made of a clip is extend"),
    "no frames": ({"kind": "extend", "frames": 0}, "0 frames"),
    "hours": ({"kind": "extend", "frames": 10**7}, "Up to 600 s"),
    "no such clip": ({"kind": "extend", "item": "nobody", "frames": 8}, "There is no item"),
    "nothing behind": ({"kind": "connect", "second": True}, "No clip comes after"),
    "no words": ({"kind": "edit"}, "needs the words"),
    "too many": ({"kind": "variation", "times": 9}, "1 to 8 candidates"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_made_is_a_sentence(studio, two, desk, case):
    asked, sentence = WRONG[case]
    asked = {"revision": 0, "item": item(two, int(asked.pop("second", False)) if "second" in asked else 0), **asked}
    reply = studio.post(f"/studio/cuts/{two['cut']['id']}/make", json=asked)
    assert reply.status_code == 400 and sentence in reply.json()["error"]
    assert desk.queue.jobs() == [] and studio.get(f"/studio/cuts/{two['cut']['id']}").json()["candidates"] == []


@pytest.mark.parametrize("path, asked, status", [
    ("", {"name": "x", "takes": ["nobody"]}, 400), ("", {"name": "x", "rate": "fast"}, 400), ("", {"name": "x", "rate": "0"}, 400), ("", {"name": "x", "size": [0, 5]}, 400),
    ("", {}, 400), ("/nobody/edits", {"revision": 0, "edit": {"is": "lift"}}, 400), ("/{id}/edits", {"revision": 0, "edit": "x"}, 400),
    ("/{id}/edits", {"revision": 0, "edit": {"is": "evil"}}, 400), ("/{id}/edits", {"revision": -1, "edit": {}}, 400), ("/{id}/edits", {"revision": 99, "edit": {"is": "lift", "items": ["x"]}}, 400),
    ("/{id}/add", {"revision": 0, "takes": []}, 400), ("/{id}/add", {"revision": 0, "takes": ["../../x"]}, 400), ("/{id}/add", {"revision": 0, "takes": [A], "track": "none"}, 400),
    ("/{id}/candidates/none/accept", {"revision": 0}, 400), ("/{id}/candidates/none/reject", {}, 400), ("/..%2f..%2fx/undo", {"revision": 0}, 404),
])
def test_requests_that_mean_nothing_are_refused_in_a_sentence(studio, two, path, asked, status):
    reply = studio.post("/studio/cuts" + path.replace("{id}", two["cut"]["id"]), json=asked)
    assert reply.status_code == status and (status == 404 or reply.json()["error"].endswith("."))
    assert studio.get(f"/studio/cuts/{two['cut']['id']}").json() == two


# ---- cuts as files

def exported(studio, until, id, **asked):
    """Export a cut; what became of it."""
    reply = studio.post(f"/studio/cuts/{id}/exports", json=asked)
    assert reply.status_code == 200, reply.json()
    token = reply.json()["export"]["token"]
    return until(lambda: (now := studio.get(f"/studio/exports/{token}").json()["export"])["state"] != "working" and now, "the export")


def test_a_cut_becomes_a_film_that_can_be_saved(studio, two, until, tmp_path, desk):
    from engine.media import probe, read_film

    done = exported(studio, until, two["cut"]["id"], kind="h264", quality="draft")
    assert (done["state"], done["file"], done["error"]) == ("done", "One.mp4", "") and done["bytes"] > 500
    answer = studio.get(f"/media/export/{done['token']}")
    (tmp_path / "One.mp4").write_bytes(answer.content)
    assert "One.mp4" in answer.headers["content-disposition"] and len(list(read_film(tmp_path / "One.mp4"))) == 34
    assert (probe(tmp_path / "One.mp4").width, probe(tmp_path / "One.mp4").height) == (96, 64)
    assert [one["token"] for one in studio.get("/studio/exports").json()["exports"]] == [done["token"]]
    studio.post(f"/studio/exports/{done['token']}/drop")
    assert studio.get(f"/media/export/{done['token']}").status_code == 404 and not list((desk.home / ".archives").iterdir())


def test_a_cut_becomes_a_folder_for_other_editors(studio, two, until, tmp_path):
    import zipfile

    pytest.importorskip("opentimelineio")
    done = exported(studio, until, two["cut"]["id"], kind="handover")
    names = zipfile.ZipFile(io.BytesIO(studio.get(f"/media/export/{done['token']}").content)).namelist()
    assert done["file"] == "One.zip" and {"One/One.otio", "One/One.fcpxml"} <= set(names) and sum(name.startswith("One/media/") and name.endswith(".mp4") for name in names) == 2
    assert any("timecode" in note for note in done["notes"])


def test_what_can_carry_content_credentials_gets_them_when_they_are_wished(studio, two, until, tmp_path, desk):
    pytest.importorskip("c2pa")
    from app import signing
    from engine.provenance import read
    from engine.timeline.rendering.kinds import KINDS

    can = studio.get("/studio/exports").json()["credentials"]
    assert can["wished"] is False
    for name, kind in KINDS.items():
        if name in can["kinds"]:
            assert signing.wanted(desk.home, True, kind.ending)
        else:
            with pytest.raises(BadRequest, match="no place for"):
                signing.wanted(desk.home, True, kind.ending)
    for wished, kind in ((True, "h264"), (False, "still")):
        done = exported(studio, until, two["cut"]["id"], kind=kind, quality="draft", credentials=wished)
        (tmp_path / done["file"]).write_bytes(studio.get(f"/media/export/{done['token']}").content)
        assert bool(read(tmp_path / done["file"])) is wished
    assert "finished films and pictures" in exported(studio, until, two["cut"]["id"], kind="handover", credentials=True)["error"]


def test_an_export_that_cannot_be_is_a_sentence(studio, send, two, until, desk):
    id = two["cut"]["id"]
    for asked, sentence in (({"kind": "avi"}, "rendered as"), ({"kind": "h264", "quality": "superb"}, "quality"), ({"kind": "h264", "rate": "fast"}, "rate"),
                            ({"kind": "h264", "start": 30, "stop": 20}, "")):
        done = exported(studio, until, id, **asked)
        assert done["state"] == "failed" and sentence in done["error"] and done["error"].endswith("."), done
    desk.library.take(A).file("film").unlink()
    gone = exported(studio, until, id, kind="h264")
    assert gone["state"] == "failed" and str(desk.home) not in gone["error"] and "00:00:00:00" in gone["error"]
    assert not list((desk.home / ".archives").iterdir())
    assert studio.post("/studio/cuts/nobody/exports", json={"kind": "h264"}).status_code == 400
    for path in ("..%2f..%2fx", "0" * 32, "x"):
        assert studio.get(f"/media/export/{path}").status_code == 404 and studio.post(f"/studio/exports/{path}/drop").status_code in (400, 404)


def test_an_export_is_stopped(studio, send, two, desk):
    long = send(f"/{two['cut']['id']}/add", revision=0, takes=[A, B] * 100)
    token = studio.post(f"/studio/cuts/{long['cut']['id']}/exports", json={"kind": "av1", "size": [640, 426]}).json()["export"]["token"]
    process = desk.exports.export(token).process
    studio.post(f"/studio/exports/{token}/drop")
    assert process.poll() is not None and studio.get(f"/studio/exports/{token}").status_code == 400 and not list((desk.home / ".archives").iterdir())
