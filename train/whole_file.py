"""Files that are whole or absent, whenever the power goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from train.errors import RunError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: temporary beside it, flushed, synced, renamed; folders are made.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    write_together({path: content})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together: temporaries first, then all renamed, in their order.

    Whatever interrupts it before the renaming, Ctrl-C included, leaves the old files and nothing
    else.

    Raises
    ------
    RunError
        If one cannot be written.
    """
    try:
        for path, content in files.items():
            _write(path, content)
        for path in files:
            _rename(path)
    finally:
        for path in files:
            with suppress(OSError):
                _partial(path).unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse a place that takes no file, before time is spent on what is to go there.

    Raises
    ------
    RunError
        If it is a folder, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise RunError(str(path), "is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _partial(path).touch()
        _partial(path).unlink()
    except OSError as error:
        raise RunError(str(path), error.strerror or str(error)) from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _partial(path).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RunError(str(path), error.strerror or str(error)) from error


def _rename(path: Path) -> None:
    try:
        _partial(path).replace(path)
    except OSError as error:
        raise RunError(str(path), error.strerror or str(error)) from error


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")
