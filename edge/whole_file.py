"""Files that are whole or absent, whenever the power goes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: temporary beside it, flushed, synced, renamed; folders are made.

    A symbolic link stays one: what it points to is written.

    Raises
    ------
    OSError
        If it cannot be written, `filename` says where; what was there before is as it was.
    """
    write_together({path: content})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together: temporaries first, then all renamed, in their order.

    Whatever interrupts it before the renaming, Ctrl-C included, leaves the old files and nothing
    else.

    Raises
    ------
    OSError
        If one cannot be written, `filename` says which.
    """
    try:
        for path, content in files.items():
            with _naming(path):
                _write_partial(path.resolve(), content)
        for path in files:
            with _naming(path):
                _partial(path.resolve()).replace(path.resolve())
                _sync_folder(path.resolve().parent)
    finally:
        for path in files:
            with suppress(OSError):
                _partial(path.resolve()).unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse a place that takes no file, before time is spent on what is to go there.

    Raises
    ------
    OSError
        If it is a folder or a device, or its folder cannot be made or written to.
    """
    with _naming(path):
        _write_partial(path.resolve(), b"")
        _partial(path.resolve()).unlink()


def _write_partial(path: Path, content: bytes) -> None:
    if path.is_dir():
        raise OSError(errno.EISDIR, "Is a directory")
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file")  # a device must not be renamed away
    if path.parent.exists() and not path.parent.is_dir():
        raise OSError(errno.ENOTDIR, "Not a directory")  # mkdir says it exists
    path.parent.mkdir(parents=True, exist_ok=True)
    with _partial(path).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Have errors name the file that was asked for, not the temporary one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power loss, where the file system and its rights let us."""
    with suppress(OSError):  # network file systems refuse it; the file is whole all the same
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
