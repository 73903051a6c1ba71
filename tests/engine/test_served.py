"""A language model behind an address: asked in OpenAI's protocol, and whatever it says or does, a person gets words or a sentence."""

from __future__ import annotations

import json
import threading
import zlib

import pytest
from answering import at, talking

from engine.errors import BadRequest, Cancelled, NoAnswer
from engine.words import served
from engine.words.language import Settings

ASKED = [{"role": "system", "content": "Make it longer."}, {"role": "user", "content": "a boat at night"}]
KEY = "sk-very-secret-4711"


def test_a_stream_is_read_as_it_comes_and_what_was_asked_is_the_protocol():
    with talking(lambda web: web.words("a red boat", " drifts", " at night")) as server:
        assert served.ask(at(server, key=KEY, temperature=0.3), ASKED, seed=7) == "a red boat drifts at night"
    (asked,) = server.asked
    assert asked["path"] == "/v1/chat/completions" and asked["headers"]["authorization"] == f"Bearer {KEY}"
    assert asked["body"] == {"model": "small", "messages": ASKED, "stream": True, "temperature": 0.3, "seed": 7, "max_tokens": served.TOKENS}
    assert KEY not in asked["path"] + json.dumps(asked["body"])


def test_without_a_key_none_is_sent():
    with talking(lambda web: web.words("x")) as server:
        served.ask(at(server), ASKED)
    assert "authorization" not in {name.lower() for name in server.asked[0]["headers"]}


def test_a_server_that_answers_at_once_is_read_too():
    with talking(lambda web: web.whole(json.dumps({"choices": [{"message": {"role": "assistant", "content": "a red boat"}}]}))) as server:
        assert served.ask(at(server), ASKED) == "a red boat"


def test_letters_that_are_cut_between_two_packets_come_out_whole():
    def halves(web):
        web.head()
        data = f"data: {json.dumps({'choices': [{'delta': {'content': '夜里的小船'}}]}, ensure_ascii=False)}\n\n".encode()
        for start in range(0, len(data), 3):
            web.wfile.write(data[start:start + 3])
            web.wfile.flush()
        web.event("[DONE]")

    with talking(halves) as server:
        assert served.ask(at(server), ASKED) == "夜里的小船"


def test_events_of_other_kinds_are_passed_over():
    def more(web):
        web.head()
        web.wfile.write(b": keep alive\r\n\r\nevent: ping\r\nid: 4\r\n")
        web.event({"choices": []})
        web.event({"choices": [{"delta": {"content": None, "reasoning_content": "hm"}}]})
        web.wfile.write(b'data:{"choices":[{"delta":{"content":"a boat"},"finish_reason":""}]}\r\n\r\n')
        web.event("[DONE]")
        web.event("<html>after the end</html>")

    with talking(more) as server:
        assert served.ask(at(server), ASKED) == "a boat"


@pytest.mark.parametrize("status, sentence", [(401, "does not accept the key (401)"), (403, "does not accept the key"), (404, "no model called 'small'"),
                                              (429, "too much to do"), (400, "did not accept what was asked (400)"), (500, "broke (500)"), (503, "broke (503)"), (204, "(204)")])
def test_a_refusal_is_a_sentence_of_ours(status, sentence):
    """Its own words are not shown: some servers repeat the key in them."""
    with talking(lambda web: web.whole(json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}), status)) as server:
        with pytest.raises(NoAnswer) as told:
            served.ask(at(server, key=KEY), ASKED)
    assert sentence in str(told.value) and KEY not in str(told.value) and "Incorrect" not in str(told.value)
    assert len(server.asked) == 1


def test_a_server_that_wants_a_key_where_there_is_none_says_which():
    with talking(lambda web: web.whole("{}", 401)) as server, pytest.raises(NoAnswer, match="CINELOOM_WORDS_KEY is not set"):
        served.ask(at(server), ASKED)


def test_nobody_is_followed_elsewhere():
    with talking(lambda web: web.words("mine now")) as thief:
        for status in (301, 302, 303, 307, 308):
            with talking(lambda web, status=status: web.whole("", status, location=f"{thief.url}/chat/completions")) as server:
                with pytest.raises(NoAnswer, match=f"sends elsewhere \\({status}\\)"):
                    served.ask(at(server, key=KEY), ASKED)
        assert thief.asked == []


@pytest.mark.parametrize("text, kind", [
    ("<!doctype html><html><body>Log in</body></html>", "text/html"), ("not json", "application/json"), ("[]", "application/json"), ("{}", "application/json"),
    ('{"choices": "all"}', "application/json"), ('{"choices": [1]}', "application/json"), ('{"choices": [{"message": {"content": ["a"]}}]}', "application/json"),
    ('{"choices": [{"message": {"content": null, "tool_calls": [{"function": {"name": "rm"}}]}}]}', "application/json"), ('{"choices": []}', "application/json"),
    ("[" * 100_000, "application/json"), ('{"error": {"message": "no"}}', "application/json"), ("data: not json\n\n", "text/event-stream"), ("data: 7\n\n", "text/event-stream"),
    ('data: {"error": "overloaded"}\n\n', "text/event-stream"), ("\xff\xfe", "application/json"), ("", "application/json"),
])
def test_what_is_no_answer_is_a_sentence(text, kind):
    with talking(lambda web: web.whole(text, kind=kind)) as server, pytest.raises(NoAnswer, match=r"\.$|\?$"):
        served.ask(at(server), ASKED)


def test_an_answer_that_breaks_off_is_not_taken_for_one():
    with talking(lambda web: web.words("a red", done=False)) as server, pytest.raises(NoAnswer, match="stopped in the middle"):
        served.ask(at(server), ASKED)


def test_a_connection_that_breaks_off_is_a_sentence():
    def breaks(web):
        web.head(content_length="5000")
        web.event({"choices": [{"delta": {"content": "a"}}]})

    with talking(breaks) as server, pytest.raises(NoAnswer, match="broke off"):
        served.ask(at(server), ASKED)


def fifty_megabytes(web):
    web.head(kind="application/json")
    for _ in range(50):
        web.wfile.write(b" " * (1 << 20))


def endless_words(web):
    web.head()
    while True:
        web.event({"choices": [{"delta": {"content": "and so on "}}]})


def endless_line(web):
    web.head()
    while True:
        web.wfile.write(b"data: " + b"x" * 10_000)


def endless_comments(web):
    web.head()
    while True:
        web.wfile.write(b": still here\n" * 1_000)


@pytest.mark.parametrize("says", [fifty_megabytes, endless_words, endless_line, endless_comments])
def test_what_does_not_end_is_left(says):
    with talking(says) as server:
        with pytest.raises(NoAnswer, match=r"did not end|does not end"):
            served.ask(at(server, seconds=60), ASKED)
        assert server.gone.wait(30), "the connection is closed, not read to its end"


def test_nothing_is_unpacked():
    """50 MB of spaces come in 50 kB."""
    def bomb(web):
        web.head(kind="application/json", content_encoding="deflate")
        web.wfile.write(zlib.compress(b" " * 50_000_000))

    with talking(bomb) as server, pytest.raises(NoAnswer, match="nothing was unpacked"):
        served.ask(at(server), ASKED)
    assert server.asked[0]["headers"]["accept-encoding"] == "identity"


@pytest.mark.parametrize("before", [True, False])
def test_a_slow_one_is_waited_for_and_not_for_ever(before):
    """Before the first byte, and in the middle of an answer."""
    over = threading.Event()

    def slow(web):
        if not before:
            web.words("a red", done=False)
        over.wait(60)

    with talking(slow) as server:
        with pytest.raises(NoAnswer, match="has not answered in full after 0.5 s"):
            served.ask(at(server, seconds=0.5), ASKED)
        over.set()


def test_a_stop_ends_the_wait():
    over, asked = threading.Event(), []

    def stop():
        asked.append(1)
        return len(asked) > 3

    with talking(lambda web: over.wait(60)) as server:
        with pytest.raises(Cancelled):
            served.ask(at(server, seconds=600), ASKED, stop=stop)
        over.set()


def test_nobody_there_is_a_sentence():
    with talking(lambda web: None) as server:
        gone = at(server)
    with pytest.raises(NoAnswer, match=r"Nobody answers at 127\.0\.0\.1:\d+; is it running\?"):
        served.ask(gone, ASKED)
    assert "Nobody answers" in served.reach(gone)


def test_reach_asks_for_the_list_of_models_and_nothing_else():
    with talking(lambda web: web.whole('{"data": []}')) as server:
        assert served.reach(at(server)) == ""
    assert [(asked["path"], asked["body"]) for asked in server.asked] == [("/v1/models", None)]


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    with talking(lambda web: web.words("mine now")) as thief, talking(lambda web: web.words("a boat")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, thief.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "")
        assert served.ask(at(server, key=KEY), ASKED) == "a boat" and thief.asked == []


@pytest.mark.parametrize("said, asked", [
    ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"), ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1"),
    ("https://models.example/api/v1/chat/completions", "https://models.example/api/v1"), ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ("http://words.example/v1", "http://words.example/v1"),
])
def test_an_address_is_made_whole(said, asked):
    assert served.address(Settings(url=said, model="m")) == asked


@pytest.mark.parametrize("settings, sentence", [
    (Settings(url="localhost:11434", model="m"), "is no address"), (Settings(url="ftp://a/v1", model="m"), "is no address"), (Settings(url="http://", model="m"), "is no address"),
    (Settings(url="http://[::1", model="m"), "is no address"), (Settings(url="http://a:99999/v1", model="m"), "is no address"),
    (Settings(url="http://me:secret@a/v1", model="m"), "no name, password"), (Settings(url="http://a/v1?key=secret", model="m"), "no name, password"),
    (Settings(url="http://a/v1"), "CINELOOM_WORDS_MODEL is not"), (Settings(url="http://words.example/v1", model="m", key=KEY), "unencrypted"),
    (Settings(url="http://8.8.8.8/v1", model="m", key=KEY), "unencrypted"), (Settings(url="https://a/v1", model="m", key="a\r\nx: y"), "letters that no key has"),
])
def test_an_address_that_cannot_be_is_a_sentence_without_secrets(settings, sentence):
    with pytest.raises(BadRequest, match=sentence) as told:
        served.address(settings)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.168.1.20", "10.0.0.4", "[fd00::2]", "nas.local"])
def test_a_key_goes_unencrypted_within_the_house(host):
    assert served.address(Settings(url=f"http://{host}:8080/v1", model="m", key=KEY))


def test_a_key_is_in_nothing_that_is_shown():
    assert KEY not in repr(Settings(url="http://a", model="m", key=KEY))
