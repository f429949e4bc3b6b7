"""TensorRT as a library: which one is installed, and what it last complained of.

`tensorrt` 10.3 to 11 comes with JetPack or from NVIDIA; `tensorrt_rtx` has the same interface and
parses and builds on a machine without a GPU, which is how graphs are checked where they are made.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from importlib import import_module
from typing import Any

from edge.errors import GpuLibraryError

LIBRARIES = ("tensorrt", "tensorrt_rtx")
"""In the order in which they are tried."""
_KEPT_COMPLAINTS = 8


def load_tensorrt() -> Any:
    """Return the module `tensorrt`, or `tensorrt_rtx` where only that is installed.

    Raises
    ------
    GpuLibraryError
        If there is neither, or what is there cannot be loaded.
    """
    reasons = []
    for name in LIBRARIES:
        try:
            return import_module(name)
        except (ImportError, OSError, RuntimeError) as error:  # a wheel without its libraries
            reasons.append(str(error))
    raise GpuLibraryError(
        "TensorRT",
        "on a Jetson it comes with JetPack, and a virtual environment sees it with "
        f"--system-site-packages; elsewhere pip install tensorrt ({'; '.join(reasons)})",
    )


class Complaints:
    """What TensorRT's logger was told, errors only, the last few."""

    def __init__(self) -> None:
        self.logger: Any = None
        """To give to TensorRT; must outlive everything that TensorRT makes."""
        self._said: deque[str] = deque(maxlen=_KEPT_COMPLAINTS)

    def add(self, text: str) -> None:
        """Keep one more."""
        self._said.append(" ".join(text.split()))

    def take(self) -> str:
        """Return them as one line and forget them."""
        said = "; ".join(self._said)
        self._said.clear()
        return said or "TensorRT gives no reason"


@cache
def complaints_of(trt: Any) -> Complaints:
    """Return the one logger of a TensorRT module, and what it was told.

    TensorRT keeps the first logger it is given for the whole process, so there is one, for ever.
    """
    kept = Complaints()
    worst = (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR)

    class Logger(trt.ILogger):  # type: ignore[misc]  # a class of a module known at run time only
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity in worst:
                kept.add(message)

    kept.logger = Logger()
    return kept
