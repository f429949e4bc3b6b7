"""What was kept but not classified when the power went."""

from __future__ import annotations

from pathlib import Path

from edge.store import derived, raw
from edge.store.database import open_for_reading, wrap_errors

_UNCLASSIFIED = """
    SELECT f.id FROM frames f
    WHERE f.kind = 'light' AND f.id <= ? AND NOT EXISTS (
        SELECT 1 FROM derived.verdicts v
        WHERE v.instrument_id = f.instrument_id AND v.boot_id = f.boot_id
          AND v.sequence = f.sequence)
    ORDER BY f.id
"""


def unclassified_rows(folder: Path, up_to_row: int) -> list[int]:
    """Return the rows of light frames that have no verdict yet, oldest first.

    Parameters
    ----------
    folder : of both stores, which must exist
    up_to_row : later frames are somebody else's

    Raises
    ------
    StoreError
        If a database cannot be read.
    """
    connection = open_for_reading(folder / raw.FILE_NAME)
    try:
        with wrap_errors(folder / derived.FILE_NAME):
            connection.execute("ATTACH ? AS derived", (str(folder / derived.FILE_NAME),))
            return [int(row[0]) for row in connection.execute(_UNCLASSIFIED, (up_to_row,))]
    finally:
        connection.close()
