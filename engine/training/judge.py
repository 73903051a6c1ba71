"""Training the judge: renders in, the words of what they show out (`engine.evaluation.judge`).

Knows shards of pictures, losses and how to soften pictures as an autoencoder would. Knows nothing of latents or of the
model that will be judged: it never sees that model's film, so that it cannot learn to excuse it.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.evaluation.judge import GAP, Judge, JudgeNet, fit, movement
from engine.evaluation.prompts import JUDGED, STILL, held_out_prompts
from engine.precision import mixed
from engine.training.run import Budget, Stage

LOOK_WIDTHS, MOVE_WIDTHS = (24, 40, 80, 112), (32, 48, 64)
KEPT = 3                    # pictures of a film that are kept to be looked at; all of it is kept as movement
# Sizes of scenes that are drawn for the judge alone: (pictures, width, height) and their share.
SIZES = {(1, 128, 80): 0.35, (1, 256, 144): 0.25, (17, 128, 80): 0.20, (33, 128, 80): 0.13, (33, 256, 144): 0.07}
MIRRORED = {"left": "right", "right": "left", "pan left": "pan right", "pan right": "pan left"}


@dataclass
class Album:
    """What the judge learns from, in memory: pictures and movement by shape, each with its truth.

    looks   (h, w) -> [(fitted picture (h, w, 4) uint8, share of each token that is subject (h/16, w/16), attributes)]
    moves   (S, h, w) -> [(movement (S, 6, h, w) int8, shares (S, h/8, w/8), attributes)]
    """

    looks: dict[tuple, list[tuple]] = field(default_factory=dict)
    moves: dict[tuple, list[tuple]] = field(default_factory=dict)

    def add(self, film: np.ndarray, share: np.ndarray, truth: dict[str, str], dice: np.random.Generator) -> None:
        """A film (N, H, W, 3) uint8 with its subject share (T, H/16, W/16) uint8."""
        pictures = fit(soften(film, dice))
        height, width = pictures.shape[1:3]
        shares = [cv2.resize(s.astype(np.float32) / 255, (width // 16, height // 16), interpolation=cv2.INTER_AREA) for s in share]
        # Later shots may play elsewhere, while the attributes are the first one's.
        several = truth["event"] == "shots"
        at = [0] if several or len(film) == 1 else dice.choice(len(film), min(KEPT, len(film)), replace=False)
        for i in at:
            self.looks.setdefault((height, width), []).append((pictures[i], shares[-(-i // 4)], truth))
        if len(film) > GAP and not several:
            rows = movement(pictures)
            middle = [shares[-(-(GAP * i + GAP // 2) // 4)] for i in range(len(rows))]
            self.moves.setdefault(rows.shape[:1] + rows.shape[2:], []).append((rows, np.stack(middle), truth))

    def read(self, world: Path, clips: int, seed: int) -> None:
        """Add up to `clips` clips from a folder of world shards."""
        dice, count = np.random.default_rng(seed), 0
        for path in sorted(world.glob("*.safetensors")):
            rows = json.loads(path.with_suffix(".json").read_text())
            with safe_open(path, "pt") as shard:
                films, shares = shard.get_slice("film"), shard.get_slice("subject")
                for i, row in enumerate(rows):
                    self.add(films[i].permute(1, 2, 3, 0).numpy(), shares[i].numpy(), row["attributes"], dice)
            count += len(rows)
            if count >= clips:
                break

    def draw(self, clips: int, seed: int) -> None:
        """Add `clips` even scenes, drawn now."""
        from engine.training import paperworld as world
        from engine.training.shards import subject_share

        dice, sizes = np.random.default_rng(seed), list(SIZES)
        for i in range(clips):
            size = sizes[dice.choice(len(sizes), p=list(SIZES.values()))]
            film = world.render(even_scene(80_000_000 + seed * 1_000_000 + i), *size)
            pixels = (film.pixels * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
            self.add(pixels, subject_share(film.truth.subject_id).numpy(), film.truth.attributes, dice)


def even_scene(seed: int):
    """A scene for training in which every word is as likely as any other of its kind, however odd beside the rest.

    Boats are mostly at sea and the sky is mostly clear: a judge that learns from such scenes alone leans on that, and
    takes the odd ones that a model is measured with for something more usual.
    """
    from engine.training import paperworld as world
    from engine.training.paperworld.scene import ROOTED, fits_weather

    dice = random.Random(f"even {seed}")
    subject, place = dice.choice(world.SUBJECTS), dice.choice(world.PLACES)
    fixed = dict(subject=subject, place=place, weather=dice.choice(fits_weather(place)), time=dice.choice(world.TIMES),
                 style=dice.choice(world.STYLES), camera=dice.choice([name for name in world.CAMERAS if name != "orbit"]))
    if subject in ROOTED:
        del fixed["camera"]         # some of them are circled, which only a still thing can be
    else:
        fixed["motion"] = dice.choice(world.MOTIONS)
    return world.draw_scene(seed, split="train", second=None, event="none", **fixed)


def soften(film: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """The film as an autoencoder might give it back: half of them a little blurred, all pictures alike."""
    if dice.random() < 0.5:
        return film
    sigma = dice.uniform(0.4, 1.4) * film.shape[1] / 80
    return np.stack([cv2.GaussianBlur(picture, (0, 0), sigma) for picture in film])


class Draws:
    """Batches from an album, in a seeded order for ever, mirrored half of the time."""

    def __init__(self, album: Album, words: Mapping[str, tuple[str, ...]], seed: int):
        self.album, self.dice, self.generator = album, np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        self.numbers = {name: {word: i for i, word in enumerate(values)} for name, values in words.items()}

    def _pick(self, rooms: dict[tuple, list], count: int) -> list[tuple]:
        keys = list(rooms)
        weights = np.array([len(rooms[key]) for key in keys], float)
        room = rooms[keys[self.dice.choice(len(keys), p=weights / weights.sum())]]
        return [room[i] for i in self.dice.integers(len(room), size=count)]

    def _targets(self, truths: list[dict[str, str]], names: tuple[str, ...], mirror: bool) -> dict[str, Tensor]:
        """(n, words) for each attribute. Where two subjects stand, either may be named: half for each."""
        targets = {}
        for name in names:
            table = self.numbers[name]
            target = torch.zeros(len(truths), len(table))
            for i, truth in enumerate(truths):
                said = [truth[name]]
                if name in ("subject", "colour") and truth["second"] != "none":
                    said.append(truth["second" if name == "subject" else "second_colour"])
                for word in said:
                    target[i, table[MIRRORED.get(word, word) if mirror else word]] += 1 / len(said)
            targets[name] = target
        return targets

    def looks(self, count: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Fitted pictures (n, 4, h, w) in -1..1, shares (n, cells), targets."""
        picks, mirror = self._pick(self.album.looks, count), bool(self.dice.random() < 0.5)
        pictures = torch.from_numpy(np.stack([p for p, _, _ in picks])).permute(0, 3, 1, 2).float() / 127.5 - 1
        shares = torch.from_numpy(np.stack([s for _, s, _ in picks]))
        pictures, shares = self._shift(pictures, shares)
        if mirror:
            pictures, shares = pictures.flip(3), shares.flip(2)
        noise = torch.from_numpy(self.dice.uniform(0, 0.08, (count, 1, 1, 1)).astype(np.float32))
        gain = torch.from_numpy(self.dice.uniform(0.94, 1.06, (count, 1, 1, 1)).astype(np.float32))
        pictures = pictures * gain + noise * torch.randn(pictures.shape, generator=self.generator)
        return pictures, shares.flatten(1), self._targets([t for _, _, t in picks], STILL, mirror)

    def _shift(self, pictures: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Up to half a cell to any side, borders repeated; the shares are too coarse to notice."""
        down, right = (int(v) for v in self.dice.integers(-7, 8, 2))
        height, width = pictures.shape[2:]
        return F.pad(pictures, (8, 8, 8, 8), "replicate")[:, :, 8 + down:8 + down + height, 8 + right:8 + right + width], shares

    def moves(self, count: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Movement (n, S, 6, h, w) in -1..1, shares (n * S, cells), targets."""
        picks, mirror = self._pick(self.album.moves, count), bool(self.dice.random() < 0.5)
        rows = torch.from_numpy(np.stack([r for r, _, _ in picks])).float() / 127
        shares = torch.from_numpy(np.stack([s for _, s, _ in picks]))
        if mirror:
            rows, shares = rows.flip(4), shares.flip(3)
            rows[:, :, 0] *= -1
        rows[:, :, :2] += 0.01 * torch.randn(rows[:, :, :2].shape, generator=self.generator)
        names = tuple(name for name in JUDGED if name not in STILL)
        return rows, shares.flatten(0, 1).flatten(1), self._targets([t for _, _, t in picks], names, mirror)


def answer_loss(logits: dict[str, Tensor], targets: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of every attribute, and how many first answers are among the right ones."""
    loss, right = torch.zeros(()), {}
    for name, target in targets.items():
        loss = loss - (target * logits[name].float().log_softmax(1)).sum(1).mean()
        right[name] = float((target.gather(1, logits[name].argmax(1, keepdim=True)) > 0).float().mean())
    return loss, right


def where_loss(where: Tensor, shares: Tensor) -> Tensor:
    """Look where the subject is: cross-entropy of the map (n, cells, as logs) with the renderer's own shares."""
    total = shares.sum(1, keepdim=True)
    aim = shares / total.clamp_min(1e-6)
    return -((aim * where).sum(1) * (total[:, 0] > 0)).mean()


def train_judge(world: Path, out: Path, budget: Budget, seed: int = 0, *, clips: int = 5000, even: int = 3000, pictures: int = 48,
                films: int = 12, peak: float = 2e-3, start: Path | None = None, run: Path | None = None,
                exam: int = 96) -> Judge:
    """Train within the budget, write weights and facts to `out`, and examine it on renders that no training saw.

    world   a folder of shards as `shards.render_shard` writes them; `clips` of them are read into memory
    even    scenes drawn for the judge alone, see `even_scene`
    out     gets judge.safetensors (float16) and judge.json
    start   folder of a judge to begin from, when there is no checkpoint yet
    run     folder of the checkpoint and the curve; beside `world` unless given
    exam    scenes of the examination; 0 leaves it out

    Raises FileNotFoundError where `world` holds no pictures or no films.
    """
    from engine.training import paperworld as w

    torch.manual_seed(seed)
    words = dict(subject=w.SUBJECTS, colour=w.COLOURS, place=w.PLACES, time=w.TIMES, weather=w.WEATHERS, style=w.STYLES,
                 motion=w.MOTIONS, camera=w.CAMERAS)
    album = Album()
    album.read(world, clips, seed)
    if not album.looks or not album.moves:
        raise FileNotFoundError(f"There are not both pictures and films of the world in {world}; render some first.")
    album.draw(even, seed)
    net = (Judge.open(start).net.train() if start else JudgeNet(words, STILL, LOOK_WIDTHS, MOVE_WIDTHS)).to(memory_format=torch.channels_last)
    stage = Stage(run or world.parent, "judge", net, budget, peak, {"clips": clips, "even": even, "pictures": pictures, "films": films}, decay=0.99)
    draws = Draws(album, words, seed + stage.step)
    for _ in stage:
        with mixed("cpu"):
            seen, share, targets = draws.looks(pictures)
            logits, where = net.see_pictures(seen.to(memory_format=torch.channels_last))
            look, right = answer_loss(logits, targets)
            look = look + 0.3 * where_loss(where, share)
            rows, share, targets = draws.moves(films)
            logits, where = net.see_movement(rows)
            move, moved = answer_loss(logits, targets)
            move = move + 0.3 * where_loss(where, share)
        stage.update(look + move, **right, **moved)
    stage.average.copy_to(net)
    facts = {"words": {name: list(values) for name, values in words.items()}, "looks": list(STILL),
             "look_widths": list(LOOK_WIDTHS), "move_widths": list(MOVE_WIDTHS), "accuracy": {},
             "trained": {"steps": stage.step, "minutes": round(stage.seconds / 60, 1), "seed": seed, "even": even,
                         "pictures": sum(map(len, album.looks.values())), "films": sum(map(len, album.moves.values()))}}
    if start:
        facts["trained"]["started from"] = Judge.open(start).facts["trained"]
    judge = Judge(net.float(), facts)
    write(judge, out)
    judge = Judge.open(out)         # examined as it will be used: in float16
    if exam:
        judge.facts |= examine(judge, exam)
        write(judge, out)
    return judge


def write(judge: Judge, out: Path) -> None:
    """Weights and facts of a judge, into a folder that is made."""
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().half().contiguous() for name, value in judge.net.state_dict().items()}, out / "judge.safetensors")
    (out / "judge.json").write_text(json.dumps(judge.facts, indent=1) + "\n")


def exam_films(count: int, seed: int, width: int, height: int, pictures: int) -> Iterator[tuple[Tensor, dict[str, str]]]:
    """Renders (3, N, H, W) in -1..1 of held-out scenes, with their truth."""
    from engine.training import paperworld as w

    for prompt in held_out_prompts(count, seed):
        yield w.render(prompt.scene, pictures, width, height).pixels.transpose(0, 1) * 2 - 1, prompt.truth


def examine(judge: Judge, count: int = 96, seed: int = 9, width: int = 256, height: int = 144, pictures: int = 33) -> dict:
    """Facts to be stored beside the weights: accuracy by attribute on fresh renders of held-out combinations.

    Drawn like the prompts that models are measured with, but with another seed: other scenes of the same kind.
    """
    right, wrong = Counter(), Counter()
    start = time.monotonic()
    for film, truth in exam_films(count, seed, width, height, pictures):
        verdict = judge.of_film(film)
        for name, agrees in verdict.agrees(truth).items():
            right[name] += agrees
            if not agrees:
                wrong[name, truth[name], verdict.word(name)] += 1
    return {"accuracy": {name: round(right[name] / count, 4) for name in JUDGED},
            "confusions": {name: [[true, said, n] for (of, true, said), n in wrong.most_common() if of == name][:5] for name in JUDGED},
            "exam": {"films": count, "seed": seed, "width": width, "height": height, "pictures": pictures,
                     "seconds": round(time.monotonic() - start)}}
