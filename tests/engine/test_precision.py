"""Which numbers a machine computes in: asked of its processor, and the same for what is made and what is learnt."""

import pytest
import torch

from engine import doctor, precision


@pytest.mark.parametrize("flags, kind, says", [((), torch.float32, "does not compute in bfloat16"), (("amx_bf16",), torch.bfloat16, "amx_bf16")])
def test_weights_training_and_the_doctor_go_by_the_same_flags(monkeypatch, flags, kind, says):
    monkeypatch.setattr(precision, "narrow_flags", lambda: flags)
    monkeypatch.setattr(doctor, "narrow_flags", lambda: flags)
    assert precision.fast_dtype("cpu") == kind and precision.fast_dtype("cuda") == torch.bfloat16
    with precision.mixed("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == kind
    assert says in doctor.numbers().says
