"""`raw.db`: the frames that were acknowledged, as they came, each once.

A frame is acknowledged only after the commit that holds it has been synced to the disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edge.calibration import Calibration
from edge.store.database import Database, wrap_errors
from edge.store.drift_history import DriftHistory
from edge.store.raw_schema import FILE_NAME, MIGRATIONS
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import FrameKind

__all__ = ["FILE_NAME", "MIGRATIONS", "Kept", "RawFrame", "RawStore", "StoredFrame", "StoredKind"]

StoredKind = FrameKind | Literal["unreadable"]

_INSERT_CALIBRATION = "INSERT OR IGNORE INTO calibrations VALUES (?, ?, ?)"
_INSERT_FRAME = """
    INSERT INTO frames (instrument_id, boot_id, sequence, kind, exposure, calibration_id,
                        received_utc_ns, last_byte_monotonic_ns, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (instrument_id, boot_id, sequence) DO NOTHING
"""
_SELECT_PAYLOAD = """
    SELECT payload FROM frames WHERE instrument_id = ? AND boot_id = ? AND sequence = ?
"""
_SELECT_FRAMES = """
    SELECT f.id, f.instrument_id, f.boot_id, f.sequence, f.kind, f.exposure, f.calibration_id,
           c.content, f.received_utc_ns, f.last_byte_monotonic_ns, f.payload
    FROM frames f JOIN calibrations c ON c.id = f.calibration_id
"""
_SELECT_ROW = _SELECT_FRAMES + "WHERE f.id = ?"
_SELECT_ROWS = "SELECT id FROM frames WHERE id > ? ORDER BY id LIMIT ?"
_SELECT_LAST = "SELECT coalesce(max(id), 0) FROM frames"
_SELECT_DARKS = """
    SELECT sequence, payload FROM frames
    WHERE kind = 'dark' AND instrument_id = ? AND boot_id = ? AND exposure = ? AND sequence < ?
    ORDER BY sequence DESC LIMIT ?
"""
_IS_LATE = """
    SELECT 1 FROM frames
    WHERE kind <> 'dark' AND instrument_id = ? AND boot_id = ? AND exposure = ? AND sequence > ?
      AND id < ? LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """A frame as it came in, ready to be kept.

    Parameters
    ----------
    identity : instrument, boot and sequence
    kind : of the frame, or unreadable: kept for people to look at
    exposure : what a dark frame must share to be subtracted; empty where unreadable
    calibration : what the instrument said of its axis when it was connected
    received_utc_ns : wall clock; may be wrong, orders nothing
    last_byte_monotonic_ns : when its last byte was read
    payload : the bytes of the frame, with their own CRC
    """

    identity: FrameIdentity
    kind: StoredKind
    exposure: str
    calibration: Calibration
    received_utc_ns: int
    last_byte_monotonic_ns: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame as it lies in the store; `row` orders frames by arrival.

    `calibration` is as stored: reading it may show that it is damaged.
    """

    row: int
    identity: FrameIdentity
    kind: StoredKind
    exposure: str
    calibration_id: str
    calibration: bytes
    received_utc_ns: int
    last_byte_monotonic_ns: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of frames that were to be kept.

    Parameters
    ----------
    new : stored now
    repeated : here already, byte for byte
    conflicting : another frame has their identity; not stored, not to be acknowledged
    """

    new: list[RawFrame] = field(default_factory=list)
    repeated: list[RawFrame] = field(default_factory=list)
    conflicting: list[RawFrame] = field(default_factory=list)


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
        # What a killed process had written but not synced is read back as if it were kept. A
        # commit syncs it too: a frame that comes again is acknowledged because it is here.
        with wrap_errors(self.path), self._connection:
            self._connection.pragma("user_version", len(MIGRATIONS))
        self.drifts = DriftHistory(self._connection, self.path)
        self._calibration: tuple[Calibration, str, bytes] | None = None

    def keep(self, frames: Iterable[RawFrame]) -> Kept:
        """Store frames in one transaction that is on the disk when this returns.

        Raises
        ------
        StoreError
            If the disk is full or fails; then none of them is stored.
        """
        kept = Kept()
        with wrap_errors(self.path), self._connection:
            for frame in frames:
                self._keep_one(frame, kept)
        return kept

    def rows_after(self, row: int = 0, limit: int = 64) -> list[int]:
        """Return up to `limit` rows of frames that arrived after a row, oldest first."""
        with wrap_errors(self.path):
            return [found[0] for found in self._connection.execute(_SELECT_ROWS, (row, limit))]

    def frame_at(self, row: int) -> StoredFrame | None:
        """Return the frame of a row; None if it is not here any more.

        Raises
        ------
        StoreDamagedError
            If this row cannot be read; others may be.
        """
        with wrap_errors(self.path):
            found = self._connection.execute(_SELECT_ROW, (row,)).fetchone()
        return None if found is None else _stored_frame(found)

    def last_row(self) -> int:
        """Return the row of the frame that arrived last, 0 if there is none."""
        with wrap_errors(self.path):
            row: int = self._connection.execute(_SELECT_LAST).get
        return row

    def darks_for(self, frame: StoredFrame, limit: int = 1) -> list[tuple[int, bytes]]:
        """Return sequence and payload of the last dark frames before a frame, the newest first.

        They are of the same boot and the same exposure.
        """
        identity = frame.identity
        key = (identity.instrument_id, identity.boot_id, frame.exposure, identity.sequence)
        with wrap_errors(self.path):
            rows = self._connection.execute(_SELECT_DARKS, (*key, limit))
            return [(int(sequence), payload) for sequence, payload in rows]

    def is_late(self, dark: StoredFrame) -> bool:
        """Tell whether frames that a dark frame fits arrived before it."""
        identity = dark.identity
        key = (identity.instrument_id, identity.boot_id, dark.exposure, identity.sequence)
        with wrap_errors(self.path):
            return self._connection.execute(_IS_LATE, (*key, dark.row)).fetchone() is not None

    def identities(self) -> list[FrameIdentity]:
        """Return the identity of every stored frame, dark ones too, in order of arrival."""
        query = "SELECT instrument_id, boot_id, sequence FROM frames ORDER BY id"
        with wrap_errors(self.path):
            return [FrameIdentity(*row) for row in self._connection.execute(query)]

    def _keep_one(self, frame: RawFrame, kept: Kept) -> None:
        identity = frame.identity
        key = (identity.instrument_id, identity.boot_id, identity.sequence)
        calibration_id, content = self._as_kept(frame.calibration)
        written = (calibration_id, content, frame.received_utc_ns)
        self._connection.execute(_INSERT_CALIBRATION, written)
        when = (frame.received_utc_ns, frame.last_byte_monotonic_ns)
        self._connection.execute(
            _INSERT_FRAME,
            (*key, frame.kind, frame.exposure, calibration_id, *when, frame.payload),
        )
        if self._connection.changes() > 0:
            kept.new.append(frame)
        elif self._connection.execute(_SELECT_PAYLOAD, key).get == frame.payload:
            kept.repeated.append(frame)
        else:
            kept.conflicting.append(frame)

    def _as_kept(self, calibration: Calibration) -> tuple[str, bytes]:
        """Return id and text; a link has one calibration, and its table may be long."""
        if self._calibration is None or self._calibration[0] is not calibration:
            content = calibration.to_json().encode()
            self._calibration = (calibration, calibration.id, content)
        return self._calibration[1:]


def _stored_frame(row: tuple[Any, ...]) -> StoredFrame:
    number, instrument_id, boot_id, sequence, *rest = row
    return StoredFrame(number, FrameIdentity(instrument_id, boot_id, sequence), *rest)
