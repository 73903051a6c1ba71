"""Render: a scene becomes film, with the truth about it.

Knows the order of work: light, camera, sky, land, subjects, foreground, weather, style. Everything it needs to know of
a thing is in that thing's own room.
A cut falls only where a latent frame begins: before picture 1 + 4 k.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from . import events, poses
from .captions import caption, describe
from .cast import Role, Troupe
from .light import Look, light_of
from .places import DRAW, WATER
from .scene import ROOTED, Scene
from .shapes import Ink, box, ellipse, turn
from .sky import draw_sky, draw_weather
from .stage import Clock, Stage
from .style import finish
from .subjects import TABLE

FRAME = {"wide": 0.80, "medium": 1.0, "close": 1.30}
_CHUNK = 6_000_000      # pixels drawn at once: 17 pictures of 640x384 fit, and memory stays below 2 GiB


@dataclass
class Truth:
    """What is really there.

    attributes  every attribute of the scene as a plain word
    subject_id  (N, H, W) uint8: 0 background, 1 main, 2 second, 3 a thing that hides the main one
    depth       (N, H, W) 0 at the eye to 1 at the sky
    track       (N, subjects, 5): left, top, right, bottom in 0..1 of the picture, and the part of it that is seen
    cuts        picture indices before which a new shot begins
    """

    attributes: dict[str, str]
    subject_id: Tensor
    depth: Tensor
    track: Tensor
    cuts: tuple[int, ...] = ()


@dataclass
class Film:
    """pixels (N, 3, H, W) float32 in 0..1, 16 a second, with words and truth."""

    pixels: Tensor
    caption: str
    short: str
    truth: Truth


def cuts_of(scene: Scene, pictures: int) -> tuple[int, ...]:
    """Where the shots of a clip begin: latent frames are 1 picture, then 4 each, and a shot takes whole ones."""
    frames, shots = 1 + (pictures - 1 + 3) // 4, len(scene.shots)
    if shots < 2:
        return ()
    starts = [round(k * frames / shots) for k in range(1, shots)]
    return tuple(1 + 4 * (f - 1) for f in sorted(set(starts)) if 1 <= f < frames)


@torch.no_grad()
def render(scene: Scene, pictures: int, width: int, height: int, *, device="cpu", period: int | None = None) -> Film:
    """Draw `pictures` pictures of a scene.

    period  for a scene that loops: picture[period] is picture[0], bit for bit; 4 * ceil(pictures / 4) unless given.
    Raises ValueError for sizes below 16 or fewer pictures than 1.
    """
    if pictures < 1 or width < 16 or height < 16:
        raise ValueError(f"asked for {pictures} pictures of {width}x{height}; at least 1 of 16x16")
    cuts = cuts_of(scene, pictures)
    if scene.loop:
        period = period or 4 * -(-pictures // 4)
        parts = [_clip(scene, min(period, pictures), period, width, height, device)]
        index = torch.arange(pictures, device=device) % period
        parts = [tuple(t[index] for t in parts[0])] if pictures > period else parts
    elif cuts:
        starts, stops = (0, *cuts), (*cuts, pictures)
        parts = [_clip(_shot(scene, k), b - a, b - a, width, height, device) for k, (a, b) in enumerate(zip(starts, stops))]
    else:
        parts = [_clip(_shot(scene, 0), pictures, pictures, width, height, device)]
    image, ids, depth, track = (torch.cat(t) if len(parts) > 1 else t[0] for t in zip(*parts))
    truth = Truth(describe(scene), ids, depth, track, cuts)
    return Film(image, caption(scene, scene.seed), caption(scene, scene.seed, "short"), truth)


def _shot(scene: Scene, k: int) -> Scene:
    if not scene.shots:
        return scene
    s = scene.shots[k]
    weather = scene.weather if s.place == scene.place else "clear"
    return replace(scene, place=s.place, time=s.time, framing=s.framing, camera=s.camera, motion=s.motion, weather=weather, shots=(), event="none")


def _clip(scene: Scene, count: int, period: int, width: int, height: int, device) -> tuple[Tensor, ...]:
    """One shot. Paths are laid for all of it, then pictures are drawn in parts that fit in memory."""
    clock, aspect = Clock(torch.arange(count, device=device).float(), period, scene.loop), width / height
    troupe = Troupe.gather(scene, clock, aspect, FRAME[scene.framing])
    step = max(1, _CHUNK // (width * height))
    parts = [_draw(scene, troupe, slice(k, min(k + step, count)), width, height, device) for k in range(0, count, step)]
    return tuple(torch.cat(t) for t in zip(*parts)) if len(parts) > 1 else parts[0]


def _draw(scene: Scene, troupe: Troupe, pictures: slice, width: int, height: int, device) -> tuple[Tensor, ...]:
    now, light = troupe.during(pictures), light_of(scene.place, scene.time, scene.weather)
    n = pictures.stop - pictures.start
    s = Stage(now.clock, now.camera, width, height, light, f"{scene.seed} {scene.place}", scene.style == "neon", device)
    draw_sky(s, scene.place)
    front = DRAW[scene.place](s)
    s.grow(s.xs.expand(n, 1, width))
    if scene.event == "mark":
        _marks(s, scene, now.roles[0].pose, troupe.roles[0].pose)
    if scene.place == "sea":
        for role in now.roles:
            _float(s, role.pose, role.subject)
    track = torch.zeros(n, len(now.roles), 5, device=device)
    for role in sorted(now.roles, key=lambda r: -r.depth):
        track[:, role.mark - 1] = _put(s, scene, role, Look(role.colour, light))
    if scene.event == "blocks":
        events.put_machine(s, scene)
    elif scene.event == "behind":
        _hide(s, scene, troupe.roles[0].pose)
    front()
    image = _finish(s, scene, n)
    for k in range(len(now.roles)):
        seen = (s.ids == k + 1).flatten(1).sum(1)
        track[:, k, 4] = (seen / track[:, k, 4].clamp(min=1)).clamp(0, 1)
    return image.contiguous(), s.ids, s.depth, track


def _finish(s: Stage, scene: Scene, n: int) -> Tensor:
    """Weather and style; pens come before the weather, or they would outline every drop."""
    if scene.style in ("ink", "neon"):
        s.image = finish(scene.style, s.image, s.ids, s.seed)
        draw_weather(s, scene.weather, scene.place, dark=scene.style == "ink")
        return s.image.clamp_(0, 1)
    draw_weather(s, scene.weather, scene.place)
    return finish(scene.style, s.image, s.ids, s.seed)


def _box(s: Stage, pose, half_w: float, half_h: float, margin: float):
    """A box of pixels round each pose: its coordinates in the subject's own units, and where it goes."""
    n = s.n
    scale = pose.scale.expand(n, 1, 1)
    if pose.angle is not None:
        r = (half_w ** 2 + half_h ** 2) ** 0.5
        small = float(pose.angle.abs().max()) < 0.2 if isinstance(pose.angle, Tensor) else False
        half_w, half_h = (half_w + 0.2 * half_h, half_h + 0.2 * half_w) if small else (r, r)
    top_scale = float(scale.max())
    ph, pw = int((half_h + margin) * top_scale * s.sharp) + 3, int((half_w + margin) * top_scale * s.sharp) + 3
    ph, pw = min(ph, s.height), min(pw, s.width)
    cy = ((1 - pose.y.expand(n, 1, 1)) * s.sharp - 0.5)
    cx = ((pose.x.expand(n, 1, 1) + s.aspect) * s.sharp - 0.5)
    top, left = cy.round(), cx.round()
    rows = torch.arange(-ph, ph + 1, device=cy.device).view(1, -1, 1)
    cols = torch.arange(-pw, pw + 1, device=cy.device).view(1, 1, -1)
    unit = scale * s.sharp
    x, y = (cols + (left - cx)) / unit, ((cy - top) - rows) / unit
    tops, lefts = (top.flatten() - ph).int().tolist(), (left.flatten() - pw).int().tolist()
    if pose.angle is not None:
        x, y = turn(x, y, 0.0, 0.0, pose.angle)
    return x, y, unit, tops, lefts


def _put(s: Stage, scene: Scene, role: Role, look: Look) -> Tensor:
    """Draw one subject; returns its track (N, 5) with its whole area in pixels in the last place."""
    subject, pose, thing = role.subject, role.pose, TABLE[role.subject]
    x, y, unit, tops, lefts = _box(s, pose, thing.half_width, thing.half_height, 0.34 if s.light.lamp > 0.3 else 0.14)
    if pose.mirror:
        x = -x
    if thing.solid or thing.stance == "ground":
        _shade_ground(s, pose, thing)
    ink = Ink(x, y, unit, 0.0 if s.flat else 1.0)
    rate = 1.0 if s.clock.loop else poses.PACE[scene.speed]

    def beat(hz: float) -> Tensor:
        return s.clock.beat(hz * rate)

    if thing.solid:
        thing.draw(ink, look, beat, pose.pace, pose.yaw)
    else:
        thing.draw(ink, look, beat, pose.pace)
    if scene.event == "mark" and subject == "burger" and role.mark == 1:
        events.bites(ink, s.clock.part)
    s.glue(ink, tops, lefts, role.depth, role.mark, look.edge, 0.018, 0.34)
    solid = ink.alpha[:, 0] > 0.5
    n, h, w = solid.shape
    count = solid.flatten(1).sum(1).float()
    r, c = solid.any(2), solid.any(1)
    big = 10_000.0
    pos_h, pos_w = torch.arange(h, device=x.device, dtype=torch.float32), torch.arange(w, device=x.device, dtype=torch.float32)
    top = torch.where(r, pos_h, big).amin(1) + s.xs.new_tensor(tops)
    low = torch.where(r, pos_h, -big).amax(1) + 1 + s.xs.new_tensor(tops)
    left = torch.where(c, pos_w, big).amin(1) + s.xs.new_tensor(lefts)
    right = torch.where(c, pos_w, -big).amax(1) + 1 + s.xs.new_tensor(lefts)
    return torch.stack((left / s.width, top / s.height, right / s.width, low / s.height, count), 1)


def _float(s: Stage, pose, subject: str) -> None:
    """At sea, what cannot swim stands on an islet or rides on a raft."""
    thing = TABLE[subject]
    hop = pose.hop if isinstance(pose.hop, Tensor) else 0.0
    if thing.stance != "ground" or float((pose.y - pose.scale * thing.half_height - hop).mean()) > WATER + 0.35:
        return
    foot, wide = pose.y - pose.scale * thing.half_height - hop, pose.scale * thing.half_width
    rows = s.rows(foot.min() - 0.5, foot.max() + 0.1)
    x, y = s.xs - pose.x, s.ys[:, rows] - foot
    if subject in ROOTED:
        mound = torch.maximum(ellipse(x, y, 0.0, -0.16, wide + 0.26, 0.24), -0.40 - y)
        sand = s.light.layer((0.93, 0.80, 0.55), 0.0)
        s.ornament(mound, rows, sand, 0.52, shadow=0.3)
        s.ornament(torch.maximum(mound, y + 0.10), rows, tuple(c * 0.86 for c in sand), 0.52)
    else:
        wood = s.light.layer((0.60, 0.40, 0.25), 0.0)
        raft = box(x, y, 0.0, -0.075, wide + 0.07, 0.075, 0.03)
        s.ornament(raft, rows, wood, 0.52, shadow=0.3)
        s.ornament(torch.maximum(raft, y + 0.07), rows, tuple(c * 0.78 for c in wood), 0.52)


def _shade_ground(s: Stage, pose, thing) -> None:
    """The soft shadow where a thing stands, or above which it jumps."""
    if s.flat:
        return
    hop = pose.hop if isinstance(pose.hop, Tensor) else 0.0
    foot = pose.y - pose.scale * thing.half_height - hop
    wide = pose.scale * thing.half_width
    rows = s.rows(foot.min() - 0.12, foot.max() + 0.12)
    u, v = (s.xs - pose.x - 0.03) / wide, (s.ys[:, rows] - foot) / 0.075
    g = (1.15 - u.square() - v.square()).clamp_(0, 1).mul_(0.30)
    if isinstance(hop, Tensor):
        g = g * (1 - hop * 0.8).clamp(0.2, 1)
    s.image[:, :, rows] *= 1 - g.unsqueeze(1)


def _marks(s: Stage, scene: Scene, pose, whole) -> None:
    """What the subject has left behind so far; `whole` is its pose over all the shot."""
    side = -1.0 if scene.motion == "left" else 1.0
    thing, light, start = TABLE[scene.subject], s.light, float(whole.x.flatten()[0])
    if scene.subject == "paintbrush":
        scale = float(whole.scale.max())
        tip_x, level = pose.x - 0.47 * scale, float(whole.y.mean()) - 0.78 * scale

        def path(x):
            return level + 0.05 * (x * 5.0).sin()
        events.stroke(s, tip_x, start - 0.47 * scale, Look(scene.colour, light).c, side, path, 0.24 * scale)
    elif scene.subject != "burger":
        ground = float((whole.y - whole.scale * thing.half_height).mean())
        size = 0.036 if scene.subject == "fox" else 0.046
        dark = tuple(c * 0.55 for c in light.layer({"snow": (0.66, 0.74, 0.90), "desert": (0.78, 0.56, 0.34), "meadow": (0.40, 0.36, 0.22)}.get(scene.place, (0.4, 0.38, 0.42)), 0.0))
        events.footprints(s, pose.x, start, side, ground, 0.15, size, dark)


def _hide(s: Stage, scene: Scene, pose) -> None:
    """Stand something in the middle that is wider and taller than the subject."""
    thing = TABLE[scene.subject]
    scale = float(pose.scale.max())
    half_w = thing.half_width * scale
    half_h = thing.half_height * scale
    if thing.lean:
        half_w = half_h = max(half_w, half_h) * 0.92
    half = {"tree": 1.22, "tower": 1.24, "rock": 1.26}[scene.detail or "tree"] * half_w + 0.02
    s_y = half_h + 0.12
    base = float(pose.y.mean()) - half_h - 0.10
    pw = int(half * 1.1 * s.sharp) + 2
    pw = min(pw, s.width)
    cols = torch.arange(-pw, pw + 1, device=s.xs.device)
    x = cols.view(1, 1, -1) / (half * s.sharp)
    y = (s.ys - base) / s_y - 1
    ink = Ink(x, y, s.xs.new_tensor(half * s.sharp).view(1, 1, 1), 0.0 if s.flat else 1.0)
    events.occluder(ink, scene.detail or "tree", s.light)
    left = round(s.width / 2 - 0.5) - pw
    ink.rgb, ink.alpha = ink.rgb.expand(s.n, -1, -1, -1), ink.alpha.expand(s.n, -1, -1, -1)
    s.glue(ink, [0] * s.n, [left] * s.n, 0.36, 3, None, 0.02, 0.36)
