"""What is kept: `raw.db`, the truth that was acknowledged, and `derived.db`, rebuildable."""

from edge.store.backlog import unclassified_rows
from edge.store.database import is_damaged, set_aside
from edge.store.derived import NO_DARK, DerivedStore, StoredVerdict
from edge.store.drift_history import Drift, DriftEntry, PastDrift, read_drifts
from edge.store.raw import Kept, RawFrame, RawStore, StoredFrame
from edge.store.raw_schema import TARGET_KINDS
from edge.store.records import Record, read_records

__all__ = [
    "NO_DARK",
    "TARGET_KINDS",
    "DerivedStore",
    "Drift",
    "DriftEntry",
    "Kept",
    "PastDrift",
    "RawFrame",
    "RawStore",
    "Record",
    "StoredFrame",
    "StoredVerdict",
    "is_damaged",
    "read_drifts",
    "read_records",
    "set_aside",
    "unclassified_rows",
]
