"""Stored frames into spectra: the darks to subtract, the drift to undo, and the record of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration, Dark, calibrate, choose_dark
from edge.calibration.corrections import Corrections
from edge.config_calibration import CalibrationConfig
from edge.errors import CalibrationError, SpectrumError, StoreDamagedError
from edge.spectrum import Spectrum
from edge.store import NO_DARK, RawStore, StoredFrame
from firmware_bridge.errors import FrameContentError, OutcropError
from firmware_bridge.spectrum_frame import SpectrumFrame

_CALIBRATIONS_HELD = 8
_REFUSED_HELD = 256


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedFrame:
    """A frame's spectrum, or why it has none, and what it was made with.

    Parameters
    ----------
    spectrum : None where the frame cannot be classified
    invalid : why; None where it can
    calibration_id : of the axis it is on, drift undone
    dark_sequence : of the newest dark frame that was subtracted, NO_DARK if none was
    newest_dark_sequence : of the newest one at hand, NO_DARK if there is none
    corrections : what was done to counts and axis
    """

    spectrum: Spectrum | None
    invalid: str | None
    calibration_id: str
    dark_sequence: int
    newest_dark_sequence: int
    corrections: Corrections


class FrameCalibration:
    """Makes spectra of stored frames.

    Parameters
    ----------
    raw : this thread's connection to `raw.db`
    settings : which darks are subtracted, and whether drifts are undone
    log : events
    """

    def __init__(
        self, raw: RawStore, settings: CalibrationConfig, log: FilteringBoundLogger
    ) -> None:
        self._raw = raw
        self._rules = settings.dark_rules()
        self._applies_drift = settings.apply_drift
        self._log = log
        self._read: Callable[[bytes, str], Calibration] = lru_cache(_CALIBRATIONS_HELD)(
            Calibration.from_json
        )
        self._refused_told: set[tuple[str, int, int]] = set()

    def calibrated(self, stored: StoredFrame) -> CalibratedFrame:
        """Return what becomes of a light frame, or of one that nobody can read."""
        newest, dark = NO_DARK, Dark()
        calibration_id, shift_nm = stored.calibration_id, 0.0
        spectrum: Spectrum | None = None
        invalid: str | None = None
        try:
            newest, candidates = self._darks_before(stored)
            frame = SpectrumFrame.unpack(stored.payload)
            dark = self._chosen(stored, frame, newest, candidates)
            calibration_id, calibration = self._calibration_for(stored)
            shift_nm = calibration.shift_nm
            spectrum = calibrate(
                frame, stored.identity, calibration, dark.counts, stored.received_utc_ns
            )
        except (SpectrumError, CalibrationError, FrameContentError) as error:
            invalid = str(error)
        corrections = _corrections(dark, spectrum, shift_nm)
        taken = NO_DARK if dark.sequence is None else dark.sequence
        return CalibratedFrame(spectrum, invalid, calibration_id, taken, newest, corrections)

    def dark_for(self, stored: StoredFrame, frame: SpectrumFrame) -> Dark:
        """Return what to subtract from a frame, which is `stored` unpacked."""
        newest, candidates = self._darks_before(stored)
        return self._chosen(stored, frame, newest, candidates)

    def described(self, stored: StoredFrame) -> Calibration:
        """Return the calibration that a frame came with, whatever has drifted since.

        Raises
        ------
        CalibrationError
            If it is not what was kept any more.
        """
        return self._read(stored.calibration, stored.calibration_id)

    def _darks_before(self, stored: StoredFrame) -> tuple[int, list[tuple[int, SpectrumFrame]]]:
        """Return the newest dark frame's sequence, and all that may be subtracted."""
        candidates: list[tuple[int, SpectrumFrame]] = []
        try:
            found = self._raw.darks_for(stored, self._rules.most_averaged)
        except StoreDamagedError as error:
            self._tell_damaged(stored, error)
            return NO_DARK, candidates
        for sequence, payload in found:
            try:
                candidates.append((sequence, SpectrumFrame.unpack(payload)))
            except FrameContentError as error:
                self._tell_damaged(stored, error)
        return found[0][0] if found else NO_DARK, candidates

    def _tell_damaged(self, stored: StoredFrame, error: OutcropError) -> None:
        """Say that bits have rotted at rest; it goes on without the dark frame."""
        self._log.error("frame.damaged_at_rest", **asdict(stored.identity), reason=str(error))

    def _chosen(
        self,
        stored: StoredFrame,
        frame: SpectrumFrame,
        newest: int,
        candidates: list[tuple[int, SpectrumFrame]],
    ) -> Dark:
        dark = choose_dark(frame, candidates, self._rules)
        if dark.refused is not None:
            self._tell_refused(stored, newest, dark)
        return dark

    def _calibration_for(self, stored: StoredFrame) -> tuple[str, Calibration]:
        who, came_with = stored.identity.instrument_id, stored.calibration_id
        if not self._applies_drift:
            return came_with, self.described(stored)
        try:
            found = self._raw.drifts.correction(who, came_with, stored.row)
        except StoreDamagedError as error:  # on which axis it stands is not known: never guessed
            raise CalibrationError(f"what was known of the drift is damaged: {error}") from error
        if found is None:
            return came_with, self.described(stored)
        corrected_id, content = found
        return corrected_id, self._read(content, corrected_id)

    def _tell_refused(self, stored: StoredFrame, newest: int, dark: Dark) -> None:
        """Tell of each dark frame once that it is not subtracted any more."""
        who = stored.identity
        key = (who.instrument_id, who.boot_id, newest)
        if key not in self._refused_told:
            if len(self._refused_told) >= _REFUSED_HELD:
                self._refused_told.clear()
            self._refused_told.add(key)
            self._log.warning(
                "calibration.dark_refused",
                **asdict(who),
                dark_sequence=newest,
                reason=dark.refused,
                averaged=dark.averaged,
            )


def _corrections(dark: Dark, spectrum: Spectrum | None, shift_nm: float) -> Corrections:
    taken = None if spectrum is None else spectrum.acquisition
    return Corrections(
        dark_averaged=dark.averaged,
        dark_refused=dark.refused,
        cosmic_ray_pixels=0 if taken is None else taken.cosmic_ray_pixels,
        dead_pixels=0 if taken is None else taken.dead_pixels,
        shift_nm=shift_nm,
    )
