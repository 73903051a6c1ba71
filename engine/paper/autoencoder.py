"""Paper's causal video autoencoder: 8x8 pixels and 4 pictures to one latent cell, the first picture alone.

Knows pictures in -1..1 and latents of unit size. Knows nothing of noise levels, prompts or files.

    pictures   0 | 1 2 3 4 | 5 6 7 8 |        each picture by 2D convolutions, down to 1/8
    frames     0 |    1    |    2    |        4 pictures' features merged into one latent frame

Time enters only as memory: a block sees its own input and that of the picture (or frame) before. So a film is encoded
and decoded as a stream, with memory flat in its length, and what was already seen never changes.
2D convolutions with memory run 2.0-2.5 times faster on a CPU than causal Conv3d, and the residual space-to-channel
shortcuts (DC-AE, arXiv:2410.10733) matter more than training minutes; both were measured for this model.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.paper.model import Model, configured

TIME = 4    # pictures in a latent frame
SPACE = 8   # pixels along a latent cell


class PixelNorm(nn.Module):
    """Each pixel's channels to unit size: no statistics over space or time, so that a stream equals a whole."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-5) * self.weight.view(1, -1, 1, 1)


class MemoryBlock(nn.Module):
    """Two 3x3 convolutions on `x`, with a glance at the frame before: (B*N, C, H, W) -> the same.

    The norm stands between convolution and activation: before the convolution, whole blocks died in the first minutes.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.now = nn.Conv2d(channels, channels, 3, padding=1)
        self.before = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = PixelNorm(channels)
        self.out = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, count: int, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        """x is (B*count, C, H, W), film after film; memory (B, C, H, W) is the last frame seen, None at the start."""
        film = x.unflatten(0, (-1, count))
        first = torch.zeros_like(film[:, 0]) if memory is None else memory
        shifted = torch.cat([first[:, None], film[:, :-1]], 1).flatten(0, 1)
        h = F.silu(self.norm(self.now(x) + self.before(shifted.contiguous(memory_format=torch.channels_last))))
        return x + self.out(h), film[:, -1]


class Shrink(nn.Module):
    """Halve height and width, double the channels: a convolution beside a shortcut that only rearranges."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = F.pixel_unshuffle(x, 2)
        shortcut = shortcut.unflatten(1, (-1, 2)).mean(2)
        return F.pixel_unshuffle(self.conv(x), 2) + shortcut


class Enlarge(nn.Module):
    """The way back: double height and width, halve the channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels * 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x.repeat_interleave(2, 1)
        return F.pixel_shuffle(self.conv(x) + shortcut, 2)


class Stream:
    """The memories of a coder between two chunks of one film; a new film starts with a new stream."""

    def __init__(self) -> None:
        self.memories: dict[str, Tensor] = {}
        self.started = False


class Coder(nn.Module):
    """What encoder and decoder share: running memory blocks over a chunk of film."""

    def run(self, name: str, blocks: nn.ModuleList, x: Tensor, count: int, stream: Stream) -> Tensor:
        for i, block in enumerate(blocks):
            key = f"{name}.{i}"
            x, stream.memories[key] = block(x, count, stream.memories.get(key))
        return x


class Encoder(Coder):
    """Pictures (B, N, 3, H, W) to latents (B, T, C, H/8, W/8), chunk by chunk."""

    def __init__(self, channels: int, width: int, depth: tuple[int, int, int]):
        super().__init__()
        fine, middle, coarse = 48, width // 2, width
        self.stem = nn.Conv2d(48, fine, 3, padding=1)
        self.fine = nn.ModuleList(MemoryBlock(fine) for _ in range(depth[0]))
        self.shrink = Shrink(fine)
        self.middle = nn.ModuleList(MemoryBlock(middle) for _ in range(depth[1]))
        self.merge = nn.Conv2d(TIME * middle, coarse, 1)
        self.coarse = nn.ModuleList(MemoryBlock(coarse) for _ in range(depth[2]))
        self.head = nn.Conv2d(coarse, channels, 3, padding=1)

    def forward(self, pictures: Tensor, stream: Stream) -> Tensor:
        batch, count = pictures.shape[:2]
        x = F.pixel_unshuffle(pictures.flatten(0, 1), 4).contiguous(memory_format=torch.channels_last)
        x = x + self.stem(x)
        x = self.run("fine", self.fine, x, count, stream)
        x = self.run("middle", self.middle, self.shrink(x), count, stream)
        film = x.unflatten(0, (batch, count))
        if not stream.started:                      # the first picture alone fills a whole latent frame
            film = torch.cat([film[:, :1].expand(-1, TIME - 1, -1, -1, -1), film], 1)
            stream.started = True
        frames = film.shape[1] // TIME
        x = film.unflatten(1, (frames, TIME)).flatten(2, 3).flatten(0, 1)
        x = x.contiguous(memory_format=torch.channels_last)
        x = self.merge(x) + x.unflatten(1, (-1, 2)).mean(2)
        x = self.run("coarse", self.coarse, x, frames, stream)
        z = self.head(x) + x.unflatten(1, (self.head.out_channels, -1)).mean(2)
        return z.unflatten(0, (batch, frames))


class Decoder(Coder):
    """Latents (B, T, C, h, w) to pictures (B, N, 3, 8h, 8w), chunk by chunk."""

    def __init__(self, channels: int, width: int, depth: tuple[int, int, int]):
        super().__init__()
        fine, middle, coarse = 48, width // 2, width
        self.stem = nn.Conv2d(channels, coarse, 3, padding=1)
        self.coarse = nn.ModuleList(MemoryBlock(coarse) for _ in range(depth[2]))
        self.split = nn.Conv2d(coarse, TIME * middle, 1)
        self.middle = nn.ModuleList(MemoryBlock(middle) for _ in range(depth[1]))
        self.enlarge = Enlarge(middle)
        self.fine = nn.ModuleList(MemoryBlock(fine) for _ in range(depth[0]))
        self.head = nn.Conv2d(fine, 48, 3, padding=1)

    def forward(self, latents: Tensor, stream: Stream) -> Tensor:
        batch, frames, channels = latents.shape[:3]
        z = latents.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        x = self.stem(z) + z.repeat_interleave(self.stem.out_channels // channels, 1)
        x = self.run("coarse", self.coarse, x, frames, stream)
        x = self.split(x) + x.repeat_interleave(2, 1)
        film = x.unflatten(1, (TIME, -1)).unflatten(0, (batch, frames)).flatten(1, 2)
        if not stream.started:                      # its own picture is the last of the four it could hold
            film = film[:, TIME - 1:]
            stream.started = True
        count = film.shape[1]
        x = film.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        x = self.run("middle", self.middle, x, count, stream)
        x = self.run("fine", self.fine, self.enlarge(x), count, stream)
        x = x + self.head(x)
        return F.pixel_shuffle(x, 4).unflatten(0, (batch, count))


class PaperAutoencoder(Model):
    """The autoencoder. Latents of one cell lie on a sphere (unit RMS), then each channel is
    shifted and scaled by `mean` and `std`, measured on renders after training, so that noise of size 1 fits them."""

    @configured
    def __init__(self, channels: int = 16, width: int = 192, encoder_depth: tuple[int, ...] = (1, 1, 2),
                 decoder_depth: tuple[int, ...] = (2, 2, 3), mean: tuple[float, ...] = (), std: tuple[float, ...] = ()):
        super().__init__()
        self.encoder = Encoder(channels, width, encoder_depth)
        self.decoder = Decoder(channels, width, decoder_depth)

    def sphere(self, pictures: Tensor, stream: Stream | None = None) -> Tensor:
        """Pictures (B, N, 3, H, W) to latents (B, T, C, h, w) on the unit sphere, not yet normalised by channel."""
        return self.to_sphere(self.encoder(pictures, stream or Stream()).float())

    @staticmethod
    def to_sphere(raw: Tensor) -> Tensor:
        return raw * torch.rsqrt(raw.square().mean(2, keepdim=True) + 1e-6)

    def statistics(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel, shaped for (B, T, C, h, w)."""
        channels = self.config.channels
        mean = torch.tensor(self.config.mean or [0.0] * channels, device=like.device)
        std = torch.tensor(self.config.std or [1.0] * channels, device=like.device)
        return mean.view(1, 1, -1, 1, 1), std.view(1, 1, -1, 1, 1)

    def encode(self, pictures: Tensor, stream: Stream | None = None) -> Tensor:
        """Pictures (B, 3, N, H, W) in -1..1, N = 1 + 4k and then 4k, to latents (B, C, T, H/8, W/8), float32."""
        mean, std = self.statistics(pictures)
        z = self.sphere(pictures.transpose(1, 2).to(self.dtype), stream)
        return ((z - mean) / std).transpose(1, 2)

    def decode(self, latents: Tensor, stream: Stream | None = None) -> Tensor:
        """Latents (B, C, T, h, w) to pictures (B, 3, N, 8h, 8w) in about -1..1, float32."""
        z = latents.transpose(1, 2)
        mean, std = self.statistics(z)
        return self.decoder((z * std + mean).to(self.dtype), stream or Stream()).float().transpose(1, 2)

    def stream(self, latents: Tensor, chunk: int = 1, before: Tensor | None = None) -> Iterator[Tensor]:
        """Decode `chunk` latent frames at a time: pictures (B, 3, n, H, W), the same as a whole decode gives.

        before   latent frames that are decoded first and only remembered
        """
        stream = Stream()
        for start in range(0, 0 if before is None else before.shape[2], chunk):
            self.decode(before[:, :, start:start + chunk], stream)
        for start in range(0, latents.shape[2], chunk):
            yield self.decode(latents[:, :, start:start + chunk], stream)
