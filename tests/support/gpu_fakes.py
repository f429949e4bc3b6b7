"""The stand-ins of `fake_gpu`, for this process or for one that is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "fake_gpu"
_PACKAGES = ("tensorrt", "tensorrt_rtx", "pycuda", "cuda", "fake_device")


def environment(**orders: str) -> dict[str, str]:
    """Return the environment of a process that is to find the stand-ins.

    Orders are variables of `fake_gpu/README.md` without their prefix: `environment(FAIL="build")`.
    """
    path = os.pathsep.join(filter(None, [str(FOLDER), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, **{f"FAKE_GPU_{k}": v for k, v in orders.items()}}


@contextmanager
def fake_gpu() -> Iterator[Any]:
    """Let imports in this process find the stand-ins, and give their device; then undo it."""
    kept = _taken_out()
    sys.path.insert(0, str(FOLDER))
    try:
        yield import_module("fake_device").device
    finally:
        sys.path.remove(str(FOLDER))
        _taken_out()
        sys.modules.update(kept)


def _taken_out() -> dict[str, Any]:
    names = [name for name in sys.modules if name.split(".")[0] in _PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
