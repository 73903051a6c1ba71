"""The contract between the queue and whoever makes its films, here or on another machine.

    Order  ─→  Runner.start  ─→  Run: Started, Kept ..., Stepped ..., Noted ..., Decoded ..., Result
                                  ↑ stop(Stop.KEEP | Stop.DROP | Stop.TAKE)

An order goes in by value: recipe, inputs under their hashes, the state to go on from. Events come out as values, and the
result last, its files under their hashes too: by path where both sides see one disk, else as bytes. So a runner may be a
process of a cluster engine; `engine.jobs.here` is the one that makes films in the worker's own process.

Knows values. Knows no queue, no library, no model and no network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.denoisers.open.loras import find
from engine.digest import sha256
from engine.errors import BadMedia
from engine.events import Decoded, Kept, Made, Noted, Started, Stepped, Stop
from engine.media.writing import write_bytes, writing
from engine.recipe import Recipe, from_json

EVERY = 5.0         # seconds of walking between checkpoints


@dataclass(frozen=True)
class File:
    """A file under its hash: where it lies, or its bytes, or both."""

    name: str                   # without a folder: "take.mp4"
    sha256: str
    path: str = ""              # on a disk that both sides see
    data: bytes | None = None

    @classmethod
    def of(cls, path: str | Path, *, carried: bool = False) -> File:
        """A file that is there; `carried` takes its bytes along. Raises BadMedia when it cannot be read."""
        try:
            file = cls(Path(path).name, sha256(path), str(path))
            return File(file.name, file.sha256, "", Path(path).read_bytes()) if carried else file
        except OSError as error:
            raise BadMedia(f"{path} cannot be read: {error.strerror or error}.") from error

    def land(self, folder: Path) -> Path:
        """The file in `folder`, under its name. Raises BadMedia when its bytes are not those of its hash, CannotWrite."""
        target = folder / Path(self.name).name
        if self.data is not None:
            if hashlib.sha256(self.data).hexdigest() != self.sha256:
                raise BadMedia(f"{self.name} came damaged from where it was made; retry it.")
            write_bytes(target, self.data)
        elif Path(self.path) != target:
            with writing(target):
                shutil.copyfile(self.path, target)
            if sha256(target) != self.sha256:
                raise BadMedia(f"{self.name} changed while it was copied; retry it.")
        return target


@dataclass(frozen=True)
class Order:
    """One job as it travels."""

    id: str
    recipe: str                         # JSON
    inputs: tuple[File, ...] = ()       # and LoRAs
    state: bytes | None = None          # of an earlier Kept; one that does not belong is passed over
    every: float = EVERY                # seconds of walking between two Kept
    windows: tuple[File, ...] = ()      # that every Kept so far has said are finished, in order

    @classmethod
    def of(cls, id: str, recipe: Recipe, state: bytes | None = None, every: float = EVERY, windows: Sequence[Path] = ()) -> Order:
        """An order for a recipe whose inputs lie where it says, on this machine, and its LoRAs in their folder. Raises BadMedia for one that is gone."""
        inputs = tuple(File(Path(item.path).name, item.sha256, item.path) for item in recipe.inputs)
        inputs += tuple(File(path.name, mark, str(path)) for mark, path in find(recipe.loras).items())
        return cls(id, recipe.to_json(), inputs, state, every, tuple(File.of(path) for path in windows))

    def carried(self) -> Order:
        """The same with the bytes of its files, for a runner that sees no disk of ours. Raises BadMedia."""
        inputs, windows = (tuple(File.of(file.path, carried=True) if file.data is None else file for file in files)
                           for files in (self.inputs, self.windows))
        return Order(self.id, self.recipe, inputs, self.state, self.every, windows)


@dataclass(frozen=True)
class Result:
    """A finished take: the last thing that a run says."""

    recipe: str                         # JSON, the versions of weights and engine filled in
    film: File
    poster: File
    strip: File
    latents: File
    width: int                          # pixels
    height: int
    pictures: int
    rate: float                         # pictures per second
    seconds: float                      # of work
    part: float = 1.0                   # of the walk that was done

    @classmethod
    def of(cls, made: Made, *, carried: bool = False) -> Result:
        """What `engine.make` finished, as a value; `carried` takes the bytes of its files along."""
        files = {name: File.of(getattr(made, name), carried=carried) for name in ("film", "poster", "strip", "latents")}
        return cls(made.recipe.to_json(), **files, width=made.width, height=made.height, pictures=made.pictures,
                   rate=made.rate, seconds=made.seconds, part=made.part)

    def land(self, folder: Path) -> Made:
        """Its files in `folder`, on this machine. Raises BadMedia for damaged ones, CannotWrite."""
        os.makedirs(folder, exist_ok=True)
        files = {name: getattr(self, name).land(folder) for name in ("film", "poster", "strip", "latents")}
        return Made(recipe=from_json(self.recipe), **files, width=self.width, height=self.height, pictures=self.pictures,
                    rate=self.rate, seconds=self.seconds, part=self.part)


Said = Started | Stepped | Kept | Noted | Decoded | Result


class Run(Protocol):
    """One order being carried out. Iterate it once; it ends after a Result, or raises what went wrong.

    Raises Cancelled after `stop`, but for Stop.TAKE, which leads to a Result; and any CineloomError with a sentence for a person.
    """

    def __iter__(self) -> Iterator[Said]:
        """What happens, as it happens."""
        ...

    def stop(self, how: Stop) -> None:
        """End it at its next step; with Stop.KEEP a Kept comes first, if anything was done since the last. Returns at once."""
        ...

    def close(self) -> None:
        """Nobody listens any more: end it. Returns when nothing of it runs; may be called at any time, more than once."""
        ...


class Runner(Protocol):
    """Whoever makes films from orders, one at a time."""

    def warm(self, backend: str) -> None:
        """Have that model ready for the first order. Raises CineloomError when it cannot be had."""
        ...

    def start(self, order: Order, bench: Path) -> Run:
        """Begin. `bench` is a folder of the caller's where a runner on this machine may put the files of its result."""
        ...


def resolve(inputs: Sequence[File], folder: Path) -> dict[str, Path]:
    """Where files of an order lie, by hash; those that came as bytes are put into `folder`. For runners. Raises CannotWrite, BadMedia."""
    found = {}
    for file in inputs:
        if file.data is None:
            found[file.sha256] = Path(file.path)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            named = File(f"{file.sha256[:16]}{Path(file.name).suffix}", file.sha256, data=file.data)
            found[file.sha256] = named.land(folder)
    return found
