"""Content credentials as somebody asks for them: by an option, by a setting, for a take, for a cut."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from certifying import certified

from app import signing
from app.cli import main
from app.export import export
from engine import media
from engine.library import Library, finish
from engine.media import carriers
from engine.provenance import keys
from engine.recipe import Recipe

SMALL = ["--size", "64x64", "--seconds", "0.5", "--seed", "7", "--steps", "2", "--backend", "drawn"]
FILM = np.stack([np.full((64, 64, 3), 20 * at, np.uint8) for at in range(9)])


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home, with nothing wished."""
    for name in ("CINELOOM_CREDENTIALS", "CINELOOM_CERTIFICATES", "CINELOOM_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CINELOOM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def run(home, capsys):
    """Call a command with --json: its exit code and the object it answered."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict]:
        code = main([*map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    yield call
    signal.signal(signal.SIGTERM, before)


def test_they_are_off_until_they_are_wished(run, home, monkeypatch):
    assert run("take", "a secret red", "-o", "plain.mp4", *SMALL)[0] == 0
    assert run("credentials", "show", "plain.mp4") == (0, {"path": "plain.mp4", "state": None})
    assert not (home / keys.FOLDER).exists()

    assert run("take", "a secret red", "-o", "asked.mp4", "--credentials", "--latents", *SMALL)[0] == 0
    code, said = run("credentials", "show", "asked.mp4")
    assert (code, said["state"], said["title"], said["made"]["prompt"], said["actions"]) == (0, "vouched", "asked.mp4", "a secret red", ["c2pa.created"])
    assert run("credentials", "show", "asked.mp4", "--home", home / "other")[1]["state"] == "unvouched"        # another studio does not know the key
    assert run("reproduce", "asked.mp4")[1]["verdict"] == "exact"
    assert run("recipe", "asked.mp4")[1]["also_in"] == ["XMP in a box of its own"]

    monkeypatch.setenv("CINELOOM_CREDENTIALS", "without-prompt")
    assert run("extend", "asked.mp4", "--after", 0.5, "-o", "set.mp4", "--backend", "drawn")[0] == 0
    said = run("credentials", "show", "set.mp4")[1]
    assert said["actions"] == ["c2pa.opened", "c2pa.edited"] and "prompt" not in said["made"] and said["made"]["operation"] == "extend"
    assert [(one["title"], one["signed"], one["relation"]) for one in said["ingredients"]] == [("asked.mp4", True, "parentOf")]
    assert run("take", "red", "-o", "without.mp4", "--no-credentials", *SMALL)[0] == 0
    assert run("credentials", "show", "without.mp4")[1]["state"] is None


def test_a_take_that_is_there_is_signed_by_hand_and_a_change_is_found(run, home):
    recipe = Recipe("image", "a secret boat", 1, 64, 64, 7).made_by("1", "cpu")
    media.write_picture(Path("a.png"), FILM[3], recipe.to_json())
    code, said = run("credentials", "sign", "a.png", "--no-prompt")
    assert (code, said["state"]) == (0, "vouched") and "prompt" not in said["made"]
    assert "already" in run("credentials", "sign", "a.png")[1]["error"]
    data = bytearray(Path("a.png").read_bytes())
    data[data.rfind(b"IDAT") + 20] ^= 1
    Path("a.png").write_bytes(data)
    code, said = run("credentials", "show", "a.png")
    assert (code, said["state"], said["problems"]) == (1, "broken", ["the file was changed after it was signed"])
    media.write_picture(Path("b.png"), FILM[3], "")
    assert "carries no recipe" in run("credentials", "sign", "b.png")[1]["error"]


def test_a_key_of_ones_own_and_what_is_wrong_with_it(run, home, tmp_path, monkeypatch):
    assert run("credentials", "key")[1]["own"] is True
    chain, private = certified(tmp_path / "pem")
    monkeypatch.setenv("CINELOOM_CERTIFICATES", str(chain))
    code, said = run("credentials", "key")
    assert code == 2 and "CINELOOM_CERTIFICATES is set and CINELOOM_KEY is not" in said["error"]
    monkeypatch.setenv("CINELOOM_KEY", str(private))
    assert (run("credentials", "key")[1]["name"], run("credentials", "key")[1]["own"]) == ("Anna Berg", False)
    assert run("take", "red", "-o", "a.mp4", "--credentials", *SMALL)[0] == 0
    assert [run("credentials", "show", "a.mp4")[1][name] for name in ("state", "signer")] == ["vouched", "Anna Berg"]
    monkeypatch.setenv("CINELOOM_KEY", str(tmp_path / "gone.pem"))
    code, said = run("take", "red", "-o", "b.mp4", "--credentials", *SMALL)
    assert code == 2 and "key cannot be read" in said["error"] and not Path("b.mp4").exists()       # told before anything is made
    monkeypatch.setenv("CINELOOM_CREDENTIALS", "perhaps")
    assert "is on, without-prompt or off; 'perhaps' was found" in run("take", "red", "-o", "b.mp4", *SMALL)[1]["error"]


@pytest.fixture
def cut(run, home):
    """The id of a cut: a take of a model, which is signed, and a film from elsewhere."""
    recipe = Recipe("text", "a secret boat", 9, 64, 64, 7).made_by("1", "cpu")
    media.write_film(Path("boat.mp4"), [FILM], 64, 64, 16, recipe.to_json())
    assert run("credentials", "sign", "boat.mp4")[0] == 0
    media.write_film(Path("stock.mp4"), [FILM[::-1]], 64, 64, 16, "")
    library = Library.open(home)
    ids = [finish(library.import_file(name)).id for name in ("boat.mp4", "stock.mp4")]
    return run("cut", "new", "Opening", *ids)[1]["id"], ids


@pytest.mark.parametrize("kind, out", [("h264", "out.mp4"), ("h265", "out.mp4"), ("prores", "out.mov"), ("gif", "out.gif"), ("still", "out.png"), ("still", "out.jpg"), ("png", "frames")])
def test_a_rendered_cut_names_its_takes(run, cut, kind, out):
    id, takes = cut
    assert run("cut", "render", id, "-o", "plain" + Path(out).suffix, "--kind", kind, "--quality", "draft")[0] == 0
    code, said = run("cut", "render", id, "-o", out, "--kind", kind, "--quality", "draft", "--credentials")
    assert code == 0, said
    files = sorted(Path(out).glob("*.png")) if kind == "png" else [Path(out)]
    assert len(files) == (18 if kind == "png" else 1)
    for file in (files[0], files[-1]):
        code, said = run("credentials", "show", file)
        assert (code, said["state"], said["made"]["name"]) == (0, "vouched", "Opening")
        first = kind == "still"         # the one frame shows the first take alone
        assert [(one["take"], one["signed"]) for one in said["ingredients"]] == ([(takes[0], True)] if first else [(takes[0], True), (takes[1], False)])
        assert said["actions"] == ["c2pa.created", "c2pa.placed", "c2pa.edited"]
        assert said["source"] == carriers.COMPOSED
        assert json.loads(media.carried(file) or "{}").get("id") == id or kind == "png"
    plain = Path("plain" + Path(out).suffix)
    if kind in ("h264", "h265", "prores", "gif"):
        assert all(np.array_equal(a, b) for a, b in zip(media.read_film(plain), media.read_film(out), strict=True))


def test_webm_is_refused_when_asked_and_left_without_by_the_setting(run, cut, monkeypatch):
    code, said = run("cut", "render", cut[0], "-o", "out.webm", "--credentials")
    assert code == 2 and said["error"] == "webm has no place for content credentials; MP4, MOV, GIF, PNG and JPEG have. Ask for one of those, or for none." and not Path("out.webm").exists()
    monkeypatch.setenv("CINELOOM_CREDENTIALS", "on")
    assert run("cut", "render", cut[0], "-o", "out.webm", "--quality", "draft")[0] == 0
    assert run("credentials", "show", "out.webm")[1]["state"] is None
    assert signing.wanted(asked=False) is None


def test_what_the_page_exports_follows_the_setting(run, cut, home, tmp_path, monkeypatch):
    """Its process is told by the page what is wished; the page's says nothing of credentials, so the setting counts."""
    states = {}
    for setting in ("off", "on"):
        monkeypatch.setenv("CINELOOM_CREDENTIALS", setting)
        for kind in ("h264", "vp9"):
            folder = tmp_path / setting / kind
            folder.mkdir(parents=True)
            *_, last = export(str(home), "my-films", cut[0], 0, str(folder), {"kind": kind, "quality": "draft"})
            states[setting, kind] = run("credentials", "show", folder / last["file"])[1]["state"]
    assert states == {("off", "h264"): None, ("off", "vp9"): None, ("on", "h264"): "vouched", ("on", "vp9"): None}
