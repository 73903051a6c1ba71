"""Sampler: walks a canvas from noise to film.

Knows noise levels, one denoiser and one solver. Knows nothing of prompts, weights, files or the app.
Sources: rectified flow (arXiv:2209.03003), a level per frame (arXiv:2407.01392), SDEdit (arXiv:2108.01073).

Noisy film is x = (1 - level) * clean + level * noise, cell by cell. The *level plan* L says how noisy every cell is
before and after every step; the loop follows it and knows nothing else:

    L[step, film, 1, frame, row, column]      (N + 1, B, 1, T, H, W), never rising with the step, 0 at the end
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.canvas import Canvas
from engine.denoisers.base import Denoiser
from engine.errors import BadRequest, GridMismatch
from engine.solvers import RENEWING, SOLVERS, Past, aim

RULES = ("scale", "join", "staggered")


@dataclass(frozen=True, eq=False)
class Step:
    """Where the walk is after a step. At the last step `x` is the finished film."""

    index: int      # 0 .. count - 1
    count: int
    x: Tensor       # (B, C, T, H, W) float32, film at this step's level
    x0: Tensor      # (B, C, T, H, W) float32, the clean film it is thought to become
    past: Past | None = None    # what the solver remembers


def noise(shape: Sequence[int], seeds: int | Sequence[int]) -> Tensor:
    """Gaussian noise (B, C, T, H, W) float32, on the CPU: a seed means the same noise on every machine.

    seeds   one for each film; a single number where B is 1

    Every film has its own generator, so that it comes out the same alone and in a batch; every frame is drawn on its
    own, so that a longer film starts from the same noise as a shorter one.
    Raises BadRequest when there are not as many seeds as films.
    """
    batch, channels, frames, height, width = shape
    seeds = [seeds] if isinstance(seeds, int) else list(seeds)
    if len(seeds) != batch:
        raise BadRequest(f"{batch} films need {batch} seeds; {len(seeds)} were given.")
    films = []
    for seed in seeds:
        chance = torch.Generator("cpu").manual_seed(seed)
        films.append(torch.stack([torch.randn(channels, height, width, generator=chance) for _ in range(frames)], 1))
    return torch.stack(films)


def renewed(noise: Tensor, step: int) -> Tensor:
    """New noise for a step, shaped like `noise` and drawn from it: each frame's seed lies in its own first numbers.

    So it is the same for a film alone, in a batch, in a window and in a walk that goes on later, as the film's noise is.
    """
    def drawn(frame: Tensor) -> Tensor:
        seed = zlib.crc32(frame.flatten()[:4].cpu().numpy().tobytes(), step)
        return torch.randn(frame.shape, generator=torch.Generator("cpu").manual_seed(seed))

    return torch.stack([torch.stack([drawn(frame) for frame in film.unbind(1)], 1) for film in noise]).to(noise.device)


def uniform(steps: int) -> tuple[float, ...]:
    """The plainest grid of global noise: `steps` equal strides from 1 to 0."""
    return tuple(1 - step / steps for step in range(steps + 1))


def plan(levels: Tensor, sigmas: Sequence[float], rule: str = "scale", *, lag: int = 1, block: int = 1) -> Tensor:
    """Unroll a level map over the steps of a run: (N + 1, B, 1, T, H, W) float32.

    levels   (B, 1, T, H, W), what an operation painted
    sigmas   N + 1 numbers from 1 down to 0, the model's own grid of global noise
    rule     how they meet:
             "scale"      map * sigma           every cell takes N strides, shorter ones where less is unknown
             "join"       min(sigma, map)       a cell waits until the global noise has come down to it
             "staggered"  a staircase in time   every `block` frames start `lag` steps after the ones before them,
                                                by "scale" otherwise; takes lag * (blocks - 1) steps more

    Kept frames are on no stair: the staircase starts with the first frame that has anything to generate.
    Raises BadRequest for a grid that is none.
    """
    grid = torch.as_tensor(sigmas, dtype=torch.float32, device=levels.device)
    if grid.dim() != 1 or len(grid) < 2 or grid[0] > 1 or grid[-1] != 0 or not bool((grid[1:] < grid[:-1]).all()):
        raise BadRequest(f"Noise goes from at most 1 down to 0 in at least one step; {tuple(sigmas)} was asked.")
    column = grid.view(-1, 1, 1, 1, 1, 1)
    if rule == "scale":
        return column * levels
    if rule == "join":
        return torch.minimum(column, levels)
    if rule != "staggered":
        raise BadRequest(f"A level plan is one of {', '.join(RULES)}; {rule} was asked.")
    if lag < 0 or block < 1:
        raise BadRequest(f"A staircase has a lag of 0 or more and blocks of 1 frame or more; "
                         f"lag {lag} and block {block} was asked.")
    alive = levels.amax(dim=(0, 1, 3, 4)) > 0
    stair = ((alive.cumsum(0) - 1).clamp(min=0) // block) * lag                 # (T,) steps each frame waits
    count = len(grid) - 1 + int(stair.max())
    step = torch.arange(count + 1, device=levels.device).view(-1, 1)            # (N + 1, T) below
    return grid[(step - stair).clamp(0, len(grid) - 1)].view(count + 1, 1, 1, -1, 1, 1) * levels


@torch.no_grad()
def sample(denoise: Denoiser, canvas: Canvas, noise: Tensor, levels: Tensor | Sequence[float],
           solver: str = "euler", since: Step | None = None, fresh: Callable[[int], Tensor] | None = None) -> Iterator[Step]:
    """Walk `canvas` from noise to film, one `Step` after another; the last one's `x` is the film.

    noise    (B, C, T, H, W) float32, like the canvas
    levels   a level plan (N + 1, B, 1, T, H, W) from `plan`, or just a grid of sigmas, unrolled by "scale"
    solver   one of `engine.solvers`: "euler", exact where the path is straight, and what a flow map is made for, or one of second order
    fresh    new noise for a step, for a solver that wants some; drawn from `noise` unless given
    since    a step of the same walk to go on from: its index, x and past. What follows is bit for bit what it would
             have been; nothing follows the last step

    Kept cells (level 0) come back bit for bit, whatever the denoiser says of them; cells between start at their level.
    Raises GridMismatch when canvas, noise and plan differ in shape, BadRequest for an unknown solver.
    """
    if not isinstance(levels, Tensor):
        levels = plan(canvas.levels, levels)
    if noise.shape != canvas.latents.shape or levels.shape[1:] != canvas.levels.shape:
        raise GridMismatch(f"A canvas of {canvas.shape} needs noise of that shape and a plan of (steps, "
                           f"{tuple(canvas.levels.shape)}); {tuple(noise.shape)} and {tuple(levels.shape)} were given.")
    if solver not in SOLVERS:
        raise BadRequest(f"A solver is one of {', '.join(SOLVERS)}; {solver} was asked.")
    generated = canvas.levels > 0
    count = len(levels) - 1
    past = None
    x = torch.lerp(canvas.latents, noise, levels[0])
    if since is not None:
        x, past = since.x, since.past
    for i in range(0 if since is None else since.index + 1, count):
        level, after = levels[i], levels[i + 1]
        moves = after < level
        if not bool(moves.any()):                                               # all of it waits: nothing is to be asked
            yield Step(i, count, x, canvas.latents, past)
            continue
        # What is known is clamped in x0, not in x: then any solver is right and its history stays true.
        x0 = torch.where(generated, denoise(x, level, after).float(), canvas.latents)
        x0 = torch.where(level > 0, x0, x)
        new = (fresh(i) if fresh else renewed(noise, i)) if solver in RENEWING else None
        x, target, past = aim(solver, x, x0, level, after, past, new)
        # Euler on the straight path: every solver steps so, and the level map cancels. A held cell holds exactly.
        x = torch.lerp(target, x, torch.where(moves, after / level, 1.0))
        if i == count - 1:
            x = torch.where(generated, x, canvas.latents)
        yield Step(i, count, x, x0, past)
