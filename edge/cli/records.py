"""`outcrop records`: what the daemon has kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from edge.calibration.corrections import Corrections
from edge.cli.classify import verdict_fields
from edge.cli.options import json_option
from edge.config import read_config
from edge.store import TARGET_KINDS, Drift, PastDrift, Record, read_drifts, read_records

DEFAULT_CONFIG = Path("/etc/outcrop/outcrop.toml")
_MOST_ROWS = 2**63 - 1
"""What SQLite can count."""


@click.command()
@click.option("--last", type=click.IntRange(1, _MOST_ROWS), help="Only this many of the latest.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    envvar="OUTCROP_CONFIG",
    help="Configuration of the daemon whose records to show.",
)
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the stores instead.")
@click.option("--drift", is_flag=True, help="Only what calibration targets said: how axes drift.")
@json_option
def command(
    last: int | None, config_path: Path, store: Path | None, drift: bool, as_json: bool
) -> None:
    """Show stored spectra with their verdicts, oldest first."""
    folder = store or read_config(config_path).store.folder
    if drift:
        _show_drifts(list(read_drifts(folder))[-(last or 0) :], as_json=as_json)
        return
    records = read_records(folder, last)
    if as_json:
        for record in records:
            click.echo(json.dumps(_fields(record)))
        return
    Console(markup=False, emoji=False).print(_table(records))  # names come over the wire


def _show_drifts(drifts: list[PastDrift], *, as_json: bool) -> None:
    if as_json:
        for it in drifts:
            received = {"received_utc": _utc(it.received_utc_ns)}
            click.echo(json.dumps(asdict(it.identity) | received | asdict(it.drift)))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("received (UTC)", "instrument", "boot", "seq", "target"):
        table.add_column(name, no_wrap=name != "instrument", overflow="fold")
    for it in drifts:
        who = it.identity
        shown = (_utc(it.received_utc_ns)[:19], who.instrument_id, f"{who.boot_id:08x}")
        table.add_row(*shown, str(who.sequence), _drift_note(it.drift))
    Console(markup=False, emoji=False).print(table)


def _fields(record: Record) -> dict[str, object]:
    fields: dict[str, object] = {
        "instrument_id": record.identity.instrument_id,
        "boot_id": record.identity.boot_id,
        "sequence": record.identity.sequence,
        "received_utc": _utc(record.received_utc_ns),
        "kind": record.kind,
        "classified": record.verdict is not None,
    }
    if record.verdict is not None:
        fields |= verdict_fields(record.verdict)
        fields["head_version"] = record.head_version
        fields["precision"] = record.precision
        fields["calibration_id"] = record.calibration_id
        fields["dark_sequence"] = record.dark_sequence
    if record.corrections is not None:
        fields |= asdict(record.corrections)
    if record.drift is not None:
        fields["drift"] = asdict(record.drift)
    return fields


def _table(records: Iterable[Record]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("received (UTC)", "instrument", "boot", "seq", "mineral", "p", "set", "note"):
        wraps = name in ("instrument", "mineral", "note")
        table.add_column(name, no_wrap=not wraps, overflow="fold")
    for record in records:
        verdict = record.verdict
        who = record.identity
        shown = (
            _utc(record.received_utc_ns)[:19],
            who.instrument_id,
            f"{who.boot_id:08x}",
            str(who.sequence),
        )
        if record.kind in TARGET_KINDS:
            drift = record.drift
            note = f"{record.kind}: not looked at yet" if drift is None else _drift_note(drift)
            table.add_row(*shown, "", "", "", note)
        elif verdict is None:
            table.add_row(*shown, "", "", "", "not classified yet")
        elif verdict.invalid is not None:
            table.add_row(*shown, "", "", "", f"invalid: {verdict.invalid}")
        else:
            size = str(len(verdict.prediction_set))
            note = _note(record, known=verdict.known)
            table.add_row(*shown, verdict.label, f"{verdict.probability:.2f}", size, note)
    return table


def _note(record: Record, *, known: bool) -> str:
    """Say whether it is known, and what was done to counts and axis."""
    notes = [] if known else ["unknown?"]
    done = record.corrections or Corrections()
    if record.dark_sequence is not None:
        notes.append(f"dark {record.dark_sequence}")
    if done.shift_nm:
        notes.append(f"axis {done.shift_nm:+.3f} nm")
    if done.dark_refused is not None:
        notes.append(f"dark refused: {done.dark_refused}")
    if bridged := done.cosmic_ray_pixels + done.dead_pixels:
        notes.append(f"{bridged} px bridged")
    return "; ".join(notes)


def _drift_note(drift: Drift) -> str:
    said = f"{drift.target}:"
    if drift.drift_cm1 is not None and drift.sigma_cm1 is not None:
        said += f" drift {drift.drift_cm1:+.2f} ± {drift.sigma_cm1:.2f} cm⁻¹"
    elif drift.drift_nm is not None:
        said += f" axis off by {drift.drift_nm:+.3f} nm"
    return f"{said} undone" if drift.refused is None else f"{said} not applied: {drift.refused}"


def _utc(received_utc_ns: int) -> str:
    return datetime.fromtimestamp(received_utc_ns / 1e9, timezone.utc).isoformat()
