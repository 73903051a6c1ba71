"""As a program: walks of a model by as many ranks as CINELOOM_PARALLEL says, their films saved.     two_ranks.py [MODEL LORA INTO]..."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import torch
from parity import film
from safetensors.torch import save_file

from engine import operations as op
from engine.denoisers.base import Manner, Referring
from engine.denoisers.catalog import open_backend
from engine.errors import BadRequest
from engine.recipe.value import Lora


def walks(backend, file: Path) -> dict[str, torch.Tensor]:
    """Film from words; of cells at many levels; with pictures that are passed through; with a LoRA, and after it without; shown who is in it, where that can be."""
    shape = (1, backend.grid.channels, 3, 4, 4)
    clip = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    lora = Lora("a", hashlib.sha256(file.read_bytes()).hexdigest())
    backend.begin(Manner())
    made = {"text": film(backend, op.text(shape), guidance=2.0), "mixed": film(backend, op.extend(clip, 1), guidance=2.0), "keyframes": film(backend, op.keyframes({0: clip[:, :, :1], 2: clip[:, :, 2:]}, 4), guidance=2.0)}
    backend.begin(Manner(loras=(lora,), files={lora.sha256: file}))
    made["lora"] = film(backend, op.text(shape))
    backend.begin(Manner())
    made["after"] = film(backend, op.text(shape), guidance=2.0)
    if isinstance(backend, Referring):
        lead = backend.refer(torch.rand(1, 3, 4 * backend.grid.space, 4 * backend.grid.space, generator=torch.Generator().manual_seed(3)))
        made["referred"] = film(backend, op.text((*shape[:2], lead + 3, 4, 4)), guidance=2.0)
    return made


if __name__ == "__main__":
    torch.set_num_threads(1)
    for model, lora, into in zip(*(iter(sys.argv[1:]),) * 3):
        backend = open_backend(model)
        save_file({name: one.contiguous() for name, one in walks(backend, Path(lora)).items()}, into)
        if backend.leader is not None:
            try:
                backend.begin(Manner(cache="first-block 0.08"))
            except BadRequest as error:
                print(f"{model}: {error}")
            backend.leader.close()
            print(f"{model}: all have ended:", [other.returncode for other in backend.leader.others])
