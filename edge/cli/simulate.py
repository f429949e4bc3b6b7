"""`outcrop simulate`: a virtual instrument in this process."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

import click

from edge.cli.instrument_port import instrument_port
from edge.cli.options import json_option, seed_option
from edge.cli.shown import spectra_to_show
from edge.cli.truth import write_truth
from edge.cli.virtual_options import (
    device_option,
    virtual_device,
    virtual_options,
    virtual_settings,
)
from edge.data import Sample
from edge.errors import DataError
from firmware_bridge.virtual import Acquired, Faults, VirtualRun, run

_FAULTS = "\b\nFaults, each 0 if not given (-for-s: of a stall, a pulled plug, a failed supply):\n"
_FAULTS += "\n".join(
    f"  {it.name.replace('_', '-')}" + (f" (default {it.default:g})" if it.default else "")
    for it in fields(Faults)
)


@click.command(epilog=_FAULTS)
@click.option(
    "--spectra",
    required=True,
    metavar="DATA|builtin",
    help="What to show: files, or the built-in library of mineral lines.",
)
@click.option(
    "--port",
    "port_address",
    required=True,
    metavar="pty|tcp:HOST:PORT|DEVICE",
    help="Where to be: a new pseudo-terminal, a port to listen on, or a serial device.",
)
@device_option
@click.option("--count", type=click.IntRange(min=1), help="Spectra to take; endless if not given.")
@seed_option
@virtual_options
@click.option(
    "--link", type=click.Path(path_type=Path), help="With a pty: a stable name to link to it."
)
@click.option(
    "--wait-for-host",
    is_flag=True,
    help="Switch on when a host is there: for instruments that send without being asked.",
)
@click.option(
    "--truth", type=click.Path(path_type=Path), help="Write what each frame shows here, as JSON."
)
@json_option
def command(
    spectra: str,
    port_address: str,
    device_name: str,
    count: int | None,
    seed: int,
    rate_hz: float,
    baud: int | None,
    pixels: int | None,
    format_path: Path | None,
    instrument_id: str | None,
    drift_nm: float,
    bit_error_rate: float | None,
    drop_fragment_rate: float | None,
    faults: tuple[str, ...],
    link: Path | None,
    wait_for_host: bool,
    truth: Path | None,
    as_json: bool,
) -> int:
    """Be an instrument: counts with dark level, noise and saturation, at a baud rate.

    With --count it ends when so many are taken and, where the instrument keeps frames until the
    host acknowledges them, acknowledged; SIGTERM or SIGINT ends it before (exit code 1 if frames
    were not acknowledged).
    """
    device = virtual_device(device_name, format_path)
    shown = spectra_to_show(spectra, count, seed)
    arrays = [(sample.spectrum.axis, sample.spectrum.intensity) for sample in shown]
    settings = virtual_settings(
        device,
        seed=seed,
        count=count,
        rate_hz=rate_hz,
        baud=baud,
        pixels=pixels,
        instrument_id=instrument_id,
        drift_nm=drift_nm,
        bit_error_rate=bit_error_rate,
        drop_frame_rate=drop_fragment_rate,
        faults=faults,
    )
    stop = _stop_on_signals()
    with (
        instrument_port(port_address, settings, link) as port,
        _truth_file(truth, shown) as on_acquired,
    ):
        click.echo(json.dumps({"listening": port.name}) if as_json else f"listening on {port.name}")
        result = run(
            port,
            arrays,
            settings,
            on_acquired,
            stop.is_set,
            make_firmware=device.make_firmware,
            wait_for_host=wait_for_host,
        )
    click.echo(json.dumps(asdict(result)) if as_json else _as_text(result))
    return 1 if result.retained else 0


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _as_text(result: VirtualRun) -> str:
    text = (
        f"{result.acquired} spectra taken, {result.retained} frames not acknowledged, "
        f"{result.refused} not taken because the buffer was full"
    )
    if result.reboots:
        text += f", {result.reboots} reboots that cost {result.forgotten} frames"
    if result.disconnections:
        text += f", {result.disconnections} times unplugged"
    return text


@contextmanager
def _truth_file(path: Path | None, shown: Sequence[Sample]) -> Iterator[Callable[[Acquired], None]]:
    if path is None:
        yield lambda _: None
        return
    try:
        with path.open("w") as file:
            yield lambda acquired: write_truth(file, acquired, shown[acquired.source_index])
    except OSError as error:
        raise DataError(str(path), f"cannot be written: {error.strerror}") from error
