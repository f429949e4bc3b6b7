"""Whole files, as `edge.whole_file` writes them; what fails is an error of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge import whole_file
from train.errors import RunError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; folders are made.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    write_together({path: content})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together: whatever interrupts it leaves the old ones.

    Raises
    ------
    RunError
        If one cannot be written.
    """
    with _as_run_error():
        whole_file.write_together(files)


def check_writable(path: Path) -> None:
    """Refuse a place that takes no file, before time is spent on what is to go there.

    Raises
    ------
    RunError
        If it is a folder or a device, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise RunError(str(path), "is a folder; name a file")
    with _as_run_error():
        whole_file.check_writable(path)


@contextmanager
def _as_run_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(str(error.filename), error.strerror or str(error)) from error
