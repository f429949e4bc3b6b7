"""How far a build is: TensorRT's own phases, told as lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def make_monitor(trt: Any, tell: Callable[[str], None]) -> Any:
    """Return TensorRT's progress monitor, which tells the outer phases; None where there is none.

    Parameters
    ----------
    trt : module of TensorRT
    tell : given one line a phase, from any thread of the build
    """
    if not hasattr(trt, "IProgressMonitor"):
        return None

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # known at run time only
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._outermost: set[str] = set()

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if parent_phase is None:
                self._outermost.add(phase_name)
            if parent_phase is None or parent_phase in self._outermost:
                tell(f"{phase_name}, {num_steps} steps")

        def step_complete(self, phase_name: str, step: int) -> bool:
            return True  # False would cancel the build

        def phase_finish(self, phase_name: str) -> None:
            self._outermost.discard(phase_name)

    return Monitor()
