"""Paper's diffusion transformer: latent film and words in, clean latent film out.

Knows tokens of 2x2 cells, a noise level for each, positions in space and time, and the words of a prompt. Knows nothing
of samplers, canvases or pixels.

It predicts x0 and is trained on velocity (JiT, arXiv:2511.13720). A second level, where the step will end, makes it a
flow map (MeanFlow, arXiv:2505.13447; AnyFlow, arXiv:2605.13724). adaLN is shared, with a low-rank part for each block
(W.A.L.T, arXiv:2312.06662), and is computed once for each distinct level, then gathered: a film of one level costs one row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.paper.layers import GELU, Attention, Norm, features
from engine.paper.model import Model, configured
from engine.paper.text import TextEncoder
from engine.paper.words import LIMIT, PIECES, Words

WINDOW_ABOVE = 1000     # tokens: full attention up to here, windows in turn above (at 1,296 it is half of a step's time)
STRIDE = 20.0           # fastest rate of the stride's features: a flow map is learnt from differences of 1 %, which must stay smooth
WINDOW = 8              # tokens along a side of a spatiotemporal window


class Block(nn.Module):
    """Attend to the film, look at the words, think; scaled, shifted and gated by the token's noise level."""

    def __init__(self, width: int, heads: int, text_width: int, rank: int):
        super().__init__()
        self.norm_film, self.norm_text, self.norm_mlp = (Norm(width, eps=1e-6, elementwise_affine=False) for _ in range(3))
        self.attention = Attention(width, heads)
        self.words = Attention(width, heads, text_width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), GELU(), nn.Linear(4 * width, width))
        self.down, self.up = nn.Linear(width, rank, bias=False), nn.Linear(rank, 6 * width, bias=False)
        for last in (self.up, self.words.to_out):
            nn.init.zeros_(last.weight)

    def forward(self, hidden_states: Tensor, encoder_hidden_states: Tensor, text_mask: Tensor, level: Tensor,
                shared: Tensor, index: Tensor | None, film: Film) -> Tensor:
        """hidden_states (B, S, D); level (R, D) and shared (R, 6D) one row for each distinct level, index (B, S) into them.

        Without an index they are (B, 1 or S, D) and (B, 1 or S, 6D) and stand as they are.
        """
        table = shared + self.up(self.down(level))
        rows = table if index is None else table[index]
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = rows.chunk(6, -1)
        x = hidden_states
        x = torch.addcmul(x, gate_a, film.attend(self.attention, torch.addcmul(shift_a, self.norm_film(x), 1 + scale_a)))
        x = x + self.words(self.norm_text(x), encoder_hidden_states, mask=text_mask)
        return torch.addcmul(x, gate_m, self.mlp(torch.addcmul(shift_m, self.norm_mlp(x), 1 + scale_m)))


@dataclass
class Film:
    """Where the tokens stand: (T, H, W) of them, their angles, and how attention is cut for the block at hand."""

    shape: tuple[int, int, int]
    turn: tuple[Tensor, Tensor]         # (1, 1, S, head) cosine and sine
    window: str = "full"                # "full", "space" (each frame whole), "spacetime" (all frames, 8x8 tokens)

    def attend(self, attention: Attention, x: Tensor) -> Tensor:
        if self.window == "full":
            return attention(x, turn=self.turn)
        t, h, w = self.shape
        if self.window == "space":
            cut = [part.unflatten(-2, (t, h * w)).flatten(1, 2).transpose(0, 1) for part in self.turn]
            turn = tuple(part.view(t, 1, h * w, -1).repeat(x.shape[0], 1, 1, 1) for part in cut)
            return attention(x.reshape(-1, h * w, x.shape[-1]), turn=turn).view_as(x)
        rows, columns = -(-h // WINDOW), -(-w // WINDOW)
        high, wide = -(-h // rows), -(-w // columns)
        pad = (0, 0, 0, columns * wide - w, 0, rows * high - h)

        def windows(y: Tensor) -> Tensor:                   # (B, S, D) -> (B * rows * columns, T * high * wide, D)
            y = F.pad(y.unflatten(1, (t, h, w)), pad)
            y = y.unflatten(2, (rows, high)).unflatten(4, (columns, wide))
            return y.permute(0, 2, 4, 1, 3, 5, 6).reshape(y.shape[0] * rows * columns, t * high * wide, -1)

        turn = tuple(windows(part[0]).repeat(x.shape[0], 1, 1)[:, None] for part in self.turn)
        real = windows(torch.ones(1, t * h * w, 1, device=x.device))[..., 0] > 0
        mask = None if real.all() else real.repeat(x.shape[0], 1)[:, None, None]
        y = attention(windows(x), turn=turn, mask=mask)
        y = y.view(x.shape[0], rows, columns, t, high, wide, -1).permute(0, 3, 1, 4, 2, 5, 6)
        return y.reshape(x.shape[0], t, rows * high, columns * wide, -1)[:, :, :h, :w].reshape(x.shape)


class PaperTransformer(Model):
    """The transformer with its text encoder."""

    exact = ("embed_level", "embed_next", "embed_take")

    @configured
    def __init__(self, channels: int = 16, width: int = 256, depth: int = 8, heads: int = 4, rank: int = 32,
                 patch: int = 2, vocabulary: int = 400, text_width: int = 256, text_depth: int = 2, fastest: float = 1000.0):
        super().__init__()
        self.text = TextEncoder(vocabulary, text_width, text_depth)
        self.proj_in = nn.Linear((channels + 1) * patch * patch, width)
        self.embed_level = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.embed_next = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width, bias=False))
        self.embed_take = nn.Linear(3, width, bias=False)       # size, guidance, whether it has no first frame
        self.shared = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList(Block(width, heads, text_width, rank) for _ in range(depth))
        self.norm_out = Norm(width, eps=1e-6, elementwise_affine=False)
        self.modulate_out = nn.Linear(width, 2 * width)
        self.proj_out = nn.Linear(width, channels * patch * patch)
        for layer in (self.embed_next[2], self.embed_take, self.modulate_out, self.proj_out):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.shared.bias)
        nn.init.normal_(self.shared.weight, std=0.02)
        with torch.no_grad():
            self.shared.bias.view(6, -1)[[2, 5]] = 0.3          # gates start a little open
        head = width // heads
        self.split = (head // 4, (head - head // 4) // 2, (head - head // 4) // 2)      # channels for time, height, width

    @torch.no_grad()
    def forget_strides(self) -> None:
        """Make the answer independent of where a step ends, and for steps of no length what it was.

        Trained without strides the model has learnt something about a stride of 0 alone; what that does to others is chance.
        """
        nothing = features(torch.zeros(1, device=self.embed_next[0].weight.device), 256, STRIDE).to(self.embed_next[0].weight)
        self.embed_level[2].bias += self.embed_next(nothing)[0]
        self.embed_next[2].weight.zero_()

    def angles(self, shape: tuple[int, int, int], period: float | None, device: torch.device) -> tuple[Tensor, Tensor]:
        """Cosine and sine (1, 1, S, head) of each token's angles.

        Places in a picture are measured from its middle, in units that make its area 12 x 12: what is composed small
        is composed the same at any size. `period` in frames makes time a circle: rates become whole turns.
        """
        t, h, w = shape
        unit = 12 / math.sqrt(h * w)
        axes = [torch.arange(t, device=device, dtype=torch.float32),
                (torch.arange(h, device=device) - (h - 1) / 2) * unit,
                (torch.arange(w, device=device) - (w - 1) / 2) * unit]
        parts = []
        for i, (places, size) in enumerate(zip(torch.meshgrid(*axes, indexing="ij"), self.split)):
            rates = 100.0 ** -(torch.arange(size // 2, device=device) * 2 / size)
            if i == 0 and period:
                rates = (rates * period / (2 * math.pi)).round().clamp_min(1) * 2 * math.pi / period
            parts.append(places.flatten()[:, None] * rates)
        angles = torch.cat(parts, 1)
        angles = torch.cat([angles, angles], 1)[None, None]
        return angles.cos(), angles.sin()

    def read(self, words: Words, prompts: list[str], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Prompts to (numbers, letters, lengths) for the text encoder; an empty prompt is one word, `nothing`."""
        rows = [words.read(prompt)[:LIMIT] for prompt in prompts]
        said = [[word.number for word in row] or [self.config.vocabulary + 1] for row in rows]
        longest, most = max(map(len, said)), max([1] + [len(word.pieces) for row in rows for word in row])
        letters = torch.full((len(rows), longest, most), PIECES)
        for i, row in enumerate(rows):
            for j, word in enumerate(row):
                if word.pieces:
                    letters[i, j, :len(word.pieces)] = torch.tensor(word.pieces)
        numbers = torch.tensor([row + [0] * (longest - len(row)) for row in said])
        lengths = torch.tensor([len(row) for row in said])
        return numbers.to(device), letters.to(device), lengths.to(device)

    def forward(self, hidden_states: Tensor, level: Tensor, next_level: Tensor, encoder_hidden_states: Tensor,
                text_mask: Tensor, guidance: Tensor | None = None, period: float | None = None, continues: bool = False,
                windows: bool | None = None, tap: int | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """Predict clean latents from noisy ones.

        hidden_states           (B, C, T, H, W) latents, H and W even
        level, next_level       (B, 1, T, H, W) noise now and after the step, 0..1; equal for plain flow matching
        encoder_hidden_states   (B, L, text_width) and text_mask (B, 1, 1, L) from `self.text`
        guidance                (B,) how strongly the prompt is followed, where that was distilled; None is 1
        period                  frames after which a loop closes
        continues               the film goes on from earlier film: its first frame holds 4 pictures like the others. A loop does
        windows                 cut attention into windows; None decides by the number of tokens
        tap                     also return the tokens (B, S, D) after this block
        """
        p = self.config.patch
        batch, _, t, h, w = hidden_states.shape
        shape = (t, h // p, w // p)
        x = torch.cat([hidden_states, level], 1)
        x = x.unflatten(4, (-1, p)).unflatten(3, (-1, p)).permute(0, 2, 3, 5, 1, 4, 6).reshape(batch, math.prod(shape), -1)
        x = self.proj_in(x.to(self.proj_in.weight.dtype))

        # on an accelerator that learns, a row for every token: the way back through a gather costs more than it saves
        (now, then, sample), index = self.rows(level, next_level, every=torch.is_grad_enabled() and x.device.type != "cpu")
        size = torch.full_like(now, math.log(shape[1] * shape[2] / 144))
        strength = torch.zeros_like(now) if guidance is None else guidance.float()[sample].log()
        middle = torch.full_like(now, float(continues or period is not None))
        exact = self.embed_take.weight.dtype                # float32 where loaded so: levels near 0 must not round away
        emb = self.embed_level(features(now, 256, self.config.fastest).to(exact)) + self.embed_next(features(now - then, 256, STRIDE).to(exact))
        emb = F.silu(emb + self.embed_take(torch.stack([size, strength, middle], 1).to(exact))).to(x.dtype)
        if index is None:
            emb = emb.unflatten(0, (batch, -1))
        shared = self.shared(emb)

        film = Film(shape, tuple(part.to(x.dtype) for part in self.angles(shape, period, x.device)))
        cut = math.prod(shape) > WINDOW_ABOVE if windows is None else windows
        tapped = None
        for i, block in enumerate(self.blocks):
            film.window = ("space", "spacetime")[i % 2] if cut and t > 1 else "full"
            x = block(x, encoder_hidden_states, text_mask, emb, shared, index, film)
            if i == tap:
                tapped = x
        table = self.modulate_out(emb)
        shift, scale = (table if index is None else table[index]).chunk(2, -1)
        x = self.proj_out(self.norm_out(x) * (1 + scale) + shift).float()
        x = x.view(batch, *shape, -1, p, p).permute(0, 4, 1, 2, 5, 3, 6).reshape(batch, -1, t, h, w)
        return x if tap is None else (x, tapped)

    def rows(self, level: Tensor, next_level: Tensor, every: bool = False) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor | None]:
        """The distinct (level, next level, sample) of all tokens as three columns (R,), and each token's row (B, S).

        A token takes the highest level of its cells. No index when rows need none: with one level in each sample they
        are B, one after another; with `every` they are B * S, one for each token.
        """
        batch, p = level.shape[0], self.config.patch
        pooled = [F.max_pool3d(part.float(), (1, p, p)).flatten(1) for part in (level, next_level)]
        sample = torch.arange(batch, device=level.device)[:, None].expand_as(pooled[0])
        if every:
            return (pooled[0].flatten(), pooled[1].flatten(), sample.flatten()), None
        if all((part == part[:, :1]).all() for part in pooled):
            return (pooled[0][:, 0], pooled[1][:, 0], sample[:, 0]), None
        table, index = torch.unique(torch.stack([*pooled, sample.float()], -1).flatten(0, 1), dim=0, return_inverse=True)
        return (table[:, 0], table[:, 1], table[:, 2].long()), index.view(batch, -1)
