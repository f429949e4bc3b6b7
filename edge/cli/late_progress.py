"""A bar for work that takes long enough to be asked about."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from typing_extensions import Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_PATIENCE_S = 1.0


class LateProgress:
    """Shows on standard error how far spectra have come, after a second.

    Only a terminal is shown anything, and only where the spectra's own lines go elsewhere.

    Parameters
    ----------
    console : where to show it; None for standard error
    patience_s : nothing is shown before
    """

    def __init__(self, console: Console | None = None, patience_s: float = _PATIENCE_S) -> None:
        self._console = console
        self._shown = console is not None or (sys.stderr.isatty() and not sys.stdout.isatty())
        self._due_s = time.monotonic() + patience_s
        self._done = self._total = 0
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, done: int, more: int) -> None:
        """Count spectra that are done, and those that have come to be known of."""
        self._done += done
        self._total += more
        if self._bar is None:
            if not self._shown or time.monotonic() < self._due_s:
                return
            self._bar = self._start()
        if self._task is None:
            self._task = self._bar.add_task("spectra")
        self._bar.update(self._task, completed=self._done, total=self._total)

    def _start(self) -> Progress:
        # rich takes longer to import than a spectrum to classify
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = ("classified", MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=self._console or Console(stderr=True), transient=True)
        bar.start()
        return bar
