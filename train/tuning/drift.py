"""The drift an instrument is expected to show, and what counts as serving it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

DriftKind = Literal["bound", "sigma"]
DRIFT_KINDS: tuple[DriftKind, ...] = get_args(DriftKind)

_DEVIATIONS_EXAMINED = 3.0
_DEVIATIONS_TRAINED = 2.0
_TOLERANCE_CM1 = 1e-6


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the axis of an instrument may be displaced.

    Parameters
    ----------
    kind : ``bound``, anything in ±`cm1`; ``sigma``, normally distributed with deviation `cm1`
    cm1 : cm⁻¹, positive
    """

    kind: DriftKind
    cm1: float

    @property
    def reach_cm1(self) -> float:
        """The largest displacement that counts, cm⁻¹: the bound, or three deviations."""
        return self.cm1 * (_DEVIATIONS_EXAMINED if self.kind == "sigma" else 1.0)

    @property
    def trained_cm1(self) -> float:
        """What training spectra are displaced by at most, cm⁻¹: the bound, or two deviations."""
        return self.cm1 * (_DEVIATIONS_TRAINED if self.kind == "sigma" else 1.0)

    @property
    def words(self) -> str:
        """The drift in words.

        >>> Drift("bound", 20.0).words, Drift("sigma", 7.5).words
        ('anything within ±20 cm⁻¹', 'normally distributed, deviation 7.5 cm⁻¹')
        """
        if self.kind == "bound":
            return f"anything within ±{self.cm1:g} cm⁻¹"
        return f"normally distributed, deviation {self.cm1:g} cm⁻¹"

    @property
    def criterion(self) -> str:
        """What candidates are compared by, in words."""
        if self.kind == "bound":
            return f"worst top-1 within ±{self.reach_cm1:g} cm⁻¹"
        return f"expected top-1, drift normal with deviation {self.cm1:g} cm⁻¹"

    def within(self, displacement_cm1: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which displacements (S,) count, (S,) bool.

        >>> Drift("bound", 1.0).within(np.array([-2.0, -1.0, 0.0, 1.0])).tolist()
        [False, True, True, True]
        """
        inside: NDArray[np.bool_] = np.abs(displacement_cm1) <= self.reach_cm1 + _TOLERANCE_CM1
        return inside

    def weights(
        self, displacement_cm1: NDArray[np.float64], top1: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what each displacement counts for, so that the criterion is `weights @ top1`.

        Parameters
        ----------
        displacement_cm1 : (S,) cm⁻¹
        top1 : (S,) fraction; of a bound, all weight is on the worst, of several the innermost

        Returns
        -------
        (S,) float64, not negative, of sum 1, zero outside the range

        >>> Drift("bound", 1.0).weights(np.arange(-2.0, 2.0), np.array([0.1, 0.8, 0.9, 0.8]))
        array([0., 1., 0., 0.])
        """
        inside = self.within(displacement_cm1)
        if self.kind == "sigma":
            density = np.exp(-0.5 * (displacement_cm1 / self.cm1) ** 2) * inside
            normalized: NDArray[np.float64] = density / math.fsum(density)
            return normalized
        counted = np.where(inside, top1, np.inf)
        worst = min(
            range(len(counted)), key=lambda place: (counted[place], abs(displacement_cm1[place]))
        )
        weights = np.zeros(len(displacement_cm1))
        weights[worst] = 1.0
        return weights
