"""Files that are whole or absent, whenever the power goes."""

from __future__ import annotations

import os
from pathlib import Path

from train.errors import RunError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: temporary beside it, flushed, synced, renamed; folders are made.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise RunError(str(path), error.strerror or str(error)) from error
