"""Files that are whole or absent, whenever the power goes."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: temporary beside it, flushed, synced, renamed; folders are made.

    A symbolic link stays one: what it points to is written.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is then as it was.
    """
    path = path.resolve()
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "Not a regular file")  # a device must not be renamed away
    partial = path.with_name(f".{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:  # nothing is left of it, Ctrl-C included
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power loss, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with suppress(OSError):  # network file systems refuse it; the file is whole all the same
        os.fsync(descriptor)
    os.close(descriptor)
