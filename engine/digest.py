"""Digest: the name of a file by its bytes. Knows files only."""

from __future__ import annotations

import hashlib
from pathlib import Path

PART = 1 << 20


def sha256(path: str | Path) -> str:
    """Of a file's bytes, in 64 hexadecimal digits; memory stays flat. Raises OSError."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(PART):
            total.update(part)
    return total.hexdigest()
