"""The guard: what a foreign page can make a browser send, and who is at the door."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.guard import Guard, bare_host, is_loopback


async def answer(request: Request) -> PlainTextResponse:
    """Says what it was asked, so that a test sees that the request came through."""
    return PlainTextResponse(f"{request.method} {request.url.path}?{request.url.query}")


def client(host="127.0.0.1", token="", name="127.0.0.1:7860") -> TestClient:
    """A browser that calls the studio by `name`."""
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])])
    return TestClient(Guard(app, host, token), base_url=f"http://{name}", follow_redirects=False)


@pytest.mark.parametrize("name", ["127.0.0.1:7860", "localhost:7861", "LOCALHOST", "[::1]:7860"])
def test_the_studio_goes_by_its_names(name):
    assert client(name=name).get("/").text == "GET /?"


@pytest.mark.parametrize("name", ["evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0"])
def test_a_rebound_name_is_refused(name):
    assert client(name=name).get("/config").status_code == 403


def test_no_name_is_refused():
    assert client().get("/", headers={"host": ""}).status_code == 403


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 200),                                                                          # a program, no browser
        ({"origin": "http://127.0.0.1:7860"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),                                         # another program on this machine
        ({"origin": "http://localhost:7860"}, 403),                                         # the same door by another name
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:7860.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),                                            # a browser that sends no origin
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:7860"}, 200),
        ({"origin": "http://evil.example", "content-type": "text/plain"}, 403),             # needs no preflight
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_site_may_change_nothing(method, headers, status):
    assert client().request(method, "/gradio_api/component_server", headers=headers).status_code == status


def test_the_policy_is_on_every_answer():
    for reply in (client().get("/"), client(name="evil.example").get("/"), client().post("/", headers={"origin": "null"})):
        assert "default-src 'self'" in reply.headers["content-security-policy"]
        assert "http" not in reply.headers["content-security-policy"]      # nobody else is asked for anything
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"


def test_off_loopback_the_token_opens():
    stranger = client("0.0.0.0", "secret", "studio.lan:7860")
    assert stranger.get("/").status_code == 401
    assert stranger.get("/", params={"token": "wrong"}).status_code == 401
    assert stranger.get("/", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert stranger.get("/", headers={"cookie": "cineloom=wrong"}).status_code == 401
    assert stranger.post("/?token=secret").status_code == 401      # an address may only open the page
    assert client("0.0.0.0", "secret", "studio.lan").get("/x", headers={"authorization": "Bearer secret"}).text == "GET /x?"


def test_the_token_leaves_the_address_and_stays_in_a_cookie():
    guest = client("0.0.0.0", "secret", "studio.lan:7860")
    reply = guest.get("/takes?token=secret&q=red%20fox")
    assert (reply.status_code, reply.headers["location"]) == (303, "/takes?q=red+fox")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert guest.get(reply.headers["location"]).text == "GET /takes?q=red+fox"
    assert guest.post("/", headers={"origin": "http://evil.example"}).status_code == 403   # a cookie is no excuse


@pytest.mark.parametrize("path", ["//evil.example/", "///evil.example", "/\\evil.example"])
def test_the_door_leads_nowhere_else(path):
    reply = client("0.0.0.0", "secret").get(f"http://127.0.0.1:7860{path}?token=secret")
    assert reply.status_code == 303
    assert not reply.headers["location"].startswith(("//", "/\\", "http"))


def test_a_broken_cookie_is_no_crash():
    assert client("0.0.0.0", "secret").get("/", headers={"cookie": "a=\x01; ;;= cineloom"}).status_code == 401


@pytest.mark.parametrize(
    "host, inside",
    [("127.0.0.1", True), ("127.8.9.1", True), ("localhost", True), ("::1", True), ("[::1]", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("studio.lan", False), ("", False)],
)  # fmt: skip
def test_loopback_is_known(host, inside):
    assert is_loopback(host) is inside


@pytest.mark.parametrize(
    "header, host",
    [("localhost:7860", "localhost"), ("[::1]:7860", "::1"), ("[::1]", "::1"), ("Studio.LAN", "studio.lan"), ("::1", "::1"), ("", "")],
)
def test_a_host_is_read_without_its_port(header, host):
    assert bare_host(header) == host


def test_json_that_would_fill_memory_is_refused_before_it_is_read():
    kind = {"content-type": "application/json"}
    assert client().post("/studio/jobs", content=b"{}", headers=kind).status_code == 200
    assert client().post("/studio/jobs", content=b" " * (5 << 20), headers=kind).status_code == 413
    assert client().post("/studio/jobs", content=iter([b"{", b"}"]), headers=kind).status_code == 413, "it does not say how long it is"
    assert client().post("/studio/jobs", content=b"{}", headers=kind | {"content-length": "9" * 30}).status_code == 413
    assert client().post("/studio/arrivals", content=b" " * (5 << 20)).status_code == 200, "files have limits of their own"
