"""What was kept and not judged, or judged before its dark frame had arrived."""

from __future__ import annotations

from pathlib import Path

from edge.errors import StoreDamagedError
from edge.store import derived, raw
from edge.store.database import is_damaged, open_for_reading, wrap_errors
from edge.store.raw_schema import TARGET_KINDS

_TARGETS = ", ".join(f"'{kind}'" for kind in TARGET_KINDS)
_UNCLASSIFIED = f"""
    SELECT f.id FROM frames f
    WHERE f.kind <> 'dark' AND f.id > ? AND f.id <= ? AND CASE
        WHEN f.kind IN ({_TARGETS}) THEN
            NOT EXISTS (SELECT 1 FROM drifts t WHERE t.frame_id = f.id)
        ELSE NOT EXISTS (
            SELECT 1 FROM derived.verdicts v
            WHERE v.instrument_id = f.instrument_id AND v.boot_id = f.boot_id
              AND v.sequence = f.sequence
              AND coalesce(v.newest_dark_sequence, v.dark_sequence) = coalesce((
                SELECT max(d.sequence) FROM frames d
                WHERE d.kind = 'dark' AND d.instrument_id = f.instrument_id
                  AND d.boot_id = f.boot_id AND d.exposure = f.exposure
                  AND d.sequence < f.sequence), {derived.NO_DARK}))
        END
    ORDER BY f.id LIMIT ?
"""


def unclassified_rows(folder: Path, after_row: int, up_to_row: int, limit: int) -> list[int]:
    """Return rows of frames that have no verdict with the dark frame that is nearest now.

    Frames of calibration targets are those that nothing was made of yet.

    Parameters
    ----------
    folder : of both stores, which must exist
    after_row, up_to_row : the rows looked at; the second included
    limit : how many at most, oldest first

    Raises
    ------
    StoreError
        If a database cannot be read.
    """
    raw_path, derived_path = folder / raw.FILE_NAME, folder / derived.FILE_NAME
    connection = open_for_reading(raw_path)
    try:
        with wrap_errors(derived_path):
            connection.execute("ATTACH ? AS derived", (str(derived_path),))
        with wrap_errors(raw_path):
            rows = connection.execute(_UNCLASSIFIED, (after_row, up_to_row, limit))
            return [int(row[0]) for row in rows]
    except StoreDamagedError as error:  # of the two, which is it?
        if is_damaged(derived_path, derived.MIGRATIONS):
            raise StoreDamagedError(derived_path, error.reason) from error
        raise
    finally:
        connection.close()
