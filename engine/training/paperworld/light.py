"""Light: the palettes of the world, by time of day and weather.

Knows colours and how light changes them. Knows nothing of shapes or scenes.
"""

from __future__ import annotations

from dataclasses import dataclass

from .shapes import mix, times

NAMED = {
    "red": (0.86, 0.15, 0.16), "orange": (0.97, 0.50, 0.07), "yellow": (0.99, 0.84, 0.16), "green": (0.16, 0.60, 0.27),
    "blue": (0.13, 0.38, 0.86), "purple": (0.50, 0.22, 0.74), "pink": (0.98, 0.53, 0.72), "brown": (0.47, 0.28, 0.15),
    "white": (0.97, 0.96, 0.93), "black": (0.11, 0.11, 0.13),
}
ACCENTS = {
    "cream": (0.98, 0.93, 0.82), "ink": (0.13, 0.12, 0.17), "wood": (0.55, 0.36, 0.22), "glass": (0.70, 0.87, 0.93),
    "metal": (0.72, 0.74, 0.78), "skin": (0.93, 0.72, 0.57), "gold": (0.98, 0.77, 0.28), "tyre": (0.17, 0.17, 0.21),
    "slate": (0.33, 0.36, 0.45), "leaf": (0.42, 0.70, 0.28), "rust": (0.76, 0.36, 0.26),
}

# Sky: top, middle, horizon; sun or moon; the light on far things and on the subject.
_TIMES = {
    "dawn": (((0.50, 0.60, 0.86), (0.97, 0.74, 0.73), (1.0, 0.90, 0.72)), (1.0, 0.93, 0.76), (1.02, 0.88, 0.88), (1.0, 0.95, 0.94)),
    "day": (((0.24, 0.58, 0.90), (0.54, 0.80, 0.95), (0.90, 0.96, 0.94)), (1.0, 0.96, 0.80), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    "dusk": (((0.25, 0.16, 0.45), (0.83, 0.33, 0.44), (1.0, 0.66, 0.34)), (1.0, 0.80, 0.48), (0.86, 0.62, 0.62), (1.0, 0.90, 0.86)),
    "night": (((0.03, 0.05, 0.17), (0.06, 0.12, 0.31), (0.15, 0.26, 0.47)), (0.96, 0.95, 0.86), (0.33, 0.43, 0.66), (0.86, 0.88, 0.97)),
}
_SPACE = ((0.03, 0.02, 0.11), (0.12, 0.06, 0.27), (0.26, 0.11, 0.38))
_REEF = {
    "dawn": ((0.98, 0.80, 0.74), (0.42, 0.70, 0.76), (0.16, 0.46, 0.62)), "day": ((0.55, 0.92, 0.90), (0.14, 0.66, 0.78), (0.04, 0.38, 0.60)),
    "dusk": ((0.98, 0.55, 0.42), (0.50, 0.30, 0.56), (0.17, 0.17, 0.42)), "night": ((0.16, 0.32, 0.52), (0.05, 0.14, 0.33), (0.02, 0.06, 0.19)),
}
_VEIL = {"clear": 0.0, "rain": 0.55, "snowfall": 0.45, "fog": 0.62}
_VEIL_COLOUR = {"clear": (0.6, 0.6, 0.6), "rain": (0.47, 0.54, 0.62), "snowfall": (0.78, 0.83, 0.88), "fog": (0.84, 0.86, 0.86)}


@dataclass(frozen=True)
class Light:
    """What a scene is lit by: colours are (r, g, b), `haze` and `lamp` go from 0 to 1."""

    sky: tuple
    sun: tuple
    far: tuple
    near: tuple
    haze: float
    lamp: float
    moon: bool
    sun_seen: float

    def layer(self, colour, far: float):
        """A layer's own colour, lit, and lost in the air with distance (far 0..1)."""
        lit = times(colour, self.far)
        if self.moon:
            lit = mix(lit, (0.10, 0.17, 0.36), 0.28)
        return mix(lit, self.sky[2], min(0.92, far * (0.55 + 0.4 * self.haze) + 0.30 * self.haze))

    def subject(self, colour):
        return mix(times(colour, self.near), self.sky[2], 0.10 * self.haze)


def light_of(place: str, time: str, weather: str) -> Light:
    sky, sun, far, near = _TIMES[time]
    if place == "space":
        sky = tuple(mix(s, t, k) for s, t, k in zip(_SPACE, sky, (0.05, 0.13, 0.34)))
    elif place == "reef":
        sky = _REEF[time]
    elif place == "desert" and time == "day":
        sky = (sky[0], mix(sky[1], (0.98, 0.88, 0.70), 0.25), (0.99, 0.93, 0.78))
    elif place == "snow" and time == "day":
        sky = (mix(sky[0], (0.62, 0.78, 0.92), 0.5), mix(sky[1], (0.80, 0.90, 0.97), 0.6), (0.95, 0.97, 0.99))
    dim = {"dawn": 0.92, "day": 1.0, "dusk": 0.72, "night": 0.38}[time]
    veil = times(mix(_VEIL_COLOUR[weather], sky[2], 0.25), dim)
    amount = _VEIL[weather]
    sky = tuple(mix(s, veil, amount * k) for s, k in zip(sky, (0.9, 0.9, 1.0)))
    haze = {"clear": 0.0, "rain": 0.35, "snowfall": 0.35, "fog": 0.9}[weather]
    lamp = {"dawn": 0.35, "day": 0.0, "dusk": 0.85, "night": 1.0}[time]
    if place == "reef":
        lamp *= 0.7
    return Light(sky, sun, far, near, haze, lamp, time == "night", {"clear": 1.0, "rain": 0.0, "snowfall": 0.25, "fog": 0.45}[weather])


class Look:
    """The papers a subject is cut from: `c` its own colour, `d` and `l` darker and lighter, and lit accents by name."""

    def __init__(self, colour: str, light: Light):
        base = NAMED[colour]
        deep = {"black": (0.04, 0.04, 0.06), "white": (0.80, 0.81, 0.84)}.get(colour, times(base, 0.70))
        pale = {"black": (0.24, 0.24, 0.29), "white": (1.0, 1.0, 1.0), "brown": mix(base, (0.85, 0.62, 0.42), 0.30)}.get(colour, mix(base, (1, 1, 1), 0.28))
        self.name = colour
        self.c, self.d, self.l = (light.subject(k) for k in (base, deep, pale))
        for name, value in ACCENTS.items():
            setattr(self, name, light.subject(value))
        # A detail that must show on any colour: light on dark papers, dark on light ones.
        self.mark = self.cream if colour in ("black", "blue", "purple", "brown", "green", "red") else self.ink
        self.trim = self.slate if colour in ("white", "yellow", "pink") else self.cream
        self.lamp = light.lamp
        self.pane = mix(self.glass, (1.0, 0.86, 0.45), light.lamp)
        self.lamplight = (1.0, 0.80, 0.38)
        self.edge = mix(self.c, (1.0, 0.98, 0.92), 0.55) if colour != "white" else mix(self.c, (0.55, 0.6, 0.68), 0.35)
