"""How far an export is: a bar where somebody watches, lines where a file is written."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from typing_extensions import Self


class Progress:
    """Shows the steps of an export on stderr; a context manager.

    Parameters
    ----------
    quiet : show nothing
    console : to show it on; stderr if not given
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, quiet=quiet, highlight=False)
        self._bar: RichProgress | None = None
        self._steps = self._begun = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
            )
            self._bar = RichProgress(*columns, console=self._console)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            if error is None:
                self._bar.update(self._task, completed=self._steps)
            self._bar.stop()
            self._bar = None

    def begin(self, steps: int) -> None:
        """Say how many steps there will be."""
        self._steps, self._begun = steps, 0
        if self._bar is not None:
            self._bar.update(self._task, total=steps)

    def step(self, text: str) -> None:
        """Say what is done now; what was done before is done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._begun, description=text)
            self._begun += 1
        else:
            self.note(text)

    def note(self, text: str) -> None:
        """Say something on the way."""
        self._console.print(text, markup=False, highlight=False)
