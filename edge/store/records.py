"""Records: stored frames with their verdicts, as people and planners read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from edge.calibration.corrections import Corrections
from edge.classifier import Verdict
from edge.store import derived, raw
from edge.store.database import open_for_reading, wrap_errors
from edge.store.derived import NO_DARK
from edge.store.drift_history import COLUMNS, FIRST_WITH_DRIFTS, Drift, drift_of
from firmware_bridge.identity import FrameIdentity

_SELECT = """
    SELECT f.instrument_id, f.boot_id, f.sequence, f.received_utc_ns, f.kind,
           v.label, v.probability, v.known, v.top, v.prediction_set, v.invalid,
           v.head_version, v.precision, v.calibration_id, v.dark_sequence, v.corrections,
           {drift}
    FROM (SELECT id, instrument_id, boot_id, sequence, received_utc_ns, kind FROM frames
          WHERE kind <> 'dark' ORDER BY id DESC LIMIT :last) f
    LEFT JOIN {verdicts} v ON v.id = (
        SELECT max(id) FROM {verdicts} w
        WHERE (w.instrument_id, w.boot_id, w.sequence)
            = (f.instrument_id, f.boot_id, f.sequence))
    LEFT JOIN {drifts} d ON d.frame_id = f.id
    ORDER BY f.id
"""
_NO_VERDICTS = (
    "(SELECT NULL AS id, NULL AS instrument_id, NULL AS boot_id, NULL AS sequence, NULL AS label,"
    " NULL AS probability, NULL AS known, NULL AS top, NULL AS prediction_set, NULL AS invalid,"
    " NULL AS head_version, NULL AS precision, NULL AS calibration_id, NULL AS dark_sequence,"
    " NULL AS corrections)"
)
_VERDICTS_BEFORE_CORRECTIONS = "(SELECT *, '{}' AS corrections FROM derived.verdicts)"
_NO_DRIFTS = (
    "(SELECT NULL AS frame_id, NULL AS target, NULL AS drift_nm, NULL AS drift_cm1,"
    " NULL AS sigma_cm1, NULL AS lines, NULL AS refused)"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One stored spectrum and its newest verdict, None until it has been classified.

    `dark_sequence` names the newest dark frame that was subtracted; None if there was none.
    `kind` is that of the frame; one of a calibration target has no verdict, but, once it was
    looked at, a `drift`.
    """

    identity: FrameIdentity
    received_utc_ns: int
    kind: str
    verdict: Verdict | None = None
    head_version: int | None = None
    precision: str | None = None
    calibration_id: str | None = None
    dark_sequence: int | None = None
    corrections: Corrections | None = None
    drift: Drift | None = None


def read_records(folder: Path, last: int | None = None) -> Iterator[Record]:
    """Yield the last records of a store, oldest first; None for all.

    Raises
    ------
    StoreMissingError
        If nothing was ever recorded in this folder.
    StoreError
        If a database cannot be read.
    """
    raw_path, derived_path = folder / raw.FILE_NAME, folder / derived.FILE_NAME
    connection = open_for_reading(raw_path)
    try:
        with wrap_errors(raw_path):
            drifts = "drifts" if _tells_of_calibration(connection, "main") else _NO_DRIFTS
        verdicts, told = _NO_VERDICTS, raw_path
        if derived_path.exists():
            verdicts, told = "derived.verdicts", derived_path
        with wrap_errors(told):
            if told == derived_path:
                connection.execute("ATTACH ? AS derived", (str(derived_path),))
                if not _tells_of_calibration(connection, "derived"):
                    verdicts = _VERDICTS_BEFORE_CORRECTIONS
            query = _SELECT.format(verdicts=verdicts, drifts=drifts, drift=COLUMNS)
            for row in connection.execute(query, {"last": -1 if last is None else last}):
                yield _record(row)
    finally:
        connection.close()


def _tells_of_calibration(connection: apsw.Connection, schema: str) -> bool:
    """Tell whether a store is of the schema that came with drifts and corrections, or later."""
    version = connection.execute(f"PRAGMA {schema}.user_version").get
    return int(version) >= FIRST_WITH_DRIFTS


def _record(row: tuple[Any, ...]) -> Record:
    instrument_id, boot_id, sequence, received_utc_ns, kind, *judged = row
    identity = FrameIdentity(instrument_id, boot_id, sequence)
    label, probability, known, top, prediction_set, invalid, *basis = judged
    version, precision, calibration_id, dark, corrections, *drift = basis
    seen = None if drift[0] is None else drift_of(drift)
    if probability is None:
        return Record(identity, received_utc_ns, kind, drift=seen)
    ranked = tuple((name, share) for name, share in json.loads(top))
    kept = tuple(json.loads(prediction_set))
    return Record(
        identity,
        received_utc_ns,
        kind,
        Verdict(label, probability, ranked, bool(known), kept, invalid),
        version,
        precision,
        calibration_id,
        None if dark == NO_DARK else dark,
        Corrections.from_json(corrections),
    )
