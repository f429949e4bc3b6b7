"""What a worn or unlucky detector does to exposures, by seed."""

from __future__ import annotations

import numpy as np

from firmware_bridge.spectrum_frame import Counts
from firmware_bridge.virtual.detector import FloatArray
from firmware_bridge.virtual.faults import Faults

_OVEREXPOSED = 6.0
_HUMP_CENTRE, _HUMP_WIDTH = 0.6, 0.5  # of the pixel axis
_RAY_LEVEL = 0.2  # of saturation, the mean of an exponential distribution
_MOST_RAY_PIXELS = 3


class DetectorFaults:
    """Spoil light before, and counts after they are read.

    Parameters
    ----------
    faults : Faults
    pixel_count : int
    saturation_counts : int, counts
    rng : numpy.random.Generator
        Draws the dead pixels at once, the rest as it comes.
    """

    def __init__(
        self, faults: Faults, pixel_count: int, saturation_counts: int, rng: np.random.Generator
    ) -> None:
        self._faults = faults
        self._saturation_counts = saturation_counts
        self._rng = rng
        dead_count = min(faults.dead_pixels, pixel_count)
        self.dead_pixels = np.sort(rng.choice(pixel_count, dead_count, replace=False))

    def spoil_light(self, signal: FloatArray) -> FloatArray:
        """Add fluorescence to a (P,) signal, counts, or all but blind the detector."""
        it = self._faults
        if it.fluorescence > 0:
            u = (np.linspace(0.0, 1.0, signal.size) - _HUMP_CENTRE) / _HUMP_WIDTH
            signal = signal + it.fluorescence * float(signal.max()) * np.exp(-0.5 * u**2)
        if it.overexposure_rate > 0 and self._rng.random() < it.overexposure_rate:
            signal = signal * _OVEREXPOSED
        return signal

    def spoil_counts(self, counts: Counts) -> Counts:
        """Return (P,) counts with dead pixels and cosmic rays, perhaps of another length."""
        it = self._faults
        if it.cosmic_rays > 0:
            counts = self._with_rays(counts)
        if self.dead_pixels.size:
            counts = counts.copy()
            counts[self.dead_pixels] = 0
        if it.wrong_pixel_count_rate > 0 and self._rng.random() < it.wrong_pixel_count_rate:
            counts = _one_more(counts) if self._rng.random() < 0.5 else counts[:-1]
        return counts

    def _with_rays(self, counts: Counts) -> Counts:
        charge = np.zeros(counts.size)
        for _ in range(int(self._rng.poisson(self._faults.cosmic_rays))):
            first = int(self._rng.integers(counts.size))
            pixels = slice(first, first + int(self._rng.integers(1, _MOST_RAY_PIXELS + 1)))
            charge[pixels] += self._rng.exponential(_RAY_LEVEL * self._saturation_counts)
        struck = np.minimum(counts + np.rint(charge), self._saturation_counts)
        return struck.astype(np.uint16) if counts.itemsize == 2 else struck.astype(np.uint32)


def _one_more(counts: Counts) -> Counts:
    return counts[np.minimum(np.arange(counts.size + 1), counts.size - 1)]
