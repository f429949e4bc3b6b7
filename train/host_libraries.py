"""The libraries of the [train] extra, which an instrument does not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from train.errors import MissingLibraryError

_LIBRARIES = {
    "jinja2",
    "markupsafe",
    "matplotlib",
    "onnx",
    "onnxscript",
    "pybaselines",
    "requests",
    "scipy",
    "sklearn",
    "torch",
}


@contextmanager
def host_libraries() -> Iterator[None]:
    """Import what needs the [train] extra inside this.

    Raises
    ------
    MissingLibraryError
        If one of its libraries is not installed; other missing modules are defects, and stay so.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        if library in _LIBRARIES:
            raise MissingLibraryError(library) from error
        raise
