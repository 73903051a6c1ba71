"""Supply: films of the world drawn and encoded, in time for whoever trains on them.

Knows processes, shards and room on the disk. Knows nothing of losses. On a CPU, drawing comes first and training after
it; where an accelerator trains, the processor's own cores are free, and draw all the while.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from engine.denoisers.paper import open_autoencoder
from engine.paper.autoencoder import PaperAutoencoder
from engine.training import shards, worth

ROOM = 8e9          # bytes of disk that stay free: drawing waits until shards are baked and given up
KEPT = 48           # shards whose pictures stay after they are baked: enough to sharpen a decoder on


def draw_world(folder: Path, rows: list[tuple[shards.Bucket, int]], *, minutes: float, seed: int, workers: int,
               stop: threading.Event | None = None, baked: Path | None = None) -> Iterator[int]:
    """Draw the shards of a plan until it is done, the time is up or `stop` is set; yields how many are drawn.

    workers     processes, one thread each
    baked       where latents lie: a shard that has become latents is not drawn again
    """
    def is_there(number: int) -> bool:
        return any(place and (place / f"{number:04d}.safetensors").exists() for place in (folder, baked))

    folder.mkdir(parents=True, exist_ok=True)
    waiting = [(number, bucket, size) for number, (bucket, size) in enumerate(rows) if not is_there(number)]
    end, drawn = time.monotonic() + 60 * minutes, len(rows) - len(waiting)

    def goes_on() -> bool:
        return bool(waiting) and time.monotonic() < end and not (stop and stop.is_set())

    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        running = set()
        while goes_on() or running:
            while goes_on() and len(running) < workers and (baked is None or shutil.disk_usage(folder).free > ROOM):
                running.add(pool.submit(shards.render_shard, folder, *waiting.pop(0), seed))
            if not running:
                time.sleep(1)           # no room: wait for the baker
                continue
            done = next(as_completed(running))
            running.discard(done)
            done.result()
            drawn += 1
            yield drawn


def bake_latents(folder: Path, model: PaperAutoencoder, spend: bool = False) -> Iterator[int]:
    """Encode every shard that is drawn and not yet baked; yields how many were. `spend` gives up pictures that are baked."""
    for i, number in enumerate(sorted(int(path.stem) for path in (folder / "world").glob("*.safetensors"))):
        shards.encode_shard(folder / "world", folder / "latents", number, model)
        if not (folder / "latents" / worth.NAME).exists():
            worth.keep_worth(folder / "latents", model, load_file(folder / "latents" / f"{number:04d}.safetensors")["latents"])
        if spend and number >= KEPT:
            (folder / "world" / f"{number:04d}.safetensors").unlink()
        yield i + 1


def open_encoder(folder: Path, device: str) -> PaperAutoencoder:
    """The trained autoencoder, ready to bake. Latents of another one, trained before it, are thrown away."""
    weights, mark = folder / "autoencoder", folder / "latents" / "autoencoder.json"
    trained = (weights / "trained.json").read_text() + (weights / "config.json").read_text()
    if mark.exists() and mark.read_text() != trained:
        shutil.rmtree(mark.parent)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(trained)
    return open_autoencoder(weights, device)


class Supply:
    """Draws in processes, and later bakes in a thread, while something else trains. A context; what fails in it is raised at its end."""

    def __init__(self, folder: Path, rows: list[tuple[shards.Bucket, int]], seed: int, workers: int | None = None):
        self.folder, self.rows, self.seed = folder, rows, seed
        self.workers = workers or max(1, (os.cpu_count() or 1) - 2)
        self._stop, self._failed, self._threads = threading.Event(), [], []

    def __enter__(self) -> Supply:
        self._start(self._draw)
        return self

    def __exit__(self, kind, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._failed and kind is None:
            raise self._failed[0]

    def wait(self, films: int, patience: float = 600.0) -> None:
        """Until so many shards are drawn; TimeoutError when none come."""
        end = time.monotonic() + patience
        while len(list((self.folder / "world").glob("*.safetensors"))) < min(films, len(self.rows)):
            if self._failed:
                raise self._failed[0]
            if time.monotonic() > end:
                raise TimeoutError(f"The world was to be drawn in {self.folder / 'world'}; after {patience:.0f} s there are fewer than {films} shards.")
            time.sleep(0.2)

    def bake(self, model: PaperAutoencoder) -> None:
        """From now on encode what is drawn, as it comes."""
        self._start(lambda: self._bake(model))

    def _start(self, work) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:      # of another thread: it is raised where training can see it
                self._failed.append(error)
                self._stop.set()

        self._threads.append(threading.Thread(target=guarded, daemon=True))
        self._threads[-1].start()

    def _draw(self) -> None:
        for _ in draw_world(self.folder / "world", self.rows, minutes=1e6, seed=self.seed, workers=self.workers,
                            stop=self._stop, baked=self.folder / "latents"):
            pass

    def _bake(self, model: PaperAutoencoder) -> None:
        while not self._stop.wait(2):
            for _ in bake_latents(self.folder, model, spend=True):
                if self._stop.is_set():
                    return


class WorldClips:
    """Films of the world for the autoencoder, from the shards: seed -> (3, N, H, W) in -1..1. Pictures alone are left out.

    Looks again now and then, for the world may still be growing.
    """

    def __init__(self, folder: Path, side: int):
        self.folder, self.side, self.calls = folder, side, 0
        self.films: list[tuple[Path, int]] = []
        self._known: set[str] = set()
        self._look()
        if not self.films:
            raise FileNotFoundError(f"There are no films of the world in {folder}; draw some first (stage world).")

    def _look(self) -> None:
        for path in sorted(self.folder.glob("*.safetensors")):
            if path.name not in self._known:
                self._known.add(path.name)
                with safe_open(path, "pt") as data:
                    count, _, pictures, height, width = data.get_slice("film").get_shape()
                if pictures >= 13 and min(height, width) >= self.side:
                    self.films += [(path, i) for i in range(count)]

    def __call__(self, seed: int) -> Tensor:
        self.calls += 1
        if self.calls % 400 == 0:
            self._look()
        path, i = self.films[(seed * 2_654_435_761) % len(self.films)]
        with safe_open(path, "pt") as data:
            return data.get_slice("film")[i].float() / 127.5 - 1

