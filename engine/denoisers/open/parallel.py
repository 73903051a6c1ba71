"""Parallel: one film walked by several accelerators, each with all the weights and a part of the tokens (Ulysses).

    rank 0      the worker: words, autoencoder, sampler, and its own part of every call of a transformer
    rank 1 ...  a process each, with the transformers alone: it is told every call, and does its part

    python -m engine.denoisers.open.parallel FOLDER PIPELINE DEVICE DTYPE STORE RANK RANKS

    CINELOOM_PARALLEL     how many accelerators make one film together      default: 1

Before attention every rank has some tokens and all heads, in it all tokens and some heads, after it some tokens again. What
comes out is what one alone would say, but for the rounding of the sums. A process whose leader is gone ends: its standard
input does. Knows where tokens are split, by diffusers' plans but for LTX's and VACE's, and processes. Knows nothing else of a family.
Source: arXiv:2309.14509; diffusers' context parallelism, whose own entry divides by the number of accelerators, also where
there is none.
"""

from __future__ import annotations

import atexit
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from engine.denoisers.open.overlay import Overlay
from engine.denoisers.open.rows import Row
from engine.errors import BadRequest, GridMismatch, WeightsError
from engine.recipe.value import Lora

PARTS = ("transformer", "transformer_2")
FAMILIES = ("wan", "wan_image", "wan_vace", "ltx")      # whose tokens can be split
MOST = 8
PATIENCE = timedelta(days=30)       # that one rank waits for another: nothing may be asked of them for long, and one that dies is heard at once


def ranks() -> int:
    """How many are asked to make one film together. Raises BadRequest for what is no number."""
    told = os.environ.get("CINELOOM_PARALLEL", "").strip() or "1"
    if not told.isdecimal() or not 1 <= int(told) <= MOST:
        raise BadRequest(f"CINELOOM_PARALLEL is a whole number from 1 to {MOST}; {told!r:.40} was given.")
    return int(told)


class Leader:
    """Rank 0: its transformers call those of all others with them."""

    def __init__(self, pipe: Any, row: Row, pipeline: str, device: str, dtype: torch.dtype, count: int):
        """Begin the other processes; returns when all are there.

        Raises BadRequest for a family that cannot be split, a number of heads that cannot be shared out, or too few accelerators.
        """
        self.count = count
        self.models = {name: getattr(pipe, name) for name in PARTS if getattr(pipe, name, None) is not None}
        heads = self.models["transformer"].config.num_attention_heads
        if row.family not in FAMILIES:
            raise BadRequest(f"{row.title} cannot be walked by several accelerators at once, Wan and LTX-Video can; unset CINELOOM_PARALLEL.")
        if heads % count:
            raise BadRequest(f"{row.title} has {heads} heads of attention, which {count} accelerators cannot share out evenly; set CINELOOM_PARALLEL to a number that can.")
        if device.startswith("cuda") and torch.cuda.device_count() < count:
            raise BadRequest(f"CINELOOM_PARALLEL asks for {count} accelerators, and {torch.cuda.device_count()} can be seen here.")
        self._place = tempfile.TemporaryDirectory(prefix="cineloom-")
        store = str(Path(self._place.name) / "store")
        root = Path(__file__).resolve().parents[3]
        said = [str(row.folder), pipeline, device.partition(":")[0], str(dtype).removeprefix("torch."), store]
        self.others = [subprocess.Popen([sys.executable, "-m", "engine.denoisers.open.parallel", *said, str(rank), str(count)], stdin=subprocess.PIPE,
                                        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))}) for rank in range(1, count)]
        atexit.register(self.close)
        while not all(Path(f"{store}.{rank}").exists() for rank in range(1, count)):
            if any(other.poll() is not None for other in self.others):
                self.close()
                raise WeightsError(f"{row.title} could not be opened on every accelerator; the worker's log says why. It may fit on one: unset CINELOOM_PARALLEL.")
            time.sleep(0.02)
        self.group = _join(device, store, 0, count)
        for name, model in self.models.items():
            _split(model, device, count)
            model.register_forward_pre_hook(self._tell(name), with_kwargs=True)

    def lay(self, loras: Sequence[Lora], files: Mapping[str, Path]) -> None:
        """Have the others lay these over their weights."""
        _send(self.group, ("lay", tuple(loras), dict(files)))

    def close(self) -> None:
        """End the others."""
        atexit.unregister(self.close)
        for other in self.others:
            other.stdin.close()
            try:
                other.wait(5)
            except subprocess.TimeoutExpired:
                other.kill()
        if dist.is_initialized():
            dist.destroy_process_group()
        self._place.cleanup()

    def _tell(self, name: str):
        def tell(model: nn.Module, given: tuple, named: dict) -> None:
            if given:
                raise TypeError("transformers are called by the names of their arguments")
            film = named["hidden_states"]               # (B, S, C) where its tokens are packed already
            tokens = film.shape[1] if film.ndim == 3 else film[0, 0].numel() // math.prod(model.config.patch_size)
            if tokens % self.count:
                raise GridMismatch(f"This film has {tokens:,} tokens, which {self.count} accelerators cannot share out evenly; another length or size, or CINELOOM_PARALLEL unset, would work.")
            _send(self.group, ("call", name, {key: value.cpu() if isinstance(value, torch.Tensor) else value for key, value in named.items()}))
        return tell


def _join(device: str, store: str, rank: int, count: int) -> Any:
    """All of us together, tokens by the accelerators' own way; and a group for what is told, by the processors'."""
    if device.startswith("cuda"):
        torch.cuda.set_device(rank)
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo", store=dist.FileStore(store, count), rank=rank, world_size=count, timeout=PATIENCE)
    return dist.new_group(backend="gloo", timeout=PATIENCE)


def _split(model: nn.Module, device: str, count: int) -> None:
    """Have a transformer do its rank's part of every call. As diffusers' `enable_parallelism`, without asking which accelerator is the machine's."""
    from diffusers import ContextParallelConfig
    from diffusers.hooks.context_parallel import apply_context_parallel
    from diffusers.models._modeling_parallel import ParallelConfig

    kind, rank = device.partition(":")[0], dist.get_rank()
    config = ParallelConfig(context_parallel_config=ContextParallelConfig(ulysses_degree=count))
    own = config.context_parallel_config
    mesh = dist.device_mesh.init_device_mesh(device_type=kind, mesh_shape=own.mesh_shape, mesh_dim_names=own.mesh_dim_names)
    config.setup(rank, count, torch.device(kind, rank) if kind == "cuda" else torch.device("cpu"), mesh=mesh)
    model._parallel_config = config
    plan, whole = _places(model)
    for name, module in model.named_modules():
        processor = getattr(module, "processor", None)
        if hasattr(processor, "_parallel_config") and not name.endswith(whole):
            processor._parallel_config = config
    apply_context_parallel(model, own, plan)


def _places(model: nn.Module) -> tuple[dict, tuple[str, ...]]:
    """Where a transformer's tokens are split and put together, and the ends of names of attention that is not shared out.

    LTX's own plan splits its words too, whose mask then fits no rank's heads, and does not split the times of its tokens.
    Here words are whole everywhere, so that what listens to them needs nobody else, and every token has its time.
    VACE has none. Its branch for what is known begins where the film does, and goes beside it with the same part of the tokens.
    """
    from diffusers.models._modeling_parallel import ContextParallelInput, ContextParallelOutput

    tokens, whole = ContextParallelInput(split_dim=1, expected_dims=3), ContextParallelOutput(gather_dim=1, expected_dims=3)
    match type(model).__name__:
        case "LTXVideoTransformer3DModel":
            turned = ContextParallelInput(split_dim=1, expected_dims=3, split_output=True)
            split = {"hidden_states": tokens, "timestep": ContextParallelInput(split_dim=1, expected_dims=2)}
            return {"": split, "rope": {0: turned, 1: turned}, "proj_out": whole}, (".attn2",)
        case "WanVACETransformer3DModel":
            turned = ContextParallelInput(split_dim=1, expected_dims=4, split_output=True)
            branch = {"hidden_states": tokens, "control_hidden_states": tokens}
            return {"rope": {0: turned, 1: turned}, "vace_blocks.0": branch, "blocks.0": {"hidden_states": tokens}, "proj_out": whole}, ()
    return model._cp_plan, ()


def _send(group: Any, what: tuple) -> None:
    try:
        dist.broadcast_object_list([what], src=0, group=group)
    except RuntimeError as error:
        raise WeightsError("Another accelerator's part of this film has died; its memory may have run out. Begin it again, or unset CINELOOM_PARALLEL.") from error


def _watch() -> None:
    """End with the leader: it holds our standard input open as long as it lives."""
    while os.read(0, 1 << 10):
        pass
    os._exit(0)


def follow(folder: Path, pipeline: str, device: str, dtype: torch.dtype, store: str, rank: int, count: int) -> None:
    """Do one rank's part of every call that it is told of, until the leader is gone."""
    import diffusers

    threading.Thread(target=_watch, daemon=True).start()
    own = f"{device}:{rank}" if device == "cuda" else device
    kinds = {name: value[1] for name, value in diffusers.DiffusionPipeline.load_config(folder, local_files_only=True).items() if name in PARTS and isinstance(value, (list, tuple)) and value[1]}
    models = {name: getattr(diffusers, kind).from_pretrained(folder, subfolder=name, dtype=dtype, local_files_only=True, use_safetensors=True).eval().to(own) for name, kind in kinds.items()}
    pipe = SimpleNamespace(hf_device_map=None, components={}, lora_state_dict=getattr(diffusers, pipeline).lora_state_dict, **models)
    overlay = Overlay(pipe, folder.name)
    Path(f"{store}.{rank}").touch()
    group = _join(device, store, rank, count)
    for model in models.values():
        _split(model, device, count)
    while True:
        told: list[Any] = [None]
        dist.broadcast_object_list(told, src=0, group=group)
        match told[0]:
            case ("lay", loras, files):
                overlay.lay(loras, files)
            case ("call", name, named):
                with torch.no_grad():
                    models[name](**{key: value.to(own) if isinstance(value, torch.Tensor) else value for key, value in named.items()})


if __name__ == "__main__":
    place, kind, where, width, store, rank, count = sys.argv[1:]
    try:
        follow(Path(place), kind, where, getattr(torch, width), store, int(rank), int(count))
    except RuntimeError as error:           # the leader went away in the middle of a call
        sys.exit(f"parallel: {str(error).splitlines()[0][:200]}")
