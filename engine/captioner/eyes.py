"""Eyes: what the captioner reads of the built-in model, and a name for it.

    pictures ─ encoder, mean and std of latents ─ transformer ─ the captioner          a name for all of these
    latents  ─ decoder ─ pictures                                                      it never sees: another one changes nothing

The transformer counts whole: the captioner looks through its first blocks alone, and no training changes the others without them.
Its vocabulary does not count: the prompt that the captioner has it read is empty, and that is a number of its own.
Knows files of weights. Knows no network.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from engine.denoisers.paper import check_files

READ = {"autoencoder": "encoder.", "transformer": ""}      # folder -> how the names of the tensors begin that are read
NAMED = {"autoencoder": ("mean", "std"), "transformer": ()}     # what is read of its configuration, all where none is named; others show in the tensors


def eyes(paper: Path) -> str:
    """A short hash of what the captioner reads of a model in a folder such as assets/paper, in 12 hexadecimal digits.

    Of the numbers as they are stored: their names, kinds, shapes and bytes. How they lie in files, and whatever else lies there, is all one.
    Raises WeightsError when a file is missing or damaged.
    """
    files, total = check_files(paper)["files"], hashlib.sha256()
    for part, begin in READ.items():
        config = json.loads((paper / part / "config.json").read_text())
        facts = {name: config[name] for name in NAMED[part] or config if not name.startswith("_")}     # "_": which diffusers wrote it
        total.update(json.dumps([part, facts], sort_keys=True).encode())
        stored = [load_file(paper / file) for file in files if file.startswith(f"{part}/") and file.endswith(".safetensors")]
        tensors = {name: tensor for found in stored for name, tensor in found.items() if name.startswith(begin)}
        for name, tensor in sorted(tensors.items()):
            total.update(json.dumps([name, str(tensor.dtype), [*tensor.shape]]).encode())
            total.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return total.hexdigest()[:12]
