"""Extra: the library that content credentials need, which not everybody installs, and the files that can carry them.

Knows what begins how and which of it C2PA has a place in. Signs and reads nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.errors import BadMedia, BadRequest
from engine.media.kinds import FILM_FILE, film_kind, head, shown

MISSING = 'Content credentials need two more packages: install them with `pip install "cineloom[provenance]"`, or `pip install c2pa-python cryptography`.'
NOWHERE = {"matroska": "WebM and Matroska have", "mpegts": "An MPEG transport stream has", "apng": "An animated PNG has"}
# Local, and small. Films are copied through a file, not through memory; large ones are hashed in parts, of which each has 32
# bytes in the signature: hashed whole, the library holds two buffers of 256 MB.
SETTINGS: dict[str, Any] = {
    "core": {"backing_store_memory_threshold_in_mb": 8},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
    # What a certificate may be for: signing mail or documents, or claims of C2PA; its own purpose is the youngest of the three.
    "trust": {"trust_config": "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.4.1.62558.2.1\n"},
}


def installed() -> bool:
    """Whether both packages are there."""
    return bool(find_spec("c2pa") and find_spec("cryptography"))


def library(name: str = "c2pa") -> ModuleType:
    """The library, or a part of the other one. Raises BadRequest, which says how to get it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise BadRequest(MISSING) from error


def context(**more: dict[str, Any]) -> Any:
    """Our settings for one run of the library, with `more` of them, by section."""
    return library().Context.from_dict({section: {**SETTINGS.get(section, {}), **more.get(section, {})} for section in {**SETTINGS, **more}})


def carries(path: str | Path) -> str:
    """What a file is, as the library calls it: "video/mp4"; "" for one that credentials have no place in.

    By its first bytes, whatever its name says. Raises BadMedia for a file that is missing, empty or no ordinary one.
    """
    first = head(path, FILM_FILE)
    film = film_kind(first)
    if film in ("mov", "gif"):
        return "image/gif" if film == "gif" else "video/quicktime" if first[8:12] == b"qt  " else "video/mp4"
    if film is None:
        for start, kind in ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg")):
            if first.startswith(start):
                return kind
        if first[:4] == b"RIFF" and first[8:12] in (b"WEBP", b"WAVE"):
            return "image/webp" if first[8:12] == b"WEBP" else "audio/wav"
    return ""


def kind_of(path: str | Path) -> str:
    """The same, or a sentence. Raises BadMedia."""
    kind = carries(path)
    if not kind:
        what = NOWHERE.get(film_kind(head(path, FILM_FILE)) or "", "A file of this kind has")
        raise BadMedia(f"{shown(path)} cannot carry content credentials: {what} no place for them. MP4, MOV, GIF, PNG and JPEG have.")
    return kind
