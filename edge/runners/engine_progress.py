"""How far a build is, told as lines, and what may end it: Ctrl-C, or a line that cannot be told.

TensorRT calls a monitor from C++, which prints what Python raises there and goes on. So nothing is
raised there: it is kept, the build is cancelled, and then it is raised.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def make_monitor(trt: Any, tell: Callable[[str], None]) -> Any:
    """Return TensorRT's progress monitor, which tells the outer phases.

    Its `failure` is what is to be raised after the build, None as long as there is nothing.

    Parameters
    ----------
    trt : module of TensorRT
    tell : given one line a phase, from any thread of the build
    """

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # known at run time only
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.failure: BaseException | None = None
            self._outermost: set[str] = set()

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if parent_phase is None:
                self._outermost.add(phase_name)
            if parent_phase is None or parent_phase in self._outermost:
                self._say(f"{phase_name}, {num_steps} steps")

        def step_complete(self, phase_name: str, step: int) -> bool:
            return self.failure is None  # False cancels the build

        def phase_finish(self, phase_name: str) -> None:
            self._outermost.discard(phase_name)

        def _say(self, text: str) -> None:
            try:
                tell(text)
            except Exception as error:  # noqa: BLE001 (raised after the build)
                self.failure = error

    return Monitor()


@contextmanager
def ended_by_failure(monitor: Any) -> Iterator[None]:
    """Let Ctrl-C, and what kept a line from being told, end the build inside; then raise it.

    A handler that somebody else set for the interrupt, or that it is ignored, is left alone.
    """

    def keep(number: int, frame: object) -> None:
        monitor.failure = KeyboardInterrupt()

    in_main = threading.current_thread() is threading.main_thread()
    ours = in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if monitor.failure is not None:
        raise monitor.failure
