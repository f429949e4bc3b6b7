"""The schema of `raw.db`, one migration after the other; none is ever changed."""

from __future__ import annotations

FILE_NAME = "raw.db"
TARGET_KINDS = ("silicon", "polystyrene", "calcite", "diamond", "neon")
"""Kinds of frames that are shown to calibrate: never judged, never taken for a mineral."""

MIGRATIONS = (
    """
    CREATE TABLE calibrations (
        id TEXT PRIMARY KEY,
        content BLOB NOT NULL,
        first_seen_utc_ns INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE frames (
        id INTEGER PRIMARY KEY,
        instrument_id TEXT NOT NULL,
        boot_id INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('light', 'dark', 'unreadable')),
        exposure TEXT NOT NULL,
        calibration_id TEXT NOT NULL REFERENCES calibrations (id),
        received_utc_ns INTEGER NOT NULL,
        last_byte_monotonic_ns INTEGER NOT NULL,
        payload BLOB NOT NULL,
        UNIQUE (instrument_id, boot_id, sequence)
    );
    CREATE INDEX records ON frames (instrument_id, boot_id, exposure, sequence)
        WHERE kind <> 'dark';
    CREATE INDEX darks ON frames (instrument_id, boot_id, exposure, sequence)
        WHERE kind = 'dark';
    """,
    # A CHECK is widened by rewriting its text, as https://sqlite.org/lang_altertable.html has it:
    # a copy of all frames would take minutes. `drifts` is of edge/store/drift_history.py.
    """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql, '''unreadable''',
        '''silicon'', ''polystyrene'', ''calcite'', ''diamond'', ''neon'', ''unreadable''')
        WHERE type = 'table' AND name = 'frames';
    PRAGMA writable_schema = RESET;
    CREATE TABLE drifts (
        frame_id INTEGER PRIMARY KEY REFERENCES frames (id),
        instrument_id TEXT NOT NULL,
        calibration_id TEXT NOT NULL REFERENCES calibrations (id),
        target TEXT NOT NULL,
        drift_nm REAL,
        drift_cm1 REAL,
        sigma_cm1 REAL,
        lines TEXT NOT NULL,
        refused TEXT,
        corrected_id TEXT REFERENCES calibrations (id),
        estimated_utc_ns INTEGER NOT NULL,
        CHECK (refused IS NOT NULL OR corrected_id IS NOT NULL)
    );
    CREATE INDEX corrections ON drifts (instrument_id, calibration_id, frame_id)
        WHERE refused IS NULL;
    """,
)
