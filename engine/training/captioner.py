"""Training the captioner: latents of the world in, the words of what they show out (`engine.captioner`).

Knows shards of latents, what each clip's caption is, and losses. Knows nothing of files that people have.
What is not of the world is learnt too: dead leaves, noise and the world in pieces, to be answered with one word for it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.captioner.captioner import open_glance
from engine.captioner.eyes import eyes
from engine.captioner.network import CaptionNet, Glance
from engine.captioner.telling import DESCRIPTIVE, END, FOREIGN, SHORT, Telling
from engine.denoisers.paper import FOLDER as PAPER
from engine.denoisers.paper import open_autoencoder
from engine.errors import WeightsError
from engine.paper.autoencoder import PaperAutoencoder
from engine.precision import mixed
from engine.training import shards
from engine.training.feed import Feed
from engine.training.run import Budget, Stage
from engine.training.supply import draw_world
from engine.training.textures import fractal, moving_leaves

TERSE = 0.15            # of the captions: the same film told in few words
STRANGE = 0.06          # of the clips: made into what is of no world
LEAST = -0.15           # mean log-probability below which nothing is said: of held-out renders few are so unsure, of footage that is not refused outright most
NOISE = 0.35            # of latents, the most that is added: what a model makes is not as clean as what is drawn
DRAWN, BAKED = 0.25, 0.10       # of the minutes: what is drawn and encoded before training begins
PEAK, ONWARD = 1.5e-3, 4e-4         # learning rates: from nothing, and from weights that are there
REFRESH = 200           # steps between looks for newly baked latents
OWN = ((1, 256, 144), (17, 128, 80), (17, 256, 144), (1, 128, 80))       # (pictures, width, height) of what is drawn for the captioner alone


@lru_cache(maxsize=200_000)
def told(seed: int, pictures: int, kind: str) -> tuple[str, str]:
    """The long and the short caption of a clip, by its seed and length.

    kind    "world" for a clip of the common shards, "even" for one of `bake_own`
    """
    from engine.training import paperworld as world
    from engine.training.judge import even_scene

    scene = even_scene(seed) if kind == "even" else shards.scene_of(seed, pictures)
    return world.caption(scene, 0, "still" if pictures == 1 else "plain"), world.caption(scene, 0, "terse")


def sentences(telling: Telling, rows: list[dict], frames: int, loop: bool, short: list[bool]) -> Tensor:
    """The numbers of each clip's caption (B, L), its kind first, END last and then -1."""
    pictures = 4 * frames if loop else 1 + 4 * (frames - 1)
    lines = []
    for row, brief in zip(rows, short):
        begin = telling.numbers[SHORT if brief else DESCRIPTIVE]
        if row.get("foreign"):
            words = [telling.numbers[FOREIGN]]
        else:
            words = telling.write(told(row["seed"], pictures, row.get("kind", "world"))[brief])
        lines.append([begin, *words, telling.numbers[END]])
    longest = max(map(len, lines))
    return torch.tensor([line + [-1] * (longest - len(line)) for line in lines])


def caption_loss(net: CaptionNet, latents: Tensor, glance: Tensor, numbers: Tensor, subject: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Cross-entropy of every word given those before it, and of where the subject is.

    latents (B, C, T, h, w) and what `Glance` makes of them; numbers (B, L) as `sentences` writes them; subject (B, T, h/2, w/2), the share of each token.
    """
    seen, where = net.see(latents, glance)
    logits = net.tell(numbers[:, :-1].clamp_min(0), seen)
    words = F.cross_entropy(logits.flatten(0, 1), numbers[:, 1:].flatten(), ignore_index=-1)
    place = F.binary_cross_entropy_with_logits(where, subject.flatten(1))
    there = numbers[:, 1:] >= 0
    right = ((logits.argmax(2) == numbers[:, 1:]) & there).sum() / there.sum()
    return words + 0.5 * place, {"words": words.detach(), "place": place.detach(), "right": right}


def estrange(latents: Tensor, subject: Tensor, rows: list[dict], dice: np.random.Generator, noise: torch.Generator) -> None:
    """Make STRANGE of the clips of a batch into what is of no world, in place: pieces of all of them, or coloured noise with a clip's own tones.

    Every statistic of single cells is then the world's: what tells them apart is what the cells make together.
    """
    frames, height, width = latents.shape[2:]
    whole = latents.clone()
    for i in np.flatnonzero(dice.random(len(rows)) < STRANGE).tolist():
        if dice.random() < 0.5:
            side = int(dice.choice([2, 4]))
            for y in range(0, height - side + 1, side):
                for x in range(0, width - side + 1, side):
                    other, v, u = dice.integers(len(rows)), dice.integers(height - side + 1), dice.integers(width - side + 1)
                    latents[i, :, :, y:y + side, x:x + side] = whole[other, :, :, v:v + side, u:u + side]
        else:
            field = fractal(latents.shape[1], height, width, float(dice.uniform(0.3, 1.8)), noise)[:, None].expand(-1, frames, -1, -1)
            mean, spread = whole[i].mean((1, 2, 3), keepdim=True), whole[i].std((1, 2, 3), keepdim=True)
            moving = fractal(latents.shape[1] * frames, height, width, 0.5, noise).view(-1, frames, height, width)
            latents[i] = mean + spread * (field + float(dice.uniform(0, 0.4)) * moving)
        rows[i], subject[i] = {"foreign": True}, 0.0


def weight(share: float) -> Callable[[int, int], float]:
    """How often a bucket is drawn when `share` of the budget is spent: pictures first, then films, large ones last."""
    film, large = min(1.0, 0.3 + 3 * share), min(1.0, 0.1 + 2 * share)
    return lambda frames, tokens: (1.0 if frames == 1 else 1.6 * film) * (1.0 if tokens // frames < 100 else large)


def train(folder: Path, *, minutes: float, device: str = "cpu", seed: int = 0, into: Path, start: Path | None = None, paper: Path = PAPER, clips: int = 12_000,
          own: int = 512, sizes: dict | None = None) -> Iterator[str]:
    """Draw what is not there, encode it, train; says in sentences what was done. Goes on where an earlier run in `folder` stopped.

    folder   world/ is shared with the training of the model; all else of the captioner lies in captioner/
    start    weights to begin with, such as assets/captioner
    paper    the model whose latents are read; latents of another are not taken
    clips    of the world that are drawn where none are, and `own` of the captioner's own
    """
    place = folder / "captioner"
    latents = place / "latents"
    rows = shards.plan(shards.SMALL, clips)
    for count in draw_world(folder / "world", rows, minutes=DRAWN * minutes, seed=seed, workers=os.cpu_count() or 1):
        yield f"{count} of {len(rows)} shards of the world are drawn."
    autoencoder = open_autoencoder(paper / "autoencoder", device)
    mark, made_by = latents / "autoencoder.json", json.dumps(eyes(paper))
    if mark.exists() and mark.read_text() != made_by:
        shutil.rmtree(latents)
    latents.mkdir(parents=True, exist_ok=True)
    mark.write_text(made_by)
    end = time.monotonic() + 60 * BAKED * minutes
    for path in sorted((folder / "world").glob("*.safetensors")):
        shards.encode_shard(folder / "world", latents, int(path.stem), autoencoder)
        if time.monotonic() > end:
            break
    for count in bake_own(latents, autoencoder, own, seed):
        yield f"{count} of {own} clips of its own are latents."
    train_captioner(place, latents, open_glance(paper, device), Budget(minutes=(1 - DRAWN - BAKED) * minutes), into, seed=seed, device=device, sizes=sizes, start=start)
    yield f"The captioner is trained: {into}."


def train_captioner(folder: Path, latents: Path, glance: Glance, budget: Budget, out: Path, *, seed: int = 0, device: str = "cpu", tokens: int = 1600,
                    peak: float | None = None, sizes: dict | None = None, start: Path | None = None) -> CaptionNet:
    """Train within the budget, resuming whatever `folder` holds, and write weights and facts to `out`.

    latents   a folder of shards as `shards.encode_shard` and `bake_own` write them
    glance    of the model whose latents they are
    tokens    of one step, shared among the clips of one bucket
    peak      learning rate; lower where it goes on from other weights, if it is not said
    sizes     of the network, as `CaptionNet` takes them
    start     a folder of weights to begin with, taught on this model or on one that it grew from
    Raises FileNotFoundError where there are no latents, WeightsError where `start` cannot be loaded.
    """
    from engine.training import paperworld as world

    torch.manual_seed(seed)
    telling = Telling.of(world.VOCABULARY)
    sizes = sizes or {}
    net = CaptionNet(len(telling.vocabulary), glance=glance.width, **sizes)
    before = {} if start is None else {"started from": begin(net, start, telling)}
    net = net.to(device)
    stage = Stage(folder, "captioner", net, budget, peak or (PEAK if start is None else ONWARD), {"tokens": tokens, "sizes": sizes}, decay=0.998)
    feed = Feed(latents, tokens, seed + stage.seed, lambda prompts: ())
    dice = np.random.default_rng(seed + stage.seed)
    noise = torch.Generator().manual_seed(seed + stage.seed)
    for step in stage:
        if step and step % REFRESH == 0:
            feed.refresh()
        batch = feed.next(weight(budget.share(step, stage.seconds)))
        estrange(batch.latents, batch.subject, batch.rows, dice, noise)
        numbers = sentences(telling, batch.rows, batch.latents.shape[2], batch.loop, (dice.random(len(batch.rows)) < TERSE).tolist())
        loud = torch.from_numpy(dice.uniform(0, NOISE, (len(batch.rows), 1, 1, 1, 1)).astype(np.float32)) * (dice.random() < 0.5)
        seen = (batch.latents + loud * torch.randn(batch.latents.shape, generator=noise)).to(device)
        first = glance(seen, torch.randn(seen.shape, generator=noise).to(device), batch.loop, batch.continues)
        with mixed(device):
            loss, measures = caption_loss(net, seen, first, numbers.to(device), batch.subject.to(device))
        stage.update(loss, **measures)
    stage.average.copy_to(net)
    facts = {"vocabulary": list(telling.vocabulary), "sizes": sizes | {"glance": glance.width}, "least": LEAST, "paper": glance.version, "trained": {"steps": stage.step, "minutes": round(stage.seconds / 60, 1), "seed": seed,
             "tokens": tokens, "clips": sum(map(len, feed.buckets.values())), "device": device} | before}
    write(net.float().cpu(), facts, out)
    return net


def begin(net: CaptionNet, start: Path, telling: Telling) -> dict:
    """Put the weights of a folder such as assets/captioner into a network of its sizes; says how they were made. Raises WeightsError."""
    try:
        facts = json.loads((start / "captioner.json").read_text())
        if tuple(facts["vocabulary"]) != telling.vocabulary:
            raise ValueError(f"it knows {len(facts['vocabulary'])} words, and the world has {len(telling.vocabulary)}, not the same")
        net.load_state_dict({name: value.float() for name, value in load_file(start / "captioner.safetensors").items()})
        return facts["trained"]
    except Exception as error:      # json, safetensors and torch raise a dozen kinds; each means the same to a person
        raise WeightsError(f"Training cannot begin with the captioner in {start} ({error}); leave --start out to begin anew.") from error


@torch.no_grad()
def bake_own(folder: Path, autoencoder: PaperAutoencoder, clips: int, seed: int = 0, kinds: tuple[tuple[int, int, int], ...] = OWN) -> Iterator[int]:
    """Draw and encode, beside the shards that there are: half what is no paper world, half scenes whose words are all alike likely.

    Boats are mostly at sea: who learns from such scenes alone says "sea" of a boat in the snow. Yields how many clips there are.
    """
    from engine.training import paperworld as world
    from engine.training.judge import even_scene

    size = 32
    for number in range(-(-clips // size)):
        target = folder / f"own-{seed}-{number:04d}.safetensors"
        pictures, width, height = kinds[number // 2 % len(kinds)]
        if not target.exists():
            foreign, parts, subjects, rows = number % 2 == 0, [], [], []
            for i in range(size):
                row = {"seed": 90_000_000 + seed * 1_000_000 + number * size + i, "attributes": {"loop": "no"}} | {kind: [""] for kind in ("descriptive", "dropped", "short")}
                if foreign:
                    row["foreign"] = True
                    film = moving_leaves(pictures, height, width, row["seed"])
                    subjects.append(torch.zeros(1 + (pictures - 1) // 4, height // 16, width // 16, dtype=torch.uint8))
                else:
                    row["kind"] = "even"
                    drawn = world.render(even_scene(row["seed"]), pictures, width, height)
                    film = drawn.pixels.transpose(0, 1) * 2 - 1
                    subjects.append(shards.subject_share(drawn.truth.subject_id))
                parts.append(autoencoder.encode(film[None].to(autoencoder.device)).half().cpu())
                rows.append(row)
            folder.mkdir(parents=True, exist_ok=True)
            target.with_suffix(".json").write_text(json.dumps(rows))
            shards.write_tensors({"latents": torch.cat(parts).contiguous(), "subject": torch.stack(subjects)}, target)
        yield (number + 1) * size


def write(net: CaptionNet, facts: dict, out: Path) -> None:
    """Weights (float16) and facts of a captioner, into a folder that is made."""
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().half().contiguous() for name, value in net.state_dict().items()}, out / "captioner.safetensors")
    (out / "captioner.json").write_text(json.dumps(facts, indent=1) + "\n")
