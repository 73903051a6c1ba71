"""The command line, with the weightless model: what is answered, what is refused, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from app.cli import explain, main
from app.commands.making import slug
from engine.errors import BadRequest
from engine.recipe import from_json

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ([], ["studio"], ["take"], ["image"], ["animate"], ["train"], ["evaluate"], ["models"], ["models", "list"], ["doctor"], ["bench"])
SMALL = ["--size", "64x64", "--seconds", "0.5", "--seed", "7", "--steps", "2", "--backend", "drawn"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder that commands are called in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Call a command with --json: its exit code and the one object it answered."""
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict]:
        code = main([*map(str, arguments), "--json"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1
        return code, json.loads(lines[0])

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def picture(here):
    """A picture with two halves, in a folder of its own."""
    pixels = np.zeros((90, 120, 3), np.uint8)
    pixels[:, :60], pixels[:, 60:] = (200, 40, 40), (40, 40, 200)
    path = here / "given" / "picture.png"
    path.parent.mkdir()
    Image.fromarray(pixels).save(path)
    return path


def left(folder: Path) -> list[str]:
    """Every file and folder, hidden ones too, but not what was given."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.relative_to(folder).parts[0] == "given")


def film(path: Path) -> np.ndarray:
    """All pictures of a file, (N, H, W, 3)."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


# ---- what it says of itself

def test_help_is_quick_and_loads_neither_torch_nor_gradio():
    code = ("import sys, resource; from app.cli import main; main(['--help']); used = resource.getrusage(resource.RUSAGE_SELF);"
            "print('seconds', used.ru_utime + used.ru_stime); print('modules', *{name.partition('.')[0] for name in sys.modules})")
    runs = [subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(3)]
    seconds = [float(line.split()[1]) for out in runs for line in out.splitlines() if line.startswith("seconds")]
    modules = runs[0].splitlines()[-1].split()
    assert "typer" in modules
    assert not {"torch", "gradio", "diffusers", "transformers", "numpy"} & set(modules)
    assert min(seconds) < 0.5       # of the processor, so that a busy machine does not count


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "cineloom")
def test_every_command_explains_itself(command, capsys):
    assert main([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: {' '.join(['cineloom', *command])}")
    assert "--json" in said or command in ([], ["studio"])


def test_version_is_the_engines(capsys):
    from engine import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cineloom {__version__}\n"


def test_models_are_listed_with_their_sizes(run):
    code, said = run("models", "list")
    assert code == 0
    paper = said["models"][0]
    assert (paper["name"], paper["fps"], paper["default_steps"]) == ("paper", 16, 4)
    assert {"shape": "16:9", "width": 256, "height": 144} in paper["sizes"]


# ---- what it makes

def test_a_take_is_a_film_and_its_answer_says_what_is_in_it(run, here):
    code, said = run("take", "red right", "-o", "out.mp4", *SMALL)
    assert code == 0
    pictures = film(here / "out.mp4")
    assert (said["path"], said["pictures"], said["height"], said["width"]) == ("out.mp4", *pictures.shape[:3]) == ("out.mp4", 9, 64, 64)
    assert (said["fps"], said["seconds"], said["seed"]) == (16, 9 / 16, 7)
    assert said["seconds_spent"] > 0
    recipe = from_json(json.dumps(said["recipe"]))
    assert (recipe.prompt, recipe.seed, recipe.steps, recipe.backend, recipe.version) == ("red right", 7, 2, "drawn", "1")
    red, green, blue = pictures.reshape(-1, 3).mean(0)
    assert red > green + 40 and red > blue + 40
    assert left(here) == ["out.mp4"]


def test_an_image_is_one_picture(run, here):
    code, said = run("image", "blue", "-o", "out.png", "--size", "96x64", "--seed", "7", "--backend", "drawn")
    assert code == 0
    assert (said["pictures"], said["width"], said["height"]) == (1, 96, 64)
    assert Image.open(here / "out.png").size == (96, 64)
    assert left(here) == ["out.png"]


def test_animate_begins_with_the_picture(run, here, picture):
    code, said = run("animate", picture, "green left", "-o", "out.mp4", *SMALL)
    assert code == 0
    first = film(here / "out.mp4")[0].astype(int)
    assert abs(first[:, 4:24] - (200, 40, 40)).mean() < 12
    assert abs(first[:, 40:60] - (40, 40, 200)).mean() < 12
    assert said["recipe"]["inputs"][0]["path"] == str(picture)


def test_keyframes_are_seen_at_their_times(run, here, picture):
    code, said = run("take", "green", "--keyframe", picture, "--keyframe", f"{picture}@0.5", "-o", "out.mp4", *SMALL)
    assert code == 0
    assert [item["at"] for item in said["recipe"]["inputs"]] == [0, 8]
    pictures = film(here / "out.mp4").astype(int)
    for at in (0, 8):
        assert abs(pictures[at][:, 4:24] - (200, 40, 40)).mean() < 12
    assert abs(pictures[4][:, 4:24] - (200, 40, 40)).mean() > 30        # between them the words decide


def test_the_same_recipe_makes_the_same_latents(run, here):
    for name in ("one.mp4", "two.mp4"):
        assert run("take", "red right", "-o", name, "--latents", *SMALL)[0] == 0
    one, two = (load_file(here / name)["latents"] for name in ("one.safetensors", "two.safetensors"))
    assert np.array_equal(one, two)
    assert one.shape == (1, 48, 3, 8, 8)


def test_without_a_name_the_prompt_gives_one_and_nothing_is_replaced(run, here):
    names = [run("take", "Red, RIGHT!", *SMALL)[1]["path"] for _ in range(3)]
    assert names == ["red-right.mp4", "red-right-2.mp4", "red-right-3.mp4"]
    assert left(here) == sorted(names)


def test_a_folder_takes_a_name_made_from_the_prompt(run, here):
    (here / "films").mkdir()
    assert Path(run("take", "red right", "-o", "films", *SMALL)[1]["path"]) == Path("films/red-right.mp4")


def test_a_name_that_was_asked_for_is_replaced_only_by_a_finished_film(run, here):
    (here / "out.mp4").write_bytes(b"an older film")
    assert run("take", "red", "-o", "out.mp4", *SMALL, "--steps", "999")[0] == 2
    assert (here / "out.mp4").read_bytes() == b"an older film"
    assert run("take", "red", "-o", "out.mp4", *SMALL)[0] == 0
    assert len(film(here / "out.mp4")) == 9


def test_what_was_snapped_and_what_is_not_understood_is_said(run):
    code, said = run("take", "red dragon", "-o", "out.mp4", *SMALL, "--size", "70x64")
    assert code == 0
    assert said["unknown_words"] == ["dragon"]
    assert said["notes"] == ["70x64 was asked; 64x64 is the nearest size on Drawn's grid."]


def test_words_are_for_people_and_asides_go_to_stderr(here, capsys):
    assert main(["take", "red dragon 🐉", "-o", "out.mp4", *SMALL]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("out.mp4: 64x64, 9 pictures at 16 a second, seed 7, made in ")
    assert "Drawn was never taught dragon" in said.err


@pytest.mark.parametrize("prompt, name", [
    ("A red balloon, over the SEA!", "a-red-balloon-over-the-sea"),
    ("Кот на крыше", "кот-на-крыше"),
    ("../../etc/passwd", "etc-passwd"),
    ("🎈🎈", "take"),
    ("word " * 40, "word-word-word-word-word-word-word-word-word"),
    ("x" * 300, "x" * 48),
])
def test_a_prompt_becomes_a_harmless_name(prompt, name):
    assert slug(prompt) == name


# ---- what it refuses

BAD = {
    "empty prompt": (["take", ""], "The prompt is empty"),
    "only spaces": (["take", "  \n "], "The prompt is empty"),
    "huge prompt": (["take", "red " * 5000], "20,000 characters"),
    "negative seed": (["take", "red", "--seed", "-1"], "A seed is a whole number from 0"),
    "seed too large": (["take", "red", "--seed", str(2**63)], "A seed is a whole number from 0"),
    "no number": (["take", "red", "--seconds", "long"], "Invalid value for '--seconds'"),
    "no such option": (["take", "red", "--sped", "2"], "No such option: --sped"),
    "no such command": (["paint"], "No such command 'paint'"),
    "0 seconds": (["take", "red", "--seconds", "0"], "0.25 s is the shortest"),
    "endless": (["take", "red", "--seconds", "1e6"], "would fit"),
    "infinite": (["take", "red", "--seconds", "inf"], "The length is a number"),
    "size in words": (["take", "red", "--size", "large"], "A size is a width and a height"),
    "tiny": (["take", "red", "--size", "8x8"], "go from 64 to 1920 pixels"),
    "no steps": (["take", "red", "--steps", "0"], "0"),
    "no model": (["take", "red", "--backend", "sora"], "There is no model called 'sora'"),
    "wrong ending": (["take", "red", "-o", "out.gif"], "out.mp4 would work"),
    "film for a picture": (["image", "red", "-o", "out.mp4"], "out.png would work"),
    "no folder": (["take", "red", "-o", "nowhere/out.mp4"], "There is no folder nowhere"),
    "file for a folder": (["take", "red", "-o", "given/empty.png/out.mp4"], "There is no folder given/empty.png"),
    "long name": (["take", "red", "-o", "x" * 300 + ".mp4"], "cannot be written"),
    "missing picture": (["animate", "given/none.png", "red"], "There is no picture at"),
    "empty picture": (["animate", "given/empty.png", "red"], "is empty"),
    "truncated picture": (["animate", "given/truncated.png", "red"], "truncated.png"),
    "mislabelled picture": (["animate", "given/text.png", "red"], "text.png"),
    "bomb": (["animate", "given/bomb.png", "red"], "bomb.png"),
    "folder for a picture": (["animate", "given", "red"], "is a folder"),
    "keyframe without a time": (["take", "red", "--keyframe", "given/picture.png@soon"], "boat.png@1.5"),
    "keyframe after the end": (["take", "red", "--keyframe", "given/picture.png@9"], "the film has 33"),
    "no such stage": (["train", "paper", "--stage", "sleep", "--minutes", "1"], "There is no stage 'sleep'"),
    "unknown device": (["train", "paper", "--device", "abacus"], "Invalid value for '--device'"),
    "evaluate a stranger": (["evaluate", "sora"], "There is no model called 'sora'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_in_a_sentence_and_leaves_nothing(case, run, here, picture):
    data = picture.read_bytes()
    (here / "given" / "empty.png").touch()
    (here / "given" / "truncated.png").write_bytes(data[:len(data) // 2])
    (here / "given" / "text.png").write_text("This is no picture.")
    (here / "given" / "bomb.png").write_bytes(huge_png(60_000, 60_000))
    before = sorted(path.name for path in (here / "given").iterdir())
    arguments, part = BAD[case]
    if arguments[0] in ("take", "image", "animate") and "--backend" not in arguments:
        arguments = [*arguments, "--backend", "drawn"]
    code, said = run(*arguments)
    assert code == 2
    assert list(said) == ["error"] and part in said["error"]
    assert len(said["error"]) < 400 and said["error"].endswith((".", "`")) and "Traceback" not in said["error"]
    assert left(here) == []
    assert sorted(path.name for path in (here / "given").iterdir()) == before


@pytest.mark.parametrize("error, part, code", [
    (BadRequest("That cannot be."), "That cannot be.", 2),
    (MemoryError(), "a smaller size or fewer seconds", 2),
    (RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to"), "a smaller size", 2),
    (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), "a smaller size", 2),
    (KeyError("frames"), "Something broke inside Cineloom (KeyError: 'frames').", 1),
])
def test_an_error_is_the_askers_or_ours(error, part, code):
    sentence, number = explain(error)
    assert part in sentence and number == code


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody may write to, root neither")
def test_a_folder_that_cannot_be_written_is_a_sentence(run):
    code, said = run("take", "red", "-o", "/proc/out.mp4", *SMALL)
    assert code == 2
    assert "/proc cannot be written" in said["error"]


def huge_png(width: int, height: int) -> bytes:
    """The head of a picture of that size, with next to nothing in it."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these limits nor these signals")
def test_a_disk_that_fills_up_is_a_sentence_and_leaves_nothing(here):
    """The system lets no file grow beyond 20 kB: the film's first kilobytes still fit."""
    code = ("import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); from app.cli import main; sys.exit(main(sys.argv[1:]))")
    done = subprocess.run([sys.executable, "-c", code, "take", "red", "--backend", "drawn", "--seconds", "1", "--json"],
                          cwd=here, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in json.loads(done.stdout)["error"]
    assert left(here) == []


def heeding() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and deafness is inherited: a terminal's program hears."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these limits nor these signals")
@pytest.mark.parametrize("signal_, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "kill"])
def test_stopped_in_the_middle_it_tidies_up(here, signal_, code):
    asked = [sys.executable, "-m", "app.cli", "take", "red", "--backend", "drawn", "--seconds", "60", "--steps", "250"]
    process = subprocess.Popen(asked, cwd=here, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
                               preexec_fn=heeding)
    try:
        end = time.monotonic() + 120
        while not list(here.glob(".cineloom-*/.making-*")):        # the model is open and walks
            assert process.poll() is None and time.monotonic() < end, "the take did not begin"
            time.sleep(0.05)
        process.send_signal(signal_)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code
    assert "Traceback" not in said
    assert left(here) == []


# ---- the machine

def test_the_doctor_finds_this_machine_fit_to_make_films(run, here):
    _, said = run("doctor", "--home", here / "home")
    state = {check["name"]: check["state"] for check in said["checks"]}
    assert list(state) == ["Python", "torch", "numbers", "memory", "disk", "home", "weights", "films", "words"]
    assert {state[name] for name in ("Python", "torch", "home", "films")} <= {"well", "mind"}
    assert all(check["says"].endswith(".") for check in said["checks"])
    assert left(here) == []


def test_the_doctor_says_what_to_do_about_a_home_that_cannot_be(run, here):
    (here / "given").write_text("a file")
    code, said = run("doctor", "--home", here / "given" / "home")
    home = next(check for check in said["checks"] if check["name"] == "home")
    assert code == 1 and not said["well"]
    assert home["state"] == "bad" and "CINELOOM_HOME" in home["remedy"]


def test_a_measurement_is_answered_stored_and_written_up(run, here):
    code, said = run("evaluate", "drawn", "--prompts", "2", "--size", "64x64", "--pictures", "9", "--real", here / "none",
                     "-o", here / "figures.json", "--card", here / "card", "--run", here / "none")
    assert code == 0
    stored = json.loads((here / "figures.json").read_text())
    assert {**stored, "path": str(here / "figures.json")} == said
    assert (stored["model"], stored["settings"]["prompts"], stored["settings"]["width"]) == ("drawn", 2, 64)
    assert 10 < next(row["reached"] for row in stored["measures"] if row["key"] == "autoencoder.renders") < 60
    assert (here / "card" / "README.md").read_text().startswith("# Drawn 1")


# ---- the model that ships

def test_the_shipped_model_makes_a_real_take(here):
    """The whole command as a person would give it, in a process of its own."""
    asked = [sys.executable, "-m", "app.cli", "take", "a red boat sails left on the sea at dusk", "--seconds", "2", "--size", "256x144",
             "--seed", "7", "--steps", "4", "-o", "out.mp4", "--json"]
    done = subprocess.run(asked, cwd=here, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    pictures = film(here / "out.mp4").astype(int)
    assert pictures.shape == (33, 144, 256, 3)
    assert (said["width"], said["height"], said["pictures"], said["fps"], said["recipe"]["backend"]) == (256, 144, 33, 16, "paper")
    assert said["unknown_words"] == []
    assert pictures[0].std((0, 1)).mean() > 15              # a picture, not a plain colour
    assert abs(pictures[-1] - pictures[0]).mean() > 1       # and it moves
    assert left(here) == ["out.mp4"]
