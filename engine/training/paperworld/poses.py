"""Poses: where the camera and the subjects are at each picture.

Knows paths through time, and keeps a subject in frame by letting the camera follow. Knows nothing of drawing.
All tensors are (N, 1, 1); lengths in screen units (the picture is 2 high).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .places import GROUND, WATER
from .scene import Scene
from .stage import Camera, Clock
from .subjects import TABLE

TALL = {"small": 0.76, "medium": 0.94, "large": 1.14}     # heights on the screen, of 2
PACE = {"slow": 0.6, "medium": 1.0, "fast": 1.55}


@dataclass
class Pose:
    """A subject's centre, its scale (screen units per unit of its own), its angle, and which way it faces."""

    x: Tensor
    y: Tensor
    scale: Tensor
    angle: Tensor | None
    mirror: bool
    pace: float
    yaw: object = 0.45
    hop: Tensor | float = 0.0


def stance_height(subject: str, place: str, half: float) -> float:
    """World height of the centre of a thing `half` high that is at home in `place`."""
    kind = TABLE[subject].stance
    if kind == "air":
        return max(0.12, GROUND + half + 0.10)
    if kind == "swim":
        return {"sea": -0.30 + 0.1, "reef": 0.05}.get(place, 0.02)
    if place == "sea":
        return WATER + half - (0.16 if kind == "water" else 0.06)
    return GROUND + half


def place_subject(scene: Scene, clock: Clock, aspect: float, frame: float = 1.0) -> Pose:
    """The subject's path in the world."""
    thing = TABLE[scene.subject]
    pair = 0.88 if scene.second else 1.0
    small = min(1.0, aspect / 1.05)
    scale = TALL[scene.size] * thing.tall / (2 * thing.half_height) * pair * small * frame
    scale = min(scale, 0.80 * aspect / thing.half_width, 0.86 / thing.half_height)
    if scene.camera in ("push in", "pull out") or scene.motion == "approach":
        scale *= 0.90
    if scene.event == "blocks":
        scale = min(scale, 0.46 * aspect / thing.half_width)
    if scene.event == "behind":                            # narrow enough to be in frame, out, and in frame again
        scale = min(scale, 0.27 * aspect / (max(thing.half_width, thing.half_height) if thing.lean else thing.half_width))
    half = scale * thing.half_height
    zero = torch.zeros_like(clock.seconds)
    long = max(clock.period / 16.0, 1e-3)
    mid = clock.seconds - long / 2
    speed = PACE[scene.speed]
    x, y, grow, angle, pace = zero.clone(), zero + stance_height(scene.subject, scene.place, half), None, None, 0.0
    move = scene.motion
    side = {"left": -1.0, "right": 1.0}.get(move, 0.0)
    if scene.event == "behind":
        reach = 0.80 * aspect
        x = side * reach * (2 * (0.04 + 0.92 * clock.part) - 1) if clock.period > 1 else zero - side * reach
        pace = 1.0
    elif scene.event == "blocks":                           # leave room for the machine on the other side
        x = zero + (-0.50 if scene.seed % 2 == 0 else 0.50) * aspect
    elif side and not clock.loop:
        x = side * mid * 0.80 * speed
        if scene.event == "mark":                        # the camera waits, so that the marks are seen to stay
            x = side * min(0.50 * long * speed, 0.58 * aspect) * (2 * clock.part - 1)
        pace = 1.0
    elif side:
        pace = 1.0
    span = min(0.42, 0.80 - half * 0.55)
    if move in ("rise", "fall"):
        way = 1.0 if move == "rise" else -1.0
        go = min(0.62 * speed, 2 * span / long)
        y = max(half - 0.72, min(0.10, 0.80 - half)) + way * (span * 0.6 * clock.beat(0.5).sin() if clock.loop else go * mid)
    hop = 0.0
    if move == "bounce":
        jump = (clock.beat(0.75 * speed) / 2).sin().abs() if not clock.loop else clock.beat(0.5).sin().square()
        room = max(0.16, min(0.55, 0.92 - half - float(y.max())))
        hop = room * jump
        y = y + hop
    if move == "spin":
        angle = -clock.beat(0.5 * speed)
        y = y.clamp(min=max(half, scale * thing.half_width) - 0.9)
    if move == "approach":
        ramp = clock.part if not clock.loop else 0.5 - 0.5 * clock.beat(0.25).cos()
        grow = 0.66 + 0.52 * ramp
        low = float(y.min()) - half
        y = low + half * grow if TABLE[scene.subject].stance in ("ground", "water") else y
    stance = thing.stance
    if stance in ("air", "swim") and move not in ("rise", "fall", "spin"):
        y = y + 0.030 * clock.beat(0.5).sin()
    if scene.place == "sea" and stance in ("water", "ground") and not thing.solid and move != "bounce":
        y = y + 0.022 * clock.beat(0.5).sin()
        if angle is None:
            angle = 0.05 * clock.beat(0.5).cos()
    if thing.lean and side:
        angle = (0.0 if angle is None else angle) + thing.lean * side + zero
    elif thing.lean and move == "fall":
        angle = zero + math.pi
    if move == "still" and stance == "air":
        x = x + 0.03 * clock.beat(0.25).cos()
    scales = zero + scale if grow is None else scale * grow
    yaw = 0.45 + 0.25 * math.sin(scene.seed * 1.7)
    return Pose(x, y, scales, angle, bool(thing.flips and side < 0), pace, yaw, hop)


def place_camera(scene: Scene, clock: Clock, aspect: float) -> Camera:
    zero = torch.zeros_like(clock.seconds)
    long = max(clock.period / 16.0, 1e-3)
    mid = clock.part - 0.5 if clock.period > 1 else clock.part
    x, y, zoom, swing = zero, zero, zero + 1.0, zero
    wave = clock.beat(0.25).sin() / 2
    go = wave if clock.loop else mid
    far = min(1.0, 0.42 + 0.42 * long) * min(1.0, aspect)
    cam = scene.camera
    if cam in ("pan left", "pan right"):
        x = go * far * (1 if cam == "pan right" else -1)
    elif cam in ("tilt up", "tilt down"):
        y = go * 0.46 * (1 if cam == "tilt up" else -1)
    elif cam in ("push in", "pull out"):
        ramp = go + 0.5
        ramp = ramp if cam == "push in" else 1 - ramp
        zoom = 0.84 + 0.42 * ramp
    elif cam == "orbit":
        swing = -go * 2.2
    stretch = None
    if clock.loop and scene.motion in ("left", "right"):
        turns = max(1, round(clock.period / 24))
        stretch = 2.4
        x = clock.part * (stretch * turns) * (1 if scene.motion == "right" else -1)
    still = cam == "still" and stretch is None
    return Camera(x, y, zoom, swing, still, stretch)


def follow(pose: Pose, camera: Camera, aspect: float) -> None:
    """Where the subject would leave the middle of the screen, the camera goes with it."""
    if camera.stretch:
        return
    room, away = 0.42 * aspect, pose.x - camera.x
    held = room * (away / room).tanh()
    if not camera.still or float((away - held).abs().max()) > 0.02:
        camera.x, camera.still = camera.x + away - held, False


def on_screen(pose: Pose, camera: Camera, yaw) -> Pose:
    """From the world to the screen. In a loop that runs by, the camera travels with the subject."""
    x = pose.x if camera.stretch else pose.x - camera.x
    return replace(pose, x=x * camera.zoom, y=(pose.y - camera.y) * camera.zoom, scale=pose.scale * camera.zoom, yaw=yaw)


def orbit_yaw(scene: Scene, clock: Clock, still: float):
    """How far the eye has gone round a solid thing; a float while it stands."""
    if scene.camera != "orbit":
        return still
    if clock.loop:
        return still + clock.beat(0.25)
    turns = {"slow": 0.28, "medium": 0.40, "fast": 0.60}[scene.speed]
    return still - math.pi * 0.25 + clock.seconds * (2 * math.pi * turns)
