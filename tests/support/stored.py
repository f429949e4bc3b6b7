"""Frames out of a store, in order of arrival."""

from __future__ import annotations

from edge.store import RawStore, StoredFrame


def stored_frames(store: RawStore, after_row: int = 0, limit: int = 10_000) -> list[StoredFrame]:
    """Return the frames that arrived after a row, oldest first."""
    found = [store.frame_at(row) for row in store.rows_after(after_row, limit)]
    return [frame for frame in found if frame is not None]
