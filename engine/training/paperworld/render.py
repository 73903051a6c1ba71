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
from .light import Look, light_of
from .places import DRAW, GROUND
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
    step = max(1, _CHUNK // (width * height))
    parts = [_draw(scene, torch.arange(a, min(a + step, count), device=device), period, width, height, device) for a in range(0, count, step)]
    return tuple(torch.cat(t) for t in zip(*parts)) if len(parts) > 1 else parts[0]


def _draw(scene: Scene, index: Tensor, period: int, width: int, height: int, device) -> tuple[Tensor, ...]:
    n, aspect = len(index), width / height
    clock = Clock(index.float(), period, scene.loop)
    light = light_of(scene.place, scene.time, scene.weather)
    frame = FRAME[scene.framing]
    cast, camera = _cast(scene, clock, aspect, frame)
    s = Stage(clock, camera, width, height, light, f"{scene.seed} {scene.place}", scene.style == "neon", device)
    draw_sky(s, scene.place)
    front = DRAW[scene.place](s)
    s.grow(s.xs.expand(n, 1, width))
    if scene.event == "mark":
        _marks(s, scene, cast[0][1], light)
    track = torch.zeros(n, 1 + (scene.second is not None), 5, device=device)
    if scene.place == "sea":
        for mark, pose, subject, *_ in cast:
            _float(s, pose, subject)
    for mark, pose, subject, colour, depth in _order(scene, cast):
        track[:, mark - 1] = _put(s, scene, subject, Look(colour, light), pose, depth, mark)
    if scene.event == "blocks":
        right = scene.seed % 2 == 0
        size = min(0.20, 0.95 * aspect / 6)
        left = aspect * 0.02 if right else -aspect * 0.02 - 6 * size
        events.draw_blocks(s, events.BlockMachine(scene.detail or "fall", s.dice("machine")), left, GROUND, size)
    if scene.event == "behind":
        _hide(s, scene, cast[0][1], light)
    front()
    if scene.style in ("ink", "neon"):                    # their pens would outline every drop
        s.image = finish(scene.style, s.image.expand(n, 3, height, width), s.ids, s.seed)
        draw_weather(s, scene.weather, scene.place, dark=scene.style == "ink")
        image = s.image.clamp_(0, 1)
    else:
        draw_weather(s, scene.weather, scene.place)
        image = finish(scene.style, s.image.expand(n, 3, height, width), s.ids, s.seed)
    whole = [((s.ids == m).flatten(1).sum(1)) for m in range(1, track.shape[1] + 1)]
    for m, seen in enumerate(whole):
        track[:, m, 4] = (seen / track[:, m, 4].clamp(min=1)).clamp(0, 1)
    return image.contiguous(), s.ids, s.depth, track


def _cast(scene: Scene, clock: Clock, aspect: float, frame: float):
    """Poses on the screen of the main subject and, if any, the second; and the camera that follows."""
    pose, _ = poses.place_subject(scene, clock, aspect, frame)
    camera = poses.place_camera(scene, clock, aspect, frame)
    cast = []
    if scene.second:
        other = replace(scene, subject=scene.second.subject, colour=scene.second.colour, motion="still", size="medium", event="none")
        mate, _ = poses.place_subject(other, clock, aspect, frame)
        _relate(scene.second.relation, pose, mate, scene, aspect)
        cast = [[2, mate, scene.second.subject, scene.second.colour]]
        if scene.motion in ("left", "right"):
            pose.x = pose.x - pose.x.mean() * 0 if clock.loop else pose.x
            mate.x = mate.x + (pose.x - pose.x[:1] * 0 - (pose.x.mean()))
            mate.pace = 1.0
            mate.mirror = pose.mirror and TABLE[scene.second.subject].flips
    px, py, ps = poses.keep_in_frame(pose, camera, aspect, scene.event in ("behind", "mark", "blocks") or scene.second is not None)
    yaw = poses.orbit_yaw(scene, clock, pose.yaw)
    pose = replace(pose, x=px, y=py, scale=ps, yaw=yaw)
    for c in cast:
        m = c[1]
        cx = 0.0 if camera.stretch else camera.x
        c[1] = replace(m, x=(m.x - cx) * camera.zoom, y=(m.y - camera.y) * camera.zoom, scale=m.scale * camera.zoom, yaw=yaw if scene.camera == "orbit" else m.yaw)
    return [(1, pose, scene.subject, scene.colour), *map(tuple, cast)], camera


def _relate(relation: str, main, mate, scene: Scene, aspect: float) -> None:
    """Set two poses into their relation on the screen."""
    a, b = TABLE[scene.subject], TABLE[scene.second.subject]
    half_a, half_b = float(main.scale.max()) * a.half_width, float(mate.scale.max()) * b.half_width
    tall_a, tall_b = float(main.scale.max()) * a.half_height, float(mate.scale.max()) * b.half_height
    if relation in ("left of", "right of"):
        gap = half_a + half_b + 0.06
        shrink = min(1.0, 1.86 * aspect / (2 * gap))
        side = -1 if relation == "left of" else 1
        for p, y_half, share in ((main, tall_a, half_b / gap), (mate, tall_b, -half_a / gap)):
            p.y = p.y - y_half * (1 - shrink) * (1.0)
            p.scale = p.scale * shrink
        main.x, mate.x = main.x + side * shrink * gap * 0.5, mate.x - side * shrink * gap * 0.5
        off = side * shrink * (half_b - half_a) * 0.5
        main.x, mate.x = main.x + off, mate.x + off
    elif relation == "above":
        shrink = min(1.0, 1.66 / (2 * (tall_a + tall_b)))
        main.scale, mate.scale = main.scale * shrink, mate.scale * shrink
        mate.y = mate.y * 0 + GROUND - 0.10 + tall_b * shrink
        main.y = main.y - main.y.mean() + mate.y.mean() + (tall_a + tall_b) * shrink + 0.05
    elif relation == "behind":
        main.x, main.y = main.x - 0.22 * (half_a + half_b), main.y + 0.16
        mate.x, mate.y = mate.x + 0.30 * (half_a + half_b), mate.y - 0.10
    else:
        main.x, main.y = main.x - 0.22 * (half_a + half_b), main.y - 0.12
        mate.x, mate.y = mate.x + 0.30 * (half_a + half_b), mate.y + 0.14


def _order(scene: Scene, cast):
    """Farthest first, with the depth of each."""
    main = cast[0]
    if len(cast) == 1:
        return [(main[0], main[1], main[2], main[3], 0.50)]
    mate = cast[1]
    back, fore = ((main, mate) if scene.second.relation == "behind" else (mate, main))
    return [(back[0], back[1], back[2], back[3], 0.54), (fore[0], fore[1], fore[2], fore[3], 0.48)]


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


def _put(s: Stage, scene: Scene, subject: str, look: Look, pose, depth: float, mark: int) -> Tensor:
    """Draw one subject; returns its track (N, 5) with its whole area in pixels in the last place."""
    thing = TABLE[subject]
    x, y, unit, tops, lefts = _box(s, pose, thing.half_width, thing.half_height, 0.34 if s.light.lamp > 0.3 else 0.14)
    if pose.mirror:
        x = -x
    if thing.solid or thing.stance == "ground":
        _shade_ground(s, pose, thing)
    ink = Ink(x, y, unit, 0.0 if s.flat else 1.0)
    beat = lambda hz: s.clock.beat(hz * poses.PACE[scene.speed]) if not s.clock.loop else s.clock.beat(hz)
    if thing.solid:
        thing.draw(ink, look, beat, pose.pace, pose.yaw)
    else:
        thing.draw(ink, look, beat, pose.pace)
    if scene.event == "mark" and subject == "burger":
        events.bites(ink, s.clock.part)
    s.glue(ink, tops, lefts, depth, mark, look.edge, 0.022, 0.34)
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
    if thing.stance != "ground":
        return
    hop = pose.hop if isinstance(pose.hop, Tensor) else 0.0
    foot, wide = pose.y - pose.scale * thing.half_height - hop, pose.scale * thing.half_width
    rows = s.rows(foot.min() - 0.5, foot.max() + 0.1)
    x, y = s.xs - pose.x, s.ys[:, rows] - foot
    if subject in ROOTED:
        mound = torch.maximum(ellipse(x, y, 0.0, -0.16, wide + 0.26, wide * 0.0 + 0.24), -0.40 - y)
        sand = s.light.layer((0.93, 0.80, 0.55), 0.0)
        s.ornament(mound, rows, sand, 0.52, shadow=0.3)
        s.ornament(torch.maximum(mound, y + 0.10), rows, tuple(c * 0.86 for c in sand), 0.52)
    else:
        wood = s.light.layer((0.60, 0.40, 0.25), 0.0)
        raft = box(x, y, 0.0, -0.075, wide + 0.07, 0.075 + wide * 0.0, 0.03)
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


def _marks(s: Stage, scene: Scene, pose, light) -> None:
    side = -1.0 if scene.motion == "left" else 1.0
    thing = TABLE[scene.subject]
    start = float(pose.x[0]) if s.clock.index[0] == 0 else None
    if start is None:
        start = float(poses.place_subject(scene, Clock(torch.zeros(1, device=s.xs.device), s.clock.period, scene.loop), s.aspect, FRAME[scene.framing])[0].x)
    if scene.subject == "paintbrush":
        scale = float(pose.scale.max())
        tip_x, tip_y = pose.x - 0.47 * scale, pose.y - 0.80 * scale
        level = float(tip_y.mean())

        def path(x):
            return level + 0.05 * (x * 5.0).sin()
        events.stroke(s, tip_x, start - 0.47 * scale, Look(scene.colour, light).c, side, path, 0.085)
    elif scene.subject in ("fox", "person", "robot"):
        ground = float((pose.y - pose.scale * thing.half_height).mean())
        size = 0.036 if scene.subject == "fox" else 0.046
        dark = tuple(c * 0.55 for c in light.layer({"snow": (0.66, 0.74, 0.90), "desert": (0.78, 0.56, 0.34), "meadow": (0.40, 0.36, 0.22)}.get(scene.place, (0.4, 0.38, 0.42)), 0.0))
        events.footprints(s, pose.x, start, side, ground, 0.15, size, dark)


def _hide(s: Stage, scene: Scene, pose, light) -> None:
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
    events.occluder(ink, scene.detail or "tree", light)
    left = round(s.width / 2 - 0.5) - pw
    ink.rgb, ink.alpha = ink.rgb.expand(s.n, -1, -1, -1), ink.alpha.expand(s.n, -1, -1, -1)
    s.glue(ink, [0] * s.n, [left] * s.n, 0.36, 3, None, 0.02, 0.36)
