"""A bar for who waits at a terminal, and nothing for anybody else."""

from __future__ import annotations

import io

from rich.console import Console

from edge.cli.late_progress import LateProgress


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=80)


def test_the_bar_tells_how_many_of_how_many():
    console = terminal()
    with LateProgress(console, patience_s=0) as progress:
        progress.advance(64, 200)
        progress.advance(64, 0)
    shown = console.file.getvalue()
    assert "classified" in shown
    assert "128/200" in shown


def test_nothing_is_shown_early():
    console = terminal()
    with LateProgress(console, patience_s=60) as progress:
        progress.advance(1, 1)
    assert console.file.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks(capsys):
    with LateProgress(patience_s=0) as progress:
        progress.advance(1, 1)
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""
