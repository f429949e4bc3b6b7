from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.calibration.peaks import background_of, find_peaks, fit_peak, noise_of
from tests.support.lines_in_counts import counts_of


@pytest.mark.parametrize("fwhm_pixels", [1.5, 3.0, 8.0])
@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.9])
def test_a_line_is_found_to_a_fraction_of_a_pixel(fwhm_pixels: float, fraction: float) -> None:
    counts = counts_of([500 + fraction], [3000.0], fwhm_pixels=fwhm_pixels)
    (peak,) = find_peaks(counts)
    assert peak.pixel == pytest.approx(500 + fraction, abs=0.02)
    assert peak.fwhm_pixels == pytest.approx(fwhm_pixels, rel=0.05)
    assert peak.height == pytest.approx(3000.0, rel=0.03)


def test_the_standard_error_is_what_repetitions_scatter_by() -> None:
    found = [
        peak
        for seed in range(200)
        for peak in find_peaks(counts_of([500.3], [400.0], noise=15.0, seed=seed))
    ]
    scatter = float(np.std([peak.pixel for peak in found]))
    told = float(np.median([peak.sigma_pixel for peak in found]))
    assert len(found) == 200
    assert 0.6 < told / scatter < 1.6


def test_a_sloping_background_does_not_move_a_line() -> None:
    counts = counts_of([500.3], [3000.0]) + 20.0 * np.arange(2048)
    nearest = min(find_peaks(counts), key=lambda peak: abs(peak.pixel - 500.3))
    assert nearest.pixel == pytest.approx(500.3, abs=0.02)


def test_a_weaker_neighbour_is_found_beside_a_strong_line() -> None:
    strong, weak = find_peaks(counts_of([500.2, 509.7], [9000.0, 900.0]))
    assert strong.pixel == pytest.approx(500.2, abs=0.02)
    assert weak.pixel == pytest.approx(509.7, abs=0.1)


def test_noise_alone_has_no_peaks() -> None:
    assert sum(len(find_peaks(counts_of([], [], seed=seed))) for seed in range(20)) <= 1


def test_a_saturated_line_is_left_out_and_the_others_are_not() -> None:
    counts = counts_of([500.3, 800.6], [90000.0, 3000.0])
    saturated = counts >= 65535
    (kept,) = find_peaks(np.minimum(counts, 65535.0), saturated=saturated)
    assert kept.pixel == pytest.approx(800.6, abs=0.02)


def test_a_line_at_the_very_edge_is_no_peak() -> None:
    assert find_peaks(counts_of([0.4], [3000.0])) == []
    assert fit_peak(counts_of([], []), 0) is None


def test_noise_is_that_of_neighbours_and_never_none() -> None:
    assert noise_of(counts_of([500.0], [9000.0], noise=7.0)) == pytest.approx(7.0, rel=0.1)
    assert noise_of(np.full(100, 5.0)) > 0


def test_the_background_follows_what_is_broad_and_not_what_is_narrow() -> None:
    broad = 1000.0 + 500.0 * np.sin(np.arange(2048) / 300.0)
    counts = broad + counts_of([500.0], [9000.0], background=0.0, noise=0.0)
    np.testing.assert_allclose(background_of(counts)[30:-30], broad[30:-30], atol=30.0)


@given(arrays(np.float64, st.integers(2, 80), elements=st.floats(-1e6, 1e9)))
def test_whatever_the_counts_nothing_is_raised(counts: np.ndarray) -> None:
    for peak in find_peaks(counts, 1.0):
        assert 0 <= peak.pixel <= counts.size - 1
        assert np.isfinite([peak.sigma_pixel, peak.height, peak.fwhm_pixels]).all()
