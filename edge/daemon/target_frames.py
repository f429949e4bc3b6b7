"""Frames of calibration targets: never taken for a mineral, they say how far an axis has moved."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import cast

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration, correct
from edge.calibration.drift import estimate_drift
from edge.calibration.neon_check import check_axis
from edge.calibration.reference_lines import Target
from edge.config_calibration import CalibrationConfig
from edge.daemon.frame_calibration import FrameCalibration
from edge.errors import CalibrationError, SpectrumError, StoreDamagedError
from edge.store import Drift, DriftEntry, RawStore, StoredFrame
from firmware_bridge.errors import FrameContentError
from firmware_bridge.spectrum_frame import SpectrumFrame

NEON_IS_CHECKED = "a lamp says nothing of the laser: the axis is checked, not corrected"


class TargetFrames:
    """Takes the drift from frames of targets, and keeps it.

    Parameters
    ----------
    raw : this thread's connection to `raw.db`
    frames : how frames are calibrated
    settings : which drifts are believed
    log : events
    """

    def __init__(
        self,
        raw: RawStore,
        frames: FrameCalibration,
        settings: CalibrationConfig,
        log: FilteringBoundLogger,
    ) -> None:
        self._raw = raw
        self._frames = frames
        self._settings = settings
        self._log = log

    def take(self, stored: StoredFrame) -> None:
        """Keep what a target says, or why it says nothing; frames that follow are corrected.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """
        drift, corrected = Drift(stored.kind), None
        try:
            calibration = self._frames.described(stored)
            drift = self._drift(stored, calibration)
            if drift.refused is None and drift.drift_nm is not None:
                corrected = calibration.corrected(drift.drift_nm)
                corrected.raman_shift_cm1()
        except (SpectrumError, CalibrationError, FrameContentError) as error:
            drift, corrected = Drift(stored.kind, refused=str(error)), None
        who, came_with = stored.identity.instrument_id, stored.calibration_id
        entry = DriftEntry(stored.row, who, came_with, drift, corrected, time.time_ns())
        try:
            self._raw.drifts.add(entry)
        except StoreDamagedError as error:  # the frames behind it need not wait
            self._log.error("frame.damaged_at_rest", **asdict(stored.identity), reason=str(error))
            return
        self._tell(stored, drift, corrected)

    def _drift(self, stored: StoredFrame, calibration: Calibration) -> Drift:
        frame = SpectrumFrame.unpack(stored.payload)
        dark = self._frames.dark_for(stored, frame)
        corrected = correct(frame, calibration, dark.counts)
        if frame.kind == "neon":
            check = check_axis(corrected.intensity, calibration, corrected.saturated)
            return Drift(
                "neon",
                drift_nm=check.offset_nm,
                lines=tuple(
                    (line.wavelength_nm, nm)
                    for line, nm in zip(check.lines, check.axis_nm, strict=True)
                ),
                refused=NEON_IS_CHECKED,
            )
        target = cast("Target", frame.kind)
        estimate = estimate_drift(corrected.intensity, calibration, target, corrected.saturated)
        lines = tuple((line.reference_cm1, line.measured_cm1) for line in estimate.lines)
        values = (estimate.drift_nm, estimate.drift_cm1, estimate.sigma_cm1)
        return Drift(frame.kind, *values, lines, self._refused(*values[1:]))

    def _refused(self, drift_cm1: float, sigma_cm1: float) -> str | None:
        settings = self._settings
        if abs(drift_cm1) > settings.max_drift_cm1:
            return f"it is {drift_cm1:+.1f} cm⁻¹, {settings.max_drift_cm1:g} is the most"
        if sigma_cm1 > settings.max_drift_sigma_cm1:
            most = settings.max_drift_sigma_cm1
            return f"it is uncertain by {sigma_cm1:.1f} cm⁻¹, {most:g} is the most"
        if not settings.apply_drift:
            return "apply_drift is off"
        return None

    def _tell(self, stored: StoredFrame, drift: Drift, corrected: Calibration | None) -> None:
        said = {
            **asdict(stored.identity),
            "target": drift.target,
            "drift_cm1": _rounded(drift.drift_cm1),
            "drift_nm": _rounded(drift.drift_nm),
            "sigma_cm1": _rounded(drift.sigma_cm1),
            "lines": len(drift.lines),
        }
        if corrected is not None:
            self._log.info("calibration.drift_estimated", **said, calibration_id=corrected.id)
        elif drift.refused == NEON_IS_CHECKED:
            self._log.info("calibration.axis_checked", **said)
        else:
            self._log.warning("calibration.drift_refused", **said, reason=drift.refused)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
