"""`raw.db`: the frames that were acknowledged, as they came, each once.

A frame is acknowledged only after the commit that holds it has been synced to the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from edge.calibration import Calibration
from edge.store.database import Database, wrap_errors
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import FrameKind

FILE_NAME = "raw.db"
MIGRATIONS = (
    """
    CREATE TABLE calibrations (
        id TEXT PRIMARY KEY,
        content TEXT NOT NULL,
        first_seen_utc_ns INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE frames (
        id INTEGER PRIMARY KEY,
        instrument_id TEXT NOT NULL,
        boot_id INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('light', 'dark')),
        calibration_id TEXT NOT NULL REFERENCES calibrations (id),
        received_utc_ns INTEGER NOT NULL,
        last_byte_monotonic_ns INTEGER NOT NULL,
        payload BLOB NOT NULL,
        UNIQUE (instrument_id, boot_id, sequence)
    );
    CREATE INDEX lights ON frames (instrument_id, boot_id, sequence) WHERE kind = 'light';
    CREATE INDEX darks ON frames (instrument_id, boot_id, sequence) WHERE kind = 'dark';
    """,
)

_INSERT_CALIBRATION = "INSERT OR IGNORE INTO calibrations VALUES (?, ?, ?)"
_INSERT_FRAME = """
    INSERT INTO frames (instrument_id, boot_id, sequence, kind, calibration_id,
                        received_utc_ns, last_byte_monotonic_ns, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (instrument_id, boot_id, sequence) DO NOTHING
"""
_SELECT_FRAMES = """
    SELECT f.id, f.instrument_id, f.boot_id, f.sequence, c.content, f.last_byte_monotonic_ns,
           f.payload
    FROM frames f JOIN calibrations c ON c.id = f.calibration_id
"""
_SELECT_AFTER = _SELECT_FRAMES + "WHERE f.id > ? AND f.kind = 'light' ORDER BY f.id LIMIT ?"
_SELECT_ROW = _SELECT_FRAMES + "WHERE f.id = ?"
_SELECT_LAST = "SELECT coalesce(max(id), 0) FROM frames"
_SELECT_DARK = """
    SELECT payload FROM frames
    WHERE instrument_id = ? AND boot_id = ? AND kind = 'dark' AND sequence < ?
    ORDER BY sequence DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """A frame as it came in, ready to be kept.

    Parameters
    ----------
    identity : instrument, boot and sequence
    kind : light or dark
    calibration : what the instrument said of its axis when it was connected
    received_utc_ns : wall clock; may be wrong, orders nothing
    last_byte_monotonic_ns : when its last byte was read
    payload : the bytes of the frame, with their own CRC
    """

    identity: FrameIdentity
    kind: FrameKind
    calibration: Calibration
    received_utc_ns: int
    last_byte_monotonic_ns: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A light frame as it lies in the store; `row` orders frames by arrival."""

    row: int
    identity: FrameIdentity
    calibration: Calibration
    last_byte_monotonic_ns: int
    payload: bytes


class RawStore(Database):
    """One thread's connection to `raw.db`.

    Parameters
    ----------
    folder : where the stores lie; must exist
    vfs : SQLite's file layer by name, for the power-loss tests

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """

    def __init__(self, folder: Path, vfs: str | None = None) -> None:
        super().__init__(folder / FILE_NAME, MIGRATIONS, "FULL", vfs)

    def keep(self, frames: Iterable[RawFrame]) -> list[RawFrame]:
        """Store frames in one transaction that is on the disk when this returns.

        Returns
        -------
        list, those that are new; a frame that is here already is left as it is

        Raises
        ------
        StoreError
            If the disk is full or fails; then none of them is stored.
        """
        new: list[RawFrame] = []
        with wrap_errors(self.path), self._connection:
            new += [frame for frame in frames if self._keep_one(frame)]
        return new

    def light_frames(self, after_row: int = 0, limit: int = 64) -> Sequence[StoredFrame]:
        """Return up to `limit` light frames that arrived after a row, oldest first."""
        with wrap_errors(self.path):
            rows = self._connection.execute(_SELECT_AFTER, (after_row, limit)).fetchall()
        return [_stored_frame(row) for row in rows]

    def frames_at(self, rows: Iterable[int]) -> Sequence[StoredFrame]:
        """Return the frames of these rows that are still here, in the order asked for."""
        with wrap_errors(self.path):
            found = [self._connection.execute(_SELECT_ROW, (row,)).fetchone() for row in rows]
        return [_stored_frame(row) for row in found if row is not None]

    def last_row(self) -> int:
        """Return the row of the frame that arrived last, 0 if there is none."""
        with wrap_errors(self.path):
            row: int = self._connection.execute(_SELECT_LAST).get
        return row

    def dark_before(self, identity: FrameIdentity) -> bytes | None:
        """Return the payload of the last dark frame before a frame of the same boot."""
        key = (identity.instrument_id, identity.boot_id, identity.sequence)
        with wrap_errors(self.path):
            row = self._connection.execute(_SELECT_DARK, key).fetchone()
        return None if row is None else bytes(row[0])

    def identities(self) -> list[FrameIdentity]:
        """Return the identity of every stored frame, dark ones too, in order of arrival."""
        query = "SELECT instrument_id, boot_id, sequence FROM frames ORDER BY id"
        with wrap_errors(self.path):
            return [FrameIdentity(*row) for row in self._connection.execute(query)]

    def _keep_one(self, frame: RawFrame) -> bool:
        calibration, identity = frame.calibration, frame.identity
        self._connection.execute(
            _INSERT_CALIBRATION,
            (calibration.id, calibration.to_json(), frame.received_utc_ns),
        )
        self._connection.execute(
            _INSERT_FRAME,
            (
                identity.instrument_id,
                identity.boot_id,
                identity.sequence,
                frame.kind,
                calibration.id,
                frame.received_utc_ns,
                frame.last_byte_monotonic_ns,
                frame.payload,
            ),
        )
        return self._connection.changes() > 0


def _stored_frame(row: tuple[Any, ...]) -> StoredFrame:
    number, instrument_id, boot_id, sequence, calibration, last_byte_ns, payload = row
    identity = FrameIdentity(instrument_id, boot_id, sequence)
    return StoredFrame(number, identity, _calibration(calibration), last_byte_ns, payload)


@lru_cache(maxsize=16)
def _calibration(content: str) -> Calibration:
    return Calibration.from_json(content)
