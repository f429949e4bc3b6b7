"""Recorded spectra, played as if an instrument took them now."""

from firmware_bridge.drivers.replay.recording import Recording

__all__ = ["Recording"]
