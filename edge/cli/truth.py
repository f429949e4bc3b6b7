"""What a virtual instrument showed, frame by frame: the wire carries no labels.

A frame is known again by its counts, because most instruments do not number what they send. The
file holds one JSON object a line: `counts_crc32`, over the counts as little-endian u32, `label`,
`source` and `index`; where the instrument numbers its frames also their identity.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from edge.data import Sample
from edge.store.database import open_for_reading, wrap_errors
from edge.store.raw import FILE_NAME
from firmware_bridge.errors import FrameContentError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import Counts, SpectrumFrame
from firmware_bridge.virtual import Acquired

_SELECT_PAYLOAD = """
    SELECT payload FROM frames WHERE instrument_id = ? AND boot_id = ? AND sequence = ?
"""


def counts_crc32(counts: Counts) -> int:
    """Return the CRC-32 of (P,) counts as little-endian u32.

    Examples
    --------
    >>> import numpy as np
    >>> hex(counts_crc32(np.array([1, 2], dtype=np.uint16)))
    '0x381177c'
    """
    return zlib.crc32(counts.astype("<u4").tobytes())


def write_truth(file: TextIO, acquired: Acquired, sample: Sample) -> None:
    """Add a line for a light frame."""
    named = {} if acquired.identity is None else asdict(acquired.identity)
    shown = {"label": sample.label, "source": sample.source, "index": sample.index}
    line = {**named, "counts_crc32": counts_crc32(acquired.counts), **shown}
    file.write(json.dumps(line) + "\n")
    file.flush()


class Truth:
    """The labels of stored frames, by what a virtual instrument wrote down.

    Parameters
    ----------
    path : of the file; it may be written while it is read
    store : folder of `raw.db`
    """

    def __init__(self, path: Path, store: Path) -> None:
        self._path = path
        self._store = store
        self._read_bytes = 0
        self.labels: dict[int, str | None] = {}
        """By the CRC-32 of the counts."""
        self.times: Counter[int] = Counter()
        """How many frames had these counts: those that saturate everywhere are all alike."""
        self._crcs: dict[FrameIdentity, int | None] = {}

    def read(self) -> None:
        """Take the lines that were added since; the last may be half written."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_bytes += len(line)
                entry = json.loads(line)
                self.labels[entry["counts_crc32"]] = entry["label"]
                self.times[entry["counts_crc32"]] += 1

    def crc_of(self, identity: FrameIdentity) -> int | None:
        """Return the CRC-32 of a stored frame's counts; None where it is no spectrum frame.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        if identity not in self._crcs:
            self._crcs[identity] = _crc_of(_payload(self._store, identity))
        return self._crcs[identity]

    def shown_by(self, identity: FrameIdentity) -> str | None:
        """Return the label of what a stored frame shows; None where nobody wrote it down."""
        crc = self.crc_of(identity)
        if crc is None:
            return None
        if crc not in self.labels:
            self.read()
        return self.labels.get(crc)


def _payload(store: Path, identity: FrameIdentity) -> bytes:
    connection = open_for_reading(store / FILE_NAME)
    try:
        with wrap_errors(store / FILE_NAME):
            key = (identity.instrument_id, identity.boot_id, identity.sequence)
            found: bytes | None = connection.execute(_SELECT_PAYLOAD, key).get
            return found or b""
    finally:
        connection.close()


def _crc_of(payload: bytes) -> int | None:
    try:
        return counts_crc32(SpectrumFrame.unpack(payload).counts)
    except FrameContentError:
        return None
