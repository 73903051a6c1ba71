"""A canvas is drawn; what is drawn is what was painted."""

import pytest
import torch

from engine import operations as op
from engine.canvas import Canvas
from engine.errors import BadRequest, GridMismatch


def clip(frames=3, films=1, size=(4, 6), seed=0):
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(films, 2, frames, *size, generator=chance)


still = clip(1)
half = torch.zeros(4, 6, dtype=torch.bool)
half[:, 3:] = True


@pytest.mark.parametrize("canvas, strip", [
    (op.text((1, 2, 6, 4, 6)),                      "######"),
    (op.image((1, 2, 6, 4, 6)),                     "#"),
    (op.animate(still, frames=5),                   ".#####"),
    (op.keyframes({0: still, 3: still}, frames=6),  ".##.##"),
    (op.keyframes({5: still}, frames=6),            "#####."),
    (op.extend(clip(3), frames=3),                  "...###"),
    (op.precede(clip(3), frames=3),                 "###..."),
    (op.connect(clip(2), clip(2), frames=2),        "..##.."),
    (op.dissolve(clip(3), clip(4), overlap=1),      "..9..."),
    (op.dissolve(clip(5), clip(5), overlap=3),      "..494.."),
    (op.dissolve(clip(5), clip(5), overlap=5, peak=0.6),    "24642"),
    (op.loop(clip(4), frames=2),                    "...##"),
    (op.finish(clip(4)),                            "4444"),
    (op.outpaint(clip(3), 6, 12, 1, 2),             "###"),
    (op.edit(clip(6), 0.6),                         "666666"),
    (op.edit(clip(6), [0, 0, 0.3, 0.6, 0.9, 1]),    "..369#"),
    (op.inpaint(clip(6), slice(2, 4)),              "..##.."),
    (op.inpaint(clip(3), half),                     "###"),
    (op.inpaint(clip(3), (slice(1, 2), slice(0, 2), slice(0, 1))), ".#."),
    (op.extend(clip(2), frames=2).paint(0.04, slice(0, 2)),  "11##"),    # not quite kept is not drawn as kept
    (op.extend(clip(2), frames=2).paint(0.97, slice(2, 4)),  "..99"),    # nor not quite generated as generated
    (op.extend(clip(2), frames=2).join(op.edit(clip(2), 0.5)), "..##55"),
])
def test_an_operation_paints_its_strip(canvas, strip):
    assert canvas.strip() == strip


def test_every_operation_keeps_the_film_it_was_given():
    a, b = clip(2, seed=1), clip(2, seed=2)
    joined = op.connect(a, b, frames=3)
    assert torch.equal(joined.latents[:, :, :2], a) and torch.equal(joined.latents[:, :, 5:], b)
    assert torch.equal(op.precede(a, frames=3).latents[:, :, 3:], a)
    assert torch.equal(op.keyframes({2: a[:, :, :1]}, frames=4).latents[:, :, 2:3], a[:, :, :1])


def test_an_overlap_starts_as_a_cross_fade():
    a, b = clip(4), clip(5, seed=1)
    canvas = op.dissolve(a, b, overlap=3)
    assert torch.equal(canvas.latents[:, :, :1], a[:, :, :1]) and torch.equal(canvas.latents[:, :, 4:], b[:, :, 3:])
    torch.testing.assert_close(canvas.latents[:, :, 2], (a[:, :, 2] + b[:, :, 1]) / 2)
    for overlap in (0, 5):
        with pytest.raises(BadRequest, match="overlap by 1 to 4"):
            op.dissolve(a, b, overlap)


def test_a_loop_leaves_out_the_frame_that_holds_one_picture():
    assert torch.equal(op.loop(clip(4), 2).latents[:, :, :3], clip(4)[:, :, 1:])
    with pytest.raises(BadRequest, match="Animate it first"):
        op.loop(still, 3)


def test_what_is_painted_around_leaves_the_clip():
    canvas = op.outpaint(clip(3), 6, 12, 1, 2)
    assert torch.equal(canvas.latents[:, :, :, 1:5, 2:8], clip(3)) and canvas.levels[:, :, :, 1:5, 2:8].max() == 0
    assert canvas.levels.sum() == 3 * (6 * 12 - 4 * 6)
    with pytest.raises(BadRequest, match="does not lie within"):
        op.outpaint(clip(3), 6, 12, 3, 2)


def test_a_mask_paints_its_cells_and_no_others():
    canvas = op.inpaint(clip(3), half)
    assert torch.equal(canvas.levels[0, 0, 1], half.float())


def test_a_box_paints_its_cells_and_no_others():
    levels = op.inpaint(clip(3), (slice(1, 3), slice(0, 2), slice(4, 6))).levels
    assert levels.sum() == 2 * 2 * 2 and levels[0, 0, 1:3, 0:2, 4:6].min() == 1


def test_an_edit_returns_a_new_canvas():
    canvas = Canvas.keep(clip(3))
    canvas.paint(1.0), canvas.grow(after=2), canvas.put(clip(1), 0)
    assert canvas.strip() == "..." and torch.equal(canvas.latents, clip(3))


def test_film_on_another_grid_cannot_be_joined():
    with pytest.raises(GridMismatch, match="6x4 cells cannot be joined to .* 8x4 cells"):
        op.connect(clip(2), clip(2, size=(4, 8)), frames=1)


def test_a_keyframe_off_the_canvas_is_refused():
    with pytest.raises(GridMismatch, match="at frame 6 does not fit on a canvas of .* 6 frames"):
        op.keyframes({6: still}, frames=6)


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
def test_levels_run_from_0_to_1(level):
    with pytest.raises(BadRequest, match="from 0 .keep. to 1 .generate."):
        op.edit(clip(2), level)


@pytest.mark.parametrize("level, where", [
    ([0.1, 0.2], None),                                                 # a curve of 2 over 6 frames
    (0.5, torch.ones(9, 9, dtype=torch.bool)),                          # a mask of another size
    (0.5, (slice(0, 1),) * 4),                                          # a box with too many sides
])
def test_what_does_not_fit_is_not_painted(level, where):
    with pytest.raises(GridMismatch, match="does not fit"):
        Canvas.keep(clip(6)).paint(level, where)


def test_a_canvas_refuses_what_is_no_film():
    with pytest.raises(GridMismatch, match="five axes"):
        Canvas.keep(torch.zeros(2, 3, 4))
    with pytest.raises(GridMismatch, match="need levels of"):
        Canvas(clip(3), torch.zeros(1, 1, 2, 4, 6))
    with pytest.raises(GridMismatch, match="float32"):
        Canvas(clip(3).double(), torch.zeros(1, 1, 3, 4, 6))
