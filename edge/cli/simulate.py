"""`outcrop simulate`: a virtual spectrometer in this process."""

from __future__ import annotations

import json
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click

from edge.cli.options import json_option, seed_option
from edge.cli.shown import spectra_to_show
from edge.data import Sample
from edge.errors import DataError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.ports import (
    Port,
    PtyPort,
    TcpAddress,
    TcpListenerPort,
    open_port,
    parse_address,
)
from firmware_bridge.virtual import VirtualRun, VirtualSettings, run


@click.command()
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
@click.option(
    "--rate",
    "rate_hz",
    type=click.FloatRange(min=0.001),
    default=2.0,
    show_default=True,
    help="Spectra a second.",
)
@click.option("--count", type=click.IntRange(min=1), help="Spectra to take; endless if not given.")
@click.option(
    "--baud",
    type=click.IntRange(min=300),
    default=921_600,
    show_default=True,
    help="Bits per second of the line.",
)
@seed_option
@click.option(
    "--pixels",
    type=click.IntRange(8, 16_000),
    default=2048,
    show_default=True,
    help="Pixels of the detector.",
)
@click.option(
    "--instrument-id", default="VIRTUAL-1", show_default=True, help="What it calls itself."
)
@click.option("--drift-nm", type=float, default=0.0, help="True axis minus described one, nm.")
@click.option(
    "--bit-error-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Share of bits flipped on the way to the host.",
)
@click.option(
    "--drop-fragment-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Share of fragments lost on the way to the host.",
)
@click.option(
    "--link", type=click.Path(path_type=Path), help="With a pty: a stable name to link to it."
)
@click.option(
    "--truth", type=click.Path(path_type=Path), help="Write what each frame shows here, as JSON."
)
@json_option
def command(
    spectra: str,
    port_address: str,
    rate_hz: float,
    count: int | None,
    baud: int,
    seed: int,
    pixels: int,
    instrument_id: str,
    drift_nm: float,
    bit_error_rate: float,
    drop_fragment_rate: float,
    link: Path | None,
    truth: Path | None,
    as_json: bool,
) -> int:
    """Be a spectrometer: counts with dark level, noise and saturation, at a baud rate.

    Frames are kept until the host acknowledges them. With --count it ends when so many are
    acknowledged; SIGTERM or SIGINT ends it before (exit code 1 if frames were not acknowledged).
    """
    shown = spectra_to_show(spectra, count, seed)
    arrays = [(sample.spectrum.axis, sample.spectrum.intensity) for sample in shown]
    settings = VirtualSettings(
        instrument_id=instrument_id,
        boot_id=1 + secrets.randbelow(2**32 - 1),  # a boot is a boot, whatever the seed
        seed=seed,
        count=count,
        rate_hz=rate_hz,
        baud=baud,
        pixel_count=pixels,
        drift_nm=drift_nm,
        bit_error_rate=bit_error_rate,
        drop_fragment_rate=drop_fragment_rate,
    )
    stop = _stop_on_signals()
    with _open(port_address, baud, link) as port, _truth_file(truth, shown) as on_acquired:
        click.echo(json.dumps({"listening": port.name}) if as_json else f"listening on {port.name}")
        result = run(port, arrays, settings, on_acquired, stop.is_set)
    click.echo(json.dumps(asdict(result)) if as_json else _as_text(result))
    return 1 if result.retained else 0


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _as_text(result: VirtualRun) -> str:
    return (
        f"{result.acquired} spectra taken, {result.retained} frames not acknowledged, "
        f"{result.refused} not taken because the buffer was full"
    )


@contextmanager
def _open(address: str, baud: int, link: Path | None) -> Iterator[Port]:
    if address == "pty":
        with PtyPort.create(link=link) as port:
            yield port
        return
    if link is not None:
        raise click.UsageError("--link names a pty; use it with --port pty")
    parsed = parse_address(address)
    if isinstance(parsed, TcpAddress):
        with TcpListenerPort(parsed.host, parsed.port) as listener:
            yield listener
    else:
        with open_port(address, baud) as port:
            yield port


@contextmanager
def _truth_file(
    path: Path | None, shown: Sequence[Sample]
) -> Iterator[Callable[[FrameIdentity, int], None] | None]:
    if path is None:
        yield None
        return
    try:
        with path.open("w") as file:
            yield lambda identity, index: _write_truth(file, identity, shown[index])
    except OSError as error:
        raise DataError(str(path), f"cannot be written: {error.strerror}") from error


def _write_truth(file: TextIO, identity: FrameIdentity, sample: Sample) -> None:
    shown = {"label": sample.label, "source": sample.source, "index": sample.index}
    file.write(json.dumps({**asdict(identity), **shown}) + "\n")
    file.flush()
