"""Projects through the routes: begun, opened, renamed, copied, packed and unpacked; and names that are mischief."""

from __future__ import annotations

import io
import json
import zipfile
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from idle import client, idle
from reels import take as put

from app.desk import Desk
from app.desk.projects import welcome
from app.routes import add_routes, projects
from engine.library import Library, finish


def at(home) -> tuple[Desk, TestClient]:
    """A desk whose jobs nobody makes, and a client of its routes."""
    desk = idle(home)
    return desk, client(desk)


@pytest.fixture
def studio(home):
    """A client of a fresh studio."""
    return at(home)[1]


def names(studio) -> list[str]:
    return [one["name"] for one in studio.get("/studio/projects").json()["projects"]]


def seen(studio) -> tuple[str, list[str]]:
    """The open project, and the prompts of its takes."""
    return studio.get("/studio/state").json()["project"], [one["prompt"] for one in studio.get("/studio/takes").json()["takes"]]


def test_a_project_is_begun_opened_and_remembered(home, studio):
    put(Library.open(home), "first", "red left")
    assert seen(studio) == ("my-films", ["red left"])
    assert studio.post("/studio/projects", json={"name": "  Sea and   snow "}).json() == {"open": "Sea and snow"}
    assert seen(studio) == ("Sea and snow", [])
    put(Library.open(home, "Sea and snow"), "second", "blue up")
    assert seen(studio)[1] == ["blue up"]
    assert studio.get("/media/take/first/film").status_code == 404          # another project's
    assert studio.get("/media/take/second/film").status_code == 200
    listed = studio.get("/studio/projects").json()
    assert listed["open"] == "Sea and snow"
    assert [(one["name"], one["takes"], one["open"]) for one in listed["projects"]] == [("Sea and snow", 1, True), ("my-films", 1, False)]
    assert seen(at(home)[1])[0] == "Sea and snow"       # another start of the studio
    studio.post("/studio/projects/my-films/open")
    assert seen(studio) == ("my-films", ["red left"])


def test_what_is_made_goes_into_the_project_that_was_open_when_it_was_asked(home):
    desk, studio = at(home)
    id = studio.post("/studio/jobs", json={"prompt": "red"}).json()["job"]["id"]
    studio.post("/studio/projects", json={"name": "other"})
    other = studio.post("/studio/jobs", json={"prompt": "blue"}).json()["job"]["id"]
    assert (desk.queue.job(id).project, desk.queue.job(other).project) == ("my-films", "other")


def test_which_project_was_open_may_be_forgotten_but_never_stops_the_studio(home, studio):
    studio.post("/studio/projects", json={"name": "a"})
    for said in (b"{", b"[]", b'{"project": "gone"}', b'{"project": "../.."}', b'{"project": 7}', b"\xff"):
        (home / "studio.json").write_bytes(said)
        assert at(home)[0].project == "my-films"


def test_a_project_gets_another_name_and_its_jobs_know_it(home):
    desk, studio = at(home)
    put(desk.library, "first", "red left")
    id = studio.post("/studio/jobs", json={"prompt": "red"}).json()["job"]["id"]
    refused = studio.post("/studio/projects/my-films/rename", json={"to": "sea"})
    assert refused.status_code == 400 and "while something is made for it" in refused.json()["error"]
    studio.post(f"/studio/jobs/{id}/cancel")
    assert studio.post("/studio/projects/my-films/rename", json={"to": "sea"}).json() == {"open": "sea"}
    assert seen(studio) == ("sea", ["red left"]) and names(studio) == ["sea"] and not (home / "my-films").exists()
    assert studio.post(f"/studio/jobs/{id}/retry").json()["job"]["project"] == "sea"
    studio.post(f"/studio/jobs/{id}/cancel")
    assert studio.post("/studio/projects/sea/rename", json={"to": "SEA"}).json() == {"open": "SEA"}
    assert seen(studio) == ("SEA", ["red left"])


def test_a_project_that_is_not_open_is_renamed_where_it_lies(studio):
    studio.post("/studio/projects", json={"name": "b"})
    assert studio.post("/studio/projects/my-films/rename", json={"to": "c"}).json() == {"open": "b"}
    assert names(studio) == ["b", "c"]


def test_a_copy_is_whole_and_leads_a_life_of_its_own(home):
    desk, studio = at(home)
    put(desk.library, "first", "red left")
    put(desk.library, "second", "blue up")
    desk.library.link("second", "first", 0, 5, "begin")
    desk.library.rate("first", 4)
    film = desk.library.take("first").file("film").read_bytes()
    assert studio.post("/studio/projects/my-films/duplicate", json={"to": "copy"}).json() == {"open": "copy"}
    copy = desk.library
    assert copy.folder.name == "copy" and copy.take("first").rating == 4 and copy.take("first").file("film").read_bytes() == film
    assert [edge.parent for edge in copy.parents("second")] == ["first"]
    studio.post("/studio/takes/first/trash")
    assert seen(studio) == ("copy", ["blue up"])
    studio.post("/studio/projects/my-films/open")
    assert seen(studio) == ("my-films", ["blue up", "red left"])
    assert [path.name for path in home.glob(".*")] in ([], [".archives"])


def test_a_row_that_points_outside_is_not_copied(home, tmp_path):
    desk, studio = at(home)
    put(desk.library, "first", "red left")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (desk.library.folder / "media" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    for number, path in enumerate([str(tmp_path / "secret.mp4"), "../../secret.mp4", "media/link.mp4"]):
        with desk.library.store.writing() as db:
            db.execute("update takes set film = ?", [path])
        assert studio.post("/studio/projects/my-films/duplicate", json={"to": f"copy {number}"}).status_code == 200
        assert not [file for file in desk.library.folder.rglob("*") if file.is_file() and file.read_bytes() == b"secret"]
        studio.post("/studio/projects/my-films/open")


def test_a_project_travels_as_one_file(home, tmp_path):
    desk, studio = at(home)
    put(desk.library, "first", "red left")
    packed = studio.post("/studio/projects/my-films/archive").json()
    answer = studio.get(f"/media/archive/{packed['archive']}")
    assert answer.headers["content-type"] == "application/zip" and "my-films.zip" in answer.headers["content-disposition"]
    assert len(answer.content) == packed["bytes"]
    assert set(zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) >= {"project.json", "takes.jsonl", "media/first.mp4"}
    assert studio.get(f"/media/archive/{packed['archive']}").status_code == 404     # fetched, and off the disk
    elsewhere = at(tmp_path / "elsewhere")[1]
    assert elsewhere.post("/studio/zips?name=my-films.zip", content=answer.content).json() == {"open": "my-films 2"}    # the first is there
    assert seen(elsewhere) == ("my-films 2", ["red left"])
    assert elsewhere.get("/media/take/first/film").content == desk.library.take("first").file("film").read_bytes()


@pytest.mark.parametrize("content, said", [
    (b"", "no zip"), (b"PK\5\6" + bytes(18), "no project"), (b"no zip at all", "no zip"),
])  # fmt: skip
def test_what_is_no_project_leaves_nothing_behind(home, studio, content, said):
    before = sorted(path.name for path in home.iterdir())
    refused = studio.post("/studio/zips?name=x.zip", content=content)
    assert refused.status_code == 400 and said in refused.json()["error"]
    assert names(studio) == ["my-films"] and seen(studio)[0] == "my-films"
    assert sorted(path.name for path in home.iterdir() if path.name != ".archives") == before
    assert not list((home / ".archives").iterdir())


def test_a_zip_too_large_to_send_is_refused(home):
    desk = at(home)[0]
    app = FastAPI()
    add_routes(app, desk)
    app.router.routes.clear()
    app.include_router(projects.routes(desk, largest=1000))
    refused = TestClient(app).post("/studio/zips?name=x", content=b"x" * 2000)
    assert refused.status_code == 400 and "larger than" in refused.json()["error"]


@pytest.mark.parametrize("name", ["../../up", "a/b", "..", ".hidden", "", "   ", "con", "x" * 65, "a\x00b", "queue.db", "studio.json", "MY-FILMS", "my-films", "<b>", "${7*7}", "a\nb/"])
@pytest.mark.parametrize("how", ["new", "rename", "duplicate"])
def test_mischief_in_a_name_is_refused_in_a_sentence(home, studio, how, name):
    before = sorted(home.iterdir())
    if how == "new":
        refused = studio.post("/studio/projects", json={"name": name})
    else:
        studio.post("/studio/projects", json={"name": "other"})
        before = sorted(home.iterdir())
        refused = studio.post(f"/studio/projects/other/{how}", json={"to": name})
    assert refused.status_code == 400 and refused.json()["error"].endswith((".", "them.")), refused.text
    assert [path for path in sorted(home.iterdir()) if path.name != ".archives"] == before


@pytest.mark.parametrize("name", ["..", "../my-films", ".archives", "nobody", "%00"])
def test_only_a_project_can_be_opened_or_packed(studio, name):
    for what in ("open", "archive"):
        assert studio.post(f"/studio/projects/{quote(name, safe='')}/{what}").status_code in (400, 404)
    assert studio.get(f"/media/archive/{quote(name, safe='')}").status_code == 404


def test_zips_are_named_after_their_file_as_far_as_that_is_a_name(home):
    desk = at(home)[0]
    assert desk.projects._like("Sea and snow") == "Sea and snow"
    assert desk.projects._like("../../etc/passwd") == "etc passwd"
    assert desk.projects._like("my-films") == "my-films 2"
    assert desk.projects._like("") == desk.projects._like("...") == desk.projects._like("💥") == "opened"
    assert desk.projects._like("con") == "con 2"
    assert len(desk.projects._like("x" * 300)) <= 64


# ---- the project that comes with the studio


@pytest.fixture
def gift(tmp_path):
    """A project's zip."""
    library = Library(tmp_path / "made")
    put(library, "shown", "red left")
    return finish(library.export(tmp_path / "gift.zip"))


def test_a_home_without_a_project_begins_with_the_one_that_comes_with_the_studio(home, gift):
    assert welcome(home, gift)
    studio = at(home)[1]
    assert seen(studio) == ("welcome", ["red left"]) and names(studio) == ["welcome"]
    studio.post("/studio/projects/welcome/rename", json={"to": "mine"})
    assert not welcome(home, gift)          # it comes once
    assert names(at(home)[1]) == ["mine"]


def test_a_home_with_a_project_is_left_alone(home, gift):
    Library.open(home)
    assert not welcome(home, gift)
    assert at(home)[0].project == "my-films"


def test_a_gift_that_is_broken_keeps_nobody_out(home, gift, capsys):
    gift.write_bytes(gift.read_bytes()[:500])
    assert not welcome(home, gift) and "could not be put" in capsys.readouterr().out
    assert not welcome(home, gift.with_name("none.zip"))
    assert at(home)[0].project == "my-films"


def test_which_project_is_open_is_one_small_file(home, studio):
    studio.post("/studio/projects", json={"name": "schnee"})
    assert json.loads((home / "studio.json").read_text()) == {"project": "schnee"}
