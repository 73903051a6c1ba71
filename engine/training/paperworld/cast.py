"""Cast: who is on the stage, where, and in what relation, over a whole shot.

Knows the roles of main and second subject and the camera that follows them. Knows nothing of drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from torch import Tensor

from . import poses
from .places import GROUND
from .poses import Pose
from .scene import Scene
from .stage import Camera, Clock
from .subjects import TABLE


@dataclass(frozen=True)
class Role:
    """One subject on the screen; mark is its number in `Truth.subject_id`, depth 0 near to 1 far."""

    mark: int
    subject: str
    colour: str
    pose: Pose
    depth: float


@dataclass(frozen=True)
class Troupe:
    """Every role of a shot, its camera and its clock."""

    roles: tuple[Role, ...]
    camera: Camera
    clock: Clock

    @classmethod
    def gather(cls, scene: Scene, clock: Clock, aspect: float, frame: float) -> Troupe:
        pose, camera = poses.place_subject(scene, clock, aspect, frame), poses.place_camera(scene, clock, aspect)
        yaw = poses.orbit_yaw(scene, clock, pose.yaw)
        mate = _mate(scene, pose, clock, aspect, frame) if scene.second else None
        free = mate is not None or scene.event in ("behind", "mark", "blocks")
        if not free:
            poses.follow(pose, camera, aspect)
        roles = [Role(1, scene.subject, scene.colour, poses.on_screen(pose, camera, yaw), 0.50)]
        if mate:
            depth = 0.46 if scene.second.relation == "behind" else 0.54
            turned = yaw if scene.camera == "orbit" else mate.yaw
            roles.append(Role(2, scene.second.subject, scene.second.colour, poses.on_screen(mate, camera, turned), depth))
        return cls(tuple(roles), camera, clock)

    def during(self, pictures: slice) -> Troupe:
        """The same troupe for some of its pictures."""
        count = self.clock.seconds.shape[0]

        def cut(value):
            return value[pictures] if isinstance(value, Tensor) and value.shape[0] == count else value
        roles = tuple(replace(r, pose=replace(r.pose, **{f.name: cut(getattr(r.pose, f.name)) for f in fields(Pose)})) for r in self.roles)
        camera = replace(self.camera, **{f.name: cut(getattr(self.camera, f.name)) for f in fields(Camera)})
        return Troupe(roles, camera, Clock(self.clock.index.flatten()[pictures], self.clock.period, self.clock.loop))


def _mate(scene: Scene, main: Pose, clock: Clock, aspect: float, frame: float) -> Pose:
    """The second subject, set into its relation; it travels with the main one."""
    second = scene.second
    mate = poses.place_subject(replace(scene, subject=second.subject, colour=second.colour, motion="still", size="medium", event="none"), clock, aspect, frame)
    _relate(second.relation, main, mate, TABLE[scene.subject], TABLE[second.subject], aspect)
    if scene.motion in ("left", "right"):
        mate.x = mate.x + main.x - main.x.mean()
        mate.pace, mate.mirror = 1.0, scene.motion == "left" and TABLE[second.subject].flips
    return mate


def _relate(relation: str, main: Pose, mate: Pose, a, b, aspect: float) -> None:
    """Move two poses into their relation on the screen; smaller, where both would not fit."""
    big_a, big_b = float(main.scale.max()), float(mate.scale.max())
    half_a, half_b, tall_a, tall_b = big_a * a.half_width, big_b * b.half_width, big_a * a.half_height, big_b * b.half_height
    if relation in ("left of", "right of"):
        side, gap = (-1 if relation == "left of" else 1), half_a + half_b + 0.10
        k = min(1.0, 0.94 * aspect / gap)
        main.x, mate.x = main.x + side * k * (half_b + 0.05), mate.x - side * k * (half_a + 0.05)
        main.y, mate.y = main.y - tall_a * (1 - k), mate.y - tall_b * (1 - k)
        main.scale, mate.scale = main.scale * k, mate.scale * k
    elif relation == "above":
        k = min(1.0, 0.79 / (tall_a + tall_b))
        main.scale, mate.scale = main.scale * k, mate.scale * k
        mate.y = mate.y - mate.y.mean() + GROUND - 0.10 + tall_b * k
        main.y = main.y - main.y.mean() + mate.y.mean() + (tall_a + tall_b) * k + 0.05
    else:
        lift = 0.15 if relation == "behind" else -0.11
        if a.stance in ("air", "swim"):                  # a flyer comes down to what it hides, or is hidden by
            main.y = main.y - main.y.mean() + mate.y.mean() + 0.3 * tall_b
        elif b.stance in ("air", "swim"):
            mate.y = mate.y - mate.y.mean() + main.y.mean() + 0.3 * tall_a
        main.x, main.y = main.x - 0.22 * (half_a + half_b), main.y + lift
        mate.x, mate.y = mate.x + 0.28 * (half_a + half_b), mate.y - lift * 0.8
