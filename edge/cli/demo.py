"""`outcrop demo`: a virtual instrument and the daemon, joined by a pseudo-terminal."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edge.cli.demo_config import demo_baud, spectrum_s, write_demo_config
from edge.cli.demo_summary import Latencies, Summary, summarize
from edge.cli.options import json_option, seed_option
from edge.cli.shown import BUILTIN
from edge.cli.truth import Truth
from edge.cli.virtual_options import device_option, fault_option
from edge.errors import DataError, DemoError
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.identity import FrameIdentity

_ROWS = 15
_PATIENCE_S = 60.0
_LOUD = ("warning", "error")


@click.command()
@device_option
@click.option("--data", default=BUILTIN, show_default=True, metavar="DATA|builtin")
@click.option("--count", type=click.IntRange(min=1), default=60, show_default=True)
@click.option("--rate", "rate_hz", type=click.FloatRange(min=0.1), default=15.0, show_default=True)
@click.option(
    "--drift-nm",
    type=float,
    default=0.0,
    show_default=True,
    help="Drift of the virtual spectrometer; 0.62 nm are 20 cm⁻¹ at 900 cm⁻¹ (532 nm laser).",
)
@fault_option
@seed_option
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to leave everything in.",
)
@json_option
def command(
    device_name: str,
    data: str,
    count: int,
    rate_hz: float,
    drift_nm: float,
    faults: tuple[str, ...],
    seed: int,
    keep: Path | None,
    as_json: bool,
) -> int:
    """Send spectra over a serial line to the daemon, watch the verdicts, sum up.

    Two processes, as in the field: `outcrop simulate` and `outcrop run`. Exits with 1 if a
    spectrum was lost. The names of faults are those of `outcrop simulate --help`.
    """
    console, device = Console(stderr=as_json), DEVICES[device_name]
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outcrop-")))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(str(folder), f"cannot be made: {error.strerror}") from error
        console.print(
            f"{count} spectra from {data}, {rate_hz:g} a second, by {device.name} over a pty "
            "to outcrop run"
        )
        simulate = ["--spectra", data, "--rate", str(rate_hz), "--seed", str(seed)]
        simulate += ["--drift-nm", str(drift_nm), "--count", str(count)]
        simulate += [word for fault in faults for word in ("--fault", fault)]
        latencies, instrument = _play(console, folder, device, simulate, count, rate_hz)
        summary = summarize(
            folder, data, count, seed, latencies, instrument, retains=device.retains_until_ack
        )
    if as_json:
        click.echo(json.dumps(summary.fields()))
    else:
        console.print(_summary_table(summary))
    return 1 if summary.lost else 0


def _play(
    console: Console,
    folder: Path,
    device: Device,
    simulate: list[str],
    count: int,
    rate_hz: float,
) -> tuple[Latencies, dict[str, int]]:
    """Return what the daemon's events told, and what the instrument said at its end."""
    port = folder / "spectrometer"
    config = write_demo_config(folder, port, device, rate_hz)
    simulate += ["--device", device.name, "--baud", str(demo_baud(device)), "--wait-for-host"]
    simulate += ["--port", "pty", "--link", str(port)]
    simulate += ["--truth", str(folder / "truth.jsonl"), "--json"]
    expected_s = count * (1 / rate_hz + spectrum_s(device))
    latencies = Latencies()
    simulator = _outcrop("simulate", *simulate, stdout=subprocess.PIPE)
    said = iter(simulator.stdout or ())
    if "listening" not in next(said, ""):
        raise click.exceptions.Exit(max(1, simulator.wait()))  # it has said why
    daemon = _outcrop("run", "--config", str(config), stderr=subprocess.PIPE)
    watch = threading.Thread(
        target=_stop_when_done, args=(simulator, daemon, expected_s + _PATIENCE_S)
    )
    watch.start()
    try:
        _show_verdicts(console, folder, daemon.stderr or (), latencies, count)
    finally:  # the daemon has ended, or the user has seen enough
        simulator.terminate()
        daemon.terminate()
        watch.join()
    result = json.loads(next(said, "{}"))
    simulator.wait()  # 1 if frames stayed unacknowledged, which the summary tells
    if daemon.wait() or "retained" not in result:
        raise DemoError(
            f"virtual spectrometer ended with {simulator.returncode}, daemon with "
            f"{daemon.returncode}; --keep FOLDER keeps the daemon's events"
        )
    return latencies, result


def _outcrop(*arguments: str, **streams: IO[str] | int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "edge", *arguments], text=True, **streams)  # type: ignore[call-overload,no-any-return]


def _stop_when_done(
    simulator: subprocess.Popen[str], daemon: subprocess.Popen[str], timeout_s: float
) -> None:
    """End the daemon once every spectrum is acknowledged: it classifies the rest by itself."""
    try:
        simulator.wait(timeout_s)
    except subprocess.TimeoutExpired:
        simulator.terminate()
        simulator.wait()
    daemon.terminate()


def _show_verdicts(
    console: Console,
    folder: Path,
    events: Iterable[str],
    latencies: Latencies,
    count: int,
) -> None:
    latest: deque[dict[str, object]] = deque(maxlen=_ROWS)
    truth = Truth(folder / "truth.jsonl", folder / "store")
    with (folder / "events.jsonl").open("w") as log, Live(console=console, transient=True) as live:
        for line in events:
            log.write(line)
            log.flush()
            event = _event(line)
            latencies.take(event)
            if event.get("event") == "spectrum.classified":
                latest.append(event)
                live.update(_live_table(latest, truth))
            elif event.get("level") in _LOUD and len(latencies.classified_ms) < count:
                told = f"{event.get('event')}: {event.get('reason', line.strip())}"
                console.print(told, style="yellow", markup=False)
    console.print(_live_table(latest, truth))


def _event(line: str) -> dict[str, object]:
    try:
        event = json.loads(line)
    except json.JSONDecodeError:  # not an event: a message of the interpreter itself
        return {"level": "error"}
    return event if isinstance(event, dict) else {"level": "error"}


def _live_table(latest: deque[dict[str, object]], truth: Truth) -> Table:
    table = Table("seq", "shown", "mineral", "probability", "known", "last byte → stored")
    for event in latest:
        shown = truth.shown_by(_identity(event)) or ""
        verdict = str(event["label"] or f"invalid: {event['invalid']}")
        table.add_row(
            str(event["sequence"]),
            Text(shown),
            Text(verdict, style="green" if verdict == shown else ""),
            f"{event['probability']:.2f}",
            "yes" if event["known"] else "no",
            "" if event["latency_ms"] is None else f"{event['latency_ms']:.1f} ms",
        )
    return table


def _identity(event: dict[str, object]) -> FrameIdentity:
    boot_id, sequence = int(str(event["boot_id"])), int(str(event["sequence"]))
    return FrameIdentity(str(event["instrument_id"]), boot_id, sequence)


def _summary_table(summary: Summary) -> Table:
    table = Table(show_header=False, title="summary", title_justify="left")
    for name, text in summary.lines():
        table.add_row(name, text)
    return table
