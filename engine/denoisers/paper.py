"""Paper as a backend: the built-in model behind the contract.

Knows where its files lie, how they are checked, and how prompts become denoisers. Knows nothing of canvases or samplers.

    assets/paper/
      paper.json          how it was trained to be used: guidance, shift of noise levels, preview colours, a hash of each file
      words.json          its vocabulary
      autoencoder/  transformer/      as diffusers keeps models, bfloat16, in shards
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.denoisers.base import Denoiser, Grid, Manner
from engine.denoisers.catalog import version
from engine.denoisers.guidance import Guided
from engine.digest import sha256
from engine.errors import WeightsError
from engine.paper.autoencoder import PaperAutoencoder, Stream
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.precision import fast_dtype

SMALL = 8_000       # cells of a film that is
NEAR = 2            # frames from known film to full guidance: with 4 an extension hardly hears new words (51 % of them, not 83 %), with 0 it starts with a jump
FOLDER = Path(__file__).resolve().parents[2] / "assets" / "paper"


def open_autoencoder(weights: Path, device: str) -> PaperAutoencoder:
    """The autoencoder in a folder, ready to be used on `device`."""
    return PaperAutoencoder.open(weights, fast_dtype(device)).to(device, memory_format=torch.channels_last)


class PaperDenoiser:
    """Paper with one prompt for each film: `denoise(x, level, next_level) -> x0`."""

    def __init__(self, model: PaperTransformer, text: Tensor, mask: Tensor, guidance: float | None, period: float | None = None,
                 continues: bool = False):
        self.model, self.text, self.mask, self.kind = model, text, mask, {"period": period, "continues": continues}
        self.guidance = None if guidance is None else torch.full((len(text),), guidance, device=text.device)

    @torch.no_grad()
    def __call__(self, x: Tensor, level: Tensor, next_level: Tensor) -> Tensor:
        device = self.text.device
        made = self.model(x.to(device), level.to(device), next_level.to(device), self.text, self.mask,
                          guidance=self.guidance, **self.kind)
        return made.to(x.device)


def together(one: PaperDenoiser, two: PaperDenoiser, x: Tensor, level: Tensor, next_level: Tensor) -> tuple[Tensor, Tensor]:
    """What two denoisers of the same model say of the same film (B, C, T, H, W): of a small one in one call.

    A small film's operations are over before the cores have met; twice as large they are half as many.
    """
    if level[0].numel() > SMALL:
        return one(x, level, next_level), two(x, level, next_level)
    longest = max(one.text.shape[1], two.text.shape[1])
    text = torch.cat([F.pad(each.text, (0, 0, 0, longest - each.text.shape[1])) for each in (one, two)])
    mask = torch.cat([F.pad(each.mask, (0, longest - each.mask.shape[-1])) for each in (one, two)])
    made = PaperDenoiser(one.model, text, mask, None, **one.kind)(*(torch.cat([part, part]) for part in (x, level, next_level)))
    return made[:len(x)], made[len(x):]


class PaperBackend:
    """The built-in model, opened. See `engine.denoisers.base.Backend`."""

    name = "paper"
    rule = "scale"

    def __init__(self, transformer: PaperTransformer, autoencoder: PaperAutoencoder, words: Words, facts: dict, device: str):
        self.transformer, self.autoencoder, self.words, self.facts, self.device = transformer, autoencoder, words, facts, device
        self.grid = Grid(channels=autoencoder.config.channels)
        self.version, self.default_steps = facts["version"], facts["steps"]

    @classmethod
    def open(cls, folder: Path | None = None, device: str | None = None) -> PaperBackend:
        """Load the weights in `folder`, after checking every file against its hash.

        Raises WeightsError when a file is missing, damaged or of another version.
        """
        folder = folder or FOLDER
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        facts = check_files(folder)
        try:
            autoencoder = open_autoencoder(folder / "autoencoder", device)
            transformer = PaperTransformer.open(folder / "transformer", fast_dtype(device))
            words = Words.load(folder / "words.json")
        except Exception as error:      # torch and safetensors raise a dozen kinds; each means the same to a person
            raise WeightsError(f"Paper's weights in {folder} could not be loaded ({error}). "
                               "Restore the folder from the repository, or train new ones with `cineloom train paper`.") from error
        return cls(transformer.to(device), autoencoder, words, facts, device)

    def begin(self, manner: Manner) -> None:
        """See `Backend`: it knows one manner."""

    def remarks(self) -> list[str]:
        """See `Backend`: nothing happens to it."""
        return []

    def end(self) -> None:
        """See `Backend`: it remembers nothing."""

    def denoiser(self, prompts: Sequence[str], *, guidance: float | None = None, negative: str = "",
                 period: float | None = None, continues: bool = False) -> Denoiser:
        """A denoiser for a batch of prompts. Guidance None is what the weights were measured with; 1 is none.

        period      latent frames after which the film begins again: a loop
        continues   it goes on from earlier film: its first latent frame holds as many pictures as the others
        Weights whose flow map has guidance inside need one call a step; others are called with and without the words.
        """
        guidance = self.facts["guidance"] if guidance is None else guidance
        if self.facts["fused"] and not negative:
            return self._one(prompts, max(1.0, min(guidance, self.facts["strongest"])), period, continues)
        told = self._one(prompts, None, period, continues)
        if guidance == 1:
            return told
        without = self._one([negative] * len(prompts), None, period, continues)
        return Guided(told, without, guidance, near=NEAR, loops=period is not None, both=partial(together, told, without))

    @torch.no_grad()
    def _one(self, prompts: Sequence[str], guidance: float | None, period: float | None, continues: bool) -> PaperDenoiser:
        read = self.transformer.read(self.words, list(prompts), torch.device(self.device))
        return PaperDenoiser(self.transformer, *self.transformer.text(*read), guidance, period, continues)

    def sigmas(self, steps: int, shape: Sequence[int]) -> tuple[float, ...]:
        """Evenly spaced, then leaned to noise by the shift the weights were measured with."""
        shift = self.facts["shift"]
        even = [1 - i / steps for i in range(steps + 1)]
        return tuple(shift * u / (1 + (shift - 1) * u) for u in even)

    def encode(self, pictures: Tensor) -> Tensor:
        """See `Backend`."""
        return self.encoder()(pictures)

    def encoder(self, before: Tensor | None = None) -> Callable[[Tensor], Tensor]:
        """See `Backend`."""
        stream = Stream()

        @torch.no_grad()
        def encode(pictures: Tensor) -> Tensor:
            return self.autoencoder.encode(pictures.to(self.device), stream).cpu()

        if before is not None:
            encode(before)
        return encode

    @torch.no_grad()
    def decode(self, latents: Tensor, before: Tensor | None = None) -> Iterator[Tensor]:
        """See `Backend`."""
        known = None if before is None else before[:, :, -self.grid.memory:].to(self.device)
        for pictures in self.autoencoder.stream(latents.to(self.device), before=known):
            yield pictures.clamp(-1, 1).cpu()

    def preview(self, latents: Tensor) -> Tensor:
        weight = torch.tensor(self.facts["preview"])                # (3, C + 1)
        colours = torch.einsum("oc,bcthw->bothw", weight[:, :-1], latents.float().cpu())
        return (colours + weight[:, -1].view(1, 3, 1, 1, 1)).clamp(0, 1)

    def unknown_words(self, prompt: str) -> list[tuple[int, int]]:
        return self.words.unknown(prompt)



def weight_files(folder: Path) -> list[Path]:
    """Every file that makes Paper what it is, in a fixed order."""
    return sorted(path for part in ("autoencoder", "transformer", "words.json")
                  for path in ([folder / part] if part.endswith(".json") else (folder / part).glob("*"))
                  if path.suffix in (".json", ".safetensors"))


def hash_files(folder: Path) -> dict[str, str]:
    """SHA-256 of each weight file, by its name under `folder`."""
    return {path.relative_to(folder).as_posix(): sha256(path) for path in weight_files(folder)}


def check_files(folder: Path) -> dict:
    """Read `paper.json` and hold every file against its hash; returns the facts with `version`, a short hash of them all.

    Raises WeightsError naming what is missing or damaged.
    """
    remedy = "Restore the folder from the repository, or train new ones with `cineloom train paper`."
    try:
        facts = json.loads((folder / "paper.json").read_text())
        wanted = facts["files"]
    except FileNotFoundError as error:
        raise WeightsError(f"Paper's weights are not in {folder}: there is no paper.json. {remedy}") from error
    except (ValueError, KeyError, OSError) as error:
        raise WeightsError(f"{folder / 'paper.json'} cannot be read as a description of weights. {remedy}") from error
    for name in wanted:
        if not (folder / name).is_file():
            raise WeightsError(f"Paper's weights are incomplete: {folder / name} is missing. {remedy}")
    found = hash_files(folder)
    if damaged := [name for name, value in wanted.items() if found.get(name) != value]:
        raise WeightsError(f"Paper's weights are damaged: {', '.join(damaged)} in {folder} is not what was shipped. {remedy}")
    return facts | {"version": version(wanted.values())}
