"""Opening: an open model's folder becomes a backend.

Knows how many bytes a number has on which device. Imports torch.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import torch
from diffusers.utils import logging as diffusers_logging

from engine.denoisers.open import folder as lying
from engine.denoisers.open import parallel, single
from engine.denoisers.open.backend import OpenBackend
from engine.denoisers.open.rows import Row
from engine.errors import BadRequest, CineloomError, WeightsError


def open_model(row: Row, device: str | None = None) -> OpenBackend:
    """Load a model that lies on this machine. bfloat16 on an accelerator, float32 on a CPU; autoencoders always in float32.

    Raises WeightsError where its folder is not whole, or what speaks to it is not installed.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    found = lying.look(row.folder)
    try:
        speaker: Any = getattr(importlib.import_module(f"engine.denoisers.open.{found.family}"), found.speaker)
        pipeline: Any = getattr(importlib.import_module("diffusers"), found.pipeline)
    except (ImportError, AttributeError) as error:
        raise WeightsError(f"{row.title} needs another diffusers than is installed ({error}); `make setup` brings the one that we know.") from error
    diffusers_logging.disable_progress_bar()
    narrow = torch.float32 if device == "cpu" else torch.bfloat16
    try:
        own = {part: single.load(path, row.folder / part, found.classes[part], narrow) for part, path in row.over.items()}
        late = {part: partial(_fetched, row, part, kind, narrow) for part, kind in found.classes.items() if part.startswith("text_encoder")}
        pipe = pipeline.from_pretrained(row.folder, dtype={"default": narrow, "vae": torch.float32}, local_files_only=True, use_safetensors=True, **own, **dict.fromkeys(late))
        backend = speaker(pipe, row.name, row.version, device, row.steps, row.guidance, row)
        backend.late = late
        _share(backend, row, found.pipeline, narrow)
        return backend
    except CineloomError:
        raise
    except Exception as error:          # diffusers and transformers raise a dozen kinds; each means the same to a person
        raise _broken(row, error) from error


def _share(backend: OpenBackend, row: Row, pipeline: str, dtype: torch.dtype) -> None:
    """Have other accelerators walk with this one where that is asked, see `parallel`. Raises BadRequest where it cannot be."""
    count = parallel.ranks()
    if count > 1:
        if row.over:
            raise BadRequest(f"{row.title} is laid over another model's parts, which only one accelerator reads here; unset CINELOOM_PARALLEL.")
        backend.pipe.to(backend.device)
        backend.leader = parallel.Leader(backend.pipe, row, pipeline, backend.device, dtype, count)


def _fetched(row: Row, part: str, kind: str, dtype: torch.dtype) -> Any:
    """A part that reads, loaded when it is first needed: often what it would say is kept already, see `heard`. Raises WeightsError."""
    import transformers

    try:
        return getattr(transformers, kind).from_pretrained(row.folder / part, dtype=dtype, local_files_only=True, use_safetensors=True).eval()
    except Exception as error:
        raise _broken(row, error) from error


def _broken(row: Row, error: Exception) -> WeightsError:
    return WeightsError(f"{row.title} in {row.folder} could not be loaded ({str(error)[:200]}). `cineloom models check {row.name}` says whether a file is damaged.")
