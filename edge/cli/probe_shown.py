"""What `outcrop probe` prints: the instrument, its spectrum, and how to configure it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from edge.calibration import Calibration
from edge.cli.devices import needs_of
from edge.cli.terminal_plot import terminal_plot
from edge.errors import CalibrationError
from edge.probing import Found, Seen
from firmware_bridge.link.recognition import recognise


def tell_found(port: str, format_path: Path | None, found: Found, *, as_json: bool) -> None:
    """Print who answered, with a plot and the lines of a configuration."""
    if as_json:
        click.echo(json.dumps(_fields(found)))
        return
    said = found.description
    for name, text in (
        ("instrument", " ".join(filter(None, (said.instrument_id, said.model)))),
        ("firmware", said.firmware_version),
        ("device", f"{found.device.name}: {found.device.title}"),
        ("or", "; ".join(f"{it.name}: {it.title}" for it in found.alternatives)),
        ("pixels", f"{said.pixel_count}, saturated at {said.saturation_counts} counts"),
        ("wavelengths", _wavelengths(found)),
        ("laser", f"{said.laser_wavelength_nm} nm" if said.laser_wavelength_nm else "not told"),
        ("retains frames", "until acknowledged" if said.retains_until_ack else "no"),
    ):
        if text:
            click.echo(f"{name:<15}{text}")
    _plot(found)
    click.echo("\n" + "\n".join(_configuration(port, format_path, found)))


def _wavelengths(found: Found) -> str:
    axis = _wavelength_nm(found)
    if axis is None:
        return "not told, or no axis"
    coefficients = ", ".join(f"{c:.6g}" for c in found.description.wavelength_coefficients_nm)
    ends = f"{axis[0]:.2f} to {axis[-1]:.2f} nm"
    return f"{ends} by {coefficients}" if coefficients else f"{ends} by a table"


def _wavelength_nm(found: Found) -> NDArray[np.float64] | None:
    try:
        return Calibration.of(found.description).axis_nm()
    except CalibrationError:
        return None


def _plot(found: Found) -> None:
    if found.frame is None:
        click.echo("no spectrum came in time")
        return
    counts = found.frame.counts
    axis, unit = _wavelength_nm(found), "nm"
    if axis is None or axis.size != counts.size:
        axis, unit = np.arange(counts.size, dtype=np.float64), "pixel"
    click.echo("")
    for line in terminal_plot(axis, counts, unit):
        click.echo(line)


def _configuration(port: str, format_path: Path | None, found: Found) -> list[str]:
    said = found.description
    known = {"format": format_path, "laser_wavelength_nm": said.laser_wavelength_nm}
    missing = [name for name in needs_of(found.device) if known.get(name) is None]
    return [
        "[[instrument]]",
        f'port = "{port}"',
        f'device = "{found.device.name}"',
        f"baud = {found.baud}",
        *([] if format_path is None else [f'format = "{format_path}"']),
        *(f"# {name} = …   # not told by the instrument: needed" for name in missing),
    ]


def _fields(found: Found) -> dict[str, object]:
    said, frame = found.description, found.frame
    return {
        "device": found.device.name,
        "alternatives": [it.name for it in found.alternatives],
        "baud": found.baud,
        "instrument_id": said.instrument_id,
        "model": said.model,
        "firmware_version": said.firmware_version,
        "pixel_count": said.pixel_count,
        "saturation_counts": said.saturation_counts,
        "laser_wavelength_nm": _finite([said.laser_wavelength_nm])[0],
        "wavelength_coefficients_nm": _finite(said.wavelength_coefficients_nm),
        "wavelength_nm": _finite(said.wavelength_nm) or None,
        "nonlinearity_coefficients": _finite(said.nonlinearity_coefficients),
        "retains_until_ack": said.retains_until_ack,
        "counts": None if frame is None else frame.counts.tolist(),
        "integration_time_us": None if frame is None else frame.integration_time_us,
    }


def _finite(values: Iterable[float | None]) -> list[float | None]:
    """Return values as JSON can hold them: what an instrument tells may be no number."""
    return [None if value is None or not math.isfinite(value) else value for value in values]


def tell_seen(seen: list[Seen], *, as_json: bool) -> None:
    """Print what came that nobody understood."""
    heard = [it for it in seen if it.byte_count]
    if as_json:
        told = [
            {"baud": it.baud, "bytes": it.byte_count, "seen": recognise(it.data)} for it in heard
        ]
        click.echo(json.dumps({"device": None, "seen": told}))
        return
    click.echo("nothing that outcrop knows answered")
    for it in heard:
        click.echo(f"at {it.baud} bit/s came {it.byte_count} bytes: {recognise(it.data)}")
    if not heard:
        click.echo("nothing came at any rate: is it switched on, are RX and TX crossed?")
