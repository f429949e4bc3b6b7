"""Files of a run that are whole or absent, whenever the power goes."""

from __future__ import annotations

from pathlib import Path

from edge import whole_file
from train.errors import RunError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as `edge.whole_file` does.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    try:
        whole_file.write_whole(path, content)
    except OSError as error:
        raise RunError(str(path), error.strerror or str(error)) from error
