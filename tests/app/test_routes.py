"""The studio's own routes: films with ranges, takes, jobs, pictures, and what must not pass. No gradio, no worker."""

from __future__ import annotations

import io

import pytest
from fakes import made, recipe
from idle import client
from PIL import Image



@pytest.fixture
def take(desk):
    """One take in the library."""
    return desk.library.add_take(made(desk.library.staging("x"), recipe("red left")), "abcdefghij")


# ---- films


def test_a_film_is_sent_in_ranges(studio, take):
    film = take.file("film").read_bytes()
    address = f"/media/take/{take.id}/film"
    whole = studio.get(address)
    assert whole.content == film and whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    part = studio.get(address, headers={"range": "bytes=5-14"})
    assert (part.status_code, part.content) == (206, film[5:15])
    assert part.headers["content-range"] == f"bytes 5-14/{len(film)}"
    assert studio.get(address, headers={"range": "bytes=-7"}).content == film[-7:]
    assert studio.get(address, headers={"range": f"bytes={len(film)}-"}).status_code == 416
    assert studio.head(address).headers["content-length"] == str(len(film))


def test_a_saved_film_is_called_by_its_words(studio, desk):
    mischief = 'a "red"; ../../fox\r\nSet-Cookie: x'
    take = desk.library.add_take(made(desk.library.staging("x"), recipe(mischief)), "abcdefghij")
    name = studio.get(f"/media/take/{take.id}/film?download=true").headers["content-disposition"]
    assert name == 'attachment; filename="a-red-fox-set-cookie-x-abcdefghij.mp4"'


@pytest.mark.parametrize("address", [
    "/media/take/nobody/film", "/media/take/abcdefghij/row", "/media/take/abcdefghij/folder",
    "/media/take/..%2f..%2fqueue.db/film", "/media/take/abcdefghij/..%2flibrary.db", "/media/preview/nobody",
    "/media/input/..%2f..%2fqueue.db", "/media/input/queue.db", "/media/input/%00.png",
])  # fmt: skip
def test_what_is_not_there_is_not_found(studio, take, address):
    reply = studio.get(address)
    assert reply.status_code in (400, 404)
    assert b"SQLite" not in reply.content


@pytest.mark.parametrize("path", ["../../outside.mp4", "/etc/passwd", "media/link.mp4"])
def test_a_row_that_points_outside_is_not_followed(studio, desk, take, path, tmp_path):
    """A project that came from somebody else may hold any row and any link."""
    (tmp_path / "outside.mp4").write_bytes(b"secret")
    (desk.library.folder / "media" / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    with desk.library.store.writing() as db:
        db["takes"].update(take.number, {"film": path})
    assert studio.get(f"/media/take/{take.id}/film").status_code == 404


def test_a_film_that_is_no_film_is_not_sniffed(studio, desk, take):
    page = desk.library.folder / "media" / "page.html"
    page.write_text("<script>alert(1)</script>")
    with desk.library.store.writing() as db:
        db["takes"].update(take.number, {"film": "media/page.html"})
    assert studio.get(f"/media/take/{take.id}/film").headers["content-type"] == "application/octet-stream"


# ---- jobs


def test_a_job_is_snapped_and_says_so(studio, desk):
    reply = studio.post("/studio/jobs", json={"prompt": "red left", "seconds": 1, "width": 250, "height": 144, "seed": str(2**62)})
    job = reply.json()["job"]
    assert (job["recipe"]["width"], job["recipe"]["pictures"], job["recipe"]["seed"]) == (256, 17, str(2**62))
    assert "250x144 was asked" in job["said"][0]
    assert desk.queue.job(job["id"]).recipe["seed"] == 2**62
    assert desk.keeper.woken == 1


def test_no_seconds_are_a_still_picture(studio):
    job = studio.post("/studio/jobs", json={"prompt": "red", "seconds": 0}).json()["job"]
    assert (job["recipe"]["operation"], job["recipe"]["pictures"]) == ("image", 1)


@pytest.mark.parametrize(
    "asked, sentence",
    [
        ({"prompt": "   "}, "The prompt is empty"),
        ({"prompt": "a" * 20_000}, "Say it shorter"),
        ({"prompt": "red", "seed": "-1"}, "A seed is a whole number"),
        ({"prompt": "red", "seed": str(2**63)}, "A seed is a whole number"),
        ({"prompt": "red", "seed": "seven"}, "is no whole number"),
        ({"prompt": "red", "seconds": -1}, "seconds was asked"),
        ({"prompt": "red", "seconds": 1e6}, "would fit"),
        ({"prompt": "red", "steps": 0}, "steps"),
        ({"prompt": "red", "width": 10**9}, "Widths and heights"),
        ({"prompt": "red", "seconds": "two"}, "seconds: "),
        ({"prompt": ["red"]}, "prompt: "),
        ({"prompt": "red", "picture": "../queue.db"}, "choose it again"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(studio, desk, asked, sentence):
    reply = studio.post("/studio/jobs", json=asked)
    assert reply.status_code == 400 and sentence in reply.json()["error"]
    assert desk.queue.jobs() == []


def test_jobs_are_cancelled_and_dismissed(studio):
    id = studio.post("/studio/jobs", json={"prompt": "red"}).json()["job"]["id"]
    assert [job["id"] for job in studio.get("/studio/state").json()["jobs"]] == [id]
    assert studio.post(f"/studio/jobs/{id}/cancel").json()["job"]["state"] == "cancelled"
    studio.post(f"/studio/jobs/{id}/dismiss")
    assert studio.get("/studio/state").json()["jobs"] == []
    assert studio.post(f"/studio/jobs/{id}/explode").status_code == 404
    assert studio.post("/studio/jobs/nobody/cancel").json()["error"].startswith("There is no job")


# ---- takes


def test_takes_are_listed_found_and_put_away(studio, take):
    listed = studio.get("/studio/takes").json()
    assert [one["id"] for one in listed["takes"]] == [take.id] and listed["all"] == 1 and listed["more"] is False
    assert studio.get("/studio/takes", params={"query": "left"}).json()["takes"]
    assert not studio.get("/studio/takes", params={"query": "dragon"}).json()["takes"]
    mark = studio.get("/studio/state").json()["takes"]
    assert studio.post(f"/studio/takes/{take.id}/favourite").json()["take"]["favourite"] is True
    assert studio.get("/studio/state").json()["takes"] > mark
    assert studio.get("/studio/takes", params={"only": "favourites"}).json()["takes"]
    studio.post(f"/studio/takes/{take.id}/trash")
    assert not studio.get("/studio/takes").json()["takes"]
    assert studio.get("/studio/takes", params={"only": "trash"}).json()["takes"]
    studio.post(f"/studio/takes/{take.id}/restore")
    assert studio.get(f"/studio/takes/{take.id}").json()["take"]["prompt"] == "red left"


@pytest.mark.parametrize("query", [{"before": 2**80}, {"limit": 10**9}, {"limit": "all"}, {"before": -1}])
def test_a_page_of_takes_has_its_bounds(studio, query):
    reply = studio.get("/studio/takes", params=query)
    assert reply.status_code == 400 and next(iter(query)) in reply.json()["error"]


def test_unknown_words_are_told(studio):
    prompt = "red 🦊 dragon left"
    ranges = studio.post("/studio/words", json={"prompt": prompt}).json()["unknown"]
    assert [prompt[start:stop] for start, stop in ranges] == ["dragon"]


def test_words_in_chinese_that_a_model_knows_are_not_marked(studio):
    prompt = "红色 🦊 一条龙"
    ranges = studio.post("/studio/words", json={"prompt": prompt}).json()["unknown"]
    assert [prompt[start:stop] for start, stop in ranges] == ["龙"]


def test_the_form_is_told_what_the_model_can(studio):
    model = studio.get("/studio/model").json()
    assert model["default_steps"] in model["steps"]
    assert [shape["name"] for shape in model["shapes"]] == ["16:9", "1:1", "9:16", "21:9", "4:3", "3:4"]
    for shape in model["shapes"]:
        for width, height in shape["sizes"].values():
            assert width % model["grid"]["step"] == height % model["grid"]["step"] == 0
            assert width / height == pytest.approx(shape["across"] / shape["down"], rel=0.06)
            assert max(width, height) <= 1024
    for prompt in model["examples"]:
        assert studio.post("/studio/words", json={"prompt": prompt}).json()["unknown"] == []


# ---- pictures


def picture(kind="PNG", size=(40, 30), **more) -> bytes:
    """The bytes of a picture file."""
    out = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(out, kind, **more)
    return out.getvalue()


def test_a_picture_begins_a_film(studio, desk):
    kept = studio.post("/studio/pictures", content=picture()).json()["picture"]
    assert (kept["width"], kept["height"]) == (40, 30)
    shown = studio.get(f"/media/input/{kept['name']}")
    assert shown.headers["content-type"] == "image/png" and Image.open(io.BytesIO(shown.content)).size == (40, 30)
    job = studio.post("/studio/jobs", json={"prompt": "red", "picture": kept["name"], "seconds": 1}).json()["job"]
    assert job["recipe"]["operation"] == "animate" and job["recipe"]["inputs"][0]["path"].endswith(kept["name"])


def test_a_large_turned_photograph_is_kept_upright_and_small(studio):
    turned = Image.Exif()
    turned[0x0112] = 6                      # "turn me right", and where it was taken
    turned[0x8825] = {1: "N"}
    kept = studio.post("/studio/pictures", content=picture("JPEG", (4000, 2000), exif=turned)).json()["picture"]
    assert (kept["width"], kept["height"]) == (960, 1920)
    shown = Image.open(io.BytesIO(studio.get(f"/media/input/{kept['name']}").content))
    assert shown.size == (960, 1920) and not shown.getexif()


@pytest.mark.parametrize("data", [b"", b"not a picture", picture()[:60], b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused_and_not_kept(studio, desk, data):
    reply = studio.post("/studio/pictures", content=data)
    assert reply.status_code == 400 and reply.json()["error"].startswith("Your picture")
    assert list((desk.library.folder / "inputs").iterdir()) == []


def test_a_picture_too_large_to_send_is_refused(desk):
    reply = client(desk, upload=1000).post("/studio/pictures", content=b"x" * 2000)
    assert reply.status_code == 400 and "larger than" in reply.json()["error"]
