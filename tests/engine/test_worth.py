"""How much each channel of a latent counts: measured on a decoder, kept beside the latents, and what the loss makes of it."""

import pytest
import torch

from engine.training.transformer import velocity_loss
from engine.training.worth import NAME, channel_worth, keep_worth, read_worth


class Painter:
    """A decoder whose pictures are seven parts of the second channel and one of the first; the third is not seen at all."""

    device = "cpu"

    def decode(self, z):
        yield torch.stack([7 * z[:, 1] + z[:, 0]] * 3, 1)


LATENTS = torch.randn(2, 3, 2, 4, 6, generator=torch.Generator().manual_seed(0))


def test_a_channel_is_worth_what_is_seen_of_it_eased():
    worth = channel_worth(Painter(), LATENTS)
    assert worth.mean() == pytest.approx(1) and worth[1] / worth[0] == pytest.approx(49 ** 0.75, rel=1e-3)
    assert 0 < worth[2] < 1e-3, "what is not seen still has a least"


def test_it_is_measured_once_and_kept_beside_the_latents(tmp_path):
    assert read_worth(tmp_path) is None
    keep_worth(tmp_path, Painter(), LATENTS)
    first = (tmp_path / NAME).read_text()
    keep_worth(tmp_path, None, LATENTS)
    assert (tmp_path / NAME).read_text() == first
    assert read_worth(tmp_path).flatten().tolist() == pytest.approx(channel_worth(Painter(), LATENTS).tolist())


def test_the_loss_counts_channels_by_their_worth():
    x0, levels = torch.zeros(1, 2, 1, 4, 4), torch.ones(1, 1, 1, 4, 4)
    worth = torch.tensor([1.5, 0.5]).view(1, 2, 1, 1, 1)
    seen, unseen = torch.zeros_like(x0), torch.zeros_like(x0)
    seen[:, 0], unseen[:, 1] = 1, 1
    assert velocity_loss(seen, x0, levels, levels, worth) == pytest.approx(3 * velocity_loss(unseen, x0, levels, levels, worth))
    assert velocity_loss(x0 + 1, x0, levels, levels, worth) == pytest.approx(velocity_loss(x0 + 1, x0, levels, levels))
