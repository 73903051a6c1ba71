"""The page's plain functions, run in node where there is one; the browser tests use them all the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_the_modules_in_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here: the modules' own tests were not run")
    ran = subprocess.run([node, "--test", *map(str, sorted(HERE.glob("*.test.mjs")))], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]


def test_no_module_parses_html():
    """Prompts come from other people's files: our modules write text, never markup."""
    for path in (HERE.parents[1] / "app" / "web").rglob("*.js"):
        text = path.read_text()
        for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert banned not in text, f"{path.name} uses {banned}"


def test_what_the_rows_of_tasks_say_is_in_the_table_of_words():
    """Tasks, controls and presets are said by the studio in English; the page has a word of its own for each."""
    from app.examples import KNOWS
    from app.shapes import SHAPES
    from app.tasks.presets import PRESETS
    from app.tasks.rows import TASKS
    from engine.denoisers.catalog import describe

    table = (HERE.parents[1] / "app" / "web" / "make" / "labels.js").read_text()
    rows = [*TASKS.values(), *(control for task in TASKS.values() for control in (*task.controls, *task.more)), *PRESETS]
    said = {text for row in rows for text in (row.title, getattr(row, "help", "")) if text} | {word for *_, word in SHAPES} | {kind for kind, _ in KNOWS} | {describe("paper").about}
    assert not {text for text in said if f"t('{text}')" not in table}
