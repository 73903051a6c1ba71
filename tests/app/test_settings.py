"""Where the user's films lie, and that the light parts stay light."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import settings

ROOT = Path(__file__).parents[2]


def asked(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=os.environ | environment, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_the_home_is_what_was_asked_then_the_environment_then_the_checkout(tmp_path):
    code = "from app import settings; print(settings.home())"
    assert asked(code, CINELOOM_HOME=str(tmp_path)) == str(tmp_path.resolve())
    assert asked(code, CINELOOM_HOME="") == str(ROOT / "projects")
    assert settings.home(tmp_path / "x") == tmp_path.resolve() / "x"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "module", ["app.settings", "app.guard", "app.desk", "app.routes", "engine.library", "engine.jobs", "engine.jobs.keeper", "engine.jobs.worker"]
)
def test_light_parts_import_neither_torch_nor_gradio(module):
    heavy = asked(f"import sys, {module}; print(*[m for m in ('torch', 'gradio', 'diffusers', 'transformers') if m in sys.modules])")
    assert heavy == ""


def test_the_page_imports_no_torch():
    """And none of the stubs that gradio writes beside its components: `...` is no component, and what wrote them would say so."""
    code = "import sys, app.server, app.studio; print('gradio' in sys.modules, 'torch' in sys.modules, sys.modules['gradio.component_meta'].create_or_modify_pyi(..., '', []))"
    assert asked(code) == "True False None"


def test_a_library_and_a_queue_are_opened_without_pandas(tmp_path):
    """sqlite-utils would import it where it is installed: a quarter of a second of every command. Whoever asks for it later gets it."""
    code = f"""import sys
from engine.library import Library
from engine.jobs import Queue
Library.open({str(tmp_path)!r}).count(), Queue({str(tmp_path)!r}).jobs()
print('pandas' in sys.modules)
import pandas
print(pandas.DataFrame.__name__)"""
    assert asked(code).split() == ["False", "DataFrame"]
