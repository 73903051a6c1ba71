"""Saying: what content credentials tell of a take or a cut, in the words of C2PA and of the press (IPTC).

    take from words                 created, by a model      <- pictures and masks that it was given
    take from one film              opened <- that film      edited, by a model <- pictures, masks
    take from several films         created, by a model      placed <- each of them
    cut                             created, by the studio   placed <- each of its films and sounds      edited

What was made with film of another source says so: "composite with trained algorithmic media". Where a file lay on somebody's
disk is never told, only its name. Knows recipes. Signs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import BadMedia, BadRequest
from engine.media import carried, carriers
from engine.recipe.reading import from_json
from engine.recipe.value import FILM, Input, Recipe, fingerprint

RECIPE, CUT = "cineloom.recipe", "cineloom.cut"         # our own assertions
WORDS = ("prompt", "negative", "was", "asked")          # of a recipe: what somebody wrote
DEEP = 50               # takes made of takes made of takes
FILMS = (".mp4", ".mov", ".png", ".webm", ".gif", ".jpg", ".jpeg")
TITLE = 200             # characters of a name


@dataclass(frozen=True)
class Ingredient:
    """Something that a film was made from."""

    title: str                          # what a person calls it
    path: Path | None = None            # where it lies now; its own credentials come along. None: only its name is told
    id: str = ""                        # of the take
    sha256: str = ""                    # of its bytes
    relation: str = "componentOf"       # or "parentOf": it was opened and changed. "inputTo": a model was shown it
    recipe: Mapping[str, Any] = field(default_factory=dict, hash=False)     # what made it, as JSON; {} where nobody knows
    thumbnail: Path | None = None       # a JPEG
    note: str = ""                      # what of it was used


@dataclass(frozen=True)
class Told:
    """All that one file will say."""

    actions: tuple[dict, ...]
    assertions: tuple[dict, ...]
    ingredients: tuple[Ingredient, ...]

    def manifest(self, title: str) -> dict:
        """For the library, but for the ingredients, which it looks into itself."""
        return plain({
            "claim_generator_info": [{"name": "Cineloom", "version": __version__}],
            "title": title,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(self.actions)}}, *self.assertions],
        })


def of_take(recipe: Recipe, places: Mapping[str, Path] | None = None, prompt: bool = True) -> Told:
    """What a take says: its recipe, and what it was given.

    places    where inputs lie now, by hash, if not where the recipe says
    prompt    whether words that somebody wrote are told
    """
    used = _inputs(recipe, places or {})
    films = [one for one in used if one.relation == "componentOf"]
    source = carriers.SOURCE if alone(recipe, places or {}) else carriers.COMPOSED
    model = _drop({"name": f"Cineloom {recipe.backend}", "version": recipe.version})
    told = {"softwareAgent": model, "digitalSourceType": source, "description": recipe.operation, "when": _now()}
    if len(films) == 1:
        used = [replace(one, relation="parentOf") if one is films[0] else one for one in used]
        actions = [_action("c2pa.opened", used, "parentOf"), _action("c2pa.edited", used, "inputTo", **told)]
    else:
        actions = [_action("c2pa.created", used, "inputTo", **told), *([_action("c2pa.placed", used, "componentOf")] if films else [])]
    return Told(tuple(actions), ({"label": RECIPE, "data": {"digest": recipe.digest(), **asked(json.loads(recipe.to_json()), prompt)}},), tuple(used))


def of_cut(ingredients: Sequence[Ingredient], facts: Mapping[str, Any], source: str = "", prompt: bool = True) -> Told:
    """What a cut says: its own facts (any JSON: name, rate, revision), and each thing in it once.

    source    the IPTC's address for it; "" is a model's where a recipe is known of every ingredient that is a picture, else composite
    """
    used = list(dict.fromkeys(replace(one, relation="componentOf", recipe={}) for one in ingredients))
    known = {(one.id, one.title): one.recipe for one in ingredients if one.recipe}
    source = source or (carriers.SOURCE if ingredients and all(one.recipe.get("backend") for one in ingredients) else carriers.COMPOSED)
    studio = {"name": "Cineloom", "version": __version__}
    actions = [{"action": "c2pa.created", "softwareAgent": studio, "digitalSourceType": source, "when": _now()}]
    if used:
        actions.append(_action("c2pa.placed", used, "componentOf"))
    actions.append({"action": "c2pa.edited", "softwareAgent": studio, "description": "cut together on a timeline"})
    takes = [_drop({"take": id, "title": title, **{name: recipe.get(name) for name in ("operation", "backend", "version", "seed", *(("prompt",) if prompt else ()))}})
             for (id, title), recipe in known.items()]
    return Told(tuple(actions), ({"label": CUT, "data": {**facts, "takes": takes}},), tuple(used))


def asked(recipe: Mapping[str, Any], prompt: bool) -> dict:
    """A recipe's JSON as it is told: no folders of anybody's disk, and no words when they are not to be told."""
    told = {name: value for name, value in recipe.items() if prompt or name not in WORDS}
    told["inputs"] = [{**item, "path": Path(item["path"]).name} for item in recipe["inputs"]]
    told["cues"] = [{name: value for name, value in cue.items() if prompt or name not in WORDS} for cue in recipe["cues"]]
    return told


def alone(recipe: Recipe, places: Mapping[str, Path], deep: int = 0) -> bool:
    """Whether models made all that is in it: what it was given carries a recipe, and so on to the first. A mask is no picture in it."""
    for item in recipe.inputs:
        if item.role == "mask":
            continue
        try:
            if deep >= DEEP or not alone(from_json(carried(_place(item, places)) or ""), {}, deep + 1):
                return False
        except (BadMedia, BadRequest):      # not there, or nobody knows what made it
            return False
    return True


def told_of(ingredient: Ingredient, label: str) -> dict:
    """An ingredient as the library is told of it."""
    facts = _drop({"cineloom.take": ingredient.id, "cineloom.sha256": ingredient.sha256})
    return plain(_drop({
        "title": ingredient.title[:TITLE] or "untitled", "relationship": ingredient.relation, "label": label,
        "instance_id": f"urn:cineloom:take:{ingredient.id}" if ingredient.id else f"urn:sha256:{ingredient.sha256}" if ingredient.sha256 else "",
        "description": ingredient.note, "metadata": facts,
    }))  # fmt: skip


def plain(value: Any) -> Any:
    """The same with text that can be written: names of files may have halves of characters in them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(str(name)): plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _inputs(recipe: Recipe, places: Mapping[str, Path]) -> list[Ingredient]:
    """What a recipe was given, each file once, whatever of it was used how often."""
    by_file: dict[str, list[Input]] = {}
    for item in recipe.inputs:
        by_file.setdefault(item.sha256, []).append(item)
    found = []
    for mark, items in by_file.items():
        first = items[0]
        path = _place(first, places)
        film = _film_of(path)
        there = film is not None and (film != path or _same(film, mark))
        used = "; ".join(f"{'its picture' if item.role == 'still' else f'pictures {item.start} to {item.stop - 1}'} as {item.role}, from picture {item.at} on" for item in items[:20])
        relation = "componentOf" if any(item.role == "film" for item in items) else "inputTo"
        found.append(Ingredient((film or path).name, film if there else None, sha256=mark, relation=relation, note=used, thumbnail=_poster(film or path)))
    return found


def _place(item: Input, places: Mapping[str, Path]) -> Path:
    return Path(places.get(item.sha256, item.path))


def _film_of(path: Path) -> Path | None:
    """The film itself; of latents, the one beside them or in the project's media. None where it is not there."""
    if path.suffix == ".safetensors":
        beside = (path.with_suffix(ending) for ending in FILMS)
        project = (path.parent.parent / "media" / f"{path.stem}{ending}" for ending in FILMS)
        return next((one for one in (*beside, *project) if one.is_file() and _belongs(one, path)), path if path.is_file() else None)
    return path if path.is_file() else None


def _belongs(film: Path, latents: Path) -> bool:
    """Whether a film beside latents was made of them: another take may have their name."""
    try:
        recipe = carried(latents) if latents.is_file() else None
        return recipe is None or carried(film) == recipe
    except BadMedia:
        return False


def _poster(path: Path) -> Path | None:
    poster = path.parent.parent / "posters" / f"{path.stem}.jpg"
    return poster if poster.is_file() else None


def _same(path: Path, mark: str) -> bool:
    """Whether it is the file that the recipe means: another of its name says nothing of this take."""
    try:
        return fingerprint(path, FILM) == mark
    except BadMedia:
        return False


def _action(kind: str, used: Iterable[Ingredient], relation: str, **more: Any) -> dict:
    labels = [label(at) for at, one in enumerate(used) if one.relation == relation]
    return {"action": kind, **more, **({"parameters": {"ingredientIds": labels}} if labels else {})}


def label(at: int) -> str:
    """By what an action names the ingredient of that number."""
    return f"ingredient-{at + 1}"


def _drop(facts: dict) -> dict:
    return {name: value for name, value in facts.items() if value not in (None, "", {}, [])}


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
