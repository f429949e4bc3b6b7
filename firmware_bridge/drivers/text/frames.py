"""From spectra to frames: averaged if need be, numbered by the host."""

from __future__ import annotations

import math

from firmware_bridge.drivers.numbering import HostNumbering
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.exposure import Averager, Exposure
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.link.events import FrameReceived
from firmware_bridge.spectrum_frame import Counts, FrameKind, SpectrumFrame


class FrameMaker:
    """Make the frames of one instrument.

    Parameters
    ----------
    settings : DriverSettings
    text_format : TextFormat
    exposure : Exposure
        In force; its owner changes it.
    """

    def __init__(
        self, settings: DriverSettings, text_format: TextFormat, exposure: Exposure
    ) -> None:
        self._laser_wavelength_nm = settings.laser_wavelength_nm
        self._saturation_counts = text_format.saturation_counts
        self._exposure = exposure
        self._numbering = HostNumbering(settings.boot_id)
        self._averager = Averager()
        self._begun: tuple[FrameKind, float] | None = None
        self._origin_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Let the frames' clock begin, at the first call."""
        self._origin_s = now_s if self._origin_s is None else self._origin_s

    def clear(self) -> None:
        """Forget the spectra that were to be averaged."""
        self._averager.clear()
        self._begun = None

    def add(
        self, instrument_id: str, counts: Counts, kind: FrameKind, begun_s: float, now_s: float
    ) -> FrameReceived | None:
        """Take one spectrum; return the frame it completes, None where more are to come.

        Parameters
        ----------
        instrument_id : str
        counts : (P,) uint16 or uint32, counts
        kind : FrameKind
        begun_s : float, s, when it was exposed
        now_s : float, s, when its last byte came
        """
        if self._begun is None or self._begun[0] != kind:
            self.clear()
            self._begun = kind, begun_s
        wanted = self._exposure.host_averages
        mean = self._averager.add(counts, wanted, self._saturation_counts)
        if mean is None:
            return None
        (_, first_s), self._begun = self._begun, None
        frame = self._frame(mean, kind, first_s)
        return FrameReceived(self._numbering.next(instrument_id), frame.pack(), frame, now_s)

    def _frame(self, counts: Counts, kind: FrameKind, begun_s: float) -> SpectrumFrame:
        laser_nm = self._laser_wavelength_nm
        return SpectrumFrame(
            kind=kind,
            instrument_time_us=max(0, round((begun_s - (self._origin_s or 0.0)) * 1e6)),
            integration_time_us=self._exposure.integration_time_us,
            averages=self._exposure.averages,
            laser_wavelength_nm=math.nan if laser_nm is None else laser_nm,
            detector_temperature_c=math.nan,
            saturation_counts=self._saturation_counts,
            counts=counts,
        )
