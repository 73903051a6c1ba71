"""The built-in captioner: says in the words of the paper world what a film shows, and says so where it shows another.

    assets/captioner/
      captioner.safetensors   weights, float16
      captioner.json          its words, its sizes, the least certainty with which it speaks, whose eyes it was taught with

Knows the captioner's network and the model whose latents it reads. Knows no files but weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.captioner.eyes import eyes
from engine.captioner.network import MOST, CaptionNet, Glance
from engine.captioner.telling import DESCRIPTIVE, END, FOREIGN, SHORT, Telling
from engine.denoisers.paper import FOLDER as PAPER
from engine.denoisers.paper import open_autoencoder
from engine.errors import WeightsError
from engine.paper.autoencoder import PaperAutoencoder
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.precision import fast_dtype

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "captioner"
ELSEWHERE = "This is not of the paper world, which is all that the built-in captioner knows."


@dataclass(frozen=True)
class Caption:
    """What somebody says that a film shows."""

    text: str                   # "" where nothing can be said
    certainty: float | None     # mean log-probability of its words, 0 at best; None where it is not told
    note: str = ""              # why nothing is said


class Captioner(Protocol):
    """Whoever can say what a film shows."""

    name: str

    def describe(self, pictures: np.ndarray, short: bool = False) -> Caption:
        """pictures (N, H, W, 3) uint8, as `seeing.seen` reads them; `short` is thing, place and time alone."""
        ...


class BuiltIn:
    """The captioner that ships with the studio."""

    name = "built-in"

    def __init__(self, net: CaptionNet, telling: Telling, glance: Glance, autoencoder: PaperAutoencoder | None, facts: dict):
        self.net, self.telling, self.glance, self.autoencoder, self.facts = net.eval(), telling, glance, autoencoder, facts

    @classmethod
    def open(cls, folder: Path | None = None, paper: Path | None = None, device: str | None = None) -> BuiltIn:
        """Load the weights in `folder`, and of the model in `paper` what they build on. Raises WeightsError."""
        folder, paper = folder or FOLDER, paper or PAPER
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            facts = json.loads((folder / "captioner.json").read_text())
            net = CaptionNet(len(facts["vocabulary"]), **facts["sizes"])
            net.load_state_dict({name: value.float() for name, value in load_file(folder / "captioner.safetensors").items()})
            glance = open_glance(paper, device)
            autoencoder = open_autoencoder(paper / "autoencoder", device)
        except Exception as error:      # json, safetensors, diffusers and torch raise a dozen kinds; each means the same to a person
            raise WeightsError(f"The captioner in {folder} could not be loaded ({error}). Restore the folder from the repository, "
                               "or train it anew with `cineloom train captioner`.") from error
        if facts.get("paper", glance.version) != glance.version:        # by other eyes than it was taught with it would say anything
            raise WeightsError(f"The captioner in {folder} was taught on the weights {facts['paper']} of the built-in model's encoder and transformer, "
                               f"and {glance.version} are here. `cineloom train captioner` teaches it on these.")
        return cls(net.to(device), Telling(tuple(facts["vocabulary"])), glance, autoencoder, facts)

    def describe(self, pictures: np.ndarray, short: bool = False) -> Caption:
        """See `Captioner`."""
        film = torch.from_numpy(np.ascontiguousarray(pictures)).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
        with torch.no_grad():
            return self.of_latents(self.autoencoder.encode(film.to(self.glance.device)), short)

    @torch.no_grad()
    def of_latents(self, latents: Tensor, short: bool = False) -> Caption:
        """What latents (1, C, T, h, w) show, h and w even. The same latents always get the same words."""
        words, certainty, ended = self.tell(latents, short)
        if not ended or FOREIGN in words or certainty < self.facts.get("least", float("-inf")):
            return Caption("", certainty, ELSEWHERE)
        return Caption(self.telling.read([self.telling.numbers[word] for word in words]), certainty)

    @torch.no_grad()
    def tell(self, latents: Tensor, short: bool = False) -> tuple[list[str], float, bool]:
        """The likeliest word after each, until the end; the mean log-probability of them all; and whether it came to an end."""
        noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0)).to(latents.device)
        seen, _ = self.net.see(latents, self.glance(latents, noise))
        numbers = [self.telling.numbers[SHORT if short else DESCRIPTIVE]]
        chances, end = [], self.telling.numbers[END]
        while len(numbers) < MOST and numbers[-1] != end:
            logits = self.net.tell(torch.tensor([numbers], device=latents.device), seen)[0, -1].log_softmax(0)
            numbers.append(int(logits.argmax()))
            chances.append(float(logits[numbers[-1]]))
        words = [self.telling.vocabulary[number] for number in numbers[1:] if number != end]
        return words, sum(chances) / len(chances), numbers[-1] == end


def open_glance(paper: Path, device: str = "cpu") -> Glance:
    """The first blocks of the built-in model in a folder such as assets/paper."""
    transformer = PaperTransformer.open(paper / "transformer", fast_dtype(device)).to(device)
    return Glance(transformer, Words.load(paper / "words.json"), eyes(paper))
