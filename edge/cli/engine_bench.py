"""`outcrop engine bench`: how fast this machine's GPU is."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click
import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.cli.engine_options import engine_options, with_options
from edge.cli.engine_running import check_engine, make_engine_runner, progress
from edge.cli.options import json_option, open_bundle
from edge.runners.device_memory import DeviceMemoryName
from edge.runners.engine_cache import EngineCache
from edge.runners.engine_latency import EngineLatency, measure_latency
from edge.runners.tensorrt_settings import TensorrtSettings


@click.command()
@with_options(*engine_options)
@click.option(
    "--batch",
    "batches",
    type=click.IntRange(min=1),
    multiple=True,
    default=(1, 256),
    show_default=True,
    help="Spectra at once; may be repeated.",
)
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True)
@click.option(
    "--pairs", type=click.IntRange(min=1), default=200, show_default=True, help="In a round."
)
@json_option
def bench(
    bundle_path: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    precision: str | None,
    workspace_mib: int,
    device_memory: str,
    device: int,
    batches: tuple[int, ...],
    rounds: int,
    pairs: int,
    as_json: bool,
) -> None:
    """Build engines anew, in a folder that is removed afterwards, and time them.

    Latency is from array to array with the synchronisation inside; beside it the bare enqueue.
    """
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    memory = cast(DeviceMemoryName, device_memory)
    for batch in batches:
        with tempfile.TemporaryDirectory() as folder, progress() as tell:
            settings = TensorrtSettings(Path(folder), batch, workspace_mib, memory, device)
            runner = make_engine_runner(bundle, precision, settings, tell)
            check_engine(bundle, runner)
            build_s = _build_s(settings.engine_folder)
            with runner:
                latency = measure_latency(runner, _spectra(bundle, batch), rounds, pairs)
                device_name = "" if runner.key is None else runner.key.gpu_name
        found = {"runner": runner.name, "device": device_name, "build_s": build_s}
        if as_json:
            click.echo(json.dumps({**found, **asdict(latency)}))
        else:
            click.echo(_latency_line(runner.name, device_name, build_s, latency))


def _spectra(bundle: Bundle, batch: int) -> NDArray[np.float32]:
    """Return the golden spectra (batch, 1, B), repeated as often as it takes."""
    spectra = bundle.golden.spectra
    return spectra[np.arange(batch) % len(spectra)][:, np.newaxis, :]


def _build_s(folder: Path) -> float:
    return max(e.header.build_s for e in EngineCache(folder).engines() if e.header is not None)


def _latency_line(runner: str, device: str, build_s: float, latency: EngineLatency) -> str:
    how = "graph replay" if latency.replays else "enqueued anew"
    return (
        f"{runner} on {device}, batch {latency.batch}, {how}: p50 {latency.p50_ms:.3f} ms, "
        f"p99 {latency.p99_ms:.3f} ms; bare enqueue p50 {latency.bare_p50_ms:.3f} ms, "
        f"p99 {latency.bare_p99_ms:.3f} ms; ratio {latency.ratio:.2f} "
        f"({latency.ratio_low:.2f} to {latency.ratio_high:.2f} over the rounds, "
        f"{latency.pairs} pairs); built in {build_s:.1f} s"
    )
