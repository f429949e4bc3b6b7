"""What an instrument is asked for between frames: an integration time, darks, its target."""

from __future__ import annotations

import math

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration
from edge.config_calibration import CalibrationConfig
from edge.config_instrument import InstrumentConfig
from edge.daemon.dark_control import DarkControl
from edge.daemon.exposure_control import ExposureControl
from edge.daemon.target_control import TargetControl
from firmware_bridge.link import LinkSession
from firmware_bridge.spectrum_frame import SpectrumFrame


class AcquisitionControl:
    """Steers one instrument by the frames that come.

    Parameters
    ----------
    session : link session of the instrument
    settings : which darks are believed, and whether the integration time is automatic
    config : of the instrument
    log : events
    """

    def __init__(
        self,
        session: LinkSession,
        settings: CalibrationConfig,
        config: InstrumentConfig,
        log: FilteringBoundLogger,
    ) -> None:
        self._session = session
        self._log = log
        self._exposure = ExposureControl(settings, config.configure())
        self._dark = DarkControl(settings.dark_rules())
        self._target = TargetControl(config.target, config.target_every_s)
        self._boot_id: int | None = None

    def take(self, boot_id: int, frame: SpectrumFrame, calibration: Calibration | None) -> None:
        """Look at a frame of a boot that came, and ask for what follows from it."""
        if boot_id != self._boot_id:
            self._boot_id = boot_id
            self._dark.forget()
            self._target.forget()
        order = self._exposure.take(frame, calibration)
        if order is not None:
            self._log.info(
                "exposure.changed",
                integration_time_ms=order.integration_time_us / 1000,
                before_ms=frame.integration_time_us / 1000,
            )
            self._session.configure(order)
        elif self._dark.is_due(frame):
            self._log.info(
                "calibration.dark_requested",
                integration_time_ms=frame.integration_time_us / 1000,
                averages=frame.averages,
                detector_temperature_c=_told_c(frame),
            )
            self._session.single("dark")
        if self._target.target is not None and self._target.is_due(frame):
            self._log.info("calibration.target_requested", target=self._target.target)
            self._session.single(self._target.target)


def _told_c(frame: SpectrumFrame) -> float | None:
    # JSON has no NaN
    temperature_c = frame.detector_temperature_c
    return round(temperature_c, 2) if math.isfinite(temperature_c) else None
