"""The frames of `bwtek/frames.zip`, one after the other."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from edge.data.bwtek import BwtekExport, read_exports


def bwtek_exports(real_data: Path) -> Iterator[BwtekExport]:
    """Yield every scan of every member."""
    with zipfile.ZipFile(real_data / "bwtek" / "frames.zip") as archive:
        for name in archive.namelist():
            yield from read_exports(name, archive.read(name).decode("latin-1"))
