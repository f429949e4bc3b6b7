"""`derived.db`: verdicts and embeddings, all of which can be computed again from `raw.db`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.calibration.corrections import Corrections
from edge.classifier import Verdict
from edge.store.database import Database, wrap_errors
from firmware_bridge.identity import FrameIdentity

FILE_NAME = "derived.db"
NO_DARK = -1
MIGRATIONS = (
    """
    CREATE TABLE verdicts (
        id INTEGER PRIMARY KEY,
        instrument_id TEXT NOT NULL,
        boot_id INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        calibration_id TEXT NOT NULL,
        dark_sequence INTEGER NOT NULL,
        preprocessing TEXT NOT NULL,
        backbone_id TEXT NOT NULL,
        precision TEXT NOT NULL,
        head_version INTEGER NOT NULL,
        label TEXT,
        probability REAL NOT NULL,
        known INTEGER NOT NULL,
        top TEXT NOT NULL,
        prediction_set TEXT NOT NULL,
        invalid TEXT,
        embedding BLOB,
        classified_utc_ns INTEGER NOT NULL,
        UNIQUE (instrument_id, boot_id, sequence, calibration_id, dark_sequence, preprocessing,
                backbone_id, precision)
    );
    """,
    # Added without writing a row, whatever their number: NULL means dark_sequence.
    """
    ALTER TABLE verdicts ADD COLUMN newest_dark_sequence INTEGER;
    ALTER TABLE verdicts ADD COLUMN corrections TEXT NOT NULL DEFAULT '{}';
    """,
)

_INSERT = """
    INSERT OR REPLACE INTO verdicts (
        instrument_id, boot_id, sequence, calibration_id, dark_sequence, preprocessing,
        backbone_id, precision, head_version, label, probability, known, top, prediction_set,
        invalid, embedding, classified_utc_ns, newest_dark_sequence, corrections)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True, eq=False)
class StoredVerdict:
    """A verdict with everything it depends on.

    Parameters
    ----------
    calibration_id : of the axis it was judged on, drift undone
    dark_sequence : of the newest dark frame that was subtracted; NO_DARK if none was
    embedding : (D,) float32, kept so that a refit of the head runs no network; None where
        the spectrum was invalid
    newest_dark_sequence : of the newest dark frame that was at hand, refused or not; None: it is
        `dark_sequence`
    corrections : what was done to counts and axis
    """

    identity: FrameIdentity
    calibration_id: str
    dark_sequence: int
    preprocessing: str
    backbone_id: str
    precision: str
    head_version: int
    verdict: Verdict
    embedding: NDArray[np.float32] | None
    classified_utc_ns: int
    newest_dark_sequence: int | None = None
    corrections: Corrections = field(default_factory=Corrections)


class DerivedStore(Database):
    """One thread's connection to `derived.db`.

    Parameters
    ----------
    folder : where the stores lie; must exist
    vfs : SQLite's file layer by name, for the power-loss tests
    """

    def __init__(self, folder: Path, vfs: str | None = None) -> None:
        super().__init__(folder / FILE_NAME, MIGRATIONS, "NORMAL", vfs)

    def add(self, verdicts: Iterable[StoredVerdict]) -> None:
        """Store verdicts in one transaction; one made anew takes the place of the old.

        Raises
        ------
        StoreError
            If the disk is full or fails.
        """
        with wrap_errors(self.path), self._connection:
            self._connection.executemany(_INSERT, [_row(verdict) for verdict in verdicts])


def _row(stored: StoredVerdict) -> tuple[str | int | float | bytes | None, ...]:
    verdict, identity = stored.verdict, stored.identity
    return (
        identity.instrument_id,
        identity.boot_id,
        identity.sequence,
        stored.calibration_id,
        stored.dark_sequence,
        stored.preprocessing,
        stored.backbone_id,
        stored.precision,
        stored.head_version,
        verdict.label,
        verdict.probability,
        int(verdict.known),
        json.dumps(verdict.top),
        json.dumps(verdict.prediction_set),
        verdict.invalid,
        None if stored.embedding is None else stored.embedding.tobytes(),
        stored.classified_utc_ns,
        stored.newest_dark_sequence,
        stored.corrections.to_json(),
    )
