"""A ramp: diffractograms measured one after the other while a phase gives way to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.spectrum import Spectrum

SPECTRA = 349
"""Diffractograms of the ramp of Sun et al. 2021."""

POINTS = 4023
"""Points of each of them."""

BOUNDARY = 185
"""First diffractogram of class 1, as the authors label them."""


@dataclass(frozen=True, slots=True, eq=False)
class Ramp:
    """Diffractograms in the order they were measured, baselines removed.

    Parameters
    ----------
    two_theta_deg : (B,) float64, strictly increasing
    intensity : (N, B) float32, arbitrary units
    measured : False for a generated one
    """

    two_theta_deg: NDArray[np.float64]
    intensity: NDArray[np.float32]
    measured: bool

    def spectrum(self, index: int) -> Spectrum:
        """Return one diffractogram as the rest of outcrop takes it."""
        intensity = self.intensity[index].astype(np.float64)
        return Spectrum(self.two_theta_deg, intensity, "two_theta_deg")
