"""Muon and AdamW behind one face: who trains what, and a run that goes on as if it had never stopped."""

import json

import torch
from safetensors.torch import load_file
from torch import nn

from engine.training.optimiser import Optimiser, hidden_matrices
from engine.training.run import Budget, Stage


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.read, self.write = nn.Linear(6, 16), nn.Linear(16, 6)
        self.blocks = nn.ModuleList([nn.Linear(16, 16), nn.Linear(16, 16)])

    def forward(self, x):
        x = self.read(x)
        for block in self.blocks:
            x = x + torch.tanh(block(x))
        return self.write(x)


def walked(folder, steps: int, muon=("blocks.",)) -> Stage:
    """A net that learns to turn its input round, for so many steps of thirty."""
    torch.manual_seed(3)
    stage = Stage(folder, "net", Net(), Budget(steps=30), 1e-2, muon=muon)
    for step in stage:
        x = torch.randn(32, 6, generator=torch.Generator().manual_seed(step))
        stage.update((stage.model(x) - x.flip(1)).square().mean())
        if stage.step + 1 == steps:
            stage.step += 1
            stage.save()
            break
    return stage


def test_muon_trains_the_matrices_of_the_blocks_alone():
    net = Net()
    hidden = hidden_matrices(net, ("blocks.",))
    assert [id(p) for p in hidden] == [id(block.weight) for block in net.blocks] and hidden_matrices(net, ()) == []
    adam, muon = Optimiser(net, 1e-3, hidden).parts
    assert sum(len(group["params"]) for group in adam.param_groups) + len(hidden) == len(list(net.parameters()))
    assert len(Optimiser(net, 1e-3).parts) == 1


def test_a_step_of_muon_moves_all_directions_of_a_matrix_alike():
    net = Net()
    weight = net.blocks[0].weight
    weight.grad = torch.diag(torch.logspace(0, -3, 16))
    before = weight.detach().clone()
    Optimiser(net, 1e-3, hidden_matrices(net, ("blocks.",))).step()
    moved = torch.linalg.svdvals(before * (1 - 1e-5) - weight.detach())
    assert moved[-1] > 0.3 * moved[0], "AdamW's or plain descent's step would be a thousandth of it in the last direction"


def test_a_run_that_stopped_goes_on_to_the_same_bits(tmp_path):
    whole = walked(tmp_path / "whole", 30)
    walked(tmp_path / "parts", 12)
    said = load_file(tmp_path / "parts" / "net.safetensors")
    assert "momentum_buffer.blocks.0.weight" in said and "exp_avg.read.weight" in said and "exp_avg.blocks.0.weight" not in said
    assert json.loads((tmp_path / "parts" / "net.json").read_text())["step"] == 12
    again = walked(tmp_path / "parts", 30)
    for (name, a), b in zip(whole.model.named_parameters(), again.model.parameters()):
        assert torch.equal(a, b), name


def test_a_checkpoint_of_another_optimiser_is_gone_on_from(tmp_path):
    walked(tmp_path / "run", 12, muon=())
    stage = walked(tmp_path / "run", 30)
    assert stage.step == 30 and all(p.isfinite().all() for p in stage.model.parameters())
