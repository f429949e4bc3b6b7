"""Frames of a virtual spectrometer whose axis has drifted, as a store keeps them."""

from __future__ import annotations

import numpy as np

from edge.calibration import Calibration, exposure_of
from edge.store import RawFrame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame
from firmware_bridge.virtual import VirtualSettings
from firmware_bridge.virtual.exposures import Exposures

_AXIS_CM1 = np.linspace(0.0, 2_000.0, 4_001)


class DriftingSpectrometer:
    """Takes frames one after the other; the sample has one line.

    Parameters
    ----------
    drift_nm : of its axis, against what it describes
    line_cm1 : of the sample
    seed : of the noise
    """

    INTEGRATION_US = 100_000

    def __init__(self, drift_nm: float, line_cm1: float = 465.0, seed: int = 1) -> None:
        self.settings = VirtualSettings(pixel_count=1_024, drift_nm=drift_nm, rate_hz=5.0)
        sample = np.exp(-(((_AXIS_CM1 - line_cm1) / 6.0) ** 2)) + 0.01
        rng = np.random.default_rng(seed)
        self.exposures = Exposures([(_AXIS_CM1, sample)], self.settings, rng)
        self.calibration = Calibration(
            self.exposures.wavelength_coefficients_nm, self.settings.laser_wavelength_nm, 1_024
        )
        self._sequence = 0

    def frame(self, kind: FrameKind = "light", **changes: object) -> RawFrame:
        """Return the next frame; `changes` are of its header, or its counts."""
        exposed = (self.INTEGRATION_US, 1)
        if kind == "light":
            counts, _ = self.exposures.light(*exposed)
        elif kind == "dark":
            counts = self.exposures.dark(*exposed)
        else:
            counts = self.exposures.target(kind, *exposed)
        fields = {
            "kind": kind,
            "instrument_time_us": self._sequence * 1_000_000,
            "integration_time_us": self.INTEGRATION_US,
            "averages": 1,
            "laser_wavelength_nm": self.settings.laser_wavelength_nm,
            "detector_temperature_c": -10.0,
            "saturation_counts": self.settings.saturation_counts,
            "counts": counts,
        }
        frame = SpectrumFrame(**(fields | changes))
        identity = FrameIdentity("DRIFT-1", 7, self._sequence)
        self._sequence += 1
        return RawFrame(
            identity, kind, exposure_of(frame), self.calibration, 10**18, 0, frame.pack()
        )
