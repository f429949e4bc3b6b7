"""Unmixing: which training spectra, in non-negative amounts, add up to what was measured.

Every training spectrum is a reference: averaged in fours, baseline removed, square root, unit norm.
A class contributes what its references do. The root makes the sum inexact and is better all the
same: without it strong lines decide alone, and in a library they differ most between specimens.

Non-negative least squares (Lawson and Hanson 1974) by scipy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.cluster import KMeans

from train.comparators.rooted import unit_norm
from train.evaluate import Predict
from train.mixtures.made import peaks_above_baseline

_CENTRES = 4
_TINY = 1e-12


def rooted_peaks(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is unmixed: (N, B // 4) of unit norm, of preprocessed spectra (N, B)."""
    return unit_norm(np.sqrt(peaks_above_baseline(intensity)))


@dataclass(frozen=True, slots=True)
class Unmixing:
    """Unmixing by non-negative least squares; its scores are the contributions of the classes.

    Parameters
    ----------
    search : the spectrum is tried at lags of up to so many averaged points to each side, and kept
        where references explain it best; 0 leaves it where it is
    search_step : every so many averaged points; the search is made with few references a class,
        the centres of their k-means, which differ by less than a drift does
    """

    search: int = 0
    search_step: int = 2

    def fit(
        self, intensity: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
    ) -> Predict:
        """Keep training spectra (n, B) of known classes (n,) as references.

        Returns
        -------
        Predict
            Contributions (N, K) float32, not negative, of preprocessed spectra (N, B)
        """
        references = rooted_peaks(intensity)
        few = _centres(references, class_ids) if self.search else references

        def predict(asked: NDArray[np.float32]) -> NDArray[np.float32]:
            rows = rooted_peaks(asked)
            if self.search:
                rows = np.stack([self._aligned(row, few) for row in rows])
            amounts = np.stack([amounts_of(row, references)[0] for row in rows])
            return by_class(amounts, class_ids, classes)

        return predict

    def _aligned(
        self, row: NDArray[np.float32], references: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        lags = range(-self.search, self.search + 1, self.search_step)
        shifted = [moved(row, lag) for lag in lags]
        residuals = [
            amounts_of(one, references)[1] / max(float(np.linalg.norm(one)), _TINY)
            for one in shifted
        ]
        return shifted[int(np.argmin(residuals))]


def amounts_of(
    row: NDArray[np.float32], references: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """Return the amounts (n,) of references (n, D) in a row (D,), and what is left unexplained.

    >>> amounts, left = amounts_of(np.array([2, 0, 3], dtype=np.float32), np.eye(3)[:2])
    >>> amounts.tolist(), left
    ([2.0, 0.0], 3.0)
    """
    amounts, left = nnls(references.T.astype(np.float64), row.astype(np.float64))
    return amounts, float(left)


def by_class(
    amounts: NDArray[np.float64], class_ids: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """Add up the amounts (N, n) of references of the same class.

    >>> by_class(np.array([[1.0, 2.0, 4.0]]), np.array([0, 2, 0]), 3).tolist()
    [[5.0, 0.0, 2.0]]
    """
    own = np.zeros((len(class_ids), classes))
    own[np.arange(len(class_ids)), class_ids] = 1.0
    return np.asarray(amounts @ own, dtype=np.float32)


def moved(row: NDArray[np.float32], lag: int) -> NDArray[np.float32]:
    """Move rows (…, D) by some points to larger positions, zeros coming in.

    >>> moved(np.array([1, 2, 3], dtype=np.float32), -1).tolist()
    [2.0, 3.0, 0.0]
    """
    size = row.shape[-1]
    lag = max(-size, min(size, lag))
    sides = [(0, 0)] * (row.ndim - 1)
    kept = row[..., : size - lag] if lag >= 0 else row[..., -lag:]
    return np.pad(kept, [*sides, (max(lag, 0), max(-lag, 0))])


def _centres(references: NDArray[np.float32], class_ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return at most `_CENTRES` references a class (m, D)."""
    found = []
    for class_id in np.unique(class_ids):
        of_class = references[class_ids == class_id]
        count = min(_CENTRES, len(np.unique(of_class, axis=0)))
        found.append(KMeans(count, n_init=2, random_state=0).fit(of_class).cluster_centers_)
    return unit_norm(np.concatenate(found).astype(np.float32))
