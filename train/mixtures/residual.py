"""What a network says of a mixture once its dominant mineral is subtracted.

The dominant mineral is the network's most probable one. Of its training spectra the most alike, at
the lag where it is, is scaled to explain as much of the mixture as it can and subtracted; the
network classifies what is left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.comparators.rooted import unit_norm
from train.evaluate import Predict
from train.mixtures.made import COARSE_POINTS, peaks_above_baseline
from train.mixtures.unmixing import moved

LAGS = 10
_TINY = 1e-6


def of_residual(
    predict: Predict, intensity: NDArray[np.float32], class_ids: NDArray[np.int64]
) -> Predict:
    """Return a judge whose first is the network's, and whose others are those of the residual.

    Parameters
    ----------
    predict : of a trained network
    intensity : (n, B) preprocessed training spectra
    class_ids : (n,) their classes
    """
    references = peaks_above_baseline(intensity)

    def judge(asked: NDArray[np.float32]) -> NDArray[np.float32]:
        dominant = predict(asked).argmax(axis=1)
        peaks = peaks_above_baseline(asked)
        left = [
            _subtracted(row, references[class_ids == class_id]) if class_id in class_ids else row
            for row, class_id in zip(peaks, dominant, strict=True)
        ]
        scores = predict(_on_grid(np.stack(left), asked.shape[1]))
        return first(scores, dominant)

    return judge


def first(scores: NDArray[np.float32], dominant: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return scores (N, K) with those of the given classes (N,) made the largest.

    >>> first(np.array([[3, 1, 2]], dtype=np.float32), np.array([1])).tolist()
    [[3.0, 4.0, 2.0]]
    """
    ranked = scores.copy()
    ranked[np.arange(len(scores)), dominant] = scores.max(axis=1) + 1
    return ranked


def _subtracted(row: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is left (D,) of peaks (D,) without the reference most alike, of (n, D)."""
    shifted = np.concatenate([moved(references, lag) for lag in range(-LAGS, LAGS + 1)])
    alike = unit_norm(np.sqrt(shifted)) @ np.sqrt(row)
    best = shifted[int(alike.argmax())]
    amount = float(best @ row) / max(float(best @ best), _TINY)
    left: NDArray[np.float32] = np.maximum(row - np.float32(amount) * best, 0)
    return left


def _on_grid(coarse: NDArray[np.float32], bands: int) -> NDArray[np.float32]:
    """Return averaged spectra (N, B // 4) on the grid (N, B) again, maximum one."""
    centres = COARSE_POINTS * np.arange(coarse.shape[1]) + (COARSE_POINTS - 1) / 2
    fine = np.stack([np.interp(np.arange(bands), centres, row) for row in coarse])
    largest = np.maximum(fine.max(axis=1, keepdims=True), _TINY)
    return np.asarray(fine / largest, dtype=np.float32)
