"""Where the user's things lie, and the few choices that come from outside. Knows the environment; imports nothing heavy.

    CINELOOM_HOME       folder of projects and queue   default: projects/ of the checkout when run from one, else ~/Cineloom
    CINELOOM_BACKEND    model that new takes use       default: paper
    CINELOOM_TOKEN      password of a studio that is opened to the network
"""

from __future__ import annotations

import os
from pathlib import Path

HOST, PORT = "127.0.0.1", 7860
PORTS = 100                     # how many ports after the asked one are tried
UPLOAD_BYTES = 64 << 20         # the largest picture that may be sent to the studio
ARCHIVE_BYTES = 64 << 30        # the largest project that may be sent to the studio as a zip
ROOT = Path(__file__).resolve().parents[1]
WELCOME = ROOT / "projects" / "welcome.zip"     # the project that a home without any begins with


def home(asked: Path | str | None = None) -> Path:
    """The folder that holds all projects and the queue. Nothing is made by asking."""
    if asked:
        return Path(asked).expanduser().resolve()
    if os.environ.get("CINELOOM_HOME"):
        return Path(os.environ["CINELOOM_HOME"]).expanduser().resolve()
    if (ROOT / "pyproject.toml").exists() and (ROOT / "engine").is_dir() and os.access(ROOT, os.W_OK):
        return ROOT / "projects"
    return Path.home() / "Cineloom"


def backend() -> str:
    """The model that new takes use."""
    return os.environ.get("CINELOOM_BACKEND") or "paper"


def token() -> str:
    """The password of a studio on the network; empty when none is set."""
    return os.environ.get("CINELOOM_TOKEN", "")
