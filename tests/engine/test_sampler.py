"""The sampler against denoisers whose answer is known by mathematics."""

import pytest
import torch

from engine import operations as op
from engine.canvas import Canvas
from engine.denoisers.exact import GaussianDenoiser, IdealDenoiser
from engine.denoisers.guidance import Guided
from engine.errors import BadRequest, GridMismatch
from engine.sampler import noise, plan, renewed, sample, uniform
from engine.solvers import RENEWING, SOLVERS

SECOND = [solver for solver in SOLVERS if solver not in ("euler", *RENEWING)]
gauss = GaussianDenoiser(spread=0.5)


def clip(frames, films=1, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(films, 2, frames, 3, 4, generator=chance)


def text(frames, films=1):
    return op.text((films, 2, frames, 3, 4))


def film(denoise, canvas, levels, solver="euler", seeds=7):
    """The finished film: the last step's x."""
    *_, last = sample(denoise, canvas, noise(canvas.shape, seeds), levels, solver)
    assert torch.isfinite(last.x).all()
    return last.x


# ---- the path is the right one

def worst_error(steps, solver):
    """For data ~ N(0, s²) noise z must arrive at s * z."""
    canvas = text(2)
    return (film(gauss, canvas, uniform(steps), solver) - 0.5 * noise(canvas.shape, 7)).abs().max().item()


def test_twice_the_steps_halve_the_error():
    coarse, fine = worst_error(50, "euler"), worst_error(100, "euler")
    assert 0.4 * coarse < fine < 0.6 * coarse


@pytest.mark.parametrize("solver", SECOND)
def test_twice_the_steps_quarter_the_error_of_second_order(solver):
    """Up to the logarithm that strides of lambda without end at levels 0 and 1 bring in: 0.29 is measured."""
    coarse, fine = worst_error(160, solver), worst_error(320, solver)
    assert fine < 0.3 * coarse
    assert fine < 0.05 * worst_error(320, "euler")


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_walk_ends_at_a_film_of_the_data(solver):
    films = clip(3, films=2)
    end = film(IdealDenoiser(films), text(3), uniform(30), solver)
    assert min((end[0] - one).abs().max().item() for one in films) < 1e-4


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_kept_says_which_film_it_is(solver):
    films = clip(6, films=5, seed=3)
    end = film(IdealDenoiser(films), op.extend(films[4:5, :, :2], frames=4), uniform(20), solver)
    assert (end[0] - films[4]).abs().max() < 1e-4


def test_a_step_lands_where_a_flow_map_meant_to():
    """A mean velocity u, given as x0 = x - level * u, takes x to x - (level - next) * u."""
    u = clip(2, seed=5)
    steps = list(sample(lambda x, level, after: x - level * u, text(2), noise((1, 2, 2, 3, 4), 7), (1.0, 0.4, 0.0)))
    torch.testing.assert_close(steps[0].x, noise((1, 2, 2, 3, 4), 7) - 0.6 * u)


# ---- what is kept is kept

def contrary(x, level, after):
    """A denoiser that says something wild of every cell, kept ones too."""
    return torch.full_like(x, float("nan")).where(level == 0, 3.0 * x + 1)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("rule", ["scale", "join", "staggered"])
@pytest.mark.parametrize("canvas, kept", [
    (op.extend(clip(3), frames=3),                   slice(0, 3)),
    (op.precede(clip(3), frames=3),                  slice(3, 6)),
    (op.inpaint(clip(6), slice(2, 4)),               slice(4, 6)),
])
def test_kept_frames_come_back_bit_for_bit(canvas, kept, rule, solver):
    end = film(contrary, canvas, plan(canvas.levels, uniform(5), rule), solver)
    assert torch.equal(end[:, :, kept], canvas.latents[:, :, kept])
    assert not torch.equal(end, canvas.latents)


def test_kept_cells_come_back_bit_for_bit_even_when_their_context_is_noised():
    canvas = op.extend(clip(3), frames=3)
    levels = plan(canvas.levels, uniform(5)).clone()
    levels[:-1, :, :, :3] = 0.1
    assert torch.equal(film(gauss, canvas, levels)[:, :, :3], clip(3))


def test_all_kept_is_all_there_is():
    assert torch.equal(film(contrary, Canvas.keep(clip(4)), uniform(3)), clip(4))


# ---- a level map is no special case

def plain(denoise, x, sigmas):
    """Rectified flow as it stands in the paper, with one level for everything."""
    for now, after in zip(sigmas, sigmas[1:]):
        level = torch.full((1, 1, 1, 1, 1), now)
        velocity = (x - denoise(x, level, level)) / now
        x = x + (after - now) * velocity
    return x


def test_a_uniform_map_is_plain_sampling():
    start = noise((1, 2, 3, 3, 4), 7)
    torch.testing.assert_close(film(gauss, text(3), uniform(12)), plain(gauss, start, uniform(12)))


def test_an_edit_starts_at_its_level():
    clean, start = clip(3), noise((1, 2, 3, 3, 4), 7)
    sigmas = [0.6 * sigma for sigma in uniform(12)]
    expected = plain(gauss, 0.4 * clean + 0.6 * start, sigmas)
    torch.testing.assert_close(film(gauss, op.edit(clean, 0.6), uniform(12)), expected)


def test_a_light_edit_stays_near_what_it_edits():
    clean = clip(4)
    far = [(film(gauss, op.edit(clean, level), uniform(20)) - clean).abs().mean().item() for level in (0.2, 0.5, 0.9)]
    assert far == sorted(far)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("canvas", [text(5), op.extend(clip(2), frames=3)])
def test_a_staircase_without_lag_is_plain(canvas, solver):
    stairs = plan(canvas.levels, uniform(6), "staggered", lag=0)
    assert torch.equal(film(gauss, canvas, stairs, solver), film(gauss, canvas, uniform(6), solver))


@pytest.mark.parametrize("solver", SOLVERS)
def test_scale_and_join_are_one_where_all_is_kept_or_generated(solver):
    canvas = op.connect(clip(2), clip(2, seed=1), frames=3)
    scale, join = (film(gauss, canvas, plan(canvas.levels, uniform(6), rule), solver) for rule in ("scale", "join"))
    assert torch.equal(scale, join)


def test_a_staircase_is_drawn_as_one():
    levels = plan(op.extend(clip(1), frames=3).levels, uniform(2), "staggered", lag=1)[:, 0, 0, :, 0, 0]
    assert levels.tolist() == [
        [0, 1.0, 1.0, 1.0],
        [0, 0.5, 1.0, 1.0],
        [0, 0.0, 0.5, 1.0],
        [0, 0.0, 0.0, 0.5],
        [0, 0.0, 0.0, 0.0],
    ]


def test_a_cell_waits_until_the_noise_comes_down_to_it():
    levels = plan(op.edit(clip(3), [0, 0.6, 1.0]).levels, uniform(4), "join")[:, 0, 0, :, 0, 0]
    torch.testing.assert_close(levels, torch.tensor([
        [0, 0.60, 1.00], [0, 0.60, 0.75], [0, 0.50, 0.50], [0, 0.25, 0.25], [0, 0, 0]]))


def test_a_model_is_not_asked_while_all_of_a_film_waits():
    canvas, asked = op.edit(clip(3), 0.5), []

    def counted(x, level, after):
        asked.append(float(level.amax()))
        return gauss(x, level, after)

    steps = list(sample(counted, canvas, noise(canvas.shape, 7), plan(canvas.levels, uniform(8), "join")))
    assert asked == [0.5, 0.375, 0.25, 0.125] and [step.index for step in steps] == list(range(8))


@pytest.mark.parametrize("solver", SECOND)
@pytest.mark.parametrize("rule", ["scale", "join", "staggered"])
def test_second_order_survives_every_mixture_of_levels(rule, solver):
    """Held, finished, kept and late cells side by side: one NaN would poison a whole film through attention."""
    chance = torch.Generator().manual_seed(1)
    levels = torch.rand(1, 1, 6, 3, 4, generator=chance)
    levels[levels < 0.3], levels[levels > 0.8] = 0, 1
    canvas = Canvas(clip(6), levels)

    def mixing(x, level, after):                                            # every cell hears of every other
        return gauss(x, level, after) + 0.1 * x.mean()

    run = plan(levels, uniform(8), rule, lag=2, block=2)
    for step in sample(mixing, canvas, noise(canvas.shape, 7), run, solver):
        assert torch.isfinite(step.x).all() and torch.isfinite(step.x0).all()


@pytest.mark.parametrize("solver", SECOND)
@pytest.mark.parametrize("rule", ["join", "staggered"])
def test_it_is_of_second_order_for_waiting_cells_too(rule, solver):
    canvas = op.edit(clip(4), [0.4, 0.7, 1.0, 1.0])

    def end(steps):
        return film(gauss, canvas, plan(canvas.levels, uniform(steps), rule, lag=steps // 8), solver)

    best = film(gauss, canvas, plan(canvas.levels, uniform(2000), "scale"), solver)
    coarse, fine = ((end(steps) - best).abs().max().item() for steps in (40, 80))
    assert fine < 0.35 * coarse


# ---- chance

def test_the_same_seed_is_the_same_film():
    assert torch.equal(film(gauss, text(3), uniform(4)), film(gauss, text(3), uniform(4)))
    assert not torch.equal(film(gauss, text(3), uniform(4)), film(gauss, text(3), uniform(4), seeds=8))


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_film_in_a_batch_is_the_film_alone(solver):
    both = film(gauss, text(3, films=2), uniform(4), solver, seeds=[7, 8])
    alone = [film(gauss, text(3), uniform(4), solver, seeds=seed) for seed in (7, 8)]
    assert torch.equal(both, torch.cat(alone))


def test_noise_is_drawn_on_the_cpu_and_leaves_other_chance_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    drawn = noise((1, 12, 4, 16, 16), 2**63 - 1)
    assert torch.equal(torch.get_rng_state(), before)
    assert drawn.device.type == "cpu" and drawn.dtype == torch.float32
    assert abs(drawn.mean()) < 0.02 and abs(drawn.std() - 1) < 0.02


def test_a_longer_film_starts_from_the_same_noise():
    assert torch.equal(noise((1, 2, 9, 3, 5), 7)[:, :, :4], noise((1, 2, 4, 3, 5), 7))


def test_frames_of_noise_are_not_alike():
    first, second = noise((1, 12, 2, 16, 16), 7)[0].unbind(1)
    assert abs(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]) < 0.05


def test_a_solver_that_renews_noise_leaves_the_spread_of_films_as_it_is():
    """For data ~ N(0, s²) films end with deviation s, whatever noise came in on the way; and it did come in."""
    canvas = op.text((1, 12, 4, 16, 16))
    end = film(GaussianDenoiser(0.5), canvas, uniform(100), "sde")
    straight = film(GaussianDenoiser(0.5), canvas, uniform(100), "multistep")
    assert abs(end.std() - 0.5) < 0.02 and abs(torch.corrcoef(torch.stack([end.flatten(), straight.flatten()]))[0, 1]) < 0.1


def test_new_noise_is_unlike_what_was_and_alike_in_a_batch_and_a_longer_film():
    both = noise((2, 12, 5, 16, 16), [7, 8])
    first, second = renewed(both, 0), renewed(both, 1)
    assert torch.equal(first[1:, :, :3], renewed(noise((1, 12, 3, 16, 16), 8), 0))
    drawn = torch.stack([one.flatten() for one in (both[0], both[1], first[0], first[1], second[0], second[1])])
    assert (torch.corrcoef(drawn) - torch.eye(6)).abs().max() < 0.05
    assert abs(first.std() - 1) < 0.02 and not torch.equal(first[:, :, 0], first[:, :, 1])


# ---- guidance

def test_guidance_of_1_is_none_and_asks_nobody():
    assert torch.equal(film(Guided(gauss, None, 1.0), text(2), uniform(3)), film(gauss, text(2), uniform(3)))


def test_guidance_goes_past_what_was_told():
    told, without = GaussianDenoiser(1e-3, mean=1.0), GaussianDenoiser(1e-3, mean=0.0)
    end = film(Guided(told, without, 3.0), text(2), uniform(20))
    assert abs(end.mean() - 3.0) < 0.05


def test_guidance_acts_within_its_interval_only():
    asked = []

    def without(x, level, after):
        asked.append(level.max().item())
        return torch.zeros_like(x)

    guided = Guided(lambda x, level, after: torch.ones_like(x), without, 2.0, interval=(0.3, 0.8))
    ends = [step.x0.mean().item() for step in sample(guided, text(1), noise((1, 2, 1, 3, 4), 7), uniform(4))]
    assert asked == [0.75, 0.5] and ends == [1, 2, 2, 1]


@pytest.mark.parametrize("levels, loops, expected", [
    ("..####", False, [1, 1, 1, 2, 3, 3]),              # beside what is known none, two frames further all of it
    ("###.##", False, [3, 2, 1, 1, 1, 2]),
    (".#####", True, [1, 1, 2, 3, 2, 1]),               # the last frame of a loop lies beside the first
    ("######", False, [3, 3, 3, 3, 3, 3]),
])
def test_guidance_rises_with_the_way_from_known_film(levels, loops, expected):
    level = torch.tensor([float(mark == "#") for mark in levels]).view(1, 1, -1, 1, 1).expand(1, 1, len(levels), 2, 2)
    guided = Guided(lambda x, *_: torch.ones_like(x), lambda x, *_: torch.zeros_like(x), 3.0, near=2, loops=loops)
    for noise_left in (1.0, 0.2):
        for breath in (0.0, 0.02 * noise_left):         # context may be shown with a breath of noise
            shown = (level * noise_left).clamp_min(breath + 1e-6)
            assert guided(shown, shown, shown)[0, 0, :, 0, 0].tolist() == expected


# ---- what cannot be

@pytest.mark.parametrize("sigmas", [(1.0,), (1.0, 0.5), (1.0, 0.5, 0.5, 0.0), (2.0, 0.0), ()])
def test_a_grid_of_noise_comes_down_to_0(sigmas):
    with pytest.raises(BadRequest, match="down to 0"):
        plan(text(2).levels, sigmas)


def test_noise_of_another_shape_is_refused():
    with pytest.raises(GridMismatch, match="needs noise of that shape"):
        next(sample(gauss, text(3), noise((1, 2, 2, 3, 4), 7), uniform(3)))


def test_an_unknown_solver_or_rule_is_refused():
    with pytest.raises(BadRequest, match="euler, multistep, unipc, sde; heun was asked"):
        film(gauss, text(1), uniform(2), "heun")
    with pytest.raises(BadRequest, match="scale, join, staggered; blend was asked"):
        plan(text(1).levels, uniform(2), "blend")


def test_every_film_needs_a_seed():
    with pytest.raises(BadRequest, match="2 films need 2 seeds; 1 were given"):
        noise((2, 2, 1, 3, 4), 7)
