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
        "mixing": 0.3,
        "sparse_share": 1.0,
        "spike_share": 1.0,
        "scaling": 0.2,
    }
    wide = torch.cat([_wide(line) for line in range(60, 124)]) + 0.05
    plain = wide[:, MARGIN : MARGIN + BANDS] / wide.amax(dim=1, keepdim=True)
    for name, value in changes.items():
        part = AugmentPart.model_validate({name: value})
        first, again = (
            Augmentation(part, BANDS, torch.Generator().manual_seed(3))(wide) for _ in range(2)
        )
        assert torch.equal(first, again)
        assert not torch.allclose(first, plain, atol=1e-3), name
        if name != "scaling":
            torch.testing.assert_close(first.amax(dim=1), torch.ones(64))


def _changed(name: str, value: float, wide: Tensor) -> Tensor:
    part = AugmentPart.model_validate({name: value})
    return Augmentation(part, BANDS, torch.Generator().manual_seed(0))(wide)


def test_mixing_adds_less_than_half_of_another_spectrum() -> None:
    wide = torch.cat([_wide(50), _wide(150)]).repeat(32, 1)
    mixed = _changed("mixing", 0.4, wide)

    own = mixed[::2, 50].minimum(mixed[1::2, 150])
    other = mixed[::2, 150].maximum(mixed[1::2, 50])
    assert own.min() > 0.999  # the maximum stays its own
    assert 0.2 < other.max() < 0.4 / 0.6 + 1e-6
    assert (mixed[::2, 150] < 1e-6).any()  # half of them are left alone


def test_down_sampling_keeps_straight_lines_and_cuts_narrow_ones() -> None:
    ramp = torch.linspace(0, 1, BANDS + 2 * MARGIN).repeat(8, 1)
    torch.testing.assert_close(
        _changed("sparse_share", 1.0, ramp), _changed("noise", 0.0, ramp), atol=1e-5, rtol=0
    )
    two = (_wide(60) + 0.9 * _wide(140)).repeat(64, 1)
    heights = _changed("sparse_share", 1.0, two)[:, 140]
    assert heights.min() < 0.5 < 0.9 < heights.max() + 0.1


def test_spikes_are_three_points_at_most() -> None:
    flat = torch.ones(64, BANDS + 2 * MARGIN)
    spiked = _changed("spike_share", 1.0, flat)
    points = (spiked > spiked.median(dim=1, keepdim=True).values * 1.001).sum(dim=1)

    assert points.min() >= 1
    assert points.max() == 3


def test_scaling_scales_the_whole_spectrum() -> None:
    scaled = _changed("scaling", 0.2, _wide(100).repeat(64, 1))
    highest = scaled.amax(dim=1)

    assert 0.8 <= highest.min() < 0.9 < 1.1 < highest.max() <= 1.2
    assert (scaled.argmax(dim=1) == 100).all()
