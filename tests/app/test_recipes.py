"""`cineloom recipe` and `reproduce`: what made a file, read back and run again."""

from __future__ import annotations

import json
import signal

import pytest
from PIL import Image

from app.cli import main

SMALL = ["--size", "64x64", "--seconds", "0.5", "--seed", "7", "--steps", "2", "--backend", "drawn"]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Call a command: its exit code, what it said on stdout, and on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CINELOOM_HOME", str(tmp_path / "home"))
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([*map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    yield call
    signal.signal(signal.SIGTERM, before)


def asked(run, *arguments):
    code, out, _ = run(*arguments, "--json")
    return code, json.loads(out)


@pytest.mark.parametrize("command", ["recipe", "reproduce"])
def test_they_explain_themselves(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0 and out.startswith(f"Usage: cineloom {command}") and "--json" in out


def test_a_film_says_what_made_it(run):
    _, take = asked(run, "take", "red 🎈 right", "-o", "a.mp4", *SMALL)
    code, said = asked(run, "recipe", "a.mp4")
    assert code == 0
    assert said["recipe"] == take["recipe"]
    assert (said["carrier"], said["also_in"], said["note"]) == ("the container's comment", ["XMP in a box of its own"], "")
    code, out, _ = run("recipe", "a.mp4")
    assert code == 0
    for part in ("red 🎈 right", "seed       7", "backend    drawn", "found in   the container's comment, XMP in a box of its own"):
        assert part in out


def test_a_file_without_a_recipe_is_a_plain_sentence(run, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
    for name, part in (("photo.png", "photo.png carries no recipe: it was not made here"), ("gone.mp4", "There is no file at gone.mp4"),
                       (".", "is a folder")):
        code, said = asked(run, "recipe", name)
        assert code == 2 and list(said) == ["error"] and part in said["error"]
        assert asked(run, "reproduce", name)[0] == 2


@pytest.mark.parametrize("latents", [[], ["--latents"]], ids=["pictures", "latents"])
def test_a_take_is_reproduced_exactly_and_nothing_is_left(run, tmp_path, latents):
    run("take", "red right", "-o", "a.mp4", *latents, *SMALL)
    before = sorted(path.name for path in tmp_path.iterdir())
    code, said = asked(run, "reproduce", "a.mp4")
    assert code == 0
    assert (said["verdict"], said["psnr"], said["compared"], said["differs"]) == ("exact", None, "latents" if latents else "pictures", [])
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert run("reproduce", "a.mp4")[1].startswith(f"Exact: the {said['compared']} are the same, bit for bit.")


def test_the_new_film_can_be_kept(run, tmp_path):
    run("take", "red right", "-o", "a.mp4", *SMALL)
    code, said = asked(run, "reproduce", "a.mp4", "-o", "b.mp4")
    assert (code, said["kept"]) == (0, "b.mp4")
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "a.mp4").read_bytes()


def test_a_film_whose_recipe_was_changed_is_different_and_the_exit_code_says_so(run, tmp_path):
    run("take", "red right", "-o", "a.mp4", *SMALL)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(whole.replace(b'"prompt": "red right"', b'"prompt": "blue left"', 1))
    code, said = asked(run, "reproduce", "b.mp4")
    assert (code, said["verdict"]) == (1, "different") and said["psnr"] < 30
    code, out, err = run("reproduce", "b.mp4")
    assert code == 1 and out.startswith("Different: ") and "Another recipe was found in XMP" in err


def test_pictures_that_moved_are_found_and_lost_ones_are_named(run, tmp_path):
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "photo.png")
    run("animate", "photo.png", "green left", "-o", "a.mp4", *SMALL)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "photo.png").rename(tmp_path / "elsewhere" / "other.png")
    (tmp_path / "films").mkdir()
    (tmp_path / "a.mp4").rename(tmp_path / "films" / "a.mp4")
    code, said = asked(run, "reproduce", "films/a.mp4")
    assert code == 2 and "photo.png (sha256" in said["error"] and "Name the folder" in said["error"]
    assert asked(run, "reproduce", "films/a.mp4", "--inputs", "elsewhere")[1]["verdict"] == "exact"
    kept = tmp_path / "home" / "my-films" / "inputs"         # where the studio keeps pictures that were sent to it
    kept.mkdir(parents=True)
    (tmp_path / "elsewhere" / "other.png").rename(kept / "abc.png")
    assert asked(run, "reproduce", "films/a.mp4")[1]["verdict"] == "exact"


def test_a_recipe_beside_a_film_can_be_reproduced_only_with_the_film(run, tmp_path):
    """recipe.json says what would be made; there is nothing to set it beside."""
    run("take", "red right", "-o", "a.mp4", *SMALL)
    (tmp_path / "recipe.json").write_text(json.dumps(asked(run, "recipe", "a.mp4")[1]["recipe"]))
    assert asked(run, "recipe", "recipe.json")[1]["carrier"] == "the file itself"
    code, said = asked(run, "reproduce", "recipe.json")
    assert code == 2 and "recipe.json is a recipe alone: there is nothing to set a new take beside" in said["error"]
    run("take", "red right", "-o", "b.mp4", "--latents", *SMALL)
    assert asked(run, "reproduce", "b.safetensors")[1]["verdict"] == "exact"


def test_broken_files_are_counted_and_the_figures_stored(run, tmp_path):
    code, said = asked(run, "bench", "media", "--count", "4", "--seed", "3", "-o", "figures.json")
    assert code == 0 and said["well"] and said["files"] == 4 and said["bad"] == []
    assert sum(said[name] for name in ("whole", "part", "refused", "hang", "crash", "no_sentence")) == 4
    assert json.loads((tmp_path / "figures.json").read_text()) == said
