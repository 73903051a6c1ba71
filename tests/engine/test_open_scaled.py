"""Numbers in eight bits with scales for rows and for blocks: every number is what it was meant to be, and what nobody can tell is refused."""

from __future__ import annotations

import pytest
import singles
import torch
from safetensors.torch import load_file

from engine.denoisers.open import headers, scaled
from engine.errors import WeightsError


@pytest.mark.parametrize("rows, columns, side", [(256, 384, 128), (200, 300, 128), (1, 300, 128), (300, 7, 128), (129, 128, 128), (128, 192, 64), (512, 300, 256), (33, 31, 32)])
@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2], ids=["e4m3", "e5m2"])
def test_a_block_at_an_edge_is_cut_off_and_every_number_has_its_own_scale(tmp_path, rows, columns, side, kind):
    chance = torch.Generator().manual_seed(rows)
    numbers = torch.randn(rows, columns, generator=chance).to(kind)
    scale = torch.rand(-(-rows // side), -(-columns // side), generator=chance) + 0.5
    file = singles.safetensors(tmp_path / "a.safetensors", {"a.weight": numbers, "a.weight_scale_inv": scale, "a.bias": torch.ones(3)})
    assert list(scaled.left(file, headers.read(file))) == ["a.bias", "a.weight"]
    made = scaled.plain(load_file(file))
    assert made.keys() == {"a.weight", "a.bias"} and made["a.weight"].dtype == torch.float32
    assert all(made["a.weight"][row, column] == numbers[row, column].float() * scale[row // side, column // side] for row in {0, rows // 2, rows - 1} for column in range(columns))


def test_a_scale_for_each_row_of_a_convolution_is_read(tmp_path):
    numbers, scale = torch.randn(5, 2, 1, 3, generator=torch.Generator().manual_seed(1)).to(torch.float8_e4m3fn), torch.arange(1.0, 6)
    for shape in ((5,), (5, 1), (5, 1, 1, 1)):
        file = singles.safetensors(tmp_path / "a.safetensors", {"a.weight": numbers, "a.weight_scale": scale.reshape(shape)})
        scaled.left(file, headers.read(file))
        assert all(torch.equal(scaled.plain(load_file(file))["a.weight"][row], numbers[row].float() * (row + 1)) for row in range(5))


@pytest.mark.parametrize("shape, scale", [
    ((200, 300), (300,)), ((200, 300), (1, 300)), ((200, 300), (2, 2)), ((200, 300), (3, 2)), ((200, 300), (6,)), ((200, 300), (200, 3)), ((200, 300), (200, 3, 1)), ((200, 300), (200, 300)), ((200, 300), (0,)), ((300,), (300,)), ((256, 256, 1, 1), (2, 2)),
])  # fmt: skip
def test_scales_that_nobody_can_tell_the_reach_of_are_refused(tmp_path, shape, scale):
    file = singles.safetensors(tmp_path / "a.safetensors", {"a.weight": torch.zeros(shape).to(torch.float8_e4m3fn), "a.weight_scale": torch.ones(scale)})
    with pytest.raises(WeightsError, match="a.weight_scale is of .* numbers of F32, and what it scales of .*One scale for each tensor, each row or each square block is read"):
        scaled.left(file, headers.read(file))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0])
def test_of_many_scales_each_is_looked_at_and_an_empty_part_may_have_none(wrong):
    numbers = {"a.weight": torch.ones(200, 300).to(torch.float8_e4m3fn), "a.weight_scale": torch.ones(2, 3)}
    numbers["a.weight_scale"][1, 2] = 0
    assert scaled.plain(numbers)["a.weight"].sum() == 200 * 300 - 72 * 44
    numbers["a.weight_scale"][0, 1] = wrong
    with pytest.raises(WeightsError, match=f"a.weight_scale is {wrong}: the file is damaged"):
        scaled.plain(numbers)
