"""`outcrop calibrate`: wavelengths from a neon lamp, the laser from silicon, judged on targets."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import get_args

import click

from edge.calibration.calibration_file import Provenance, write_calibration_file
from edge.calibration.check import TargetCheck, check_target
from edge.calibration.exposure import Exposure
from edge.calibration.fitted import FittedCalibration, fit_calibration
from edge.calibration.reference_lines import Target
from edge.cli.calibrate_shown import as_json_lines, as_text_lines
from edge.cli.options import json_option
from edge.data.exposures import read_exposure
from edge.store.exposures import read_exposures

_TARGETS: tuple[Target, ...] = get_args(Target)
LIMIT_CM1 = 2.0


@click.command()
@click.option(
    "--neon",
    "neon_paths",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Exposure of a neon lamp; repeat it for short and long ones.",
)
@click.option(
    "--silicon",
    "silicon_paths",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Exposure of silicon; of several, the median laser is taken.",
)
@click.option(
    "--check",
    "checks",
    metavar="[TARGET=]FILE",
    multiple=True,
    help=f"Exposure to judge the result on; TARGET is one of {', '.join(_TARGETS)}, and found out "
    "where it is not said. May be repeated.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    help="Folder of the daemon's stores: the newest frames of kind neon and silicon are used, "
    "those of other targets judged on, besides the files.",
)
@click.option("--instrument", "instrument_id", help="Whose frames of --store.")
@click.option(
    "--last",
    type=click.IntRange(1, 1000),
    default=4,
    show_default=True,
    help="So many frames of each kind out of --store.",
)
@click.option(
    "--laser-nm",
    type=click.FloatRange(100, 10_000),
    help="What the laser is believed to be, where no file tells it.",
)
@click.option(
    "--limit-cm1",
    type=click.FloatRange(min=0),
    default=LIMIT_CM1,
    show_default=True,
    help="A line of --check that is further off is named, and the exit code is 1.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Calibration file to write, for `calibration =` of an [[instrument]].",
)
@json_option
def command(
    neon_paths: tuple[Path, ...],
    silicon_paths: tuple[Path, ...],
    checks: tuple[str, ...],
    store: Path | None,
    instrument_id: str | None,
    last: int,
    laser_nm: float | None,
    limit_cm1: float,
    out: Path | None,
    as_json: bool,
) -> None:
    """Fit where the pixels stand, and judge it on what was not used.

    Without --neon the wavelengths stay as the files have them, without --silicon the laser does.
    Fitted wavelengths, and a laser fitted with them, are in vacuum. A FILE is a B&W Tek export, a
    text of two columns (wavelength in nm, counts), or an `.npz` with `counts` and `wavelength_nm`
    or `wavelength_coefficients_nm`; FRAMES.zip/NAME is a member of a zip.

    The calibration is written also where a check fails: the exit code tells.
    """
    if not (neon_paths or silicon_paths or store):
        raise click.UsageError("--neon or --silicon is needed, better both; or --store")
    kept = _from_store(store, instrument_id, last)
    neon = [*map(read_exposure, neon_paths), *kept.get("neon", [])]
    silicon = [*map(read_exposure, silicon_paths), *kept.get("silicon", [])]
    judged = [_to_judge(check) for check in checks]
    for target in _TARGETS:
        if target != "silicon":
            judged += [(target, exposure) for exposure in kept.get(target, [])]
    fitted = fit_calibration(neon, silicon, laser_nm)
    results = [
        check_target(exposure, fitted.calibration, target, limit_cm1) for target, exposure in judged
    ]
    shown = as_json_lines if as_json else as_text_lines
    for line in shown(fitted, results):
        click.echo(line)
    if out is not None:
        write_calibration_file(out, fitted.calibration, _provenance(fitted, neon, silicon))
    _tell_faults(fitted, results, limit_cm1)


def _from_store(
    store: Path | None, instrument_id: str | None, last: int
) -> dict[str, list[Exposure]]:
    if store is None:
        return {}
    found = read_exposures(store, instrument_id, last)
    for fault in found.faults:
        click.echo(f"outcrop: left out: {fault}", err=True)
    return found.by_kind


def _to_judge(check: str) -> tuple[Target | None, Exposure]:
    name, separator, rest = check.partition("=")
    for target in _TARGETS:
        if separator and name == target:
            return target, read_exposure(Path(rest))
    return None, read_exposure(Path(check))


def _provenance(
    fitted: FittedCalibration, neon: list[Exposure], silicon: list[Exposure]
) -> Provenance:
    wavelengths = fitted.wavelengths
    ids = [exposure.instrument_id for exposure in (*neon, *silicon) if exposure.instrument_id]
    return Provenance(
        instrument_id=ids[0] if ids else "",
        made_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        medium="as given" if wavelengths is None else "vacuum",
        neon=tuple(exposure.source for exposure in neon),
        neon_lines=0 if wavelengths is None else len(wavelengths.lines),
        neon_rms_nm=0.0 if wavelengths is None else wavelengths.rms_nm,
        neon_left_out_rms_nm=0.0 if wavelengths is None else wavelengths.left_out_rms_nm,
        silicon=tuple(exposure.source for exposure in silicon),
        laser_sigma_nm=fitted.laser_sigma_nm if silicon else 0.0,
    )


def _tell_faults(fitted: FittedCalibration, results: list[TargetCheck], limit_cm1: float) -> None:
    if not fitted.laser_lines:
        click.echo(
            "outcrop: the laser is as it was told, to be checked with silicon: 0.1 nm are some "
            "3 cm-1",
            err=True,
        )
    failed = False
    for result in results:
        if result.fault:
            click.echo(f"outcrop: {result.source}: {result.fault}", err=True)
        for line in result.beyond:
            click.echo(
                f"outcrop: {result.source}: the line at {line.reference_cm1} is off by "
                f"{line.residual_cm1:+.2f}, more than {limit_cm1:g} cm-1",
                err=True,
            )
        failed = failed or bool(result.fault or result.beyond)
    if failed:
        sys.exit(1)
