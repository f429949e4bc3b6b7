"""How long to expose: until the highest line stands well above the dark, and well below the top.

A rule of one frame after the other. After each change it waits for a frame that was taken so;
where an instrument does not do as it is asked, that is as far as it goes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.calibration import Calibration
from edge.calibration.cosmic_rays import mend
from edge.calibration.dark import exposure_of
from edge.calibration.saturation import is_read
from edge.config_calibration import CalibrationConfig
from edge.errors import CalibrationError
from firmware_bridge.commands import Configure
from firmware_bridge.spectrum_frame import SpectrumFrame

_WHEN_SATURATED = 0.4
_LARGEST_RAISE = 4.0
_LARGEST_CUT = 0.1
_KEPT_FROM = 0.65
"""Of the target level: below it the integration time is raised."""
_KEPT_TO = 0.92
"""Of the way from dark to saturation: above it, and above the target, it is cut."""
_PATIENCE_FRAMES = 8
_LIMITED_FOR_FRAMES = 500
"""Then what an instrument did not do is tried again."""
_LONGEST_PERIOD_US = 0xFFFF_FFFF
"""What `Configure` can say."""
_PERIOD_MARGIN = 1.05
"""An exposure takes so much of the period at most: reading out takes time too."""


class ExposureControl:
    """Say which integration time to ask for.

    Parameters
    ----------
    settings : bounds and target
    configured : what the instrument was configured with; its other fields are kept
    """

    def __init__(self, settings: CalibrationConfig, configured: Configure | None) -> None:
        self._target = settings.target_level
        self._is_automatic = settings.auto_integration
        self._bounds_us = (
            settings.shortest_integration_ms * 1000,
            settings.longest_integration_ms * 1000,
        )
        self._shortest_us, self._longest_us = self._bounds_us
        self._limited_for = 0
        self._configured = configured or Configure()
        self._asked_us: int | None = None
        self._others = 0
        self._dark_level: dict[str, float] = {}
        self._last_time_us: int | None = None
        self._period_us = self._configured.period_us
        self._is_period_raised = False

    def take(
        self, frame: SpectrumFrame, calibration: Calibration | None = None
    ) -> Configure | None:
        """Take a frame that came; return what to configure now, None where all is well.

        Parameters
        ----------
        frame : of any kind; only light ones are looked at, and dark ones for their level
        calibration : says which pixels are of the laser line, which do not count
        """
        if not self._is_automatic:
            return None
        if frame.kind == "dark":
            self._last_time_us = None
            self._dark_level = {exposure_of(frame): float(np.median(frame.counts))}
            return None
        if frame.kind != "light" or not frame.counts.size:
            return None
        if frame.integration_time_us == 0:  # not known, and so not to be changed by a factor
            return None
        if not (self._knows_period(frame) and self._is_as_asked(frame)):
            return None
        wanted_us = self._wanted_us(frame, calibration)
        can_be_within = self._shortest_us <= self._longest_us
        if wanted_us == frame.integration_time_us or not can_be_within:
            return None
        self._asked_us, self._others = wanted_us, 0
        return self._order(wanted_us, frame)

    def _is_as_asked(self, frame: SpectrumFrame) -> bool:
        """Tell whether a frame was taken as was asked; after some that were not, learn."""
        asked_us = self._asked_us
        if asked_us is None or frame.integration_time_us == asked_us:
            self._asked_us = None
            self._limited_for -= 1
            if self._limited_for == 0:
                self._shortest_us, self._longest_us = self._bounds_us
            return True
        self._others += 1
        if self._others == _PATIENCE_FRAMES:
            self._asked_us = None
            self._limited_for = _LIMITED_FOR_FRAMES
            if asked_us > frame.integration_time_us:
                self._longest_us = min(self._longest_us, frame.integration_time_us)
            else:
                self._shortest_us = max(self._shortest_us, frame.integration_time_us)
        return False

    def _wanted_us(self, frame: SpectrumFrame, calibration: Calibration | None) -> int:
        full = float(min(frame.saturation_counts, np.iinfo(frame.counts.dtype).max))
        # a cosmic ray is no reason to expose for less long
        counts = mend(frame.counts.astype(np.float64)).intensity
        dark = self._dark_level.get(exposure_of(frame), float(np.percentile(counts, 1)))
        highest = float(counts[_read_pixels(counts.size, calibration)].max())
        level = (highest - dark) / max(full - dark, 1.0)
        if highest >= full:
            factor = _WHEN_SATURATED
        elif _KEPT_FROM * self._target <= level <= max(_KEPT_TO, self._target):
            return frame.integration_time_us
        else:
            factor = self._target / max(level, 1e-6)
        factor = min(max(factor, _LARGEST_CUT), _LARGEST_RAISE)
        return self._rounded_us(frame.integration_time_us * factor)

    def _rounded_us(self, wanted_us: float) -> int:
        """Return two digits of it: the same ones come again, and dark frames of them fit."""
        bounded = min(max(wanted_us, self._shortest_us), self._longest_us)
        two_digits = float(f"{bounded:.1e}")
        return max(1, round(min(max(two_digits, self._shortest_us), self._longest_us)))

    def _knows_period(self, frame: SpectrumFrame) -> bool:
        """Learn at which period an instrument runs that was not told one."""
        before_us, self._last_time_us = self._last_time_us, frame.instrument_time_us
        if self._period_us == 0 and before_us is not None:
            self._period_us = max(0, frame.instrument_time_us - before_us)
        return self._period_us > 0 or before_us is not None

    def _order(self, wanted_us: int, frame: SpectrumFrame) -> Configure:
        """Return what to send; the period is as it was, or as much as the exposure needs."""
        least_us = round(wanted_us * frame.averages * _PERIOD_MARGIN)
        period_us = self._configured.period_us
        if self._period_us and (self._is_period_raised or least_us > self._period_us):
            period_us = min(max(self._period_us, least_us), _LONGEST_PERIOD_US)
            self._is_period_raised = period_us > self._period_us
        return replace(self._configured, integration_time_us=wanted_us, period_us=period_us)


def _read_pixels(pixel_count: int, calibration: Calibration | None) -> NDArray[np.bool_]:
    """Return (P,) bool: the pixels that are read; all where the axis does not say."""
    try:
        if calibration is not None and calibration.pixel_count == pixel_count:
            read = is_read(calibration.raman_shift_cm1())
            if read.any():
                return read
    except CalibrationError:  # told with the verdict on each frame
        pass
    return np.ones(pixel_count, dtype=bool)
