"""Models that somebody garbled: whatever a folder or a single file says, it is a sentence or a model, soon, and nothing outside is read."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import sys
from pathlib import Path

import pytest
import singles

from engine.denoisers.catalog import describe
from engine.denoisers.open import keeping
from engine.denoisers.open.opening import open_model
from engine.denoisers.open.rows import row_of
from engine.errors import BadRequest, WeightsError

FOLDERS, FILES, AT_ONCE = 300, 240, 60
JSONS = ("model_index.json", "transformer/config.json", "vae/config.json", "scheduler/scheduler_config.json", "text_encoder/config.json")
SHARDS = "transformer/diffusion_pytorch_model.safetensors.index.json"
WEIGHTS = f"transformer/{singles.WEIGHTS}"
OUTSIDE = "../outside/secret.safetensors"
ODD = (None, True, -1, 0, 1e999, 10**30, "", "x" * 5_000, "..", "../outside", OUTSIDE, "../" + OUTSIDE, "/etc/passwd", "a\0b", "\ud800", [], {}, [[]], [1, 2], ["os", "system"], ["diffusers", "../outside"], {"a": {"a": 1}})
opened: set[str] = set()
watching = False


def note(event: str, given: tuple) -> None:
    if watching and event == "open" and isinstance(given[0], (str, bytes)):
        opened.add(os.path.realpath(os.fsdecode(given[0])))


sys.addaudithook(note)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return singles.model(tmp_path_factory.mktemp("saved") / "base")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with models told of beside one that nobody is to look into."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    return tmp_path


def copied(model: Path, place: Path) -> Path:
    """The same files, in no more room; one that is to be garbled is written anew."""
    for path in model.rglob("*"):
        (place / path.relative_to(model).parent).mkdir(parents=True, exist_ok=True)
        if path.is_file():
            os.link(path, place / path.relative_to(model))
    return place


def written(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def garbled(chance: random.Random, data: bytes, header: int) -> bytes:
    """Bytes cut, lengthened, replaced or flipped, mostly in the first `header` of them."""
    way = chance.randrange(7)
    if way == 0:
        return data[:chance.randrange(len(data))]
    if way == 1:
        return data + chance.randbytes(chance.randrange(1, 100))
    if way == 2:
        return chance.randbytes(chance.randrange(200))
    if way == 3:
        return data[:chance.randrange(min(8, len(data)) + 1)]
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        changed[chance.randrange(min(header, len(data)))] = chance.choice((0, 1, 255, chance.randrange(256)))
    return bytes(changed)


def odd(chance: random.Random, value: object) -> object:
    """A JSON value with something in it, or all of it, replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        if chance.random() < 0.2:
            return {name: one for name, one in value.items() if name != key} | {str(chance.choice(ODD)).replace("\ud800", "?"): value[key]}
        return value | {key: odd(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.5:
        at = chance.randrange(len(value))
        return [*value[:at], odd(chance, value[at]), *value[at + 1:]]
    return chance.choice(ODD)


def lied(chance: random.Random, data: bytes) -> bytes:
    """A safetensors file whose header says something else, or whose length of it does."""
    length = int.from_bytes(data[:8], "little")
    if chance.random() < 0.3:
        return chance.choice((0, 1, 2, length - 1, length + 1, len(data), 2 * len(data), 1 << 31, (1 << 64) - 1)).to_bytes(8, "little") + data[8:]
    header = json.dumps(odd(chance, json.loads(data[8:8 + length]))).encode()
    return len(header).to_bytes(8, "little") + header + data[8 + length:]


def spoil(chance: random.Random, folder: Path) -> None:
    """Something in a model's folder, at random."""
    way, name = chance.randrange(8), chance.choice(JSONS)
    path = folder / name
    if way < 3:
        written(path, json.dumps(odd(chance, json.loads(path.read_text()))).encode())
    elif way == 3:
        written(path, chance.choice((b"[" * 100_000, b"{", b"", b"\xff\xfe", b"9" * 10_000, garbled(chance, path.read_bytes(), 1 << 20))))
    elif way == 4:
        written(folder / SHARDS, json.dumps(chance.choice((odd(chance, {"weight_map": {"a": "model-1.safetensors"}}), {"weight_map": {"a": chance.choice(ODD), "b": singles.WEIGHTS}}))).encode())
    elif way == 5:
        data = (folder / WEIGHTS).read_bytes()
        written(folder / WEIGHTS, garbled(chance, data, 2_000))
    elif way == 6:
        written(folder / WEIGHTS, lied(chance, (folder / WEIGHTS).read_bytes()))
    else:
        path = folder / chance.choice((*JSONS, WEIGHTS))
        path.unlink()
        chance.choice((lambda: None, path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to(path), lambda: path.symlink_to(path.parent)))()


ITSELF = tuple(map(os.path.realpath, (sys.prefix, sys.base_prefix, Path(__file__).parents[2], "/proc")))     # modules are imported while it runs


def tried(ask, *inside: Path) -> str:
    """What is said against it, or nothing. Only its own files are opened."""
    global watching
    opened.clear()
    watching = True
    try:
        *_, row = ask()
        said = ""
        assert describe(row.name).memory(5, 64, 64) > 0
    except (WeightsError, BadRequest) as error:
        said = str(error)
        assert said and len(said) < 1_500
    finally:
        watching = False
    assert not {path for path in opened if not path.startswith((*map(os.path.realpath, inside), *ITSELF))}
    return said


@pytest.mark.parametrize("first", range(0, FOLDERS, AT_ONCE))
def test_a_garbled_folder_is_a_sentence_or_a_model(model, home, first):
    (home / "outside").mkdir()
    os.link(model / WEIGHTS, home / "outside" / "secret.safetensors")
    said, opens = [], 3
    for seed in range(first, first + AT_ONCE):
        folder = copied(model, home / f"m{seed}")
        spoil(random.Random(seed), folder)
        said.append(tried(lambda: keeping.add(folder), folder, home / "models"))
        if not said[-1] and (opens := opens - 1) >= 0:
            with contextlib.suppress(WeightsError):         # what only its loader notices
                open_model(row_of(folder.name), "cpu")
    assert sum(map(bool, said)) > AT_ONCE / 2 and len({re.sub(r"/\S+|\d+", "", one) for one in said}) > 8, "or nothing was garbled"


def test_more_layers_than_weights_are_never_built(model, home):
    folder = copied(model, home / "deep")
    path = folder / "text_encoder" / "config.json"
    written(path, json.dumps(json.loads(path.read_text()) | {"num_layers": 10**7}).encode())
    assert "more layers than there are weights for" in tried(lambda: keeping.add(folder), folder, home / "models")


@pytest.mark.parametrize("first", range(0, FILES, AT_ONCE))
@pytest.mark.parametrize("kind", ["safetensors", "gguf"])
def test_a_garbled_file_is_a_sentence_or_a_model(model, home, kind, first):
    list(keeping.add(model))
    whole = home / f"whole.{kind}"
    tensors = singles.numbers(model)
    data = (singles.safetensors(whole, tensors) if kind == "safetensors" else singles.gguf(whole, tensors, "Q8_0")).read_bytes()
    said = []
    for seed in range(first, first + AT_ONCE):
        chance, path = random.Random(seed), home / f"f{seed}.{kind}"
        path.write_bytes(lied(chance, data) if kind == "safetensors" and chance.random() < 0.5 else garbled(chance, data, chance.choice((24, 200, 6_000))))
        said.append(tried(lambda: keeping.lay([path], "base"), path, model, home / "models") if path.stat().st_size else "")
    assert sum(map(bool, said)) > AT_ONCE / 2
