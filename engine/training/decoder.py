"""Training the decoder again, last of all, on latents as the transformer leaves them.

    a film of the world -> encoded, changed a little by the transformer -> decoded -> the same film

Decoded as if an encoder had made them, generated latents step at every latent boundary two to three times as far as the film
moves elsewhere: they are a little off, and off anew in every frame. A decoder that has seen them spreads the way from one to
the next over the pictures between. The encoder stays, so that baked latents and the transformer stay right.
Knows pairs of film and latents, and the losses. Knows nothing of how a transformer is trained.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine import operations
from engine.canvas import Canvas
from engine.denoisers.paper import PaperBackend, open_autoencoder
from engine.errors import BadRequest
from engine.paper.autoencoder import SPACE, TIME, PaperAutoencoder, Stream
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.precision import fast_dtype, mixed
from engine.sampler import noise, plan, sample
from engine.training.autoencoder import Pool, crop, loss_of
from engine.training.run import Budget, Stage
from engine.training.shards import write_tensors
from engine.training.supply import WorldClips
from engine.training.textures import moving_leaves

CHANGED = (0.35, 0.75)      # levels from which the transformer makes a film again: what is where stays, all else is its own
GUIDED = (1.0, 3.0, 3.0)    # as the studio samples it, and now and then without guidance
STILL = 0.004               # differences between pictures, in -1..1, that nobody sees
EVEN = 0.08                 # weight of how evenly the pictures move
PULSE = 0.1                 # weight of a step at every latent boundary in film that is all made, where no truth tells how it moves
SHARE = 0.7                 # weight of changed film against true film: what it shows is not quite what was there
RATE = 4e-4


def evenness(made: Tensor, film: Tensor) -> Tensor:
    """How far each picture's change is from the true one's, as the mean absolute logarithm; films (B, 3, N, H, W)."""
    change, true = (x.diff(dim=2).abs().mean((1, 3, 4)) + STILL for x in (made, film))
    return (change.log() - true.log()).abs().mean()


def pulse(made: Tensor) -> Tensor:
    """How much further a film steps at its latent boundaries than between them, as a logarithm; films (B, 3, 1 + 4 k, H, W)."""
    change = made.diff(dim=2).abs().mean((1, 3, 4)) + STILL
    boundary = torch.zeros(change.shape[1], dtype=torch.bool, device=change.device)
    boundary[::TIME] = True
    return (change[:, boundary].log() - change[:, ~boundary].mean(1, keepdim=True).log()).clamp_min(0).mean()


def train_decoder(folder: Path, budget: Budget, words: Words, *, seed: int = 0, batch: int = 6, side: int = 80, pictures: int = 13,
                  pairs: int = 160, device: str = "cpu") -> PaperAutoencoder:
    """Train within the budget on what `folder` holds (world, autoencoder, transformer or flow map); saves folder/decoder.

    batch     clips of a step: half changed, the others true, of the world and of textures; a sixth as many more are all made
    side      pixels of a clip, a multiple of 8; `pictures` 1 + 4 k
    pairs     films that the transformer changes first; they are kept beside the weights
    Raises BadRequest when there is no transformer, or nothing of the world, to learn from.
    """
    torch.manual_seed(seed)
    side, frames = side // SPACE * SPACE, 1 + (pictures - 1) // TIME
    pictures = 1 + TIME * (frames - 1)
    model = PaperAutoencoder.open(folder / "autoencoder")
    model.encoder.requires_grad_(False)
    model = model.to(device=device, memory_format=torch.channels_last)
    stage = Stage(folder, "decoder", model, budget, RATE, {"batch": batch, "side": side, "pictures": pictures}, decay=0.995)
    if stage.over and (folder / "decoder" / "trained.json").exists():
        return PaperAutoencoder.open(folder / "decoder")
    kept = folder / "decoder" / "pairs.safetensors"
    if stage.leads and not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = list(changed(folder, words, pairs, pictures, seed, device))
        write_tensors({name: torch.stack(parts) for name, parts in zip(("latents", "film", "free"), zip(*found))}, kept)
    stage.peers.meet()
    data, chance = load_file(kept), random.Random(seed + stage.seed)
    generator = torch.Generator().manual_seed(seed + stage.seed)
    world = Pool(WorldClips(folder / "world", side), 192, 1, seed + 3 + stage.seed)
    leaves = Pool(lambda s: moving_leaves(pictures + 4, side + 16, side + 32, s), 96, 0, seed + 4 + stage.seed)
    mean, std = model.statistics(next(model.parameters()))

    def window(*names: str) -> list[Tensor]:
        """The same window of what is kept by these names of one film, from its first picture on: normalised latents, pictures in -1..1."""
        which, cells = chance.randrange(len(data["latents"])), side // SPACE
        top, left = (chance.randrange(size - cells + 1) for size in data["latents"].shape[3:])

        def cut(name: str, length: int, cell: int) -> Tensor:
            return data[name][which, :, :length, top * cell:(top + cells) * cell, left * cell:(left + cells) * cell].float()

        return [cut(name, pictures, SPACE) / 127.5 - 1 if name == "film" else cut(name, frames, 1) for name in names]

    def windows(count: int, *names: str) -> list[Tensor]:
        return [torch.stack(parts).to(device) for parts in zip(*(window(*names) for _ in range(count)))]

    half, textures = batch // 2, max(1, batch // 6)
    for _ in stage:
        z, film = windows(half, "latents", "film")
        (free,) = windows(textures, "free")
        clips = world.draw(batch - half - textures) + leaves.draw(textures)
        true = torch.stack([crop(clip, pictures, side, side, generator) for clip in clips]).to(device).float() / 127.5
        with torch.no_grad(), mixed(device):
            raw = model.encoder(true.transpose(1, 2), Stream()).float()
        coded = model.to_sphere(raw)
        coded = coded + 0.15 * torch.rand(len(coded), 1, 1, 1, 1, device=device) * torch.randn_like(coded)
        with mixed(device):
            generated = torch.cat([z, free]).transpose(1, 2) * std + mean
            made = model.decoder(torch.cat([coded, generated]), Stream()).float().transpose(1, 2)
        of_true, again, free = made.split((len(true), half, textures))
        true_loss, squared = loss_of(of_true, true)
        even, step = (evenness(again, film), evenness(of_true, true)), pulse(free)
        stage.update(SHARE * loss_of(again, film)[0] + true_loss + EVEN * sum(even) + PULSE * step, psnr=10 * torch.log10(4 / squared.detach()),
                     uneven=even[0].detach(), uneven_true=even[1].detach(), pulse=step.detach())
    stage.average.copy_to(model)
    if stage.leads:
        earlier = folder / "decoder" / "before.json"
        before = {"started from": json.loads(earlier.read_text())} if earlier.exists() else {}
        model.save(folder / "decoder")
        (folder / "decoder" / "trained.json").write_text(json.dumps({"steps": stage.step, "minutes": stage.seconds / 60, "device": device} | before))
    return model


def changed(folder: Path, words: Words, count: int, pictures: int, seed: int, device: str) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Films of the world that the transformer has made again: normalised latents (C, T, h, w) float16, the true film uint8,
    and latents of a film that it made from nothing by the same words."""
    backend, chance = _backend(folder, words, device), random.Random(seed)
    shards = sorted((path for path in (folder / "world").glob("*.safetensors")), key=lambda path: -path.stat().st_size)
    films = _films(shards, pictures, chance)
    for number in range(count):
        film, row = next(films)
        z = backend.encode(film[None].float() / 127.5 - 1)
        denoise = backend.denoiser([chance.choice(row["descriptive"])], guidance=chance.choice(GUIDED))

        def walked(canvas: Canvas, steps: int) -> Tensor:
            levels = plan(canvas.levels, backend.sigmas(steps, z.shape))
            for step in sample(denoise, canvas, noise(z.shape, seed * 1_000_003 + number), levels, "euler"):
                made = step.x       # only the last one's is kept
            return made[0].half()

        yield walked(operations.edit(z, chance.uniform(*CHANGED)), chance.choice((3, 4))), film, walked(operations.text(z.shape), 4)


def _films(shards: list[Path], pictures: int, chance: random.Random) -> Iterator[tuple[Tensor, dict]]:
    """Films (3, pictures, H, W) uint8 and their rows, of the largest size there is, a few from each shard in turn, for ever."""
    loaded, largest = [], None
    for path in shards:
        data = load_file(path)["film"]
        if data.shape[2] < pictures or (largest and data.shape[3:] != largest):
            continue
        largest = data.shape[3:]
        rows = json.loads(path.with_suffix(".json").read_text())
        picks = chance.sample(range(len(data)), min(8, len(data)))
        loaded += [(data[i, :, :pictures].clone(), rows[i]) for i in picks]
        if len(loaded) >= 256:
            break
    if not loaded:
        raise BadRequest(f"No film of {pictures} pictures or more is drawn yet; train the stage \"world\" first.")
    while True:
        yield chance.choice(loaded)


def _backend(folder: Path, words: Words, device: str) -> PaperBackend:
    """What was trained, as the studio would open it."""
    fused = (folder / "flowmap" / "trained.json").exists()
    source = folder / ("flowmap" if fused else "transformer")
    if not (source / "trained.json").exists():
        raise BadRequest("The decoder learns on what the transformer makes, and there is none yet; train the stage \"transformer\" first.")
    transformer = PaperTransformer.open(source, fast_dtype(device))
    if not fused:
        transformer.forget_strides()
    autoencoder = open_autoencoder(folder / "autoencoder", device)
    facts = {"version": "training", "steps": 4, "fused": fused, "strongest": 5.0, "guidance": 3.0, "shift": 3.0}
    return PaperBackend(transformer.to(device), autoencoder, words, facts, device)
