"""Teaching the decoder again: what its losses see, and that it can begin with the weights that are shipped."""

import json

import pytest
import torch

from engine.denoisers.paper import FOLDER
from engine.evaluation.card import read_runs
from engine.training.decoder import _backend, evenness, pulse
from engine.training.paper import take_up, vocabulary


def moving(steps) -> torch.Tensor:
    """A film (1, 3, 13, 8, 8) that grows lighter by so much from picture to picture."""
    return torch.tensor([0.0, *steps]).cumsum(0).view(1, 1, 13, 1, 1).expand(1, 3, 13, 8, 8)


def test_a_pulse_is_seen_where_latent_frames_meet_and_nowhere_else():
    even = moving([0.02] * 12)
    stepping, elsewhere = (moving([0.06 if at % 4 == where else 0.02 for at in range(12)]) for where in (0, 2))
    assert float(pulse(even)) == 0
    assert float(pulse(stepping)) == pytest.approx(torch.tensor(0.064 / 0.024).log().item(), abs=1e-4), "STILL is added to both"
    assert float(pulse(elsewhere)) == 0, "a film may move as it likes between them"
    assert float(evenness(stepping, even)) > 5 * float(evenness(even, even) + 1e-3), "beside the true film both are seen"


def test_film_that_stands_still_has_no_pulse():
    assert float(pulse(torch.zeros(2, 3, 13, 8, 8))) == 0


def test_shipped_weights_are_taken_up_once(tmp_path):
    take_up(FOLDER, tmp_path)
    shipped = json.loads((FOLDER / "paper.json").read_text())["trained"]
    assert json.loads((tmp_path / "autoencoder" / "trained.json").read_text()) == shipped["autoencoder"], "the card goes on telling how they were made"
    assert json.loads((tmp_path / "decoder" / "before.json").read_text()) == shipped["decoder"]
    shipped["decoder"] = {"steps": 100, "minutes": 2.0, "started from": shipped["decoder"]}
    (tmp_path / "decoder" / "trained.json").write_text(json.dumps(shipped["decoder"]))
    told, _ = read_runs(tmp_path)
    for stage, trained in shipped.items():
        rounds = [trained]
        while "started from" in rounds[-1]:
            rounds.append(rounds[-1]["started from"])
        assert told[stage]["steps"] == sum(one["steps"] for one in rounds)
        assert told[stage]["minutes"] == pytest.approx(sum(one["minutes"] for one in rounds), abs=0.05)
        assert told[stage].get("rounds", 1) == len(rounds)
    assert told["decoder"]["rounds"] > 2
    backend = _backend(tmp_path, vocabulary(), "cpu")
    x = torch.randn(1, 16, 2, 6, 8, generator=torch.Generator().manual_seed(1))
    level = torch.ones(1, 1, 2, 6, 8)
    assert backend.denoiser(["a red fox"], guidance=1.0)(x, level, level).isfinite().all()
    config = tmp_path / "autoencoder" / "config.json"
    config.write_text("own")
    take_up(FOLDER, tmp_path)
    assert config.read_text() == "own", "what is there stays"
