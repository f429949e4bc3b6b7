"""Which spectra are most alike, without having learned anything.

Compared are the slopes of both views of the flagship's front (`train/models/template.py`):
smoothed, baseline removed, square root; peaks, and peaks over their surroundings. The cosine of the
slopes counts, the mean of both views, at the best of three lags: instruments differ by a few cm⁻¹,
and more tolerance than that mistakes one mineral for another. On the spectra of Soysal et al. a
single neighbour found so is right more often than a trained network is, while a mineral has one or
two labelled spectra.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_matrix

from train.model_parts import TemplateModelPart
from train.models.template import Front

_SMOOTHING_POINTS = 6.0  # deviation, grid points
_EVERY = 4  # grid points
_LAGS = (-1, 0, 1)  # in steps of _EVERY
_ROWS = 256


def slopes_of(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the slopes of both views, each of unit norm.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed

    Returns
    -------
    (2, N, B / 4) float32
    """
    front = Front(TemplateModelPart(name="template"), intensity.shape[1])
    batches = torch.split(torch.from_numpy(intensity)[:, None, None], _ROWS)
    with torch.no_grad():
        views = torch.cat([front(batch) for batch in batches])[:, :, 0].numpy()  # (N, 2, B)
    slopes = gaussian_filter1d(views, _SMOOTHING_POINTS, axis=2, order=1)[..., ::_EVERY]
    return _unit(np.moveaxis(slopes, 1, 0))


def likeness(asked: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how alike spectra are, 1 for the same.

    Parameters
    ----------
    asked, known : (2, N, F) and (2, M, F), slopes

    Returns
    -------
    (N, M) float32
    """
    first, second = (_at_best_lag(*view) for view in zip(asked, known, strict=True))
    return np.asarray((first + second) / 2, dtype=np.float32)


def neighbour_graph(slopes: NDArray[np.float32], neighbours: int, width: float) -> csr_matrix:
    """Join each spectrum with those most like it.

    Parameters
    ----------
    slopes : (2, N, F)
    neighbours : of each spectrum; who is joined to whom goes both ways
    width : a neighbour less alike by this weighs less by a factor of e

    Returns
    -------
    (N, N) sparse, symmetric, not negative, zero on the diagonal
    """
    count = slopes.shape[1]
    kept = min(neighbours, count - 1)
    columns, weights = [], []
    for rows in np.array_split(np.arange(count), -(-count // _ROWS)):
        alike = likeness(slopes[:, rows], slopes)  # (rows, N)
        alike[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-alike, kept - 1, axis=1)[:, :kept]
        columns.append(nearest.ravel())
        weights.append(np.exp((np.take_along_axis(alike, nearest, axis=1).ravel() - 1) / width))
    pairs = (np.repeat(np.arange(count), kept), np.concatenate(columns))
    one_way = csr_matrix((np.concatenate(weights).astype(np.float64), pairs), (count, count))
    return one_way.maximum(one_way.T)


def _at_best_lag(asked: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    size = asked.shape[1]
    reach = max(_LAGS)
    padded = np.pad(asked, ((0, 0), (reach, reach)))
    at_lags = [padded[:, reach + lag : reach + lag + size] @ known.T for lag in _LAGS]
    return np.asarray(np.max(at_lags, axis=0), dtype=np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norm = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(norm, 1e-6), dtype=np.float32)
