"""The list on a terminal: a table, and below it what needs words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from train.listing.entry import Entry
from train.listing.listed import MINERALS, RAMAN_BANDS, SPECTRA


def show(found: Sequence[Entry], console: Console | None = None) -> None:
    """Print the entries to standard output."""
    out = console or Console(highlight=False)
    out.print(_sizes(found))
    out.print(_sources(found))
    for words in (*_reasons(found), *_remarks(found)):
        out.print(words, markup=False)


def _sizes(found: Sequence[Entry]) -> Table:
    table = _table()
    table.add_column("model", no_wrap=True)
    for title in ("as published", f"{MINERALS} x {RAMAN_BANDS}", "D"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("reads", no_wrap=True)
    table.add_column("exported", no_wrap=True)
    for entry in found:
        published = "" if entry.published is None else f"{entry.published.parameters:,}"
        exported = "yes" if entry.not_exportable is None else "no"
        sizes = (published, f"{entry.parameters:,}", str(entry.embedding_size))
        table.add_row(entry.name, *sizes, entry.reads.removesuffix(" spectra"), exported)
    return table


def _sources(found: Sequence[Entry]) -> Table:
    table = _table()
    table.add_column("\nmodel", no_wrap=True)
    table.add_column("\nsource", overflow="fold")
    table.add_column("\nrecipe, or made by", overflow="fold")
    for entry in found:
        table.add_row(entry.name, entry.source, entry.made_by)
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _reasons(found: Sequence[Entry]) -> list[str]:
    """Say once why models are not exported, with their names."""
    names: dict[str, list[str]] = {}
    for entry in found:
        if entry.not_exportable is not None:
            names.setdefault(entry.not_exportable, []).append(entry.name)
    return [f"not exported: {', '.join(those)}: {reason}" for reason, those in names.items()]


def _remarks(found: Sequence[Entry]) -> list[str]:
    lines = [
        f"{entry.name}: {size.printed:,} parameters are printed; {size.remark}"
        for entry in found
        if (size := entry.published) is not None and size.remark and size.printed is not None
    ]
    return [
        *lines,
        f"parameters: at the size of the paper, and for {MINERALS} minerals x {RAMAN_BANDS} points "
        f"by the recipe; of comparators the numbers kept of {SPECTRA} spectra, at most",
        "D: length of the embedding, or of a comparator's features, for these",
    ]
