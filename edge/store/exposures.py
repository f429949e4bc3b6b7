"""Exposures of lamps and targets out of the store, for `outcrop calibrate --store`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from edge.calibration import Calibration, DarkRules, choose_dark, correct
from edge.calibration.exposure import Exposure
from edge.errors import CalibrationError, ExposureError, SpectrumError
from edge.store.database import open_for_reading, wrap_errors
from edge.store.raw_schema import FILE_NAME, TARGET_KINDS
from firmware_bridge.errors import FrameContentError
from firmware_bridge.spectrum_frame import SpectrumFrame

_SELECT_INSTRUMENTS = """
    SELECT DISTINCT instrument_id FROM frames WHERE kind IN (SELECT value FROM json_each(?))
"""
_SELECT_FRAMES = """
    SELECT f.boot_id, f.sequence, f.exposure, c.content, f.received_utc_ns, f.payload
    FROM frames f JOIN calibrations c ON c.id = f.calibration_id
    WHERE f.instrument_id = ? AND f.kind = ? ORDER BY f.id DESC LIMIT ?
"""
_SELECT_DARKS = """
    SELECT sequence, payload FROM frames
    WHERE kind = 'dark' AND instrument_id = ? AND boot_id = ? AND exposure = ?
    ORDER BY abs(sequence - ?) LIMIT ?
"""
_MOST_DARKS = 8


@dataclass(frozen=True, slots=True)
class StoredExposures:
    """What the store holds to calibrate an instrument by.

    Parameters
    ----------
    by_kind : kind of frame → exposures, the newest first
    faults : frames that were left out, and why
    """

    by_kind: dict[str, list[Exposure]]
    faults: tuple[str, ...]


def read_exposures(
    folder: Path, instrument_id: str | None = None, last: int = 4
) -> StoredExposures:
    """Return the newest frames of each target and of neon, above the darks nearest to them.

    Parameters
    ----------
    folder : of the stores
    instrument_id : whose frames; None where only one instrument has any
    last : so many of each kind at most

    Raises
    ------
    StoreMissingError, StoreError
        If nothing was ever recorded there, or the database cannot be read.
    ExposureError
        If there is no such frame, or several instruments have some and none is named.
    """
    path = folder / FILE_NAME
    connection = open_for_reading(path)
    try:
        with wrap_errors(path):
            who = _instrument(connection, folder, instrument_id)
            return _read(connection, who, last)
    finally:
        connection.close()


def _read(connection: apsw.Connection, who: str, last: int) -> StoredExposures:
    by_kind: dict[str, list[Exposure]] = {}
    faults = []
    for kind in TARGET_KINDS:
        for row in connection.execute(_SELECT_FRAMES, (who, kind, last)).fetchall():
            source = f"{kind} frame {row[0]:08x}/{row[1]} of {who}"
            try:
                exposure = _exposure(connection, who, source, row)
            except (FrameContentError, CalibrationError, SpectrumError) as error:
                faults.append(f"{source}: {error}")
            else:
                by_kind.setdefault(kind, []).append(exposure)
    return StoredExposures(by_kind, tuple(faults))


def _instrument(connection: apsw.Connection, folder: Path, instrument_id: str | None) -> str:
    kinds = "[" + ",".join(f'"{kind}"' for kind in TARGET_KINDS) + "]"
    known = sorted(row[0] for row in connection.execute(_SELECT_INSTRUMENTS, (kinds,)))
    if not known:
        raise ExposureError(f"{folder}: holds no frame of a lamp or target")
    if instrument_id is None and len(known) > 1:
        raise ExposureError(f"{folder}: several instruments, say which: {', '.join(known)}")
    if instrument_id is not None and instrument_id not in known:
        raise ExposureError(
            f"{folder}: no frame of a lamp or target of {instrument_id}; of {', '.join(known)}"
        )
    return instrument_id or known[0]


def _exposure(connection: apsw.Connection, who: str, source: str, row: tuple[Any, ...]) -> Exposure:
    boot_id, sequence, exposure, content, received_utc_ns, payload = row
    frame, calibration = SpectrumFrame.unpack(payload), Calibration.from_json(content)
    key = (who, boot_id, exposure, sequence, _MOST_DARKS)
    darks = [
        (int(number), SpectrumFrame.unpack(dark))
        for number, dark in connection.execute(_SELECT_DARKS, key)
    ]
    corrected = correct(frame, calibration, choose_dark(frame, darks, DarkRules()).counts)
    taken_at = datetime.fromtimestamp(received_utc_ns / 1e9, timezone.utc)
    return Exposure(
        source,
        corrected.intensity,
        np.asarray(corrected.saturated),
        calibration,
        who,
        taken_at.isoformat(timespec="seconds"),
    )
