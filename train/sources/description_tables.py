"""A description on a terminal: a few lines, the class sizes as bars, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from train.sources.description import COVERED_CM1, AxisDescription, Description, Remark, Spread

_UNITS = {"raman_shift_cm1": ("Raman shift", "cm⁻¹"), "two_theta_deg": ("two theta", "°")}
_SHOWN = 8
"""Of long lists; `--json` has all."""


def show(description: Description, console: Console | None = None) -> None:
    """Print a description to standard output."""
    out = console or Console(highlight=False, soft_wrap=True)
    for line in _lines(description):
        out.print(line, markup=False)
    if description.minerals:
        out.print(_class_sizes(description))
        out.print(_extremes(description.minerals))
    for title, remarks in (("fault", description.faults), ("warning", description.warnings)):
        for line in _remarks(title, remarks):
            out.print(line, markup=False)


def _lines(found: Description) -> Iterator[str]:
    known = f"{found.specimens} specimens" if found.specimens else "no specimens named"
    yield f"{found.source}: {found.spectra} spectra, {len(found.minerals)} minerals, {known}"
    if found.unlabelled:
        yield f"without a label: {found.unlabelled} spectra"
    if found.specimens and found.without_specimen:
        yield f"without a specimen: {found.without_specimen} spectra"
    for axis in found.axes:
        yield _axis(axis)
    if found.covering is not None:
        first, last = COVERED_CM1
        yield f"covering {first:g} to {last:g} cm⁻¹: {found.covering:.1%} of those on Raman shift"
    if set(found.lasers_nm) - {"unknown"}:
        lasers = ", ".join(f"{name}: {count}" for name, count in found.lasers_nm.items())
        yield f"lasers, nm: {lasers}"
    yield from _doubts(found)


def _axis(axis: AxisDescription) -> str:
    name, unit = _UNITS[axis.kind]
    spacing = "" if axis.spacing is None else f", spacing {_spread(axis.spacing)} {unit}"
    return (
        f"axis {name}: {axis.spectra} spectra, from {_spread(axis.first)} to {_spread(axis.last)} "
        f"{unit}{spacing}, {_spread(axis.points)} points (least/median/most)"
    )


def _spread(spread: Spread) -> str:
    least, median, most = (f"{value:.5g}" for value in (spread.min, spread.median, spread.max))
    return least if least == most else f"{least}/{median}/{most}"


def _doubts(found: Description) -> Iterator[str]:
    if found.duplicates:
        yield f"exact duplicates: {found.duplicate_count} spectra more than once"
        clashes = [group for group in found.duplicates if len(group.minerals) > 1]
        chosen = [*clashes, *(group for group in found.duplicates if group not in clashes)]
        for group in chosen[:_SHOWN]:
            names = "/".join(group.minerals) or "no label"
            yield f"  {names}: {_few(group.spectra, 2)}"
        yield from _left_out(len(chosen))
    for spelling in found.spellings[:_SHOWN]:
        ways = ", ".join(f"{name} ({count})" for name, count in spelling.spellings.items())
        yield f"one mineral, spelled {len(spelling.spellings)} ways: {ways}"
    yield from _left_out(len(found.spellings))
    yield from _named("one spectrum only, cannot be cross-validated", found.single_spectrum)
    yield from _named(
        "one specimen only, cannot be cross-validated by specimen", found.single_specimen
    )
    yield from _named("listed, but not there", found.missing)


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {len(names)}: {_few(names, 5)}"


def _left_out(count: int) -> Iterator[str]:
    if count > _SHOWN:
        yield f"  and {count - _SHOWN} more (--json has all)"


def _few(names: Sequence[str], count: int = _SHOWN) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def _class_sizes(found: Description) -> Table:
    table = _table("spectra a mineral", "minerals", "", "spectra")
    most = max(size.minerals for size in found.class_sizes)
    smallest = next(k for k, size in enumerate(found.class_sizes) if size.minerals)
    for size in found.class_sizes[smallest:]:
        span = f"{size.least}" if size.least == size.most else f"{size.least} to {size.most}"
        bar = Bar(most, 0, size.minerals, width=30)
        table.add_row(span, str(size.minerals), bar, str(size.spectra))
    return table


def _extremes(minerals: dict[str, int]) -> Table:
    names = list(minerals)
    shown: Iterable[str] = names
    if len(names) > 2 * _SHOWN:
        shown = [*names[:_SHOWN], "…", *names[-_SHOWN:]]
    table = _table("mineral", "spectra")
    for name in shown:
        table.add_row(name, str(minerals.get(name, "")))
    return table


def _remarks(title: str, remarks: Sequence[Remark]) -> Iterator[str]:
    for remark in remarks[:_SHOWN]:
        yield f"{title} ({remark.count}): {remark.reason}"
        yield f"  {remark.example}"
    yield from _left_out(len(remarks))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, title_justify="left", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        justify = "right" if column in ("minerals", "spectra", "count") and number else "left"
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table
