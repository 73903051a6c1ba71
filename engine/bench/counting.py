"""Counting: how much arithmetic a call is, and how much a machine does in a second.

Knows matrix products. Knows no model, and no clock but the processor's own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

SIDE = 2048         # of the matrices: large enough that nothing but the arithmetic counts, 17 GFLOP in all


def operations(call: Callable[[], object]) -> int:
    """Floating-point operations in the matrix products of `call`, two for every multiply-add: exactly, by their shapes.

    Linear layers, convolutions and attention are counted; sums, norms and activations are not, and are the reason why
    no model reaches the whole of a machine's matrix-product rate.
    """
    with FlopCounterMode(display=False, custom_mapping={_CPU_ATTENTION: _attention}) as counter:
        call()
    return counter.get_total_flops()


def matrix_rate(dtype: torch.dtype, device: str = "cpu", repeats: int = 5) -> float:
    """Operations a second in the product of two large square matrices: the middle one of a few runs."""
    a, b = (torch.randn(SIDE, SIDE, device=device).to(dtype) for _ in range(2))
    a @ b
    seconds = []
    for _ in range(repeats):
        _wait(device)
        start = time.perf_counter()
        a @ b
        _wait(device)
        seconds.append(time.perf_counter() - start)
    return 2 * SIDE**3 / sorted(seconds)[repeats // 2]


def kind(model: nn.Module) -> torch.dtype:
    """The type that most of a model's weights have: the one it computes in."""
    weights: Counter[torch.dtype] = Counter()
    for parameter in model.parameters():
        weights[parameter.dtype] += parameter.numel()
    return weights.most_common(1)[0][0]


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


# torch 2.13 counts attention on an accelerator, but not the kernel that a CPU uses.
_CPU_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


def _attention(query, key, value, *_, out_shape=None, **__) -> int:
    return sdpa_flop_count(query, key, value)
