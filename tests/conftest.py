"""What every test stands on: one thread, one place for real footage."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")        # as the command has it: read at the first sum
# Every process that a test starts has one thread too: two that wait for each other beside three others spin, and a walk of one second took twenty.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    """The page's tests first: they take longest."""
    items.sort(key=lambda item: item.path.parent.name != "browser")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One more than there are cores: a third of the time a test waits, for a page, a worker or a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """For several processes: the page's tests in one of them, since they share a browser and a studio; every other file whole in whichever is free."""
    from xdist.scheduler import LoadScopeScheduling

    class Rooms(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "browser" if "/browser/" in file else file

    return Rooms(config, log)


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Tests share two cores with whatever else runs; one thread each also makes sums come out in one order."""
    if "torch" in sys.modules:      # tests that need none do not wait for it
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def freed_memory_is_kept():
    """As in a process that makes film."""
    from engine import memory

    memory.keep_freed()


@pytest.fixture
def real():
    """A function from a name to a file of real footage; the test is skipped where there is none."""
    folder = Path(os.environ.get("CINELOOM_REAL") or Path(__file__).resolve().parents[2] / "shared" / "real")

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"no real footage here: {name} was looked for in {folder}")
        return folder / name

    return find


@pytest.fixture(scope="module")
def model_here(tmp_path_factory):
    """A function that puts an open model on this machine for as long as the module lasts: `write(folder)` writes it, and it is called as the answer says."""
    home = tmp_path_factory.mktemp("models")

    def put(name: str, write) -> str:
        from engine.denoisers.open import keeping

        *_, row = keeping.add(write(home / name))
        return row.name

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CINELOOM_MODELS", str(home / "models"))
        yield put
