"""What Paper's networks have in common: they know how they were built, and are kept as diffusers keeps its models.

    folder/
      config.json                                  what the network was built with
      diffusion_pytorch_model.safetensors          its numbers; in shards beside an index where one file would be too large

Knows files and numbers, and not diffusers: with its helpers that takes three times as long to import as torch, and a take
needs none of it. Whoever wants these networks as models of diffusers finds them in `published`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

CONFIG, NAME = "config.json", "diffusion_pytorch_model"
INDEX = f"{NAME}.safetensors.index.json"


def configured(build: Callable) -> Callable:
    """Decorates the `__init__` of a network: what it is given, or would have been, becomes `config`."""
    signature = inspect.signature(build)

    @wraps(build)
    def remember(self: Model, *given, **named) -> None:
        told = signature.bind(self, *given, **named)
        told.apply_defaults()
        build(self, *given, **named)
        self._config = SimpleNamespace(**dict(list(told.arguments.items())[1:]))

    return remember


class Model(nn.Module):
    """A network with a `config`, which opens from a folder and saves into one."""

    exact: tuple[str, ...] = ()         # parts that stay float32 whatever the others are opened in

    @property
    def config(self) -> SimpleNamespace:
        """What it was built with."""
        return self._config

    def configure(self, **values) -> None:
        """Write other values into `config`; what is built stays."""
        vars(self._config).update(values)

    @property
    def dtype(self) -> torch.dtype:
        """The type of its numbers; `exact` parts may have another."""
        return next(value.dtype for name, value in self.named_parameters() if not self._is_exact(name))

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return next(self.parameters()).device

    @classmethod
    def open(cls, folder: Path, dtype: torch.dtype = torch.float32) -> Model:
        """The network in a folder, its numbers in `dtype`, on the CPU.

        Raises OSError, ValueError, or what safetensors and torch have for files that are missing or do not fit.
        """
        from safetensors.torch import load_file

        told = json.loads((folder / CONFIG).read_text())
        known = inspect.signature(cls.__init__).parameters
        with _Unfilled():       # the numbers come from the files
            model = cls(**{name: value for name, value in told.items() if name in known})
        numbers = {name: value for file in _files(folder) for name, value in load_file(file).items()}
        model.load_state_dict({name: value.to(torch.float32 if cls._is_exact(name) else dtype) for name, value in numbers.items()}, assign=True)
        return model.eval()

    def save(self, folder: Path, most: int = 5_000_000_000) -> None:
        """Write config and numbers into a folder, in files of at most so many bytes."""
        from huggingface_hub import split_torch_state_dict_into_shards
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        earlier = set(folder.glob(f"{NAME}*"))
        numbers = {name: value.contiguous() for name, value in self.state_dict().items()}
        shards = split_torch_state_dict_into_shards(numbers, filename_pattern=f"{NAME}{{suffix}}.safetensors", max_shard_size=most)
        written = {folder / file for file in shards.filename_to_tensors}
        for file, names in shards.filename_to_tensors.items():
            save_file({name: numbers[name] for name in names}, folder / file, {"format": "pt"})
        if shards.is_sharded:
            written.add(index := folder / INDEX)
            index.write_text(json.dumps({"metadata": shards.metadata, "weight_map": shards.tensor_to_filename}, indent=2, sort_keys=True) + "\n")
        told = {"_class_name": type(self).__name__, **vars(self.config)}
        (folder / CONFIG).write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
        for path in earlier - written:          # of another cut; an index that stayed would be believed
            path.unlink()

    @classmethod
    def _is_exact(cls, name: str) -> bool:
        return not set(cls.exact).isdisjoint(name.split("."))


class _Unfilled(TorchFunctionMode):
    """What is built gets no first numbers: to draw what nobody reads takes time. (On the device "meta" it takes half of torch's compiler.)"""

    def __torch_function__(self, function, types, given=(), named=None):
        if getattr(function, "__module__", "") == "torch.nn.init":
            return given[0] if given else named["tensor"]
        return function(*given, **(named or {}))


def _files(folder: Path) -> Iterator[Path]:
    index = folder / INDEX
    names = sorted(set(json.loads(index.read_text())["weight_map"].values())) if index.exists() else [f"{NAME}.safetensors"]
    return (folder / name for name in names)
