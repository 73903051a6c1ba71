"""Attacks that were tried, and what became of them: what a foreign page, a stranger's project or a hostile file can send here.

The guard's own cases are in test_guard.py, those of single routes in test_routes.py and test_projects.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from idle import idle
from reels import take as put
from running import ROOT, Running

from app import settings
from app.routes import add_routes

SECRET = b"the secret that lies outside"
WAYS_OUT = ["../secret.mp4", "../../secret.mp4", "..%2f..%2fsecret.mp4", "%2e%2e%2fsecret.mp4", "..\\..\\secret.mp4", "/etc/passwd", "%00", "....//secret.mp4",
            "~", "secret.mp4\x00.png", "C:\\secret.mp4", "file:" + "/" * 3 + "etc/passwd", "%2e", "%2e%2e"]  # fmt: skip


# ---- every route that takes a name, given a way out


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A desk with one take, a secret beside its project, and a client of its routes."""
    home = tmp_path_factory.mktemp("attacked") / "home"
    desk = idle(home)
    put(desk.library, "kept")
    for place in (home, home.parent, desk.library.folder):
        (place / "secret.mp4").write_bytes(SECRET)
    app = FastAPI()
    add_routes(app, desk)
    return desk, app, TestClient(app, raise_server_exceptions=False)


def named_routes(app) -> list[tuple[str, str]]:
    """Method and address of every route with a name in it."""
    found = []
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        waiting += getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", [])
        if isinstance(route, APIRoute) and "{" in route.path:
            found += [(method, route.path) for method in sorted(route.methods - {"HEAD"})]
    return sorted(set(found))


def test_no_route_that_takes_a_name_leads_out(house):
    desk, app, client = house
    routes = named_routes(app)
    assert {"/media/take/{id}/{what}", "/media/input/{name}", "/media/archive/{token}", "/studio/projects/{name}/open"} <= {path for _, path in routes}
    before = sorted(path for path in desk.home.parent.rglob("*"))
    for method, path in routes:
        parts = [part for part in path.split("/") if part.startswith("{")]
        for way in WAYS_OUT:
            for at, part in enumerate(parts):
                filled = path
                for place, other in enumerate(parts):
                    filled = filled.replace(other, quote(way, safe="%") if place == at else "kept")
                answer = client.request(method, filled, json={"to": "x", "words": "x"} if method == "POST" else None)
                assert answer.status_code in (307, 400, 404, 405, 422), f"{method} {filled}: {answer.status_code} {answer.text[:200]}"
                assert SECRET not in answer.content and b"root:" not in answer.content and b"Traceback" not in answer.content, filled
    assert [path for path in sorted(desk.home.parent.rglob("*")) if path not in before and "library.db" not in path.name] == []


@pytest.mark.parametrize("folder, name, address", [
    ("media", "kept.mp4", "/media/take/kept/film"), ("posters", "kept.png", "/media/take/kept/poster"), ("posters", "kept.strip.png", "/media/take/kept/strip"),
    ("latents", "kept.safetensors", "/media/take/kept/latents"), ("inputs", f"{'0' * 32}.png", f"/media/input/{'0' * 32}.png"),
])  # fmt: skip
@pytest.mark.parametrize("whole", [False, True], ids=["file", "folder"])
def test_a_link_in_a_project_is_not_followed(tmp_path, folder, name, address, whole):
    """A project is a folder that may come from anybody, links and all."""
    desk = idle(tmp_path / "home")
    take = put(desk.library, "kept")
    outside = tmp_path / "outside"
    outside.mkdir()
    paths = {what: Path(getattr(take, what)).name for what in ("film", "poster", "strip", "latents")}
    name = paths.get({"media": "film", "latents": "latents"}.get(folder, address.rpartition("/")[2]), name)
    (outside / name).write_bytes(SECRET)
    place = desk.library.folder / folder
    place.mkdir(exist_ok=True)
    if whole:
        place.rename(tmp_path / "aside")
        place.symlink_to(outside)
    else:
        (place / name).unlink(missing_ok=True)
        (place / name).symlink_to(outside / name)
    app = FastAPI()
    add_routes(app, desk)
    answer = TestClient(app).get(address)
    assert answer.status_code in (400, 404) and SECRET not in answer.content


# ---- a studio that really runs


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """One studio for this file."""
    running = Running(tmp_path_factory.mktemp("studio") / "home")
    yield running
    running.close()


EVERYWHERE = ["", "config", "theme.css", "web/desk.js", "studio/state", "studio/projects", "media/take/x/film", "gradio_api/info", "gradio_api/openapi.json",
              "gradio_api/file=x", "manifest.json", "web/manifest.json", "monitoring", "login_check", "?view=api"]  # fmt: skip
CHANGING = ["studio/jobs", "studio/projects", "studio/zips?name=x", "studio/projects/my-films/rename", "studio/pictures", "studio/masks", "studio/arrivals?name=x&keep=true", "studio/takes", "studio/trash/empty", "studio/queue/pause", "gradio_api/component_server", "gradio_api/upload",
            "gradio_api/queue/join", "gradio_api/call/submit", "gradio_api/call/v2/submit", "gradio_api/run/submit", "gradio_api/cancel", "gradio_api/reset"]  # fmt: skip
ASKED = json.dumps({"prompt": "red", "data": ["red"], "name": "evil", "to": "evil"})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example"])
def test_a_foreign_host_gets_nothing(studio, host):
    for path in EVERYWHERE:
        answer = httpx.get(studio.address + path, headers={"host": host})
        assert answer.status_code == 403 and len(answer.content) < 200, path


@pytest.mark.parametrize("headers", [
    {"origin": "http://evil.example", "content-type": "text/plain"},            # what a form or a script sends without asking first
    {"origin": "null", "content-type": "text/plain;charset=utf-8"},             # from a frame in a sandbox, or a file
    {"sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded"},
    {"origin": "http://localhost.evil.example", "content-type": "application/json"},
])  # fmt: skip
def test_a_foreign_page_changes_nothing(studio, headers):
    before = httpx.get(f"{studio.address}studio/state").json()
    for path in CHANGING:
        assert httpx.post(studio.address + path, headers=headers, content=ASKED).status_code == 403, path
    after = httpx.get(f"{studio.address}studio/state").json()
    assert (after["jobs"], after["project"], after["takes"], after["paused"]) == (before["jobs"], before["project"], before["takes"], before["paused"])


def test_no_answer_may_be_read_by_another_site(studio):
    for path in EVERYWHERE:
        answer = httpx.get(studio.address + path, headers={"origin": "http://evil.example"})
        assert answer.headers.get("access-control-allow-origin") in (None, "null"), path
        assert answer.headers["cross-origin-resource-policy"] == "same-origin" and "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_files_of_this_machine_are_not_served_by_gradio(studio):
    for path in ("/etc/passwd", studio.home / "queue.db", studio.home / "my-films" / "library.db", ROOT / "app" / "server.py", "../README.md", "README.md",
                 studio.home / ".gradio" / ".." / "queue.db", "http://127.0.0.1:1/"):  # fmt: skip
        answer = httpx.get(f"{studio.address}gradio_api/file={path}")
        assert answer.status_code in (403, 404), f"{path}: {answer.status_code}"


def test_a_file_that_was_not_uploaded_is_not_copied_to_where_it_is_served(studio, tmp_path):
    """A path in the JSON of any public function, dressed up as a file of gradio's."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    for path in (tmp_path / "secret.txt", studio.home / "queue.db"):
        dressed = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        for name, asked in (("submit", {"prompt": "red", "wishes": dressed}), ("take", {"id": dressed}), ("bring", {"file": dressed})):
            event = httpx.post(f"{studio.address}gradio_api/call/v2/{name}", json=asked).json().get("event_id")
            if event:
                httpx.get(f"{studio.address}gradio_api/call/{name}/{event}")
    kept = [file for file in (studio.home / ".gradio").rglob("*") if file.is_file()]
    assert not [file for file in kept if SECRET in file.read_bytes() or file.suffix == ".db"]


@pytest.mark.parametrize("path, form", [("gradio_api/upload", True), ("studio/pictures", False), ("studio/masks", False)])
def test_what_is_too_large_is_not_kept(studio, path, form):
    size = settings.UPLOAD_BYTES + (1 << 20)
    piece = bytes(1 << 20)

    def body():
        if form:
            yield b"--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"big.png\"\r\n\r\n"
        for _ in range(size >> 20):
            yield piece
        if form:
            yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"} if form else {}
    try:
        answer = httpx.post(studio.address + path, content=body(), headers=headers, timeout=60)
        assert answer.status_code in (400, 413), answer.text[:200]
    except httpx.WriteError:
        pass                # it hung up in the middle, which is as good
    assert not [file for file in studio.home.rglob("*") if file.is_file() and file.stat().st_size > 1 << 20 and not file.name.endswith((".db", "-wal"))]
    assert httpx.get(f"{studio.address}studio/state").status_code == 200


def test_the_network_is_not_let_in_without_a_token(tmp_path):
    clean = {name: value for name, value in os.environ.items() if name != "CINELOOM_TOKEN"}
    ran = subprocess.run([sys.executable, "-m", "app.cli", "studio", "--host", "0.0.0.0", "--port", "0", "--no-open", "--home", tmp_path / "home"],
                         cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120)  # fmt: skip
    assert ran.returncode == 2 and "without a lock" in ran.stderr
    assert not (tmp_path / "home").exists()
