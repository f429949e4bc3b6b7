"""A result as people read it: a table on the terminal, a page of Markdown."""

from __future__ import annotations

from rich.table import Table

from train.reproduction.outcome import Row
from train.reproduction.result import Result

_COLUMNS = ("quantity", "protocol", "paper", "ours", "unit", "seeds", "n")
_NOT_RESULTS = "A rehearsal (--quick): its figures show that it runs, they are no results."


def table(result: Result) -> Table:
    """Return a result as a table for the terminal."""
    made = Table(title=result.title, caption=_caption(result), caption_justify="left")
    for name in _COLUMNS:
        made.add_column(name, justify="right" if name in ("paper", "n", "seeds") else "left")
    for row in result.outcome.rows:
        made.add_row(*_cells(row))
    return made


def markdown(result: Result) -> str:
    """Return a result as Markdown, with its notes and plots."""
    lines = [f"# {result.title}", "", f"`outcrop reproduce {result.target}`: {_caption(result)}"]
    if result.quick:
        lines += ["", f"**{_NOT_RESULTS}**"]
    if result.outcome.rows:
        lines += ["", _line(_COLUMNS), _line(("---",) * len(_COLUMNS))]
        lines += [_line(_cells(row)) for row in result.outcome.rows]
    if result.outcome.notes:
        lines += ["", *(f"- {note}" for note in result.outcome.notes)]
    for plot in result.outcome.plots:
        lines += ["", f"![{plot.removesuffix('.png').replace('_', ' ')}]({plot})"]
    return "\n".join(lines) + "\n"


def _caption(result: Result) -> str:
    seeds = ", ".join(map(str, result.seeds))
    return f"seeds {seeds}; {_duration(result.wall_s)} of measuring"


def _duration(seconds: float) -> str:
    """Say a time.

    >>> _duration(12.34), _duration(600)
    ('12.3 s', '10.0 min')
    """
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _line(cells: tuple[str, ...]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _cells(row: Row) -> tuple[str, ...]:
    several = str(len(row.values)) if row.values else ""
    spectra = "" if row.n is None else str(row.n)
    return (
        row.quantity,
        row.protocol,
        _paper(row.paper),
        _ours(row),
        row.unit,
        several,
        spectra,
    )


def _paper(value: float | str | None) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else _number(value)


def _ours(row: Row) -> str:
    if isinstance(row.ours, str):
        return row.ours
    if row.mean is None:
        return "not measured"
    return _number(row.mean) if row.deviation is None else _spread(row.mean, row.deviation)


def _spread(mean: float, deviation: float) -> str:
    """Say a mean and its deviation, both to the same place.

    >>> _spread(81.26, 0.4714), _spread(0.4612, 0.0123)
    ('81.3 ± 0.5', '0.461 ± 0.012')
    """
    places = 1 if abs(mean) >= 10 else 3
    return f"{mean:.{places}f} ± {deviation:.{places}f}"


def _number(value: float) -> str:
    """Say a figure to what it can be trusted.

    >>> _number(81.26), _number(0.4612), _number(1204335.0), _number(0.0)
    ('81.3', '0.461', '1204335', '0')
    """
    if value == int(value):
        return str(int(value))
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
