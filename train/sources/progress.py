"""What is shown while files are fetched or read; on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from edge.data import Fault, Sample, count_files, read_data
from train.sources.remote import OnBytes


class FetchProgress:
    """A bar a file: bytes, speed, time left.

    Parameters
    ----------
    quiet : show nothing
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(file=sys.stderr, quiet=quiet, highlight=False)

    def note(self, text: str) -> None:
        """Show one line."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def file(self, name: str) -> Iterator[OnBytes]:
        """Show one file; yields what is to be told after each piece."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(
            *columns, console=self._console, disable=not self._console.is_terminal
        ) as bar:
            task = bar.add_task(name, total=None, visible=False)
            yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def read_shown(data: Path, *, quiet: bool = False) -> Iterator[Sample | Fault]:
    """Read DATA with a bar that counts its files.

    Raises
    ------
    DataError
        As `edge.data.read_data` does.
    """
    console = Console(file=sys.stderr, quiet=quiet, highlight=False)
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=count_files(data))
        yield from _counted(read_data(data), lambda: bar.advance(task))


def _counted(
    items: Iterable[Sample | Fault], advance: Callable[[], None]
) -> Iterator[Sample | Fault]:
    source = None
    for item in items:
        if item.source != source:
            source = item.source
            advance()
        yield item
