"""`outcrop engine`: engines of TensorRT, built on the device they run on and kept there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import click
from rich.console import Console

from edge.cli.engine_bench import bench
from edge.cli.engine_options import (
    device_options,
    engine_folder_option,
    engine_options,
    with_options,
)
from edge.cli.engine_running import check_engine, make_engine_runner, progress
from edge.cli.engine_shown import engine_as_json, engines_as_table
from edge.cli.options import json_option, keyring_option, open_bundle, trust_option
from edge.runners.device_memory import DeviceMemoryName, open_device_memory
from edge.runners.engine_cache import CachedEngine, EngineCache
from edge.runners.engine_key import device_place
from edge.runners.tensorrt_library import load_tensorrt
from edge.runners.tensorrt_settings import TensorrtSettings


@click.group()
def command() -> None:
    """Build, list, remove and time engines of TensorRT for this machine's GPU."""


@command.command()
@with_options(*engine_options, engine_folder_option)
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True)
@json_option
def build(
    bundle_path: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    precision: str | None,
    workspace_mib: int,
    device_memory: str,
    device: int,
    engine_folder: Path,
    batch: int,
    as_json: bool,
) -> None:
    """Build the engine of a bundle, unless it is there, and check the golden spectra on it.

    An engine that computes something else is removed, and the command ends with 3.
    """
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    memory = cast(DeviceMemoryName, device_memory)
    settings = TensorrtSettings(engine_folder, batch, workspace_mib, memory, device)
    with progress() as tell:
        runner = make_engine_runner(bundle, precision, settings, tell)
        difference = check_engine(bundle, runner)
    found = {
        "bundle": str(bundle_path),
        "runner": runner.name,
        "batch": batch,
        "engine": str(runner.engine_path),
        "golden_difference": difference,
    }
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo(
            f"{runner.name}: ready for batches of {batch}, golden spectra within "
            f"{difference:.2g}: {runner.engine_path}"
        )


@command.command(name="list")
@engine_folder_option
@json_option
def list_engines(engine_folder: Path, as_json: bool) -> None:
    """Show the engines that are kept; needs no GPU."""
    engines = EngineCache(engine_folder).engines()
    if as_json:
        for engine in engines:
            click.echo(json.dumps(engine_as_json(engine)))
    elif engines:
        Console(markup=False, emoji=False).print(engines_as_table(engines))
    else:
        click.echo(f"{engine_folder}: no engines")


@command.command()
@engine_folder_option
@with_options(*device_options)
@click.option(
    "--bundle",
    "bundle_path",
    type=click.Path(path_type=Path),
    help="Remove the engines of other bundles too.",
)
@trust_option
@keyring_option
@click.option("--all", "everything", is_flag=True, help="Remove every engine; needs no GPU.")
def clean(
    engine_folder: Path,
    device_memory: str,
    device: int,
    bundle_path: Path | None,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    everything: bool,
) -> None:
    """Remove engines of another TensorRT or GPU than this machine's, and damaged ones."""
    cache = EngineCache(engine_folder)
    gone = cache.engines()
    if not everything:
        backbone_id = None
        if bundle_path is not None:
            backbone_id = open_bundle(bundle_path, trusted_keys, keyring).manifest.backbone_id
        place = _place(cast(DeviceMemoryName, device_memory), device)
        gone = [engine for engine in gone if not _is_of_use(engine, place, backbone_id)]
    for engine in gone:
        cache.remove(engine.path)
    if everything:
        for path in cache.timing_caches():
            cache.remove(path)
    size = sum(engine.size for engine in gone)
    click.echo(f"{engine_folder}: {len(gone)} engines removed, {size:,} bytes")


command.add_command(bench)


def _place(memory: DeviceMemoryName, device: int) -> dict[str, str]:
    trt = load_tensorrt()
    with open_device_memory(memory, device) as opened:
        return device_place(trt, opened)


def _is_of_use(engine: CachedEngine, place: dict[str, str], backbone_id: str | None) -> bool:
    if engine.header is None or not engine.header.key.is_of(place):
        return False
    return backbone_id in (None, engine.header.key.backbone_id)
