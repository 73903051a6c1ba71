"""Open models on this machine: brought from a hub that breaks, lies or wants an account; looked through, told of, held against their hashes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
from hub import serving
from safetensors.numpy import save_file

from engine.denoisers.catalog import describe, names
from engine.denoisers.open import folder as lying
from engine.denoisers.open import keeping, pulling, rows
from engine.errors import BadRequest, CannotWrite, WeightsError

ROW = rows.known("wan-2.1-1.3b")
WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A model as its repository has it."""
    return tiny.wan(tmp_path_factory.mktemp("released") / "wan")


@pytest.fixture
def model(released, tmp_path):
    """A copy of it, to be spoilt."""
    return shutil.copytree(released, tmp_path / "my-wan")


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """A folder of models of this test's own."""
    monkeypatch.setenv("CINELOOM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def hub(model):
    with serving(model, ROW.hub) as hub:
        yield hub


# ---- brought

def test_a_model_is_brought_and_is_then_one_of_this_machine(hub, model, models):
    assert names() == ("paper",)
    with pytest.raises(BadRequest, match="Wan 2.1, 1.3B is not on this machine; `cineloom models pull wan-2.1-1.3b` brings it"):
        describe(ROW.name)
    *_, last = pulling.pull(ROW, endpoint=hub.address)
    assert last.done == last.total == sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    assert names() == ("paper", "wan-2.1-1.3b") and describe(ROW.name).solver == "unipc" and len(describe(ROW.name).version) == 12
    assert all(well for _, well in keeping.check(ROW.name))
    assert keeping.remove(ROW.name) > last.total and names() == ("paper",) and not (models / ROW.name).exists()


def test_a_connection_that_breaks_is_gone_on_with_where_it_broke(hub, model):
    save_file({"more": np.zeros(6_000_000, np.float32)}, model / "vae" / "more.safetensors")      # the client writes ten megabytes at a time
    hub.breaks["vae/more.safetensors"] = 15 << 20
    list(pulling.pull(ROW, endpoint=hub.address))
    assert [asked for name, asked in hub.asked if name == "vae/more.safetensors"] == ["", f"bytes={10 << 20}-"]
    assert all(well for _, well in keeping.check(ROW.name))


def test_a_pull_that_was_stopped_brings_no_file_twice(hub, models):
    done = 0

    def enough():
        nonlocal done
        done += 1
        return done > 6

    assert len(list(pulling.pull(ROW, endpoint=hub.address, cancelled=enough))) == 6 and names() == ("paper",)
    first = {name for name, _ in hub.asked}
    hub.asked.clear()
    list(pulling.pull(ROW, endpoint=hub.address))
    assert len(first) == 6 and not first & {name for name, _ in hub.asked} and ROW.name in names()


def test_a_killed_pull_leaves_no_half_model(hub, model, models):
    """The process is killed in the middle of the largest file, as a battery does it."""
    save_file({"more": np.zeros(6_000_000, np.float32)}, model / "vae" / "more.safetensors")
    child = subprocess.Popen([sys.executable, "-c", f"""
import os, signal
from engine.denoisers.open import pulling, rows
for part in pulling.pull(rows.known("wan-2.1-1.3b"), endpoint="{hub.address}"):
    if part.file.startswith("transformer/diffusion"):
        print("now", flush=True)
"""], stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2])
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    if ROW.name not in names():         # it may have been quicker than the signal
        assert not (models / ROW.name / rows.FACTS).exists()
        list(pulling.pull(ROW, endpoint=hub.address))
    assert all(well for _, well in keeping.check(ROW.name))


def test_a_file_that_is_not_what_the_hub_says_is_thrown_away(hub, models):
    hub.lies.add(WEIGHTS)
    with pytest.raises(WeightsError, match=f"{WEIGHTS} came damaged"):
        list(pulling.pull(ROW, endpoint=hub.address))
    assert names() == ("paper",) and not (models / ROW.name / WEIGHTS).exists()
    hub.lies.clear()
    list(pulling.pull(ROW, endpoint=hub.address))
    assert ROW.name in names()


def test_a_gate_an_empty_hub_and_no_network_are_said(hub, model):
    hub.gated = True
    with pytest.raises(pulling.Unreachable, match="accepted its licence .* HF_TOKEN"):
        list(pulling.pull(ROW, endpoint=hub.address))
    hub.gated = False
    with pytest.raises(pulling.Unreachable, match="HF_ENDPOINT"):
        list(pulling.pull(rows.known("wan-2.1-14b"), endpoint=hub.address))
    with pytest.raises(pulling.Unreachable, match="could not be reached.*HTTPS_PROXY"):
        list(pulling.pull(ROW, endpoint="http://127.0.0.1:9"))
    for path in model.rglob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(WeightsError, match="has no safetensors"):
        list(pulling.pull(ROW, endpoint=hub.address))
    assert names() == ("paper",)


def test_a_disk_that_is_too_small_is_said_before_anything_is_brought(hub):
    with pytest.raises(CannotWrite, match="needs .* more on the disk .* CINELOOM_MODELS"):
        list(pulling.pull(ROW, endpoint=hub.address, spare=1 << 60))
    assert not hub.asked


def test_a_hub_writes_nowhere_else(hub, models, tmp_path):
    hub.more += ["../../outside.json", "/outside/model.json"]
    list(pulling.pull(ROW, endpoint=hub.address))
    assert not (tmp_path / "outside.json").exists() and all("outside" not in name for name, _ in hub.asked)


# ---- in a folder of one's own

def test_a_folder_of_ones_own_is_told_of_and_forgotten(model, models):
    *_, row = keeping.add(model)
    assert (row.name, row.family, row.folder) == ("my-wan", "wan", model) and describe("my-wan").grid.channels == 16
    assert all(well for _, well in keeping.check("my-wan"))
    with (model / WEIGHTS).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    assert [path for path, well in keeping.check("my-wan") if not well] == [WEIGHTS]
    assert keeping.remove("my-wan") == 0 and names() == ("paper",) and (model / WEIGHTS).exists()


@pytest.mark.parametrize("name", ["paper", "wan-2.1-1.3b", "No Such", "../evil", "."])
def test_a_name_of_ones_own_is_small_and_free(model, name):
    with pytest.raises(BadRequest, match="needs a name of its own"):
        list(keeping.add(model, name))


def spoil_index(folder):
    (folder / "model_index.json").write_text("{")


def spoil_family(folder):
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": "FluxPipeline"}))


def spoil_pickle(folder):
    (folder / WEIGHTS).rename(folder / "transformer" / "diffusion_pytorch_model.bin")


def spoil_half(folder):
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[:len(data) // 2])


def spoil_header(folder):
    (folder / WEIGHTS).write_bytes(b"\xff" * 400)


def spoil_shard(folder):
    (folder / "transformer" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}))


@pytest.mark.parametrize("spoil, says", [
    (lambda folder: shutil.rmtree(folder), "There is no folder"),
    (lambda folder: (folder / "model_index.json").unlink(), "no model in diffusers' layout"),
    (spoil_index, "is damaged: it is no JSON"),
    (spoil_family, "is a FluxPipeline; there is nothing here that speaks to it. What works: WanPipeline"),
    (lambda folder: shutil.rmtree(folder / "vae"), "incomplete: its part vae is missing"),
    (lambda folder: (folder / WEIGHTS).unlink(), "has no weights"),
    (spoil_pickle, "is a pickle, which can run whatever its maker wished for"),
    (spoil_half, "cut short: [0-9,]+ bytes are there, [0-9,]+ belong to it"),
    (spoil_header, "no safetensors file, or its beginning is damaged"),
    (spoil_shard, "model-1.safetensors is missing \\(0 of 2 files are there\\)"),
], ids=["missing", "no index", "index", "family", "part", "weights", "pickle", "half", "header", "shard"])
def test_what_is_wrong_with_a_folder_is_a_sentence(model, spoil, says):
    spoil(model)
    with pytest.raises(WeightsError, match=says):
        lying.look(model)


def test_facts_of_strangers_are_passed_over(models):
    models.mkdir()
    for name, text in {"a.json": "{", "b.json": "[]", "c.json": '{"model": "x", "folder": 3}', "d.json": "null"}.items():
        (models / name).write_text(text)
    (models / "half").mkdir()
    assert rows.installed() == {} and names() == ("paper",)


def test_nothing_heavy_is_imported_by_asking():
    code = "import sys; from engine.denoisers.catalog import names, describe; names(); describe('paper'); from engine.denoisers.open import keeping; print(sorted({'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).resolve().parents[2], check=True).stdout.strip() == "[]"
