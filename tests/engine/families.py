"""Every family, tiny and opened, with four blocks: as many as it takes to see that some are left out."""

from __future__ import annotations

import copy
import importlib

import diffusers
import tiny
import tiny_cogvideox
import tiny_hunyuan
import tiny_hunyuan15
import tiny_ltx
import tiny_ltx2
import tiny_skyreels
import tiny_vace

FAMILIES = {
    "wan": ("wan.WanBackend", lambda folder: tiny.wan(folder)),
    "wan two experts": ("wan.WanBackend", lambda folder: tiny.wan(folder, kind="2.2")),
    "wan 5b": ("wan.WanBackend", lambda folder: tiny.wan(folder, kind="5b")),
    "wan pictures": ("wan_image.WanImageBackend", lambda folder: tiny.wan(folder, kind="2.1 i2v")),
    "wan vace": ("wan_vace.WanVaceBackend", lambda folder: tiny_vace.vace(folder)),
    "ltx": ("ltx.LTXBackend", lambda folder: tiny_ltx.ltx(folder, "0.9.5")),
    "ltx2": ("ltx2.LTX2Backend", lambda folder: tiny_ltx2.ltx2(folder, "2.3")),
    "cogvideox": ("cogvideox.CogVideoXBackend", lambda folder: tiny_cogvideox.cogvideox(folder, "2b")),
    "hunyuan": ("hunyuan.HunyuanBackend", lambda folder: tiny_hunyuan.hunyuan(folder, "t2v")),
    "hunyuan15": ("hunyuan15.Hunyuan15Backend", lambda folder: tiny_hunyuan15.hunyuan15(folder, False)),
    "skyreels": ("skyreels.SkyReelsBackend", lambda folder: tiny_skyreels.skyreels(folder, "df")),
}
BLOCKS = 4


def opened(name, folder, row=None):
    """The backend of a tiny model of a family."""
    backend, build = FAMILIES[name]
    family, _, kind = backend.partition(".")
    pipe = diffusers.DiffusionPipeline.from_pretrained(build(folder))
    pipe.set_progress_bar_config(disable=True)
    if name == "hunyuan15":
        pipe.tokenizer_max_length, pipe.tokenizer_2_max_length, pipe.vision_num_semantic_tokens = 48, 8, tiny_hunyuan15.TOKENS      # of 1000, 256 and 729: tests are to be short
    for model in (pipe.transformer, getattr(pipe, "transformer_2", None)):
        for part, blocks in model.named_children() if model else ():
            if part.endswith("blocks") and part != "vace_blocks" and hasattr(blocks, "append"):      # those stand beside blocks that are named
                while len(blocks) < BLOCKS:
                    blocks.append(copy.deepcopy(blocks[-1]))
    return getattr(importlib.import_module(f"engine.denoisers.open.{family}"), kind)(pipe, name, "1", row=row)
