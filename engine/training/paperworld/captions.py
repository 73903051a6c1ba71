"""Captions: the words for a scene, and every word there is.

Knows English for the attributes: templates, synonyms, the vocabulary. Knows nothing of pixels.
"""

from __future__ import annotations

import random
import re

from .scene import BUILDINGS, CAMERAS, COLOURS, EVENTS, MOTIONS, PLACES, RELATIONS, SIZES, SPEEDS, STYLES, SUBJECTS, TIMES, WEATHERS, Scene

NOUNS = {
    "boat": ("boat", "sailing boat", "ship"), "balloon": ("balloon", "hot air balloon"), "car": ("car", "automobile"),
    "train": ("train", "steam train", "locomotive"), "rocket": ("rocket", "spaceship"), "fish": ("fish",), "bird": ("bird",),
    "butterfly": ("butterfly",), "fox": ("fox",), "robot": ("robot",), "person": ("person", "walker"), "tree": ("tree",),
    "house": ("house", "cottage"), "lighthouse": ("lighthouse",), "windmill": ("windmill", "mill"), "church": ("church", "chapel"),
    "ball": ("ball", "beach ball"), "burger": ("burger", "hamburger"), "paintbrush": ("paintbrush", "brush"),
}
GAITS = {
    "boat": "sails", "balloon": "drifts", "car": "drives", "train": "steams along", "rocket": "flies", "fish": "swims", "bird": "flies",
    "butterfly": "flutters", "fox": "trots", "robot": "walks", "person": "walks", "ball": "rolls", "paintbrush": "moves", "burger": "slides",
}
STILLS = {
    "boat": "floats on the spot", "balloon": "hovers", "rocket": "hovers", "fish": "hovers", "bird": "hovers", "butterfly": "hovers",
    "paintbrush": "hovers",
}
WHERE = {
    "sea": ("on the sea", "at sea", "on the ocean"), "desert": ("in the desert", "among the dunes"), "meadow": ("in a meadow", "on a green meadow", "in the grass"),
    "snow": ("in the snow", "in a snowy land", "in winter"), "city": ("in the city", "in a town", "in a city street"),
    "reef": ("in a coral reef", "under water", "on the reef"), "space": ("in space", "on the moon", "in outer space"),
    "block world": ("in a block world", "in a world of blocks"),
}
WHEN = {
    "dawn": ("at dawn", "in the morning", "at sunrise"), "day": ("by day", "at noon", "in daylight"), "dusk": ("at dusk", "in the evening", "at sunset"),
    "night": ("at night", "by night"),
}
WEATHER = {"clear": ("in clear weather", "under a clear sky"), "rain": ("in the rain", "while it rains"), "snowfall": ("in falling snow", "while it snows"), "fog": ("in fog", "in the mist")}
LOOKS = {
    "paper-cut": ("paper-cut", "cut paper", "paper craft"), "watercolour": ("watercolour", "watercolor"), "ink": ("ink", "ink drawing"),
    "neon": ("neon",), "blocks": ("blocks", "building blocks"),
}
CAMERA = {
    "still": ("the camera is still", "a still camera"), "pan left": ("the camera pans left", "panning left"), "pan right": ("the camera pans right", "panning right"),
    "tilt up": ("the camera tilts up", "tilting up"), "tilt down": ("the camera tilts down", "tilting down"),
    "push in": ("the camera pushes in", "zooming in"), "pull out": ("the camera pulls out", "zooming out"),
    "orbit": ("the camera orbits around it", "the camera circles around it"),
}
FRAMED = {"wide": "a wide shot", "medium": "a medium shot", "close": "a close shot"}
PASSED = {"tree": "a big tree", "tower": "a tower", "rock": "a big rock"}
RULES = {"fall": "blocks fall when their support is gone", "water": "water flows down the blocks", "place": "blocks are placed one by one"}
TOGETHER = {"left of": "left of", "right of": "right of", "above": "above", "behind": "behind", "in front of": "in front of"}

SYNONYMS = {
    "ship": "boat", "sailboat": "boat", "yacht": "boat", "sailing": "boat", "vessel": "boat", "automobile": "car", "auto": "car", "vehicle": "car", "taxi": "car",
    "locomotive": "train", "railway": "train", "spaceship": "rocket", "spacecraft": "rocket", "shuttle": "rocket", "goldfish": "fish", "sparrow": "bird",
    "seagull": "bird", "moth": "butterfly", "android": "robot", "droid": "robot", "man": "person", "woman": "person", "girl": "person", "boy": "person",
    "walker": "person", "pedestrian": "person", "human": "person", "someone": "person", "oak": "tree", "cottage": "house", "home": "house", "hut": "house", "beacon": "lighthouse",
    "mill": "windmill", "chapel": "church", "cathedral": "church", "hamburger": "burger", "cheeseburger": "burger", "brush": "paintbrush",
    "scarlet": "red", "crimson": "red", "golden": "yellow", "violet": "purple", "lilac": "purple", "magenta": "pink", "rose": "pink", "azure": "blue",
    "navy": "blue", "emerald": "green", "tan": "brown", "ocean": "sea", "water": "sea", "waves": "sea", "dunes": "desert", "sand": "desert", "grass": "meadow",
    "field": "meadow", "countryside": "meadow", "winter": "snow", "snowy": "snow", "ice": "snow", "town": "city", "street": "city", "downtown": "city",
    "underwater": "reef", "coral": "reef", "cosmos": "space", "galaxy": "space", "moon": "space", "minecraft": "block", "voxel": "block",
    "morning": "dawn", "sunrise": "dawn", "noon": "day", "daylight": "day", "midday": "day", "afternoon": "day", "evening": "dusk", "sunset": "dusk",
    "twilight": "dusk", "midnight": "night", "raining": "rain", "rainy": "rain", "storm": "rain", "snowing": "snowfall", "mist": "fog", "foggy": "fog", "misty": "fog",
    "ascends": "rises", "climbs": "rises", "descends": "falls", "sinks": "falls", "jumps": "bounces", "hops": "bounces", "rotates": "spins", "turns": "spins",
    "floats": "hovers", "nears": "closer", "zoom": "zooming", "dolly": "pushes", "watercolor": "watercolour", "papercraft": "paper", "tiny": "small", "little": "small",
    "big": "large", "huge": "large", "quick": "fast", "quickly": "fast", "rapidly": "fast", "slowly": "slow",
}


def describe(scene: Scene) -> dict[str, str]:
    """Every attribute as a plain word; "none" where there is none."""
    d = {k: getattr(scene, k) for k in ("subject", "colour", "place", "time", "weather", "motion", "camera", "style", "size", "speed", "event", "detail")}
    second = scene.second
    d |= {"second": second.subject if second else "none", "second_colour": second.colour if second else "none", "relation": second.relation if second else "none"}
    d |= {"shots": str(max(1, len(scene.shots))), "loop": "yes" if scene.loop else "no"}
    d["detail"] = d["detail"] or "none"
    return d


def caption(scene: Scene, seed: int, kind: str = "descriptive") -> str:
    """The words for a scene: "descriptive" names every attribute, "short" is what people type, "dropped" leaves some out.

    "plain" says everything in one order and in the words used most, "still" what of it one picture shows, "terse" thing,
    place and time: whoever learns to describe shall not have to guess which of the ways of saying a thing was meant.
    These three are the same for every seed.
    """
    if kind == "plain":
        return _long(scene, _Plain(), drop=0.0)
    if kind in ("still", "terse"):
        return _standing(scene, full=kind == "still")
    dice = random.Random(f"words {kind} {seed} {scene.seed}")
    if kind == "short":
        return _short(scene, dice)
    if kind not in ("descriptive", "dropped"):
        raise ValueError(f"caption kind {kind!r}: one of descriptive, short, dropped, plain, still, terse")
    return _long(scene, dice, drop=0.45 if kind == "dropped" else 0.0)


class _Plain:
    """Lots that always fall for the first way of saying a thing, and for the order in which the subject comes first."""

    def random(self) -> float:
        return 0.0

    def choice(self, options):
        return options[0]

    def randrange(self, stop: int) -> int:
        return 1


def _one(dice, options: tuple[str, ...]) -> str:
    return options[0] if dice.random() < 0.6 else dice.choice(options)


def _thing(subject: str, colour: str, dice, size: str = "medium", article: str = "a") -> str:
    noun = _one(dice, NOUNS[subject])
    words = [w for w in (size if size != "medium" else "", colour) if w]
    text = " ".join(words + [noun])
    if subject == "person" and dice.random() < 0.7:
        text = " ".join([size] * (size != "medium") + [noun, "in a", colour, "coat"])
    if article == "a":
        article = "an" if text[0] in "aeiou" else "a"
    return f"{article} {text}"


def _action(scene: Scene, dice, motion: str | None = None) -> str:
    move = motion or scene.motion
    gait = GAITS.get(scene.subject, "moves")
    how = {"slow": " slowly", "fast": " quickly", "medium": ""}[scene.speed]
    if scene.event == "behind":
        return f"{gait}{how} to the {move} and passes behind {PASSED[scene.detail or 'tree']}"
    if scene.event == "mark" and scene.subject == "paintbrush":
        return f"paints a {scene.colour} stroke{how} to the {move}"
    if scene.event == "mark" and scene.subject == "burger":
        return "is eaten bite by bite"
    if scene.event == "mark":
        return f"{gait}{how} to the {move} and leaves footprints"
    if move in ("left", "right"):
        return f"{gait}{how} to the {move}" if dice.random() < 0.8 else f"moves{how} to the {move}"
    if move == "still":
        if scene.subject in BUILDINGS or scene.subject == "tree":
            return "stands still"
        return STILLS.get(scene.subject, "stands still")
    return {"rise": "rises", "fall": "falls", "bounce": "bounces up and down", "spin": "spins around", "approach": "comes closer"}[move] + how


def act(scene: Scene) -> str:
    """What the subject of a scene does, in the words that are used most: "sails slowly to the left"."""
    return _action(scene, random.Random(f"act {scene.seed} {scene.motion}"))


def _main(scene: Scene, dice) -> str:
    text = _thing(scene.subject, scene.colour, dice, scene.size)
    text = f"{text} {_action(scene, dice)}"
    if scene.second:
        other = _thing(scene.second.subject, scene.second.colour, dice)
        text += f" {TOGETHER[scene.second.relation]} {other}"
    return text


def _long(scene: Scene, dice, drop: float) -> str:
    def keep() -> bool:
        return dice.random() >= drop

    look = _one(dice, LOOKS[scene.style])
    where = _one(dice, WHERE[scene.place])
    when = _one(dice, WHEN[scene.time]) if keep() else ""
    weather = _one(dice, WEATHER[scene.weather]) if keep() and (scene.weather != "clear" or dice.random() < 0.4) else ""
    camera = _one(dice, CAMERA[scene.camera]) if keep() and (scene.camera != "still" or dice.random() < 0.6) else ""
    style = look if keep() else ""
    where = where if keep() else ""
    main = _main(scene, dice)
    if scene.event == "blocks":
        camera = ", ".join(c for c in (RULES[scene.detail or "fall"], camera) if c)
    order = dice.randrange(4)
    scenery = " ".join(w for w in (where, when, weather) if w)
    if order == 0:
        text = f"{style} style: {main} {scenery}" if style else f"{main} {scenery}"
    elif order == 1:
        text = f"{main} {scenery}" + (f", {style} style" if style else "")
    elif order == 2:
        text = f"{scenery}, {main}" if scenery else main
        text += f", in {style} style" if style else ""
    else:
        text = f"a {style} film where {main}" if style else main
        if style and style[0] in "aeiou":
            text = "an" + text[1:]
        text += f" {scenery}"
    text = text.strip() + (f", {camera}" if camera else "")
    for shot in scene.shots[1:]:
        same = "the same " + NOUNS[scene.subject][0]
        text += f". cut to {FRAMED[shot.framing]} of {same} {WHERE[shot.place][0]} {WHEN[shot.time][0]}"
    if scene.loop and keep():
        text += ", looping"
    return re.sub(r"\s+", " ", text).strip()


def _short(scene: Scene, dice) -> str:
    thing = _thing(scene.subject, scene.colour, dice)
    if scene.second and dice.random() < 0.7:
        thing += f" {TOGETHER[scene.second.relation]} {_thing(scene.second.subject, scene.second.colour, dice)}"
    extras = [_one(dice, WHERE[scene.place])]
    if scene.time != "day" or dice.random() < 0.3:
        extras.append(_one(dice, WHEN[scene.time]))
    if scene.weather != "clear":
        extras.append(_one(dice, WEATHER[scene.weather]))
    if scene.motion != "still" or scene.event == "mark":
        if dice.random() < 0.5 and not scene.second:
            thing += " " + _action(scene, dice)
    dice.shuffle(extras)
    text = " ".join([thing] + extras[: dice.choice((1, 1, 2))])
    if scene.style != "paper-cut" and dice.random() < 0.7:
        text = f"{LOOKS[scene.style][0]} style, {text}"
    return text


def _standing(scene: Scene, full: bool) -> str:
    text = _thing(scene.subject, scene.colour, _Plain(), scene.size if full else "medium")
    if scene.second:
        text += f" {TOGETHER[scene.second.relation]} {_thing(scene.second.subject, scene.second.colour, _Plain())}"
    text += f" {WHERE[scene.place][0]} {WHEN[scene.time][0]}"
    return f"{text} {WEATHER[scene.weather][0]}, {LOOKS[scene.style][0]} style" if full else text


def words(text: str) -> list[str]:
    """A caption as lower-case words."""
    return re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())


def _vocabulary() -> frozenset[str]:
    tables = (NOUNS, WHERE, WHEN, WEATHER, LOOKS, CAMERA)
    texts = [w for table in tables for options in table.values() for w in options]
    texts += [w for table in (GAITS, STILLS, FRAMED, PASSED, RULES, TOGETHER) for w in table.values()]
    texts += [*SUBJECTS, *COLOURS, *PLACES, *TIMES, *WEATHERS, *MOTIONS, *CAMERAS, *STYLES, *SIZES, *SPEEDS, *RELATIONS, *EVENTS]
    texts += ["a an the and in to of where style film cut same shot coat slowly quickly passes behind paints stroke is eaten bite by leaves footprints"]
    texts += ["moves stands still rises falls bounces up and down spins around comes closer looping"]
    return frozenset(w for t in texts for w in words(t))


VOCABULARY = _vocabulary()
