from __future__ import annotations

import io

import pytest
from rich.console import Console

from export.progress import Progress


def _told(*, terminal: bool) -> str:
    out = io.StringIO()
    with Progress(console=Console(file=out, force_terminal=terminal, width=80)) as progress:
        progress.begin(2)
        progress.step("fold 1 of 2")
        progress.note("an [engine] is built")
        progress.step("fold 2 of 2")
    return out.getvalue()


def test_lines_where_nobody_watches() -> None:
    assert _told(terminal=False).splitlines() == [
        "fold 1 of 2",
        "an [engine] is built",
        "fold 2 of 2",
    ]


def test_a_bar_where_somebody_does() -> None:
    shown = _told(terminal=True)

    assert "2/2" in shown
    assert "an [engine] is built" in shown


def test_quiet_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=True) as progress:
        progress.begin(1)
        progress.step("fold 1 of 1")

    assert capfd.readouterr() == ("", "")
