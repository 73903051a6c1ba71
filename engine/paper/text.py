"""Text: words to vectors, by an encoder that is taught together with the film.

Knows numbers and letter groups of words (`engine.paper.words` makes them). Knows nothing of films.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.paper.layers import GELU, Attention, Norm
from engine.paper.words import LIMIT, PIECES


class TextLayer(nn.Module):
    """Words look at one another, then think."""

    def __init__(self, width: int):
        super().__init__()
        self.norm, self.norm_mlp = Norm(width, eps=1e-6), Norm(width, eps=1e-6)
        self.attention = Attention(width, width // 64)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x (B, L, D); mask (B, 1, 1, L), True for a word that is there."""
        x = x + self.attention(self.norm(x), mask=mask)
        return x + self.mlp(self.norm_mlp(x))


class TextEncoder(nn.Module):
    """Words to vectors, taught together with the film: (B, L) numbers and letter groups to (B, L, width)."""

    def __init__(self, vocabulary: int, width: int, depth: int):
        super().__init__()
        self.word = nn.Embedding(vocabulary + 2, width)         # 0 outside the vocabulary, last: nothing was said
        self.piece = nn.EmbeddingBag(PIECES + 1, width, mode="mean", padding_idx=PIECES)
        self.place = nn.Parameter(0.02 * torch.randn(LIMIT, width))
        self.layers = nn.ModuleList(TextLayer(width) for _ in range(depth))
        self.norm = Norm(width, eps=1e-6)
        nn.init.normal_(self.word.weight, std=0.5)
        nn.init.normal_(self.piece.weight, std=0.5)

    def forward(self, numbers: Tensor, letters: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """numbers (B, L) words; letters (B, L, P) groups, PIECES where none; lengths (B,). Returns vectors, mask (B, 1, 1, L)."""
        outside = (numbers == 0)[..., None]
        spelt = self.piece(letters.flatten(0, 1)).view(*numbers.shape, -1)
        x = torch.where(outside, spelt, self.word(numbers)) + self.place[:numbers.shape[1]]
        mask = (torch.arange(numbers.shape[1], device=numbers.device) < lengths[:, None])[:, None, None]
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x), mask
