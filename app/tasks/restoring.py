"""Restoring: from a recipe back to the wishes that ask for it, so that the form shows what made a take, all of it.

    recipe ─→ wishes ─→ the same recipe        whether it is the same is tried, and said where it is not

The other direction of `building`: what one adds, the other takes off. Knows recipes and what each operation does to a
wish; asks the finder which take or picture a file is.
"""

from __future__ import annotations

from typing import Protocol

from app.tasks.building import build
from app.tasks.wishes import read
from engine.denoisers.catalog import Model
from engine.denoisers.open.loras import kept
from engine.errors import CineloomError
from engine.recipe import Input, Recipe
from engine.recipe.operating import nearest
from engine.recipe.storyboard import FADE


class Knower(Protocol):
    """What a file of a recipe is here."""

    def known(self, item: Input) -> dict | None:
        """`{"take": id}` or `{"name": name}`; None for what is not in this project."""

    def size(self, take: str) -> tuple[int, int] | None:
        """Width and height of a take's film, pixels."""


def wishes_of(recipe: Recipe, find: Knower, model: Model) -> tuple[dict, list[str]]:
    """The wishes for this recipe as JSON, and a sentence for each thing that is not here or cannot be asked for in a form."""
    notes: list[str] = []
    task = {"image": "picture"}.get(recipe.operation, recipe.operation)
    wishes = {
        "task": task, "model": model.name, "prompt": recipe.prompt, "asked": recipe.asked, "negative": recipe.negative, "seed": str(recipe.seed), "steps": recipe.steps,
        "guidance": recipe.guidance, "size": [recipe.width, recipe.height], "variations": 1,
    }  # fmt: skip
    if recipe.solver != model.solver:
        wishes["solver"] = recipe.solver
    wishes |= {name: getattr(recipe, name) for name in ("cache", "guider") if getattr(recipe, name)}
    wishes |= _loras(recipe, notes)
    back = _Back(recipe, find, model, notes)
    wishes |= getattr(back, task, back.words)() | back.references()
    if recipe.backend != model.name:
        notes.append(f"It was made by {recipe.backend}; {model.title} would make it now, and it will look otherwise.")
    elif not notes:
        try:
            again = build(read({name: value for name, value in wishes.items() if value is not None}), find, model, free=1 << 60)[0]
            if again.digest() != recipe.digest():
                notes.append("Not everything in this recipe can be set here; what comes of it will be alike, not the same.")
        except CineloomError as error:
            notes.append(str(error))
    return wishes, notes


def _loras(recipe: Recipe, notes: list[str]) -> dict:
    """What lay over the model, as it is called here now."""
    here = {lora.sha256: lora.name for lora in kept().values()} if recipe.loras else {}
    notes += [f"The LoRA {lora.name} of this recipe is not here any more, or was changed; the film will look otherwise without it." for lora in recipe.loras if lora.sha256 not in here]
    found = [{"name": here[lora.sha256], "weight": lora.weight} for lora in recipe.loras if lora.sha256 in here]
    return {"loras": found} if found else {}


class _Back:
    """One recipe on its way back."""

    def __init__(self, recipe: Recipe, find: Knower, model: Model, notes: list[str]):
        self.recipe, self.find, self.model, self.notes = recipe, find, model, notes
        self.rate, self.time = model.grid.rate, model.grid.time
        self.films = [item for item in recipe.inputs if item.role == "film"]
        self.stills = [item for item in recipe.inputs if item.role == "still"]

    def words(self) -> dict:
        """Film or a picture of words, and of pictures at their times."""
        out = {"cues": [{"prompt": cue.prompt, "at": self.seconds(cue.at), "asked": cue.asked} for cue in self.recipe.cues]}
        if self.recipe.operation != "image":
            out["seconds"] = self.seconds(self.recipe.pictures - 1)
        pictures = [(self.known(item, "picture"), item) for item in self.stills]
        out["pictures"] = [file | {"at": self.seconds(item.at)} for file, item in pictures if file]
        return out

    def extend(self) -> dict:
        item = self.first()
        after = self.recipe.pictures - item.at - item.pictures
        return self.said() | {"film": self.film(item), "before": self.seconds(item.at), "after": self.seconds(after)}

    def loop(self) -> dict:
        if not self.films:
            return self.words() | {"seconds": self.seconds(self.recipe.pictures)}
        item = self.first()
        return self.said() | {"film": self.film(item), "seconds": self.seconds(self.recipe.pictures - item.pictures + 1)}

    def connect(self) -> dict:
        if len(self.films) < 2:
            return self.said()
        one, two = self.films[:2]
        gap, over = two.at - one.pictures + 1, one.pictures - two.at - 1
        apart = {"overlap": self.seconds(over), "seconds": None} if over > 0 else {"overlap": 0, "seconds": self.seconds(gap)}
        return self.said() | apart | {"film": self.film(one), "second": self.film(two)}

    def edit(self) -> dict:
        return self.changed() | {"faithful": bool(self.recipe.was), "was": self.recipe.was}

    def inpaint(self) -> dict:
        return self.changed()

    def outpaint(self) -> dict:
        out = self.said() | {"film": self.film(self.first())}
        shape = next((to for to in ("9:16", "1:1", "16:9", "21:9", "4:3", "3:4") if self.reached(to, out["film"])), None)
        return out | ({"to": shape, "size": []} if shape else {})

    def finish(self) -> dict:
        return self.changed() | {"size": [self.recipe.width, self.recipe.height]}

    def storyboard(self) -> dict:
        """A film's first picture has a latent frame to itself, and belongs to the first shot."""
        begins = [0, *(cue.at for cue in self.recipe.cues)]
        stops = [*begins[1:], self.recipe.pictures]
        joins = ["cut", *("cut" if cue.cut else "continue" for cue in self.recipe.cues)]
        said = [self.recipe, *self.recipe.cues]
        shots = []
        for begin, stop, join, words in zip(begins, stops, joins, said):
            cards = [(self.known(item, "card"), item) for item in (*self.stills, *self.films) if begin <= item.at < stop]
            shots.append({"prompt": words.prompt, "asked": words.asked, "seconds": self.seconds(stop - begin - (begin == 0)), "join": join, "cards": [
                file | {"at": self.seconds(item.at - begin)} | (self.span(item) if item.role == "film" else {}) for file, item in cards if file]})
        if any(not cue.cut and cue.over != round(FADE * self.rate) for cue in self.recipe.cues):
            self.notes.append("Words take over from the ones before them at another pace than the form knows.")
        return {"prompt": "", "asked": "", "shots": shots, "who": "", "style": ""}

    # ---- parts

    def references(self) -> dict:
        """Who or what was to be in it."""
        found = [self.known(item, "reference picture") for item in self.recipe.inputs if item.role == "reference"]
        return {"references": [file for file in found if file]} if found else {}

    def seconds(self, pictures: int) -> float:
        return round(pictures / self.rate, 4)

    def first(self) -> Input:
        return self.films[0]

    def said(self) -> dict:
        """Its words; none where they changed along the film, which is how the film's own words are."""
        return {"size": self.own_size()} | ({"prompt": "", "asked": ""} if self.recipe.cues else {})

    def own_size(self) -> list[int]:
        """Nothing where it has the size of its film."""
        file = self.find.known(self.films[0]) if self.films else None
        size = self.find.size(file["take"]) if file and "take" in file else None
        made = (self.recipe.width, self.recipe.height)
        return [] if size == made else list(made)

    def changed(self) -> dict:
        """What is changed of a film: how far, and where."""
        recipe, item = self.recipe, self.first()
        out = self.said() | {"film": self.film(item), "strength": list(recipe.strength)} | (self.across() if len(self.films) > 1 else {})
        for mask in (item for item in recipe.inputs if item.role == "mask"):
            out["mask"] = (self.known(mask, "mask") or {}).get("name", "")
        if recipe.area:
            own = self.find.size(out["film"]["take"]) if out["film"] else None
            out["area"] = _own_area(recipe, own) if own else list(recipe.area)
        return out

    def across(self) -> dict:
        """Two films that are changed where they meet, and from when to when. One alone needs no more than its curve of strength."""
        one, two = self.films[:2]
        changed = [frame for frame, strength in enumerate(self.recipe.strength) if strength]
        begin, end = max(0, 1 + (changed[0] - 1) * self.time), (changed[-1] + 1 == len(self.recipe.strength)) + changed[-1] * self.time
        same = {cue.prompt for cue in self.recipe.cues} == {self.recipe.prompt}
        return {"second": self.film(two), "within": [self.seconds(one.start + begin), self.seconds(two.start + end - two.at)],
                "strength": list(self.recipe.strength[changed[0] : changed[-1] + 1])} | ({"prompt": self.recipe.prompt, "asked": self.recipe.asked} if same else {})  # fmt: skip

    def film(self, item: Input) -> dict | None:
        file = self.known(item, "film")
        return file | self.span(item) if file and "take" in file else None

    def span(self, item: Input) -> dict:
        return {"start": self.seconds(item.start), "stop": self.seconds(item.stop - 1)}

    def known(self, item: Input, what: str) -> dict | None:
        file = self.find.known(item)
        if file is None:
            self.notes.append(f"A {what} of this recipe is not in this project; choose it again.")
        return file

    def reached(self, to: str, film: dict | None) -> bool:
        """Whether this shape alone leads to the recipe's size."""
        own = self.find.size(film["take"]) if film else None
        across, down = map(int, to.split(":"))
        return own is not None and nearest(across, down, own[0] * own[1], self.model.grid.step, 1920) == (self.recipe.width, self.recipe.height)


def _own_area(recipe: Recipe, own: tuple[int, int]) -> list[int]:
    """A recipe's area in the film's own pixels: the other way round than `operating` puts it."""
    scale = max(recipe.width / own[0], recipe.height / own[1])
    out = []
    for begin, length, made, side in ((recipe.area[0], recipe.area[2], recipe.width, own[0]), (recipe.area[1], recipe.area[3], recipe.height, own[1])):
        first, last = (max(0, min(side, round((edge - made / 2) / scale + side / 2))) for edge in (begin, begin + length))
        out.append((first, max(1, last - first)))
    return [out[0][0], out[1][0], out[0][1], out[1][1]]
