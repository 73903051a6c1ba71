"""The captioner's network: latents of the built-in model in, the numbers of a caption out.

    latents, and how they changed ┐
    the model's own first blocks  ┴ a token for 16x16 pixels of every frame ─ tokens look at one another
    words so far ─ they look back at one another ─ and at the tokens ─ the next word

What the model made of the latents in its first two blocks, on its way to unmix them from noise, says what stands where: a
line through those tells 65 of 100 subjects, through the latents 41 (2,000 pictures). So they are asked, and not taught again.

Knows latents and numbers. Knows neither films nor words.
Source: features of a denoiser (arXiv:2112.03126); an encoder and a decoder with attention (arXiv:1706.03762).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.paper.layers import GELU, Attention, Norm, features
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words

MOST = 80           # numbers of a caption that are told; the longest of the world's has 60
GLANCE = 2          # blocks of the model that are asked
LEVEL = 0.3         # of noise that they are shown: with 0.05 a line through them tells 55 of 100 subjects


class Glance:
    """What the model's first blocks make of latents; its own weights, which nobody teaches here."""

    def __init__(self, transformer: PaperTransformer, words: Words, version: str = ""):
        """version   the name of what is read of the model, see `eyes`; "" while it has none"""
        self.version = version
        transformer.blocks = transformer.blocks[:GLANCE]
        self.transformer = transformer.eval().requires_grad_(False)
        self.width, self.device = transformer.config.width, transformer.device
        with torch.no_grad():
            self.text, self.mask = transformer.text(*transformer.read(words, [""], transformer.device))

    @torch.no_grad()
    def __call__(self, latents: Tensor, noise: Tensor, loop: bool = False, continues: bool = False) -> Tensor:
        """Latents and noise (B, C, T, h, w), h and w even, to tokens (B, T * h/2 * w/2, width)."""
        x = torch.lerp(latents, noise, LEVEL)
        level = torch.full((len(x), 1, *x.shape[2:]), LEVEL, device=x.device)
        text, mask = (part.expand(len(x), *part.shape[1:]) for part in (self.text, self.mask))
        return self.transformer(x, level, level, text, mask, period=x.shape[2] if loop else None, continues=continues, tap=GLANCE - 1)[1]


def _thought(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 2 * width), GELU(), nn.Linear(2 * width, width))


class SeeingLayer(nn.Module):
    """Tokens look at one another, then think."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm, self.norm_mlp = Norm(width, eps=1e-6), Norm(width, eps=1e-6)
        self.attention, self.mlp = Attention(width, heads), _thought(width)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, S, D)."""
        x = x + self.attention(self.norm(x))
        return x + self.mlp(self.norm_mlp(x))


class TellingLayer(nn.Module):
    """Words look back at one another, then at what was seen, then think."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm, self.norm_seen, self.norm_mlp = (Norm(width, eps=1e-6) for _ in range(3))
        self.attention, self.look, self.mlp = Attention(width, heads), Attention(width, heads, width), _thought(width)

    def forward(self, x: Tensor, seen: Tensor, back: Tensor) -> Tensor:
        """x (B, L, D) words; seen (B, S, D); back (1, 1, L, L), True where a word may look."""
        x = x + self.attention(self.norm(x), mask=back)
        x = x + self.look(self.norm_seen(x), seen)
        return x + self.mlp(self.norm_mlp(x))


class CaptionNet(nn.Module):
    """`see` once, then `tell` word by word.

    vocabulary   how many numbers there are
    glance       channels of what `Glance` gives
    depth        layers that see; `layers` are those that tell
    """

    def __init__(self, vocabulary: int, channels: int = 16, glance: int = 256, width: int = 192, heads: int = 6, depth: int = 2, layers: int = 2):
        super().__init__()
        self.norm_glance, self.enter = Norm(glance, eps=1e-6, elementwise_affine=False), nn.Linear(glance + 8 * channels, width)
        self.place = nn.Linear(96, width)
        self.seeing = nn.ModuleList(SeeingLayer(width, heads) for _ in range(depth))
        self.norm_seen, self.where = Norm(width, eps=1e-6), nn.Linear(width, 1)
        self.word, self.order = nn.Embedding(vocabulary, width), nn.Parameter(0.02 * torch.randn(MOST, width))
        self.telling = nn.ModuleList(TellingLayer(width, heads) for _ in range(layers))
        self.norm = Norm(width, eps=1e-6)
        self.answer = nn.Linear(width, vocabulary, bias=False)
        nn.init.normal_(self.word.weight, std=0.5)
        nn.init.zeros_(self.answer.weight)

    def see(self, latents: Tensor, glance: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, C, T, h, w) and their glance (B, S, glance) to what was seen (B, 2 + S, D), and how much of each token is subject, as logits (B, S).

        S is T * h/2 * w/2. The first two of what was seen are the mean where the subject seems to be, and the mean of all.
        """
        frames, height, width = latents.shape[2], latents.shape[3] // 2, latents.shape[4] // 2
        changed = latents - torch.cat([latents[:, :, :1], latents[:, :, :-1]], 2)
        x = torch.cat([latents, changed], 1).unflatten(4, (-1, 2)).unflatten(3, (-1, 2))
        x = x.permute(0, 2, 3, 5, 1, 4, 6).flatten(4).flatten(1, 3)
        x = self.enter(torch.cat([x, self.norm_glance(glance.float())], 2))
        x = x + self.place(self._places(frames, height, width, x.device)).to(x.dtype)
        for layer in self.seeing:
            x = layer(x)
        x = self.norm_seen(x)
        where = self.where(x)[..., 0].float()
        look = where.sigmoid()
        look = (look / look.sum(1, keepdim=True).clamp_min(1e-4)).to(x.dtype)
        return torch.cat([torch.einsum("bs,bsd->bd", look, x)[:, None], x.mean(1, keepdim=True), x], 1), where

    @staticmethod
    def _places(frames: int, height: int, width: int, device) -> Tensor:
        """(S, 96): where and when each token is, rows and columns as shares of the picture."""
        t = features(torch.arange(frames, device=device) / 16, 32, 50.0)[:, None, None]
        y = features((torch.arange(height, device=device) + 0.5) / height, 32, 50.0)[None, :, None]
        x = features((torch.arange(width, device=device) + 0.5) / width, 32, 50.0)[None, None]
        return torch.cat([part.expand(frames, height, width, 32) for part in (t, y, x)], 3).flatten(0, 2)

    def tell(self, numbers: Tensor, seen: Tensor) -> Tensor:
        """Numbers so far (B, L) to logits of each one's next (B, L, vocabulary)."""
        length = numbers.shape[1]
        x = self.word(numbers) + self.order[:length]
        back = torch.ones(length, length, dtype=torch.bool, device=numbers.device).tril()[None, None]
        for layer in self.telling:
            x = layer(x, seen, back)
        return self.answer(self.norm(x)).float()
