"""From detector counts to a spectrum on a Raman-shift axis, and how far that axis is off."""

from edge.calibration.axis import Calibration
from edge.calibration.counts import calibrate, correct
from edge.calibration.dark import Dark, DarkRules, choose_dark, exposure_of

__all__ = [
    "Calibration",
    "Dark",
    "DarkRules",
    "calibrate",
    "choose_dark",
    "correct",
    "exposure_of",
]
