"""A few of the kills that `cineloom bench kills` deals out by the hundred, and the audit that must be able to find a loss."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from fakes import made, recipe

from engine.bench import audit, kill
from engine.jobs.worker import Worker

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(os.name == "nt", reason="signals are a POSIX thing")
def test_nothing_is_lost_by_three_kills():
    *said, figures = kill([sys.executable, "-m", "app.cli", "studio", "--no-open"], ROOT, 3, seed=3, steps=120)
    assert [line for line in said if line.startswith("kill 3 of 3")]
    assert sum(figures.moments.values()) == 3 and {moment.partition(",")[0] for moment in figures.moments} == {"worker", "writer", "studio"}
    assert figures.well and figures.jobs > 0 and figures.promises["submit"] > 0, figures.text()
    assert json.loads(json.dumps(figures.to_json()))["well"] is True


# ---- an audit that could find nothing would prove nothing


@pytest.fixture
def audited(queue, home, library, tmp_path):
    """A home with one job done and one take brought in, its journal, and a function that audits it."""
    id = queue.submit(recipe(steps=1))
    Worker(home).run()
    brought = made(tmp_path / "model", recipe("brought"))
    hashes = {name: audit._hash(getattr(brought, name)) for name in audit.FILES}
    library.add_take(brought, "abcdefghij")
    take = library.take(id)
    twin = audit.Twin.of(take.file("film"), take.file("latents"))
    journal = [{"will": "submit"}, {"did": "submit", "id": id}, {"will": "take", "id": "abcdefghij"}, {"did": "take", "id": "abcdefghij"}]

    def look(*more: dict) -> dict:
        found = audit.losses(home, [*journal, *more], hashes, lambda _: twin)
        return {kind: what for kind, what in found.items() if what}

    look.take, look.brought = take, library.take("abcdefghij")
    return look


def test_a_home_where_all_is_well_is_found_so(audited, home):
    assert audited() == {} and audit.orphans(home) == []


def test_every_kind_of_loss_is_found(audited, queue, library):
    id, brought = audited.take.id, audited.brought.id
    assert audited({"did": "submit", "id": "nobody"}) == {"submits": ["nobody"]}
    assert audited({"did": "favourite", "id": brought}) == {"marks": [brought]}
    assert audited({"did": "take", "id": "klmnpqrstu"}) == {"takes": ["klmnpqrstu"]}
    assert audited({"did": "edit", "id": id, "digest": "other"}) == {"edits": [id]}
    assert audited({"did": "edit", "id": id, "digest": "other"}, {"will": "edit", "id": id, "digest": recipe(steps=1).digest()}) == {}
    audited.brought.file("strip").write_bytes(b"half")
    assert audited() == {"half takes": [brought]}
    audited.brought.file("strip").write_bytes(b"strip of brought" * 40)
    waiting = queue.submit(recipe())
    assert list(audited()) == ["unfinished jobs"]
    queue.take_up("1@gone")
    queue.finish(waiting, "1@gone")
    assert audited() == {"wrong takes": [f"{waiting}: not of its recipe"]}


def test_a_take_that_is_not_its_twin_is_found(audited):
    latents = audited.take.file("latents")
    whole = latents.read_bytes()
    latents.write_bytes(whole[:-1] + b"\0" if whole[-1:] != b"\0" else whole[:-1] + b"\1")
    assert "latents are not its twin's" in audited()["wrong takes"][0]
    latents.write_bytes(whole)
    assert audited() == {}


def test_every_kind_of_orphan_is_found(audited, home, library, queue):
    for name in ("media/zzzzzzzzzz.mp4", "making/nobody/state.safetensors", "latents/.half.part"):
        path = library.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"waste")
    audited.brought.file("poster").unlink()
    waits = library.staging(queue.submit(recipe()))
    (waits / "state.safetensors").write_bytes(b"wanted")
    assert audit.orphans(home) == [
        f"row without file: {audited.brought.id}.jpg", "file without row: latents/.half.part",
        "file without row: making/nobody/state.safetensors", "file without row: media/zzzzzzzzzz.mp4",
    ]  # fmt: skip
