"""Judge: a small network that looks at film and names what it sees, so that film can be held against its prompt.

Knows pixels, and the words it may answer with, which lie beside its weights. Knows nothing of prompts, latents or of the
model whose film it is shown. It learnt on renders alone (`engine.training.judge`), and how often it is right about
renders it never saw lies beside it too: no film can be trusted to score higher than that.

    assets/paper/judge/
      judge.safetensors   weights, float16
      judge.json          the words of every attribute, widths, its own accuracy, how it was trained

Two eyes: *look* sees single pictures (subject, colour, place, time, weather, style), *move* sees optical flow beside
small pictures (motion, camera). Each looks where it thinks the subject is, and at the whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.errors import WeightsError
from engine.evaluation.measures import as_bytes, flow

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "paper" / "judge"
AREA = 128 * 80     # pixels of a picture as the judge sees it, at any shape: subjects fill a third of its height or more
GAP = 2             # pictures between two that flow is measured over: a step of one is often under half a pixel
REACH = 8.0         # pixels of flow that are written as 1
LOOKS = 5           # pictures of a film, evenly spaced, that are looked at


def fitted(width: int, height: int) -> tuple[int, int]:
    """(width, height) at which the judge sees such a picture: the same shape, near AREA, multiples of 16."""
    scale = math.sqrt(AREA / (width * height))
    return max(16, round(width * scale / 16) * 16), max(16, round(height * scale / 16) * 16)


def fit(pictures: np.ndarray) -> np.ndarray:
    """(n, H, W, 3) uint8 to the judge's size, (n, h, w, 4): the colours, and how much detail each pixel stands for.

    Rain, brush strokes and the studs of a block world are a pixel or two wide at any size, and lost in a smaller
    picture; their amount is not.
    """
    size, fitting = fitted(pictures.shape[2], pictures.shape[1]), []
    for picture in pictures:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        detail = cv2.resize(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0)), size, interpolation=cv2.INTER_AREA)
        colours = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        fitting.append(np.dstack([colours, np.minimum(8 * detail, 255).astype(np.uint8)]))
    return np.stack(fitting)


def movement(pictures: np.ndarray) -> np.ndarray:
    """What the second eye sees of fitted pictures (N, h, w, 4) uint8: (S, 6, h/2, w/2) int8, one row for every GAP pictures.

    Channels: flow to the right and down (127 is REACH pixels), how much each pixel changed, and the picture itself.
    Raises ValueError for film shorter than GAP + 1 pictures, in which nothing can be seen to move.
    """
    if len(pictures) <= GAP:
        raise ValueError(f"Movement needs more than {GAP} pictures; {len(pictures)} were given.")
    half = (pictures.shape[2] // 2, pictures.shape[1] // 2)
    colours = np.ascontiguousarray(pictures[::GAP, :, :, :3])
    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in colours]
    small = [cv2.resize(p, half, interpolation=cv2.INTER_AREA) for p in colours]
    rows = []
    for i in range(len(grey) - 1):
        moved = cv2.resize(flow(grey[i], grey[i + 1]), half, interpolation=cv2.INTER_AREA)
        changed = cv2.resize(cv2.absdiff(grey[i], grey[i + 1]), half, interpolation=cv2.INTER_AREA)
        rows.append(np.concatenate([np.clip(moved / REACH * 127, -127, 127).transpose(2, 0, 1),
                                    np.minimum(changed, 127)[None], small[i].transpose(2, 0, 1) // 2]).astype(np.int8))
    return np.stack(rows)


class Block(nn.Module):
    """Two 3x3 convolutions beside a straight path."""

    def __init__(self, width: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, width), nn.Conv2d(width, width, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(8, width), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))


class Eye(nn.Module):
    """Halves the picture once for every width, then pools: where the subject seems to be, where else to look, everywhere.

    Returns features (n, 3 * widths[-1]) and the log of the map that says where it looked for the subject (n, cells).
    """

    def __init__(self, channels: int, widths: Sequence[int]):
        super().__init__()
        self.stages = nn.ModuleList()
        for i, (before, width) in enumerate(zip((channels, *widths), widths)):
            # The first two see most pixels and need least thought: no block there halves the time of training.
            stage = [nn.Conv2d(before, width, 3, 2, 1)] + ([Block(width)] if i >= 2 else [nn.ReLU()])
            self.stages.append(nn.Sequential(*stage))
        self.norm, self.where = nn.GroupNorm(8, widths[-1]), nn.Conv2d(widths[-1], 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for stage in self.stages:
            x = stage(x)
        x = F.relu(self.norm(x))
        where = self.where(x).flatten(2).float().log_softmax(2)                     # (n, 2, cells)
        cells = x.flatten(2).float()
        seen = torch.einsum("nkp,ncp->nkc", where.exp(), cells).flatten(1)
        return torch.cat([seen, cells.mean(2)], 1), where[:, 0]


class JudgeNet(nn.Module):
    """The two eyes and their answers.

    words     attribute -> its words, in the order of the answers
    looks     attributes told from a picture; the others are told from movement
    """

    def __init__(self, words: Mapping[str, Sequence[str]], looks: Sequence[str],
                 look_widths: Sequence[int] = (24, 40, 80, 112), move_widths: Sequence[int] = (32, 48, 64)):
        super().__init__()
        self.words = {name: tuple(values) for name, values in words.items()}
        self.looks, self.moves = tuple(looks), tuple(name for name in words if name not in looks)
        self.look = Eye(4, look_widths)
        self.move = Eye(8, move_widths)
        told, went = 3 * look_widths[-1], 3 * (3 * move_widths[-1] + 4)
        self.told = nn.LayerNorm(told)
        self.went = nn.Sequential(nn.LayerNorm(went), nn.Linear(went, 96), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(told if name in self.looks else 96, len(values))
                                    for name, values in self.words.items()})

    def see_pictures(self, pictures: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Fitted pictures (n, 4, h, w) in -1..1: logits of every still attribute (n, words), and where it looked (n, cells)."""
        features, where = self.look(pictures)
        features = self.told(features)
        return {name: self.heads[name](features) for name in self.looks}, where

    def see_movement(self, rows: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Movement (n, S, 6, h, w) in -1..1: logits of motion and camera (n, words), and where it looked (n * S, cells).

        What an eye sees of every step is put together as its mean, its spread and how it changes from first half to
        last; flow under the subject and flow of everything are told apart by themselves, because they are the answer.
        """
        films, count = rows.shape[:2]
        rows = rows.flatten(0, 1)
        height, width = rows.shape[2:]
        across = torch.linspace(-1, 1, width, device=rows.device, dtype=rows.dtype).expand(len(rows), 1, height, width)
        down = torch.linspace(-1, 1, height, device=rows.device, dtype=rows.dtype)[:, None].expand(len(rows), 1, height, width)
        features, where = self.move(torch.cat([rows, across, down], 1))     # where things are says how a zoom moves them
        flows = F.adaptive_avg_pool2d(rows[:, :2].float(), (math.ceil(height / 8), math.ceil(width / 8))).flatten(2)
        under = torch.einsum("np,ncp->nc", where.exp(), flows)
        steps = torch.cat([features, 4 * under, 4 * flows.mean(2)], 1).unflatten(0, (films, count))
        half = max(1, count // 2)
        change = steps[:, -half:].mean(1) - steps[:, :half].mean(1)
        spread = (steps - steps.mean(1, keepdim=True)).square().mean(1).add(1e-6).sqrt()
        features = self.went(torch.cat([steps.mean(1), spread, change], 1))
        return {name: self.heads[name](features) for name in self.moves}, where


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the judge thinks of one film: for each attribute a probability for each of its words."""

    words: Mapping[str, tuple[str, ...]]
    chances: Mapping[str, Tensor]       # attribute -> (words,); motion and camera are absent for a picture

    def word(self, name: str) -> str:
        """The likeliest word."""
        return self.words[name][int(self.chances[name].argmax())]

    def chance(self, name: str, word: str) -> float:
        return float(self.chances[name][self.words[name].index(word)])

    def agrees(self, truth: Mapping[str, str]) -> dict[str, bool]:
        """For every attribute it judged, whether its word is the truth's."""
        return {name: self.word(name) == truth[name] for name in self.chances if name in truth}


class Judge:
    """The judge, opened. `facts` is what lies beside its weights: `accuracy` above all."""

    def __init__(self, net: JudgeNet, facts: dict):
        self.net, self.facts = net.eval(), facts

    @classmethod
    def open(cls, folder: Path | None = None) -> Judge:
        """Raises WeightsError when its files are missing, damaged or of another version."""
        folder = folder or FOLDER
        try:
            facts = json.loads((folder / "judge.json").read_text())
            net = JudgeNet(facts["words"], facts["looks"], facts["look_widths"], facts["move_widths"])
            net.load_state_dict({name: value.float() for name, value in load_file(folder / "judge.safetensors").items()})
        except Exception as error:      # json, safetensors and torch raise a dozen kinds; each means the same to a person
            raise WeightsError(f"The judge in {folder} could not be loaded ({error}). Restore the folder from the "
                               "repository, or train it anew with `cineloom train paper`.") from error
        return cls(net, facts)

    @property
    def accuracy(self) -> dict[str, float]:
        """How often it was right about fresh renders of combinations that no training ever saw, by attribute."""
        return self.facts["accuracy"]

    @torch.no_grad()
    def of_film(self, film: Tensor) -> Verdict:
        """Judge a film (3, N, H, W) in -1..1: stills from LOOKS pictures, motion and camera from all of them.

        N 1 or 2 is judged as a picture: its verdict says nothing of motion and camera.
        """
        pictures = fit(as_bytes(film))
        at = np.unique(np.linspace(0, len(pictures) - 1, LOOKS).round().astype(int))
        logits, _ = self.net.see_pictures(_signed(pictures[at]))
        chances = {name: value.softmax(1).log().mean(0).softmax(0) for name, value in logits.items()}
        if len(pictures) > GAP:
            rows = torch.from_numpy(movement(pictures)).float() / 127
            logits, _ = self.net.see_movement(rows[None])
            chances |= {name: value[0].softmax(0) for name, value in logits.items()}
        return Verdict(self.net.words, chances)

    @torch.no_grad()
    def of_pictures(self, film: Tensor) -> Verdict:
        """Judge the stills of every picture in (3, N, H, W) as one: what can be seen somewhere in it."""
        logits, _ = self.net.see_pictures(_signed(fit(as_bytes(film))))
        return Verdict(self.net.words, {name: value.softmax(1).log().mean(0).softmax(0) for name, value in logits.items()})


def _signed(pictures: np.ndarray) -> Tensor:
    """(n, h, w, 4) uint8 to (n, 4, h, w) in -1..1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
