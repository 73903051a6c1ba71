"""Precision: in which numbers this machine computes quickly.

Knows the processor's flags. torch comes in only where a kind of its numbers is asked for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

NARROW = ("amx_bf16", "avx512_bf16")        # flags of a processor that computes in bfloat16


@cache
def narrow_flags() -> tuple[str, ...]:
    """Those of NARROW that the processor has; none where only Linux would say it. One without them can be 80 times slower in bfloat16 than in float32."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ()
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), ())
    return tuple(flag for flag in NARROW if flag in flags)


def narrow(device: str = "cpu") -> bool:
    """Whether a device computes in bfloat16. An accelerator does."""
    return device != "cpu" or bool(narrow_flags())


def fast_dtype(device: str) -> torch.dtype:
    """The kind of numbers that weights are held in: bfloat16 where the device computes in it, else float32."""
    import torch

    return torch.bfloat16 if narrow(device) else torch.float32


def mixed(device: str) -> torch.autocast:
    """A context for what is learnt from: in bfloat16 where the device computes in it, as it stands where that would only be slow."""
    import torch

    return torch.autocast(device, torch.bfloat16, enabled=narrow(device))
