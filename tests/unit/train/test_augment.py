from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from train.augment import Augmentation, margin_points, resample
from train.recipe import AugmentPart

pytestmark = pytest.mark.train
BANDS, MARGIN = 200, 20


def _wide(line: int) -> Tensor:
    points = torch.arange(BANDS + 2 * MARGIN, dtype=torch.float32)
    return torch.exp(-0.5 * ((points - MARGIN - line) / 2) ** 2)[None]


def test_positive_displacement_moves_lines_to_larger_shift() -> None:
    moved = resample(_wide(100), BANDS, torch.tensor([[7.0]]), torch.zeros(1, 1))

    assert int(moved.argmax()) == 107


def test_stretch_leaves_the_middle_where_it_is() -> None:
    stretch = torch.tensor([[0.05]])
    middle = resample(_wide(100), BANDS, torch.zeros(1, 1), stretch)
    side = resample(_wide(150), BANDS, torch.zeros(1, 1), stretch)

    assert int(middle.argmax()) == 100
    assert int(side.argmax()) == 148  # the axis is longer, the line nearer to the middle


def test_the_margin_holds_all_that_displacement_and_stretch_reach() -> None:
    part = AugmentPart(displacement_points=15, stretch=0.01)
    assert margin_points(part, 1392) >= 15 + 0.01 * 1392 / 2


def test_everything_switched_off_returns_the_spectrum() -> None:
    plain = Augmentation(AugmentPart(), BANDS, torch.Generator().manual_seed(0))

    torch.testing.assert_close(plain(_wide(100))[0], _wide(100)[0, MARGIN : MARGIN + BANDS])


def test_a_seed_repeats_and_every_change_changes_something() -> None:
    changes = {
        "displacement_points": 10,
        "stretch": 0.02,
        "ripple": 0.5,
        "blur_share": 1.0,
        "baseline": 3.0,
        "noise": 0.1,
    }
    wide = _wide(100).repeat(64, 1)
    plain = wide[:, MARGIN : MARGIN + BANDS]
    for name, value in changes.items():
        part = AugmentPart.model_validate({name: value})
        first, again = (
            Augmentation(part, BANDS, torch.Generator().manual_seed(3))(wide) for _ in range(2)
        )
        assert torch.equal(first, again)
        assert not torch.allclose(first, plain, atol=1e-3), name
        torch.testing.assert_close(first.amax(dim=1), torch.ones(64))
