"""Mixtures of two real spectra of different minerals, at a stated ratio.

The ratio is one of signals: of the heights of the highest peak above the baseline. It is none of
masses, because minerals scatter with very different cross sections, and none of maxima, which in
raw spectra may be fluorescence. The spectra are added as they were measured, fluorescence and noise
with them, and preprocessed after.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.spectrum import Spectrum
from train.comparators.rooted import averaged, without_baseline
from train.dataset import Dataset
from train.errors import MixtureError

COARSE_POINTS = 4
_LEAST_HEIGHT = 1e-3  # of a spectrum that is all baseline
_SMOOTHNESS, _ASYMMETRY = 400.0, 0.01  # as the comparators on derivatives have them


def peaks_above_baseline(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average spectra in fours and remove their baseline: what adds up where minerals do.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed

    Returns
    -------
    (N, B // 4) float32, not negative
    """
    return without_baseline(averaged(intensity, COARSE_POINTS), _SMOOTHNESS, _ASYMMETRY)


def peak_heights(intensity: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the highest peak above the baseline of each spectrum (N,), in its maxima."""
    heights = peaks_above_baseline(intensity).max(axis=1).astype(np.float64)
    return np.asarray(np.maximum(heights, _LEAST_HEIGHT))


def draw_pairs(
    dataset: Dataset, chosen: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64]:
    """Draw pairs of spectra of different minerals.

    Parameters
    ----------
    dataset : all spectra
    chosen : (m,) positions of those that may be mixed; held out, if a trained model is judged
    count : M, number of pairs; a spectrum may be in several
    seed : the same seed draws the same pairs

    Returns
    -------
    (M, 2) int64, positions in the data set

    Raises
    ------
    MixtureError
        If the spectra that may be mixed are of fewer than two minerals.
    """
    class_ids = dataset.class_ids[chosen]
    if len(np.unique(class_ids)) < 2:
        named = ", ".join(dataset.classes[class_id] for class_id in np.unique(class_ids)) or "none"
        raise MixtureError(len(chosen), named)
    generator = np.random.default_rng(seed)
    first = generator.integers(len(chosen), size=count)
    second = [generator.choice(np.flatnonzero(class_ids != class_ids[one])) for one in first]
    return np.stack([chosen[first], chosen[np.array(second, dtype=np.int64)]], axis=1)


def mix(dataset: Dataset, pairs: NDArray[np.int64], share: float) -> tuple[Spectrum, ...]:
    """Add the second spectrum of each pair to the first.

    Parameters
    ----------
    dataset : all spectra
    pairs : (M, 2) positions in it
    share : of the first in the sum of both peak heights, 0 to 1; 1 gives the first alone

    Returns
    -------
    M spectra on the axes of the first, their highest peaks `share` and `1 - share` high; the
    second counts as zero where it was not measured
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, got {share}")
    used = np.unique(pairs)
    heights = peak_heights(dataset.intensity[used])
    counts = dict(zip(used.tolist(), heights, strict=True))
    mixed: list[Spectrum] = []
    for first, second in pairs.tolist():
        one, other = dataset.spectra[first], dataset.spectra[second]
        added = np.interp(one.axis, other.axis, other.intensity, left=0.0, right=0.0)
        scales = [_maximum(dataset, k) * counts[k] for k in (first, second)]
        intensity = share / scales[0] * one.intensity + (1 - share) / scales[1] * added
        mixed.append(replace(one, intensity=intensity))
    return tuple(mixed)


def _maximum(dataset: Dataset, position: int) -> float:
    """Return the maximum on the grid, in counts: what preprocessing divided by."""
    spectrum = dataset.spectra[position]
    on_grid = np.interp(dataset.grid.values, spectrum.axis, spectrum.intensity, left=0, right=0)
    return float(on_grid.max())
