"""Palette: the few words that the weightless stand-in knows (`engine.denoisers.drawn`). Knows no torch."""

COLOURS = {         # red, green, blue in -1..1
    "red": (0.8, -0.7, -0.7),
    "orange": (0.9, 0.1, -0.7),
    "yellow": (0.9, 0.7, -0.6),
    "green": (-0.5, 0.5, -0.4),
    "blue": (-0.6, -0.2, 0.8),
    "purple": (0.2, -0.6, 0.6),
    "pink": (0.9, 0.1, 0.4),
    "brown": (0.1, -0.3, -0.6),
    "white": (0.9, 0.9, 0.9),
    "gray": (0.0, 0.0, 0.0),
    "black": (-0.9, -0.9, -0.9),
}
MOTIONS = {         # waves to the right and downwards, in a second
    "still": (0.0, 0.0),
    "right": (0.5, 0.0),
    "left": (-0.5, 0.0),
    "up": (0.0, -0.5),
    "down": (0.0, 0.5),
}
