"""What is kept: `raw.db`, the truth that was acknowledged, and `derived.db`, rebuildable."""

from edge.store.backlog import unclassified_rows
from edge.store.derived import DerivedStore, StoredVerdict
from edge.store.raw import RawFrame, RawStore, StoredFrame
from edge.store.records import Record, read_records

__all__ = [
    "DerivedStore",
    "RawFrame",
    "RawStore",
    "Record",
    "StoredFrame",
    "StoredVerdict",
    "read_records",
    "unclassified_rows",
]
