"""The one spectrum of DATA that is to be explained."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from edge.data import Fault, Sample, read_data
from edge.errors import DataError


def one_sample(data: Path, index: int | None) -> Sample:
    """Return the only spectrum of a source, or the one at `index` in the order it is read.

    Raises
    ------
    DataError
        If the spectrum cannot be read, is not there, or is one of many and none was chosen.
    """
    items = list(islice(read_data(data), 2 if index is None else index + 1))
    if index is None and len(items) > 1:
        raise DataError(str(data), "holds more than one spectrum: choose one with --index")
    if len(items) <= (index or 0):
        raise DataError(str(data), f"no spectrum {index or 0}, it holds {len(items)}")
    item = items[-1]
    if isinstance(item, Fault):
        raise DataError(item.source, item.reason)
    return item
