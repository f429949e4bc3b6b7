"""Spectra of the training part by which an export makes its choices; none is ever reported on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.errors import TooFewSpectraError

_PER_CLASS = 4
_PARTNERS = 4  # mixtures of each validation spectrum, at least
_MIXED = 400  # in all, where there are few: one verdict more or less must not decide
_SHARES = (0.3, 0.7)  # of the first of two spectra


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What is drawn, by class and without overlap.

    Parameters
    ----------
    calibration : (C, B) float32, by which int8 learns how large activations are
    validation : (V, B) float32, by which it is judged
    mixed : (M, B) float32, of two validation spectra each. A model is surer of spectra it was
        trained on than of others; on these the flagship's verdicts change as often as on unseen
        spectra (3 schemes, 5 folds: 0.3, 0.7 and 5.5 % against 0.1, 0.7 and 5.4 %)
    """

    calibration: NDArray[np.float32]
    validation: NDArray[np.float32]
    mixed: NDArray[np.float32]


def draw(intensity: NDArray[np.float32], class_ids: NDArray[np.int64], seed: int = 0) -> Draws:
    """Draw up to four spectra of every class to calibrate on, and up to four others to judge by.

    A class of few spectra gives half of them, rounded up, to calibration.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed spectra of the training part
    class_ids : (N,) int64

    Raises
    ------
    TooFewSpectraError
        If no class has a second spectrum.
    """
    generator = np.random.default_rng(seed)
    calibration: list[int] = []
    validation: list[int] = []
    for class_id in np.unique(class_ids):
        positions = generator.permutation(np.flatnonzero(class_ids == class_id)).tolist()
        share = min(_PER_CLASS, (len(positions) + 1) // 2)
        calibration += positions[:share]
        validation += positions[share : share + _PER_CLASS]
    if not validation:
        raise TooFewSpectraError(len(class_ids))
    judged = intensity[sorted(validation)]
    return Draws(intensity[sorted(calibration)], judged, _mix(judged, generator))


def _mix(spectra: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Return sums of each spectrum and other ones, scaled to a maximum of one, in drawn shares."""
    highest = np.abs(spectra).max(axis=1, keepdims=True)
    scaled = spectra / np.where(highest > 0, highest, 1)
    count = len(spectra)
    partners_each = max(_PARTNERS, -(-_MIXED // count))
    steps = generator.integers(1, max(2, count), (partners_each, count))
    partners = (np.arange(count) + steps) % count
    share = generator.uniform(*_SHARES, (partners_each, count, 1)).astype(np.float32)
    mixed = share * scaled + (1 - share) * scaled[partners]
    return np.asarray(mixed.reshape(-1, spectra.shape[1]), dtype=np.float32)
