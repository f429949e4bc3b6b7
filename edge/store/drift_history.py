"""What calibration targets said, and by how much an axis is shifted from then on.

A correction holds for the frames that arrived after its target's, of the same instrument and the
same calibration, until the next one. It is a part of `raw.db`: a verdict made again is made with
what was known at the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from edge.calibration import Calibration
from edge.store.database import open_for_reading, wrap_errors
from edge.store.raw_schema import FILE_NAME
from firmware_bridge.identity import FrameIdentity

_INSERT_CALIBRATION = "INSERT OR IGNORE INTO calibrations VALUES (?, ?, ?)"
_INSERT = """
    INSERT OR REPLACE INTO drifts (
        frame_id, instrument_id, calibration_id, target, drift_nm, drift_cm1, sigma_cm1, lines,
        refused, corrected_id, estimated_utc_ns)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SELECT_CORRECTION = """
    SELECT c.id, c.content FROM drifts d JOIN calibrations c ON c.id = d.corrected_id
    WHERE d.instrument_id = ? AND d.calibration_id = ? AND d.frame_id < ? AND d.refused IS NULL
    ORDER BY d.frame_id DESC LIMIT 1
"""
FIRST_WITH_DRIFTS = 2
"""The schema of `raw.db` from which on there are any."""
COLUMNS = "d.target, d.drift_nm, d.drift_cm1, d.sigma_cm1, d.lines, d.refused"
"""Of a row of `drifts d`, as `drift_of` reads them."""
_SELECT = f"""
    SELECT f.instrument_id, f.boot_id, f.sequence, f.received_utc_ns, {COLUMNS}
    FROM drifts d JOIN frames f ON f.id = d.frame_id ORDER BY d.frame_id
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """What one frame of a target said of the axis; None where nothing was seen.

    Parameters
    ----------
    target : silicon, polystyrene, calcite, diamond, or neon
    drift_nm, drift_cm1 : how much too large the axis of the instrument's calibration is
    sigma_cm1 : standard error
    lines : (reference, found) of each line, cm⁻¹; nm in vacuum for neon
    refused : why the axis is not corrected by it; None where it is
    """

    target: str
    drift_nm: float | None = None
    drift_cm1: float | None = None
    sigma_cm1: float | None = None
    lines: tuple[tuple[float, float], ...] = ()
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class DriftEntry:
    """A drift with the frame it was seen in, and what it was measured against.

    Parameters
    ----------
    row : of the target's frame
    instrument_id : whose axis it is
    calibration_id : what it was measured against
    drift : what was found
    corrected : the calibration of the frames that follow; None where the drift is refused
    estimated_utc_ns : wall clock
    """

    row: int
    instrument_id: str
    calibration_id: str
    drift: Drift
    corrected: Calibration | None
    estimated_utc_ns: int


class DriftHistory:
    """The drifts in `raw.db`, by way of a connection to it.

    Parameters
    ----------
    connection : for writing
    path : of the database, for errors
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def add(self, entry: DriftEntry) -> None:
        """Store what a target said; it is on the disk when this returns.

        Raises
        ------
        StoreError
            If the disk is full or fails, or the target's frame is not in the store.
        """
        corrected, drift = entry.corrected, entry.drift
        with wrap_errors(self._path), self._connection:
            if corrected is not None:
                content = corrected.to_json().encode()
                written = (corrected.id, content, entry.estimated_utc_ns)
                self._connection.execute(_INSERT_CALIBRATION, written)
            self._connection.execute(
                _INSERT,
                (
                    entry.row,
                    entry.instrument_id,
                    entry.calibration_id,
                    drift.target,
                    drift.drift_nm,
                    drift.drift_cm1,
                    drift.sigma_cm1,
                    json.dumps(drift.lines),
                    drift.refused,
                    None if corrected is None else corrected.id,
                    entry.estimated_utc_ns,
                ),
            )

    def correction(
        self, instrument_id: str, calibration_id: str, before_row: int
    ) -> tuple[str, bytes] | None:
        """Return id and content of the corrected calibration that holds for a frame.

        Parameters
        ----------
        instrument_id, calibration_id : of the frame, as it came
        before_row : of the frame: what arrived later does not count

        Returns
        -------
        tuple or None
            None where no target has said anything of this calibration.
        """
        key = (instrument_id, calibration_id, before_row)
        with wrap_errors(self._path):
            return self._connection.execute(_SELECT_CORRECTION, key).fetchone()


@dataclass(frozen=True, slots=True)
class PastDrift:
    """A drift and whose frame of a target it is; `received_utc_ns` is the frame's."""

    identity: FrameIdentity
    received_utc_ns: int
    drift: Drift


def read_drifts(folder: Path) -> Iterator[PastDrift]:
    """Yield every drift of a store, oldest first; none of a store made before there were any.

    Raises
    ------
    StoreMissingError
        If nothing was ever recorded in this folder.
    StoreError
        If the database cannot be read.
    """
    path = folder / FILE_NAME
    connection = open_for_reading(path)
    try:
        with wrap_errors(path):
            if connection.pragma("user_version") < FIRST_WITH_DRIFTS:
                return
            for instrument_id, boot_id, sequence, received_utc_ns, *rest in connection.execute(
                _SELECT
            ):
                identity = FrameIdentity(instrument_id, boot_id, sequence)
                yield PastDrift(identity, received_utc_ns, drift_of(rest))
    finally:
        connection.close()


def drift_of(columns: list[Any]) -> Drift:
    """Return the drift of a row's `COLUMNS`.

    Raises
    ------
    ValueError
        If its lines cannot be read.
    """
    target, drift_nm, drift_cm1, sigma_cm1, lines, refused = columns
    pairs = tuple((float(reference), float(found)) for reference, found in json.loads(lines))
    return Drift(target, drift_nm, drift_cm1, sigma_cm1, pairs, refused)
