"""Carrying: the cut itself inside the file that it was rendered to, with what made each take of it.

    {"cineloom": "cut", "cut": {...}, "takes": {"TAKE": {"model": ..., "seed": ..., "prompt": ...}}, "shows": [start, stop]}

It stands where a take's recipe stands, in the same carriers. It is bounded: of a very long cut the takes that fit, and how many
more there were. Knows cuts and JSON. Where in a file it is put is `engine.media.carriers`'.
"""

from __future__ import annotations

import hashlib
import json

from engine.media import carriers
from engine.timeline import plain
from engine.timeline.cut import Clip, Cut, Media
from engine.timeline.rendering.places import Places

MOST = 200_000          # characters: a fifth of what is read of a carrier
SMALL = 50_000          # where a container's own comment has 16 bits for its length
WORDS = 300             # of a take's prompt


def said(cut: Cut, places: Places, start: int, stop: int, most: int = MOST) -> str:
    """The JSON for the file of a rendered cut."""
    facts: dict = {"cineloom": "cut", "id": cut.id, "name": cut.name, "rate": str(cut.rate), "shows": [start, stop]}
    medias: dict[Media, None] = {item.media: None for track in cut.tracks for item in track.items if isinstance(item, Clip)}
    takes = {media.take: _made(places.recipe(media)) for media in medias if media.take}
    files = sorted({media.file for media in medias if media.file})
    whole = {**facts, "takes": takes, "files": files, "cut": plain.plain(cut)}
    for less in (whole, {**facts, "takes": takes, "files": files}):
        text = _text(less)
        if len(text) <= most:
            return text
    kept, length = {}, len(_text(facts)) + 100
    for id, recipe in takes.items():
        length += len(_text({id: recipe})) + 1
        if length > most:
            break
        kept[id] = recipe
    return _text({**facts, "takes": kept, "more": len(takes) - len(kept) + len(files)})


def source(cut: Cut, places: Places) -> str:
    """The IPTC's address for what kind of source the pictures are: all from a model, or together with film from elsewhere."""
    shown = {item.media for track in cut.tracks if track.kind == "film" and not track.mute for item in track.items if isinstance(item, Clip) and not item.mute}
    return carriers.SOURCE if shown and all(places.recipe(media).get("backend") for media in shown) else carriers.COMPOSED


def _made(recipe: dict) -> dict:
    if not recipe:
        return {}
    found = {name: str(recipe[there])[:WORDS] for name, there in (("model", "backend"), ("version", "version"), ("seed", "seed"), ("prompt", "prompt"), ("operation", "operation"))
             if recipe.get(there) not in (None, "")}  # fmt: skip
    return found | {"recipe": hashlib.sha256(_text(recipe).encode()).hexdigest()}


def _text(facts: dict) -> str:
    return json.dumps(facts, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
