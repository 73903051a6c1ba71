"""Patches: how to get from one text to the next, so that a thousand steps of a cut take little room. Knows texts."""

from __future__ import annotations

import zlib

WHOLE = 25          # steps from one whole text to the next: what has to be patched at most when a project is opened


def patch(old: str, new: str) -> bytes:
    """How to get from one text to another: how many bytes of its beginning and of its end stay, and what comes between.

        b"120 44 " + zlib of what comes between
    """
    a, b = old.encode(), new.encode()
    begin = _alike(a, b)
    end = _alike(a[begin:][::-1], b[begin:][::-1])
    return b"%d %d " % (begin, end) + zlib.compress(b[begin : len(b) - end])


def patched(old: str, change: bytes) -> str:
    """The text that a patch makes of another."""
    begin, end, middle = change.split(b" ", 2)
    a = old.encode()
    return (a[: int(begin)] + zlib.decompress(middle) + a[len(a) - int(end) :]).decode()


def _alike(a: bytes, b: bytes) -> int:
    """How many bytes two texts have in common at their beginning; by halves, so that memcmp does the work."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
