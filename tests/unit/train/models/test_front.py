"""The flagship's front is the plain pools it replaces, computed faster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import TemplateModelPart
from train.models.template import Front
from train.models.weighted_mean import moving_mean, stretch

pytestmark = pytest.mark.train
_TINY = 1e-6


def _pool(lines: Tensor, window: int) -> Tensor:
    window |= 1
    pool = nn.AvgPool2d((1, window), 1, (0, window // 2), count_include_pad=False)
    pooled: Tensor = pool(lines)
    return pooled


def plain_front(part: TemplateModelPart, intensity: Tensor) -> Tensor:
    """Return what the roots of both views are taken of, by pools and interpolation."""
    coarse = part.coarse_points
    window = (part.opening_points // coarse) | 1
    smooth = _pool(_pool(intensity, part.smoothing_points), part.smoothing_points)
    noise = (intensity - smooth).abs().mean(dim=3, keepdim=True)
    power = (noise / smooth.amax(dim=3, keepdim=True).clamp_min(_TINY)).square()
    smoother = _pool(_pool(smooth, part.noisy_points), part.noisy_points)
    smooth = smooth + power / (power + part.noise_level**2) * (smoother - smooth)
    wide, margin = window * coarse, (window - 1) * coarse // 2
    lowest = -functional.max_pool2d(-smooth, (1, wide), (1, coarse), (0, margin))
    opened = _pool(functional.max_pool2d(lowest, (1, window), 1, (0, window // 2)), window)
    shape = smooth.shape[2:]
    peaks = functional.relu(smooth - functional.interpolate(opened, shape, mode="bilinear"))
    around = functional.avg_pool2d(peaks, (1, coarse), (1, coarse))
    for _ in range(2):
        around = _pool(around, part.contrast_points // coarse)
    around = functional.interpolate(around, shape, mode="bilinear")
    floor = part.contrast_floor * peaks.amax(dim=3, keepdim=True) + _TINY
    return torch.cat([peaks, peaks / (around + floor)], dim=1) + _TINY


@pytest.fixture
def _double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def _spectra(bands: int, count: int = 6) -> Tensor:
    torch.manual_seed(bands)
    noise = torch.rand(count, 1, 1, bands) * torch.linspace(0, 1, count)[:, None, None, None]
    lines = torch.cumsum(torch.randn(count, 1, 1, bands), dim=3).abs() + noise
    return lines / lines.amax(dim=3, keepdim=True)


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("bands", [1392, 1391, 1394, 509, 121])
@pytest.mark.parametrize("changed", [{}, {"coarse_points": 1}, {"coarse_points": 5}])
def test_the_function_is_that_of_plain_pools(bands: int, changed: dict[str, int]) -> None:
    part = TemplateModelPart(name="template", **changed)
    intensity = _spectra(bands)

    views = Front(part, bands)(intensity)

    torch.testing.assert_close(views.square(), plain_front(part, intensity), rtol=1e-10, atol=1e-12)


def test_in_single_precision_nothing_moves_by_more_than_rounding() -> None:
    part = TemplateModelPart(name="template")
    intensity = _spectra(1392, 64)

    views = Front(part, 1392)(intensity).square()

    plain = plain_front(part, intensity)
    torch.testing.assert_close(views[:, :1], plain[:, :1], rtol=0, atol=1e-6)
    # peaks over their surroundings: rounding of the peaks, divided by a fiftieth
    torch.testing.assert_close(views, plain, rtol=0, atol=5e-5)


def test_the_front_adds_nothing_to_a_checkpoint() -> None:
    assert not Front(TemplateModelPart(name="template"), 1392).state_dict()


@pytest.mark.parametrize(("window", "points"), [(7, 1392), (31, 348), (5, 13), (9, 4), (1, 6)])
def test_a_moving_mean_counts_only_points_there_are(window: int, points: int) -> None:
    lines = torch.rand(3, 1, 1, points)
    torch.testing.assert_close(moving_mean(window, points)(lines), _pool(lines, window))


@pytest.mark.parametrize(("factor", "points"), [(4, 348), (3, 7), (1, 5), (20, 6)])
def test_a_stretched_line_is_interpolated(factor: int, points: int) -> None:
    lines = torch.rand(3, 1, 1, points)
    wide = functional.interpolate(lines, (1, factor * points), mode="bilinear")
    torch.testing.assert_close(stretch(factor, points)(lines), wide)
