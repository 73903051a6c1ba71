"""What tests of the timeline share; and hypothesis as it runs here: no deadlines, for the machine may be busy, and the same examples every time.

CINELOOM_EXAMPLES=2000 looks at so many others instead.
"""

from __future__ import annotations

import json
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("cuts", deadline=None, derandomize="CINELOOM_EXAMPLES" not in os.environ, report_multiple_bugs=False, max_examples=int(os.environ.get("CINELOOM_EXAMPLES", 60)),
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
settings.load_profile("cuts")


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Call a command with --json: its exit code and the one object it answered."""
    monkeypatch.setenv("CINELOOM_HOME", str(tmp_path / "home"))
    from app.cli import main

    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, dict]:
        code = main(["cut", *map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    yield call
    signal.signal(signal.SIGTERM, before)
