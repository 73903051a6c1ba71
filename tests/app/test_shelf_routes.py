"""The routes of takes and of files that are dropped: filters, many at once, descent, and what must not pass. No gradio, no worker."""

from __future__ import annotations

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from reels import film, picture, recipe, take

from app.desk.arrivals import Arrivals
from app.routes import takes
from app.routes.answers import answer_error
from engine.errors import CineloomError
from engine.library import Edge


@pytest.fixture
def three(desk):
    """Takes a, b and c, the last of them the newest."""
    return [take(desk.library, id, f"a {colour} boat", seed) for seed, (id, colour) in enumerate((("a", "red"), ("b", "blue"), ("c", "green")))]


def ids(answer) -> list[str]:
    return [one["id"] for one in answer.json()["takes"]]


# ---- pages and filters


def test_any_part_of_the_list_can_be_asked_for(studio, three):
    page = studio.get("/studio/takes?limit=2&skip=1").json()
    assert [one["id"] for one in page["takes"]] == ["b", "a"] and (page["found"], page["all"], page["trash"]) == (3, 3, 0)
    assert ids(studio.get("/studio/takes?skip=7")) == []
    assert studio.get("/studio/takes?query=boat&skip=2").json()["found"] == 3
    assert ids(studio.get("/studio/takes?query=boat&skip=2")) == ["a"]


def test_filters_hold_together(studio, desk, three):
    studio.post("/studio/takes", json={"ids": ["a", "b"], "rating": 4, "add": ["Sea", "client a"]})
    studio.post("/studio/takes", json={"ids": ["b"], "favourite": True})
    assert ids(studio.get("/studio/takes?rating=3")) == ["b", "a"]
    assert ids(studio.get("/studio/takes?rating=3&only=favourites&tag=sea&tag=client a")) == ["b"]
    assert ids(studio.get("/studio/takes?operation=text&model=drawn&size=64x64&query=green")) == ["c"]
    assert ids(studio.get("/studio/takes?size=64x32")) == [] == ids(studio.get("/studio/takes?until=1"))
    assert ids(studio.get("/studio/takes?since=1")) == ["c", "b", "a"]
    kinds = studio.get("/studio/kinds").json()
    assert kinds == {"tags": {"client a": 2, "sea": 2}, "operations": ["text"], "models": ["drawn"], "sizes": [[64, 64]]}
    three[2].file("film").unlink()
    assert studio.get("/studio/takes?query=green").json()["takes"][0]["missing"]


@pytest.mark.parametrize("asked", ["size=big", "size=9999999x1", "only=evil", "rating=6", "rating=x", "skip=-1", "limit=1000", "since=nan", "tag="])
def test_a_filter_that_is_none_is_a_sentence(studio, asked):
    answer = studio.get(f"/studio/takes?{asked}")
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")


# ---- changing


def test_many_are_changed_at_once_and_the_trash_is_emptied(studio, desk, three):
    assert [one["trashed"] is not None for one in studio.post("/studio/takes", json={"ids": ["a", "c", "a"], "trash": True}).json()["takes"]] == [True, True]
    assert studio.get("/studio/takes").json()["trash"] == 2
    studio.post("/studio/takes", json={"ids": ["a"], "trash": False})
    assert ids(studio.get("/studio/takes?only=trash")) == ["c"]
    assert studio.post("/studio/trash/empty", json={}).json() == {"removed": 1}
    assert not three[2].file("film").exists() and ids(studio.get("/studio/takes")) == ["b", "a"]


@pytest.mark.parametrize("body, says", [
    ({"ids": []}, "1 to 500"), ({"ids": ["a"] * 501}, "ids"), ({"ids": ["nobody"]}, "There is no take"), ({"ids": ["../../a"]}, "There is no take"),
    ({"ids": ["a"], "rating": 6}, "rating"), ({"ids": ["a"], "add": [" "]}, "A tag has"), ({"ids": ["a"], "add": ["x" * 65]}, "A tag has"), ({}, "ids"),
])  # fmt: skip
def test_a_change_that_cannot_be_is_a_sentence_and_changes_nothing(studio, desk, three, body, says):
    before = desk.library.mark()
    answer = studio.post("/studio/takes", json=body)
    assert answer.status_code == 400 and says in answer.json()["error"]
    assert desk.library.mark() == before


def test_mischief_in_tags_and_notes_is_kept_as_text(studio, three):
    evil = "<img src=x onerror=alert(1)> ${1} {{7*7}}"
    assert studio.post("/studio/takes", json={"ids": ["a"], "add": [evil]}).json()["takes"][0]["tags"] == [evil.lower()]
    noted = studio.post("/studio/takes/a/note", json={"words": f"{evil}\n\0\u202e second"}).json()["take"]["notes"]
    assert noted.startswith(evil) and "\0" not in noted and "second" in noted
    assert ids(studio.get("/studio/takes", params={"tag": evil})) == ["a"]
    assert studio.post("/studio/takes/a/note", json={"words": "x" * 20_001}).status_code == 400
    assert studio.post("/studio/takes/nobody/note", json={"words": "x"}).status_code == 400


# ---- descent


def test_a_take_has_a_family(studio, desk, three):
    take(desk.library, "d", "all of them", parents=[Edge("d", "a", 0, 5, "start"), Edge("d", "lost", 0, 9, "whole")])
    take(desk.library, "e", "more", parents=[Edge("e", "d", 2, 9, "film")])
    family = studio.get("/studio/takes/e/family").json()
    assert [(edge["parent"], edge["child"], edge["start"], edge["stop"], edge["role"]) for edge in family["up"]] == [
        ("d", "e", 2, 9, "film"), ("a", "d", 0, 5, "start"), ("lost", "d", 0, 9, "whole")]  # fmt: skip
    assert set(family["takes"]) == {"a", "d", "e"} and family["down"] == [] and family["more"] == {"up": 0, "down": 0}
    assert [edge["child"] for edge in studio.get("/studio/takes/d/family").json()["down"]] == ["e"]
    assert studio.get("/studio/takes/nobody/family").status_code == 400


def test_very_many_children_are_a_number(studio, desk, three):
    for number in range(30):
        take(desk.library, f"kid{number}", parents=[Edge(f"kid{number}", "a", 0, 1, "start")])
    family = studio.get("/studio/takes/a/family").json()
    assert len(family["down"]) == 24 and family["more"]["down"] == 6


# ---- saving


def test_a_recipe_is_saved_as_json_under_the_takes_words(studio, desk):
    words = '纸 "red" ../../fox\r\nx: y'
    one = take(desk.library, "a", words)
    answer = studio.get("/media/take/a/recipe?download=true")
    assert answer.json()["prompt"] == one.prompt and answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%E7%BA%B8-red-fox-x-y-a.json"
    assert studio.get("/media/take/a/latents?download=true").headers["content-disposition"].endswith("-a.safetensors")
    assert studio.get("/media/take/nobody/recipe").status_code == 404


# ---- files that are dropped


def bring(studio, data: bytes, name: str, until, **query) -> dict:
    """Send a file, and wait for what becomes of it."""
    answer = studio.post("/studio/arrivals", params={"name": name, **query}, content=data)
    if answer.status_code != 200:
        return answer.json()
    token = answer.json()["arrival"]["token"]
    return until(lambda: (now := studio.get(f"/studio/arrivals/{token}").json()["arrival"])["state"] not in ("working", "sending") and now, "an end")


def nothing_left(desk) -> bool:
    return not any((desk.library.folder / "arriving").iterdir())


def test_a_film_from_elsewhere_becomes_a_take(studio, desk, until, tmp_path):
    came = bring(studio, film(tmp_path / "x.mp4").read_bytes(), "My holiday <1>.mp4", until)
    assert came["state"] == "done" and came["recipe"] is None
    one = desk.library.take(came["take"]["id"])
    assert (one.operation, one.pictures, one.notes) == ("import", 9, "Imported from My holiday 1.mp4") and one.file("poster").exists()
    until(lambda: nothing_left(desk), "an empty bay")


def test_a_picture_from_elsewhere_becomes_a_take(studio, until, tmp_path):
    came = bring(studio, picture(tmp_path / "x.png").read_bytes(), "x.png", until)
    assert came["state"] == "done" and came["take"]["pictures"] == 1


def test_what_was_made_here_is_known_and_offered(studio, desk, until, tmp_path):
    asked = recipe("a blue boat", seed=2**63 - 1)
    came = bring(studio, film(tmp_path / "x.mp4", asked).read_bytes(), "x.mp4", until)
    assert came["state"] == "offered" and came["recipe"]["prompt"] == "a blue boat"
    assert came["recipe"]["seed"] == str(2**63 - 1)          # not rounded on its way through JavaScript
    assert desk.library.count() == 0
    studio.post(f"/studio/arrivals/{came['token']}/keep")
    done = until(lambda: (now := studio.get(f"/studio/arrivals/{came['token']}").json()["arrival"])["state"] == "done" and now, "the take")
    assert desk.library.take(done["take"]["id"]).recipe["prompt"] == "a blue boat"


def test_an_offer_can_be_refused_and_several_are_kept_at_once(studio, desk, until, tmp_path):
    data = film(tmp_path / "x.mp4", recipe()).read_bytes()
    came = bring(studio, data, "x.mp4", until)
    studio.post(f"/studio/arrivals/{came['token']}/drop")
    assert nothing_left(desk) and studio.get(f"/studio/arrivals/{came['token']}").status_code == 400
    assert bring(studio, data, "x.mp4", until, keep=True)["state"] == "done"


def test_a_recipe_alone_is_known_too(studio, until):
    came = bring(studio, recipe("from a file").to_json().encode(), "recipe.json", until)
    assert came["state"] == "offered" and came["recipe"]["prompt"] == "from a file"


def test_an_offer_is_forgotten_after_a_while(desk, tmp_path):
    now = [0.0]
    arrivals = Arrivals(desk, clock=lambda: now[0])
    first = arrivals.begin("x.mp4")
    film(first.path, recipe())
    assert arrivals.sent(first.token).state == "offered"
    now[0] = 601
    second = arrivals.begin("y.mp4")
    assert not first.path.exists() and second.path.exists()
    arrivals.drop(second.token)


@pytest.mark.parametrize("data, says", [(b"", "is empty"), (b"no film at all" * 100, "no film that can be read"), (b"{" * 5000, ""), (b"#EXTM3U\nother.ts", "")])
def test_what_is_no_film_is_a_sentence_and_leaves_nothing(studio, desk, until, data, says):
    came = bring(studio, data, "holiday.mp4", until)
    assert came["state"] == "failed" and says in came["error"] and "holiday.mp4" in came["error"]
    assert str(desk.library.folder) not in came["error"] and desk.library.count() == 0
    until(lambda: nothing_left(desk), "an empty bay")


@pytest.mark.parametrize("name", ["../../evil.mp4", "..\\..\\evil.mp4", "/etc/passwd", "owner", "record.jsonl", "..", "", "a\0b.mp4", "x" * 900 + ".mp4", "纸" * 300])
def test_a_name_leads_nowhere(studio, desk, until, tmp_path, name):
    came = bring(studio, film(tmp_path / "x.mp4").read_bytes(), name, until)
    assert came["state"] == "done"
    lying = {path.parent for path in desk.library.folder.rglob("*") if path.is_file()}
    assert {folder.relative_to(desk.library.folder).as_posix() for folder in lying} <= {".", "media", "posters", "latents"}


def test_what_is_too_large_is_stopped_on_its_way(desk, tmp_path):
    app = FastAPI()
    app.add_exception_handler(CineloomError, answer_error)
    app.include_router(takes.routes(desk, largest=1000))
    client = TestClient(app)
    for sent in (b"x" * 1001, (b"x" * 300 for _ in range(4))):      # said beforehand, and not
        answer = client.post("/studio/arrivals?name=x.mp4", content=sent)
        assert answer.status_code == 400 and "larger than" in answer.json()["error"]
    assert not (desk.library.folder / "arriving").exists() or nothing_left(desk)


def test_only_so_many_are_on_their_way_at_once(desk):
    arrivals = desk.shelf.arrivals
    there = [arrivals.begin("x.mp4") for _ in range(8)]
    with pytest.raises(CineloomError, match="on their way already"):
        arrivals.begin("x.mp4")
    for arrival in there:
        arrivals.drop(arrival.token)
    assert nothing_left(desk)


def test_a_token_that_is_none_leads_nowhere(studio):
    for path in ("../../etc", "nobody", "%2e%2e%2f"):
        assert studio.get(f"/studio/arrivals/{path}").status_code in (400, 404)
        assert studio.post(f"/studio/arrivals/{path}/keep").status_code in (400, 404)


def test_a_film_that_is_a_link_out_of_the_project_is_not_sent(studio, three, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    path = three[0].file("film")
    path.unlink()
    path.symlink_to(secret)
    answer = studio.get("/media/take/a/film")
    assert answer.status_code == 404 and b"secret" not in answer.content
    assert json.loads(answer.content)["error"] == "The file is missing."


@pytest.mark.parametrize("name", ["poster.jpg", "strip.jpg", "recipe.json", "owner", "record.jsonl", "film"])
def test_a_file_may_be_called_like_our_own(desk, studio, until, tmp_path, name):
    """Its bytes stay what they are, on the page and on the command line."""
    from engine.library import finish

    sent = picture(tmp_path / "x.png").read_bytes()
    (tmp_path / name).write_bytes(sent)
    came = bring(studio, sent, name, until)
    for one in (desk.library.take(came["take"]["id"]), finish(desk.library.import_file(tmp_path / name))):
        assert one.file("film").read_bytes() == sent and one.notes == f"Imported from {name}"
