"""From detector counts to a spectrum on a Raman-shift axis, and how far that axis is off."""

from edge.calibration.axis import Calibration
from edge.calibration.counts import calibrate, exposure_of

__all__ = ["Calibration", "calibrate", "exposure_of"]
