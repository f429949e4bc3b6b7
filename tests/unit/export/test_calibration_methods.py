from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from export.calibration_methods import BINS, METHODS, Magnitudes, entropy, minmax, percentile

pytestmark = pytest.mark.train


def _magnitudes(values: np.ndarray) -> Magnitudes:
    magnitudes = np.abs(values)
    largest = float(magnitudes.max())
    return Magnitudes(largest, np.histogram(magnitudes, BINS, (0.0, largest))[0])


def test_a_rare_peak_is_cut_by_entropy_and_percentile_but_not_by_minmax() -> None:
    values = np.random.default_rng(0).normal(0, 1, 200_000)
    values[:3] = 40.0
    seen = _magnitudes(values)

    assert minmax(seen) == 40.0
    assert 3.5 < percentile(seen) < 5.0
    assert 2.5 < entropy(seen) < 8.0


def test_nothing_is_cut_of_what_is_spread_evenly() -> None:
    seen = _magnitudes(np.linspace(0, 2, 500_000))

    assert minmax(seen) == 2.0
    assert percentile(seen) == pytest.approx(2.0, rel=1e-3)
    assert entropy(seen) > 1.9


def test_entropy_looks_past_the_zeros_behind_a_relu() -> None:
    values = np.abs(np.random.default_rng(0).normal(0, 1, 50_000))
    with_zeros = np.concatenate([values, np.zeros(10**6)])

    assert entropy(_magnitudes(with_zeros)) == pytest.approx(entropy(_magnitudes(values)), rel=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_an_activation_that_is_always_zero_has_a_scale(method: str) -> None:
    counts = np.zeros(BINS, dtype=np.int64)
    counts[0] = 100

    assert 0 < METHODS[method](Magnitudes(0.0, counts)) < 1e-3  # type: ignore[index]
