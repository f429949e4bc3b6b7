"""Spectra of the training part by which an export makes its choices; none is ever reported on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.errors import TooFewSpectraError

_PER_CLASS = 4
_PARTNERS = 4  # mixtures of each validation spectrum, at least
_MIXED = 400  # in all, where there are few: one verdict more or less must not decide


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What is drawn, by class and without overlap.

    Parameters
    ----------
    calibration : (C, B) float32, by which int8 learns how large activations are
    validation : (V, B) float32, by which it is judged
    mixed : (M, B) float32, halves of two validation spectra: verdicts as close as verdicts get.
        A model is sure of spectra it was trained on; of these it is not.
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
    """Return halves of each spectrum and another one, both scaled to a maximum of one."""
    highest = np.abs(spectra).max(axis=1, keepdims=True)
    scaled = spectra / np.where(highest > 0, highest, 1)
    count = len(spectra)
    partners_each = max(_PARTNERS, -(-_MIXED // count))
    steps = generator.integers(1, max(2, count), (partners_each, count))
    partners = (np.arange(count) + steps) % count
    mixed = 0.5 * (scaled + scaled[partners])
    return np.asarray(mixed.reshape(-1, spectra.shape[1]), dtype=np.float32)
