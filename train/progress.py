"""What is shown while a model trains: epoch, loss, top-1, time left; on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from train.loop import Epoch
from train.run import RunFolder


class Progress:
    """Shows parts of a run and writes their epochs to `metrics.jsonl`.

    Parameters
    ----------
    quiet : show nothing
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(file=sys.stderr, quiet=quiet, highlight=False)

    def note(self, text: str) -> None:
        """Show one line."""
        self._console.print(text, markup=False)

    @contextmanager
    def part(self, name: str, epochs: int, run: RunFolder) -> Iterator[Callable[[Epoch], None]]:
        """Show one training; yields what is to be told after each epoch."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}  {task.fields[figures]}"),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=self._console) as bar:
            task = bar.add_task(name, total=epochs, figures="")

            def on_epoch(epoch: Epoch) -> None:
                run.log_epoch(name, epoch)
                self._advance(bar, task, epoch)

            yield on_epoch

    @staticmethod
    def _advance(bar: RichProgress, task: TaskID, epoch: Epoch) -> None:
        shown, top1 = "validation", epoch.validation_top1
        if top1 is None:
            shown, top1 = "training", epoch.train_top1
        figures = f"loss {epoch.loss:.3f}  {shown} top-1 {top1:.1%}"
        bar.update(task, completed=epoch.epoch, figures=figures)
