"""Hamamatsu's C12880MA mini-spectrometer on a microcontroller, as two firmwares drive it."""
