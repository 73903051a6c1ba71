"""Training Paper, whole: world, autoencoder, latents, transformer, few-step map, export. One stage after another.

Knows the order, the shares of the time and where each stage leaves its work. Each stage resumes where it stopped, so a
night of training is the same command given again.

    folder/world/      drawn films          folder/autoencoder/     weights
    folder/latents/    their latents        folder/transformer/     weights        folder/flowmap/      weights        folder/decoder/         weights
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from engine.errors import BadRequest
from engine.paper.autoencoder import PaperAutoencoder
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.training import shards
from engine.training.feed import DESCRIPTIVE
from engine.training.run import Budget
from engine.training.supply import Supply, WorldClips, bake_latents, draw_world, open_encoder
from engine.training.together import processes, together

STAGES = ("world", "autoencoder", "latents", "transformer", "flowmap", "decoder", "export")


@dataclass(frozen=True)
class Plan:
    """What a device has time and memory for. `shares` are of the minutes."""

    shares: dict[str, float]
    buckets: tuple[shards.Bucket, ...]
    clips: int
    autoencoder: dict[str, int]         # clips of a step, side and pictures of each
    size: str                           # of the transformer, a row of `transformer.SIZES`
    tokens: int                         # of a step of the transformer
    tokens_flowmap: int
    beside: bool                        # draw and encode beside training: an accelerator leaves the processor's cores free
    decoder: dict[str, int] = field(default_factory=dict)       # clips of a step, side and pictures of each
    pairs: int = 160                    # films that the transformer changes for the decoder to learn on
    first: int = 24                     # shards that must be drawn before training begins beside
    in_shard: int = 256                 # small clips in one
    processes: int = 0                  # that train the transformer together; 0: as many as are best on the device


PLANS = {
    "cpu": Plan({"world": 0.14, "autoencoder": 0.22, "latents": 0.06, "transformer": 0.40, "flowmap": 0.12, "decoder": 0.06},
                shards.SMALL, 40_000, dict(batch=6, side=80, pictures=9), "cpu", 2400, 1600, beside=False, decoder=dict(batch=6, side=80, pictures=13)),
    "cuda": Plan({"world": 0.03, "autoencoder": 0.20, "latents": 0.05, "transformer": 0.50, "flowmap": 0.17, "decoder": 0.05},
                 shards.FULL, 160_000, dict(batch=32, side=128, pictures=17), "cuda", 65_536, 32_768, beside=True, decoder=dict(batch=32, side=128, pictures=17), pairs=480),
}


def train(folder: Path, *, minutes: float, device: str = "cpu", stage: str | None = None, seed: int = 0,
          assets: Path | None = None, start: Path | None = None, plan: Plan | None = None, descriptive: float = DESCRIPTIVE) -> Iterator[str]:
    """Train every stage (or one) within `minutes`, saying in sentences what was done.

    stage         one of STAGES, given all the minutes; None is all of them by their shares
    assets        where `export` puts the finished weights; None leaves that stage out
    start         shipped weights to go on from instead of from nothing (a folder such as assets/paper)
    plan          what is drawn and how large the steps are; None is the device's own
    descriptive   share of the captions that are, 0 to 1; the rest is short
    """
    if stage is not None and stage not in STAGES:
        raise ValueError(f"There is no stage {stage!r}; there are {', '.join(STAGES)}.")
    if not 0 <= descriptive <= 1:
        raise BadRequest(f"Descriptive captions are a share of them all, 0 to 1; {descriptive:g} was asked.")
    plan = plan or PLANS[device]
    rows = shards.plan(plan.buckets, plan.clips, plan.in_shard)
    with contextlib.ExitStack() as stack:
        if plan.beside:
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(max(1, min(2, (os.cpu_count() or 1) - 1)))    # the other cores draw
        supply = stack.enter_context(Supply(folder, rows, seed)) if plan.beside and stage is None else None
        for name in [stage] if stage else STAGES:
            spent = minutes * (1.0 if stage else plan.shares.get(name, 0))
            yield from _stage(name, folder, plan, rows, spent, device, seed, start, supply, descriptive)
        if assets and stage in (None, "export"):
            yield from export(folder, assets)


def _stage(name: str, folder: Path, plan: Plan, rows, minutes: float, device: str, seed: int, start: Path | None,
           supply: Supply | None, descriptive: float) -> Iterator[str]:
    count = plan.processes or processes(device)
    if name == "world" and supply:
        supply.wait(plan.first)
    elif name == "world":
        for count in draw_world(folder / "world", rows, minutes=minutes, seed=seed, workers=os.cpu_count() or 1):
            yield f"{count} of {len(rows)} shards of the world are drawn."
    elif name == "autoencoder":
        from engine.training.autoencoder import train_autoencoder

        train_autoencoder(folder, Budget(minutes=minutes), WorldClips(folder / "world", plan.autoencoder["side"]), seed=seed,
                          device=device, start=start and start / "autoencoder", **plan.autoencoder)
        yield f"The autoencoder is trained: {folder / name}."
    elif name == "decoder":
        from engine.training.decoder import train_decoder

        if start:
            take_up(start, folder)
        train_decoder(folder, Budget(minutes=minutes), vocabulary(), seed=seed, device=device, pairs=plan.pairs, **plan.decoder)
        yield f"The decoder is trained again, on what the transformer makes: {folder / name}."
    elif name == "latents":
        model, last = open_encoder(folder, device), time.monotonic() + 60 * minutes
        for count in bake_latents(folder, model, spend=supply is not None):
            if count % 20 == 0:
                yield f"{count} shards are latents."
            if supply and time.monotonic() > last:
                break                   # the rest is baked beside the transformer's training
        if supply:
            supply.bake(model)
    elif name == "transformer":
        from engine.training.transformer import train_transformer

        together(count, train_transformer, folder, folder / "latents", vocabulary(), Budget(minutes=minutes), seed=seed, device=device,
                 size=plan.size, tokens=plan.tokens // count, start=start and start / "transformer", descriptive=descriptive)
        yield f"Transformer trained: {folder / name}."
    elif name == "flowmap":
        from engine.training.flowmap import train_flowmap

        together(count, train_flowmap, folder, folder / "latents", folder / "transformer", Budget(minutes=minutes), seed=seed,
                 device=device, tokens=plan.tokens_flowmap // count, descriptive=descriptive)
        yield f"Few-step map trained: {folder / name}."


def take_up(shipped: Path, folder: Path) -> None:
    """Lay shipped weights into a folder of training, for a stage that goes on from others; what the folder has stays."""
    facts = json.loads((shipped / "paper.json").read_text())
    for name, place in (("autoencoder", "autoencoder"), ("transformer", "flowmap" if facts["fused"] else "transformer")):
        if not (folder / place).exists():
            shutil.copytree(shipped / name, folder / place)
            shutil.copyfile(shipped / "words.json", folder / place / "words.json")
            (folder / place / "trained.json").write_text(json.dumps(facts["trained"].get(place, {})))
    if "decoder" in facts["trained"] and not (folder / "decoder").exists():
        (folder / "decoder").mkdir()
        (folder / "decoder" / "before.json").write_text(json.dumps(facts["trained"]["decoder"]))       # it is in the autoencoder's weights, which the stage goes on from


def vocabulary() -> Words:
    """The paper world's words, in a fixed order."""
    from engine.training import paperworld as world

    return Words(tuple(sorted(world.VOCABULARY)), dict(sorted(world.SYNONYMS.items())))


def export(folder: Path, assets: Path, steps: int = 4, guidance: float = 3.0, shift: float = 3.0) -> Iterator[str]:
    """Put the newest weights into `assets` as the studio loads them: bfloat16, shards under 15 MB, a hash of each file."""
    from engine.denoisers.paper import hash_files

    fused = (folder / "flowmap" / "trained.json").exists()
    source = folder / ("flowmap" if fused else "transformer")
    assets.mkdir(parents=True, exist_ok=True)
    sharper = folder / "decoder" if (folder / "decoder" / "trained.json").exists() else folder / "autoencoder"
    for model, place, name in ((PaperAutoencoder, sharper, "autoencoder"),
                               (PaperTransformer, source, "transformer")):
        shutil.rmtree(assets / name, ignore_errors=True)
        weights = model.open(place, torch.bfloat16)
        if name == "transformer" and not fused:
            weights.forget_strides()        # the sampler says where each step ends; these weights never learnt what that means
        weights.save(assets / name, most=14_000_000)
    shutil.copyfile(source / "words.json", assets / "words.json")
    history = {name: json.loads((folder / name / "trained.json").read_text())
               for name in ("autoencoder", "decoder", "transformer", "flowmap") if (folder / name / "trained.json").exists()}
    facts = {"fused": fused, "strongest": 5.0, "guidance": guidance, "shift": shift, "steps": steps,
             "preview": preview_colours(folder), "trained": history, "files": hash_files(assets)}
    (assets / "paper.json").write_text(json.dumps(facts, indent=1) + "\n")
    yield f"Exported to {assets}: {sum(p.stat().st_size for p in assets.rglob('*') if p.is_file()) / 1e6:.1f} MB."


def preview_colours(folder: Path) -> list[list[float]]:
    """The linear map from a latent cell to its colour that fits best, (3, C + 1): least squares over a few shards."""
    from safetensors.torch import load_file

    cells, colours = [], []
    for path in sorted((folder / "latents").glob("*.safetensors"))[:6]:
        film = load_file(folder / "world" / path.name)["film"][:32].float() / 255
        latents = load_file(path)["latents"][:32].float()
        small = torch.nn.functional.avg_pool3d(film, (1, 8, 8))[:, :, ::4]       # the last picture of each latent frame
        cells.append(latents.transpose(0, 1).flatten(1))
        colours.append(small.transpose(0, 1).flatten(1))
    known = torch.cat(cells, 1)
    known = torch.cat([known, torch.ones(1, known.shape[1])])
    return torch.linalg.lstsq(known.T, torch.cat(colours, 1).T).solution.T.tolist()
