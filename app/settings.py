"""Where the user's things lie, and the few choices that come from outside. Knows the environment; imports nothing heavy.

    CINELOOM_HOME       folder of projects and queue   default: projects/ of the checkout when run from one, else ~/Cineloom
    CINELOOM_BACKEND    model that new takes use       default: paper
    CINELOOM_TOKEN      password of a studio that is opened to the network
    CINELOOM_CREDENTIALS    "on": what is made gets content credentials; "without-prompt": they leave the words out    default: off
    CINELOOM_CERTIFICATES, CINELOOM_KEY     PEM files to sign them with     default: a key of the studio's own
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import BadRequest

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


def credentials() -> str:
    """Whether takes and cuts get content credentials: "", "on" or "without-prompt". Raises BadRequest for another word."""
    said = os.environ.get("CINELOOM_CREDENTIALS", "").strip().lower()
    if said not in ("", "off", "on", "without-prompt"):
        raise BadRequest(f"CINELOOM_CREDENTIALS is on, without-prompt or off; {said[:40]!r} was found.")
    return "" if said == "off" else said


def signer() -> tuple[str, str]:
    """The user's own certificates and key, as paths; two empty ones where the studio's own are used. Raises BadRequest for one without the other."""
    found = os.environ.get("CINELOOM_CERTIFICATES", ""), os.environ.get("CINELOOM_KEY", "")
    if bool(found[0]) != bool(found[1]):
        there, lacking = ("CINELOOM_CERTIFICATES", "CINELOOM_KEY") if found[0] else ("CINELOOM_KEY", "CINELOOM_CERTIFICATES")
        raise BadRequest(f"{there} is set and {lacking} is not; to sign with a key of your own both name a PEM file, which may be the same.")
    return found


def footage(asked: Path | None = None) -> Path | None:
    """The folder of photographs and footage that models are measured on: as asked, as CINELOOM_REAL says, or where such folders lie; None where there is none."""
    folder = asked or Path(os.environ.get("CINELOOM_REAL") or ROOT.parent / "shared" / "real")
    return folder if folder.is_dir() else None
