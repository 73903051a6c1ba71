"""Machine: what takes are computed on, in words. Asks torch where it is loaded, and never loads it."""

from __future__ import annotations

import sys


def here() -> str:
    """What this process computes on, "cpu (AVX512)" or "cuda (NVIDIA H200)"; "" where it has not loaded torch.

    Takes made on the same, by the same versions, are the same bit for bit; other processors round otherwise.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return ""
    try:
        if torch.cuda.is_available():
            return f"cuda ({torch.cuda.get_device_name()})"
        return f"cpu ({torch.backends.cpu.get_cpu_capability()})"
    except (RuntimeError, AttributeError):
        return "cpu"
