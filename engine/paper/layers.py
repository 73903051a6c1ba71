"""Layers: what Paper's transformer and its text encoder are built of.

Knows norms, attention and how queries are turned by their place. Knows nothing of films, levels or words.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEW = 512               # tokens whose attention a CPU does quicker step by step


def features(values: Tensor, width: int, fastest: float = 1000.0) -> Tensor:
    """Sines and cosines of numbers in 0..1, (R,) -> (R, width), at rates from 1 to `fastest` radians."""
    rates = torch.exp(torch.linspace(0, math.log(fastest), width // 2, device=values.device))
    angles = values[:, None].float() * rates
    return torch.cat([angles.cos(), angles.sin()], 1)


class Norm(nn.RMSNorm):
    """RMSNorm whose weight takes the input's type: under autocast the fused kernel is lost otherwise."""

    def forward(self, x: Tensor) -> Tensor:
        weight = None if self.weight is None else self.weight.to(x.dtype)
        if not quick(x):
            return F.rms_norm(x, self.normalized_shape, weight, self.eps)
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        one = (length.square() / x.shape[-1] + self.eps).rsqrt().to(x.dtype)
        return x * one if weight is None else x * one * weight


class GELU(nn.Module):
    """GELU by tanh; where a CPU infers, by its error function, which differs by 0.0005 at most and is five times quicker there."""

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate="none" if quick(x) else "tanh")


def quick(x: Tensor) -> bool:
    """Whether a CPU infers: then every pass over the tokens counts, and nobody asks for the way back."""
    return x.device.type == "cpu" and not torch.is_grad_enabled()


class Attention(nn.Module):
    """Attention with normalised queries and keys. Self-attention turns them by their place in the film (RoPE)."""

    def __init__(self, width: int, heads: int, context: int | None = None):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context or width, width, bias=False)
        self.to_v = nn.Linear(context or width, width, bias=False)
        self.norm_q, self.norm_k = (Norm(width // heads, eps=1e-6) for _ in range(2))
        self.to_out = nn.Linear(width, width, bias=False)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(-2, -3)

    def forward(self, x: Tensor, context: Tensor | None = None, turn: tuple[Tensor, Tensor] | None = None,
                mask: Tensor | None = None) -> Tensor:
        """x (B, S, D); context (B, L, Dc); turn: cosine and sine (B or 1, 1, S, D/heads); mask (B, 1, 1, L), True to see."""
        source = x if context is None else context
        q, k, v = self.split(self.to_q(x)), self.split(self.to_k(source)), self.split(self.to_v(source))
        q, k = self.norm_q(q), self.norm_k(k)
        if turn is not None:
            q, k = rotate(q, turn), rotate(k, turn)
        return self.to_out(attend(q, k, v, mask).transpose(-2, -3).flatten(-2))


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Attention of (B, heads, S, head) queries; on a CPU written out where there are few hundred of them.

    The fused kernel takes 1.6 times as long there, and its way back 2 to 9 times (measured, bfloat16).
    """
    if q.device.type != "cpu" or k.shape[-2] > FEW:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    if mask is not None:                    # added: to fill takes eight times as long
        scores += torch.zeros(mask.shape, dtype=q.dtype).masked_fill(~mask, -1e4)
    return scores.softmax(-1).to(v.dtype) @ v


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turn pairs (first half, second half) of each head's channels by their angles."""
    cosine, sine = turn
    one, two = x.chunk(2, -1)
    if not quick(x):
        return x * cosine + torch.cat([-two, one], -1) * sine
    half, turned = one.shape[-1], x * cosine
    turned[..., :half].addcmul_(two, sine[..., :half], value=-1)
    turned[..., half:].addcmul_(one, sine[..., half:])
    return turned
