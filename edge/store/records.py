"""Records: stored frames with their verdicts, as people and planners read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.classifier import Verdict
from edge.store import derived, raw
from edge.store.database import open_for_reading, wrap_errors
from edge.store.derived import NO_DARK
from firmware_bridge.identity import FrameIdentity

_SELECT = """
    SELECT f.instrument_id, f.boot_id, f.sequence, f.received_utc_ns,
           v.label, v.probability, v.known, v.top, v.prediction_set, v.invalid,
           v.head_version, v.precision, v.calibration_id, v.dark_sequence
    FROM (SELECT id, instrument_id, boot_id, sequence, received_utc_ns FROM frames
          WHERE kind <> 'dark' ORDER BY id DESC LIMIT :last) f
    LEFT JOIN {verdicts} v ON v.id = (
        SELECT max(id) FROM {verdicts} w
        WHERE (w.instrument_id, w.boot_id, w.sequence)
            = (f.instrument_id, f.boot_id, f.sequence))
    ORDER BY f.id
"""
_NO_VERDICTS = (
    "(SELECT NULL AS id, NULL AS instrument_id, NULL AS boot_id, NULL AS sequence, NULL AS label,"
    " NULL AS probability, NULL AS known, NULL AS top, NULL AS prediction_set, NULL AS invalid,"
    " NULL AS head_version, NULL AS precision, NULL AS calibration_id, NULL AS dark_sequence)"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One stored spectrum and its newest verdict, None until it has been classified.

    `dark_sequence` names the dark frame that was subtracted; None if there was none.
    """

    identity: FrameIdentity
    received_utc_ns: int
    verdict: Verdict | None
    head_version: int | None
    precision: str | None
    calibration_id: str | None
    dark_sequence: int | None


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
        verdicts, told = _NO_VERDICTS, raw_path
        if derived_path.exists():
            verdicts, told = "derived.verdicts", derived_path
        with wrap_errors(told):
            if told == derived_path:
                connection.execute("ATTACH ? AS derived", (str(derived_path),))
            limit = -1 if last is None else last
            for row in connection.execute(_SELECT.format(verdicts=verdicts), {"last": limit}):
                yield _record(row)
    finally:
        connection.close()


def _record(row: tuple[Any, ...]) -> Record:
    instrument_id, boot_id, sequence, received_utc_ns, *judged = row
    identity = FrameIdentity(instrument_id, boot_id, sequence)
    label, probability, known, top, prediction_set, invalid, *basis = judged
    if probability is None:
        return Record(identity, received_utc_ns, None, None, None, None, None)
    version, precision, calibration_id, dark = basis
    ranked = tuple((name, share) for name, share in json.loads(top))
    kept = tuple(json.loads(prediction_set))
    verdict = Verdict(label, probability, ranked, bool(known), kept, invalid)
    dark_sequence = None if dark == NO_DARK else dark
    return Record(
        identity, received_utc_ns, verdict, version, precision, calibration_id, dark_sequence
    )
