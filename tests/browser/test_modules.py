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
