"""Rows: a take as another project says it, held against what a take can be.

Knows columns and their bounds. Knows no files and no zip.
"""

from __future__ import annotations

import json
import math
import re

from engine.library import lineage, tidying
from engine.library.importing import as_recipe
from engine.library.take import FILES

SUFFIXES = "mp4|mov|webm|mkv|avi|ts|film|gif|png|jpg|webp|avif|bmp|tiff"
NUMBERS = {"created": 1e12, "seed": 2**63, "steps": 10_000, "width": 65536, "height": 65536, "pictures": 10**9, "rate": 1000,
           "spent": 1e9, "bytes": 2**53, "rating": 5, "favourite": 1, "trashed": 1e12}  # fmt: skip
WORDS = {"prompt": 5_000, "operation": 32, "backend": 64, "version": 128, "captioner": tidying.CAPTIONER}


def checked(said: dict) -> tuple[dict, list[dict]]:
    """A row whose every column is what it has to be, and its edges; whatever else was said is left behind.

    said    {"row": {column: value}, "edges": [{"was", "start", "stop", "role"}]}
    Raises BadRequest, ValueError, KeyError, TypeError, AttributeError or OverflowError for anything else.
    """
    given = said["row"]
    id = given["id"]
    if not isinstance(id, str) or not tidying.ID.fullmatch(id):
        raise ValueError(f"its id is {id!r:.60}")
    row: dict = {"id": id, "recipe": "{}"}
    for name, most in WORDS.items():
        row[name] = tidying.text(given.get(name) or "", name)[:most]
    for name in ("notes", "caption"):
        row[name] = tidying.text(given.get(name) or "", name)
    row["tags"] = json.dumps(tidying.tags(json.loads(given.get("tags") or "[]")), ensure_ascii=False)
    for name, most in NUMBERS.items():
        value = given.get(name)
        if name == "seed":
            row[name] = str(int(value)) if value else ""
            value = int(value or 0)
        elif name == "trashed" and value is None:
            row[name] = None
            continue
        else:
            row[name] = value = 0 if value is None else value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not 0 <= value <= most:
            raise ValueError(f"its {name} is {value!r:.60}")
    for name in ("seed", "steps", "width", "height", "pictures", "rating", "favourite", "bytes"):
        if name != "seed" and not isinstance(row[name], int):
            raise ValueError(f"its {name} is {row[name]!r:.60}")
    if row["pictures"] < 1 or row["rate"] <= 0:
        raise ValueError("it has no pictures, or no rate")
    row["figures"] = json.dumps(tidying.figures(json.loads(given.get("figures") or "{}")))
    recipe = given.get("recipe") or "{}"
    if json.loads(recipe) != {}:
        if as_recipe(recipe) is None:
            raise ValueError("its recipe cannot be read")
        row["recipe"] = recipe
    for what in FILES:
        name = row[what] = given.get(what) or ""
        wanted = {"film": rf"media/{id}\.({SUFFIXES})", "poster": rf"posters/{id}\.jpg", "strip": rf"posters/{id}\.strip\.jpg",
                  "latents": rf"latents/{id}\.safetensors"}[what]  # fmt: skip
        if not isinstance(name, str) or not (re.fullmatch(wanted, name) or (name == "" and what != "film")):
            raise ValueError(f"its {what} is {name!r:.60}")
    edges = []
    for edge in said.get("edges") or []:
        if not isinstance(edge["was"], str) or not tidying.ID.fullmatch(edge["was"]):
            raise ValueError("it comes from something that is no take")
        lineage.edge(edge["was"], edge["start"], edge["stop"], edge["role"])
        edges.append({name: edge[name] for name in ("was", "start", "stop", "role")})
    return row, edges
