"""Lines are found where they were put, and shares are shares."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy")

import numpy as np
from numpy.typing import NDArray

from edge.preprocess import PAPER_GRID
from train.explanation.peaks import find_lines, top_regions

pytestmark = pytest.mark.train

LINES_CM1 = (300.0, 730.0, 1097.0)


def _spectrum(noise: float = 0.0) -> NDArray[np.float32]:
    axis = PAPER_GRID.values
    lines = sum(np.exp(-0.5 * ((axis - line) / 8.0) ** 2) for line in LINES_CM1)
    noisy = lines + noise * np.random.default_rng(0).normal(size=axis.shape)
    return (noisy / noisy.max()).astype(np.float32)


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_lines_are_found_and_noise_is_not(noise: float) -> None:
    found = [peak.position for peak in find_lines(_spectrum(noise), PAPER_GRID)]

    np.testing.assert_allclose(found, LINES_CM1, atol=4.0)


def test_a_flat_spectrum_has_no_lines_and_no_regions() -> None:
    flat = np.ones(PAPER_GRID.count, dtype=np.float32)

    assert find_lines(flat, PAPER_GRID) == ()
    assert top_regions(np.zeros(PAPER_GRID.count), PAPER_GRID) == ()


def test_importance_belongs_to_the_line_it_lies_on() -> None:
    importance = np.zeros(PAPER_GRID.count)
    importance[98:103] = 3.0  # 298 to 302 cm⁻¹
    importance[897] = -5.0  # 1097 cm⁻¹: evidence against counts as importance

    shares = [peak.share(importance) for peak in find_lines(_spectrum(), PAPER_GRID)]
    first, second = top_regions(importance, PAPER_GRID)

    assert shares == pytest.approx([0.75, 0.0, 0.25])
    assert (first.start, first.stop, first.share) == (298.0, 302.0, 0.75)
    assert (second.start, second.stop, second.share) == (1097.0, 1097.0, 0.25)
