"""Training Paper, whole: world, autoencoder, latents, transformer, few-step map, export. One stage after another.

Knows the order, the shares of the time and where each stage leaves its work. Each stage resumes where it stopped, so a
night of training is the same command given again.

    folder/world/      drawn films          folder/autoencoder/     weights
    folder/latents/    their latents        folder/transformer/     weights        folder/flowmap/      weights        folder/decoder/         weights
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch

from engine.paper.autoencoder import PaperAutoencoder
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.training import shards
from engine.training.run import Budget

# Shares of the minutes. On a CPU the world is drawn while nothing else can; on an accelerator drawing is nearly free.
SHARES = {
    "cpu": {"world": 0.18, "autoencoder": 0.22, "latents": 0.05, "transformer": 0.38, "flowmap": 0.11, "decoder": 0.06},
    "cuda": {"world": 0.06, "autoencoder": 0.18, "latents": 0.04, "transformer": 0.50, "flowmap": 0.18, "decoder": 0.04},
}
CLIPS = {"cpu": 40_000, "cuda": 160_000}
STAGES = ("world", "autoencoder", "latents", "transformer", "flowmap", "decoder", "export")


def train(folder: Path, *, minutes: float, device: str = "cpu", stage: str | None = None, seed: int = 0,
          assets: Path | None = None, start: Path | None = None) -> Iterator[str]:
    """Train every stage (or one) within `minutes`, saying in sentences what was done.

    stage     one of STAGES, given all the minutes; None is all of them by their shares
    assets    where `export` puts the finished weights; None leaves that stage out
    start     shipped weights to go on from instead of from nothing (a folder such as assets/paper)
    """
    if stage is not None and stage not in STAGES:
        raise ValueError(f"There is no stage {stage!r}; there are {', '.join(STAGES)}.")
    for name in [stage] if stage else STAGES:
        share = 1.0 if stage else SHARES[device].get(name, 0)
        if name == "world":
            yield from draw_world(folder / "world", minutes * share, device, seed)
        elif name in ("autoencoder", "decoder"):
            from engine.training.autoencoder import train_autoencoder

            alone = name == "decoder"       # its latents are baked by now: only the pictures may still change
            train_autoencoder(folder, Budget(minutes=minutes * share), WorldClips(folder / "world"), seed=seed, device=device,
                              start=folder / "autoencoder" if alone else start and start / "autoencoder",
                              batch=6 if device == "cpu" else 32, side=80 if device == "cpu" else 128,
                              pictures=9 if device == "cpu" else 17, decoder_only=alone)
            yield f"The {name} is trained: {folder / name}."
        elif name == "latents":
            yield from bake_latents(folder, device)
        elif name == "transformer":
            from engine.training.transformer import train_transformer

            target = train_transformer(folder, folder / "latents", vocabulary(), Budget(minutes=minutes * share), seed=seed,
                                       device=device, size=device, tokens=2400 if device == "cpu" else 65_536,
                                       start=start and start / "transformer")
            yield f"Transformer trained: {target}."
        elif name == "flowmap":
            from engine.training.flowmap import train_flowmap

            target = train_flowmap(folder, folder / "latents", folder / "transformer", Budget(minutes=minutes * share),
                                   seed=seed, device=device, tokens=1600 if device == "cpu" else 32_768)
            yield f"Few-step map trained: {target}."
        elif name == "export" and assets:
            yield from export(folder, assets)


def vocabulary() -> Words:
    """The paper world's words, in a fixed order."""
    from engine.training import paperworld as world

    return Words(tuple(sorted(world.VOCABULARY)), dict(sorted(world.SYNONYMS.items())))


def draw_world(folder: Path, minutes: float, device: str, seed: int) -> Iterator[str]:
    """Draw shards until the plan is done or the time is up; one process to a core, one thread each."""
    import time

    buckets = shards.SMALL if device == "cpu" else shards.FULL
    rows = shards.plan(buckets, CLIPS[device])
    waiting = [(number, bucket, size) for number, (bucket, size) in enumerate(rows)
               if not (folder / f"{number:04d}.safetensors").exists()]
    end, drawn = time.monotonic() + 60 * minutes, len(rows) - len(waiting)
    workers = 1 if device != "cpu" else max(1, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        running = set()
        while (waiting and time.monotonic() < end) or running:
            while waiting and len(running) < workers and time.monotonic() < end:
                number, bucket, size = waiting.pop(0)
                running.add(pool.submit(shards.render_shard, folder, number, bucket, size, seed, device))
            done = next(as_completed(running))
            running.discard(done)
            done.result()
            drawn += 1
            yield f"{drawn} of {len(rows)} shards of the world are drawn."


class WorldClips:
    """Films of the world for the autoencoder, from the shards: seed -> (3, N, H, W) in -1..1. Pictures alone are left out."""

    def __init__(self, folder: Path):
        self.films: list[tuple[Path, int]] = []
        for path in sorted(folder.glob("*.safetensors")):
            from safetensors import safe_open

            with safe_open(path, "pt") as data:
                count, _, pictures, height, width = data.get_slice("film").get_shape()
            if pictures >= 13 and min(height, width) >= 80:
                self.films += [(path, i) for i in range(count)]
        if not self.films:
            raise FileNotFoundError(f"There are no films of the world in {folder}; draw some first (stage world).")

    def __call__(self, seed: int):
        from safetensors import safe_open

        path, i = self.films[(seed * 2_654_435_761) % len(self.films)]
        with safe_open(path, "pt") as data:
            return data.get_slice("film")[i].float() / 127.5 - 1


def bake_latents(folder: Path, device: str) -> Iterator[str]:
    """Encode every drawn shard with the trained autoencoder. Latents of another autoencoder are thrown away first."""
    weights = folder / "autoencoder"
    mark = folder / "latents" / "autoencoder.json"
    trained = (weights / "trained.json").read_text() + (weights / "config.json").read_text()
    if mark.exists() and mark.read_text() != trained:
        shutil.rmtree(mark.parent)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(trained)
    model = PaperAutoencoder.from_pretrained(weights, torch_dtype=torch.bfloat16).to(device, memory_format=torch.channels_last).eval()
    numbers = sorted(int(path.stem) for path in (folder / "world").glob("*.safetensors"))
    for i, number in enumerate(numbers):
        shards.encode_shard(folder / "world", folder / "latents", number, model)
        if i % 20 == 19 or i + 1 == len(numbers):
            yield f"{i + 1} of {len(numbers)} shards are latents."


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
        model.from_pretrained(place, torch_dtype=torch.bfloat16).save_pretrained(assets / name, max_shard_size="14MB")
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
